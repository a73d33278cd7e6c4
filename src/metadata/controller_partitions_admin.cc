// What administrators ask of partitions: more of them, elections, reassignments, directories; and brokers that are
// forgotten. Kafka's checks in Kafka's order.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "metadata/controller.h"
#include "metadata/controller_partitions.h"
#include "metadata/placement.h"

namespace moldau::metadata {
namespace {

constexpr const char* too_large_message = "Unable to perform excessively large batch operation.";

ApiError refused(ErrorCode code, std::string message) {
  return {code, std::move(message)};
}

ApiError refused(Fault fault) {
  return {fault.error, std::move(fault.message)};
}

/// The new partitions of one topic, as records.
ApiError grow(const Image& image, const CreatePartitions::Topic& wanted, std::vector<EncodedRecord>& records) {
  const TopicImage* const topic = image.topic(wanted.name);
  if (topic == nullptr) return {ErrorCode::unknown_topic_or_partition, std::nullopt};
  const auto have = static_cast<int32_t>(topic->partitions.size());
  if (wanted.count == have) {
    return refused(ErrorCode::invalid_partitions, fmt::format("Topic already has {} partition(s).", have));
  }
  if (wanted.count < have) {
    return refused(ErrorCode::invalid_partitions,
                   fmt::format("The topic {} currently has {} partition(s); {} would not be an increase.", wanted.name,
                               have, wanted.count));
  }
  const int32_t more = wanted.count - have;
  if (wanted.assignments && wanted.assignments->size() != static_cast<size_t>(more)) {
    return refused(ErrorCode::invalid_replica_assignment,
                   fmt::format("Attempted to add {} additional partition(s), but only {} assignment(s) were specified.",
                               more, wanted.assignments->size()));
  }
  if (records.size() + static_cast<size_t>(more) > records_per_operation_max) {
    return refused(ErrorCode::policy_violation, too_large_message);
  }
  size_t factor = 0;
  topic->partitions.for_each([&](PartitionIndex, const PartitionRef& partition) {
    if (factor == 0) factor = partition->replicas.size();
  });
  const RecordVersions versions = record_versions(image.metadata_version());
  const Placement placement(image, topic->id.bytes[15]);
  if (!wanted.assignments) {
    if (std::string fault = placement.fault(static_cast<int16_t>(factor)); !fault.empty()) {
      return refused(ErrorCode::invalid_replication_factor,
                     fmt::format("Unable to replicate the partition {} time(s): {}", factor, fault));
    }
  }
  std::vector<EncodedRecord> made;
  for (int32_t i = 0; i < more; ++i) {
    std::vector<NodeId> replicas;
    if (wanted.assignments) {
      replicas = (*wanted.assignments)[static_cast<size_t>(i)];
      if (auto fault = check_assignment(image, replicas, factor)) return refused(std::move(*fault));
    } else {
      replicas = placement.replicas(have + i, static_cast<int16_t>(factor));
    }
    const PartitionImage partition = new_partition(image, std::move(replicas));
    if (partition.isr.empty() && wanted.assignments) {
      return refused(ErrorCode::invalid_replica_assignment,
                     fmt::format("All brokers specified in the manual partition assignment for partition {} are fenced "
                                 "or in controlled shutdown.",
                                 have + i));
    }
    if (partition.isr.empty()) {
      return refused(ErrorCode::invalid_replication_factor,
                     fmt::format("Unable to replicate the partition {} time(s): All brokers are currently fenced or in "
                                 "controlled shutdown.",
                                 factor));
    }
    made.push_back(partition_record(topic->id, have + i, partition, versions));
  }
  std::move(made.begin(), made.end(), std::back_inserter(records));
  return {};
}

/// The replicas of a reassignment while it goes on: those wanted, then those that leave.
void aim_at(const PartitionImage& partition, const std::vector<NodeId>& wanted, PartitionChange& change) {
  std::vector<NodeId> removing;
  std::vector<NodeId> adding;
  for (const NodeId node : partition.replicas) {
    if (!in_list(wanted, node)) removing.push_back(node);
  }
  for (const NodeId node : wanted) {
    if (!in_list(partition.replicas, node)) adding.push_back(node);
  }
  std::sort(removing.begin(), removing.end());
  std::sort(adding.begin(), adding.end());
  std::vector<NodeId> replicas = wanted;
  replicas.insert(replicas.end(), removing.begin(), removing.end());
  if (replicas != partition.replicas) change.target_replicas = std::move(replicas);
  if (!removing.empty()) change.target_removing = std::move(removing);
  if (!adding.empty()) change.target_adding = std::move(adding);
}

/// The way back: without what was being added.
ApiError turn_back(const TopicImage& topic, PartitionIndex index, const PartitionImage& partition,
                   PartitionChange& change) {
  if (partition.removing.empty() && partition.adding.empty()) {
    return {ErrorCode::no_reassignment_in_progress, std::nullopt};
  }
  const auto was_added = [&](NodeId node) { return in_list(partition.adding, node); };
  std::vector<NodeId> replicas = partition.replicas;
  std::erase_if(replicas, was_added);
  std::vector<NodeId> isr = partition.isr;
  std::erase_if(isr, was_added);
  if (isr.empty()) {
    if (replicas.empty()) {
      return refused(ErrorCode::invalid_replica_assignment,
                     "Invalid replica assignment: addingReplicas contains all replicas.");
    }
    if (change.election != Election::unclean) {
      return refused(ErrorCode::invalid_replica_assignment,
                     fmt::format("Unable to revert partition assignment for {}:{} because it would require an unclean "
                                 "leader election.",
                                 topic.name, index));
    }
    isr.push_back(replicas.front());
  }
  change.target_isr = std::move(isr);
  change.target_replicas = std::move(replicas);
  change.target_removing.emplace();
  change.target_adding.emplace();
  return {};
}

}  // namespace

Decision Controller::on(const CreatePartitions& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = CreatePartitionsResult{}};
  auto& result = std::get<CreatePartitionsResult>(decision.response);
  for (const CreatePartitions::Topic& topic : request.topics) {
    result.topics.push_back(grow(image(), topic, decision.records));
  }
  if (request.validate_only) decision.records.clear();
  return decision;
}

