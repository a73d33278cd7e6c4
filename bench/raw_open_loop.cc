// moldau-open-loop: messages come at a fixed rate, whatever the broker does, and latency is counted from when a message
// was due: a broker that stands still for a second has made everything of that second late (no coordinated omission).
//
// Batches of --records messages are due evenly: batch k at start + k * records / rate, on connection k % connections,
// in partition k % partitions. What a client's own linger would add before that is no part of the figure. --consumers
// long-poll all partitions, each on a connection of its own; a batch's place in its partition says which k it is, so
// nothing but the offset is looked at. --history-topic: one more consumer reads that topic from its beginning as fast
// as it can, again and again, beside the live ones. --pid: the broker's, for its CPU and memory over the same interval.
//
// One thread. --spin 1: it does not sleep, so that its own wakes are no part of the figure. Prints one JSON line.
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "bench/hdr_histogram.h"
#include "bench/raw_client.h"

namespace moldau::bench {
namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t drain_ns_max = 30 * second;  ///< after the last message: a broker that is later has failed
constexpr int sends_a_turn = 64;

struct Settings {
  std::string host = "127.0.0.1";
  std::string topic = "bench";
  std::string codec = "none";
  std::string history_topic;
  int64_t port = 9092;
  int64_t pid = 0;
  int64_t partitions = 4;
  int64_t connections = 4;
  int64_t consumers = 1;
  int64_t rate = 10'000;
  int64_t records = 10;
  int64_t record_bytes = 100;
  int64_t acks = -1;
  int64_t seconds = 10;
  int64_t warm_seconds = 2;
  int64_t wait_ms = 500;
  int64_t fetch_bytes = 1 << 20;
  int64_t spin = 0;
  int64_t history_partitions = 0;
};

/// What /proc says of the broker.
struct Usage {
  double cpu_seconds = 0;
  int64_t resident_kib = 0;
};

Usage usage_of(int64_t pid) {
  Usage usage;
  if (pid == 0) return usage;
  const std::string folder = "/proc/" + std::to_string(pid);
  std::string text;
  std::getline(std::ifstream(folder + "/stat"), text);
  if (text.empty()) fail("no process " + std::to_string(pid));
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string field;
  int64_t ticks = 0;
  for (int i = 3; fields >> field; ++i) {
    if (i == 14 || i == 15) ticks += std::stoll(field);  // utime, stime
  }
  usage.cpu_seconds = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  int64_t all = 0;
  int64_t resident = 0;
  std::ifstream(folder + "/statm") >> all >> resident;
  usage.resident_kib = resident * sysconf(_SC_PAGESIZE) / 1024;
  return usage;
}

enum class Kind { producer, consumer, history };

struct Connection {
  Connection(Kind given, const Settings& settings, size_t receive_bytes)
      : kind(given), link(settings.host, settings.port, receive_bytes) {}
  Kind kind;
  Link link;
  bool watched_for_write = false;
  std::deque<int64_t> due;                 ///< producer: of the batches in flight
  std::unique_ptr<FetchRequest> request;   ///< consumer, history
  std::vector<int64_t> offsets;            ///< where it goes on, per partition
  bool reached_end = true;                 ///< history: nothing came with the last answer
};

class OpenLoop {
 public:
  explicit OpenLoop(const Settings& settings) : settings_(settings) {}
  void run();

 private:
  void open();
  Connection& add(Kind kind, size_t receive_bytes);
  void add_reader(Kind kind, const std::string& topic, int64_t partitions);
  void fetch(Connection& connection);
  int64_t due_at(int64_t batch) const {
    // rounded once, from the beginning: a gap in whole nanoseconds would drift
    return start_ + static_cast<int64_t>(static_cast<double>(batch) * gap_ns_);
  }
  void send_due(int64_t now);
  void wait(int64_t now);
  void handle(Connection& connection, std::span<const std::byte> answer);
  void on_acknowledged(Connection& connection, std::span<const std::byte> answer);
  void on_fetched(Connection& connection, std::span<const std::byte> answer);
  void take_batch(Connection& connection, int32_t partition, const FetchedBatch& batch, int64_t now);
  void flush(Connection& connection);
  bool measured(int64_t due) const { return due >= measured_from_; }
  void print() const;

  const Settings& settings_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::vector<std::byte>> requests_;  ///< per partition
  std::array<epoll_event, 512> events_{};
  double gap_ns_ = 0;
  int64_t start_ = 0;
  int64_t measured_from_ = 0;
  int64_t total_ = 0;  ///< batches
  int64_t next_ = 0;   ///< the next one to send
  int64_t acknowledged_ = 0;
  int64_t consumed_ = 0;  ///< batches, by all consumers together
  int64_t measured_messages_ = 0;
  int64_t fetched_bytes_ = 0;
  int64_t history_bytes_ = 0;
  HdrHistogram end_to_end_;
  HdrHistogram acknowledgements_;
  HdrHistogram late_;  ///< the generator itself
  Usage before_connections_;
  Usage at_start_;
  Usage at_end_;
  int64_t ended_ = 0;
};

Connection& OpenLoop::add(Kind kind, size_t receive_bytes) {
  connections_.push_back(std::make_unique<Connection>(kind, settings_, receive_bytes));
  Connection& connection = *connections_.back();
  epoll_event event{EPOLLIN, {.ptr = &connection}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.link.fd(), &event) != 0) fail("epoll_ctl");
  return connection;
}

