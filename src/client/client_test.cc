// The client against scripted brokers in the simulated world: negotiation, routing, retries, timeouts, bad answers.
#include "client/client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/admin.h"
#include "client/fetcher.h"
#include "client/raw_produce.h"
#include "client/scripted_broker.h"
#include "io/sim/world.h"
#include "wire/api/00_produce.h"
#include "wire/api/01_fetch.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/03_metadata.h"
#include "wire/api/19_create_topics.h"
#include "wire/api/20_delete_topics.h"
#include "wire/batch_builder.h"

namespace moldau::client {
namespace {

using Act = ScriptedBroker::Act;
using wire::ApiKey;
using wire::ErrorCode;

constexpr Uuid topic_id = Uuid::of(7, 9);

/// A client on one simulated node, and scripted brokers on others.
class ClientTest : public testing::Test {
 protected:
  ClientTest() : world_(42) {}

  ScriptedBroker& broker(int id) {
    auto& slot = brokers_[id];
    if (slot == nullptr) {
      slot = std::make_unique<ScriptedBroker>(world_.node(name_of_broker(id)).surface(),
                                              io::Address{name_of_broker(id), 9092});
      slot->on<wire::MetadataRequest, wire::MetadataResponse>(
          [this](const wire::MetadataRequest& request, int16_t) { return metadata(request); });
    }
    return *slot;
  }
  Client& client() {
    if (client_ == nullptr) {
      options_.bootstrap = {{name_of_broker(1), 9092}};
      client_ = std::make_unique<Client>(world_.node("client").surface(), options_);
    }
    return *client_;
  }
  template <typename T>
  T wait(io::Task<T> task, Duration limit = seconds(120)) {
    std::optional<T> result;
    io::TaskGroup group;
    group.spawn(deliver(std::move(task), [&](T value) { result.emplace(std::move(value)); }));
    EXPECT_TRUE(world_.run_until([&]() { return result.has_value(); }, limit));
    return std::move(*result);
  }
  void TearDown() override {
    client_.reset();
    brokers_.clear();
  }

  static std::string name_of_broker(int id) { return "broker" + std::to_string(id); }

  wire::MetadataResponse metadata(const wire::MetadataRequest& request) {
    wire::MetadataResponse response;
    response.cluster_id = "cluster";
    response.controller_id = 1;
    names_.clear();
    for (const auto& [id, one] : brokers_) names_.push_back(name_of_broker(id));
    size_t at = 0;
    for (const auto& [id, one] : brokers_) response.brokers.push_back({id, names_[at++], 9092, {}});
    if (!request.topics || request.topics->empty()) return response;
    for (const auto& topic : *request.topics) {
      wire::MetadataResponse::MetadataResponseTopic entry;
      entry.name = topic.name;
      entry.topic_id = topic_id;
      const bool known = *topic.name == "topic";
      entry.error_code = wire::code_of(known ? topic_error_ : ErrorCode::unknown_topic_or_partition);
      if (known && topic_error_ == ErrorCode::none) {
        for (int32_t i = 0; i < static_cast<int32_t>(leaders_.size()); ++i) {
          wire::MetadataResponse::MetadataResponsePartition partition;
          partition.partition_index = i;
          partition.leader_id = leaders_[static_cast<size_t>(i)];
          partition.leader_epoch = 3;
          partition.replica_nodes = {partition.leader_id};
          partition.isr_nodes = {partition.leader_id};
          if (partition.leader_id < 0) partition.error_code = wire::code_of(ErrorCode::leader_not_available);
          entry.partitions.push_back(partition);
        }
      }
      response.topics.push_back(entry);
    }
    return response;
  }

