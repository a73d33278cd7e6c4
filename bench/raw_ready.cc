// moldau-ready: when does a broker that is just being started serve? Started before the broker, it knocks until it is
// let in, produces until a record is acknowledged, and fetches from every partition until each answers and shows what
// was acknowledged before. Prints the moments as nanoseconds of CLOCK_MONOTONIC, one JSON line.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "bench/raw_client.h"

namespace moldau::bench {
namespace {

constexpr int64_t millisecond = 1'000'000;
constexpr int64_t pause_ns = millisecond / 5;
constexpr int64_t lost_after_ns = 20'000 * millisecond;  ///< what is not there so long after all answered is lost
constexpr int16_t topic_already_exists = 36;
constexpr size_t receive_bytes = 64 << 10;

struct Settings {
  std::string host = "127.0.0.1";
  std::string topic = "bench";
  int64_t port = 9092;
  int64_t topics = 1;  ///< more than one: TOPIC-0, TOPIC-1, ...
  int64_t partitions = 1;
  int64_t create = 0;    ///< 1: a topic has to be created first
  int64_t expected = 0;  ///< messages that must be there, all partitions together
  int64_t timeout_s = 300;
};

class Ready {
 public:
  explicit Ready(const Settings& settings)
      : settings_(settings), end_(now_ns() + settings.timeout_s * 1000 * millisecond) {
    for (int64_t i = 0; i < settings.topics; ++i) {
      topics_.push_back(settings.topics == 1 ? settings.topic : settings.topic + "-" + std::to_string(i));
    }
  }
  void run();

 private:
  /// True when somebody listens.
  bool knock() const;
  std::vector<std::byte> ask(Link& link, std::vector<std::byte> request) const;
  void pause(const char* what) const;
  void create(Link& link) const;
  void produce(Link& link) const;
  int64_t read_all(Link& link) const;

  const Settings& settings_;
  int64_t end_;
  std::vector<std::string> topics_;
};

void Ready::pause(const char* what) const {
  if (now_ns() > end_) fail(std::string("not in time: ") + what);
  sleep_until(now_ns() + pause_ns);
}

bool Ready::knock() const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // From another address: who knocks often enough at a port where nobody listens gets that port for its own end one
  // day, and is connected with itself.
  sockaddr_in own{};
  own.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.2", &own.sin_addr);
  if (bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) fail("cannot bind to 127.0.0.2");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(settings_.port));
  inet_pton(AF_INET, settings_.host.c_str(), &address.sin_addr);
  const bool open = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return open;
}

std::vector<std::byte> Ready::ask(Link& link, std::vector<std::byte> request) const {
  link.enqueue(request);
  link.flush();
  std::vector<std::byte> answer = await_answer(link, static_cast<int>((end_ - now_ns()) / millisecond) + 1);
  if (answer.empty()) fail("no answer in time");
  return answer;
}

void Ready::create(Link& link) const {
  Writer out;
  begin_request(out, create_topics_key, 2);
  out.put(static_cast<int32_t>(topics_.size()));
  for (const std::string& topic : topics_) {
    out.text(topic);
    out.put(static_cast<int32_t>(settings_.partitions));
    out.put(int16_t{1});
    out.put(int32_t{0});
    out.put(int32_t{0});
  }
  out.put(int32_t{30'000});
  out.put(int8_t{0});
  const std::vector<std::byte> request = finish_request(out);
  while (true) {
    const std::vector<std::byte> answer = ask(link, request);
    Reader in(answer);
    in.bytes(4 + 4 + 4);
    in.text();
    const auto error = in.take<int16_t>();
    if (error == 0 || error == topic_already_exists) return;
    pause("a topic");
  }
}

void Ready::produce(Link& link) const {
  const std::vector<std::byte> batch = make_batch(1, 100);
  for (int32_t partition = 0;; partition = (partition + 1) % static_cast<int32_t>(settings_.partitions)) {
    if (produce_error(ask(link, produce_request(topics_[0], -1, std::span(&partition, 1), batch))) == 0) return;
    pause("an acknowledgement");
  }
}

/// Until every partition answers and holds what it must, or is done growing without; returns what they hold.
int64_t Ready::read_all(Link& link) const {
  std::vector<int32_t> all(static_cast<size_t>(settings_.partitions));
  std::iota(all.begin(), all.end(), 0);
  int64_t held = 0;
  for (const std::string& topic : topics_) {
    int64_t all_answered = 0;
    FetchRequest fetch(topic, all, {.wait_ms = 0, .bytes_min = 0, .bytes_max = 1});
    while (true) {
      int64_t unready = 0;
      int64_t sum = 0;
      const int16_t error = each_partition(ask(link, fetch.bytes()), [&](const FetchedPartition& one) {
        unready += one.error != 0 ? 1 : 0;
        sum += std::max<int64_t>(0, one.high_watermark);
      });
      const bool whole = settings_.topics > 1 || sum >= settings_.expected;
      if (error == 0 && unready == 0) {
        if (all_answered == 0) all_answered = now_ns();
        if (whole || now_ns() > all_answered + lost_after_ns) {
          held += sum;
          break;
        }
      }
      pause(unready == 0 ? "what was acknowledged" : "all partitions");
    }
  }
  return held;
}

void Ready::run() {
  while (!knock()) pause("a listener");
  const int64_t listening = now_ns();
  Link link(settings_.host, settings_.port, receive_bytes);
  if (settings_.create != 0) create(link);
  produce(link);
  const int64_t acknowledged = now_ns();
  const int64_t held = read_all(link);
  std::printf("{\"listening_ns\": %lld, \"first_ack_ns\": %lld, \"readable_ns\": %lld, \"messages\": %lld}\n",
              static_cast<long long>(listening), static_cast<long long>(acknowledged), static_cast<long long>(now_ns()),
              static_cast<long long>(held));
}

}  // namespace
}  // namespace moldau::bench

int main(int argc, char** argv) {
  moldau::bench::Settings settings;
  moldau::bench::Options options;
  options.bind("--host", settings.host);
  options.bind("--topic", settings.topic);
  options.bind("--port", settings.port);
  options.bind("--topics", settings.topics);
  options.bind("--partitions", settings.partitions);
  options.bind("--create", settings.create);
  options.bind("--expected", settings.expected);
  options.bind("--timeout-s", settings.timeout_s);
  options.parse(argc, argv, 1);
  moldau::bench::Ready(settings).run();
  return 0;
}
