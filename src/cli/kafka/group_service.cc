#include "cli/kafka/group_service.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/connect.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/text.h"
#include "client/admin.h"
#include "client/admin_consumer_groups.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view states[] = {"CompletingRebalance", "Stable", "Assigning", "Reconciling",
                                       "PreparingRebalance",  "Empty",  "Dead"};
constexpr std::string_view types[] = {"Consumer", "Classic"};
constexpr size_t width_min = 15;
constexpr std::string_view no_value = "-";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The names of `known` that a list with commas between names, in any case; a failure names the first unknown.
Result<std::vector<std::string>> parse_choice(std::string_view list, std::span<const std::string_view> known,
                                              std::string_view what) {
  std::vector<std::string> chosen;
  if (list.empty()) return chosen;
  for (const std::string_view one : split(list, ',')) {
    const auto found =
        std::ranges::find_if(known, [&](std::string_view name) { return upper(name) == upper(trimmed(one)); });
    if (found == known.end()) {
      return Failure{wrong_use,
                     fmt::format("Invalid {0} list '{1}'. Valid {0} are: {2}", what, list, fmt::join(known, ", "))};
    }
    chosen.emplace_back(*found);
  }
  return chosen;
}

template <typename Items, typename Text>
size_t width_of(const Items& items, Text text, size_t least = width_min) {
  size_t width = least;
  for (const auto& item : items) width = std::max(width, text(item).size());
  return width;
}

std::string number_or_dash(Offset offset) {
  return offset < 0 ? std::string(no_value) : std::to_string(offset);
}

/// "t1:0,1;t2:3": what a member has.
std::string assignment_text(const std::vector<Partition>& assigned) {
  std::string text;
  const std::string* topic = nullptr;
  for (const Partition& one : assigned) {
    const bool same = topic != nullptr && *topic == one.topic;
    if (!same) text += fmt::format("{}{}:", text.empty() ? "" : ";", one.topic);
    text += fmt::format("{}{}", same ? "," : "", one.partition);
    topic = &one.topic;
  }
  return text.empty() ? std::string(no_value) : text;
}

struct OffsetRow {
  Partition partition;
  Offset committed = no_offset;
  Epoch epoch = no_epoch;
  Offset end = no_offset;
  std::string consumer{no_value};
  std::string host{no_value};
  std::string client{no_value};
};

std::string offset_lines(const std::string& group, const std::vector<OffsetRow>& rows, bool verbose) {
  const size_t topics = width_of(rows, [](const OffsetRow& row) -> const std::string& { return row.partition.topic; });
  const size_t consumers = width_of(rows, [](const OffsetRow& row) -> const std::string& { return row.consumer; });
  const size_t hosts = width_of(rows, [](const OffsetRow& row) -> const std::string& { return row.host; });
  const size_t groups = std::max(width_min, group.size());
  std::string out;
  const auto line = [&](std::string_view name, std::string_view topic, std::string_view partition,
                        std::string_view epoch, std::string_view offset, std::string_view end, std::string_view lag,
                        std::string_view consumer, std::string_view host, std::string_view client) {
    out += fmt::format("\n{:<{}} {:<{}} {:<10} ", name, groups, topic, topics, partition);
    if (verbose) out += fmt::format("{:<15} ", epoch);
    out += fmt::format("{:<15} {:<15} {:<15} {:<{}} {:<{}} {}", offset, end, lag, consumer, consumers, host, hosts,
                       client);
  };
  line("GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST",
       "CLIENT-ID");
  for (const OffsetRow& row : rows) {
    const std::string lag =
        row.committed < 0 || row.end < 0 ? std::string(no_value) : std::to_string(row.end - row.committed);
    line(group, row.partition.topic, std::to_string(row.partition.partition), number_or_dash(row.epoch),
         number_or_dash(row.committed), number_or_dash(row.end), lag, row.consumer, row.host, row.client);
  }
  return out + "\n";
}

}  // namespace

std::string name_of(const Partition& partition) {
  return fmt::format("{}-{}", partition.topic, partition.partition);
}

void print_group_error(std::string_view message) {
  print(fmt::format("\nError: {}\n", message));
}

Result<std::vector<client::ListedGroup>> GroupService::listed(std::vector<std::string> states_wanted,
                                                              std::vector<std::string> types_wanted) {
  auto groups =
      session_.wait(client::list_groups(session_.client(), std::move(states_wanted), std::move(types_wanted)));
  if (!groups.ok()) return world(groups.failure());
  // Brokers name types in lower case, Kafka's script with a capital.
  for (client::ListedGroup& group : *groups) {
    if (!group.type.empty()) group.type[0] = upper(group.type.substr(0, 1))[0];
  }
  // Consumers' groups, and simple ones, which only commit.
  std::erase_if(*groups, [](const client::ListedGroup& group) {
    const bool consumers = group.protocol_type == client::consumer_protocol_type || group.protocol_type.empty();
    const bool type_fits = group.type.empty() || group.type == "Classic" || group.type == "Consumer";
    return !consumers || !type_fits;
  });
  java_hash_order(*groups, [](const client::ListedGroup& group) { return java_hash(group.id); });
  return std::move(groups).value();
}

