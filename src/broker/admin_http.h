// AdminHttp: health and metrics over HTTP for people, orchestrators and Prometheus. One request per connection, headers
// of at most head_bytes_max, GET and HEAD only; nothing here changes anything.
//
//   /healthz           200 while the process runs
//   /readyz            200 while the broker serves, else 503 with "booting" or "stopping"; /v1/status/ready and
//                      /status/ready: as JSON
//   /metrics           Prometheus text of everything; /public_metrics: without series of single partitions.
//                      ?detail=node|topic|partition, ?limit=N (series of a kind; not above the configured limit)
//   /v1/cluster/health_overview
//                      leaderless and under-replicated partitions as JSON
//
// Metrics are read off and printed a little per turn of the loop (scrape.h), as fast as the peer reads; at most
// scrapes_max at a time.
//
// A broker that recovers blocks its loop: app/ lends its listening socket to an AdminHttp without a broker, on a thread
// of its own, until that is over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "broker/scrape.h"
#include "io/network.h"

namespace moldau::broker {

struct AdminOptions {
  std::string version = "unknown";
  size_t series_limit = 10'000;  ///< ScrapeOptions::limit
  /// Asks the operating system; runs in the pool. Null: nothing is known.
  std::function<ProcessFacts()> process_facts{};
};

class AdminHttp {
 public:
  static constexpr size_t head_bytes_max = 8192;
  static constexpr size_t connections_max = 64;
  static constexpr Duration request_time_max = seconds(10);
  static constexpr size_t scrapes_max = 4;
  static constexpr size_t send_queue_bytes_max = 256 << 10;  ///< beyond it, printing waits for the peer
  static constexpr size_t listed_partitions_max = 100;

  /// `broker` null: booting, nothing counted yet.
  AdminHttp(io::Surface surface, Broker* broker, AdminOptions options = {});
  AdminHttp(const AdminHttp&) = delete;
  AdminHttp& operator=(const AdminHttp&) = delete;
  ~AdminHttp();

  Status listen(const io::Address& address);
  /// For a listener that is made elsewhere, and then handed over.
  io::AcceptHandler acceptor();
  void adopt(std::unique_ptr<io::Listener> listener) { listener_ = std::move(listener); }
  io::Address address() const { return listener_->local(); }
  /// Requests that are not answered to the end.
  size_t open_requests() const { return sessions_.size(); }

 private:
  class Session;
  struct Page {
    int status = 200;
    std::string_view type = "text/plain; charset=utf-8";
    std::string body;
  };
  /// What the loop's thread had used, and when.
  struct LoadMark {
    Instant at;
    double cpu_seconds = 0;
  };

  std::string_view state() const;
  Page page(std::string_view path);
  Page health_overview() const;
  /// What a query asks for; nothing if it cannot be read.
  std::optional<ScrapeOptions> scrape_options(std::string_view path, std::string_view query) const;
  double idle_ratio(const ProcessFacts& process);
  void drop_later(uint64_t id);
  /// Calls the session's go_on() in the next turn, if it is still there then.
  void go_on_later(uint64_t id);

  io::Surface surface_;
  Broker* broker_;
  AdminOptions options_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<io::Listener> listener_;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  uint64_t next_id_ = 1;
  size_t scrapes_ = 0;
  LoadMark old_mark_;
  LoadMark new_mark_;
};

}  // namespace moldau::broker
