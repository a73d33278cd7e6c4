// A broker that plays the parts of a group's world that both protocols share: one topic with two partitions, a
// coordinator's address, committed offsets. Tests of the group consumers add the protocol.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "client/group_consumer.h"
#include "client/scripted_broker.h"
#include "io/sim/world.h"
#include "wire/api/01_fetch.h"
#include "wire/api/02_list_offsets.h"
#include "wire/api/03_metadata.h"
#include "wire/api/08_offset_commit.h"
#include "wire/api/09_offset_fetch.h"
#include "wire/api/10_find_coordinator.h"

namespace moldau::client {

using wire::ApiKey;
using wire::ErrorCode;

inline constexpr Uuid group_topic_id = Uuid::of(7, 9);

/// One broker that leads "topic" with two partitions and coordinates the group "g".
class GroupWorld : public testing::Test {
 protected:
  GroupWorld() : world_(11), broker_(world_.node("broker").surface(), {"broker", 9092}) {
    options_.bootstrap = {{"broker", 9092}};
    group_.group = "g";
    group_.topics = {"topic"};
    broker_.set_delay(milliseconds(1));
    serve_cluster();
    serve_coordinator();
    serve_offsets();
  }
  void TearDown() override {
    consumer_.reset();
    client_.reset();
  }

  GroupConsumer& consumer() {
    if (consumer_ == nullptr) {
      client_ = std::make_unique<Client>(world_.node("client").surface(), options_);
      consumer_ = GroupConsumer::make(*client_, group_);
    }
    return *consumer_;
  }
  /// The result of `task`, for which the world runs.
  template <typename T>
  T wait(io::Task<T> task) {
    std::optional<T> result;
    io::TaskGroup tasks;
    tasks.spawn(deliver(std::move(task), [&](T value) { result.emplace(std::move(value)); }));
    EXPECT_TRUE(world_.run_until([&]() { return result.has_value(); }, seconds(300)));
    return std::move(*result);
  }
  /// Takes the next of the errors that are to be answered; none when they are used up.
  ErrorCode next_error(std::deque<ErrorCode>& errors) {
    if (errors.empty()) return ErrorCode::none;
    const ErrorCode error = errors.front();
    errors.pop_front();
    return error;
  }

  void serve_cluster() {
    broker_.serve(ApiKey::metadata, {9, 13});
    broker_.on<wire::MetadataRequest, wire::MetadataResponse>([](const wire::MetadataRequest& request, int16_t) {
      wire::MetadataResponse response;
      response.controller_id = 1;
      response.brokers.push_back({1, "broker", 9092, {}});
      if (!request.topics || request.topics->empty()) return response;
      wire::MetadataResponse::MetadataResponseTopic topic;
      topic.name = "topic";
      topic.topic_id = group_topic_id;
      for (int32_t i = 0; i < 2; ++i) {
        wire::MetadataResponse::MetadataResponsePartition partition;
        partition.partition_index = i;
        partition.leader_id = 1;
        partition.replica_nodes = {1};
        partition.isr_nodes = {1};
        topic.partitions.push_back(partition);
      }
      response.topics.push_back(topic);
      return response;
    });
    broker_.serve(ApiKey::fetch, {13, 13});
    broker_.on<wire::FetchRequest, wire::FetchResponse>([this](const wire::FetchRequest& request, int16_t) {
      wire::FetchResponse response;
      wire::FetchResponse::FetchableTopicResponse topic;
      topic.topic_id = group_topic_id;
      for (const auto& asked : request.topics.front().partitions) {
        fetched_from_[asked.partition] = asked.fetch_offset;
        wire::FetchResponse::PartitionData data;
        data.partition_index = asked.partition;
        data.high_watermark = 10;
        data.records.emplace();
        topic.partitions.push_back(data);
      }
      response.responses.push_back(topic);
      return response;
    });
  }

  void serve_coordinator() {
    broker_.serve(ApiKey::find_coordinator, {4, 6});
    broker_.on<wire::FindCoordinatorRequest, wire::FindCoordinatorResponse>(
        [](const wire::FindCoordinatorRequest&, int16_t) {
          wire::FindCoordinatorResponse response;
          wire::FindCoordinatorResponse::Coordinator one;
          one.key = "g";
          one.node_id = 1;
          one.host = "broker";
          one.port = 9092;
          response.coordinators.push_back(one);
          return response;
        });
  }

  void serve_offsets() {
    broker_.serve(ApiKey::offset_fetch, {8, 9});
    broker_.on<wire::OffsetFetchRequest, wire::OffsetFetchResponse>([this](const wire::OffsetFetchRequest&, int16_t) {
      wire::OffsetFetchResponse response;
      wire::OffsetFetchResponse::OffsetFetchResponseGroup group;
      group.group_id = "g";
      wire::OffsetFetchResponse::OffsetFetchResponseTopics topic;
      topic.name = "topic";
      for (const auto& [index, offset] : committed_) {
        wire::OffsetFetchResponse::OffsetFetchResponsePartitions partition;
        partition.partition_index = index;
        partition.committed_offset = offset;
        topic.partitions.push_back(partition);
      }
      group.topics.push_back(topic);
      response.groups.push_back(group);
      return response;
    });
    broker_.serve(ApiKey::offset_commit, {8, 9});
    broker_.on<wire::OffsetCommitRequest, wire::OffsetCommitResponse>(
        [this](const wire::OffsetCommitRequest& request, int16_t) {
          wire::OffsetCommitResponse response;
          wire::OffsetCommitResponse::OffsetCommitResponseTopic topic;
          topic.name = "topic";
          for (const auto& one : request.topics.front().partitions) {
            committed_[one.partition_index] = one.committed_offset;
            topic.partitions.push_back({one.partition_index, 0});
          }
          log_ += "commit:" + std::string(request.member_id) + "/" +
                  std::to_string(request.generation_id_or_member_epoch) + " ";
          response.topics.push_back(topic);
          return response;
        });
    broker_.serve(ApiKey::list_offsets, {6, 9});
    broker_.on<wire::ListOffsetsRequest, wire::ListOffsetsResponse>(
        [](const wire::ListOffsetsRequest& request, int16_t) {
          wire::ListOffsetsResponse response;
          wire::ListOffsetsResponse::ListOffsetsTopicResponse topic;
          topic.name = "topic";
          for (const auto& asked : request.topics.front().partitions) {
            wire::ListOffsetsResponse::ListOffsetsPartitionResponse partition;
            partition.partition_index = asked.partition_index;
            partition.offset = asked.timestamp == earliest_offset ? 2 : 10;
            topic.partitions.push_back(partition);
          }
          response.topics.push_back(topic);
          return response;
        });
  }

  io::sim::World world_;
  ScriptedBroker broker_;
  ClientOptions options_;
  GroupConsumerOptions group_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<GroupConsumer> consumer_;
  std::map<int32_t, Offset> committed_;
  std::map<int32_t, Offset> fetched_from_;
  std::string log_;
};

}  // namespace moldau::client