Status GroupService::list() {
  const bool with_type = options_.has("type");
  const bool with_state = options_.has("state");
  ASSIGN_OR_RETURN(std::vector<std::string> types_wanted, parse_choice(options_.value("type"), types, "types"));
  ASSIGN_OR_RETURN(std::vector<std::string> states_wanted, parse_choice(options_.value("state"), states, "state"));
  ASSIGN_OR_RETURN(const std::vector<client::ListedGroup> groups,
                   listed(std::move(states_wanted), std::move(types_wanted)));
  std::string out;
  if (!with_type && !with_state) {
    for (const auto& group : groups) out += group.id + "\n";
    print(out);
    return {};
  }
  const size_t width = width_of(groups, [](const auto& group) -> const std::string& { return group.id; }) + 10;
  const auto line = [&](std::string_view id, std::string_view type, std::string_view state) {
    out += fmt::format("{:<{}}", id, width);
    if (with_type) out += fmt::format(" {:<20}", type);
    if (with_state) out += fmt::format(" {:<20}", state);
    out += '\n';
  };
  line("GROUP", "TYPE", "STATE");
  for (const auto& group : groups) {
    line(group.id, group.type.empty() ? "Unknown" : group.type, group.state.empty() ? "Unknown" : group.state);
  }
  print(out);
  return {};
}

Result<std::vector<std::string>> GroupService::chosen_groups() {
  std::vector<std::string> ids;
  if (!options_.has("all-groups")) {
    for (const std::string& id : options_.values("group")) {
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    }
    return ids;
  }
  ASSIGN_OR_RETURN(const std::vector<client::ListedGroup> groups, listed({}, {}));
  for (const auto& group : groups) ids.push_back(group.id);
  return ids;
}

// --- describe ---

/// Says what is odd about the group's state; whether there is something to print.
bool GroupService::has_rows(const client::DescribedGroup& group, size_t rows) const {
  if (group.state == "Dead") {
    print_group_error(fmt::format("Consumer group '{}' does not exist.", group.id));
    return false;
  }
  if (group.state == "Empty") {
    print_error(fmt::format("\nConsumer group '{}' has no active members.\n", group.id));
  } else if (group.state != "Stable") {
    print_error(fmt::format("\nWarning: Consumer group '{}' is rebalancing.\n", group.id));
  }
  return rows > 0;
}

Status GroupService::print_offsets(const client::DescribedGroup& group) {
  const auto offsets = session_.wait(client::group_offsets(session_.client(), group.id));
  if (!offsets.ok()) return world(offsets.failure());
  std::map<Partition, std::pair<Offset, Epoch>> stored;
  for (const auto& one : *offsets) stored[{one.topic, one.partition}] = {one.offset, one.leader_epoch};
  std::vector<const client::GroupMember*> members;
  for (const auto& member : group.members) {
    if (!member.assigned.empty()) members.push_back(&member);
  }
  std::ranges::sort(members, [](const auto* a, const auto* b) { return a->assigned.size() > b->assigned.size(); });
  std::vector<OffsetRow> rows;
  const auto add = [&](const Partition& partition) -> OffsetRow& {
    OffsetRow& row = rows.emplace_back();
    row.partition = partition;
    const auto found = stored.find(partition);
    if (found != stored.end()) {
      row.committed = found->second.first;
      row.epoch = found->second.second;
      stored.erase(found);
    }
    return row;
  };
  for (const auto* member : members) {
    for (const Partition& partition : member->assigned) {
      OffsetRow& row = add(partition);
      row.consumer = member->id;
      row.host = member->client_host;
      row.client = member->client_id;
    }
  }
  while (!stored.empty()) add(Partition(stored.begin()->first));
  std::vector<client::OffsetQuery> queries;
  for (const OffsetRow& row : rows) queries.push_back({row.partition.topic, row.partition.partition});
  const auto ends =
      session_.wait(client::list_offsets(session_.client(), std::move(queries), client::Isolation::read_uncommitted));
  if (!ends.ok()) return world(ends.failure());
  for (size_t i = 0; i < rows.size(); ++i) rows[i].end = (*ends)[i].offset;
  if (has_rows(group, rows.size())) print(offset_lines(group.id, rows, options_.has("verbose")));
  return {};
}

