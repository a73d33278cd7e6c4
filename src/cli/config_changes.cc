#include "cli/config_changes.h"

#include <set>

#include <fmt/core.h>

#include "cli/invocation.h"

namespace moldau::cli {

Result<std::pair<std::string, std::string>> key_and_value(std::string_view text, std::string_view origin) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Failure{FailureKind::invalid_argument, fmt::format("{} {}: expected key=value", origin, text)};
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<std::vector<client::ConfigChange>> config_changes(const Invocation& invocation) {
  using Operation = client::ConfigOperation;
  std::vector<client::ConfigChange> changes;
  const auto add = [&](std::string_view flag, Operation operation) -> Status {
    for (const std::string& text : invocation.texts(flag)) {
      ASSIGN_OR_RETURN(auto pair, key_and_value(text, fmt::format("--{}", flag)));
      changes.push_back({std::move(pair.first), operation, std::move(pair.second)});
    }
    return {};
  };
  RETURN_IF_FAILED(add("set", Operation::set));
  for (const std::string& key : invocation.list("delete")) changes.push_back({key, Operation::remove, {}});
  RETURN_IF_FAILED(add("append", Operation::append));
  RETURN_IF_FAILED(add("subtract", Operation::subtract));
  std::set<std::string_view> keys;
  for (const client::ConfigChange& change : changes) {
    if (!keys.insert(change.key).second) {
      return Failure{FailureKind::invalid_argument, fmt::format("{} is to be changed twice", change.key)};
    }
  }
  if (changes.empty()) {
    return Failure{FailureKind::invalid_argument,
                   "say what to change: --set key=value, --delete key, --append key=value, --subtract key=value"};
  }
  return changes;
}

}  // namespace moldau::cli