  io::sim::World world_;
  ClientOptions options_;
  std::map<int, std::unique_ptr<ScriptedBroker>> brokers_;
  std::unique_ptr<Client> client_;
  std::vector<int32_t> leaders_{1};
  ErrorCode topic_error_ = ErrorCode::none;
  std::vector<std::string> names_;
};

TEST_F(ClientTest, NegotiatesTheHighestCommonVersion) {
  broker(1).serve(ApiKey::metadata, {5, 9});
  const auto topology = wait(client().refresh({"topic"}));
  ASSERT_TRUE(topology.ok()) << topology.failure().message;
  EXPECT_EQ((*topology)->cluster_id, "cluster");
  ASSERT_EQ(broker(1).asked().size(), 2U);
  EXPECT_EQ(broker(1).asked()[0].api, ApiKey::api_versions);
  EXPECT_EQ(broker(1).asked()[0].version, 4);
  EXPECT_EQ(broker(1).asked()[1].version, 9);
  EXPECT_EQ(broker(1).asked()[1].client_id, "moldau");
}

TEST_F(ClientTest, AsksForVersionsAgainWhereTheFirstIsUnknown) {
  for (const int16_t served : {0, 1, 2, 3}) {
    const int id = 10 + served;
    broker(id).set_api_versions_max(served);
    options_.bootstrap = {{name_of_broker(id), 9092}};
    client_ = std::make_unique<Client>(world_.node("client").surface(), options_);
    const auto topology = wait(client_->refresh({"topic"}));
    ASSERT_TRUE(topology.ok()) << topology.failure().message;
    ASSERT_EQ(broker(id).asked().size(), 3U);
    EXPECT_EQ(broker(id).asked()[1].version, served);
  }
}

TEST_F(ClientTest, NoCommonVersionIsSaid) {
  broker(1).serve(ApiKey::metadata, {14, 20});
  const auto topology = wait(client().refresh({"topic"}));
  ASSERT_FALSE(topology.ok());
  EXPECT_EQ(topology.failure().kind, FailureKind::unsupported);
  EXPECT_NE(topology.failure().message.find("serves 14 to 20"), std::string::npos) << topology.failure().message;
}

TEST_F(ClientTest, ABrokerThatRefusesItsOwnVersionsIsGivenUp) {
  broker(1).refuse_all_versions();
  const auto topology = wait(client().refresh({}));
  ASSERT_FALSE(topology.ok());
  EXPECT_EQ(topology.failure().kind, FailureKind::unsupported);
  EXPECT_LE(broker(1).asked().size(), 3U);
}

TEST_F(ClientTest, BytesThatAreNoKafkaAreSaidToBe) {
  const std::string tls_alert("\x15\x03\x03\x00\x02\x02\x50", 7);
  for (const std::string& raw :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("\xFF\xFF\xFF\xFF"), tls_alert}) {
    broker(1).send_raw_next(raw);
    client_.reset();
    const auto topology = wait(client().refresh({}));
    ASSERT_FALSE(topology.ok());
    EXPECT_EQ(topology.failure().kind, FailureKind::corrupt) << topology.failure().message;
  }
}

TEST_F(ClientTest, AWrongCorrelationIdBreaksTheConnection) {
  broker(1);
  ASSERT_TRUE(wait(client().refresh({})).ok());
  broker(1).send_raw_next(
      std::string("\0\0\0\x08\0\0\x12\x34"
                  "abcd",
                  12));
  const auto topology = wait(client().refresh({}));
  ASSERT_FALSE(topology.ok());
  EXPECT_EQ(topology.failure().kind, FailureKind::corrupt);
  // The next request has a new connection.
  EXPECT_TRUE(wait(client().refresh({})).ok());
}

TEST_F(ClientTest, ATruncatedAnswerIsCorrupt) {
  broker(1);
  ASSERT_TRUE(wait(client().refresh({})).ok());
  broker(1).send_raw_next(std::string("\0\0\0\x07\0\0\0\x02\0\0\0", 11));
  const auto topology = wait(client().refresh({}));
  ASSERT_FALSE(topology.ok());
  EXPECT_EQ(topology.failure().kind, FailureKind::corrupt);
}

TEST_F(ClientTest, PipelinesAndKeepsOrder) {
  options_.in_flight_max = 2;
  broker(1).set_delay(milliseconds(5));
  ASSERT_TRUE(wait(client().refresh({})).ok());
  const auto connection = wait(client().connect_to(any_node));
  ASSERT_TRUE(connection.ok());
  std::vector<int> finished;
  io::TaskGroup group;
  wire::MetadataRequest request;
  for (int i = 0; i < 10; ++i) {
    group.spawn(deliver(client().send<wire::MetadataRequest, wire::MetadataResponse>(any_node, request),
                        [&finished, i](const auto& reply) {
                          EXPECT_TRUE(reply.ok());
                          finished.push_back(i);
                        }));
  }
  EXPECT_LE((*connection)->load(), 10U);
  EXPECT_TRUE(world_.run_until([&]() { return finished.size() == 10; }, seconds(10)));
  EXPECT_EQ(finished, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(broker(1).connections(), 1U);
}

TEST_F(ClientTest, TooManyWaitingRequestsAreRefused) {
  options_.in_flight_max = 1;
  broker(1);
  ASSERT_TRUE(wait(client().refresh({})).ok());
  broker(1).script(ApiKey::metadata, {Act::silence});
  size_t refused = 0;
  io::TaskGroup group;
  wire::MetadataRequest request;
  for (size_t i = 0; i < queued_requests_max + 5; ++i) {
    group.spawn(deliver(client().send<wire::MetadataRequest, wire::MetadataResponse>(any_node, request),
                        [&refused](const auto& reply) {
                          if (!reply.ok() && reply.failure().kind == FailureKind::unavailable) ++refused;
                        }));
  }
  world_.run_for(seconds(1));
  EXPECT_EQ(refused, 4U);  // one is in flight
}

TEST_F(ClientTest, SilenceTimesOutAndTheOperationIsTriedAgain) {
  broker(1);
  ASSERT_TRUE(wait(client().refresh({})).ok());
  broker(1).script(ApiKey::metadata, {Act::silence, Act::close});
  const Instant before = world_.now();
  const auto topology = wait(client().refresh({"topic"}));
  ASSERT_TRUE(topology.ok()) << topology.failure().message;
  EXPECT_GE(world_.now() - before, options_.request_timeout);
  EXPECT_EQ(broker(1).count(ApiKey::metadata), 4U);
}

TEST_F(ClientTest, EverybodyHearsOfABrokenConnection) {
  broker(1);
  ASSERT_TRUE(wait(client().refresh({})).ok());
  broker(1).script(ApiKey::metadata, {Act::silence, Act::close});
  std::vector<FailureKind> kinds;
  io::TaskGroup group;
  wire::MetadataRequest request;
  for (int i = 0; i < 3; ++i) {
    group.spawn(deliver(client().send<wire::MetadataRequest, wire::MetadataResponse>(any_node, request),
                        [&kinds](const auto& reply) {
                          ASSERT_FALSE(reply.ok());
                          kinds.push_back(reply.failure().kind);
                        }));
  }
  EXPECT_TRUE(world_.run_until([&]() { return kinds.size() == 3; }, seconds(5)));
  EXPECT_EQ(kinds, std::vector<FailureKind>(3, FailureKind::closed));
}

TEST_F(ClientTest, WaitsForABrokerThatStartsLater) {
  broker(1).stop();
  world_.after(seconds(5), [this]() { broker(1).listen(); });
  EXPECT_TRUE(wait(client().refresh({})).ok());
}

TEST_F(ClientTest, TellsAtOnceThatNobodyListensIfAsked) {
  broker(1).stop();
  options_.retry_first_contact = false;
  const Instant before = world_.now();
  const auto topology = wait(client().refresh({}));
  ASSERT_FALSE(topology.ok());
  EXPECT_TRUE(is_passing(topology.failure())) << topology.failure().message;
  EXPECT_LT(world_.now() - before, seconds(1));
}

TEST_F(ClientTest, TriesTheWholeBootstrapList) {
  broker(1).stop();
  broker(2);
  options_.bootstrap = {{name_of_broker(1), 9092}, {"nowhere", 9092}, {name_of_broker(2), 9092}};
  client_ = std::make_unique<Client>(world_.node("client").surface(), options_);
  EXPECT_TRUE(wait(client_->refresh({})).ok());
}

TEST_F(ClientTest, GivesUpAfterTheRetryTime) {
  broker(1).stop();
  const Instant before = world_.now();
  const auto topology = wait(client().refresh({}));
  EXPECT_FALSE(topology.ok());
  EXPECT_LE(world_.now() - before, options_.retry_timeout + options_.connect_timeout);
  EXPECT_GE(world_.now() - before, options_.retry_timeout / 2);
}

TEST_F(ClientTest, CloseFailsWhatWaits) {
  broker(1);
  ASSERT_TRUE(wait(client().refresh({})).ok());
  broker(1).script(ApiKey::metadata, {Act::silence});
  world_.after(milliseconds(10), [this]() { client().close(); });
  wire::MetadataRequest request;
  const auto reply = wait(client().send<wire::MetadataRequest, wire::MetadataResponse>(any_node, request));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.failure().kind, FailureKind::closed);
  EXPECT_FALSE(wait(client().refresh({})).ok());
}

TEST_F(ClientTest, DestroyedTasksAreForgotten) {
  broker(1).set_delay(milliseconds(50));
  {
    io::TaskGroup group;
    bool told = false;
    group.spawn(deliver(client().refresh({"topic"}), [&told](const auto&) { told = true; }));
    world_.run_for(milliseconds(60));
    EXPECT_FALSE(told);
  }
  world_.run_for(seconds(1));  // the answers come, to nobody
  EXPECT_TRUE(wait(client().refresh({"topic"})).ok());
}

TEST_F(ClientTest, MetadataIsKeptUntilForgotten) {
  broker(1);
  ASSERT_TRUE(wait(client().metadata({"topic"})).ok());
  ASSERT_TRUE(wait(client().metadata({"topic"})).ok());
  EXPECT_EQ(broker(1).count(ApiKey::metadata), 1U);
  client().forget("topic");
  ASSERT_TRUE(wait(client().metadata({"topic"})).ok());
  EXPECT_EQ(broker(1).count(ApiKey::metadata), 2U);
  world_.run_for(seconds(301));
  ASSERT_TRUE(wait(client().metadata({"topic"})).ok());
  EXPECT_EQ(broker(1).count(ApiKey::metadata), 3U);
}

TEST_F(ClientTest, WaitsForALeader) {
  leaders_ = {-1};
  world_.after(seconds(3), [this]() { leaders_ = {1}; });
  broker(1);
  const auto leader = wait(client().leader_of("topic", 0));
  ASSERT_TRUE(leader.ok()) << leader.failure().message;
  EXPECT_EQ(*leader, 1);
  EXPECT_EQ(wait(client().leader_of("topic", 5)).failure().kind, FailureKind::not_found);
  EXPECT_EQ(wait(client().leader_of("nothing", 0)).failure().kind, FailureKind::not_found);
}

// --- admin ---

TEST_F(ClientTest, CreatesTopicsThroughAnyNodeAndAgainWhereThereIsNoController) {
  int asked = 0;
  broker(1).on<wire::CreateTopicsRequest, wire::CreateTopicsResponse>(
      [&](const wire::CreateTopicsRequest& request, int16_t) {
        EXPECT_EQ(request.topics.size(), 2U);
        EXPECT_EQ(request.topics[0].configs.size(), 1U);
        wire::CreateTopicsResponse response;
        for (const auto& topic : request.topics) {
          wire::CreateTopicsResponse::CreatableTopicResult result;
          result.name = topic.name;
          result.error_code = wire::code_of(asked == 0          ? ErrorCode::not_controller
                                            : topic.name == "b" ? ErrorCode::topic_already_exists
                                                                : ErrorCode::none);
          response.topics.push_back(result);
        }
        ++asked;
        return response;
      });
  std::vector<NewTopic> topics{{"a", 3, 1, {{"k", "v"}}}, {"b", 3, 1, {}}};
  const auto outcomes = wait(create_topics(client(), topics, false, seconds(5)));
  ASSERT_TRUE(outcomes.ok()) << outcomes.failure().message;
  EXPECT_EQ(asked, 2);
  EXPECT_EQ((*outcomes)[0].error, ErrorCode::none);
  EXPECT_EQ((*outcomes)[1].error, ErrorCode::topic_already_exists);
}

TEST_F(ClientTest, ALostCreateIsNotSentTwice) {
  broker(1).on<wire::CreateTopicsRequest, wire::CreateTopicsResponse>(
      [](const wire::CreateTopicsRequest&, int16_t) { return wire::CreateTopicsResponse{}; });
  broker(1).script(ApiKey::create_topics, {Act::close});
  std::vector<NewTopic> topics{{"a", 1, 1, {}}};
  EXPECT_FALSE(wait(create_topics(client(), topics, false, seconds(5))).ok());
  EXPECT_EQ(broker(1).count(ApiKey::create_topics), 1U);
}

TEST_F(ClientTest, DeletesByNameAtOldBrokersToo) {
  for (const int16_t version : {1, 5, 6}) {
    broker(1).serve(ApiKey::delete_topics, {1, version});
    broker(1).on<wire::DeleteTopicsRequest, wire::DeleteTopicsResponse>(
        [](const wire::DeleteTopicsRequest& request, int16_t of_version) {
          wire::DeleteTopicsResponse response;
          response.responses.emplace_back();
          response.responses[0].name = of_version >= 6 ? request.topics.at(0).name.value() : request.topic_names.at(0);
          return response;
        });
    client_.reset();
    const auto outcomes = wait(delete_topics(client(), {"topic"}, seconds(5)));
    ASSERT_TRUE(outcomes.ok()) << outcomes.failure().message;
    EXPECT_EQ((*outcomes)[0].name, "topic");
    EXPECT_EQ(broker(1).asked().back().version, version);
  }
}

TEST_F(ClientTest, ListsOffsetsAtTheLeadersAndFollowsThem) {
  leaders_ = {1, 2, 2};
  int moved = 0;
  for (const int id : {1, 2}) {
    broker(id).on<wire::ListOffsetsRequest, wire::ListOffsetsResponse>(
        [&, id](const wire::ListOffsetsRequest& request, int16_t) {
          wire::ListOffsetsResponse response;
          for (const auto& topic : request.topics) {
            response.topics.push_back({topic.name, {}});
            for (const auto& partition : topic.partitions) {
              wire::ListOffsetsResponse::ListOffsetsPartitionResponse answer;
              answer.partition_index = partition.partition_index;
              answer.offset = id * 100 + partition.partition_index;
              if (partition.partition_index == 0 && id == 1) {
                answer.error_code = wire::code_of(ErrorCode::not_leader_or_follower);
                leaders_[0] = 2;
                ++moved;
              }
              response.topics.back().partitions.push_back(answer);
            }
          }
          return response;
        });
  }
  std::vector<OffsetQuery> queries{{"topic", 0, latest_offset}, {"topic", 2, 1000}, {"topic", 9, 0}, {"none", 0, 0}};
  const auto answers = wait(list_offsets(client(), queries, Isolation::read_uncommitted));
  ASSERT_TRUE(answers.ok()) << answers.failure().message;
  EXPECT_EQ(moved, 1);
  EXPECT_EQ((*answers)[0].offset, 200);
  EXPECT_EQ((*answers)[1].offset, 202);
  EXPECT_EQ((*answers)[2].error, ErrorCode::unknown_topic_or_partition);
  EXPECT_EQ((*answers)[3].error, ErrorCode::unknown_topic_or_partition);
}

// --- fetching and producing ---

Bytes batch_at(Offset base, int count) {
  wire::BatchOptions options;
  options.base_offset = base;
  wire::BatchBuilder builder(options);
  for (int i = 0; i < count; ++i) builder.add(1000 + i, "k", "v" + std::to_string(base + i));
  const auto batch = builder.finish();
  return Bytes::copy_of(*batch);
}

/// A partition log of batches of two records, served by scripted brokers.
struct FakeLog {
  Offset start = 0;
  Offset end = 10;
  std::vector<Bytes> kept;
  ErrorCode error = ErrorCode::none;

