// moldau-raw: a load generator without client cost, for ratios between brokers. It sends Produce v7 requests that were
// encoded before the clock started (only the correlation id is patched) and drains Fetch v11 responses without looking
// at records. One thread, N connections, D requests in flight on each. Prints one JSON line. Used by bench/bench.py.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "base/endian.h"
#include "base/varint.h"

namespace moldau::bench {
namespace {

constexpr size_t receive_bytes = 1 << 20;
constexpr size_t batch_header_bytes = 61;

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "moldau-raw: %s\n", what.c_str());
  std::exit(1);
}

/// Options as --name value; every one has a default.
struct Options {
  std::string mode = "produce";
  std::string host = "127.0.0.1";
  int port = 9092;
  std::string topic = "bench";
  int partitions = 6;
  int connections = 4;
  int depth = 5;
  int record_bytes = 100;
  int batch_bytes = 16384;
  int partitions_per_request = 1;
  int acks = 1;
  int64_t messages = 1'000'000;
  int64_t rate = 0;  ///< messages a second over all connections, open loop; 0: as fast as answers come
  int fetch_bytes = 1 << 20;
};

class Writer {
 public:
  template <typename T>
  void put(T value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    store_big_endian(bytes_.data() + at, value);
  }
  void text(const std::string& value) {
    put(static_cast<int16_t>(value.size()));
    append(std::as_bytes(std::span(value.data(), value.size())));
  }
  void append(std::span<const std::byte> from) { bytes_.insert(bytes_.end(), from.begin(), from.end()); }
  void varint(int32_t value) {
    std::byte buffer[varint32_size_max];
    append({buffer, put_varint(buffer, zigzag(value))});
  }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// One record batch v2 of `count` records with values of `record_bytes` bytes, no keys.
std::vector<std::byte> make_batch(int count, int record_bytes, int64_t timestamp) {
  Writer records;
  const std::vector<std::byte> value(static_cast<size_t>(record_bytes), std::byte{'x'});
  for (int i = 0; i < count; ++i) {
    Writer body;
    body.put(int8_t{0});
    body.varint(0);
    body.varint(i);
    body.varint(-1);
    body.varint(record_bytes);
    body.append(value);
    body.varint(0);
    records.varint(static_cast<int32_t>(body.bytes().size()));
    records.append(body.bytes());
  }
  Writer tail;  // what the checksum covers
  tail.put(int16_t{0});
  tail.put(static_cast<int32_t>(count - 1));
  tail.put(timestamp);
  tail.put(timestamp);
  tail.put(int64_t{-1});
  tail.put(int16_t{-1});
  tail.put(int32_t{-1});
  tail.put(static_cast<int32_t>(count));
  tail.append(records.bytes());
  Writer batch;
  batch.put(int64_t{0});
  batch.put(static_cast<int32_t>(tail.bytes().size() + 9));
  batch.put(int32_t{-1});
  batch.put(int8_t{2});
  batch.put(crc32c(tail.bytes()));
  batch.append(tail.bytes());
  return std::move(batch.bytes());
}

void begin_request(Writer& out, int16_t key, int16_t version) {
  out.put(int32_t{0});  // size, set by finish_request
  out.put(key);
  out.put(version);
  out.put(int32_t{0});  // correlation id at byte 8
  out.text("moldau-raw");
}

std::vector<std::byte> finish_request(Writer& out) {
  store_big_endian(out.bytes().data(), static_cast<int32_t>(out.bytes().size() - 4));
  return std::move(out.bytes());
}

std::vector<std::byte> produce_request(const Options& options, int first_partition, std::span<const std::byte> batch) {
  Writer out;
  begin_request(out, 0, 7);
  out.put(int16_t{-1});
  out.put(static_cast<int16_t>(options.acks));
  out.put(int32_t{30'000});
  out.put(int32_t{1});
  out.text(options.topic);
  out.put(static_cast<int32_t>(options.partitions_per_request));
  for (int i = 0; i < options.partitions_per_request; ++i) {
    out.put(static_cast<int32_t>((first_partition + i) % options.partitions));
    out.put(static_cast<int32_t>(batch.size()));
    out.append(batch);
  }
  return finish_request(out);
}

std::vector<std::byte> fetch_request(const Options& options, int partition, int64_t offset) {
  Writer out;
  begin_request(out, 1, 11);
  out.put(int32_t{-1});
  out.put(int32_t{500});
  out.put(int32_t{1});
  out.put(static_cast<int32_t>(options.fetch_bytes));
  out.put(int8_t{0});
  out.put(int32_t{0});
  out.put(int32_t{-1});
  out.put(int32_t{1});
  out.text(options.topic);
  out.put(int32_t{1});
  out.put(static_cast<int32_t>(partition));
  out.put(int32_t{-1});
  out.put(offset);
  out.put(int64_t{-1});
  out.put(static_cast<int32_t>(options.fetch_bytes));
  out.put(int32_t{0});
  out.text("");
  return finish_request(out);
}

int connect_to(const Options& options) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(options.port));
  inet_pton(AF_INET, options.host.c_str(), &address.sin_addr);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail("cannot connect to " + options.host + ":" + std::to_string(options.port) + ": " + std::strerror(errno));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/// One connection: bytes to send, bytes received, and when each request in flight was due.
struct Connection {
  int fd = -1;
  std::vector<std::byte> out;
  size_t sent = 0;
  std::vector<std::byte> in;
  size_t received = 0;
  std::deque<int64_t> due;
  int next_partition = 0;
  std::vector<int> own_partitions;  // consume: the partitions that this connection drains
  size_t turn = 0;
};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}
  void produce();
  void consume();

