#include "broker/admin_http.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
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

std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return {};
}

constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

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
    if (scraping_) --server_.scrapes_;
  }

  /// Prints some more, unless the peer has to read first.
  void go_on() {
    planned_ = false;
    if (scrape_ == nullptr) return;
    if (stream_->queued_bytes() > send_queue_bytes_max) return;  // on_drained comes
    std::string text;
    const bool more = scrape_->step(text);
    if (!text.empty()) write(text);
    if (more) return plan();
    scrape_.reset();
    if (chunked_) stream_->write(Bytes::copy_of(as_bytes(std::string_view("0\r\n\r\n"))));
    stream_->finish();
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
      if (head_.size() > head_bytes_max) return answer({431, plain, "header too large\n"}, false);
    }
    const size_t end = std::min(head_.find("\r\n\r\n"), head_.find("\n\n"));
    if (answered_ || end == std::string::npos) return;
    const std::string_view line = std::string_view(head_).substr(0, head_.find_first_of("\r\n"));
    const size_t first = line.find(' ');
    const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return answer({400, plain, "bad request\n"}, false);
    const std::string_view method = line.substr(0, first);
    std::string_view path = line.substr(first + 1, second - first - 1);
    const size_t question = std::min(path.find('?'), path.size());
    const std::string_view query = path.substr(std::min(question + 1, path.size()));
    path = path.substr(0, question);
    chunked_ = line.substr(second + 1) == "HTTP/1.1";
    if (method != "GET" && method != "HEAD") return answer({405, plain, "method not allowed\n"}, false);
    if (path == "/metrics" || path == "/public_metrics") return begin_scrape(path, query, method == "HEAD");
    answer(server_.page(path), method == "HEAD");
  }
  void on_drained() override { plan(); }
  void on_broken(const Failure&) override { server_.drop_later(id_); }

  void plan() {
    if (!std::exchange(planned_, true)) server_.go_on_later(id_);
  }

  void answer(const Page& page, bool head_only) {
    answered_ = true;
    std::string text =
        fmt::format("HTTP/1.0 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    page.status, reason_of(page.status), page.type, page.body.size());
    if (!head_only) text += page.body;
    stream_->write(Bytes::copy_of(as_bytes(text)));
    stream_->finish();
  }

  void begin_scrape(std::string_view path, std::string_view query, bool head_only) {
    std::optional<ScrapeOptions> options = server_.scrape_options(path, query);
    if (!options.has_value()) {
      return answer({400, plain, "detail=node|topic|partition, limit=1 or more\n"}, false);
    }
    if (head_only) return answer({200, metrics_type, ""}, true);
    if (server_.scrapes_ >= scrapes_max) return answer({503, plain, "too many scrapes at a time\n"}, false);
    answered_ = true;
    scraping_ = true;
    ++server_.scrapes_;
    // What the operating system is asked is read from files: in the pool.
    auto process = std::make_shared<ProcessFacts>();
    server_.surface_.executor.offload(
        [process, ask = server_.options_.process_facts] {
          if (ask) *process = ask();
        },
        [&server = server_, alive = std::weak_ptr<int>(server_.alive_), id = id_, process,
         options = std::move(*options)]() mutable {
          if (alive.expired()) return;
          const auto found = server.sessions_.find(id);
          if (found == server.sessions_.end()) return;
          options.process = *process;
          options.loop_idle_ratio = server.idle_ratio(*process);
          options.text.state = server.state();
          found->second->start_scrape(options);
        });
  }

  void start_scrape(const ScrapeOptions& options) {
    const std::string head =
        fmt::format("HTTP/1.{} 200 OK\r\nContent-Type: {}\r\n{}Connection: close\r\n\r\n", chunked_ ? 1 : 0,
                    metrics_type, chunked_ ? "Transfer-Encoding: chunked\r\n" : "");
    stream_->write(Bytes::copy_of(as_bytes(head)));
    scrape_ = std::make_unique<Scrape>(server_.broker_, options);
    go_on();
  }

  void write(std::string_view text) {
    if (!chunked_) return stream_->write(Bytes::copy_of(as_bytes(text)));
    stream_->write(Bytes::copy_of(as_bytes(fmt::format("{:x}\r\n{}\r\n", text.size(), text))));
  }

  static constexpr std::string_view plain = "text/plain; charset=utf-8";

  AdminHttp& server_;
  uint64_t id_;
  std::unique_ptr<io::Stream> stream_;
  std::string head_;
  io::TimerId timer_ = 0;
  std::unique_ptr<Scrape> scrape_;
  bool scraping_ = false;
  bool planned_ = false;  // go_on() is on its way
  bool chunked_ = false;
  bool answered_ = false;
};

AdminHttp::AdminHttp(io::Surface surface, Broker* broker, AdminOptions options)
    : surface_(surface), broker_(broker), options_(std::move(options)) {
  old_mark_.at = new_mark_.at = surface_.clock.now();
}

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

