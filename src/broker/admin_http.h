// AdminHttp: health and metrics over HTTP/1.0 for people, orchestrators and Prometheus. One request per connection,
// headers of at most head_bytes_max, GET and HEAD only; nothing here changes anything.
//
//   /healthz           200 while the process runs
//   /readyz            200 while the broker serves, else 503 with "booting" or "stopping"; /v1/status/ready: as JSON
//   /metrics           Prometheus text
//
// A broker that recovers blocks its loop: app/ lends its listening socket to an AdminHttp without a broker, on a thread
// of its own, until that is over.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "io/network.h"

namespace moldau::broker {

class AdminHttp {
 public:
  static constexpr size_t head_bytes_max = 8192;
  static constexpr size_t connections_max = 64;
  static constexpr Duration request_time_max = seconds(10);

  /// `broker` null: booting, nothing counted yet.
  AdminHttp(io::Surface surface, Broker* broker);
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
  std::string_view state() const;
  Page page(std::string_view method, std::string_view path);
  void drop_later(uint64_t id);

  io::Surface surface_;
  Broker* broker_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<io::Listener> listener_;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  uint64_t next_id_ = 1;
};

}  // namespace moldau::broker
