// YAML as people write it for the command line: maps and lists by indentation, plain and quoted scalars, comments, and
// lists and maps in brackets on one line. Anchors, tags, folded texts and several documents are refused by the line.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace moldau::cli {

/// The value that `text` holds: maps, lists, strings (numbers and booleans too: what they mean, their reader knows) and
/// null. JSON is read as what it is. Failures name `name`, the file, and the line.
Result<nlohmann::ordered_json> parse_yaml(std::string_view text, std::string_view name);

/// A map of scalars: "a: 1" is {"a", "1"}; with "b:" and an indented "c: 2" behind it, {"b/c", "2"}. Null is "".
Result<std::map<std::string, std::string>> parse_flat_yaml(std::string_view text, std::string_view name);

/// A scalar's text; nothing for maps and lists. Null is "".
Result<std::string> scalar_text(const nlohmann::ordered_json& value, std::string_view what);

}  // namespace moldau::cli
