// GroupLoop: the shell around the group coordinators of this node: one coordinator::Runtime with a group::GroupMachine
// for each partition of __consumer_offsets that is led here. It reads the partition's log when the leadership begins,
// appends what the machines decide (as a produce with acks=all: through the partition's Leader, always synced), tells
// them of the high watermark, runs their timers, and keeps the requests that wait for an answer.
//
// Life of a coordinator: image_changed() begins it with a leadership (a load, in turns), and ends it with it. Records
// that were appended and then lost (no room), as any other doubt about the log, make it load again. A log that cannot
// be read or replayed is not served: NOT_COORDINATOR for its groups, and an error line, until the partition is led
// anew.
//
// Invariants: a ticket names one request, which is answered once, with its connection gone or not; a machine is entered
// only from enter(), never twice at a time.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/partition.h"
#include "broker/request.h"
#include "coordinator/runtime.h"
#include "group/machine.h"
#include "io/surface.h"
#include "wire/batch_builder.h"
#include "wire/batch_records.h"

namespace moldau::broker {

class Shard;

class GroupLoop final : private group::GroupHost {
 public:
  using Now = coordinator::Now;
  using Ticket = coordinator::Ticket;
  using Decision = coordinator::Decision;

  explicit GroupLoop(Shard& shard);
  GroupLoop(const GroupLoop&) = delete;
  GroupLoop& operator=(const GroupLoop&) = delete;
  ~GroupLoop();

  /// The part number by which its produces are told from those of clients (replica::ProduceId::part; `request` is the
  /// partition).
  static constexpr uint32_t produce_part = UINT32_MAX;

  /// Takes up a new image: leaderships, deleted topics, settings. `delta` null: everything is looked at.
  void image_changed(const metadata::ImageDelta* delta);
  /// A produce of the coordinator of `partition` is committed, or failed.
  void acknowledged(PartitionIndex partition, wire::ErrorCode error);
  /// Answers all that waits and forgets everything.
  void stop();

  // For the handlers (group_handlers.cc).

  /// Answers a request with an error, as its API does.
  /// Partitions of this node were recovered.
  void partitions_arrived(const std::vector<TopicPartitionId>& ids);

  using Refuse = void (*)(Shard& shard, Request& request, wire::ErrorCode error);
  /// Decides in the coordinator of `group`: `decide(machine, caller, now, decision)` must answer caller.ticket, now or
  /// later. Refuses the request if the coordinator is not here, or does not serve.
  template <typename Decide>
  void ask(Request request, std::string_view group, Refuse refuse, Decide&& decide);
  /// As ask(), for a part of a request: `decide(machine, now, decision)`. Returns none, or why it was not called.
  template <typename Decide>
  wire::ErrorCode ask_part(std::string_view group, Decide&& decide);
  /// The same in every coordinator here; an error if one does not serve.
  template <typename Decide>
  wire::ErrorCode ask_all(Decide&& decide);
  /// Makes __consumer_offsets if it is not there; `done` when that is decided.
  void make_offsets_topic(std::function<void()> done);

  const group::GroupSettings& group_settings() const noexcept { return settings_; }
  size_t waiting() const noexcept { return waiting_.size(); }
  size_t group_count() const;
  size_t offset_count() const;
  /// Calls visit(partition, const group::GroupMachine&) -> bool for the coordinators that serve, in order from
  /// partition `first` on, until it returns false.
  template <typename Visit>
  void for_each_machine(PartitionIndex first, Visit&& visit) const {
    for (auto at = coordinated_.lower_bound(first); at != coordinated_.end(); ++at) {
      if (at->second->runtime.state() != coordinator::RuntimeState::active) continue;
      if (!visit(at->first, std::as_const(at->second->machine()))) return;
    }
  }

 private:
  /// One partition's coordinator.
  struct Coordinated final : coordinator::Host {
    Coordinated(GroupLoop& owner, const TopicPartitionId& partition_id, Duration commit_timeout)
        : loop(owner), id(partition_id), runtime(*this, commit_timeout) {}
    wire::Encoded encode(Ticket ticket, const wire::MessageDescriptor& type, const void* message) override;
    void send(coordinator::Reply reply) override;
    void refuse(Ticket ticket, wire::ErrorCode error) override;
    std::expected<Offset, wire::ErrorCode> append(std::span<const coordinator::Record> records, bool split,
                                                  const Now& now) override;
    void failed(const Failure& why) override;
    group::GroupMachine& machine() { return static_cast<group::GroupMachine&>(*runtime.machine()); }

    GroupLoop& loop;
    TopicPartitionId id;
    Epoch epoch = no_epoch;
    coordinator::Runtime runtime;
    bool entered = false;
    bool acknowledged = false;  ///< while it was entered
    bool lost = false;          ///< appended records were
    io::TimerId timer = 0;
    Instant timer_at = Instant::never();
    // Loading.
    uint64_t load = 0;  ///< counts loads: a step of an old one does nothing
    Offset load_next = 0;
    Offset load_end = 0;
    int load_waits = 0;
    Instant load_began;
  };
  /// A request that waits for its answer.
  struct Waiting {
    Request request;
    PartitionIndex partition = 0;
    Refuse refuse = nullptr;
  };

  // group::GroupHost
  const group::GroupSettings& settings() const override { return settings_; }
  const metadata::ImageRef& image() const override;
  const metadata::ConfigMap* group_configs(std::string_view group) const override;
  void group_rebalances() override;
  void offset_committed() override;

  Now now() const;
  Coordinated* find(std::string_view group);
  Coordinated* find(PartitionIndex partition);
  /// What is answered for a group whose coordinator is not here: it may come.
  wire::ErrorCode not_here(std::string_view group) const;
  bool some_recover() const;
  template <typename Enter>
  void enter(Coordinated& coordinated, Enter&& body);
  void settle(Coordinated& coordinated);
  void arm(Coordinated& coordinated);
  Ticket keep(Request request, PartitionIndex partition, Refuse refuse);
  static group::Caller caller_of(Shard& shard, const Request& request, Ticket ticket, const std::string& host);
  std::string host_of(const Request& request) const;
  void refuse_all(PartitionIndex partition, wire::ErrorCode error);

  void apply_partition(const metadata::TopicImage& topic, PartitionIndex index);
  void end(PartitionIndex index, wire::ErrorCode error);
  void begin_load(Coordinated& coordinated);
  void load_step(PartitionIndex index, uint64_t load);
  void load_later(const Coordinated& coordinated, Duration delay);
  Status load_some(Coordinated& coordinated, bool& wait);
  Status load_bytes(Coordinated& coordinated, std::span<const std::byte> bytes);
  Status load_batch(Coordinated& coordinated, const wire::BatchView& batch);
  void finish_load(Coordinated& coordinated);
  Result<std::vector<std::byte>> bytes_of(const store::ReadResult& result);
  std::expected<std::vector<store::BatchToAppend>, wire::ErrorCode> batches_of(
      std::span<const coordinator::Record> records, bool split, const Now& now, size_t bytes_max);

  Shard& shard_;
  group::GroupSettings settings_;
  std::map<PartitionIndex, std::unique_ptr<Coordinated>> coordinated_;
  std::unordered_map<Ticket, Waiting> waiting_;
  Ticket last_ticket_ = 0;
  uint64_t last_load_ = 0;
  wire::RecordIterator records_;
  wire::BatchBuilder builder_;
  bool stopped_ = false;
  bool making_topic_ = false;
  std::vector<std::function<void()>> topic_waiters_;
};

}  // namespace moldau::broker
