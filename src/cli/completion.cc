// Shell completion: `moldau __complete -- WORDS...` prints what the last word may become, one candidate a line with its
// help behind a tab; the scripts of `generate shell-completion` only ask it. So all shells complete from the one table
// of commands.
#include "cli/completion.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin_groups.h"

namespace moldau::cli {
namespace {

constexpr std::string_view bash_script = R"(# bash completion for moldau
_moldau() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(moldau __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case ${COMPREPLY[0]-} in *=|*,) compopt -o nospace ;; esac
}
complete -F _moldau moldau
)";

constexpr std::string_view zsh_script = R"(#compdef moldau
_moldau() {
  local line
  local -a candidates
  while IFS= read -r line; do
    line=${line//:/\\:}
    candidates+=("${line/$'\t'/:}")
  done < <(moldau __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe -V 'moldau' candidates
}
if [ "$funcstack[1]" = "_moldau" ]; then _moldau "$@"; else compdef _moldau moldau; fi
)";

constexpr std::string_view fish_script = R"(# fish completion for moldau
function __moldau_complete
  set -l words (commandline -opc) (commandline -ct)
  moldau __complete -- $words[2..-1] 2>/dev/null
end
complete -c moldau -f -a '(__moldau_complete)'
)";

/// The flag that `word` names, without a value in it: the next word is its value.
const Flag* flag_awaiting_value(const Command* command, std::string_view word) {
  const auto matches = [&](const Flag& flag) {
    if (flag.kind == FlagKind::boolean) return false;
    if (word.starts_with("--")) return word.substr(2) == flag.name;
    return word.size() >= 2 && word[0] == '-' && flag.letter != 0 && word.back() == flag.letter;
  };
  for (const auto flags : {command != nullptr ? command->flags : std::span<const Flag>(), global_flags()}) {
    const auto found = std::ranges::find_if(flags, matches);
    if (found != flags.end()) return &*found;
  }
  return nullptr;
}

void add_flag_values(std::vector<Candidate>& out, const Flag& flag, std::string_view prefix) {
  if (flag.name == "config-opt") {
    for (const auto& [key, help] : option_keys()) out.push_back({fmt::format("{}{}=", prefix, key), std::string(help)});
    return;
  }
  if (flag.choices.empty()) return;
  for (const std::string_view choice : split(flag.choices, '|'))
    out.push_back({fmt::format("{}{}", prefix, choice), ""});
}

void add_flags(std::vector<Candidate>& out, const Command* command, std::string_view word) {
  const size_t equals = word.find('=');
  for (const auto flags : {command != nullptr ? command->flags : std::span<const Flag>(), global_flags()}) {
    for (const Flag& flag : flags) {
      const std::string name = fmt::format("--{}", flag.name);
      if (equals != std::string_view::npos) {
        if (word.substr(0, equals) == name) add_flag_values(out, flag, name + "=");
        continue;
      }
      out.push_back({name, std::string(flag.help)});
    }
  }
  if (equals == std::string_view::npos) out.push_back({"--help", "Explain the command"});
}

}  // namespace

std::vector<Candidate> candidates_for(const std::vector<std::string>& words, const NamesOf& names_of) {
  const std::string_view word = words.empty() ? std::string_view() : std::string_view(words.back());
  // The verb: the longest chain of known words before the last one.
  std::string path;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const Command* longer = find_command(path.empty() ? words[i] : path + " " + words[i]);
    if (longer == nullptr) continue;
    path = longer->path;
  }
  const Command* command = path.empty() ? nullptr : find_command(path);
  std::vector<Candidate> out;
  const Flag* waiting = words.size() >= 2 ? flag_awaiting_value(command, words[words.size() - 2]) : nullptr;
  if (waiting != nullptr) {
    add_flag_values(out, *waiting, "");
  } else if (word.starts_with('-')) {
    add_flags(out, command, word);
  } else {
    for (const Command& member : commands()) {
      if (is_member(member, path) && !member.hidden)
        out.push_back({std::string(last_word(member.path)), std::string(member.summary)});
    }
    if (command != nullptr && command->argument_kind == ArgumentKind::shell) {
      for (const char* shell : {"bash", "zsh", "fish"}) out.push_back({shell, ""});
    }
    const ArgumentKind kind = command != nullptr ? command->argument_kind : ArgumentKind::none;
    if (kind != ArgumentKind::none && kind != ArgumentKind::shell) {
      for (const std::string& name : names_of(kind)) out.push_back({name, ""});
    }
  }
  std::erase_if(out, [&](const Candidate& candidate) { return !candidate.text.starts_with(word); });
  return out;
}

namespace {

std::vector<std::string> group_names(Session& session) {
  const auto groups = session.wait(client::list_groups(session.client(), {}, {}));
  std::vector<std::string> names;
  if (groups.ok()) {
    for (const auto& group : *groups) names.push_back(group.id);
  }
  return names;
}

std::vector<std::string> topic_names(Session& session) {
  const auto topology = all_topics(session);
  std::vector<std::string> names;
  if (topology.ok()) {
    for (const auto& [name, topic] : (*topology)->topics) {
      if (!topic.internal) names.push_back(name);
    }
  }
  return names;
}

}  // namespace

int complete(const Invocation& invocation) {
  // A cluster is asked with little patience: whoever presses a key does not wait for it.
  const NamesOf names_of = [&](ArgumentKind kind) -> std::vector<std::string> {
    Result<SessionOptions> options = session_options(invocation, [](const char* name) { return std::getenv(name); });
    if (!options.ok()) return {};
    options->dial_timeout = milliseconds(300);
    options->request_timeout = milliseconds(500);
    options->retry_timeout = milliseconds(500);
    auto session = Session::open(std::move(options).value());
    if (!session.ok()) return {};
    return kind == ArgumentKind::groups ? group_names(**session) : topic_names(**session);
  };
  std::string out;
  for (const Candidate& candidate : candidates_for(invocation.arguments(), names_of)) {
    out += candidate.text + (candidate.help.empty() ? "" : "\t" + candidate.help) + "\n";
  }
  print(out);
  return 0;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  if (shell == "fish") return fish_script;
  return {};
}

int shell_completion(const Invocation& invocation) {
  const std::string& shell = invocation.arguments().front();
  const std::string_view script = completion_script(shell);
  if (script.empty()) return fail(fmt::format("'{}' is no shell that is known: bash, zsh or fish", shell));
  print(script);
  return 0;
}

}  // namespace moldau::cli