 private:
  void open();
  void flush(Connection& connection);
  template <typename Handler>
  void receive(Connection& connection, Handler handler);
  void enqueue(Connection& connection, std::vector<std::byte>& request, int64_t due);
  void check_produce(std::span<const std::byte> response);
  void on_fetched(Connection& connection, std::span<const std::byte> response);
  void print(double seconds, int64_t messages, int64_t bytes);

  const Options& options_;
  std::vector<Connection> connections_;
  std::vector<int64_t> latencies_ns_;
  std::map<int, int64_t> next_offsets_;
  int32_t correlation_ = 0;
  int64_t fetched_messages_ = 0;
  int64_t fetched_bytes_ = 0;
};

void Run::open() {
  connections_.resize(static_cast<size_t>(options_.connections));
  int number = 0;
  for (Connection& connection : connections_) {
    connection.fd = connect_to(options_);
    connection.in.resize(4 * receive_bytes);
    connection.next_partition = number++ * options_.partitions_per_request;
  }
}

void Run::enqueue(Connection& connection, std::vector<std::byte>& request, int64_t due) {
  store_big_endian(request.data() + 8, ++correlation_);
  if (connection.sent == connection.out.size()) {
    connection.out.clear();
    connection.sent = 0;
  }
  connection.out.insert(connection.out.end(), request.begin(), request.end());
  connection.due.push_back(due);
}

void Run::flush(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t n = send(connection.fd, connection.out.data() + connection.sent,
                           connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) fail(std::string("send: ") + std::strerror(errno));
    connection.sent += static_cast<size_t>(n);
  }
}

template <typename Handler>
void Run::receive(Connection& connection, Handler handler) {
  if (connection.in.size() - connection.received < receive_bytes) connection.in.resize(connection.in.size() * 2);
  const ssize_t n = recv(connection.fd, connection.in.data() + connection.received, receive_bytes, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) fail("the broker closed the connection");
  connection.received += static_cast<size_t>(n);
  size_t at = 0;
  while (connection.received - at >= 4) {
    const auto size = static_cast<size_t>(load_big_endian<int32_t>(connection.in.data() + at));
    if (connection.received - at - 4 < size) break;
    handler(std::span<const std::byte>(connection.in.data() + at + 4, size));
    at += 4 + size;
  }
  if (at > 0) {
    std::memmove(connection.in.data(), connection.in.data() + at, connection.received - at);
    connection.received -= at;
  }
}

