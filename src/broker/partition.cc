#include "broker/partition.h"

#include <algorithm>
#include <utility>

#include "base/trace.h"

namespace moldau::broker {

using wire::ErrorCode;

void FetchWait::unlink() noexcept {
  if (link == nullptr) return;
  *link = next;
  if (next != nullptr) next->link = link;
  link = nullptr;
  next = nullptr;
}

Partition::Partition(PartitionHost& host, NodeId self, store::Log& log, Offset high_watermark)
    : host_(host),
      self_(self),
      log_(log),
      name_(log.topic() + "-" + std::to_string(log.id().partition)),
      high_watermark_(std::clamp(high_watermark, log.log_start(), std::max(log.log_start(), log.commit_end()))) {
  log_.set_listener(this);
}

Partition::~Partition() {
  log_.set_listener(nullptr);
  while (waits_ != nullptr) waits_->unlink();
}

void Partition::apply(const metadata::PartitionImage& image, int32_t min_insync_replicas, Duration replica_lag_max) {
  if (image.leader != self_) {
    if (leads()) demote(ErrorCode::not_leader_or_follower);
    leader_epoch_ = std::max(leader_epoch_, image.leader_epoch);
    return;
  }
  if (leads() && leader_->leader_epoch() == image.leader_epoch) {
    step(replica::IsrCommitted{ErrorCode::none, image.leader_epoch, image.partition_epoch, image.isr});
    return;
  }
  if (leads()) demote(ErrorCode::not_leader_or_follower);
  if (image.leader_epoch > log_.latest_epoch()) {
    if (const Status begun = log_.begin_epoch(image.leader_epoch); !begun.ok()) {
      trace(TraceLevel::error, "event=epoch_not_begun partition={} epoch={} why=\"{}\"", name_, image.leader_epoch,
            begun.failure().message);
      return;
    }
  }
  replica::LeaderOptions options{.self = self_,
                                 .leader_epoch = image.leader_epoch,
                                 .partition_epoch = image.partition_epoch,
                                 .replicas = image.replicas,
                                 .isr = image.isr,
                                 .min_insync_replicas = min_insync_replicas,
                                 .replica_lag_max = replica_lag_max};
  leader_.emplace(std::move(options), log_.next_offset(), log_.commit_end(), high_watermark_);
  high_watermark_ = leader_->high_watermark();
  leader_epoch_ = image.leader_epoch;
  wake_all();
}

void Partition::configure(const metadata::TopicSettings& settings) {
  admission_ = admission_config_of(settings);
  store::LogConfig config = log_config_of(settings, log_.config().producer_id_expiration_ms);
  log_.configure(config);
  if (!leads()) return;
  step(replica::Configured{settings.min_insync_replicas});
  step(replica::Stable{log_.commit_end()});  // write.caching may have moved the commit end
}

void Partition::demote(ErrorCode error) {
  if (leads()) step(replica::Demoted{error});
  wake_all();
}

Offset Partition::last_stable_offset() {
  const std::optional<Offset> open = log_.first_open_transaction();
  return open.has_value() ? std::min(*open, high_watermark()) : high_watermark();
}

ErrorCode Partition::may_append(int16_t acks) const noexcept {
  if (log_.offline()) return ErrorCode::kafka_storage_error;
  return leader_.has_value() ? leader_->may_append(acks) : ErrorCode::not_leader_or_follower;
}

ErrorCode Partition::may_read(Epoch epoch, bool only_leader) const noexcept {
  if (log_.offline()) return ErrorCode::kafka_storage_error;
  if (epoch >= 0 && epoch != leader_epoch()) {
    return epoch < leader_epoch() ? ErrorCode::fenced_leader_epoch : ErrorCode::unknown_leader_epoch;
  }
  return only_leader && !leads() ? ErrorCode::not_leader_or_follower : ErrorCode::none;
}

void Partition::wait_for(const replica::Queued& queued) {
  if (!leader_.has_value()) {
    host_.acknowledge(queued.id, ErrorCode::not_leader_or_follower);
    return;
  }
  step(queued);
  if (leader_->waiting() > 0) host_.produce_waits(*this);
}

void Partition::follower_fetched(const replica::FollowerFetched& fetched) {
  step(fetched);
}
void Partition::isr_decided(const replica::IsrCommitted& decided) {
  step(decided);
}
void Partition::tick() {
  step(replica::Ticked{});
}

void Partition::add_wait(FetchWait& wait) noexcept {
  wait.unlink();
  wait.next = waits_;
  wait.link = &waits_;
  if (waits_ != nullptr) waits_->link = &wait.next;
  waits_ = &wait;
}

void Partition::on_appended(Offset end) {
  step(replica::Appended{end, log_.commit_end()});
}

void Partition::on_stable(Offset) {
  step(replica::Stable{log_.commit_end()});
}

void Partition::on_refused(Offset first_lost, const Failure& why) {
  trace(TraceLevel::warn, "event=append_refused partition={} offset={} why=\"{}\"", name_, first_lost, why.message);
  step(replica::Refused{first_lost, ErrorCode::kafka_storage_error});
}

void Partition::on_offline(const Failure& why) {
  trace(TraceLevel::error, "event=log_offline partition={} why=\"{}\"", name_, why.message);
  demote(ErrorCode::kafka_storage_error);
  host_.log_offline(*this);
}

void Partition::on_log_start(Offset log_start) {
  high_watermark_ = std::max(high_watermark_, log_start);
  wake_all();
}

void Partition::step(const replica::Leader::Event& event) {
  if (!leader_.has_value()) return;
  Effects<replica::Leader::Effect> effects;
  leader_->step(event, host_.time(), effects);
  for (const replica::Leader::Effect& effect : effects) {
    if (const auto* acknowledge = std::get_if<replica::Acknowledge>(&effect)) {
      host_.acknowledge(acknowledge->id, acknowledge->error);
    } else if (const auto* advance = std::get_if<replica::AdvanceHighWatermark>(&effect)) {
      high_watermark_ = advance->high_watermark;
    } else if (const auto* propose = std::get_if<replica::ProposeIsr>(&effect)) {
      host_.propose_isr(*this, *propose);
    } else {
      wake_all();
    }
  }
}

void Partition::wake_all() {
  for (FetchWait* wait = waits_; wait != nullptr; wait = wait->next) host_.wake_fetch(*wait->fetch, wait->item);
}

store::LogConfig log_config_of(const metadata::TopicSettings& settings, int32_t producer_id_expiration_ms) {
  store::LogConfig config;
  config.segment_bytes = settings.segment_bytes;
  config.segment_ms = settings.segment_ms;
  config.segment_jitter_ms = settings.segment_jitter_ms;
  config.segment_index_bytes = settings.segment_index_bytes;
  config.index_interval_bytes = settings.index_interval_bytes;
  config.retention_bytes = settings.retention_bytes;
  config.retention_ms = settings.retention_ms;
  config.file_delete_delay_ms = settings.file_delete_delay_ms;
  config.flush_messages = settings.flush_messages;
  config.flush_ms = settings.flush_ms;
  config.producer_id_expiration_ms = producer_id_expiration_ms;
  config.cleanup_delete = settings.cleanup_delete;
  config.cleanup_compact = settings.cleanup_compact;
  config.delete_retention_ms = settings.delete_retention_ms;
  config.min_cleanable_dirty_ratio = settings.min_cleanable_dirty_ratio;
  config.min_compaction_lag_ms = settings.min_compaction_lag_ms;
  config.max_compaction_lag_ms = settings.max_compaction_lag_ms;
  config.preallocate = settings.preallocate;
  config.write_caching = settings.write_caching;
  return config;
}

log::AdmissionConfig admission_config_of(const metadata::TopicSettings& settings) {
  log::AdmissionConfig config;
  config.message_bytes_max = settings.max_message_bytes;
  config.segment_bytes_max = settings.segment_bytes;
  config.timestamp_type = settings.message_timestamp_type == metadata::TimestampType::log_append_time
                              ? wire::TimestampType::log_append_time
                              : wire::TimestampType::create_time;
  config.timestamp_before_ms_max = settings.message_timestamp_before_max_ms;
  config.timestamp_after_ms_max = settings.message_timestamp_after_max_ms;
  config.compacted = settings.cleanup_compact;
  switch (settings.compression_type) {
    case metadata::CompressionType::producer:
      break;
    case metadata::CompressionType::uncompressed:
      config.target_codec = compress::Codec::none;
      break;
    case metadata::CompressionType::gzip:
      config.target_codec = compress::Codec::gzip;
      config.target_level = settings.compression_gzip_level;
      break;
    case metadata::CompressionType::snappy:
      config.target_codec = compress::Codec::snappy;
      break;
    case metadata::CompressionType::lz4:
      config.target_codec = compress::Codec::lz4;
      config.target_level = settings.compression_lz4_level;
      break;
    case metadata::CompressionType::zstd:
      config.target_codec = compress::Codec::zstd;
      config.target_level = settings.compression_zstd_level;
      break;
  }
  return config;
}

}  // namespace moldau::broker
