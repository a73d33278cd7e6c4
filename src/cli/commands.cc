// The table of commands, and the help made from it.
#include "cli/command.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>
#include <fmt/format.h>

#include "cli/table.h"
#include "cli/text.h"
#include "cli/verbs.h"

namespace moldau::cli {
namespace {

constexpr int64_t int32_max = 2147483647;
constexpr size_t arguments_many = 10'000;

constexpr Flag globals[] = {
    {"brokers", 0, FlagKind::text, "", "Brokers to ask first, host:port with commas between; as -X brokers=..."},
    {"config-opt", 'X', FlagKind::texts, "", "Set an option of the client, key=value; -X list names them"},
    {"verbose", 'v', FlagKind::boolean, "false", "Say more about what goes wrong"},
};

constexpr Flag output_format{"format",
                             0,
                             FlagKind::text,
                             "text",
                             "Output format; help describes what json and yaml print",
                             "json|yaml|text|wide|help"};

constexpr Flag create_flags[] = {
    {"topic-config", 'c', FlagKind::texts, "", "A setting of the topics, key=value; may stand several times"},
    {"dry", 'd', FlagKind::boolean, "false", "Ask whether the topics could be created, create nothing"},
    {"if-not-exists", 0, FlagKind::boolean, "false", "Topics that exist are no error"},
    {"partitions", 'p', FlagKind::integer, "-1", "Partitions of each topic; -1: the cluster's num.partitions", "", -1,
     int32_max},
    {"replicas", 'r', FlagKind::integer, "-1",
     "Replicas of each partition; -1: the cluster's default.replication.factor", "", -1, 32767},
};
constexpr Flag list_flags[] = {
    {"detailed", 'd', FlagKind::boolean, "false", "Print a line for each partition"},
    output_format,
    {"internal", 'i', FlagKind::boolean, "false", "Include internal topics"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
};
constexpr Flag describe_flags[] = {
    output_format,
    {"print-all", 'a', FlagKind::boolean, "false", "Print all sections"},
    {"print-configs", 'c', FlagKind::boolean, "false", "Print the settings"},
    {"print-partitions", 'p', FlagKind::boolean, "false", "Print the partitions"},
    {"print-summary", 's', FlagKind::boolean, "false", "Print the summary"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
    {"stable", 0, FlagKind::boolean, "false", "Include last stable offsets, which transactions hold back"},
};
constexpr Flag delete_flags[] = {
    output_format,
    {"regex", 'r', FlagKind::boolean, "false",
     "The names are regular expressions, each for a whole name; internal topics are spared"},
};
constexpr Flag consume_flags[] = {
    {"balancer", 'b', FlagKind::text, "cooperative-sticky", "How a group shares partitions",
     "range|roundrobin|sticky|cooperative-sticky"},
    {"fetch-max-bytes", 0, FlagKind::integer, "52428800", "Most bytes of a fetch", "", 1, int32_max},
    {"fetch-max-partition-bytes", 0, FlagKind::integer, "1048576", "Most bytes of one partition in a fetch", "", 1,
     int32_max},
    {"fetch-max-wait", 0, FlagKind::duration, "", "How long a broker waits for records before it answers (default 5s)"},
    {"format", 'f', FlagKind::text, "json", "How to print a record: json, or a format of percent verbs"},
    {"group", 'g', FlagKind::text, "", "Consume as a member of this group"},
    {"meta-only", 0, FlagKind::boolean, "false", "Leave values out (with json)"},
    {"num", 'n', FlagKind::integer, "0", "End after so many records; 0: never", "", 0},
    {"offset", 'o', FlagKind::text, "start",
     "Where to begin and end: start, end, 47, +2, -3, 5:10, :end, @-1h, @2024-02-14:1h"},
    {"partitions", 'p', FlagKind::integers, "", "Only these partitions, with commas between", "", 0, int32_max},
    {"pretty-print", 0, FlagKind::boolean, "true", "Print each record over several lines (with json)"},
    {"print-control-records", 0, FlagKind::boolean, "false", "Print control records too"},
    {"rack", 0, FlagKind::text, "", "Where this client is, to read from a replica nearby"},
    {"read-committed", 0, FlagKind::boolean, "false", "Leave out records of transactions that are open or aborted"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
    {"use-schema-registry", 0, FlagKind::text, "", "Decode keys and values with the schema registry"},
};
constexpr Flag produce_flags[] = {
    {"acks", 0, FlagKind::integer, "-1", "Who must have a record: -1 all replicas in sync, 1 the leader, 0 nobody", "",
     -1, 1},
    {"allow-auto-topic-creation", 0, FlagKind::boolean, "false", "Let the broker create topics that do not exist"},
    {"compression", 'z', FlagKind::text, "snappy", "Codec of the batches", "none|gzip|snappy|lz4|zstd"},
    {"delivery-timeout", 0, FlagKind::duration, "0", "How long a record is tried; at least 1s; 0: 5 minutes"},
    {"format", 'f', FlagKind::text, "%v\\n", "How to cut the input into records"},
    {"header", 'H', FlagKind::texts, "", "A header of each record, key:value; may stand several times"},
    {"key", 'k', FlagKind::text, "", "The key of records whose input has none"},
    {"max-message-bytes", 0, FlagKind::integer, "-1", "Largest batch before compression; -1: 1000000", "", -1,
     1'000'000'000},
    {"output-format", 'o', FlagKind::text, "Produced to partition %p at offset %o with timestamp %d.\\n",
     "What to print of a record that is stored; '' for nothing"},
    {"partition", 'p', FlagKind::integer, "-1", "The partition for all records; %p in the format goes before it", "",
     -1, int32_max},
    {"schema-id", 0, FlagKind::text, "", "Encode values with this schema of the registry"},
    {"schema-key-id", 0, FlagKind::text, "", "Encode keys with this schema of the registry"},
    {"schema-key-type", 0, FlagKind::text, "", "Message type within a protobuf schema of keys"},
    {"schema-type", 0, FlagKind::text, "", "Message type within a protobuf schema of values"},
    {"tombstone", 'Z', FlagKind::boolean, "false", "Empty values become null"},
};
constexpr Flag info_flags[] = {
    output_format,
    {"print-brokers", 'b', FlagKind::boolean, "false", "Print the brokers"},
    {"print-cluster", 'c', FlagKind::boolean, "false", "Print the cluster's id"},
    {"print-detailed-topics", 'd', FlagKind::boolean, "false", "Print a line for each partition (implies -t)"},
    {"print-internal-topics", 'i', FlagKind::boolean, "false", "Include internal topics (implies -t)"},
    {"print-topics", 't', FlagKind::boolean, "false", "Print the topics (implied by naming some)"},
};
constexpr Flag health_flags[] = {
    {"exit-when-healthy", 'e', FlagKind::boolean, "false", "Wait until the cluster is healthy, then end"},
    output_format,
    {"watch", 'w', FlagKind::boolean, "false", "Go on and print each change"},
};

constexpr std::string_view consume_details =
    R"(Formats (-f): text with percent verbs.
  %t %k %v     topic, key, value                 %T %K %V   their sizes
  %h{%k=%v }   each header                       %H         how many
  %p %o %e %d  partition, offset, epoch, time    %x %y      producer id and epoch
  %[ %| %]     log start, stable offset, end     %i         count of records
  %a{...}      compression, timestamp-type, transactional-bit, control-bit; also %a{NAME;NUMBER}
  numbers      %p{hex8} ascii hex hex64 ... hex4, big64 ... big8, little64 ... little8, byte, bool
  texts        %v{hex} {base64} {base64raw} {unpack[>IqS...]}
  times        %d{go[2006-01-02T15:04:05Z07:00]} %d{strftime[%F]}
  \t \n \r \\ \xNN and %% %{ %} stand for characters.

Offsets (-o): where to begin, and behind a colon where to end (not included).
  start end        the first record; what comes from now on
  47 +2 -3         an offset; 2 after the start; 3 before the end
  5:10 5:end :end  ranges
  @T @T1:T2 @:T2   times: 13 digits (ms), 10 digits (s), 2024-02-14, 2024-02-14T08:00:00Z, or durations: @-48h:-24h

Examples:
  moldau topic consume orders -o :end -f '%k %v\n'      all there is, then end
  moldau topic consume orders -o @-1h -n 10             ten records of the last hour
  moldau topic consume orders -p 0 -o -1 -n 1           the last record of partition 0
)";

constexpr std::string_view produce_details =
    R"(Formats (-f): percent verbs, and the text between them. The default is '%v\n': a value on each line.
  %t %k %v     topic, key, value                 %T %K %V   their sizes, to stand before them
  %h{%k=%v }   each header                       %H         how many, to stand before them
  %p           partition (needs -p)              %d         timestamp in milliseconds
  texts        %v{hex} {base64} {json} {re[a-z]*}
  numbers      digits; %V{big32} hex64 ... hex4, big64 ... big8, little64 ... little8, byte, bool; %V{8}: always 8

Examples:
  printf 'k1 v1\nk2 v2\n' | moldau topic produce orders -f '%k %v\n'
  moldau topic produce orders -f '%v{json}' < values.json
  moldau topic produce orders -k key -H source:shell -z zstd -o ''
)";

constexpr Command table[] = {
    {.path = "broker",
     .arguments = "",
     .arguments_max = arguments_many,
     .summary = "Run a broker; see: moldau broker --help"},
    {.path = "cluster", .summary = "Look at the cluster"},
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
    {.path = "generate", .summary = "Generate files for other programs"},
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
    {.path = "help", .arguments = "[COMMAND]", .arguments_max = 8, .summary = "Explain a command", .run = print_help},
    {.path = "topic", .summary = "Create, look at, fill and read topics"},
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
    append_flags(out, "flags of every command", globals);
    out +=
        "\nMore about one: moldau COMMAND --help. Brokers: --brokers, -X brokers=, MOLDAU_BROKERS, RPK_BROKERS, "
        "127.0.0.1:9092.\n";
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
