// Partition: one partition of which this node holds a replica: its Log, its Leader machine while it leads, and the
// fetches that wait for it. Shell: it feeds what happens to the log into the machine and performs the machine's
// effects.
//
// Invariants: the Log's listener is this object; a waiting fetch is linked in at most once per item; the high watermark
// that a demoted partition shows is the last one its leader had.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "broker/metrics.h"
#include "log/admission.h"
#include "metadata/config_resolve.h"
#include "metadata/image.h"
#include "replica/leader.h"
#include "store/log.h"

namespace moldau::broker {

class Partition;
class PendingFetch;

/// One item of a fetch that waits for a partition. Linked into the partition's list; unlinks itself at its end.
struct FetchWait {
  FetchWait() = default;
  FetchWait(const FetchWait&) = delete;
  FetchWait& operator=(const FetchWait&) = delete;
  ~FetchWait() { unlink(); }
  void unlink() noexcept;

  PendingFetch* fetch = nullptr;
  uint32_t item = 0;
  FetchWait* next = nullptr;
  FetchWait** link = nullptr;  // what points to this; null while not linked
};

/// What requests cost the shard that owns their partition, in about a quarter of a nanosecond: for comparisons.
struct Work {
  static constexpr uint64_t produce = 32'768;        ///< a batch, beside its bytes
  static constexpr uint64_t fetch = 4'096;           ///< a look at what there is
  static constexpr uint64_t fetch_records = 16'384;  ///< an answer with records, beside their bytes
  static constexpr uint64_t written_byte = 4;
  static constexpr uint64_t read_byte = 1;
};

/// What a partition asks of its shard.
class PartitionHost {
 public:
  virtual void acknowledge(const replica::ProduceId& produce, wire::ErrorCode error) = 0;
  virtual void propose_isr(Partition& partition, const replica::ProposeIsr& proposal) = 0;
  /// A fetch that waits may go on.
  virtual void wake_fetch(PendingFetch& fetch, uint32_t item) = 0;
  /// A produce waits for its acknowledgement: somebody must call tick() at its deadline.
  virtual void produce_waits(Partition& partition) = 0;
  /// The partition's log directory failed.
  virtual void log_offline(Partition& partition) = 0;
  virtual Instant time() const = 0;

 protected:
  ~PartitionHost() = default;
};

class Partition final : public store::LogListener {
 public:
  Partition(PartitionHost& host, NodeId self, store::Log& log, Offset high_watermark);
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;
  ~Partition();

  store::Log& log() noexcept { return log_; }
  const TopicPartitionId& id() const noexcept { return log_.id(); }
  /// "topic-3", for messages.
  const std::string& name() const noexcept { return name_; }
  const log::AdmissionConfig& admission() const noexcept { return admission_; }

  /// Takes up what the image says: leads, follows, or neither.
  void apply(const metadata::PartitionImage& image, int32_t min_insync_replicas, Duration replica_lag_max);
  /// Takes up new settings of the topic.
  void configure(const metadata::TopicSettings& settings);
  /// The partition goes away: everything that waits gets `error`.
  void demote(wire::ErrorCode error);

  bool leads() const noexcept { return leader_.has_value() && leader_->leading(); }
  Offset high_watermark() const noexcept { return leader_.has_value() ? leader_->high_watermark() : high_watermark_; }
  /// Below it all transactions are decided.
  Offset last_stable_offset();
  Epoch leader_epoch() const noexcept { return leader_.has_value() ? leader_->leader_epoch() : leader_epoch_; }
  const replica::Leader* leader() const noexcept { return leader_.has_value() ? &*leader_ : nullptr; }

  /// not_leader_or_follower, kafka_storage_error, not_enough_replicas or none.
  wire::ErrorCode may_append(int16_t acks) const noexcept;
  /// none, or why a client that believes in `epoch` may not read: epochs first, then leadership.
  wire::ErrorCode may_read(Epoch epoch, bool only_leader) const noexcept;
  /// A produce was appended and waits.
  void wait_for(const replica::Queued& queued);
  void follower_fetched(const replica::FollowerFetched& fetched);
  void isr_decided(const replica::IsrCommitted& decided);
  void tick();
  Instant next_deadline() const noexcept { return leader_.has_value() ? leader_->next_deadline() : Instant::never(); }
  size_t waiting_produces() const noexcept { return leader_.has_value() ? leader_->waiting() : 0; }

  void add_wait(FetchWait& wait) noexcept;

  /// Its shard calls tick() now and then; kept here for it.
  bool ticking = false;
  /// Work since the balancer was told last (Shard::count_work).
  uint64_t work = 0;
  /// Of its topic; null until something is counted (Shard::counters_of).
  TopicCountersRef counters;

 private:
  void on_appended(Offset end) override;
  void on_stable(Offset end) override;
  void on_refused(Offset first_lost, const Failure& why) override;
  void on_offline(const Failure& why) override;
  void on_log_start(Offset log_start) override;

  void step(const replica::Leader::Event& event);
  void wake_all();

  PartitionHost& host_;
  NodeId self_;
  store::Log& log_;
  std::string name_;
  log::AdmissionConfig admission_;
  std::optional<replica::Leader> leader_;
  Offset high_watermark_;
  Epoch leader_epoch_ = no_epoch;
  FetchWait* waits_ = nullptr;
};

/// How the typed settings of a topic configure its logs and admission.
store::LogConfig log_config_of(const metadata::TopicSettings& settings, int32_t producer_id_expiration_ms);
log::AdmissionConfig admission_config_of(const metadata::TopicSettings& settings);

}  // namespace moldau::broker
