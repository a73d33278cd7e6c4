// Subscriptions by regular expression (SubscribedTopicRegex): which topics an expression stands for. RE2 bounds time
// and memory whatever the expression is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "group/consumer/decisions.h"

namespace moldau::group::consumer {

/// Memory that one compiled expression may take; what needs more is refused as invalid.
inline constexpr int64_t regex_memory_max = 1 << 20;

/// What is wrong with an expression, in Kafka's words; nothing if it is valid.
std::optional<std::string> regex_error(std::string_view regex);

/// The topics of `image` whose whole name matches, for each expression of `job`, but for those that `visible` (may the
/// user describe this topic?) denies. Expressions that are invalid stand for none.
ResolvedRegexes resolve(const RegexJob& job, const metadata::Image& image, WallMillis wall,
                        const std::function<bool(std::string_view topic)>& visible);

}  // namespace moldau::group::consumer
