// The table of commands, and the help made from it.
#include "cli/command.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>
#include <fmt/format.h>

#include "cli/flags_cluster.h"
#include "cli/flags_group.h"
#include "cli/flags_profile.h"
#include "cli/flags_topic.h"
#include "cli/kafka/tool.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/verbs.h"

namespace moldau::cli {
namespace {

constexpr Flag globals[] = {
    {"brokers", 0, FlagKind::text, "", "Brokers to ask first, host:port with commas between; as -X brokers=..."},
    {"config", 0, FlagKind::text, "", "The file of profiles (default ~/.config/moldau/moldau.yaml)"},
    {.name = "config-opt",
     .letter = 'X',
     .kind = FlagKind::texts,
     .help = "Set an option of the client, key=value; -X list names them, -X help explains them",
     .names = ArgumentKind::options},
    {"ignore-profile", 0, FlagKind::boolean, "false", "Use no profile"},
    {.name = "profile",
     .kind = FlagKind::text,
     .help = "The profile to use in place of the selected one",
     .names = ArgumentKind::profiles},
    {"verbose", 'v', FlagKind::boolean, "false", "Say more about what goes wrong"},
};

constexpr Flag recover_flags[] = {
    {"set", 0, FlagKind::texts, "", "One setting of server.properties, key=value"},
    {.name = "trace", .kind = FlagKind::text, .help = "How much to say", .choices = "error|warn|info|debug"},
};

constexpr Command table[] = {
    {.path = "broker",
     .arguments = "",
     .arguments_max = arguments_many,
     .summary = "Run a broker; see: moldau broker --help"},
    {.path = "cluster", .summary = "Look at the cluster"},
    {.path = "cluster config", .summary = "Look at and change settings of the brokers"},
    {.path = "cluster config edit",
     .flags = config_edit_flags,
     .summary = "Edit the cluster's settings as YAML",
     .details = "What is taken out goes back to its default. The editor is $VISUAL, or $EDITOR, or vi.\n",
     .run = cluster_config_edit},
    {.path = "cluster config export",
     .flags = config_export_flags,
     .summary = "Print the cluster's settings as YAML, to be edited and imported",
     .run = cluster_config_export},
    {.path = "cluster config get",
     .arguments = "KEY",
     .arguments_min = 1,
     .arguments_max = 1,
     .summary = "Print one setting",
     .run = cluster_config_get},
    {.path = "cluster config import",
     .flags = config_import_flags,
     .summary = "Set the cluster's settings as a file says",
     .details = "Settings of the cluster that the file does not name go back to their defaults.\n",
     .run = cluster_config_import},
    {.path = "cluster config lint",
     .flags = config_lint_flags,
     .summary = "Tell what is wrong with a file of settings",
     .details = config_lint_details,
     .run = cluster_config_lint},
    {.path = "cluster config list",
     .flags = config_list_flags,
     .summary = "List the settings that brokers run with",
     .aliases = "ls",
     .run = cluster_config_list},
    {.path = "cluster config set",
     .arguments = "KEY VALUE | KEY=VALUE...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .flags = config_set_flags,
     .summary = "Change settings of all brokers",
     .details = "An empty value resets to the default. A value that begins with a dash: KEY=-1, or behind '--'.\n",
     .run = cluster_config_set},
    {.path = "cluster config status",
     .flags = config_status_flags,
     .summary = "Tell whether brokers run with the cluster's settings",
     .details = config_status_details,
     .run = cluster_config_status},
    {.path = "cluster health",
     .flags = health_flags,
     .summary = "Tell whether the cluster is healthy",
     .details = "Healthy: all nodes answer, all partitions have a leader, and there is a controller. Exit code 10 if "
                "it is not.\n",
     .run = cluster_health},
    {.path = "cluster info",
     .arguments = "[TOPICS...]",
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = info_flags,
     .summary = "Print the cluster's id, brokers and topics",
     .details = "The controller is marked with a star.\n",
     .aliases = "status|metadata",
     .run = cluster_info},
    {.path = "cluster logdirs", .summary = "Look at the log directories of brokers"},
    {.path = "cluster logdirs describe",
     .flags = logdirs_flags,
     .summary = "Print how much each partition takes, and where",
     .run = cluster_logdirs_describe},
    {.path = "cluster partitions", .summary = "Look at partitions"},
    {.path = "cluster partitions elect-leaders",
     .arguments = "[TOPICS...]",
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = elect_leaders_flags,
     .summary = "Elect leaders of partitions",
     .details = elect_leaders_details,
     .run = cluster_partitions_elect_leaders},
    {.path = "cluster partitions list",
     .arguments = "[TOPICS...]",
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = partitions_list_flags,
     .summary = "List partitions with their leaders and replicas",
     .aliases = "ls|describe",
     .run = cluster_partitions_list},
    {.path = "cluster quotas", .summary = "Look at and change what clients may use"},
    {.path = "cluster quotas alter",
     .flags = quotas_alter_flags,
     .summary = "Set and remove quotas of one entity",
     .details = quotas_alter_details,
     .run = cluster_quotas_alter},
    {.path = "cluster quotas describe",
     .flags = quotas_describe_flags,
     .summary = "Print quotas",
     .details = "Without filters: all.\n",
     .run = cluster_quotas_describe},
    {.path = "cluster quotas import",
     .flags = quotas_import_flags,
     .summary = "Set all quotas as a file says",
     .details = quotas_import_details,
     .run = cluster_quotas_import},
    {.path = "generate", .summary = "Generate files for other programs"},
    {.path = "generate man",
     .summary = "Print the manual page",
     .details = "  moldau generate man > /usr/local/share/man/man1/moldau.1\n",
     .run = generate_man},
    {.path = "generate shell-completion",
     .arguments = "bash|zsh|fish",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::shell,
     .summary = "Print a script that completes moldau's words in a shell",
     .details = "  bash:  . <(moldau generate shell-completion bash)\n"
                "  zsh:   moldau generate shell-completion zsh > \"${fpath[1]}/_moldau\"\n"
                "  fish:  moldau generate shell-completion fish > ~/.config/fish/completions/moldau.fish\n",
     .run = shell_completion},
    {.path = "group", .summary = "Look at consumer groups, move and delete their offsets"},
    {.path = "group delete",
     .arguments = "GROUPS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::groups,
     .flags = group_delete_flags,
     .summary = "Delete groups and their offsets",
     .details = "Only groups without members can be deleted.\n",
     .run = group_delete},
    {.path = "group describe",
     .arguments = "GROUPS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::groups,
     .flags = group_describe_flags,
     .summary = "Print what groups are, and how far they are behind",
     .details = group_describe_details,
     .aliases = "info",
     .run = group_describe},
    {.path = "group list",
     .flags = group_list_flags,
     .summary = "List groups",
     .details = group_list_details,
     .aliases = "ls",
     .run = group_list},
    {.path = "group offset-delete",
     .arguments = "GROUP",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::groups,
     .flags = group_offset_delete_flags,
     .summary = "Delete committed offsets of a group",
     .details = "Only of topics that no member of the group subscribes to.\n",
     .run = group_offset_delete},
    {.path = "group seek",
     .arguments = "GROUP",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::groups,
     .flags = group_seek_flags,
     .summary = "Move the committed offsets of a group",
     .details = group_seek_details,
     .run = group_seek},
    {.path = "help", .arguments = "[COMMAND]", .arguments_max = 8, .summary = "Explain a command", .run = print_help},
    {.path = "profile", .summary = "Name the clusters that commands talk to", .details = profile_details},
    {.path = "profile clear", .summary = "Select no profile", .run = profile_clear},
    {.path = "profile create",
     .arguments = "NAME",
     .arguments_min = 1,
     .arguments_max = 1,
     .flags = profile_create_flags,
     .summary = "Create a profile and select it",
     .details = profile_details,
     .run = profile_create},
    {.path = "profile current",
     .flags = profile_current_flags,
     .summary = "Print the name of the profile that counts",
     .run = profile_current},
    {.path = "profile delete",
     .arguments = "NAME",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::profiles,
     .summary = "Delete a profile",
     .run = profile_delete},
    {.path = "profile edit",
     .arguments = "[NAME]",
     .arguments_max = 1,
     .argument_kind = ArgumentKind::profiles,
     .summary = "Edit a profile as YAML, or create one",
     .details = "The editor is $VISUAL, or $EDITOR, or vi.\n",
     .run = profile_edit},
    {.path = "profile edit-globals", .summary = "Edit what holds for all profiles", .run = profile_edit_globals},
    {.path = "profile list",
     .flags = profile_list_flags,
     .summary = "List the profiles; the selected one has a star",
     .aliases = "ls",
     .run = profile_list},
    {.path = "profile print",
     .arguments = "[NAME]",
     .arguments_max = 1,
     .argument_kind = ArgumentKind::profiles,
     .summary = "Print a profile as YAML",
     .details = "With -v also what counts now, and what each option is set by.\n",
     .run = profile_print},
    {.path = "profile print-globals", .summary = "Print what holds for all profiles", .run = profile_print_globals},
    {.path = "profile prompt",
     .flags = profile_prompt_flags,
     .summary = "Print the profile's prompt, for a shell",
     .details = profile_prompt_details,
     .run = profile_prompt},
    {.path = "profile rename-to",
     .arguments = "NAME",
     .arguments_min = 1,
     .arguments_max = 1,
     .summary = "Rename the profile that counts",
     .aliases = "rename",
     .run = profile_rename_to},
    {.path = "profile set",
     .arguments = "KEY=VALUE... | KEY VALUE",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::options,
     .summary = "Set options of the profile that counts",
     .details = profile_set_details,
     .run = profile_set},
    {.path = "profile set-globals",
     .arguments = "KEY=VALUE... | KEY VALUE",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::options,
     .summary = "Set options that hold for all profiles",
     .details = "Keys are those of -X that begin with globals, with or without that word.\n",
     .run = profile_set_globals},
    {.path = "profile use",
     .arguments = "NAME",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::profiles,
     .summary = "Select a profile",
     .run = profile_use},
    {.path = "recover",
     .arguments = "DIR...",
     .arguments_max = arguments_many,
     .flags = recover_flags,
     .summary = "Make the data folders of a killed broker what a clean stop leaves; see: moldau recover --help",
     .details = "Serves nobody. Afterwards the logs hold all that was acknowledged, also what only the journal had,\n"
                "and Apache Kafka starts with the folders. Exit code 2 when a folder is locked, foreign or damaged,\n"
                "3 when storage fails.\n"},
    {.path = "security", .summary = "Look after who may use the cluster"},
    {.path = "security user", .summary = "Look after users and their passwords"},
    {.path = "security user create",
     .arguments = "USER",
     .arguments_min = 1,
     .arguments_max = 1,
     .flags = user_create_flags,
     .summary = "Create a user for SCRAM",
     .details = user_create_details,
     .run = security_user_create},
    {.path = "security user delete",
     .arguments = "USER",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::users,
     .flags = user_delete_flags,
     .summary = "Delete a user with all its passwords",
     .run = security_user_delete},
    {.path = "security user list",
     .flags = user_list_flags,
     .summary = "List users; --format wide adds their mechanisms",
     .aliases = "ls",
     .run = security_user_list},
    {.path = "security user update",
     .arguments = "USER",
     .arguments_min = 1,
     .arguments_max = 1,
     .argument_kind = ArgumentKind::users,
     .flags = user_update_flags,
     .summary = "Give a user another password",
     .run = security_user_update},
    {.path = "topic", .summary = "Create, look at, fill and read topics"},
    {.path = "topic add-partitions",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = add_partitions_flags,
     .summary = "Add partitions to topics",
     .details = "Records stay where they are, and keys may go to other partitions from then on.\n",
     .run = topic_add_partitions},
    {.path = "topic alter-config",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = alter_config_flags,
     .summary = "Change settings of topics",
     .details = "Example:\n  moldau topic alter-config orders --set retention.ms=86400000 --delete segment.bytes\n",
     .run = topic_alter_config},
    {.path = "topic analyze",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = analyze_flags,
     .summary = "Tell how many batches topics get, and how large they are",
     .details = analyze_details,
     .run = topic_analyze},
    {.path = "topic consume",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = consume_flags,
     .summary = "Print the records of topics",
     .details = consume_details,
     .run = topic_consume},
    {.path = "topic create",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .flags = create_flags,
     .summary = "Create topics",
     .details = "Example:\n  moldau topic create orders returns -p 20 -r 3 -c cleanup.policy=compact\n",
     .run = topic_create},
    {.path = "topic delete",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = delete_flags,
     .summary = "Delete topics and all they hold",
     .details = "Try regular expressions with 'moldau topic list -r' first: deleted is deleted.\n",
     .run = topic_delete},
    {.path = "topic describe",
     .arguments = "TOPICS...",
     .arguments_min = 1,
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = describe_flags,
     .summary = "Print what topics are: summary, settings, partitions",
     .details = "Without a choice of sections: summary and settings; all of them for several topics, json and yaml.\n",
     .aliases = "info",
     .run = topic_describe},
    {.path = "topic list",
     .arguments = "[TOPICS...]",
     .arguments_max = arguments_many,
     .argument_kind = ArgumentKind::topics,
     .flags = list_flags,
     .summary = "List topics",
     .aliases = "ls",
     .run = topic_list},
    {.path = "topic produce",
     .arguments = "[TOPIC]",
     .arguments_max = 1,
     .argument_kind = ArgumentKind::topics,
     .flags = produce_flags,
     .summary = "Store records that come from standard input",
     .details = produce_details,
     .run = topic_produce},
    {.path = "topic trim-prefix",
     .arguments = "[TOPIC]",
     .arguments_max = 1,
     .argument_kind = ArgumentKind::topics,
     .flags = trim_prefix_flags,
     .summary = "Delete the oldest records of a topic",
     .details = trim_prefix_details,
     .aliases = "trim",
     .run = topic_trim_prefix},
    {.path = "version", .summary = "Print the version", .run = print_version},
    {.path = "__complete",
     .arguments = "WORDS...",
     .arguments_max = arguments_many,
     .summary = "Complete a word",
     .run = complete,
     .hidden = true},
};

void append_flags(std::string& out, std::string_view title, std::span<const Flag> flags) {
  if (flags.empty()) return;
  fmt::format_to(std::back_inserter(out), "\n{}:\n", title);
  Table rows;
  for (const Flag& flag : flags) {
    std::string name =
        flag.letter != 0 ? fmt::format("  -{}, --{}", flag.letter, flag.name) : fmt::format("      --{}", flag.name);
    if (flag.kind == FlagKind::integer) name += " N";
    if (flag.kind == FlagKind::integers) name += " N,N";
    if (flag.kind == FlagKind::duration) name += " TIME";
    if (flag.kind == FlagKind::text || flag.kind == FlagKind::texts) {
      name += flag.choices.empty() ? " TEXT" : fmt::format(" {}", flag.choices);
    }
    const bool usual = flag.fallback.empty() || flag.fallback == "false";
    rows.add(
        {std::move(name), usual ? std::string(flag.help) : fmt::format("{} (default {})", flag.help, flag.fallback)});
  }
  out += rows.to_string();
}

/// Kafka's scripts, which the first word may name as well.
void append_scripts(std::string& out) {
  Table rows;
  for (const kafka::Tool& tool : kafka::tools()) {
    rows.add({fmt::format("  {}", tool.name), std::string(tool.summary)});
  }
  out += "\nKafka's scripts, by these words or by links of these names:\n" + rows.to_string();
}

void append_members(std::string& out, std::string_view group) {
  Table rows;
  bool any = false;
  for (const Command& command : table) {
    if (command.hidden || !is_member(command, group)) continue;
    rows.add({fmt::format("  {}", last_word(command.path)), std::string(command.summary)});
    any = true;
  }
  if (any) out += "\ncommands:\n" + rows.to_string();
}

}  // namespace

std::span<const Command> commands() {
  return table;
}
std::span<const Flag> global_flags() {
  return globals;
}

std::string_view last_word(std::string_view path) {
  return path.substr(path.rfind(' ') + 1);
}

bool is_member(const Command& command, std::string_view group) {
  const size_t space = command.path.rfind(' ');
  return (space == std::string_view::npos ? std::string_view() : command.path.substr(0, space)) == group;
}

const Command* find_command(std::string_view path) {
  const size_t space = path.rfind(' ');
  const std::string_view group = space == std::string_view::npos ? std::string_view() : path.substr(0, space);
  const std::string_view word = last_word(path);
  for (const Command& command : table) {
    if (!is_member(command, group)) continue;
    if (last_word(command.path) == word) return &command;
    if (command.aliases.empty()) continue;
    const auto aliases = split(command.aliases, '|');
    if (std::ranges::find(aliases, word) != aliases.end()) return &command;
  }
  return nullptr;
}

std::string help_of(std::string_view path) {
  const Command* command = path.empty() ? nullptr : find_command(path);
  std::string out;
  if (command == nullptr) {
    out = "Moldau: Kafka's protocol, files and clients, one binary.\n\nusage: moldau COMMAND [arguments] [flags]\n";
    append_members(out, "");
    append_scripts(out);
    append_flags(out, "flags of every command", globals);
    out +=
        "\nMore about one: moldau COMMAND --help. Brokers: --brokers, -X brokers=, MOLDAU_BROKERS, RPK_BROKERS, the "
        "profile, 127.0.0.1:9092.\n";
    return out;
  }
  const bool group = std::ranges::any_of(table, [&](const Command& other) { return is_member(other, command->path); });
  out = fmt::format("{}.\n\nusage: moldau {}{}{}\n", command->summary, command->path,
                    command->arguments.empty() ? "" : fmt::format(" {}", command->arguments),
                    group ? " COMMAND" : " [flags]");
  if (!command->aliases.empty()) {
    std::string aliases(command->aliases);
    std::ranges::replace(aliases, '|', ' ');
    out += "also: " + aliases + "\n";
  }
  if (!command->details.empty()) fmt::format_to(std::back_inserter(out), "\n{}", command->details);
  append_members(out, command->path);
  append_flags(out, "flags", command->flags);
  append_flags(out, "flags of every command", globals);
  return out;
}

}  // namespace moldau::cli
