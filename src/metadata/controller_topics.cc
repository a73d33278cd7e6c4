// CreateTopics and DeleteTopics: Kafka's checks in Kafka's order, placement of replicas, and the records.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "metadata/controller.h"
#include "metadata/controller_partitions.h"
#include "metadata/placement.h"

namespace moldau::metadata {
namespace {

constexpr std::string_view metadata_topic_name = "__cluster_metadata";
/// Partitions that one request may name before its topics are looked at.
constexpr int64_t partitions_per_request_max = 10'000;
/// With up to this many '.' and '_' in a name, all its variants are looked up; with more, topics are walked over.
constexpr size_t looked_up_places_max = 5;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

/// `name` as its metrics would be called: '.' and '_' fall together.
std::string without_dots(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '.', '_');
  return result;
}

using Partitions = std::map<PartitionIndex, PartitionImage>;

std::optional<Fault> assign_manually(const Image& image, const NewTopic& topic, Partitions& partitions) {
  if (topic.replication_factor != -1) {
    return Fault{ErrorCode::invalid_request,
                 "A manual partition assignment was specified, but replication factor was not set to -1."};
  }
  if (topic.partitions != -1) {
    return Fault{ErrorCode::invalid_request,
                 "A manual partition assignment was specified, but numPartitions was not set to -1."};
  }
  size_t factor = 0;
  for (const ReplicaAssignment& assignment : topic.assignments) {
    if (partitions.contains(assignment.partition)) {
      return Fault{ErrorCode::invalid_replica_assignment,
                   fmt::format("Found multiple manual partition assignments for partition {}", assignment.partition)};
    }
    if (auto fault = check_assignment(image, assignment.brokers, factor)) return fault;
    factor = assignment.brokers.size();
    PartitionImage partition = new_partition(image, assignment.brokers);
    if (partition.isr.empty()) {
      return Fault{
          ErrorCode::invalid_replica_assignment,
          fmt::format("All brokers specified in the manual partition assignment for partition {} are fenced or "
                      "in controlled shutdown.",
                      assignment.partition)};
    }
    partitions.emplace(assignment.partition, std::move(partition));
  }
  for (PartitionIndex index = 0; static_cast<size_t>(index) < partitions.size(); ++index) {
    if (!partitions.contains(index)) {
      return Fault{ErrorCode::invalid_replica_assignment,
                   "partitions should be a consecutive 0-based integer sequence"};
    }
  }
  return std::nullopt;
}

std::optional<Fault> assign_by_placement(const Image& image, const NewTopic& topic, const ControllerOptions& options,
                                         const Uuid& id, Partitions& partitions) {
  if (topic.replication_factor < -1 || topic.replication_factor == 0) {
    return Fault{ErrorCode::invalid_replication_factor,
                 "Replication factor must be larger than 0, or -1 to use the default value."};
  }
  if (topic.partitions < -1 || topic.partitions == 0) {
    return Fault{ErrorCode::invalid_partitions, "Number of partitions was set to an invalid non-positive value."};
  }
  const int32_t count = topic.partitions == -1 ? options.num_partitions : topic.partitions;
  const int16_t factor = topic.replication_factor == -1 ? options.default_replication_factor : topic.replication_factor;
  const Placement placement(image, id.bytes[15]);
  if (std::string fault = placement.fault(factor); !fault.empty()) {
    return Fault{ErrorCode::invalid_replication_factor,
                 fmt::format("Unable to replicate the partition {} time(s): {}", factor, fault)};
  }
  for (PartitionIndex index = 0; index < count; ++index) {
    PartitionImage partition = new_partition(image, placement.replicas(index, factor));
    if (partition.isr.empty()) {
      return Fault{ErrorCode::invalid_replication_factor,
                   fmt::format("Unable to replicate the partition {} time(s): All brokers are currently fenced or in "
                               "controlled shutdown.",
                               factor)};
    }
    partitions.emplace(index, std::move(partition));
  }
  return std::nullopt;
}

/// The settings of a new topic as a map; a later one of a name wins.
std::optional<Fault> collect_configs(const NewTopic& topic, ConfigMap& configs) {
  std::vector<std::string> nulls;
  for (const ConfigToSet& config : topic.configs) {
    if (config.value) {
      configs.insert_or_assign(config.name, *config.value);
    } else {
      nulls.push_back(config.name);
    }
  }
  if (nulls.empty()) return std::nullopt;
  return Fault{ErrorCode::invalid_config,
               fmt::format("Null value not supported for topic configs: {}", fmt::join(nulls, ","))};
}

int64_t total_partitions(const CreateTopics& request, int32_t default_count) {
  int64_t total = 0;
  for (const NewTopic& topic : request.topics) {
    if (!topic.assignments.empty()) {
      total += static_cast<int64_t>(topic.assignments.size());
    } else {
      // What is negative is refused later, and must not make room for others.
      total += topic.partitions == -1 ? default_count : std::max(topic.partitions, 0);
    }
  }
  return total;
}

CreatedTopic failed(const std::string& name, Fault fault) {
  CreatedTopic result;
  result.name = name;
  result.error = fault.error;
  result.message = std::move(fault.message);
  return result;
}

/// The whole request fails: every topic that it names gets the same answer.
Decision all_failed(const CreateTopics& request, const std::string& message) {
  CreateTopicsResult result;
  for (const NewTopic& topic : request.topics) {
    result.topics.push_back(failed(topic.name, {ErrorCode::policy_violation, message}));
  }
  return {.records = {}, .response = std::move(result)};
}

}  // namespace

