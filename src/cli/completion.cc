// Shell completion: `moldau __complete -- WORDS...` prints what the last word may become, one candidate a line with its
// help behind a tab; the scripts of `generate shell-completion` only ask it. So all shells complete from the one table
// of commands.
#include "cli/completion.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "cli/completion_scripts.h"
#include "cli/invocation.h"
#include "cli/kafka/tool.h"
#include "cli/option_keys.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "client/admin_configs.h"
#include "client/admin_groups.h"

namespace moldau::cli {
namespace {

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

/// KEY= for each option; behind KEY=, what it may be.
void add_options(std::vector<Candidate>& out, std::string_view prefix, std::string_view word) {
  for (const OptionKey& option : option_keys()) {
    const std::string start = fmt::format("{}{}=", prefix, option.name);
    const std::string_view choices = option.kind == OptionKind::boolean ? "true|false" : option.choices;
    if (choices.empty() || !word.starts_with(start)) {
      out.push_back({start, std::string(option.help)});
      continue;
    }
    for (const std::string_view choice : split(choices, '|')) out.push_back({start + std::string(choice), ""});
  }
}

/// Values of a flag behind `prefix`, which is empty or "--flag=".
void add_flag_values(std::vector<Candidate>& out, const Flag& flag, std::string_view prefix, std::string_view word,
                     const NamesOf& names_of) {
  if (flag.names == ArgumentKind::options) {
    add_options(out, prefix, word);
  } else if (flag.names != ArgumentKind::none) {
    for (const std::string& name : names_of(flag.names)) out.push_back({fmt::format("{}{}", prefix, name), ""});
  }
  if (flag.choices.empty()) return;
  for (const std::string_view choice : split(flag.choices, '|'))
    out.push_back({fmt::format("{}{}", prefix, choice), ""});
}

void add_flags(std::vector<Candidate>& out, const Command* command, std::string_view word, const NamesOf& names_of) {
  const size_t equals = word.find('=');
  for (const auto flags : {command != nullptr ? command->flags : std::span<const Flag>(), global_flags()}) {
    for (const Flag& flag : flags) {
      const std::string name = fmt::format("--{}", flag.name);
      if (equals != std::string_view::npos) {
        if (word.substr(0, equals) == name) add_flag_values(out, flag, name + "=", word, names_of);
        continue;
      }
      out.push_back({name, std::string(flag.help)});
    }
  }
  if (equals == std::string_view::npos) out.push_back({"--help", "Explain the command"});
}

/// Of one of Kafka's scripts: its options.
std::vector<Candidate> script_candidates(const kafka::Tool& tool, std::string_view word) {
  std::vector<Candidate> out;
  if (!word.starts_with('-')) return out;
  for (const kafka::Option& option : tool.options) {
    out.push_back({fmt::format("--{}", option.name), std::string(option.help)});
  }
  std::erase_if(out, [&](const Candidate& candidate) { return !candidate.text.starts_with(word); });
  return out;
}

}  // namespace

std::vector<Candidate> candidates_for(const std::vector<std::string>& words, const NamesOf& names_of) {
  const std::string_view word = words.empty() ? std::string_view() : std::string_view(words.back());
  const kafka::Tool* script = words.size() > 1 ? kafka::find_tool(words.front()) : nullptr;
  if (script != nullptr) return script_candidates(*script, word);
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
    add_flag_values(out, *waiting, "", word, names_of);
  } else if (word.starts_with('-')) {
    add_flags(out, command, word, names_of);
  } else {
    for (const Command& member : commands()) {
      if (is_member(member, path) && !member.hidden)
        out.push_back({std::string(last_word(member.path)), std::string(member.summary)});
    }
    if (words.size() <= 1) {
      for (const kafka::Tool& tool : kafka::tools()) out.push_back({std::string(tool.name), std::string(tool.summary)});
    }
    const ArgumentKind kind = command != nullptr ? command->argument_kind : ArgumentKind::none;
    if (kind == ArgumentKind::shell) {
      for (const char* shell : {"bash", "zsh", "fish"}) out.push_back({shell, ""});
    } else if (kind == ArgumentKind::options) {
      add_options(out, "", word);
    } else if (kind != ArgumentKind::none) {
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

std::vector<std::string> user_names(Session& session) {
  const auto described = session.wait(client::describe_scram(session.client(), {}));
  std::vector<std::string> names;
  if (described.ok()) {
    for (const auto& user : described->users) names.push_back(user.name);
  }
  return names;
}

std::vector<std::string> profile_names(const Invocation& invocation) {
  const auto file = load_profiles(profile_path(invocation, process_environment()));
  std::vector<std::string> names;
  if (file.ok()) {
    for (const Profile& profile : file->profiles) names.push_back(profile.name);
  }
  return names;
}

}  // namespace

int complete(const Invocation& invocation) {
  // A cluster is asked with little patience: whoever presses a key does not wait for it.
  const NamesOf names_of = [&](ArgumentKind kind) -> std::vector<std::string> {
    if (kind == ArgumentKind::profiles) return profile_names(invocation);
    Result<SessionOptions> options = session_options(invocation, process_environment());
    if (!options.ok()) return {};
    options->dial_timeout = milliseconds(300);
    options->request_timeout = milliseconds(500);
    options->retry_timeout = milliseconds(500);
    auto session = Session::open(std::move(options).value());
    if (!session.ok()) return {};
    if (kind == ArgumentKind::users) return user_names(**session);
    return kind == ArgumentKind::groups ? group_names(**session) : topic_names(**session);
  };
  std::string out;
  for (const Candidate& candidate : candidates_for(invocation.arguments(), names_of)) {
    out += candidate.text + (candidate.help.empty() ? "" : "\t" + candidate.help) + "\n";
  }
  print(out);
  return 0;
}

std::string completion_script(std::string_view shell) {
  std::string script;
  if (shell == "bash") script = bash_script;
  if (shell == "zsh") script = zsh_script;
  if (shell == "fish") script = fish_script;
  std::string names;
  for (const kafka::Tool& tool : kafka::tools())
    names += fmt::format("{}{} {}.sh", names.empty() ? "" : " ", tool.name, tool.name);
  constexpr std::string_view mark = "@SCRIPTS@";
  for (size_t at = script.find(mark); at != std::string::npos; at = script.find(mark, at + names.size())) {
    script.replace(at, mark.size(), names);
  }
  return script;
}

int shell_completion(const Invocation& invocation) {
  const std::string& shell = invocation.arguments().front();
  const std::string script = completion_script(shell);
  if (script.empty()) return fail(fmt::format("'{}' is no shell that is known: bash, zsh or fish", shell));
  print(script);
  return 0;
}

}  // namespace moldau::cli
