#include "metadata/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "metadata/controller_partitions.h"

namespace moldau::metadata {
namespace {

constexpr int8_t fence_change = 1;
constexpr int8_t unfence_change = -1;

Decision answer(ControllerResponse response) {
  return {.records = {}, .response = std::move(response), .atomic = true};
}

/// Kafka's reason why a registration is refused; nothing when it is fine.
struct Refusal {
  ErrorCode error;
  std::string message;
};

std::optional<Refusal> check_directories(const RegisterBroker& request, const Image& image) {
  constexpr ErrorCode error = ErrorCode::invalid_registration;
  if (request.directories.empty()) return Refusal{error, "No directories specified in request"};
  const auto reserved = [](const Uuid& id) { return id < Uuid::of(0, 100); };
  if (std::any_of(request.directories.begin(), request.directories.end(), reserved)) {
    return Refusal{error, "Reserved directory ID in request"};
  }
  const std::set<Uuid> distinct(request.directories.begin(), request.directories.end());
  if (distinct.size() != request.directories.size()) return Refusal{error, "Duplicate directory ID in request"};
  std::optional<Refusal> refusal;
  image.for_each_broker([&](const BrokerImage& other) {
    if (other.id == request.broker || refusal) return;
    for (const Uuid& id : other.directories) {
      if (!distinct.contains(id)) continue;
      refusal =
          Refusal{error, fmt::format("Broker {} is already registered with directory {}", other.id, id.to_string())};
      return;
    }
  });
  return refusal;
}

/// A finalized level that the broker does not support: refused, for it could not read the log.
std::optional<Refusal> check_features(const RegisterBroker& request, const Image& image) {
  const auto range_of = [&](std::string_view name) {
    const auto at = std::find_if(request.features.begin(), request.features.end(),
                                 [&](const FeatureRange& f) { return f.name == name; });
    return at == request.features.end() ? nullptr : &*at;
  };
  if (range_of(metadata_version_feature) == nullptr) {
    return Refusal{ErrorCode::invalid_registration, "Request features do not contain 'metadata.version'"};
  }
  for (const auto& [name, level] : image.features()) {
    const FeatureRange* range = range_of(name);
    const int16_t min = range == nullptr ? int16_t{0} : range->min;
    const int16_t max = range == nullptr ? int16_t{0} : range->max;
    if (level >= min && level <= max) continue;
    return Refusal{ErrorCode::unsupported_version,
                   fmt::format("Unable to register because the broker does not support finalized version {} of {}. The "
                               "broker wants a version between {} and {}, inclusive.",
                               level, name, min, max)};
  }
  return std::nullopt;
}

}  // namespace

Controller::Controller(ControllerOptions options) : options_(std::move(options)) {}

Decision Controller::handle(const ControllerRequest& request, const ControllerContext& context) {
  return std::visit([&](const auto& held) { return on(held, context); }, request);
}

Status Controller::replay(std::span<const EncodedRecord> records, Offset first, const Applied& applied) {
  Offset offset = first;
  for (const EncodedRecord& record : records) RETURN_IF_FAILED(replay_one(record, offset++));
  set_applied(applied);
  return {};
}

Status Controller::replay_one(std::span<const std::byte> record, Offset offset) {
  return state_.apply(record, offset);
}

bool Controller::is_registered(NodeId broker, int64_t epoch) const {
  const BrokerImage* image_of = image().broker(broker);
  return image_of != nullptr && image_of->epoch == epoch;
}

bool Controller::has_valid_session(NodeId broker, Instant now) const {
  const auto session = sessions_.find(broker);
  return session != sessions_.end() && now - session->second.last_contact < options_.session_timeout;
}

Decision Controller::on(const RegisterBroker& request, const ControllerContext& context) {
  const auto refuse = [](ErrorCode error, std::string message) {
    return answer(RegisterBrokerResult{.error = error, .message = std::move(message)});
  };
  if (request.cluster_id != options_.cluster_id) {
    return refuse(ErrorCode::inconsistent_cluster_id, fmt::format("Expected cluster ID {}, but got cluster ID {}",
                                                                  options_.cluster_id, request.cluster_id));
  }
  const BrokerImage* existing = image().broker(request.broker);
  const bool same_incarnation = existing != nullptr && existing->incarnation == request.incarnation;
  // A node that registers with itself has ended its earlier process: it holds the folder's lock.
  const bool is_self = request.broker == options_.node_id;
  if (existing != nullptr && !same_incarnation && !is_self && has_valid_session(request.broker, context.now)) {
    return refuse(ErrorCode::duplicate_broker_registration,
                  "Another broker is registered with that broker id. If the broker was recently restarted this should "
                  "self-resolve once the heartbeat manager expires the broker's session.");
  }
  const RecordVersions versions = record_versions(image().metadata_version());
  if (versions.directories) {
    if (const auto refusal = check_directories(request, image())) return refuse(refusal->error, refusal->message);
  }
  if (const auto refusal = check_features(request, image())) return refuse(refusal->error, refusal->message);

  Decision decision;
  decision.atomic = false;
  BrokerImage broker{.id = request.broker,
                     .epoch = context.next_offset,
                     .incarnation = request.incarnation,
                     .listeners = request.listeners,
                     .features = request.features,
                     .rack = request.rack,
                     .directories = request.directories,
                     .cordoned_directories = request.cordoned_directories};
  if (same_incarnation) {
    broker.epoch = existing->epoch;
    broker.fenced = existing->fenced;
    broker.in_controlled_shutdown = existing->in_controlled_shutdown;
  } else {
    const bool clean = existing != nullptr && existing->epoch == request.previous_broker_epoch;
    BrokerTransition transition;
    (clean || !versions.elr ? transition.remove : transition.unclean) = request.broker;
    update_partitions(image(), layers(), transition, decision.records, [&](const PartitionImage& partition) {
      return in_list(partition.isr, request.broker) || (!clean && in_list(partition.elr, request.broker));
    });
  }
  decision.records.push_back(broker_record(broker, versions));
  const Offset registration = context.next_offset + static_cast<Offset>(decision.records.size()) - 1;
  sessions_[request.broker] = {.last_contact = context.now, .registration_offset = registration};
  decision.response = RegisterBrokerResult{.broker_epoch = broker.epoch};
  return decision;
}

void Controller::handle_fenced(const BrokerImage& broker, std::vector<EncodedRecord>& records) const {
  update_partitions(image(), layers(), {.remove = broker.id}, records,
                    [&](const PartitionImage& partition) { return in_list(partition.isr, broker.id); });
  records.push_back(encode_record(
      wire::BrokerRegistrationChangeRecord{
          .broker_id = broker.id, .broker_epoch = broker.epoch, .fenced = fence_change},
      0));
}

void Controller::handle_unfenced(const BrokerImage& broker, std::vector<EncodedRecord>& records) const {
  records.push_back(encode_record(
      wire::BrokerRegistrationChangeRecord{
          .broker_id = broker.id, .broker_epoch = broker.epoch, .fenced = unfence_change},
      0));
  update_partitions(image(), layers(), {.add = broker.id}, records,
                    [](const PartitionImage& partition) { return partition.leader == no_node; });
}

void Controller::handle_controlled_shutdown(const BrokerImage& broker, std::vector<EncodedRecord>& records) const {
  if (!broker.in_controlled_shutdown) {
    records.push_back(encode_record(
        wire::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .in_controlled_shutdown = 1},
        1));
  }
  update_partitions(image(), layers(), {.remove = broker.id}, records,
                    [&](const PartitionImage& partition) { return in_list(partition.isr, broker.id); });
}

