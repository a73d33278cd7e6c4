#include "broker/admin_http.h"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace moldau::broker {
namespace {

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

}  // namespace

/// One connection: collects the head of one request, answers, closes.
class AdminHttp::Session final : public io::StreamHandler {
 public:
  Session(AdminHttp& server, uint64_t id, std::unique_ptr<io::Stream> stream)
      : server_(server), id_(id), stream_(std::move(stream)) {
    stream_->set_handler(this);
    timer_ = server_.surface_.timers.start(server_.surface_.clock.now() + request_time_max, [this] {
      timer_ = 0;
      server_.drop_later(id_);
    });
  }
  ~Session() {
    if (timer_ != 0) server_.surface_.timers.cancel(timer_);
  }

 private:
  void on_readable() override {
    std::array<std::byte, 1024> room;
    for (;;) {
      const io::ReadOutcome outcome = stream_->read(room);
      head_.append(as_text(std::span(room).first(outcome.size)));
      if (outcome.end && !answered_) return server_.drop_later(id_);
      if (outcome.size == 0 || outcome.end) break;
      if (answered_) head_.clear();
      if (head_.size() > head_bytes_max) return answer({431, "text/plain; charset=utf-8", "header too large\n"}, false);
    }
    const size_t end = std::min(head_.find("\r\n\r\n"), head_.find("\n\n"));
    if (answered_ || end == std::string::npos) return;
    const std::string_view line = std::string_view(head_).substr(0, head_.find_first_of("\r\n"));
    const size_t first = line.find(' ');
    const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return answer({400, "text/plain; charset=utf-8", "bad request\n"}, false);
    const std::string_view method = line.substr(0, first);
    std::string_view path = line.substr(first + 1, second - first - 1);
    path = path.substr(0, path.find('?'));
    answer(server_.page(method, path), method == "HEAD");
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { server_.drop_later(id_); }

  void answer(const Page& page, bool head_only) {
    answered_ = true;
    std::string text =
        fmt::format("HTTP/1.0 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    page.status, reason_of(page.status), page.type, page.body.size());
    if (!head_only) text += page.body;
    stream_->write(Bytes::copy_of(as_bytes(text)));
    stream_->finish();
  }

  AdminHttp& server_;
  uint64_t id_;
  std::unique_ptr<io::Stream> stream_;
  std::string head_;
  io::TimerId timer_ = 0;
  bool answered_ = false;
};

AdminHttp::AdminHttp(io::Surface surface, Broker* broker) : surface_(surface), broker_(broker) {}

AdminHttp::~AdminHttp() {
  alive_.reset();
  sessions_.clear();
}

Status AdminHttp::listen(const io::Address& address) {
  ASSIGN_OR_RETURN(listener_, surface_.network.listen(address, acceptor()));
  return {};
}

io::AcceptHandler AdminHttp::acceptor() {
  return [this](std::unique_ptr<io::Stream> stream) {
    if (sessions_.size() >= connections_max) return;
    const uint64_t id = next_id_++;
    sessions_.emplace(id, std::make_unique<Session>(*this, id, std::move(stream)));
  };
}

void AdminHttp::drop_later(uint64_t id) {
  surface_.executor.defer([this, alive = std::weak_ptr<int>(alive_), id] {
    if (!alive.expired()) sessions_.erase(id);
  });
}

std::string_view AdminHttp::state() const {
  if (broker_ != nullptr && broker_->stopping()) return "stopping";
  return broker_ != nullptr && broker_->serving() ? "ready" : "booting";
}

AdminHttp::Page AdminHttp::page(std::string_view method, std::string_view path) {
  if (method != "GET" && method != "HEAD") return {405, "text/plain; charset=utf-8", "method not allowed\n"};
  const std::string_view now = state();
  const bool ready = now == "ready";
  if (path == "/healthz") return {200, "text/plain; charset=utf-8", "ok\n"};
  if (path == "/readyz") {
    return {ready ? 200 : 503, "text/plain; charset=utf-8", ready ? "ok\n" : std::string(now) + "\n"};
  }
  if (path == "/v1/status/ready") {
    return {ready ? 200 : 503, "application/json", fmt::format("{{\"status\":\"{}\"}}\n", now)};
  }
  if (path == "/metrics") {
    const Metrics metrics = broker_ == nullptr ? Metrics() : broker_->collect_metrics();
    return {200, "text/plain; version=0.0.4; charset=utf-8", prometheus_text(metrics)};
  }
  return {404, "text/plain; charset=utf-8", "not found\n"};
}

}  // namespace moldau::broker
