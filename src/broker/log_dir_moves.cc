#include "broker/log_dir_moves.h"

#include <algorithm>

#include "base/trace.h"
#include "log/segment_name.h"
#include "metadata/features.h"

namespace moldau::broker {

using wire::ErrorCode;

namespace {

/// Metadata versions before 3.7 know no directories.
bool kept_in_metadata(const metadata::Image& image) {
  return metadata::record_versions(image.metadata_version()).directories;
}

}  // namespace

bool LogDirMoves::any_offline() const {
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (store_.directory_offline(i)) return true;
  }
  return false;
}

ErrorCode LogDirMoves::alter(const metadata::Image& image, const api::MoveRequest& request) {
  api::MoveFacts facts;
  facts.name_fits = log::future_folder_name_fits(request.topic, request.partition);
  const auto path = std::find(paths_.begin(), paths_.end(), request.path);
  if (path != paths_.end()) {
    facts.wanted = static_cast<size_t>(path - paths_.begin());
    facts.wanted_offline = store_.directory_offline(*facts.wanted);
  }
  facts.any_offline = any_offline();
  const metadata::TopicImage* const topic = image.topic(request.topic);
  facts.known = topic != nullptr && topic->partition(request.partition) != nullptr;
  const TopicPartitionId id{topic == nullptr ? Uuid() : topic->id, request.partition};
  const store::Log* const log = facts.known ? store_.find(id) : nullptr;
  if (log != nullptr) {
    facts.hosted = true;
    facts.log_offline = log->offline();
    facts.current = store_.directory_of(*log);
    for (const store::MoveInfo& move : store_.moves()) {
      if (move.id == id) facts.under_way = move.directory;
    }
  }

  const api::MoveDecision decision = api::decide_move(facts);
  if (decision.drop) store_.drop_move(id);
  const std::pair name(std::string(request.topic), request.partition);
  if (decision.remember && (preferred_.size() < preferences_max || preferred_.contains(name))) {
    preferred_[name] = *facts.wanted;
  }
  if (!decision.begin) return decision.error;
  const Status begun = store_.move(id, *facts.wanted);
  if (!begun.ok()) {
    trace(TraceLevel::warn, "event=move_not_begun partition={}-{} to={} why=\"{}\"", request.topic, request.partition,
          request.path, begun.failure().message);
    return ErrorCode::kafka_storage_error;
  }
  preferred_.erase(name);
  return ErrorCode::none;
}

Result<int> LogDirMoves::directory_for(const metadata::Image& image, const metadata::TopicImage& topic,
                                       PartitionIndex index, bool created) {
  const auto preferred = preferred_.find({topic.name, index});
  const std::optional<Uuid> wanted = named(image, self_, {topic.id, index});
  const auto place = [&](size_t directory) -> Result<int> {
    if (!store_.directory_offline(directory)) return static_cast<int>(directory);
    return Failure{FailureKind::unavailable, paths_[directory] + " is offline"};
  };
  const bool missing = any_offline() && !created;
  for (size_t i = 0; i < paths_.size(); ++i) {
    // The metadata has seen it there: anywhere else it would be another log.
    if (wanted == id_of(i) && store_.directory_offline(i)) return place(i);
  }
  const bool named_nowhere = wanted == metadata::directory_unassigned || wanted == metadata::directory_migrating;
  if (missing && named_nowhere) {
    return Failure{FailureKind::unavailable, "it may lie in a log directory that is offline"};
  }
  if (preferred != preferred_.end() && !store_.directory_offline(preferred->second)) return place(preferred->second);
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (wanted == id_of(i)) return place(i);
  }
  return -1;
}

std::optional<Uuid> LogDirMoves::named(const metadata::Image& image, NodeId self, const TopicPartitionId& id) {
  const metadata::TopicImage* const topic = image.topic(id.topic_id);
  const metadata::PartitionImage* const partition = topic == nullptr ? nullptr : topic->partition(id.partition);
  if (partition == nullptr || !partition->has_replica(self)) return std::nullopt;
  return partition->directory_of(self);
}

std::optional<store::KnownPartition> LogDirMoves::known(const metadata::Image& image, NodeId self,
                                                        const std::string& topic, PartitionIndex index) {
  const metadata::TopicImage* const found = image.topic(topic);
  const metadata::PartitionImage* const partition = found == nullptr ? nullptr : found->partition(index);
  if (partition == nullptr || !partition->has_replica(self)) return std::nullopt;
  return store::KnownPartition{found->id, partition->leader_epoch};
}

void LogDirMoves::check(const metadata::Image& image, const TopicPartitionId& id) {
  const std::optional<Uuid> known = named(image, self_, id);
  if (!store_.holds(id) || !known || !kept_in_metadata(image)) return;
  const std::optional<size_t> directory = store_.directory_of(id);
  if (!directory || store_.directory_offline(*directory)) return;
  const std::optional<Uuid> pending = assignments_.wanted(id);
  if (pending.value_or(*known) == id_of(*directory)) return;
  const std::vector<store::MoveInfo> moves = store_.moves();
  // The metadata is told of a move before it is over.
  if (std::any_of(moves.begin(), moves.end(), [&](const store::MoveInfo& move) { return move.id == id; })) return;
  assignments_.want(id, id_of(*directory), {});
}

void LogDirMoves::move_ready(const TopicPartitionId& id, size_t directory, io::Completion<Status> go) {
  if (kept_in_metadata(host_.image())) return assignments_.want(id, id_of(directory), std::move(go));
  go(Status());
}

void LogDirMoves::move_ended(const TopicPartitionId& id, bool) {
  host_.look_at_directories();
  check(host_.image(), id);
}

store::MoverOptions mover_options(const metadata::BrokerConfigLayers& layers) {
  store::MoverOptions options;
  const auto threads = metadata::broker_value(layers, "num.replica.alter.log.dirs.threads");
  options.threads =
      static_cast<int>(std::clamp<int64_t>(threads ? metadata::parse_integer(*threads).value_or(0) : 0, 0, INT32_MAX));
  // Of brokers that run alone: there is no row for it among those of properties files.
  constexpr std::string_view rate = "replica.alter.log.dirs.io.max.bytes.per.second";
  for (const metadata::ConfigMap* const layer : {layers.dynamic_broker, layers.dynamic_default}) {
    if (layer == nullptr) continue;
    const auto found = layer->find(rate);
    if (found == layer->end()) continue;
    const std::optional<int64_t> value = metadata::parse_integer(found->second);
    if (!value || *value < 0) continue;
    options.io_bytes_per_second_max = *value;
    break;
  }
  return options;
}

}  // namespace moldau::broker
