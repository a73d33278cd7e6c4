// What the tests of this folder share: committed files, controllers with brokers in them, short ways to say things.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metadata/controller.h"
#include "metadata/snapshot.h"

namespace moldau::metadata::test {

std::string file_text(const std::string& name);
/// Lines of a committed text file without comments.
std::vector<std::string> file_lines(const std::string& name);
/// The bytes of a committed .hex file.
std::vector<std::byte> file_bytes(const std::string& name);

/// Folds the batches of `bytes` from offset `from` on.
inline Status fold(std::span<const std::byte> bytes, ImageBuilder& builder, QuorumRecords& quorum) {
  return read_batches(
      bytes, quorum, [&](std::span<const std::byte> value, Offset offset) { return builder.apply(value, offset); },
      [&](const LogBatch& batch) {
        builder.set_applied({.offset = batch.last_offset, .epoch = batch.epoch, .timestamp = batch.timestamp});
        return Status();
      });
}

/// A controller with a log of its own: what it decides is appended and replayed at once.
class Host {
 public:
  explicit Host(ControllerOptions options = {}) : controller(with_defaults(std::move(options))) {}

  static ControllerOptions with_defaults(ControllerOptions options) {
    if (options.node_id == no_node) options.node_id = 1;
    if (options.cluster_id.empty()) options.cluster_id = "cluster";
    if (options.bootstrap_records.empty()) options.bootstrap_records = default_bootstrap_records();
    return options;
  }

  template <typename Result, typename Request>
  Result ask(Request request) {
    std::vector<Uuid> ids;
    for (int i = 0; i < 64; ++i) {
      ++random_;
      ids.push_back(Uuid::random(random_, random_ * 7919));
    }
    Decision decision =
        controller.handle(std::move(request), {.now = now, .next_offset = next_offset, .random_ids = ids});
    last = decision.records;
    if (!last.empty()) {
      const Applied applied{
          .offset = next_offset + static_cast<Offset>(last.size()) - 1, .epoch = 1, .timestamp = 1000};
      const Status replayed = controller.replay(last, next_offset, applied);
      EXPECT_TRUE(replayed.ok()) << replayed.failure().message;
      next_offset += static_cast<Offset>(last.size());
    }
    return std::get<Result>(std::move(decision.response));
  }

  /// Registers and unfences a broker; returns its epoch.
  int64_t add_broker(NodeId id, int64_t previous_epoch = -1, std::optional<std::string> rack = {}) {
    const int64_t epoch = register_broker(id, previous_epoch, std::move(rack));
    ask<BrokerHeartbeatResult>(BrokerHeartbeat{.broker = id, .broker_epoch = epoch, .metadata_offset = next_offset});
    return epoch;
  }
  int64_t register_broker(NodeId id, int64_t previous_epoch = -1, std::optional<std::string> rack = {}) {
    RegisterBroker request{.broker = id,
                           .cluster_id = "cluster",
                           .incarnation = Uuid::of(1000, static_cast<uint64_t>(++incarnation_)),
                           .listeners = {{"PLAINTEXT", "localhost", 9092, 0}},
                           .features = registered_features(),
                           .rack = std::move(rack),
                           .directories = {Uuid::of(5, static_cast<uint64_t>(id))},
                           .cordoned_directories = {},
                           .previous_broker_epoch = previous_epoch};
    const auto result = ask<RegisterBrokerResult>(request);
    EXPECT_EQ(result.error, ErrorCode::none) << result.message;
    return result.broker_epoch;
  }
  void activate() { ask<ActivateResult>(Activate{}); }
  const Image& image() const { return controller.image(); }
  const PartitionImage& partition(std::string_view topic, PartitionIndex index) const {
    return *image().topic(topic)->partition(index);
  }

  Controller controller;
  Instant now{1};
  Offset next_offset = 0;
  std::vector<EncodedRecord> last;

 private:
  uint64_t random_ = 0;
  int incarnation_ = 0;
};

inline wire::MetadataRecord decoded(const EncodedRecord& record) {
  wire::MetadataRecord result;
  EXPECT_EQ(wire::decode_metadata_record(record, result), wire::DecodeStatus::ok);
  return result;
}

}  // namespace moldau::metadata::test
