// kafka-consumer-groups: its command line. What it does is in group_service.h.
#include <algorithm>
#include <memory>

#include <re2/re2.h>

#include <fmt/core.h>

#include "cli/kafka/connect.h"
#include "cli/kafka/group_service.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"

namespace moldau::cli::kafka {
namespace {

constexpr std::string_view summary =
    "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset "
    "consumer group offsets.";

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "server to connect to", "The brokers to ask first; needed"},
    {"command-config", Takes::value, "command config property file", "A property file for the client"},
    {"group", Takes::value, "consumer group", "A group; may stand several times", ValueKind::text, "", true},
    {"all-groups", Takes::nothing, "", "All groups"},
    {"topic", Takes::value, "topic", "A topic, or some partitions of it: topic1:0,1,2; may stand several times",
     ValueKind::text, "", true},
    {"all-topics", Takes::nothing, "", "All topics that the group has offsets of"},
    {"list", Takes::nothing, "", "Print the groups"},
    {"describe", Takes::nothing, "", "Print what a group is, and how far behind"},
    {"delete", Takes::nothing, "", "Delete groups with their offsets"},
    {"delete-offsets", Takes::nothing, "", "Delete offsets of a group"},
    {"reset-offsets", Takes::nothing, "", "Set offsets of a group that has no members"},
    {"timeout", Takes::value, "timeout (ms)", "How long answers may take", ValueKind::int64, "30000"},
    {"dry-run", Takes::nothing, "", "Print what would be, change nothing"},
    {"execute", Takes::nothing, "", "Do it"},
    {"export", Takes::nothing, "", "Print the new offsets as CSV"},
    {"to-offset", Takes::value, "offset", "To this offset", ValueKind::int64},
    {"from-file", Takes::value, "path to CSV file", "To the offsets of a CSV file"},
    {"to-datetime", Takes::value, "datetime", "To a time, YYYY-MM-DDThh:mm:ss.sss"},
    {"by-duration", Takes::value, "duration", "To so long ago, PnDTnHnMnS"},
    {"to-earliest", Takes::nothing, "", "To the first record"},
    {"to-latest", Takes::nothing, "", "To the end"},
    {"to-current", Takes::nothing, "", "To what is committed"},
    {"shift-by", Takes::value, "number-of-offsets", "By so many records, back or forth", ValueKind::int64},
    {"members", Takes::nothing, "", "With --describe: the members"},
    {"verbose", Takes::nothing, "", "With --describe: more columns"},
    {"offsets", Takes::nothing, "", "With --describe: the offsets, which is the default"},
    {"state", Takes::optional, "", "With --describe: the state; with --list: also the states, or only groups in these"},
    {"type", Takes::optional, "", "With --list: also the types, or only groups of these"},
    {"validate-regex", Takes::value, "regex", "Tell whether a regular expression is valid"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

constexpr std::string_view scenarios[] = {"to-offset", "to-datetime", "by-duration", "to-earliest",
                                          "to-latest", "to-current",  "shift-by",    "from-file"};

std::optional<std::string> check_reset(const Options& options) {
  if (options.has("dry-run") && options.has("execute")) {
    return "Option [reset-offsets] only accepts one of [execute] and [dry-run]";
  }
  if (!options.has("dry-run") && !options.has("execute")) {
    print_error(
        "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will "
        "require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you "
        "are scripting this command and want to keep the current default behavior without prompting.\n");
  }
  if (!options.has("group") && !options.has("all-groups")) {
    return "Option [reset-offsets] takes one of these options: [group], [all-groups]";
  }
  for (const std::string_view used : scenarios) {
    for (const std::string_view other : scenarios) {
      if (used == other) continue;
      if (auto wrong = conflict_of(options, used, {other})) return wrong;
    }
  }
  return std::nullopt;
}

std::optional<std::string> check(const Options& options) {
  if (auto missing = missing_of(options, {"bootstrap-server"})) return missing;
  const bool grouped = options.has("group") || options.has("all-groups");
  if (options.has("describe")) {
    if (!grouped) return "Option [describe] takes one of these options: [group], [all-groups]";
    const int parts =
        (options.has("members") ? 1 : 0) + (options.has("offsets") ? 1 : 0) + (options.has("state") ? 1 : 0);
    if (parts > 1) return "Option [describe] takes at most one of these options: [members], [offsets], [state]";
    if (options.given("state")) return "Option [describe] does not take a value for [state]";
  }
  if (options.has("delete")) {
    if (!grouped) return "Option [delete] takes one of these options: [group], [all-groups]";
    if (options.has("topic")) {
      return "The consumer does not support topic-specific offset deletion from a consumer group.";
    }
  }
  if (options.has("delete-offsets") && (!options.has("group") || !options.has("topic"))) {
    return "Option [delete-offsets] takes the following options: [group], [topic]";
  }
  if (options.has("reset-offsets")) {
    if (auto wrong = check_reset(options)) return wrong;
  }
  if (auto wrong = conflict_of(options, "group", {"all-groups", "list"})) return wrong;
  if (auto wrong = conflict_of(options, "topic", {"list", "describe"})) return wrong;
  int actions = 0;
  for (const std::string_view action : {"list", "describe", "delete", "reset-offsets", "delete-offsets"}) {
    if (options.has(action)) ++actions;
  }
  if (actions != 1) {
    return "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets";
  }
  return std::nullopt;
}

int validate_regex(std::string_view text) {
  re2::RE2::Options re2_options;
  re2_options.set_log_errors(false);
  const re2::RE2 expression(re2::StringPiece(text.data(), text.size()), re2_options);
  if (expression.ok()) {
    print(fmt::format("The regular expression `{}` is valid.\n", text));
  } else {
    // RE2's message ends in the expression, which stands before it already.
    std::string error = expression.error();
    error = error.substr(0, error.find(": "));
    if (error == "missing )") error = "missing closing )";
    print(fmt::format("The regular expression `{}` is invalid: {}.\n", text, error));
  }
  return 0;
}

Status run(GroupService& service, const Options& options) {
  if (options.has("list")) return service.list();
  if (options.has("describe")) return service.describe();
  if (options.has("delete")) return service.delete_groups();
  if (options.has("reset-offsets")) return service.reset_offsets();
  return service.delete_offsets();
}

}  // namespace

std::span<const Option> consumer_groups_options() {
  return table;
}

int run_consumer_groups(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) {
    print_error(options.failure().message + "\n");
    return 1;
  }
  if (const auto code = first_words(*options, summary)) return *code;
  if (!options->values_ok().ok()) return usage(table, options->values_ok().failure().message);
  if (const auto regex = options->given("validate-regex")) return validate_regex(*regex);
  if (const auto wrong = check(*options)) return usage(table, *wrong);
  const auto session = open_session(*options, "adminclient-1");
  Status done;
  if (!session.ok()) {
    done = session.failure();
  } else {
    GroupService service(**session, *options);
    done = run(service, *options);
  }
  if (done.ok()) return 0;
  if (done.failure().kind == wrong_use) return usage(table, done.failure().message);
  // As Kafka's: the failure is printed, and the exit code is 0 all the same.
  print_group_error("Executing consumer group command failed due to " + done.failure().message);
  return 0;
}

}  // namespace moldau::cli::kafka