std::optional<std::string> topic_name_fault(std::string_view name) {
  const auto invalid = [](std::string reason) { return "Topic name is invalid: " + std::move(reason); };
  if (name.empty()) return invalid("the empty string is not allowed");
  if (name == ".") return invalid("'.' is not allowed");
  if (name == "..") return invalid("'..' is not allowed");
  if (name.size() > topic_name_bytes_max) {
    return invalid(
        fmt::format("the length of '{}' is longer than the max allowed length {}", name, topic_name_bytes_max));
  }
  if (!std::all_of(name.begin(), name.end(), is_name_character)) {
    return invalid(
        fmt::format("'{}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'", name));
  }
  return std::nullopt;
}

/// Creation of the topics of one request.
class TopicCreation {
 public:
  TopicCreation(const Image& image, const BrokerConfigLayers& layers, const ControllerOptions& options)
      : image_(image), layers_(layers), options_(options), versions_(record_versions(image.metadata_version())) {}

  CreatedTopic create(const NewTopic& topic, const Uuid& id) {
    if (auto fault = check_name(topic.name)) return failed(topic.name, std::move(*fault));
    ConfigMap configs;
    if (auto fault = collect_configs(topic, configs)) return failed(topic.name, std::move(*fault));
    if (const Status status = check_topic_configs(configs, layers_); !status.ok()) {
      return failed(topic.name, {ErrorCode::invalid_config, status.failure().message});
    }
    Partitions partitions;
    std::optional<Fault> fault = topic.assignments.empty()
                                     ? assign_by_placement(image_, topic, options_, id, partitions)
                                     : assign_manually(image_, topic, partitions);
    if (fault) return failed(topic.name, std::move(*fault));
    if (records.size() + 1 + configs.size() + partitions.size() > records_per_operation_max) {
      too_large = true;
      return {};
    }
    add_records(topic.name, id, configs, partitions);
    return succeeded(topic, id, configs, partitions);
  }

  std::vector<EncodedRecord> records;
  bool too_large = false;

 private:
  std::optional<Fault> check_name(const std::string& name) const {
    if (auto fault = topic_name_fault(name)) return Fault{ErrorCode::invalid_topic_exception, std::move(*fault)};
    const bool exists = image_.topic(name) != nullptr;
    if (exists) return Fault{ErrorCode::topic_already_exists, fmt::format("Topic '{}' already exists.", name)};
    if (const std::string* other = colliding(name)) {
      return Fault{ErrorCode::invalid_topic_exception,
                   fmt::format("Topic '{}' collides with existing topic: {}", name, *other)};
    }
    return std::nullopt;
  }

