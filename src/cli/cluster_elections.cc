// cluster partitions elect-leaders.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin_elections.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The partitions that arguments and -p name; none with --all.
Result<std::optional<std::vector<client::GroupPartition>>> chosen(Session& session, const Invocation& invocation) {
  std::optional<std::vector<client::GroupPartition>> partitions;
  if (invocation.boolean("all")) return partitions;
  const auto topology = session.wait(session.client().metadata(invocation.arguments()));
  if (!topology.ok()) return session.explain(topology.failure());
  const std::vector<int64_t> only = invocation.integers("partition");
  partitions.emplace();
  for (const std::string& name : invocation.arguments()) {
    const client::TopicInfo* topic = (*topology)->topic(name);
    const wire::ErrorCode error = topic == nullptr ? wire::ErrorCode::unknown_topic_or_partition : topic->error;
    if (error != wire::ErrorCode::none) {
      return Failure{FailureKind::not_found, fmt::format("topic {}: {}", name, describe_error(error))};
    }
    if (only.empty()) {
      for (const auto& partition : topic->partitions) partitions->push_back({name, partition.index});
    }
    for (const int64_t index : only) partitions->push_back({name, static_cast<PartitionIndex>(index)});
  }
  return partitions;
}

}  // namespace

int cluster_partitions_elect_leaders(const Invocation& invocation) {
  const Json shape = Json::array({{{"topic", "name"}, {"partition", 0}, {"status", "OK, or NAME: what went wrong"}}});
  if (print_format_help(invocation, shape)) return 0;
  const bool all = invocation.boolean("all");
  if (all != invocation.arguments().empty()) return fail("say which partitions: TOPICS..., or --all and no topic");
  if (all && invocation.given("partition")) return fail("--partition needs topics: leave --all out");
  const bool unclean = invocation.boolean("unclean");
  if (unclean) {
    const auto sure = confirmed(invocation, "elect replicas that may lack records, and lose these");
    if (!sure.ok()) return fail(sure.failure());
    if (!*sure) return fail("nothing was changed");
  }
  auto session = Session::open(invocation);
  if (!session.ok()) return fail(session.failure());
  auto partitions = chosen(**session, invocation);
  if (!partitions.ok()) return fail(partitions.failure());
  const auto elections = (*session)->wait(client::elect_leaders(
      (*session)->client(), unclean ? client::ElectionType::unclean : client::ElectionType::preferred,
      std::move(partitions).value(), (*session)->options().command_timeout));
  if (!elections.ok()) return fail((*session)->explain(elections.failure()));
  Json list = Json::array();
  Table table({"topic", "partition", "status"});
  bool failed = false;
  for (const client::Election& one : *elections) {
    const bool not_needed = one.error == wire::ErrorCode::election_not_needed;
    const bool done = one.error == wire::ErrorCode::none;
    failed |= !done && !not_needed;
    const std::string status = done ? "OK" : not_needed ? "NOT NEEDED" : describe_error(one.error, one.message);
    list.push_back({{"topic", one.partition.topic}, {"partition", one.partition.partition}, {"status", status}});
    table.add({one.partition.topic, std::to_string(one.partition.partition), status});
  }
  if (!print_formatted(invocation, list)) {
    print(elections->empty() ? "No partition needs an election.\n" : table.to_string());
  }
  return failed ? 1 : 0;
}

}  // namespace moldau::cli
