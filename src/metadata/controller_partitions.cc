#include "metadata/controller_partitions.h"

#include <algorithm>

#include "metadata/placement.h"

namespace moldau::metadata {
namespace {

Decision refused(ErrorCode error) {
  return {.records = {}, .response = AlterPartitionResult{.error = error, .partition = {}}};
}

/// The reasons for which a leader's proposal is refused, in Kafka's order.
ErrorCode check_proposal(const AlterPartition& request, const PartitionImage& partition, const Image& image) {
  if (request.leader_epoch > partition.leader_epoch || request.partition_epoch > partition.partition_epoch) {
    return ErrorCode::not_controller;
  }
  if (request.leader_epoch < partition.leader_epoch) return ErrorCode::fenced_leader_epoch;
  if (request.broker != partition.leader) return ErrorCode::invalid_request;
  if (request.partition_epoch < partition.partition_epoch) return ErrorCode::invalid_update_version;
  std::vector<NodeId> isr;
  for (const AlterPartition::Member& member : request.isr) {
    if (!partition.has_replica(member.broker) || in_list(isr, member.broker)) return ErrorCode::invalid_request;
    isr.push_back(member.broker);
  }
  if (!in_list(isr, partition.leader)) return ErrorCode::invalid_request;
  const bool recovering = request.leader_recovery_state == LeaderRecoveryState::recovering;
  if (recovering && isr.size() > 1) return ErrorCode::invalid_request;
  if (recovering && partition.leader_recovery_state == LeaderRecoveryState::recovered) {
    return ErrorCode::invalid_request;
  }
  for (const AlterPartition::Member& member : request.isr) {
    const BrokerImage* broker = image.broker(member.broker);
    if (broker == nullptr || !broker->active()) return ErrorCode::ineligible_replica;
    if (member.broker_epoch != -1 && member.broker_epoch != broker->epoch) return ErrorCode::ineligible_replica;
  }
  return ErrorCode::none;
}

/// `partition` after `record`, as the fold will make it.
PartitionImage merged(PartitionImage partition, const wire::PartitionChangeRecord& record) {
  if (record.isr) partition.isr = *record.isr;
  if (record.replicas) partition.replicas = *record.replicas;
  if (record.directories) partition.directories = *record.directories;
  if (record.removing_replicas) partition.removing = *record.removing_replicas;
  if (record.adding_replicas) partition.adding = *record.adding_replicas;
  if (record.leader != -2) {
    partition.leader = record.leader;
    ++partition.leader_epoch;
  }
  if (record.leader_recovery_state != -1) {
    partition.leader_recovery_state = static_cast<LeaderRecoveryState>(record.leader_recovery_state);
  }
  if (record.eligible_leader_replicas) partition.elr = *record.eligible_leader_replicas;
  if (record.last_known_elr) partition.last_known_elr = *record.last_known_elr;
  ++partition.partition_epoch;
  return partition;
}

}  // namespace

bool in_list(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool is_online(const Uuid& directory, const std::vector<Uuid>& online) {
  if (directory == directory_migrating || directory == directory_unassigned) return true;
  if (directory == directory_lost) return false;
  // A broker that registered before directories had ids names none: all of its are online.
  return online.empty() || std::find(online.begin(), online.end(), directory) != online.end();
}

int32_t effective_min_insync(const TopicImage& topic, const PartitionImage& partition, const BrokerConfigLayers& layers,
                             const Image& image) {
  const ConfigMap* overrides = image.topic_configs(topic.name);
  const std::optional<std::string> text = topic_value(overrides, layers, "min.insync.replicas");
  const int64_t wanted = text ? parse_integer(*text).value_or(1) : 1;
  return static_cast<int32_t>(std::min<int64_t>(wanted, static_cast<int64_t>(partition.replicas.size())));
}

PartitionChange change_of(const Image& image, const BrokerConfigLayers& layers, const TopicImage& topic,
                          PartitionIndex index, const PartitionImage& partition, const BrokerTransition& transition) {
  PartitionChange change{.id = {topic.id, index},
                         .partition = partition,
                         .versions = record_versions(image.metadata_version()),
                         .is_acceptable_leader = {},
                         .target_isr = {},
                         .unclean_shutdown_replicas = {},
                         .target_recovery_state = {}};
  change.elr_enabled = image.elr_enabled();
  if (change.elr_enabled) change.min_insync_replicas = effective_min_insync(topic, partition, layers, image);
  const ConfigMap* overrides = image.topic_configs(topic.name);
  const std::optional<std::string> unclean = topic_value(overrides, layers, "unclean.leader.election.enable");
  if (unclean == "true") change.election = Election::unclean;
  change.is_acceptable_leader = [&image, &partition, &transition](NodeId node) {
    if (node == transition.remove || node == transition.unclean) return false;
    const BrokerImage* broker = image.broker(node);
    if (broker == nullptr || (node != transition.add && !broker->active())) return false;
    const auto& online = node == transition.online_of ? transition.online_directories : broker->directories;
    return is_online(partition.directory_of(node), online);
  };
  for (const NodeId node : partition.isr) {
    if (node != transition.remove && node != transition.unclean) change.target_isr.push_back(node);
  }
  if (transition.unclean != no_node) change.unclean_shutdown_replicas = {transition.unclean};
  change.default_directory = [&image](NodeId node) { return default_directory(image, node); };
  return change;
}

Decision Controller::on(const AlterPartition& request, const ControllerContext&) {
  if (!is_registered(request.broker, request.broker_epoch)) return refused(ErrorCode::stale_broker_epoch);
  const TopicImage* topic = image().topic(request.partition.topic_id);
  if (topic == nullptr) return refused(ErrorCode::unknown_topic_id);
  const PartitionImage* partition = topic->partition(request.partition.partition);
  if (partition == nullptr) return refused(ErrorCode::unknown_topic_or_partition);
  const ErrorCode fault = check_proposal(request, *partition, image());
  if (fault != ErrorCode::none) return refused(fault);

  const BrokerTransition transition;
  PartitionChange change = change_of(image(), layers(), *topic, request.partition.partition, *partition, transition);
  change.target_isr.clear();
  for (const AlterPartition::Member& member : request.isr) change.target_isr.push_back(member.broker);
  change.target_recovery_state = request.leader_recovery_state;
  Decision decision{.records = {}, .response = AlterPartitionResult{.partition = *partition}, .atomic = false};
  const auto record = change.build();
  if (!record) return decision;
  decision.records.push_back(encode_record(*record, change.versions.partition_change));
  PartitionImage after = merged(*partition, *record);
  const bool elected_another = record->leader != -2 && record->leader != request.broker;
  decision.response = AlterPartitionResult{.error = elected_another ? ErrorCode::new_leader_elected : ErrorCode::none,
                                           .partition = std::move(after)};
  return decision;
}

}  // namespace moldau::metadata