void Controller::handle_directories(const BrokerImage& broker, const BrokerHeartbeat& request,
                                    std::vector<EncodedRecord>& records) const {
  const RecordVersions versions = record_versions(image().metadata_version());
  if (versions.directories && !request.offline_directories.empty()) {
    std::vector<Uuid> online;
    std::copy_if(broker.directories.begin(), broker.directories.end(), std::back_inserter(online), [&](const Uuid& id) {
      const auto& offline = request.offline_directories;
      return std::find(offline.begin(), offline.end(), id) == offline.end();
    });
    if (online.size() != broker.directories.size() && !online.empty()) {
      records.push_back(encode_record(
          wire::BrokerRegistrationChangeRecord{
              .broker_id = broker.id, .broker_epoch = broker.epoch, .log_dirs = online},
          2));
      update_partitions(image(), layers(), {.online_of = broker.id, .online_directories = online}, records,
                        [&](const PartitionImage& partition) {
                          return in_list(partition.isr, broker.id) &&
                                 !is_online(partition.directory_of(broker.id), online);
                        });
    }
  }
  if (!versions.cordoned_directories) return;
  if (broker.cordoned_directories && *broker.cordoned_directories == request.cordoned_directories) return;
  wire::BrokerRegistrationChangeRecord record{.broker_id = broker.id, .broker_epoch = broker.epoch};
  record.cordoned_log_dirs = request.cordoned_directories;
  records.push_back(encode_record(record, 3));
}

