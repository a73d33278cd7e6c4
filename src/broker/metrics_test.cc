// What is counted, read off and printed; the whole over HTTP with a strict checker: test/metrics.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "broker/metrics_gather.h"
#include "broker/metrics_table.h"
#include "broker/metrics_text.h"
#include "broker/scrape.h"
#include "broker/test_kit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/12_heartbeat.h"
#include "wire/api/20_delete_topics.h"
#include "wire/descriptor.h"

namespace moldau::broker {
namespace {

using wire::ApiKey;
using wire::ErrorCode;

std::string printed(BrokerWorld& world, MetricDetail detail = MetricDetail::partition, size_t limit = 10'000) {
  ScrapeOptions options;
  options.text.detail = detail;
  options.text.version = "test";
  options.limit = limit;
  Scrape scrape(&world.broker(), options);
  std::string text;
  while (scrape.step(text)) world.world().run_for(microseconds(100));  // what other shards counted takes turns to come
  return text;
}

std::shared_ptr<const HostedSamples> hosted_elsewhere(BrokerWorld& world) {
  std::shared_ptr<const HostedSamples> found;
  gather_hosted(world.broker().home(), world.broker().shards(),
                [&](std::shared_ptr<const HostedSamples> hosted) { found = std::move(hosted); });
  EXPECT_TRUE(world.until([&] { return found != nullptr; }));
  return found;
}

uint64_t errors_of(const Metrics& metrics, ApiKey key, ErrorCode error) {
  const ApiMetrics* const api = metrics.apis[static_cast<size_t>(key)].get();
  return api == nullptr ? 0 : api->errors[static_cast<size_t>(code_of(error) - code_of(wire::error_code_min))];
}

TEST(Metrics, TheTableHasNoNameTwice) {
  std::set<std::string_view> names;
  for (const MetricRow& row : metric_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_NE(row.help[0], '\0') << row.name;
    EXPECT_EQ(std::string_view(row.name).ends_with("_total"), row.kind == MetricKind::counter) << row.name;
  }
}

TEST(Metrics, ErrorsAreFoundWhereverTheyStand) {
  Metrics metrics;
  wire::HeartbeatResponse heartbeat;
  count_errors(metrics, ApiKey::heartbeat, heartbeat);
  EXPECT_EQ(metrics.apis[static_cast<size_t>(ApiKey::heartbeat)], nullptr) << "no error, nothing kept";
  heartbeat.error_code = code_of(ErrorCode::unknown_member_id);
  count_errors(metrics, ApiKey::heartbeat, heartbeat);
  EXPECT_EQ(errors_of(metrics, ApiKey::heartbeat, ErrorCode::unknown_member_id), 1U);

  wire::OffsetFetchResponse fetch;
  auto& group = fetch.groups.emplace_back();
  auto& topic = group.topics.emplace_back();
  for (const ErrorCode error : {ErrorCode::unstable_offset_commit, ErrorCode::none, ErrorCode::unknown_server_error}) {
    topic.partitions.emplace_back().error_code = code_of(error);
  }
  group.error_code = code_of(ErrorCode::not_coordinator);
  // Compiled, and from the descriptor.
  count_errors(metrics, ApiKey::offset_fetch, fetch);
  count_errors(metrics, ApiKey::offset_fetch, *wire::descriptor_of<wire::OffsetFetchResponse>().root, &fetch);
  EXPECT_EQ(errors_of(metrics, ApiKey::offset_fetch, ErrorCode::unstable_offset_commit), 2U);
  EXPECT_EQ(errors_of(metrics, ApiKey::offset_fetch, ErrorCode::unknown_server_error), 2U);
  EXPECT_EQ(errors_of(metrics, ApiKey::offset_fetch, ErrorCode::not_coordinator), 2U);
  EXPECT_EQ(errors_of(metrics, ApiKey::offset_fetch, ErrorCode::none), 0U);
  metrics.count_error(ApiKey::fetch, int16_t{12'345});  // none that we know: forgotten, and no harm done
}

TEST(Metrics, StagesOfARequest) {
  ApiMetrics api;
  const Instant start{1'000'000'000};
  api.observe({.received = start, .began = start + milliseconds(1), .answered = start + milliseconds(3)},
              start + milliseconds(3));
  EXPECT_DOUBLE_EQ(api.queue.sum_seconds(), 0.001);
  EXPECT_DOUBLE_EQ(api.local.sum_seconds(), 0.002);
  EXPECT_EQ(api.wait.count(), 0U);
  api.observe(
      {.received = start, .began = start, .left = start + milliseconds(1), .answered = start + milliseconds(11)},
      start + milliseconds(15));
  EXPECT_DOUBLE_EQ(api.local.sum_seconds(), 0.003);
  EXPECT_DOUBLE_EQ(api.wait.sum_seconds(), 0.010);
  EXPECT_DOUBLE_EQ(api.send.sum_seconds(), 0.004);
  EXPECT_DOUBLE_EQ(api.total.sum_seconds(), 0.018);
}

TEST(Metrics, QuantilesForgetWhatIsOld) {
  Metrics metrics;
  ApiMetrics& api = metrics.api(ApiKey::metadata);
  for (int i = 0; i < 100; ++i) api.total.record(seconds(1));
  metrics.move_windows({seconds(61).nanoseconds});
  metrics.move_windows({seconds(100).nanoseconds});  // too early
  EXPECT_EQ(api.total.since(api.window_old).count(), 100U);
  metrics.move_windows({seconds(122).nanoseconds});
  api.total.record(milliseconds(1));
  EXPECT_EQ(api.total.since(api.window_old).count(), 1U);
  EXPECT_LT(api.total.since(api.window_old).quantile(0.99), 0.01);
}

TEST(Metrics, TopicsBeyondTheLimitAreCountedTogether) {
  TopicCounterTable table;
  table.set_limit(1);
  const TopicCountersRef first = table.get(Uuid::of(1, 1));
  EXPECT_EQ(table.get(Uuid::of(1, 1)), first);
  EXPECT_FALSE(table.overflowed());
  table.get(Uuid::of(1, 2))->messages_in = 7;
  EXPECT_TRUE(table.overflowed());
  EXPECT_EQ(table.others().messages_in, 7U);
  EXPECT_EQ(table.find(Uuid::of(1, 2)), nullptr);
  table.forget_unless([](const Uuid&) { return false; });
  EXPECT_EQ(table.find(Uuid::of(1, 1)), nullptr);
  first->messages_in = 1;  // whoever holds it may go on
}

TEST(Metrics, ManyPartitionsAreReadAndPrintedInSteps) {
  BrokerWorld world;
  RawClient& client = world.connect();
  constexpr int partitions = 1200;
  world.create_topic(client, "a");
  world.create_topic(client, "wide", partitions);
  world.create_topic(client, "z", 3);
  EXPECT_EQ(world.produce(client, "wide", partitions - 1, batch_of(3, "x")).error_code, 0);

  MetricsGather gather(world.broker(), MetricDetail::partition, 10'000);
  const auto hosted = hosted_elsewhere(world);
  gather.set_hosted(*hosted);
  size_t steps = 0;
  size_t before = 0;
  while (gather.step()) {
    ++steps;
    EXPECT_LE(gather.samples().partitions.size() - before, MetricsGather::items_per_step);
    before = gather.samples().partitions.size();
  }
  EXPECT_GE(steps, 3U);
  const Samples& samples = gather.samples();
  ASSERT_EQ(samples.partitions.size(), partitions + 4U);
  std::set<std::pair<uint32_t, PartitionIndex>> seen;
  for (const PartitionSample& sample : samples.partitions) seen.emplace(sample.topic, sample.partition);
  EXPECT_EQ(seen.size(), samples.partitions.size());
  EXPECT_EQ(samples.node.leaders, partitions + 4U);
  EXPECT_EQ(samples.topics.size(), 3U);

  const Metrics& metrics = world.broker().collect_metrics();
  MetricsText text(metrics, samples, {});
  std::string all;
  size_t pieces = 0;
  for (bool more = true; more; ++pieces) {
    std::string piece;
    more = text.step(piece);
    EXPECT_LE(std::count(piece.begin(), piece.end(), '\n'), 2 * static_cast<ptrdiff_t>(MetricsText::lines_per_step));
    all += piece;
  }
  EXPECT_GE(pieces, 10U);
  EXPECT_NE(all.find("\nkafka_topic_partition_current_offset{topic=\"wide\",partition=\"1199\"} 3\n"),
            std::string::npos);
}

TEST(Metrics, TopicsThatComeAndGoBetweenStepsDoNoHarm) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "wide", 600);
  world.create_topic(client, "z", 2);
  MetricsGather gather(world.broker(), MetricDetail::partition, 10'000);
  const auto hosted = hosted_elsewhere(world);
  gather.set_hosted(*hosted);
  EXPECT_TRUE(gather.step());
  world.create_topic(client, "new", 2);
  wire::DeleteTopicsRequest request;
  request.topic_names = {"z"};
  request.timeout_ms = 10'000;
  const auto deleted = world.call<wire::DeleteTopicsResponse>(client, request, 5);
  ASSERT_EQ(deleted.responses.at(0).error_code, 0);
  while (gather.step()) {
  }
  const Samples& samples = gather.samples();
  EXPECT_EQ(samples.topics.size(), 2U) << "as they were at the start";
  EXPECT_EQ(samples.partitions.back().current_offset, absent) << "gone meanwhile";
  EXPECT_EQ(samples.node.hosted, 600U);
}

TEST(Metrics, EachDetailHasThoseAboveIt) {
  BrokerWorld world;
  RawClient& client = world.connect();
  world.create_topic(client, "t", 2);
  EXPECT_EQ(world.produce(client, "t", 0, batch_of(3, "x")).error_code, 0);
  const auto has = [&](MetricDetail detail, const char* text) {
    return printed(world, detail).find(text) != std::string::npos;
  };
  constexpr const char* of_node = "\nmoldau_partitions 2\n";
  constexpr const char* of_topic = "\nkafka_server_brokertopicmetrics_messagesin_total{topic=\"t\"} 3\n";
  constexpr const char* of_partition = "\nkafka_log_log_size{topic=\"t\",partition=\"1\"} 0\n";
  EXPECT_TRUE(has(MetricDetail::node, of_node));
  EXPECT_FALSE(has(MetricDetail::node, of_topic));
  EXPECT_TRUE(has(MetricDetail::topic, of_topic));
  EXPECT_FALSE(has(MetricDetail::topic, of_partition));
  EXPECT_TRUE(has(MetricDetail::partition, of_node));
  EXPECT_TRUE(has(MetricDetail::partition, of_topic));
  EXPECT_TRUE(has(MetricDetail::partition, of_partition));
}

TEST(Metrics, WithoutABrokerThereAreZeros) {
  Scrape scrape(nullptr, {});
  std::string text;
  for (bool more = true; more;) more = scrape.step(text);
  EXPECT_NE(text.find("\nmoldau_state{state=\"booting\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("\nmoldau_partitions 0\n"), std::string::npos);
}

}  // namespace
}  // namespace moldau::broker