void OpenLoop::add_reader(Kind kind, const std::string& topic, int64_t partitions) {
  std::vector<int32_t> all;
  for (int32_t p = 0; p < partitions; ++p) all.push_back(p);
  Connection& connection = add(kind, size_t{256} << 10);
  const FetchRequest::Bounds bounds{.wait_ms = static_cast<int32_t>(settings_.wait_ms),
                                    .bytes_max = static_cast<int32_t>(settings_.fetch_bytes)};
  connection.request = std::make_unique<FetchRequest>(topic, all, bounds);
  connection.offsets.resize(all.size());
  fetch(connection);
}

void OpenLoop::open() {
  if (settings_.consumers > 0 && settings_.partitions % settings_.connections != 0) {
    fail("with consumers, every partition must belong to one connection: --partitions is no multiple of --connections");
  }
  const auto codec = compress::codec_named(settings_.codec);
  if (!codec.has_value()) fail("no codec " + settings_.codec);
  const std::vector<std::byte> batch = make_batch(settings_.records, settings_.record_bytes, *codec);
  for (int32_t p = 0; p < settings_.partitions; ++p) {
    requests_.push_back(produce_request(settings_.topic, static_cast<int>(settings_.acks), std::span(&p, 1), batch));
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  before_connections_ = usage_of(settings_.pid);
  for (int64_t i = 0; i < settings_.connections; ++i) add(Kind::producer, 4096);
  for (int64_t i = 0; i < settings_.consumers; ++i) add_reader(Kind::consumer, settings_.topic, settings_.partitions);
  if (!settings_.history_topic.empty()) {
    add_reader(Kind::history, settings_.history_topic, settings_.history_partitions);
  }
}

void OpenLoop::flush(Connection& connection) {
  connection.link.flush();
  const bool wants = connection.link.wants_write();
  if (wants == connection.watched_for_write) return;
  connection.watched_for_write = wants;
  epoll_event event{EPOLLIN | (wants ? EPOLLOUT : 0U), {.ptr = &connection}};
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.link.fd(), &event) != 0) fail("epoll_ctl");
}

void OpenLoop::fetch(Connection& connection) {
  if (connection.kind == Kind::history && connection.reached_end) {
    std::fill(connection.offsets.begin(), connection.offsets.end(), 0);
  }
  for (size_t i = 0; i < connection.offsets.size(); ++i) connection.request->set_offset(i, connection.offsets[i]);
  connection.reached_end = true;
  connection.link.enqueue(connection.request->bytes());
  flush(connection);
}

void OpenLoop::send_due(int64_t now) {
  for (int sent = 0; sent < sends_a_turn && next_ < total_ && due_at(next_) <= now; ++sent, ++next_) {
    const int64_t due = due_at(next_);
    if (measured(due)) late_.record(now - due);
    Connection& connection = *connections_[static_cast<size_t>(next_ % settings_.connections)];
    connection.link.enqueue(requests_[static_cast<size_t>(next_ % settings_.partitions)]);
    connection.due.push_back(due);
    flush(connection);
  }
}

void OpenLoop::on_acknowledged(Connection& connection, std::span<const std::byte> answer) {
  if (const int16_t error = produce_error(answer); error != 0) fail("produce answered error " + std::to_string(error));
  if (connection.due.empty()) fail("an answer without a request");
  const int64_t due = connection.due.front();
  connection.due.pop_front();
  ++acknowledged_;
  if (!measured(due)) return;
  acknowledgements_.record(now_ns() - due);
  measured_messages_ += settings_.records;
}

void OpenLoop::take_batch(Connection& connection, int32_t partition, const FetchedBatch& batch, int64_t now) {
  connection.offsets[static_cast<size_t>(partition)] = batch.base_offset + batch.records;
  connection.reached_end = false;
  const auto bytes = static_cast<int64_t>(batch.bytes);
  if (connection.kind == Kind::history) {
    if (now >= measured_from_) history_bytes_ += bytes;
    return;
  }
  if (batch.records != settings_.records) fail("a batch came back with another number of records");
  ++consumed_;
  const int64_t due = due_at(batch.base_offset / settings_.records * settings_.partitions + partition);
  if (!measured(due)) return;
  end_to_end_.record(now - due, static_cast<uint64_t>(batch.records));
  fetched_bytes_ += bytes;
}

void OpenLoop::on_fetched(Connection& connection, std::span<const std::byte> answer) {
  const int64_t now = now_ns();
  const int16_t error = each_partition(answer, [&](const FetchedPartition& one) {
    if (one.error != 0) fail("fetch answered error " + std::to_string(one.error) + " for a partition");
    each_batch(one.records, [&](const FetchedBatch& batch) { take_batch(connection, one.partition, batch, now); });
  });
  if (error != 0) fail("fetch answered error " + std::to_string(error));
  fetch(connection);
}