namespace {

enum class BrokerState : uint8_t { fenced, unfenced, controlled_shutdown, shutdown_now };

BrokerState state_of(const BrokerImage& broker) {
  if (broker.fenced) return BrokerState::fenced;
  return broker.in_controlled_shutdown ? BrokerState::controlled_shutdown : BrokerState::unfenced;
}

bool leads_any(const Image& image, NodeId broker) {
  bool found = false;
  image.for_each_topic_by_id([&](const TopicImage& topic) {
    topic.partitions.for_each(
        [&](PartitionIndex, const PartitionRef& partition) { found |= partition->leader == broker; });
  });
  return found;
}

}  // namespace

bool Controller::others_have_seen(Offset offset, NodeId broker) const {
  bool seen = true;
  image().for_each_broker([&](const BrokerImage& other) {
    if (other.id == broker || !other.active()) return;
    const auto session = sessions_.find(other.id);
    seen = seen && session != sessions_.end() && session->second.metadata_offset >= offset;
  });
  return seen;
}

Decision Controller::on(const BrokerHeartbeat& request, const ControllerContext& context) {
  if (!is_registered(request.broker, request.broker_epoch)) {
    return answer(BrokerHeartbeatResult{.error = ErrorCode::stale_broker_epoch});
  }
  const BrokerImage& broker = *image().broker(request.broker);
  Session& session = sessions_[request.broker];
  const bool caught_up = request.metadata_offset >= session.registration_offset;
  const BrokerState current = state_of(broker);
  BrokerState next = current;
  switch (current) {
    case BrokerState::fenced:
      if (request.want_shutdown) {
        next = BrokerState::shutdown_now;
      } else if (!request.want_fence && caught_up) {
        next = BrokerState::unfenced;
      }
      break;
    case BrokerState::unfenced:
      if (request.want_fence) {
        next = request.want_shutdown ? BrokerState::shutdown_now : BrokerState::fenced;
      } else if (request.want_shutdown) {
        next = leads_any(image(), broker.id) ? BrokerState::controlled_shutdown : BrokerState::shutdown_now;
      }
      break;
    case BrokerState::controlled_shutdown:
      if (!leads_any(image(), broker.id) && others_have_seen(session.controlled_shutdown_offset, broker.id)) {
        next = BrokerState::shutdown_now;
      }
      break;
    case BrokerState::shutdown_now:
      UNREACHABLE();
  }
  Decision decision;
  decision.atomic = false;
  if (next != current) {
    if (next == BrokerState::unfenced) handle_unfenced(broker, decision.records);
    if (next == BrokerState::fenced || next == BrokerState::shutdown_now) handle_fenced(broker, decision.records);
    if (next == BrokerState::controlled_shutdown) {
      handle_controlled_shutdown(broker, decision.records);
      session.controlled_shutdown_offset = context.next_offset;
    }
  }
  handle_directories(broker, request, decision.records);
  session.last_contact = context.now;
  session.metadata_offset = request.metadata_offset;
  decision.response = BrokerHeartbeatResult{.caught_up = caught_up,
                                            .fenced = next == BrokerState::fenced || next == BrokerState::shutdown_now,
                                            .should_shut_down = next == BrokerState::shutdown_now};
  return decision;
}

