// generate man: the manual page, in man(7)'s macros, from the table of commands.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include <fmt/core.h>
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/kafka/tool.h"
#include "cli/option_keys.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/verbs.h"

#ifndef MOLDAU_VERSION
#define MOLDAU_VERSION "unknown"
#endif

namespace moldau::cli {
namespace {

/// `text` as it is to be read: backslashes and dashes stay what they are, no line begins a request.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool begins = out.empty() || out.back() == '\n';
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

void append_flags_of(std::string& out, std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    const std::string name =
        flag.letter != 0 ? fmt::format("-{}, --{}", flag.letter, flag.name) : fmt::format("--{}", flag.name);
    std::string value;
    if (flag.kind != FlagKind::boolean) value = flag.choices.empty() ? "VALUE" : std::string(flag.choices);
    const bool usual = flag.fallback.empty() || flag.fallback == "false";
    out += fmt::format(".TP\n\\fB{}\\fR{}\n{}{}.\n", escaped(name), value.empty() ? "" : " " + escaped(value),
                       escaped(flag.help), usual ? "" : fmt::format(" (default {})", escaped(flag.fallback)));
  }
}

void append_command(std::string& out, const Command& command) {
  out += fmt::format(".SS moldau {}{}\n{}.\n", escaped(command.path),
                     command.arguments.empty() ? "" : " " + escaped(command.arguments), escaped(command.summary));
  if (!command.aliases.empty()) {
    std::string aliases(command.aliases);
    std::ranges::replace(aliases, '|', ' ');
    out += fmt::format(".PP\nAlso: {}.\n", escaped(aliases));
  }
  if (!command.details.empty()) {
    out += fmt::format(".PP\n.nf\n{}{}.fi\n", escaped(command.details), command.details.ends_with('\n') ? "" : "\n");
  }
  append_flags_of(out, command.flags);
}

void append_tool(std::string& out, const kafka::Tool& tool) {
  out += fmt::format(".SS {}\n{}.\n", escaped(tool.name), escaped(tool.summary));
  for (const kafka::Option& option : tool.options) {
    const bool value = option.takes != kafka::Takes::nothing;
    out += fmt::format(".TP\n\\fB\\-\\-{}\\fR{}\n{}.\n", escaped(option.name), value ? " VALUE" : "",
                       escaped(option.help));
  }
}

}  // namespace

std::string man_page() {
  std::string out =
      fmt::format(".\\\" Made by `moldau generate man`.\n.TH MOLDAU 1 \"\" \"moldau {}\"\n", MOLDAU_VERSION);
  out +=
      ".SH NAME\nmoldau \\- a broker that speaks Kafka's protocol, and its command line\n"
      ".SH SYNOPSIS\n.B moldau\n.I COMMAND\n[arguments] [flags]\n"
      ".SH DESCRIPTION\nFlags stand anywhere among the arguments; behind \\-\\- all are arguments.\n"
      ".SH OPTIONS OF EVERY COMMAND\n";
  append_flags_of(out, global_flags());
  out += ".SH COMMANDS\n";
  for (const Command& command : commands()) {
    if (!command.hidden) append_command(out, command);
  }
  out +=
      ".SH KAFKA'S SCRIPTS\nThe program answers to the names of Kafka's scripts, with or without .sh: as its own name, "
      "or "
      "as its first word. Their options are Kafka's.\n";
  for (const kafka::Tool& tool : kafka::tools()) append_tool(out, tool);
  out += ".SH OPTIONS OF \\-X\n";
  for (const OptionKey& option : option_keys()) {
    out +=
        fmt::format(".TP\n\\fB{}\\fR={}\n{}.\n", escaped(option.name), escaped(option.example), escaped(option.help));
  }
  out +=
      ".SH ENVIRONMENT\nEach option of \\-X is also read from MOLDAU_\\fIKEY\\fR, then RPK_\\fIKEY\\fR, in capitals "
      "and "
      "with _ for each dot.\nFlags win over \\-X, \\-X over the environment, and that over the profile.\n"
      ".PP\nMOLDAU_PROFILE names the profile, MOLDAU_CONFIG the file of profiles. VISUAL and EDITOR name the editor.\n"
      ".SH FILES\n~/.config/moldau/moldau.yaml: profiles; see 'moldau profile'.\n"
      ".SH EXIT STATUS\n0 done; 1 an error, with one line on standard error; 10 from 'cluster health' when the cluster "
      "is not healthy.\n";
  return out;
}

int generate_man(const Invocation&) {
  print(man_page());
  return 0;
}

}  // namespace moldau::cli
