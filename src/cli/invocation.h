// Invocation: a parsed command line. Flags may stand anywhere among the arguments: --name=value, --name value, -nVALUE,
// -n VALUE, boolean letters together (-sc); behind "--" all are arguments.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/command.h"

namespace moldau::cli {

class Invocation {
 public:
  /// Parses the words behind the program's name. Failures are one line, with the nearest verb or flag where there is
  /// one.
  static Result<Invocation> parse(std::span<const std::string_view> words);

  /// Null when no verb was given, or a group without a member.
  const Command* command() const { return command_; }
  /// The words of the verb that were understood: of a group too.
  std::string_view path() const { return path_; }
  bool help() const { return help_; }
  const std::vector<std::string>& arguments() const { return arguments_; }

  /// Values by the flag's long name. REQUIRES: the command, or all commands, have that flag, of that kind.
  bool given(std::string_view flag) const;
  bool boolean(std::string_view flag) const;
  std::string_view text(std::string_view flag) const;
  std::span<const std::string> texts(std::string_view flag) const;
  /// The values of a flag of texts, cut at commas; empty parts left out.
  std::vector<std::string> list(std::string_view flag) const;
  int64_t integer(std::string_view flag) const;
  std::vector<int64_t> integers(std::string_view flag) const;
  Duration duration(std::string_view flag) const;

 private:
  const Flag* find_flag(std::string_view name) const;
  const Flag* find_letter(char letter) const;
  const Flag& flag_named(std::string_view name) const;
  Status parse_long(std::string_view word, std::span<const std::string_view>& rest);
  Status parse_letters(std::string_view word, std::span<const std::string_view>& rest);
  Status set(const Flag& flag, std::string_view value);
  Status take_command(std::span<const std::string_view> words, std::vector<bool>& used);

  const Command* command_ = nullptr;
  std::string path_;
  bool help_ = false;
  std::vector<std::string> arguments_;
  std::map<std::string_view, std::vector<std::string>> values_;  // by the flag's long name
};

}  // namespace moldau::cli
