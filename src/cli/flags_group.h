// The flags of the group verbs, and their longer help. Only commands.cc includes it.
#pragma once

#include "cli/flags_common.h"

namespace moldau::cli {

inline constexpr Flag group_list_flags[] = {
    output_format,
    {"states", 's', FlagKind::texts, "", "Only groups in these states, with commas between"},
    {"types", 't', FlagKind::texts, "", "Only groups of these types, classic or consumer, with commas between"},
};
inline constexpr Flag group_describe_flags[] = {
    output_format,
    {"instance-ID", 'i', FlagKind::boolean, "false", "Print the instance ids of static members"},
    {"print-commits", 'c', FlagKind::boolean, "false", "Print only the committed offsets"},
    {"print-lag-per-topic", 't', FlagKind::boolean, "false", "Print the lag of each topic"},
    {"print-members", 'm', FlagKind::boolean, "false", "Print only the members, idle ones too"},
    {"print-summary", 's', FlagKind::boolean, "false", "Print only the summary"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
};
inline constexpr Flag group_delete_flags[] = {output_format};
inline constexpr Flag group_offset_delete_flags[] = {
    output_format,
    {"from-file", 'f', FlagKind::text, "", "A file with a line TOPIC PARTITION for each offset; - is standard input"},
    {"topic", 't', FlagKind::texts, "",
     "TOPIC:PARTITION,...; TOPIC alone for all its offsets; may stand several times"},
};
inline constexpr Flag group_seek_flags[] = {
    {"allow-new-topics", 0, FlagKind::boolean, "false", "Commit topics that the group has no offsets of (with --to)"},
    {"dry-run", 0, FlagKind::boolean, "false", "Print what would be committed, commit nothing"},
    output_format,
    {"to", 0, FlagKind::text, "", "start, end, an offset, or a time: @-1h, @2024-02-14, 1622505600"},
    {"to-file", 0, FlagKind::text, "", "A file with a line TOPIC PARTITION OFFSET for each; - is standard input"},
    {"to-group", 0, FlagKind::text, "", "The offsets that this other group has committed"},
    {"topics", 0, FlagKind::texts, "", "Only these topics, with commas between"},
};

inline constexpr std::string_view group_list_details =
    R"(States: PreparingRebalance, CompletingRebalance, Stable, Empty, Dead; of KIP-848 groups also Assigning and
Reconciling. --format wide adds the types.
)";
inline constexpr std::string_view group_describe_details =
    R"(COORDINATOR-PARTITION is the partition of __consumer_offsets that holds the group.

Examples:
  moldau group describe orders-app              summary, then a line for each partition
  moldau group describe -s -r 'orders-.*'       the summaries of several groups
  moldau group describe orders-app -t           lag by topic
)";
inline constexpr std::string_view group_seek_details =
    R"(The group must have no members: stop them first. --to moves the topics that the group has offsets of; others need
--topics and --allow-new-topics. --to-group and --to-file commit all that they name. An offset outside of the log goes
to the log's nearer end.

Examples:
  moldau group seek orders-app --to start --topics orders
  moldau group seek orders-app --to @-1h --dry-run
  moldau group seek copy --to-group orders-app
)";

}  // namespace moldau::cli
