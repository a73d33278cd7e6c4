// AdminHttp: health and metrics over HTTP/1.0 for people, orchestrators and Prometheus. One request per connection,
// headers of at most head_bytes_max, GET and HEAD only; nothing here changes anything.
//
//   /healthz           200 while the process runs
//   /readyz            200 while the broker serves, else 503; /v1/status/ready says the same as JSON
//   /metrics           Prometheus text
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

  AdminHttp(io::Surface surface, Broker& broker);
  AdminHttp(const AdminHttp&) = delete;
  AdminHttp& operator=(const AdminHttp&) = delete;
  ~AdminHttp();

  Status listen(const io::Address& address);
  io::Address address() const { return listener_->local(); }

 private:
  class Session;

  struct Page {
    int status = 200;
    std::string_view type = "text/plain; charset=utf-8";
    std::string body;
  };
  Page page(std::string_view method, std::string_view path);
  void drop_later(uint64_t id);

  io::Surface surface_;
  Broker& broker_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<io::Listener> listener_;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  uint64_t next_id_ = 1;
};

}  // namespace moldau::broker
