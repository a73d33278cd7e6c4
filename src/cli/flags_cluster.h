// The flags of the cluster and security verbs, and their longer help. Only commands.cc includes it.
#pragma once

#include "cli/flags_common.h"

namespace moldau::cli {

inline constexpr Flag info_flags[] = {
    output_format,
    {"print-brokers", 'b', FlagKind::boolean, "false", "Print the brokers"},
    {"print-cluster", 'c', FlagKind::boolean, "false", "Print the cluster's id"},
    {"print-detailed-topics", 'd', FlagKind::boolean, "false", "Print a line for each partition (implies -t)"},
    {"print-internal-topics", 'i', FlagKind::boolean, "false", "Include internal topics (implies -t)"},
    {"print-topics", 't', FlagKind::boolean, "false", "Print the topics (implied by naming some)"},
};
inline constexpr Flag health_flags[] = {
    {"exit-when-healthy", 'e', FlagKind::boolean, "false", "Wait until the cluster is healthy, then end"},
    output_format,
    {"watch", 'w', FlagKind::boolean, "false", "Go on and print each change"},
};

inline constexpr Flag config_list_flags[] = {
    {"filter", 0, FlagKind::text, "", "Only the keys that match this regular expression as a whole"},
    output_format,
    {"node-id", 0, FlagKind::integer, "-1", "The broker whose settings to print; without it, the controller's", "", 0,
     int32_max},
};
inline constexpr Flag config_set_flags[] = {
    {"no-confirm", 0, FlagKind::boolean, "false", "Ask nothing; there is nothing to ask here"},
};
inline constexpr Flag config_export_flags[] = {
    {"all", 0, FlagKind::boolean, "false", "Include settings that the cluster was not given: defaults and files"},
    {"filename", 'f', FlagKind::text, "", "Write to this file"},
};
inline constexpr Flag config_import_flags[] = {
    {"all", 0, FlagKind::boolean, "false", "The file was exported with --all"},
    {"filename", 'f', FlagKind::text, "", "Read this file; - is standard input"},
};
inline constexpr Flag logdirs_flags[] = {
    {"aggregate-into", 0, FlagKind::text, "", "Sum the sizes up into this column", "broker|dir|topic"},
    {"broker", 'b', FlagKind::integer, "-1", "Only this broker; -1: all", "", -1, int32_max},
    output_format,
    {"human-readable", 'H', FlagKind::boolean, "false", "Print sizes with units"},
    {"sort-by-size", 0, FlagKind::boolean, "false", "Largest first"},
    {"topics", 0, FlagKind::texts, "", "Only these topics, with commas between"},
};
inline constexpr Flag partitions_list_flags[] = {
    {"all", 'a', FlagKind::boolean, "false", "All topics"},
    {"disabled-only", 0, FlagKind::boolean, "false", "Only partitions that are disabled: none ever is"},
    output_format,
    {"node-ids", 'n', FlagKind::integers, "", "Only partitions with a replica on these brokers", "", 0, int32_max},
    {"partition", 'p', FlagKind::integers, "", "Only these partitions, with commas between", "", 0, int32_max},
};

}  // namespace moldau::cli