  /// An existing topic whose name differs in '.' and '_' only.
  const std::string* colliding(const std::string& name) const {
    std::vector<size_t> places;
    for (size_t i = 0; i < name.size(); ++i) {
      if (name[i] == '.' || name[i] == '_') places.push_back(i);
    }
    if (places.size() > looked_up_places_max) return colliding_by_walk(name, places.front());
    std::string variant = name;
    for (uint32_t bits = 0; bits < 1U << places.size(); ++bits) {
      for (size_t i = 0; i < places.size(); ++i) variant[places[i]] = (bits >> i & 1) != 0 ? '.' : '_';
      if (const TopicImage* topic = image_.topic(variant)) return &topic->name;
    }
    return nullptr;
  }

  /// As colliding(), among all topics that begin like `name` up to its first '.' or '_'.
  const std::string* colliding_by_walk(const std::string& name, size_t first_place) const {
    const std::string flat = without_dots(name);
    const std::string_view prefix = std::string_view(name).substr(0, first_place);
    const std::string* found = nullptr;
    image_.for_each_topic_from(prefix, [&](const TopicImage& topic) {
      if (!topic.name.starts_with(prefix)) return false;
      if (topic.name.size() == name.size() && without_dots(topic.name) == flat) found = &topic.name;
      return found == nullptr;
    });
    return found;
  }

  void add_records(const std::string& name, const Uuid& id, const ConfigMap& configs, const Partitions& partitions) {
    records.push_back(encode_record(wire::TopicRecord{.name = name, .topic_id = id}, 0));
    for (const auto& [key, value] : configs) {
      wire::ConfigRecord record;
      record.resource_type = static_cast<int8_t>(ConfigResourceType::topic);
      record.resource_name = name;
      record.name = key;
      record.value = value;
      records.push_back(encode_record(record, 0));
    }
    for (const auto& [index, partition] : partitions) {
      records.push_back(partition_record(id, index, partition, versions_));
    }
  }

  CreatedTopic succeeded(const NewTopic& topic, const Uuid& id, const ConfigMap& configs,
                         const Partitions& partitions) const {
    CreatedTopic result;
    result.name = topic.name;
    result.id = id;
    if (!topic.may_describe_configs) {
      result.config_error = ErrorCode::topic_authorization_failed;
      return result;
    }
    result.configs = created_topic_configs(&configs, layers_);
    result.partitions = static_cast<int32_t>(partitions.size());
    result.replication_factor = static_cast<int16_t>(partitions.begin()->second.replicas.size());
    return result;
  }

  const Image& image_;
  const BrokerConfigLayers layers_;
  const ControllerOptions& options_;
  const RecordVersions versions_;
};

Decision Controller::on(const CreateTopics& request, const ControllerContext& context) {
  ASSERT(context.random_ids.size() >= request.topics.size());
  if (total_partitions(request, options_.num_partitions) > partitions_per_request_max) {
    return all_failed(request, "Excessively large number of partitions per request.");
  }
  std::map<std::string, int, std::less<>> times_named;
  for (const NewTopic& topic : request.topics) ++times_named[topic.name];
  TopicCreation creation(image(), layers(), options_);
  CreateTopicsResult result;
  std::vector<CreatedTopic> refused;  // answered last, as Kafka does
  for (size_t i = 0; i < request.topics.size(); ++i) {
    const NewTopic& topic = request.topics[i];
    if (int& times = times_named[topic.name]; times != 1) {
      if (times > 1) refused.push_back(failed(topic.name, {ErrorCode::invalid_request, "Duplicate topic name."}));
      times = 0;
    } else if (topic.name == metadata_topic_name) {
      refused.push_back(failed(
          topic.name, {ErrorCode::invalid_request, "Creation of internal topic __cluster_metadata is prohibited."}));
    } else {
      result.topics.push_back(creation.create(topic, context.random_ids[i]));
    }
    if (creation.too_large) return all_failed(request, "Unable to perform excessively large batch operation.");
  }
  result.topics.insert(result.topics.end(), std::make_move_iterator(refused.begin()),
                       std::make_move_iterator(refused.end()));
  if (request.validate_only) creation.records.clear();
  return {.records = std::move(creation.records), .response = std::move(result)};
}

