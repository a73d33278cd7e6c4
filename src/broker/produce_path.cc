#include "broker/produce_path.h"

#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "broker/shard.h"

namespace moldau::broker {

using wire::ErrorCode;

uint32_t ProducePath::claim() {
  if (free_.empty()) {
    slots_.push_back(std::make_unique<Pending>());
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void ProducePath::handle(Request request) {
  if (!shard_.decode_body(request, message_)) return;
  const uint32_t slot = claim();
  Pending& pending = *slots_[slot];
  pending.request = std::move(request);
  pending.acks = message_.acks;
  const api::RequestContext context = shard_.context(pending.request, pending.arena);
  api::ProducePlan plan = api::plan_produce(context, shard_.facts(), message_);
  pending.parts = std::move(plan.parts);
  shard_.count_owners(pending.request.connection, pending.parts);
  for (const auto& topic : message_.topic_data) pending.topics.push_back({topic.name, topic.topic_id});
  const Instant deadline = shard_.now() + std::max(milliseconds(plan.timeout_ms), timeout_min);
  append_all(slot, deadline);
}

void ProducePath::handle_parts(std::unique_ptr<Parts> parts) {
  const uint32_t slot = claim();
  Pending& pending = *slots_[slot];
  pending.request.frame = std::move(parts->frame);
  pending.request.version = parts->version;
  pending.acks = parts->acks;
  for (const Parts::Part& part : parts->parts) {
    pending.parts.push_back({.index = part.id.partition, .id = part.id, .records = part.records});
  }
  const Instant deadline = parts->deadline;
  pending.asked = std::move(parts);
  append_all(slot, deadline);
}

void ProducePath::append_all(uint32_t slot, Instant deadline) {
  Pending& pending = *slots_[slot];
  pending.undecided = static_cast<uint32_t>(pending.parts.size()) + 1;
  for (uint32_t index = 0; index < pending.parts.size(); ++index) {
    if (pending.parts[index].error == ErrorCode::none) {
      append(slot, index, deadline);
    } else {
      decided(slot);
    }
  }
  if (!leaving_.empty()) hand_over();
  decided(slot);
}

// A part whose partition another shard owns: to be sent there with the others, once all parts were looked at.
bool ProducePath::send_on(uint32_t slot, uint32_t index, Instant deadline) {
  Pending& pending = *slots_[slot];
  const api::ProducePart& part = pending.parts[index];
  const size_t owner = shard_.owner_of(part.id);
  if (owner == shard_.index()) return false;
  auto found = std::find_if(leaving_.begin(), leaving_.end(), [&](const auto& one) { return one.first == owner; });
  if (found == leaving_.end()) {
    auto made = std::make_unique<Parts>();
    made->shard = shard_.index();
    made->request = pending.id(slot);
    made->frame = pending.request.frame;
    made->version = pending.request.version;
    made->acks = pending.acks;
    made->deadline = deadline;
    found = leaving_.emplace(leaving_.end(), owner, std::move(made));
  }
  found->second->parts.push_back({index, part.id, part.records});
  return true;
}

void ProducePath::hand_over() {
  for (auto& [owner, parts] : std::exchange(leaving_, {})) {
    shard_.post_seen(owner, [asked = std::move(parts)](Shard& shard) mutable {
      shard.produce_path().handle_parts(std::move(asked));
    });
  }
}

void ProducePath::append(uint32_t slot, uint32_t index, Instant deadline) {
  Pending& pending = *slots_[slot];
  api::ProducePart& part = pending.parts[index];
  Partition* const partition = shard_.partition(part.id);
  if (partition == nullptr && send_on(slot, index, deadline)) return;
  part.error = partition == nullptr ? ErrorCode::not_leader_or_follower : partition->may_append(pending.acks);
  if (partition != nullptr) ++shard_.counters_of(*partition).produce_requests;
  store::BatchToAppend batch;
  if (part.error != ErrorCode::none || !admit(pending, part, *partition, batch)) {
    decided(slot);
    return;
  }
  Offset end = 0;
  if (check_producer(part, *partition, end)) {
    const auto bytes = batch.bytes.size();
    const auto records = static_cast<uint64_t>(batch.record_count);
    std::vector<store::BatchToAppend> batches;
    batches.push_back(std::move(batch));
    const Result<std::vector<store::Appended>> appended =
        partition->log().append(std::move(batches), partition->leader_epoch());
    if (appended.ok()) {
      part.base_offset = appended->front().base_offset;
      part.log_append_time = admitted_.log_append_time;
      end = appended->front().last_offset + 1;
      Metrics& metrics = shard_.metrics();
      metrics.batches_appended += 1;
      metrics.records_appended += records;
      metrics.record_bytes_appended += bytes;
      TopicCounters& counters = shard_.counters_of(*partition);
      shard_.count_work(*partition, Work::produce + bytes * Work::written_byte);
      counters.messages_in += records;
      counters.bytes_in += bytes;
    } else {
      part.error = ErrorCode::kafka_storage_error;
    }
  }
  if (part.error != ErrorCode::none) {
    decided(slot);
    return;
  }
  part.log_start = partition->log().log_start();
  if (pending.acks == 0) {
    decided(slot);
    return;
  }
  partition->wait_for({{pending.id(slot), index}, end, pending.acks, deadline});
}

bool ProducePath::admit(Pending& pending, api::ProducePart& part, Partition& partition, store::BatchToAppend& batch) {
  const Bytes records = pending.request.frame.slice_of(part.records);
  log::AdmissionInput input;
  input.records = records.span();
  input.topic_partition = partition.name();
  input.produce_version = pending.request.version;
  input.now = shard_.wall();
  log::Admission admission = log::admit(input, partition.admission(), workspace_);
  if (!admission.has_value()) {
    if (admission.error().names_log_start_offset) part.log_start = partition.log().log_start();
    refuse(pending, part, partition, std::move(admission.error()));
    return false;
  }
  admitted_ = *admission;
  batch.bytes = admitted_.in_workspace ? Bytes::copy_of(admitted_.bytes) : records.slice_of(admitted_.bytes);
  batch.record_count = admitted_.record_count;
  batch.max_timestamp = admitted_.max_timestamp;
  batch.offset_of_max_timestamp_delta = std::max(admitted_.max_timestamp_offset_delta, 0);
  return true;
}

void ProducePath::refuse(Pending& pending, api::ProducePart& part, const Partition& partition, log::Refusal refusal) {
  part.error = refusal.error;
  if (refusal.message.has_value()) part.message = pending.arena.keep(*refusal.message);
  for (const log::RecordError& error : refusal.record_errors) {
    part.record_errors.push_back({error.batch_index, pending.arena.keep(error.message)});
  }
  trace(TraceLevel::debug, "event=produce_refused partition={} error={} detail=\"{}\"", partition.name(),
        name_of(part.error), refusal.detail);
}

bool ProducePath::check_producer(api::ProducePart& part, Partition& partition, Offset& end) {
  if (admitted_.producer_id == no_producer_id) return true;
  log::ProducerAppend append;
  append.producer_id = admitted_.producer_id;
  append.epoch = admitted_.producer_epoch;
  append.base_sequence = admitted_.base_sequence;
  append.last_sequence = admitted_.last_sequence;
  append.base_offset = partition.log().next_offset();
  append.last_offset = append.base_offset + admitted_.last_offset_delta;
  append.max_timestamp = admitted_.max_timestamp;
  append.transactional = admitted_.transactional;
  const bool held_records =
      partition.log().ever_held_records() || shard_.mutant() == store::Mutant::first_sequence_unchecked;
  const log::ProducerCheck check = partition.log().producers().check(append, held_records);
  switch (check.verdict) {
    case log::ProducerVerdict::append:
      return true;
    case log::ProducerVerdict::duplicate:
      if (shard_.mutant() == store::Mutant::duplicate_out_of_order) {
        part.error = ErrorCode::out_of_order_sequence_number;
        break;
      }
      part.base_offset = check.original.first_offset();
      part.log_append_time = check.original.timestamp;
      end = check.original.last_offset + 1;
      return false;
    case log::ProducerVerdict::out_of_order_sequence:
      part.error = ErrorCode::out_of_order_sequence_number;
      break;
    case log::ProducerVerdict::duplicate_sequence:
      part.error = ErrorCode::duplicate_sequence_number;
      break;
    case log::ProducerVerdict::invalid_epoch:
      if (shard_.mutant() == store::Mutant::old_epoch_accepted) return true;
      part.error = ErrorCode::invalid_producer_epoch;
      break;
    case log::ProducerVerdict::invalid_transaction:
      part.error = ErrorCode::invalid_txn_state;
      break;
  }
  part.log_start = partition.log().log_start();
  return false;
}

ProducePath::Pending* ProducePath::find(uint64_t request) noexcept {
  const auto slot = static_cast<uint32_t>(request);
  const auto generation = static_cast<uint32_t>(request >> 32);
  return slot >= slots_.size() || slots_[slot]->generation != generation ? nullptr : slots_[slot].get();
}

void ProducePath::acknowledge(const replica::ProduceId& produce, ErrorCode error) {
  Pending* const found = find(produce.request);
  if (found == nullptr) return;
  Pending& pending = *found;
  if (error != ErrorCode::none) {
    api::ProducePart& part = pending.parts[produce.part];
    part.error = error;
    // Kafka keeps what the append found when only the acknowledgement failed.
    if (error == ErrorCode::kafka_storage_error || error == ErrorCode::not_leader_or_follower) {
      part.base_offset = no_offset;
      part.log_append_time = no_timestamp;
      part.log_start = no_offset;
    }
  }
  decided(static_cast<uint32_t>(produce.request));
}

void ProducePath::take_outcomes(uint64_t request, std::vector<Outcome> outcomes) {
  Pending* const pending = find(request);
  if (pending == nullptr) return;
  for (const Outcome& outcome : outcomes) {
    api::ProducePart& part = pending->parts[outcome.place];
    part.error = outcome.error;
    part.base_offset = outcome.base_offset;
    part.log_append_time = outcome.log_append_time;
    part.log_start = outcome.log_start;
    if (outcome.message.has_value()) part.message = pending->arena.keep(*outcome.message);
    for (const auto& [index, text] : outcome.record_errors) {
      part.record_errors.push_back({index, pending->arena.keep(text)});
    }
  }
  // The last of them ends the request.
  for (size_t i = 0; i < outcomes.size(); ++i) decided(static_cast<uint32_t>(request));
}

void ProducePath::decided(uint32_t slot) {
  Pending& pending = *slots_[slot];
  if (--pending.undecided > 0) return;
  if (pending.asked == nullptr) {
    answer(pending);
  } else {
    report(pending);
  }
  ++pending.generation;
  pending.request = {};
  pending.asked.reset();
  pending.parts.clear();
  pending.topics.clear();
  pending.arena.reset();
  free_.push_back(slot);
}

/// Of topics here: of a part that was handled elsewhere they are counted there.
void ProducePath::count_errors(const Pending& pending) {
  for (const api::ProducePart& part : pending.parts) {
    if (part.error == ErrorCode::none) continue;
    if (Partition* const partition = shard_.partition(part.id)) {
      ++shard_.counters_of(*partition).failed_produce_requests;
    }
  }
}

/// The answer to another shard.
void ProducePath::report(Pending& pending) {
  count_errors(pending);
  std::vector<Outcome> outcomes;
  outcomes.reserve(pending.parts.size());
  for (size_t i = 0; i < pending.parts.size(); ++i) {
    const api::ProducePart& part = pending.parts[i];
    Outcome& outcome = outcomes.emplace_back();
    outcome.place = pending.asked->parts[i].place;
    outcome.error = part.error;
    outcome.base_offset = part.base_offset;
    outcome.log_append_time = part.log_append_time;
    outcome.log_start = part.log_start;
    if (part.message.has_value()) outcome.message = std::string(*part.message);
    for (const auto& row : part.record_errors) {
      outcome.record_errors.emplace_back(row.batch_index, std::string(row.batch_index_error_message.value_or("")));
    }
  }
  shard_.post(pending.asked->shard,
              [request = pending.asked->request, outcomes = std::move(outcomes)](Shard& shard) mutable {
                shard.produce_path().take_outcomes(request, std::move(outcomes));
              });
}

void ProducePath::answer(Pending& pending) {
  uint64_t errors = 0;
  for (const api::ProducePart& part : pending.parts) {
    if (part.error == ErrorCode::none) continue;
    ++errors;
    shard_.metrics().count_error(wire::ApiKey::produce, part.error);
  }
  if (errors > 0) count_errors(pending);
  shard_.metrics().produce_errors += errors;
  if (pending.acks == 0) {
    // Nobody reads an answer: a closed connection is how the producer learns of an error.
    if (errors > 0) {
      shard_.close_connection(pending.request.connection);
    } else {
      shard_.answer_nothing(pending.request);
    }
    return;
  }
  const api::RequestContext context = shard_.context(pending.request, pending.arena);
  shard_.answer(pending.request, api::produce(context, shard_.facts(), pending.topics, pending.parts));
}

}  // namespace moldau::broker
