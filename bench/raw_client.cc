#include "bench/raw_client.h"

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
#include <utility>

#include "base/crc32c.h"
#include "base/prng.h"
#include "base/varint.h"

namespace moldau::bench {

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void sleep_until(int64_t moment) {
  const timespec t{moment / 1'000'000'000, moment % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void fail(const std::string& what, int status) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
  std::exit(status);
}

void Options::parse(int argc, char** argv, int first) const {
  for (int i = first; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) fail("no value for " + name);
    if (const auto number = numbers_.find(name); number != numbers_.end()) {
      *number->second = std::atoll(argv[i + 1]);
    } else if (const auto small = small_numbers_.find(name); small != small_numbers_.end()) {
      *small->second = std::atoi(argv[i + 1]);
    } else if (const auto text = texts_.find(name); text != texts_.end()) {
      *text->second = argv[i + 1];
    } else {
      fail("no option " + name);
    }
  }
}

void Writer::varint(int32_t value) {
  std::byte buffer[varint32_size_max];
  append({buffer, put_varint(buffer, zigzag(value))});
}

namespace {

std::vector<std::byte> make_value(int64_t bytes, compress::Codec codec, Prng& random) {
  static constexpr std::string_view words[] = {"order ", "customer ", "1729 ",   "amount ",
                                               "EUR ",   "shipped ",  "Prague ", "42 "};
  if (codec == compress::Codec::none) return std::vector<std::byte>(static_cast<size_t>(bytes), std::byte{'x'});
  std::vector<std::byte> value;
  while (value.size() < static_cast<size_t>(bytes)) {
    const std::string_view word = words[random.below(std::size(words))];
    for (const char c : word) value.push_back(static_cast<std::byte>(c));
    value.push_back(static_cast<std::byte>('a' + random.below(26)));
  }
  value.resize(static_cast<size_t>(bytes));
  return value;
}

}  // namespace

std::vector<std::byte> make_batch(int64_t count, int64_t record_bytes, compress::Codec codec) {
  Writer records;
  Prng random(1);
  for (int32_t i = 0; i < count; ++i) {
    Writer body;
    body.put(int8_t{0});
    body.varint(0);
    body.varint(i);
    body.varint(-1);
    body.varint(static_cast<int32_t>(record_bytes));
    body.append(make_value(record_bytes, codec, random));
    body.varint(0);
    records.varint(static_cast<int32_t>(body.bytes().size()));
    records.append(body.bytes());
  }
  std::vector<std::byte> payload = std::move(records.bytes());
  if (codec != compress::Codec::none) {
    compress::Compressor compressor;
    std::vector<std::byte> packed;
    if (!compressor.compress(codec, compress::level_default(codec), payload, packed)) fail("cannot compress a batch");
    payload = std::move(packed);
  }
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t timestamp = wall.tv_sec * 1000LL;
  Writer tail;  // what the checksum covers
  tail.put(static_cast<int16_t>(codec));
  tail.put(static_cast<int32_t>(count - 1));
  tail.put(timestamp);
  tail.put(timestamp);
  tail.put(int64_t{-1});
  tail.put(int16_t{-1});
  tail.put(int32_t{-1});
  tail.put(static_cast<int32_t>(count));
  tail.append(payload);
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
  out.put(int32_t{0});
  out.text("moldau-raw");
}

std::vector<std::byte> finish_request(Writer& out) {
  store_big_endian(out.bytes().data(), static_cast<int32_t>(out.bytes().size() - 4));
  return std::move(out.bytes());
}

std::vector<std::byte> produce_request(const std::string& topic, int acks, std::span<const int32_t> partitions,
                                       std::span<const std::byte> batch) {
  Writer out;
  begin_request(out, produce_key, 7);
  out.put(int16_t{-1});
  out.put(static_cast<int16_t>(acks));
  out.put(int32_t{30'000});
  out.put(int32_t{1});
  out.text(topic);
  out.put(static_cast<int32_t>(partitions.size()));
  for (const int32_t partition : partitions) {
    out.put(partition);
    out.put(static_cast<int32_t>(batch.size()));
    out.append(batch);
  }
  return finish_request(out);
}

FetchRequest::FetchRequest(const std::string& topic, std::span<const int32_t> partitions, Bounds bounds) {
  Writer out;
  begin_request(out, fetch_key, 11);
  out.put(int32_t{-1});
  out.put(bounds.wait_ms);
  out.put(bounds.bytes_min);
  out.put(bounds.bytes_max);
  out.put(int8_t{0});
  out.put(int32_t{0});
  out.put(int32_t{-1});
  out.put(int32_t{1});
  out.text(topic);
  out.put(static_cast<int32_t>(partitions.size()));
  first_ = out.bytes().size() + 8;
  for (const int32_t partition : partitions) {
    out.put(partition);
    out.put(int32_t{-1});
    out.put(int64_t{0});
    out.put(int64_t{-1});
    out.put(bounds.bytes_max);
  }
  out.put(int32_t{0});
  out.text("");
  bytes_ = finish_request(out);
}

Link::Link(const std::string& host, int64_t port, size_t receive_bytes) : receive_bytes_(receive_bytes) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail("cannot connect to " + host + ":" + std::to_string(port) + ": " + std::strerror(errno));
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd_, F_SETFL, O_NONBLOCK);
}

Link::Link(Link&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      correlation_(other.correlation_),
      out_(std::move(other.out_)),
      sent_(other.sent_),
      in_(std::move(other.in_)),
      received_(other.received_),
      receive_bytes_(other.receive_bytes_),
      wanted_(other.wanted_) {}

Link::~Link() {
  if (fd_ >= 0) close(fd_);
}

void Link::enqueue(std::vector<std::byte>& request) {
  store_big_endian(request.data() + correlation_at, ++correlation_);
  queue(request);
}

void Link::queue(std::span<const std::byte> bytes) {
  if (!wants_write()) {
    out_.clear();
    sent_ = 0;
  }
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void Link::flush() {
  while (wants_write()) {
    const ssize_t n = send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) fail(std::string("send: ") + std::strerror(errno), closed_status);
    sent_ += static_cast<size_t>(n);
  }
}

bool Link::receive_once() {
  const size_t needed = std::max(wanted_, received_ + receive_bytes_);
  if (in_.size() < needed) in_.resize(needed);
  const ssize_t n = recv(fd_, in_.data() + received_, in_.size() - received_, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) fail("the broker closed the connection", closed_status);
  received_ += static_cast<size_t>(n);
  return true;
}

std::vector<std::byte> await_answer(Link& link, int timeout_ms) {
  std::vector<std::byte> answer;
  const int64_t end = now_ns() + timeout_ms * 1'000'000LL;
  while (answer.empty()) {
    const int64_t left = end - now_ns();
    if (left <= 0) return answer;
    pollfd wanted{link.fd(), static_cast<short>(POLLIN | (link.wants_write() ? POLLOUT : 0)), 0};
    poll(&wanted, 1, static_cast<int>(left / 1'000'000) + 1);
    link.flush();
    link.receive([&](std::span<const std::byte> frame) { answer.assign(frame.begin(), frame.end()); });
  }
  return answer;
}

int16_t produce_error(std::span<const std::byte> answer) {
  Reader in(answer);
  in.bytes(4);
  int16_t first = 0;
  for (auto topics = in.take<int32_t>(); topics > 0; --topics) {
    in.text();
    for (auto count = in.take<int32_t>(); count > 0; --count) {
      in.bytes(4);
      const auto error = in.take<int16_t>();
      if (first == 0) first = error;
      in.bytes(8 + 8 + 8);
    }
  }
  return first;
}

std::span<const std::byte> Reader::bytes(size_t count) {
  if (count > bytes_.size()) fail("an answer is too short");
  const auto taken = bytes_.first(count);
  bytes_ = bytes_.subspan(count);
  return taken;
}

std::string_view Reader::text() {
  const auto size = take<int16_t>();
  const auto taken = bytes(size > 0 ? static_cast<size_t>(size) : 0);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

}  // namespace moldau::bench
