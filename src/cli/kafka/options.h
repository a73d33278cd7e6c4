// The options of Kafka's scripts, parsed as Kafka parses them: --name value or --name=value, a single dash for a known
// name too, no abbreviations, words that are no options are passed over. What a script says about a wrong command line
// goes to standard error, above its help.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace moldau::cli::kafka {

enum class Takes : uint8_t {
  nothing,
  value,     ///< the next word, whatever it is
  optional,  ///< the next word unless it looks like an option
};

enum class ValueKind : uint8_t { text, int32, int64, number };

struct Option {
  std::string_view name;  ///< without dashes
  Takes takes = Takes::nothing;
  std::string_view described = {};  ///< what the value is, for the help
  std::string_view help = {};
  ValueKind kind = ValueKind::text;
  std::string_view fallback = {};  ///< the value when the option is not given
  bool many = false;               ///< may stand several times
};

/// A parsed command line.
class Options {
 public:
  /// Parses `words`; `table` must outlive the result. Fails for what is no option, and for one without its value.
  static Result<Options> parse(std::span<const Option> table, std::span<const std::string_view> words);

  /// Values that do not fit (no number, given twice): Kafka's scripts notice these only when they use them.
  const Status& values_ok() const { return values_ok_; }

  bool has(std::string_view name) const;
  /// The value, or the fallback; empty if there is neither.
  std::string_view value(std::string_view name) const;
  /// The value if the option was given.
  std::optional<std::string> given(std::string_view name) const;
  std::span<const std::string> values(std::string_view name) const;
  /// REQUIRES: values_ok(), and the option is a number.
  std::optional<int64_t> integer(std::string_view name) const;
  /// No words at all were given.
  bool empty() const { return empty_; }
  /// The options in the order in which they were given, with their values (empty for none).
  const std::vector<std::pair<std::string_view, std::string>>& in_order() const { return order_; }

  std::span<const Option> table() const { return table_; }

 private:
  const Option* find(std::string_view name) const;
  Status take(const Option& option, std::optional<std::string> value);
  void check_values();

  std::span<const Option> table_;
  std::map<std::string_view, std::vector<std::string>> given_;
  std::vector<std::pair<std::string_view, std::string>> order_;
  Status values_ok_;
  bool empty_ = true;
};

/// Prints `message` and the help to standard error; returns the exit code.
int usage(std::span<const Option> table, std::string_view message);
/// The help: options in two columns, by name.
std::string help_of(std::span<const Option> table);

/// "Missing required argument ..." for the first of `names` that was not given.
std::optional<std::string> missing_of(const Options& options, std::initializer_list<std::string_view> names);
/// "Option ... can't be used with option ..." if `used` and one of `others` were given.
std::optional<std::string> conflict_of(const Options& options, std::string_view used,
                                       std::initializer_list<std::string_view> others);

}  // namespace moldau::cli::kafka
