#include "cli/invocation.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/assert.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

Failure usage(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::string with_suggestion(std::string message, std::string_view nearest_name, std::string_view prefix = {}) {
  if (!nearest_name.empty()) message += fmt::format("; did you mean {}{}?", prefix, nearest_name);
  return message;
}

/// Checks `value` against what `flag` takes.
Status check_value(const Flag& flag, std::string_view value) {
  const auto wrong = [&](std::string_view expected) {
    return usage(fmt::format("invalid value '{}' for --{}: expected {}", value, flag.name, expected));
  };
  switch (flag.kind) {
    case FlagKind::boolean:
      if (!parse_bool(value)) return wrong("true or false");
      return {};
    case FlagKind::texts:
      return {};
    case FlagKind::text: {
      if (flag.choices.empty()) return {};
      const auto choices = split(flag.choices, '|');
      if (std::ranges::find(choices, value) != choices.end()) return {};
      std::string all(flag.choices);
      std::ranges::replace(all, '|', ' ');
      return usage(
          with_suggestion(fmt::format("invalid value '{}' for --{}: expected one of {}", value, flag.name, all),
                          nearest(value, choices)));
    }
    case FlagKind::duration:
      if (!parse_duration(value)) return wrong("a duration such as 500ms or 1m30s");
      return {};
    case FlagKind::integer:
    case FlagKind::integers: {
      const auto parts = flag.kind == FlagKind::integers ? split(value, ',') : std::vector{value};
      for (const std::string_view part : parts) {
        const auto number = parse_integer(part);
        if (!number) return wrong(flag.kind == FlagKind::integers ? "numbers with commas between them" : "a number");
        if (*number < flag.min || *number > flag.max) return wrong(fmt::format("{} to {}", flag.min, flag.max));
      }
      return {};
    }
  }
  return {};
}

}  // namespace

const Flag* Invocation::find_flag(std::string_view name) const {
  if (command_ != nullptr) {
    for (const Flag& flag : command_->flags) {
      if (flag.name == name) return &flag;
    }
  }
  for (const Flag& flag : global_flags()) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

const Flag* Invocation::find_letter(char letter) const {
  if (command_ != nullptr) {
    for (const Flag& flag : command_->flags) {
      if (flag.letter == letter) return &flag;
    }
  }
  for (const Flag& flag : global_flags()) {
    if (flag.letter == letter) return &flag;
  }
  return nullptr;
}

const Flag& Invocation::flag_named(std::string_view name) const {
  const Flag* flag = find_flag(name);
  ASSERT(flag != nullptr);
  return *flag;
}

Status Invocation::set(const Flag& flag, std::string_view value) {
  RETURN_IF_FAILED(check_value(flag, value));
  auto& values = values_[flag.name];
  if (flag.kind != FlagKind::texts && flag.kind != FlagKind::integers) values.clear();
  values.emplace_back(value);
  return {};
}

Status Invocation::parse_long(std::string_view word, std::span<const std::string_view>& rest) {
  const size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  if (name == "help") {
    help_ = true;
    return {};
  }
  const Flag* flag = find_flag(name);
  if (flag == nullptr) {
    std::vector<std::string_view> names{"help"};
    for (const Flag& candidate : global_flags()) names.push_back(candidate.name);
    if (command_ != nullptr) {
      for (const Flag& candidate : command_->flags) names.push_back(candidate.name);
    }
    return usage(with_suggestion(fmt::format("unknown flag --{}{}", name, path_.empty() ? "" : " for '" + path_ + "'"),
                                 nearest(name, names), "--"));
  }
  if (equals != std::string_view::npos) return set(*flag, word.substr(equals + 1));
  if (flag->kind == FlagKind::boolean) return set(*flag, "true");
  if (rest.empty()) return usage(fmt::format("--{} needs a value", name));
  const std::string_view value = rest.front();
  rest = rest.subspan(1);
  return set(*flag, value);
}

Status Invocation::parse_letters(std::string_view word, std::span<const std::string_view>& rest) {
  while (!word.empty()) {
    const char letter = word[0];
    word.remove_prefix(1);
    const Flag* flag = find_letter(letter);
    if (flag == nullptr && letter == 'h') {
      help_ = true;
      continue;
    }
    if (flag == nullptr) {
      return usage(fmt::format("unknown flag -{}{}", letter, path_.empty() ? "" : " for '" + path_ + "'"));
    }
    if (flag->kind == FlagKind::boolean) {
      if (word.starts_with('=')) return set(*flag, word.substr(1));
      RETURN_IF_FAILED(set(*flag, "true"));
      continue;
    }
    if (!word.empty()) return set(*flag, word.starts_with('=') ? word.substr(1) : word);
    if (rest.empty()) return usage(fmt::format("-{} needs a value", letter));
    const std::string_view value = rest.front();
    rest = rest.subspan(1);
    return set(*flag, value);
  }
  return {};
}

/// Finds the verb: the first words that are not flags (nor values of global flags) are its path.
Status Invocation::take_command(std::span<const std::string_view> words, std::vector<bool>& used) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") break;
    if (word.starts_with('-')) {
      // Global flags may stand before the verb: step over the value of one that takes a separate one.
      const Flag* flag = word.starts_with("--") ? find_flag(word.substr(2))
                         : word.size() == 2     ? find_letter(word[1])
                                                : nullptr;
      if (flag != nullptr && flag->kind != FlagKind::boolean) ++i;
      continue;
    }
    const std::string longer = path_.empty() ? std::string(word) : fmt::format("{} {}", path_, word);
    const Command* found = find_command(longer);
    if (found == nullptr) {
      std::vector<std::string_view> names;
      for (const Command& command : commands()) {
        if (is_member(command, path_) && !command.hidden) names.push_back(last_word(command.path));
      }
      const std::string where = path_.empty() ? "" : fmt::format(" of '{}'", path_);
      return usage(with_suggestion(fmt::format("unknown command '{}'{}", word, where), nearest(word, names)) +
                   "; see: moldau help");
    }
    used[i] = true;
    path_ = found->path;
    const bool group =
        std::ranges::any_of(commands(), [&](const Command& command) { return is_member(command, path_); });
    if (group) continue;
    command_ = found;
    break;
  }
  return {};
}

