#include "group/consumer/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace moldau::group::consumer {
namespace {

RE2::Options options() {
  RE2::Options result;
  result.set_log_errors(false);
  result.set_max_mem(regex_memory_max);
  return result;
}

/// The expression in RE2's words: Kafka's engine (RE2/J) names groups by (?<name>...) too, has no \C (any byte), and
/// refuses a name that comes twice.
class Translation {
 public:
  explicit Translation(std::string_view regex) {
    for (rest_ = regex; !rest_.empty();) step();
  }
  const std::string& text() const { return text_; }
  const std::optional<std::string>& error() const { return error_; }

 private:
  void step() {
    if (rest_.starts_with("\\Q")) {
      const size_t end = rest_.find("\\E");
      copy(end == std::string_view::npos ? rest_.size() : end);
    } else if (rest_[0] == '\\') {
      if (rest_.starts_with("\\C")) error_ = "invalid escape sequence";
      copy(2);
    } else if (in_class_) {
      in_class_ = rest_[0] != ']';
      copy(1);
    } else if (rest_[0] == '[') {
      in_class_ = true;
      // A ] that comes first is a member of the class.
      copy(rest_.starts_with("[^]") ? 3 : rest_.starts_with("[]") || rest_.starts_with("[^") ? 2 : 1);
    } else if (rest_.starts_with("(?<") || rest_.starts_with("(?P<")) {
      rest_.remove_prefix(rest_.find('<') + 1);
      text_ += "(?P<";
      const size_t end = rest_.find('>');
      if (end != std::string_view::npos && !names_.insert(rest_.substr(0, end)).second) {
        error_ = "duplicate capture group name";
      }
    } else {
      copy(1);
    }
  }
  void copy(size_t size) {
    text_ += rest_.substr(0, size);
    rest_.remove_prefix(std::min(size, rest_.size()));
  }

  std::string_view rest_;
  std::string text_;
  bool in_class_ = false;
  std::set<std::string_view> names_;
  std::optional<std::string> error_;
};

/// What RE2 says of an expression, in the words of Kafka's engine.
std::optional<std::string> error_of(const RE2& compiled) {
  switch (compiled.error_code()) {
    case RE2::NoError:
      return std::nullopt;
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    case RE2::ErrorUnexpectedParen:
    case RE2::ErrorInternal:
      break;
  }
  return "regexp/syntax: internal error";
}

struct Compiled {
  std::unique_ptr<RE2> expression;
  std::optional<std::string> error;
};

Compiled compile(std::string_view regex) {
  const Translation translation(regex);
  if (translation.error()) return {nullptr, translation.error()};
  Compiled result{std::make_unique<RE2>(translation.text(), options()), {}};
  result.error = error_of(*result.expression);
  return result;
}

}  // namespace

std::optional<std::string> regex_error(std::string_view regex) {
  return compile(regex).error;
}

ResolvedRegexes resolve(const RegexJob& job, const metadata::Image& image, WallMillis wall,
                        const std::function<bool(std::string_view topic)>& visible) {
  ResolvedRegexes result;
  std::vector<std::pair<std::unique_ptr<RE2>, ResolvedRegex*>> compiled;
  for (const std::string& regex : job.regexes) {
    ResolvedRegex& into = result[regex];
    into = {.topics = {}, .version = image.applied().offset, .timestamp = wall};
    Compiled expression = compile(regex);
    if (!expression.error) compiled.emplace_back(std::move(expression.expression), &into);
  }
  image.for_each_topic([&](const metadata::TopicImage& topic) {  // in the order of names
    std::optional<bool> may_see;
    for (const auto& [expression, into] : compiled) {
      if (!RE2::FullMatch(topic.name, *expression)) continue;
      if (!may_see) may_see = visible(topic.name);
      if (*may_see) into->topics.push_back(topic.name);
    }
  });
  return result;
}

}  // namespace moldau::group::consumer