Decision Controller::on(const ElectLeaders& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = ElectLeadersResult{}, .atomic = false};
  auto& result = std::get<ElectLeadersResult>(decision.response);
  const BrokerConfigLayers config = layers();
  const BrokerTransition nobody;
  const bool unclean = request.kind == ElectLeaders::Kind::unclean;
  std::set<TopicPartitionId> elected;
  const auto elect = [&](const TopicImage& topic, PartitionIndex index) -> ApiError {
    const PartitionImage* const partition = topic.partition(index);
    if (partition == nullptr) {
      return refused(ErrorCode::unknown_topic_or_partition,
                     fmt::format("No such partition as {}-{}", topic.name, index));
    }
    const bool preferred_leads = !partition->replicas.empty() && partition->leader == partition->replicas.front();
    const bool done = elected.contains({topic.id, index}) || (unclean ? partition->leader != no_node : preferred_leads);
    if (done) return refused(ErrorCode::election_not_needed, "Leader election not needed for topic partition.");
    PartitionChange change = change_of(image(), config, topic, index, *partition, nobody);
    change.election = unclean ? Election::unclean : Election::preferred;
    const auto record = change.build();
    if (!record) {
      return unclean ? refused(ErrorCode::eligible_leaders_not_available,
                               "Eligible topic partition leaders are not available.")
                     : refused(ErrorCode::preferred_leader_not_available, "The preferred leader was not available.");
    }
    elected.insert({topic.id, index});
    decision.records.push_back(encode_record(*record, change.versions.partition_change));
    return {};
  };
  if (!request.topics) {
    image().for_each_topic([&](const TopicImage& topic) {
      ElectLeadersResult::Topic& row = result.topics.emplace_back();
      row.name = topic.name;
      topic.partitions.for_each([&](PartitionIndex index, const PartitionRef&) {
        ApiError error = elect(topic, index);
        if (error.code != ErrorCode::election_not_needed) row.partitions.push_back({index, std::move(error)});
      });
    });
    return decision;
  }
  for (const ElectLeaders::Topic& wanted : *request.topics) {
    ElectLeadersResult::Topic& row = result.topics.emplace_back();
    row.name = wanted.name;
    const TopicImage* const topic = image().topic(wanted.name);
    for (const PartitionIndex index : wanted.partitions) {
      row.partitions.push_back(
          {index, topic == nullptr ? refused(ErrorCode::unknown_topic_or_partition, "No such topic as " + wanted.name)
                                   : elect(*topic, index)});
    }
  }
  return decision;
}

