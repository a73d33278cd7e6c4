// The one table of the command line: verbs, flags, words for people. The parser, the help and the shell completions
// come from it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace moldau::cli {

class Invocation;

enum class FlagKind : uint8_t {
  boolean,  ///< --flag, --flag=false
  text,     ///< the last one counts
  texts,    ///< may stand several times
  integer,
  integers,  ///< numbers with commas between them; may stand several times
  duration,  ///< as text.h parses
};

/// What positional arguments, or a flag's values, are: for completion.
enum class ArgumentKind : uint8_t { none, topics, shell, groups, profiles, options, users };

struct Flag {
  std::string_view name;  ///< without dashes
  char letter = 0;        ///< short form; 0: none
  FlagKind kind = FlagKind::boolean;
  std::string_view fallback = {};  ///< value when the flag is not given, as one would type it
  std::string_view help = {};
  std::string_view choices = {};  ///< of a text: what it may be, with | between
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
  ArgumentKind names = ArgumentKind::none;  ///< of a text: what it names
};

struct Command {
  std::string_view path;            ///< "topic create": words with one space between
  std::string_view arguments = {};  ///< for the usage line: "TOPICS..."
  size_t arguments_min = 0;
  size_t arguments_max = 0;
  ArgumentKind argument_kind = ArgumentKind::none;
  std::span<const Flag> flags = {};
  std::string_view summary = {};            ///< one line
  std::string_view details = {};            ///< more, for --help
  std::string_view aliases = {};            ///< other last words, with | between
  int (*run)(const Invocation&) = nullptr;  ///< exit code; null: a group of others, or a verb of another program part
  bool hidden = false;
};

/// All verbs, groups before their members.
std::span<const Command> commands();
/// Flags that every verb has.
std::span<const Flag> global_flags();

/// The command of these words, aliases followed; null if there is none.
const Command* find_command(std::string_view path);
/// The last word of a command's path.
std::string_view last_word(std::string_view path);
/// Whether `command` is a direct member of the group `group` (empty: the top).
bool is_member(const Command& command, std::string_view group);

/// The help text of a command; of all for an empty path.
std::string help_of(std::string_view path);

}  // namespace moldau::cli
