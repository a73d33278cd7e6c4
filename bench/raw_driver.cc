// moldau-raw: a load generator without client cost, for ratios between brokers. It sends Produce requests that were
// encoded before the clock started (only the correlation id is patched) and drains Fetch answers without looking
// at records. One thread, N connections, D requests in flight on each, as fast as answers come: how the time passes
// between two answers is raw_open_loop.cc's business. Prints one JSON line. Used by bench/*_rows.py.
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/hdr_histogram.h"
#include "bench/raw_client.h"

namespace moldau::bench {
namespace {

constexpr size_t receive_bytes = 1 << 20;

struct Settings {
  std::string mode;
  std::string host = "127.0.0.1";
  std::string topic = "bench";
  std::string codec = "none";
  int64_t port = 9092;
  int64_t partitions = 6;
  int64_t connections = 4;
  int64_t depth = 5;
  int64_t record_bytes = 100;
  int64_t batch_bytes = 16384;
  int64_t partitions_per_request = 1;
  int64_t acks = 1;
  int64_t messages = 1'000'000;
  int64_t seconds = 0;  ///< produce: starts nothing after so long, whatever --messages says; 0: no limit
  int64_t fetch_bytes = 1 << 20;
};

struct Connection {
  explicit Connection(const Settings& settings) : link(settings.host, settings.port, receive_bytes) {}
  Link link;
  std::deque<int64_t> sent_at;
  int64_t next_partition = 0;
  std::vector<int32_t> own_partitions;  ///< consume: the partitions that this connection drains
  size_t turn = 0;
};

class Run {
 public:
  explicit Run(const Settings& settings) : settings_(settings) {}
  void produce();
  void consume();

 private:
  void open();
  std::vector<std::vector<std::byte>> produce_requests(int64_t records);
  /// Waits for answers; calls `handler(connection, answer)` with each.
  template <typename Handler>
  void receive(Handler handler);
  void on_fetched(Connection& connection, std::span<const std::byte> answer);
  void print(double seconds, int64_t messages, int64_t bytes, int64_t requests);