void OpenLoop::handle(Connection& connection, std::span<const std::byte> answer) {
  if (connection.kind == Kind::producer) {
    on_acknowledged(connection, answer);
  } else {
    on_fetched(connection, answer);
  }
}

void OpenLoop::wait(int64_t now) {
  int64_t left = next_ < total_ ? std::max<int64_t>(0, due_at(next_) - now) : 10'000'000;
  if (settings_.spin != 0) left = 0;
  const timespec limit{left / second, left % second};
  const int count = epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &limit, nullptr);
  if (count < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    Connection& connection = *static_cast<Connection*>(events_[static_cast<size_t>(i)].data.ptr);
    if (connection.watched_for_write) flush(connection);
    if ((events_[static_cast<size_t>(i)].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) continue;
    connection.link.receive([&](std::span<const std::byte> answer) { handle(connection, answer); });
  }
}

void OpenLoop::run() {
  prctl(PR_SET_TIMERSLACK, 1);  // to wake when a message is due, not up to 50 us after
  gap_ns_ = static_cast<double>(settings_.records) * 1e9 / static_cast<double>(settings_.rate);
  const int64_t all_seconds = settings_.warm_seconds + settings_.seconds;
  total_ = std::max<int64_t>(1, all_seconds * settings_.rate / settings_.records);
  open();
  start_ = now_ns() + second / 10;
  measured_from_ = start_ + settings_.warm_seconds * second;
  const int64_t deadline = start_ + all_seconds * second + drain_ns_max;
  bool measuring = false;
  while (acknowledged_ < total_ || consumed_ < total_ * settings_.consumers) {
    const int64_t now = now_ns();
    if (!measuring && now >= measured_from_) {
      measuring = true;
      at_start_ = usage_of(settings_.pid);
    }
    if (now > deadline) {
      fail(std::to_string(total_ - acknowledged_) + " batches were not acknowledged, " +
           std::to_string(total_ * settings_.consumers - consumed_) + " not consumed, " +
           std::to_string(drain_ns_max / second) + " s after the last");
    }
    send_due(now);
    wait(now_ns());
  }
  ended_ = now_ns();
  at_end_ = usage_of(settings_.pid);
  print();
}

void OpenLoop::print() const {
  const double seconds = static_cast<double>(ended_ - measured_from_) / 1e9;
  const auto percentiles = [](const char* name, const HdrHistogram& of) {
    constexpr std::pair<const char*, double> shares[] = {
        {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}};
    for (const auto& [label, share] : shares) {
      std::printf("\"%s%s_us\": %.1f, ", name, label, static_cast<double>(of.quantile(share)) / 1e3);
    }
  };
  std::printf("{\"messages\": %lld, \"seconds\": %.6f, \"messages_per_second\": %.0f, ",
              static_cast<long long>(measured_messages_), seconds, static_cast<double>(measured_messages_) / seconds);
  if (settings_.consumers > 0) percentiles("", end_to_end_);
  percentiles("ack_", acknowledgements_);
  std::printf("\"late_p99_us\": %.1f, \"fetched_bytes\": %lld, \"history_bytes\": %lld, ",
              static_cast<double>(late_.quantile(0.99)) / 1e3, static_cast<long long>(fetched_bytes_),
              static_cast<long long>(history_bytes_));
  std::printf("\"broker_cpu_seconds\": %.2f, \"rss_before_kib\": %lld, \"rss_kib\": %lld, "
              "\"client_cpu_seconds\": %.3f}\n",
              at_end_.cpu_seconds - at_start_.cpu_seconds, static_cast<long long>(before_connections_.resident_kib),
              static_cast<long long>(at_end_.resident_kib), own_cpu_seconds());
}

Settings parse(int argc, char** argv) {
  Settings settings;
  Options options;
  options.bind("--host", settings.host);
  options.bind("--topic", settings.topic);
  options.bind("--codec", settings.codec);
  options.bind("--history-topic", settings.history_topic);
  options.bind("--history-partitions", settings.history_partitions);
  options.bind("--port", settings.port);
  options.bind("--pid", settings.pid);
  options.bind("--partitions", settings.partitions);
  options.bind("--connections", settings.connections);
  options.bind("--consumers", settings.consumers);
  options.bind("--rate", settings.rate);
  options.bind("--records", settings.records);
  options.bind("--record-bytes", settings.record_bytes);
  options.bind("--acks", settings.acks);
  options.bind("--seconds", settings.seconds);
  options.bind("--warm-seconds", settings.warm_seconds);
  options.bind("--wait-ms", settings.wait_ms);
  options.bind("--fetch-bytes", settings.fetch_bytes);
  options.bind("--spin", settings.spin);
  options.parse(argc, argv, 1);
  if (settings.rate <= 0 || settings.records <= 0 || settings.connections <= 0 || settings.partitions <= 0) {
    fail("--rate, --records, --connections and --partitions are at least 1");
  }
  return settings;
}

}  // namespace
}  // namespace moldau::bench

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const moldau::bench::Settings settings = moldau::bench::parse(argc, argv);
  moldau::bench::OpenLoop(settings).run();
  return 0;
}
