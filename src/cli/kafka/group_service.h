// What kafka-consumer-groups does, action by action. Its parts: group_service.cc (list, describe), group_offsets.cc
// (reset, delete), reset_plan.cc (which offset is wanted).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/kafka/options.h"
#include "cli/session.h"
#include "client/admin_groups.h"

namespace moldau::cli::kafka {

using Partition = client::GroupPartition;
using PartitionOffset = std::pair<Partition, Offset>;

/// A failure of this kind is a wrong use: shown above the help, exit code 1.
inline constexpr FailureKind wrong_use = FailureKind::foreign;

class GroupService {
 public:
  GroupService(Session& session, const Options& options) : session_(session), options_(options) {}

  Status list();
  Status describe();
  Status reset_offsets();
  Status delete_offsets();
  Status delete_groups();

 private:
  Failure world(const Failure& failure) const { return session_.explain(failure); }
  Result<std::vector<client::ListedGroup>> listed(std::vector<std::string> states, std::vector<std::string> types);
  Result<std::vector<std::string>> chosen_groups();
  bool has_rows(const client::DescribedGroup& group, size_t rows) const;
  Status print_offsets(const client::DescribedGroup& group);
  Status print_members(const client::DescribedGroup& group);
  Status print_state(const client::DescribedGroup& group);

  Result<std::vector<Partition>> partitions_of(std::span<const std::string> topics);
  Result<std::vector<PartitionOffset>> committed(const std::string& group);
  Result<std::vector<PartitionOffset>> offsets_at(const std::vector<Partition>& partitions, int64_t time);
  Result<std::vector<PartitionOffset>> offsets_at_time(const std::vector<Partition>& partitions, int64_t time);
  Result<std::vector<PartitionOffset>> within_range(std::vector<PartitionOffset> wanted);
  Result<std::vector<PartitionOffset>> shifted(const std::string& group, const std::vector<Partition>& partitions);
  Result<std::vector<PartitionOffset>> current(const std::string& group, const std::vector<Partition>& partitions);
  Result<std::vector<PartitionOffset>> from_file(const std::string& group);
  Result<std::vector<PartitionOffset>> wanted_offsets(const std::string& group,
                                                      const std::vector<Partition>& partitions);
  Result<std::vector<PartitionOffset>> reset_group(const std::string& group);

  Session& session_;
  const Options& options_;
};

/// "topic-3".
std::string name_of(const Partition& partition);
/// Prints "\nError: ..." as these scripts do: to standard output.
void print_group_error(std::string_view message);

/// Milliseconds of "2020-01-31T08:00:00.000", with an optional zone (Z, +02:00), else UTC.
Result<int64_t> parse_datetime(std::string_view text);
/// Milliseconds of an ISO 8601 duration: "P1DT2H3M4.5S".
Result<int64_t> parse_iso_duration(std::string_view text);

}  // namespace moldau::cli::kafka