void AdminHttp::go_on_later(uint64_t id) {
  surface_.executor.defer([this, alive = std::weak_ptr<int>(alive_), id] {
    if (alive.expired()) return;
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) found->second->go_on();
  });
}

std::string_view AdminHttp::state() const {
  if (broker_ != nullptr && broker_->stopping()) return "stopping";
  return broker_ != nullptr && broker_->serving() ? "ready" : "booting";
}

AdminHttp::Page AdminHttp::page(std::string_view path) {
  constexpr std::string_view plain = "text/plain; charset=utf-8";
  const std::string_view now = state();
  const bool ready = now == "ready";
  if (path == "/healthz") return {200, plain, "ok\n"};
  if (path == "/readyz") return {ready ? 200 : 503, plain, ready ? "ok\n" : std::string(now) + "\n"};
  if (path == "/v1/status/ready" || path == "/status/ready") {
    return {ready ? 200 : 503, "application/json", fmt::format("{{\"status\":\"{}\"}}\n", now)};
  }
  if (path == "/v1/cluster/health_overview") {
    if (ready) return health_overview();
    return {503, "application/json", fmt::format("{{\"status\":\"{}\"}}\n", now)};
  }
  return {404, plain, "not found\n"};
}

AdminHttp::Page AdminHttp::health_overview() const {
  const metadata::Image& image = broker_->image();
  struct Partitions {
    size_t count = 0;
    std::string names;
    void add(const std::string& topic, PartitionIndex index) {
      if (count++ >= listed_partitions_max) return;
      names += fmt::format("{}\"kafka/{}/{}\"", count == 1 ? "" : ",", topic, index);
    }
  };
  Partitions leaderless;
  Partitions under_replicated;
  image.for_each_topic([&](const metadata::TopicImage& topic) {
    topic.partitions.for_each([&](PartitionIndex index, const metadata::PartitionRef& partition) {
      if (partition->leader == no_node) leaderless.add(topic.name, index);
      if (partition->isr.size() < partition->replicas.size()) under_replicated.add(topic.name, index);
    });
  });
  std::string all;
  std::string down;
  image.for_each_broker([&](const metadata::BrokerImage& node) {
    all += fmt::format("{}{}", all.empty() ? "" : ",", node.id);
    if (node.fenced) down += fmt::format("{}{}", down.empty() ? "" : ",", node.id);
  });
  std::string reasons;
  const auto reason = [&](bool holds, const char* name) {
    if (holds) reasons += fmt::format("{}\"{}\"", reasons.empty() ? "" : ",", name);
  };
  reason(!down.empty(), "nodes_down");
  reason(leaderless.count > 0, "leaderless_partitions");
  reason(under_replicated.count > 0, "under_replicated_partitions");
  return {200, "application/json",
          fmt::format("{{\"is_healthy\":{},\"unhealthy_reasons\":[{}],\"controller_id\":{},\"all_nodes\":[{}],"
                      "\"nodes_down\":[{}],\"leaderless_count\":{},\"leaderless_partitions\":[{}],"
                      "\"under_replicated_count\":{},\"under_replicated_partitions\":[{}]}}\n",
                      reasons.empty(), reasons, broker_->metadata_loop().node().leader(), all, down, leaderless.count,
                      leaderless.names, under_replicated.count, under_replicated.names)};
}

std::optional<ScrapeOptions> AdminHttp::scrape_options(std::string_view path, std::string_view query) const {
  ScrapeOptions options;
  options.text.version = options_.version;
  options.limit = options_.series_limit;
  if (path == "/public_metrics") options.text.detail = MetricDetail::topic;
  if (const std::string_view detail = query_value(query, "detail"); !detail.empty()) {
    if (detail != "node" && detail != "topic" && detail != "partition") return std::nullopt;
    options.text.detail = detail == "node"    ? MetricDetail::node
                          : detail == "topic" ? MetricDetail::topic
                                              : MetricDetail::partition;
  }
  if (const std::string_view limit = query_value(query, "limit"); !limit.empty()) {
    size_t number = 0;
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), number);
    if (error != std::errc() || end != limit.data() + limit.size() || number == 0) return std::nullopt;
    options.limit = std::min(options.limit, number);
  }
  return options;
}

// Of what came since one to two minutes ago.
double AdminHttp::idle_ratio(const ProcessFacts& process) {
  if (process.loop_cpu_seconds < 0) return -1;
  const Instant now = surface_.clock.now();
  const auto elapsed = static_cast<double>((now - old_mark_.at).nanoseconds) / 1e9;
  const double busy = process.loop_cpu_seconds - old_mark_.cpu_seconds;
  if (now - new_mark_.at >= Metrics::window_min) {
    old_mark_ = new_mark_;
    new_mark_ = {now, process.loop_cpu_seconds};
  }
  return elapsed <= 0 ? 1 : std::clamp(1 - busy / elapsed, 0.0, 1.0);
}

}  // namespace moldau::broker
