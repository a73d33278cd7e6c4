// Where the replicas of new partitions go, and whether a manual assignment is one. Internal to the controller. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metadata/image.h"
#include "wire/error_code.h"

namespace moldau::metadata {

/// Why something is refused.
struct Fault {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::string message;
};

/// Brokers in turn, racks apart, those alive first.
class Placement {
 public:
  /// `start` varies where the first partition lands.
  Placement(const Image& image, uint64_t start);

  /// Why `factor` replicas cannot be placed; empty if they can.
  std::string fault(int16_t factor) const;
  /// REQUIRES: fault(factor) is empty.
  std::vector<NodeId> replicas(PartitionIndex partition, int16_t factor) const;

 private:
  uint64_t start_;
  std::vector<NodeId> live_;
  std::vector<NodeId> fenced_;
};

/// Where a new replica on broker `id` goes when nobody says.
Uuid default_directory(const Image& image, NodeId id);
/// A new partition with these replicas; its ISR is what is alive of them.
PartitionImage new_partition(const Image& image, std::vector<NodeId> replicas);
/// Checks a manual assignment of one partition. `expected`: replicas that it must have; 0 for any number.
std::optional<Fault> check_assignment(const Image& image, const std::vector<NodeId>& replicas, size_t expected);

}  // namespace moldau::metadata