Status GroupService::print_members(const client::DescribedGroup& group) {
  const bool verbose = options_.has("verbose");
  client::ConsumerGroupEpochs epochs;
  if (verbose && group.type == "consumer") {
    const auto described = session_.wait(client::describe_group_epochs(session_.client(), group.coordinator, group.id));
    if (!described.ok()) return world(described.failure());
    epochs = *described;
  }
  has_rows(group, group.members.size());
  const auto& members = group.members;
  using Member = client::GroupMember;
  const size_t groups = members.empty() ? width_min : std::max(width_min, group.id.size());
  const size_t ids = width_of(members, [](const Member& one) -> const std::string& { return one.id; });
  const size_t hosts = width_of(members, [](const Member& one) -> const std::string& { return one.client_host; });
  const size_t clients = width_of(members, [](const Member& one) -> const std::string& { return one.client_id; });
  const size_t instances = width_of(members, [](const Member& one) { return one.instance_id.value_or(""); }, 17);
  const bool with_instance =
      std::ranges::any_of(members, [](const Member& one) { return one.instance_id.has_value(); });
  const auto upgraded = [&](const client::ConsumerGroupMemberEpochs* own) {
    return own != nullptr && own->classic ? (*own->classic ? "false" : "true") : "";
  };
  struct Extra {
    std::string epoch{no_value};
    std::string current;
    std::string target_epoch{no_value};
    std::string target{no_value};
    std::string upgraded{no_value};
  };
  std::vector<Extra> extras;
  bool mixed = false;
  for (const Member& member : members) {
    Extra& extra = extras.emplace_back();
    extra.current = assignment_text(member.assigned);
    const auto own = std::ranges::find(epochs.members, member.id, &client::ConsumerGroupMemberEpochs::id);
    if (own == epochs.members.end()) continue;
    extra.epoch = std::to_string(own->epoch);
    extra.target_epoch = std::to_string(epochs.assignment_epoch);
    extra.target = assignment_text(own->target);
    extra.upgraded = upgraded(&*own);
    mixed = mixed || (own->classic && *own->classic);
  }
  const size_t currents = width_of(extras, [](const Extra& one) -> const std::string& { return one.current; }, 20);
  const size_t targets = width_of(extras, [](const Extra& one) -> const std::string& { return one.target; }, 20);
  std::string out;
  const auto line = [&](const Member& member, std::string_view name, std::string_view partitions, const Extra& extra) {
    out += fmt::format("{:<{}} {:<{}} ", name, groups, member.id, ids);
    if (with_instance) out += fmt::format("{:<{}} ", member.instance_id.value_or(""), instances);
    out += fmt::format("{:<{}} {:<{}} {:<15} ", member.client_host, hosts, member.client_id, clients, partitions);
    if (verbose) {
      out += fmt::format("{:<15} {:<{}} {:<15} {:<{}}", extra.epoch, extra.current, currents, extra.target_epoch,
                         extra.target, targets);
      if (mixed) out += " " + extra.upgraded;
    }
    out += '\n';
  };
  out += '\n';
  line({.id = "CONSUMER-ID",
        .instance_id = "GROUP-INSTANCE-ID",
        .client_id = "CLIENT-ID",
        .client_host = "HOST",
        .assigned = {}},
       "GROUP", "#PARTITIONS",
       {"CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED"});
  for (size_t i = 0; i < members.size(); ++i) {
    line(members[i], group.id, std::to_string(members[i].assigned.size()), extras[i]);
  }
  print(out);
  return {};
}

Status GroupService::print_state(const client::DescribedGroup& group) {
  const bool verbose = options_.has("verbose");
  if (!has_rows(group, 1)) return {};
  std::string group_epoch(no_value);
  std::string target_epoch(no_value);
  if (verbose && group.type == "consumer") {
    const auto epochs = session_.wait(client::describe_group_epochs(session_.client(), group.coordinator, group.id));
    if (!epochs.ok()) return world(epochs.failure());
    group_epoch = std::to_string(epochs->group_epoch);
    target_epoch = std::to_string(epochs->assignment_epoch);
  }
  const client::Node* node = session_.client().known()->node(group.coordinator);
  const std::string coordinator =
      fmt::format("{}  ({})", node != nullptr ? node->address.to_string() : "", group.coordinator);
  const size_t width = std::max<size_t>(25, coordinator.size());
  const size_t groups = std::max(width_min, group.id.size());
  std::string out;
  const auto line = [&](std::string_view id, std::string_view where, std::string_view strategy, std::string_view state,
                        std::string_view epoch, std::string_view target, std::string_view members) {
    out += fmt::format("\n{:<{}} {:<{}} {:<20} {:<20} ", id, groups, where, width, strategy, state);
    if (verbose) out += fmt::format("{:<15} {:<25} ", epoch, target);
    out += members;
  };
  line("GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH",
       "#MEMBERS");
  const std::string protocol = group.protocol.empty() ? std::string(no_value) : group.protocol;
  line(group.id, coordinator, protocol, group.state, group_epoch, target_epoch, std::to_string(group.members.size()));
  print(out + "\n");
  return {};
}

Status GroupService::describe() {
  ASSIGN_OR_RETURN(std::vector<std::string> ids, chosen_groups());
  std::ranges::sort(ids);
  if (ids.empty()) return {};
  const auto groups = session_.wait(client::describe_groups(session_.client(), std::move(ids)));
  if (!groups.ok()) return world(groups.failure());
  for (const auto& group : *groups) {
    if (group.error == wire::ErrorCode::none) continue;
    return Failure{FailureKind::not_found, exception_of(group.error, group.message)};
  }
  for (const auto& group : *groups) {
    if (options_.has("members")) {
      RETURN_IF_FAILED(print_members(group));
    } else if (options_.has("state")) {
      RETURN_IF_FAILED(print_state(group));
    } else {
      RETURN_IF_FAILED(print_offsets(group));
    }
  }
  return {};
}

}  // namespace moldau::cli::kafka
