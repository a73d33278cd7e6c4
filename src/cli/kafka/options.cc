#include "cli/kafka/options.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/kafka/print.h"

namespace moldau::cli::kafka {
namespace {

constexpr size_t option_column = 41;
constexpr size_t help_column = 39;

bool looks_like_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

template <typename Number>
bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool fits(ValueKind kind, std::string_view text) {
  switch (kind) {
    case ValueKind::text:
      return true;
    case ValueKind::int32:
      return is_number<int32_t>(text);
    case ValueKind::int64:
      return is_number<int64_t>(text);
    case ValueKind::number:
      return is_number<double>(text);
  }
  return false;
}

std::string_view type_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::text:
      return "String";
    case ValueKind::int32:
      return "Integer";
    case ValueKind::int64:
      return "Long";
    case ValueKind::number:
      return "Double";
  }
  return "String";
}

/// `text` cut between words into lines of at most `width`.
std::vector<std::string> wrapped(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    size_t cut = text.rfind(' ', width);
    if (cut == std::string_view::npos || cut == 0) cut = std::min(text.find(' '), text.size());
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(std::min(cut + 1, text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

}  // namespace

const Option* Options::find(std::string_view name) const {
  const auto found = std::ranges::find(table_, name, &Option::name);
  return found == table_.end() ? nullptr : &*found;
}

Status Options::take(const Option& option, std::optional<std::string> value) {
  order_.emplace_back(option.name, value.value_or(""));
  auto& values = given_[option.name];
  if (value) values.push_back(std::move(*value));
  return {};
}

Result<Options> Options::parse(std::span<const Option> table, std::span<const std::string_view> words) {
  Options options;
  options.table_ = table;
  options.empty_ = words.empty();
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--") break;
    if (!looks_like_option(word)) continue;
    const bool single = !word.starts_with("--");
    word.remove_prefix(single ? 1 : 2);
    std::optional<std::string> value;
    const size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      value = std::string(word.substr(equals + 1));
      word = word.substr(0, equals);
    }
    const Option* option = options.find(word);
    // Behind a single dash Kafka looks for options of one letter, of which there are none.
    if (option == nullptr)
      return invalid(fmt::format("{} is not a recognized option", single ? word.substr(0, 1) : word));
    if (option->takes == Takes::nothing) value.reset();
    if (option->takes == Takes::value && !value) {
      if (i + 1 == words.size()) return invalid(fmt::format("Option {} requires an argument", option->name));
      value = std::string(words[++i]);
    }
    if (option->takes == Takes::optional && !value && i + 1 < words.size() && !looks_like_option(words[i + 1])) {
      value = std::string(words[++i]);
    }
    RETURN_IF_FAILED(options.take(*option, std::move(value)));
  }
  options.check_values();
  return options;
}

void Options::check_values() {
  for (const auto& [name, value] : order_) {
    const Option& option = *find(name);
    const auto& values = given_.find(name)->second;
    if (values.size() > 1 && !option.many) {
      values_ok_ = invalid(fmt::format("Found multiple arguments for option {}, but you asked for only one", name));
      return;
    }
    for (const std::string& one : values) {
      if (fits(option.kind, one)) continue;
      values_ok_ = invalid(fmt::format("Cannot parse argument '{}' of option {}", one, name));
      return;
    }
  }
}

bool Options::has(std::string_view name) const {
  return given_.contains(name);
}

std::string_view Options::value(std::string_view name) const {
  const auto found = given_.find(name);
  if (found != given_.end() && !found->second.empty()) return found->second.back();
  const Option* option = find(name);
  return option == nullptr ? std::string_view() : option->fallback;
}

std::optional<std::string> Options::given(std::string_view name) const {
  const auto found = given_.find(name);
  if (found == given_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::span<const std::string> Options::values(std::string_view name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? std::span<const std::string>() : std::span<const std::string>(found->second);
}

std::optional<int64_t> Options::integer(std::string_view name) const {
  std::string_view text = value(name);
  if (text.empty()) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string help_of(std::span<const Option> table) {
  std::vector<const Option*> sorted;
  for (const Option& option : table) sorted.push_back(&option);
  std::ranges::sort(sorted, {}, &Option::name);
  std::string out = fmt::format("{:<{}}{:<{}}\n{:<{}}{:<{}}\n", "Option", option_column, "Description", help_column,
                                "------", option_column, "-----------", help_column);
  for (const Option* option : sorted) {
    std::string left = fmt::format("--{}", option->name);
    if (option->takes != Takes::nothing) {
      const char* marks = option->takes == Takes::value ? "<>" : "[]";
      const std::string_view colon = option->described.empty() ? "" : ": ";
      left += fmt::format(" {}{}{}{}{}", marks[0], type_name(option->kind), colon, option->described, marks[1]);
    }
    std::string right(option->help);
    if (!option->fallback.empty()) right += fmt::format(" (default: {})", option->fallback);
    const std::vector<std::string> names = wrapped(left, option_column - 2);
    const std::vector<std::string> texts = wrapped(right, help_column);
    for (size_t i = 0; i < std::max(names.size(), texts.size()); ++i) {
      const std::string_view name = i < names.size() ? std::string_view(names[i]) : std::string_view();
      const std::string_view text = i < texts.size() ? std::string_view(texts[i]) : std::string_view();
      out += fmt::format("{:<{}}{}\n", name, option_column, text);
    }
  }
  return out;
}

int usage(std::span<const Option> table, std::string_view message) {
  print_error(fmt::format("{}\n{}", message, help_of(table)));
  return 1;
}

std::optional<std::string> missing_of(const Options& options, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (!options.has(name)) return fmt::format("Missing required argument \"[{}]\"", name);
  }
  return std::nullopt;
}

std::optional<std::string> conflict_of(const Options& options, std::string_view used,
                                       std::initializer_list<std::string_view> others) {
  if (!options.has(used)) return std::nullopt;
  for (const std::string_view other : others) {
    if (options.has(other)) return fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", used, other);
  }
  return std::nullopt;
}

}  // namespace moldau::cli::kafka