void Run::check_produce(std::span<const std::byte> response) {
  // correlation, topics=1, name, partitions, then index i32, error i16, ...
  const size_t at = 4 + 4 + 2 + options_.topic.size() + 4;
  const auto error = load_big_endian<int16_t>(response.data() + at + 4);
  if (error != 0) fail("produce answered error " + std::to_string(error));
}

void Run::produce() {
  open();
  const int per_record = options_.record_bytes + 10;
  const int records = std::max(1, (options_.batch_bytes - static_cast<int>(batch_header_bytes)) / per_record);
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  const std::vector<std::byte> batch = make_batch(records, options_.record_bytes, wall.tv_sec * 1000LL);
  std::vector<std::vector<std::byte>> requests;
  for (int p = 0; p < options_.partitions; ++p) requests.push_back(produce_request(options_, p, batch));
  const int64_t per_request = static_cast<int64_t>(records) * options_.partitions_per_request;
  const int64_t total = std::max<int64_t>(1, options_.messages / per_request);
  const int64_t gap_ns = options_.rate > 0 ? per_request * 1'000'000'000LL / options_.rate : 0;
  latencies_ns_.reserve(static_cast<size_t>(total));
  int64_t started = 0;
  int64_t answered = 0;
  const int64_t start = now_ns();
  std::vector<pollfd> polls(connections_.size());
  while (answered < total) {
    int64_t wait_ns = 1'000'000'000;
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& c = connections_[i];
      while (started < total && c.due.size() < static_cast<size_t>(options_.depth)) {
        const int64_t due = gap_ns > 0 ? start + started * gap_ns : now_ns();
        if (gap_ns > 0 && due > now_ns()) {
          wait_ns = std::min(wait_ns, due - now_ns());
          break;
        }
        enqueue(c, requests[static_cast<size_t>(c.next_partition % options_.partitions)], due);
        c.next_partition += options_.partitions_per_request * options_.connections;
        ++started;
      }
      flush(c);
      polls[i] = {c.fd, static_cast<short>(POLLIN | (c.sent < c.out.size() ? POLLOUT : 0)), 0};
    }
    const timespec limit{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
    ppoll(polls.data(), polls.size(), &limit, nullptr);
    for (size_t i = 0; i < connections_.size(); ++i) {
      if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      receive(connections_[i], [&](std::span<const std::byte> response) {
        check_produce(response);
        latencies_ns_.push_back(now_ns() - connections_[i].due.front());
        connections_[i].due.pop_front();
        ++answered;
      });
    }
  }
  print(static_cast<double>(now_ns() - start) / 1e9, total * per_request,
        total * static_cast<int64_t>(batch.size()) * options_.partitions_per_request);
}

void Run::on_fetched(Connection& connection, std::span<const std::byte> response) {
  // correlation, throttle, error, session, topics=1, name, partitions=1, index, error, hw, lso, start, aborted,
  // replica, size
  if (const auto error = load_big_endian<int16_t>(response.data() + 8); error != 0) {
    fail("fetch answered error " + std::to_string(error));
  }
  size_t at = 4 + 4 + 2 + 4 + 4 + 2 + options_.topic.size() + 4;
  const auto partition = load_big_endian<int32_t>(response.data() + at);
  const auto error = load_big_endian<int16_t>(response.data() + at + 4);
  if (error != 0) fail("fetch answered error " + std::to_string(error) + " for a partition");
  at += 4 + 2 + 8 + 8 + 8;
  const auto aborted = load_big_endian<int32_t>(response.data() + at);
  at += 4 + (aborted > 0 ? static_cast<size_t>(aborted) * 16 : 0) + 4;
  const auto size = static_cast<size_t>(std::max(0, load_big_endian<int32_t>(response.data() + at)));
  const std::byte* batch = response.data() + at + 4;
  for (size_t left = size; left >= batch_header_bytes;) {
    const size_t whole = static_cast<size_t>(load_big_endian<int32_t>(batch + 8)) + 12;
    if (whole > left) break;
    const auto base = load_big_endian<int64_t>(batch);
    const auto last_delta = load_big_endian<int32_t>(batch + 23);
    fetched_messages_ += last_delta + 1;
    fetched_bytes_ += static_cast<int64_t>(whole);
    next_offsets_[partition] = base + last_delta + 1;
    batch += whole;
    left -= whole;
  }
  connection.due.pop_front();
}