Decision Controller::on(const RegisterController& request, const ControllerContext&) {
  if (!record_versions(image().metadata_version()).controller_registration) {
    return answer(RegisterControllerResult{
        .error = ErrorCode::unsupported_version,
        .message = "The current MetadataVersion is too old to support controller registrations."});
  }
  using Record = wire::RegisterControllerRecord;
  Record record;
  record.controller_id = request.controller;
  record.incarnation_id = request.incarnation;
  for (const EndpointImage& e : request.listeners) {
    record.end_points.push_back(
        {.name = e.name, .host = e.host, .port = e.port, .security_protocol = e.security_protocol});
  }
  for (const FeatureRange& f : request.features) {
    record.features.push_back({.name = f.name, .min_supported_version = f.min, .max_supported_version = f.max});
  }
  return {.records = {encode_record(record, 0)}, .response = RegisterControllerResult{}};
}

Decision Controller::on(const AllocateProducerIds& request, const ControllerContext&) {
  if (!is_registered(request.broker, request.broker_epoch)) {
    return answer(AllocateProducerIdsResult{.error = ErrorCode::stale_broker_epoch});
  }
  const ProducerId first = image().next_producer_id();
  if (first > INT64_MAX - producer_id_block_size) {
    return answer(AllocateProducerIdsResult{.error = ErrorCode::unknown_server_error});
  }
  const wire::ProducerIdsRecord record{.broker_id = request.broker,
                                       .broker_epoch = request.broker_epoch,
                                       .next_producer_id = first + producer_id_block_size};
  return {.records = {encode_record(record, 0)},
          .response = AllocateProducerIdsResult{.first = first, .count = producer_id_block_size}};
}

Decision Controller::on(const Activate&, const ControllerContext&) {
  Decision decision{.records = {}, .response = ActivateResult{}, .atomic = false};
  const bool had_transaction = state_.in_transaction();
  if (had_transaction) {
    decision.records.push_back(encode_record(wire::AbortTransactionRecord{.reason = "Controller failover"}, 0));
  }
  if (!state_.build()->features().empty()) return decision;
  // An empty log, or one whose bootstrap was cut short: all of it is written, in one transaction where there are any.
  ImageBuilder bootstrap;
  for (const EncodedRecord& record : options_.bootstrap_records) {
    if (!bootstrap.apply(record, 0).ok()) return decision;  // MetadataLoop checks them when it reads them
  }
  const Image& result = bootstrap.latest();
  const bool transactions = record_versions(result.metadata_version()).transactions;
  if (transactions) {
    decision.records.push_back(encode_record(wire::BeginTransactionRecord{.name = "Bootstrap records"}, 0));
  }
  decision.records.insert(decision.records.end(), options_.bootstrap_records.begin(), options_.bootstrap_records.end());
  if (result.elr_enabled()) {
    // With eligible leader replicas the smallest ISR is the cluster's business, not a broker's.
    const std::string value = fmt::format("{}", resolve_topic("", nullptr, layers()).min_insync_replicas);
    wire::ConfigRecord record;
    record.resource_type = static_cast<int8_t>(ConfigResourceType::broker);
    record.name = "min.insync.replicas";
    record.value = value;
    decision.records.push_back(encode_record(record, 0));
  }
  if (transactions) decision.records.push_back(encode_record(wire::EndTransactionRecord{}, 0));
  return decision;
}

Decision Controller::on(const Tick&, const ControllerContext& context) {
  Decision decision{.records = {}, .response = TickResult{}, .atomic = false};
  image().for_each_broker([&](const BrokerImage& broker) {
    if (broker.fenced || broker.id == options_.node_id) return;
    const auto [session, is_new] = sessions_.try_emplace(broker.id, Session{.last_contact = context.now});
    if (is_new || has_valid_session(broker.id, context.now) || !decision.records.empty()) return;
    handle_fenced(broker, decision.records);  // one broker per tick: each change is decided on what the last one left
  });
  return decision;
}

}  // namespace moldau::metadata
