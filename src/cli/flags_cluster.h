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
inline constexpr Flag config_edit_flags[] = {
    {"all", 0, FlagKind::boolean, "false", "Include settings that the cluster was not given: defaults and files"},
};
inline constexpr Flag config_lint_flags[] = {
    {"filename", 'f', FlagKind::text, "", "Check this file; - is standard input"},
};
inline constexpr Flag config_status_flags[] = {output_format};
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

inline constexpr Flag elect_leaders_flags[] = {
    {"all", 'a', FlagKind::boolean, "false", "All partitions that need it"},
    output_format,
    {"no-confirm", 0, FlagKind::boolean, "false", "Do not ask whether to go on (with --unclean)"},
    {"partition", 'p', FlagKind::integers, "", "Only these partitions of the topics, with commas between", "", 0,
     int32_max},
    {"unclean", 0, FlagKind::boolean, "false", "Elect replicas that are behind where no other lives: records are lost"},
};
inline constexpr Flag quotas_alter_flags[] = {
    {"add", 0, FlagKind::texts, "", "A quota, key=number, with commas between; may stand several times"},
    {"default", 0, FlagKind::texts, "", "The default entity of a type: client-id, user or ip"},
    {"delete", 0, FlagKind::texts, "", "The key of a quota to remove; may stand several times"},
    {"dry", 0, FlagKind::boolean, "false", "Ask whether the quotas could be changed, change nothing"},
    output_format,
    {"name", 0, FlagKind::texts, "", "An entity, type=name; several types together name the clients of both"},
};
inline constexpr Flag quotas_describe_flags[] = {
    {"any", 0, FlagKind::texts, "", "Entities of this type, whatever their name: client-id, user or ip"},
    {"default", 0, FlagKind::texts, "", "The default entity of this type"},
    output_format,
    {"name", 0, FlagKind::texts, "", "The entity type=name"},
    {"strict", 0, FlagKind::boolean, "false", "Leave out entities that have other types besides"},
};
inline constexpr Flag quotas_import_flags[] = {
    output_format,
    {"from", 0, FlagKind::text, "", "A file with the quotas, - for standard input, or the quotas as JSON"},
    {"no-confirm", 0, FlagKind::boolean, "false", "Do not ask whether to go on"},
};
inline constexpr Flag user_create_flags[] = {
    output_format,
    {"iterations", 0, FlagKind::integer, "4096", "How often the password is salted", "", 4096, 16384},
    {"mechanism", 0, FlagKind::text, "SCRAM-SHA-256", "SCRAM-SHA-256 or SCRAM-SHA-512, in any case"},
    {"password", 'p', FlagKind::text, "", "The password; without it one is made and printed"},
};
inline constexpr Flag user_update_flags[] = {
    output_format,
    {"iterations", 0, FlagKind::integer, "4096", "How often the password is salted", "", 4096, 16384},
    {"mechanism", 0, FlagKind::text, "SCRAM-SHA-256", "The mechanism, for a user that has not only one"},
    {"new-password", 0, FlagKind::text, "", "The new password"},
};
inline constexpr Flag user_delete_flags[] = {output_format};
inline constexpr Flag user_list_flags[] = {output_format};

inline constexpr std::string_view config_status_details =
    R"(IN-EFFECT counts the cluster's settings that the broker runs with. OVERRIDDEN names those that the broker
was given by itself, PENDING those that it has not taken up, UNKNOWN those that it does not know.
)";
inline constexpr std::string_view config_lint_details =
    R"(Asks the controller about each setting of a file such as 'cluster config export' writes, and changes
nothing. Exit code 1 if something is wrong.
)";
inline constexpr std::string_view elect_leaders_details =
    R"(The preferred leader of a partition is the first of its replicas. Without --unclean only replicas in sync
are elected.

Examples:
  moldau cluster partitions elect-leaders orders -p 0,1
  moldau cluster partitions elect-leaders --all
)";
inline constexpr std::string_view quotas_alter_details =
    R"(Keys: producer_byte_rate, consumer_byte_rate, request_percentage, controller_mutation_rate; of ip
connection_creation_rate.

Examples:
  moldau cluster quotas alter --add consumer_byte_rate=200000 --name client-id=app
  moldau cluster quotas alter --add producer_byte_rate=180000 --default client-id
  moldau cluster quotas alter --delete producer_byte_rate --name user=jan --name client-id=app
)";
inline constexpr std::string_view quotas_import_details =
    R"(Reads what 'cluster quotas describe --format json' (or yaml) prints. Quotas that it leaves out are removed.

Examples:
  moldau cluster quotas import --from quotas.yaml
  moldau cluster quotas import --from '{"quotas": []}' --no-confirm
)";
inline constexpr std::string_view user_create_details =
    R"(A user may have a password for each mechanism. It is salted here: brokers never see it. Brokers store
users; listeners that ask for them are not served yet.
)";

}  // namespace moldau::cli