void Run::consume() {
  open();
  for (int p = 0; p < options_.partitions; ++p) {
    connections_[static_cast<size_t>(p % options_.connections)].own_partitions.push_back(p);
  }
  const int64_t start = now_ns();
  std::vector<pollfd> polls(connections_.size());
  while (fetched_messages_ < options_.messages) {
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& c = connections_[i];
      if (c.due.empty() && !c.own_partitions.empty()) {
        const int partition = c.own_partitions[c.turn++ % c.own_partitions.size()];
        std::vector<std::byte> request = fetch_request(options_, partition, next_offsets_[partition]);
        enqueue(c, request, 0);
      }
      flush(c);
      polls[i] = {c.fd, static_cast<short>(POLLIN | (c.sent < c.out.size() ? POLLOUT : 0)), 0};
    }
    if (poll(polls.data(), polls.size(), 10'000) == 0) fail("no answer for 10 s");
    for (size_t i = 0; i < connections_.size(); ++i) {
      if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      receive(connections_[i], [&](std::span<const std::byte> response) { on_fetched(connections_[i], response); });
    }
  }
  print(static_cast<double>(now_ns() - start) / 1e9, fetched_messages_, fetched_bytes_);
}

void Run::print(double seconds, int64_t messages, int64_t bytes) {
  std::sort(latencies_ns_.begin(), latencies_ns_.end());
  const auto percentile = [&](double share) {
    if (latencies_ns_.empty()) return 0.0;
    return static_cast<double>(
               latencies_ns_[static_cast<size_t>(share * static_cast<double>(latencies_ns_.size() - 1))]) /
           1e3;
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  std::printf(
      "{\"messages\": %lld, \"bytes\": %lld, \"seconds\": %.6f, \"messages_per_second\": %.0f, "
      "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"client_cpu_seconds\": %.3f}\n",
      static_cast<long long>(messages), static_cast<long long>(bytes), seconds, static_cast<double>(messages) / seconds,
      percentile(0.5), percentile(0.99), percentile(0.999), cpu);
}

Options parse(int argc, char** argv) {
  Options options;
  if (argc > 1) options.mode = argv[1];
  std::map<std::string, int*> numbers = {{"--port", &options.port},
                                         {"--partitions", &options.partitions},
                                         {"--connections", &options.connections},
                                         {"--depth", &options.depth},
                                         {"--record-bytes", &options.record_bytes},
                                         {"--batch-bytes", &options.batch_bytes},
                                         {"--partitions-per-request", &options.partitions_per_request},
                                         {"--acks", &options.acks},
                                         {"--fetch-bytes", &options.fetch_bytes}};
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--topic") {
      options.topic = argv[i + 1];
    } else if (name == "--host") {
      options.host = argv[i + 1];
    } else if (name == "--messages") {
      options.messages = std::atoll(argv[i + 1]);
    } else if (name == "--rate") {
      options.rate = std::atoll(argv[i + 1]);
    } else if (const auto found = numbers.find(name); found != numbers.end()) {
      *found->second = std::atoi(argv[i + 1]);
    } else {
      fail("no option " + name);
    }
  }
  return options;
}

}  // namespace
}  // namespace moldau::bench

int main(int argc, char** argv) {
  const moldau::bench::Options options = moldau::bench::parse(argc, argv);
  moldau::bench::Run run(options);
  if (options.mode == "produce") {
    run.produce();
  } else if (options.mode == "consume") {
    run.consume();
  } else {
    std::fprintf(stderr, "usage: moldau-raw produce|consume [--port N] [--messages N] ...\n");
    return 1;
  }
  return 0;
}