Decision Controller::on(const AlterReassignments& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = AlterReassignmentsResult{}};
  auto& result = std::get<AlterReassignmentsResult>(decision.response);
  const BrokerConfigLayers config = layers();
  const BrokerTransition nobody;
  std::set<TopicPartitionId> changed;
  const auto alter = [&](const AlterReassignments::Topic& wanted,
                         const AlterReassignments::Partition& target) -> ApiError {
    const TopicImage* const topic = image().topic(wanted.name);
    if (topic == nullptr) {
      return refused(ErrorCode::unknown_topic_or_partition,
                     fmt::format("Unable to find a topic named {}.", wanted.name));
    }
    const PartitionImage* const partition = topic->partition(target.index);
    if (partition == nullptr) {
      return refused(ErrorCode::unknown_topic_or_partition,
                     fmt::format("Unable to find partition {}:{}.", wanted.name, target.index));
    }
    PartitionChange change = change_of(image(), config, *topic, target.index, *partition, nobody);
    if (!target.replicas) {
      if (ApiError error = turn_back(*topic, target.index, *partition, change); error.failed()) return error;
    } else {
      if (auto fault = check_assignment(image(), *target.replicas, 0)) return refused(std::move(*fault));
      const size_t factor = partition->replicas.size() - partition->adding.size();
      if (!request.may_change_factor && target.replicas->size() != factor) {
        return refused(ErrorCode::invalid_replication_factor,
                       fmt::format("The replication factor is changed from {} to {}", factor, target.replicas->size()));
      }
      aim_at(*partition, *target.replicas, change);
    }
    const auto record = change.build();
    if (!record) return {};
    if (!changed.insert({topic->id, target.index}).second) {
      return refused(ErrorCode::invalid_request, "The partition is named twice in this request.");
    }
    decision.records.push_back(encode_record(*record, change.versions.partition_change));
    return {};
  };
  for (const AlterReassignments::Topic& topic : request.topics) {
    std::vector<ApiError>& row = result.topics.emplace_back();
    for (const AlterReassignments::Partition& partition : topic.partitions) row.push_back(alter(topic, partition));
  }
  if (decision.records.size() > records_per_operation_max) {
    decision.records.clear();
    for (std::vector<ApiError>& row : result.topics) {
      for (ApiError& error : row) error = refused(ErrorCode::policy_violation, too_large_message);
    }
  }
  return decision;
}

Decision Controller::on(const AssignDirectories& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = AssignDirectoriesResult{}, .atomic = false};
  auto& result = std::get<AssignDirectoriesResult>(decision.response);
  if (!record_versions(image().metadata_version()).directories) {
    result.error = ErrorCode::unsupported_version;
    return decision;
  }
  if (!is_registered(request.broker, request.broker_epoch)) {
    result.error = ErrorCode::stale_broker_epoch;
    return decision;
  }
  const BrokerImage& broker = *image().broker(request.broker);
  const BrokerConfigLayers config = layers();
  for (const AssignDirectories::Assignment& assignment : request.assignments) {
    const TopicImage* const topic = image().topic(assignment.partition.topic_id);
    const PartitionImage* const partition =
        topic == nullptr ? nullptr : topic->partition(assignment.partition.partition);
    ErrorCode error = ErrorCode::none;
    if (topic == nullptr) {
      error = ErrorCode::unknown_topic_id;
    } else if (partition == nullptr) {
      error = ErrorCode::unknown_topic_or_partition;
    } else if (!partition->has_replica(request.broker)) {
      error = ErrorCode::not_leader_or_follower;
    }
    result.assignments.push_back(error);
    if (error != ErrorCode::none) continue;
    // A directory that is offline takes the replica out of the ISR.
    const bool online = is_online(assignment.directory, broker.directories);
    const BrokerTransition transition{.remove = online ? no_node : request.broker};
    PartitionChange change = change_of(image(), config, *topic, assignment.partition.partition, *partition, transition);
    change.target_directories = {{request.broker, assignment.directory}};
    if (const auto record = change.build()) {
      decision.records.push_back(encode_record(*record, change.versions.partition_change));
    }
  }
  return decision;
}

Decision Controller::on(const UnregisterBroker& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = UnregisterBrokerResult{}, .atomic = false};
  auto& result = std::get<UnregisterBrokerResult>(decision.response);
  const BrokerImage* const broker = image().broker(request.broker);
  if (broker == nullptr) {
    result.error = refused(ErrorCode::broker_id_not_registered,
                           fmt::format("Broker ID {} is not currently registered", request.broker));
    return decision;
  }
  if (request.broker == options_.node_id) {
    // Kafka forgets even the broker that serves the request, which is of no use until it is started again.
    result.error = refused(ErrorCode::invalid_request,
                           fmt::format("Broker {} is this node, which is running; stop a broker before it is "
                                       "unregistered.",
                                       request.broker));
    return decision;
  }
  update_partitions(image(), layers(), {.remove = broker->id}, decision.records,
                    [&](const PartitionImage& partition) { return in_list(partition.isr, broker->id); });
  decision.records.push_back(
      encode_record(wire::UnregisterBrokerRecord{.broker_id = broker->id, .broker_epoch = broker->epoch}, 0));
  sessions_.erase(broker->id);
  return decision;
}

}  // namespace moldau::metadata