Result<Invocation> Invocation::parse(std::span<const std::string_view> words) {
  Invocation invocation;
  std::vector<bool> used(words.size(), false);
  RETURN_IF_FAILED(invocation.take_command(words, used));
  for (size_t i = 0; i < words.size(); ++i) {
    if (used[i]) continue;
    const std::string_view word = words[i];
    std::span<const std::string_view> rest = words.subspan(i + 1);
    if (word == "--") {
      for (const std::string_view argument : rest) invocation.arguments_.emplace_back(argument);
      break;
    }
    if (word.starts_with("--")) {
      RETURN_IF_FAILED(invocation.parse_long(word.substr(2), rest));
    } else if (word.size() > 1 && word[0] == '-') {
      RETURN_IF_FAILED(invocation.parse_letters(word.substr(1), rest));
    } else {
      invocation.arguments_.emplace_back(word);
    }
    i = words.size() - rest.size() - 1;
  }
  if (invocation.help_ || invocation.command_ == nullptr) return invocation;
  const Command& command = *invocation.command_;
  const size_t count = invocation.arguments_.size();
  if (count < command.arguments_min) {
    return usage(fmt::format("usage: moldau {} {} [flags]; see: moldau {} --help", command.path, command.arguments,
                             command.path));
  }
  if (count > command.arguments_max) {
    return usage(fmt::format("'{}' takes {} argument{}, got {}: '{}' is too many", command.path,
                             command.arguments_max == 0 ? "no" : std::to_string(command.arguments_max),
                             command.arguments_max == 1 ? "" : "s", count,
                             invocation.arguments_[command.arguments_max]));
  }
  return invocation;
}

bool Invocation::given(std::string_view flag) const {
  return values_.contains(flag_named(flag).name);
}

std::string_view Invocation::text(std::string_view flag) const {
  const Flag& facts = flag_named(flag);
  const auto found = values_.find(facts.name);
  return found != values_.end() ? std::string_view(found->second.back()) : facts.fallback;
}

std::span<const std::string> Invocation::texts(std::string_view flag) const {
  const auto found = values_.find(flag_named(flag).name);
  return found != values_.end() ? std::span<const std::string>(found->second) : std::span<const std::string>();
}

std::vector<std::string> Invocation::list(std::string_view flag) const {
  std::vector<std::string> parts;
  for (const std::string& value : texts(flag)) {
    for (const std::string_view part : split(value, ',')) {
      if (!part.empty()) parts.emplace_back(part);
    }
  }
  return parts;
}

bool Invocation::boolean(std::string_view flag) const {
  return parse_bool(text(flag)).value_or(false);
}
int64_t Invocation::integer(std::string_view flag) const {
  return parse_integer(text(flag)).value_or(0);
}
Duration Invocation::duration(std::string_view flag) const {
  return parse_duration(text(flag)).value_or(Duration{});
}

std::vector<int64_t> Invocation::integers(std::string_view flag) const {
  std::vector<int64_t> numbers;
  for (const std::string& list : texts(flag)) {
    for (const std::string_view part : split(list, ',')) numbers.push_back(parse_integer(part).value_or(0));
  }
  return numbers;
}

}  // namespace moldau::cli