namespace {

DeletedTopic not_deleted(const TopicToDelete& topic, ErrorCode error, std::optional<std::string> message) {
  return {.name = topic.name, .id = topic.id, .error = error, .message = std::move(message)};
}

/// Resolves one topic of a request; the result says why it is not deleted, if so.
DeletedTopic resolve_deletion(const TopicToDelete& topic, const Image& image) {
  if (!topic.name && topic.id.is_zero()) {
    return not_deleted(topic, ErrorCode::invalid_request, "Neither topic name nor id were specified.");
  }
  if (topic.name && !topic.id.is_zero()) {
    return not_deleted(topic, ErrorCode::invalid_request, "You may not specify both topic name and topic id.");
  }
  const TopicImage* found = topic.name ? image.topic(*topic.name) : image.topic(topic.id);
  if (found != nullptr) return {.name = found->name, .id = found->id, .error = ErrorCode::none, .message = {}};
  if (topic.name) {
    return not_deleted(topic, ErrorCode::unknown_topic_or_partition, "This server does not host this topic-partition.");
  }
  return not_deleted(topic, ErrorCode::unknown_topic_id, "This server does not host this topic ID.");
}

}  // namespace

Decision Controller::on(const DeleteTopics& request, const ControllerContext&) {
  Decision decision{.records = {}, .response = DeleteTopicsResult{}};
  auto& result = std::get<DeleteTopicsResult>(decision.response);
  if (!options_.delete_topic_enable) {
    for (const TopicToDelete& topic : request.topics) {
      result.topics.push_back(not_deleted(topic, ErrorCode::topic_deletion_disabled, "Topic deletion is disabled."));
    }
    return decision;
  }
  std::map<std::string, int, std::less<>> times_named;
  std::map<Uuid, int> times_identified;
  for (const TopicToDelete& topic : request.topics) {
    if (topic.name && topic.id.is_zero()) ++times_named[*topic.name];
    if (!topic.name && !topic.id.is_zero()) ++times_identified[topic.id];
  }
  std::set<Uuid> taken;
  for (const TopicToDelete& topic : request.topics) {
    const bool by_name = topic.name && topic.id.is_zero();
    const bool by_id = !topic.name && !topic.id.is_zero();
    if (by_name || by_id) {
      int& times = by_name ? times_named[*topic.name] : times_identified[topic.id];
      if (times != 1) {
        const char* message = by_name ? "Duplicate topic name." : "Duplicate topic id.";
        if (times > 1) result.topics.push_back(not_deleted(topic, ErrorCode::invalid_request, message));
        times = 0;
        continue;
      }
    }
    DeletedTopic resolved = resolve_deletion(topic, image());
    if (resolved.error == ErrorCode::none && by_name && times_identified.contains(resolved.id)) {
      resolved.error = ErrorCode::invalid_request;
      resolved.message = "The provided topic name maps to an ID that was already supplied.";
    }
    if (resolved.error == ErrorCode::none && taken.insert(resolved.id).second) {
      decision.records.push_back(encode_record(wire::RemoveTopicRecord{.topic_id = resolved.id}, 0));
    }
    result.topics.push_back(std::move(resolved));
  }
  if (decision.records.size() > records_per_operation_max) {
    decision.records.clear();
    for (DeletedTopic& topic : result.topics) {
      topic.error = ErrorCode::policy_violation;
      topic.message = "Unable to perform excessively large batch operation.";
    }
  }
  return decision;
}

}  // namespace moldau::metadata