  wire::FetchResponse answer(const wire::FetchRequest& request, int16_t version) {
    wire::FetchResponse response;
    for (const auto& topic : request.topics) {
      wire::FetchResponse::FetchableTopicResponse entry;
      if (version >= 13)
        entry.topic_id = topic.topic_id;
      else
        entry.topic = topic.topic;
      for (const auto& asked : topic.partitions) {
        wire::FetchResponse::PartitionData data;
        data.partition_index = asked.partition;
        data.high_watermark = end;
        data.log_start_offset = start;
        data.error_code = wire::code_of(error);
        const bool inside = asked.fetch_offset >= start && asked.fetch_offset <= end;
        if (!inside) data.error_code = wire::code_of(ErrorCode::offset_out_of_range);
        data.records.emplace();
        if (data.error_code == 0 && asked.fetch_offset < end) {
          kept.push_back(batch_at(asked.fetch_offset / 2 * 2, 2));
          data.records->view = kept.back().view();
        }
        entry.partitions.push_back(data);
      }
      response.responses.push_back(entry);
    }
    return response;
  }
};

class FetcherTest : public ClientTest {
 protected:
  void serve_fetch(int id, FakeLog& log, wire::VersionRange versions = {4, 18}) {
    broker(id).serve(ApiKey::fetch, versions);
    broker(id).on<wire::FetchRequest, wire::FetchResponse>(
        [&log](const wire::FetchRequest& request, int16_t version) { return log.answer(request, version); });
    broker(id).set_delay(milliseconds(1));
  }
};

TEST_F(FetcherTest, ReadsAllPartitionsOfAllLeadersInOrder) {
  leaders_ = {1, 2, 1};
  FakeLog logs[2];
  serve_fetch(1, logs[0]);
  serve_fetch(2, logs[1]);
  Fetcher fetcher(client(), {});
  for (PartitionIndex i = 0; i < 3; ++i) fetcher.assign("topic", i, i);
  Offset next[3] = {0, 1, 2};
  while (next[0] < 10 || next[1] < 10 || next[2] < 10) {
    const Fetched fetched = wait(fetcher.next());
    ASSERT_EQ(fetched.error, ErrorCode::none);
    EXPECT_EQ(fetched.topic, "topic");
    EXPECT_EQ(fetched.fetch_offset, next[fetched.partition]);
    EXPECT_EQ(fetched.high_watermark, 10);
    next[fetched.partition] = fetched.next_offset;
  }
  EXPECT_EQ(broker(1).asked().back().version, 18);
}

TEST_F(FetcherTest, NamesTopicsToOldBrokersAndIdsToNewOnes) {
  for (const int16_t version : {4, 11, 12, 13, 18}) {
    FakeLog log;
    serve_fetch(1, log, {4, version});
    client_.reset();
    Fetcher fetcher(client(), {});
    fetcher.assign("topic", 0, 0);
    const Fetched fetched = wait(fetcher.next());
    EXPECT_EQ(fetched.error, ErrorCode::none) << version;
    EXPECT_EQ(fetched.next_offset, 2) << version;
  }
}

TEST_F(FetcherTest, FollowsALeaderThatMoves) {
  leaders_ = {1};
  FakeLog moved;
  moved.error = ErrorCode::not_leader_or_follower;
  FakeLog log;
  serve_fetch(1, moved);
  serve_fetch(2, log);
  Fetcher fetcher(client(), {});
  fetcher.assign("topic", 0, 4);
  world_.after(seconds(2), [this]() { leaders_ = {2}; });
  const Fetched fetched = wait(fetcher.next());
  EXPECT_EQ(fetched.error, ErrorCode::none);
  EXPECT_EQ(fetched.next_offset, 6);
}

TEST_F(FetcherTest, SurvivesALostConnection) {
  FakeLog log;
  serve_fetch(1, log);
  broker(1).script(ApiKey::fetch, {Act::close, Act::close});
  Fetcher fetcher(client(), {});
  fetcher.assign("topic", 0, 0);
  const Fetched fetched = wait(fetcher.next());
  EXPECT_EQ(fetched.error, ErrorCode::none);
  EXPECT_EQ(fetched.next_offset, 2);
}

TEST_F(FetcherTest, TellsErrorsThatDoNotPassAndRests) {
  FakeLog log;
  log.start = 6;
  serve_fetch(1, log);
  Fetcher fetcher(client(), {});
  fetcher.assign("topic", 0, 0);
  EXPECT_EQ(wait(fetcher.next()).error, ErrorCode::offset_out_of_range);
  const size_t asked = broker(1).count(ApiKey::fetch);
  world_.run_for(seconds(10));
  EXPECT_EQ(broker(1).count(ApiKey::fetch), asked);
  fetcher.seek("topic", 0, 6);
  EXPECT_EQ(wait(fetcher.next()).next_offset, 8);
}

TEST_F(FetcherTest, TellsPassingErrorsThatLast) {
  FakeLog log;
  log.error = ErrorCode::not_leader_or_follower;
  serve_fetch(1, log);
  Fetcher fetcher(client(), {});
  fetcher.assign("topic", 0, 0);
  const Instant before = world_.now();
  EXPECT_EQ(wait(fetcher.next()).error, ErrorCode::not_leader_or_follower);
  EXPECT_GE(world_.now() - before, options_.retry_timeout);
  EXPECT_LT(broker(1).count(ApiKey::fetch), 100U);  // backoff, not a storm
}

TEST_F(FetcherTest, TellsATopicThatDoesNotExist) {
  broker(1);
  Fetcher fetcher(client(), {});
  fetcher.assign("nothing", 0, 0);
  EXPECT_EQ(wait(fetcher.next()).error, ErrorCode::unknown_topic_or_partition);
}

TEST_F(FetcherTest, StopsFetchingWhenEnoughIsBuffered) {
  FakeLog log;
  log.end = 1'000'000;
  serve_fetch(1, log);
  FetchOptions options;
  options.buffered_bytes_max = 1000;
  Fetcher fetcher(client(), options);
  fetcher.assign("topic", 0, 0);
  (void)wait(fetcher.next());
  world_.run_for(seconds(5));
  const size_t asked = broker(1).count(ApiKey::fetch);
  EXPECT_LT(asked, 30U);
  for (int i = 0; i < 20; ++i) (void)wait(fetcher.next());
  world_.run_for(seconds(5));
  EXPECT_GT(broker(1).count(ApiKey::fetch), asked);
}

TEST_F(FetcherTest, SeekDropsWhatIsUnderWay) {
  FakeLog log;
  serve_fetch(1, log);
  Fetcher fetcher(client(), {});
  fetcher.assign("topic", 0, 0);
  (void)wait(fetcher.next());
  fetcher.seek("topic", 0, 8);
  const Fetched fetched = wait(fetcher.next());
  EXPECT_EQ(fetched.fetch_offset, 8);
  fetcher.remove("topic", 0);
  EXPECT_EQ(fetcher.assigned(), 0U);
  world_.run_for(seconds(1));
}

TEST_F(FetcherTest, MayBeDestroyedAtAnyTime) {
  FakeLog log;
  serve_fetch(1, log);
  for (int64_t pause = 0; pause < 4000; pause += 250) {
    Fetcher fetcher(client(), {});
    fetcher.assign("topic", 0, 0);
    io::TaskGroup group;
    group.spawn(deliver(fetcher.next(), [](const Fetched&) {}));
    world_.run_for(microseconds(pause));
  }
  world_.run_for(seconds(1));
}

TEST(AbortedFilter, SkipsAbortedTransactionsUpToTheirMarkers) {
  const AbortedTransaction aborted[] = {{7, 2}, {8, 4}};
  AbortedFilter filter(aborted);
  const auto is_aborted = [&](Offset base, ProducerId producer, bool transactional, bool control) {
    wire::BatchOptions options;
    options.base_offset = base;
    options.producer_id = producer;
    options.producer_epoch = 0;
    options.base_sequence = control ? wire::no_sequence : 0;
    options.transactional = transactional;
    options.control = control;
    wire::BatchBuilder builder(options);
    builder.add(0, std::string_view("\0\0\0\0", 4), "v");
    const auto batch = builder.finish();
    return filter.is_aborted(*wire::BatchView::parse(*batch));
  };
  EXPECT_FALSE(is_aborted(1, 7, true, false));  // before: another transaction of the same producer
  EXPECT_TRUE(is_aborted(2, 7, true, false));
  EXPECT_FALSE(is_aborted(3, -1, false, false));  // not transactional
  EXPECT_TRUE(is_aborted(4, 8, true, false));
  EXPECT_FALSE(is_aborted(5, 9, true, false));  // committed
  EXPECT_FALSE(is_aborted(6, 7, true, true));   // 7's marker
  EXPECT_FALSE(is_aborted(7, 7, true, false));
  EXPECT_TRUE(is_aborted(8, 8, true, false));
}

TEST_F(ClientTest, ProducesToTheLeader) {
  leaders_ = {2};
  broker(1);
  for (const int16_t version : {3, 12, 13}) {
    broker(2).serve(ApiKey::produce, {3, version});
    broker(2).on<wire::ProduceRequest, wire::ProduceResponse>(
        [](const wire::ProduceRequest& request, int16_t of_version) {
          wire::ProduceResponse response;
          const auto& topic = request.topic_data.at(0);
          EXPECT_TRUE(of_version >= 13 ? topic.topic_id == topic_id : topic.name == "topic");
          wire::ProduceResponse::PartitionProduceResponse partition;
          partition.base_offset = static_cast<int64_t>(topic.partition_data.at(0).records->view.size());
          response.responses.push_back({topic.name, topic.topic_id, {partition}});
          if (of_version >= 13)
            response.responses[0].name = {};
          else
            response.responses[0].topic_id = {};
          return response;
        });
    client_.reset();
    const Bytes batch = batch_at(0, 3);
    const auto outcome = wait(produce(client(), "topic", 0, batch, {}));
    ASSERT_TRUE(outcome.ok()) << outcome.failure().message;
    EXPECT_EQ(outcome->base_offset, static_cast<Offset>(batch.size()));
  }
}

TEST_F(ClientTest, ProduceRetriesOnlyIfAsked) {
  int asked = 0;
  broker(1).on<wire::ProduceRequest, wire::ProduceResponse>([&](const wire::ProduceRequest& request, int16_t) {
    wire::ProduceResponse response;
    wire::ProduceResponse::PartitionProduceResponse partition;
    partition.error_code = wire::code_of(asked++ % 2 == 0 ? ErrorCode::not_enough_replicas : ErrorCode::none);
    response.responses.push_back({{}, request.topic_data.at(0).topic_id, {partition}});
    return response;
  });
  const auto once = wait(produce(client(), "topic", 0, batch_at(0, 1), {}));
  ASSERT_TRUE(once.ok());
  EXPECT_EQ(once->error, ErrorCode::not_enough_replicas);
  ++asked;
  ProduceOptions options;
  options.retry = true;
  const auto twice = wait(produce(client(), "topic", 0, batch_at(0, 1), options));
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(twice->error, ErrorCode::none);
  broker(1).script(ApiKey::produce, {Act::close});
  EXPECT_FALSE(wait(produce(client(), "topic", 0, batch_at(0, 1), {})).ok());
}

TEST_F(ClientTest, AcksZeroWaitsForNoAnswer) {
  broker(1).on<wire::ProduceRequest, wire::ProduceResponse>(
      [](const wire::ProduceRequest&, int16_t) { return wire::ProduceResponse{}; });
  broker(1).script(ApiKey::produce, {Act::silence});
  ProduceOptions options;
  options.acks = 0;
  const auto outcome = wait(produce(client(), "topic", 0, batch_at(0, 1), options));
  ASSERT_TRUE(outcome.ok()) << outcome.failure().message;
  // The connection goes on: no answer is expected any more.
  EXPECT_TRUE(wait(client().refresh({})).ok());
  EXPECT_EQ(broker(1).connections(), 1U);
}

TEST_F(ClientTest, SameSeedSameTrace) {
  uint64_t hashes[2] = {};
  for (uint64_t& hash : hashes) {
    io::sim::World world(7);
    {
      ScriptedBroker peer(world.node("broker1").surface(), {"broker1", 9092});
      peer.on<wire::MetadataRequest, wire::MetadataResponse>(
          [](const wire::MetadataRequest&, int16_t) { return wire::MetadataResponse{}; });
      peer.script(ApiKey::metadata, {Act::close, Act::silence});
      ClientOptions options;
      options.bootstrap = {{"broker1", 9092}};
      Client one(world.node("client").surface(), options);
      bool finished = false;
      io::TaskGroup group;
      group.spawn(deliver(one.refresh({}), [&finished](const auto& topology) {
        EXPECT_TRUE(topology.ok());
        finished = true;
      }));
      EXPECT_TRUE(world.run_until([&]() { return finished; }, seconds(60)));
      hash = world.trace_hash();
    }
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace moldau::client