  const Settings& settings_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<pollfd> polls_;
  HdrHistogram latencies_;
  std::map<int32_t, int64_t> next_offsets_;
  size_t batch_bytes_ = 0;
  int64_t fetched_messages_ = 0;
  int64_t fetched_bytes_ = 0;
  int64_t fetches_ = 0;
};

void Run::open() {
  for (int64_t i = 0; i < settings_.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(settings_));
    connections_.back()->next_partition = i * settings_.partitions_per_request;
  }
  polls_.resize(connections_.size());
}

template <typename Handler>
void Run::receive(Handler handler) {
  for (size_t i = 0; i < connections_.size(); ++i) {
    const Link& link = connections_[i]->link;
    polls_[i] = {link.fd(), static_cast<short>(POLLIN | (link.wants_write() ? POLLOUT : 0)), 0};
  }
  if (poll(polls_.data(), polls_.size(), 60'000) == 0) fail("no answer for a minute");
  for (size_t i = 0; i < connections_.size(); ++i) {
    if ((polls_[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    Connection& connection = *connections_[i];
    connection.link.receive([&](std::span<const std::byte> answer) { handler(connection, answer); });
  }
}

std::vector<std::vector<std::byte>> Run::produce_requests(int64_t records) {
  const auto codec = compress::codec_named(settings_.codec);
  if (!codec.has_value()) fail("no codec " + settings_.codec);
  const std::vector<std::byte> batch = make_batch(records, settings_.record_bytes, *codec);
  batch_bytes_ = batch.size();
  std::vector<std::vector<std::byte>> requests;
  for (int64_t first = 0; first < settings_.partitions; ++first) {
    std::vector<int32_t> partitions;
    for (int64_t i = 0; i < settings_.partitions_per_request; ++i) {
      partitions.push_back(static_cast<int32_t>((first + i) % settings_.partitions));
    }
    requests.push_back(produce_request(settings_.topic, static_cast<int>(settings_.acks), partitions, batch));
  }
  return requests;
}

void Run::produce() {
  open();
  const auto payload_bytes = settings_.batch_bytes - static_cast<int64_t>(batch_header_bytes);
  const int64_t records = std::max<int64_t>(1, payload_bytes / (settings_.record_bytes + 10));
  std::vector<std::vector<std::byte>> requests = produce_requests(records);
  const int64_t per_request = records * settings_.partitions_per_request;
  int64_t total = std::max<int64_t>(1, settings_.messages / per_request);
  int64_t started = 0;
  int64_t answered = 0;
  const int64_t start = now_ns();
  const int64_t last_start = settings_.seconds > 0 ? start + settings_.seconds * 1'000'000'000 : INT64_MAX;
  while (answered < total) {
    if (now_ns() > last_start) total = started;
    if (answered == total) break;
    for (const auto& c : connections_) {
      while (started < total && c->sent_at.size() < static_cast<size_t>(settings_.depth)) {
        c->link.enqueue(requests[static_cast<size_t>(c->next_partition % settings_.partitions)]);
        c->sent_at.push_back(now_ns());
        c->next_partition += settings_.partitions_per_request * settings_.connections;
        ++started;
      }
      c->link.flush();
    }
    receive([&](Connection& connection, std::span<const std::byte> answer) {
      if (const int16_t error = produce_error(answer); error != 0) {
        fail("produce answered error " + std::to_string(error));
      }
      latencies_.record(now_ns() - connection.sent_at.front());
      connection.sent_at.pop_front();
      ++answered;
    });
  }
  print(static_cast<double>(now_ns() - start) / 1e9, total * per_request,
        total * static_cast<int64_t>(batch_bytes_) * settings_.partitions_per_request, total);
}

void Run::on_fetched(Connection& connection, std::span<const std::byte> answer) {
  const int16_t error = each_partition(answer, [&](const FetchedPartition& one) {
    if (one.error != 0) fail("fetch answered error " + std::to_string(one.error) + " for a partition");
    each_batch(one.records, [&](const FetchedBatch& batch) {
      fetched_messages_ += batch.records;
      fetched_bytes_ += static_cast<int64_t>(batch.bytes);
      next_offsets_[one.partition] = batch.base_offset + batch.records;
    });
  });
  if (error != 0) fail("fetch answered error " + std::to_string(error));
  latencies_.record(now_ns() - connection.sent_at.front());
  connection.sent_at.pop_front();
  ++fetches_;
}

void Run::consume() {
  open();
  std::vector<FetchRequest> requests;
  for (int32_t p = 0; p < settings_.partitions; ++p) {
    connections_[static_cast<size_t>(p % settings_.connections)]->own_partitions.push_back(p);
    requests.emplace_back(settings_.topic, std::span(&p, 1),
                          FetchRequest::Bounds{.bytes_max = static_cast<int32_t>(settings_.fetch_bytes)});
  }
  const int64_t start = now_ns();
  while (fetched_messages_ < settings_.messages) {
    for (const auto& c : connections_) {
      if (c->sent_at.empty() && !c->own_partitions.empty()) {
        const int32_t partition = c->own_partitions[c->turn++ % c->own_partitions.size()];
        FetchRequest& request = requests[static_cast<size_t>(partition)];
        request.set_offset(0, next_offsets_[partition]);
        c->link.enqueue(request.bytes());
        c->sent_at.push_back(now_ns());
      }
      c->link.flush();
    }
    receive([&](Connection& connection, std::span<const std::byte> answer) { on_fetched(connection, answer); });
  }
  print(static_cast<double>(now_ns() - start) / 1e9, fetched_messages_, fetched_bytes_, fetches_);
}

void Run::print(double seconds, int64_t messages, int64_t bytes, int64_t requests) {
  const auto us = [&](double share) { return static_cast<double>(latencies_.quantile(share)) / 1e3; };
  std::printf(
      "{\"messages\": %lld, \"bytes\": %lld, \"requests\": %lld, \"seconds\": %.6f, \"messages_per_second\": %.0f, "
      "\"requests_per_second\": %.1f, \"mb_per_second\": %.3f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
      "\"client_cpu_seconds\": %.3f}\n",
      static_cast<long long>(messages), static_cast<long long>(bytes), static_cast<long long>(requests), seconds,
      static_cast<double>(messages) / seconds, static_cast<double>(requests) / seconds,
      static_cast<double>(bytes) / seconds / 1e6, us(0.5), us(0.99), us(0.999), own_cpu_seconds());
}

Settings parse(int argc, char** argv) {
  Settings settings;
  if (argc > 1) settings.mode = argv[1];
  Options options;
  options.bind("--host", settings.host);
  options.bind("--topic", settings.topic);
  options.bind("--codec", settings.codec);
  options.bind("--port", settings.port);
  options.bind("--partitions", settings.partitions);
  options.bind("--connections", settings.connections);
  options.bind("--depth", settings.depth);
  options.bind("--record-bytes", settings.record_bytes);
  options.bind("--batch-bytes", settings.batch_bytes);
  options.bind("--partitions-per-request", settings.partitions_per_request);
  options.bind("--acks", settings.acks);
  options.bind("--messages", settings.messages);
  options.bind("--seconds", settings.seconds);
  options.bind("--fetch-bytes", settings.fetch_bytes);
  options.parse(argc, argv, 2);
  return settings;
}

}  // namespace
}  // namespace moldau::bench

int main(int argc, char** argv) {
  const moldau::bench::Settings settings = moldau::bench::parse(argc, argv);
  moldau::bench::Run run(settings);
  if (settings.mode == "produce") {
    run.produce();
  } else if (settings.mode == "consume") {
    run.consume();
  } else {
    moldau::bench::fail("usage: moldau-raw produce|consume [--port N] [--messages N] ...");
  }
  return 0;
}
