// The YAML that the command line writes itself, read back: a map of keys to plain or quoted scalars, one a line, with
// maps inside by indentation. Lists, anchors, folded texts and the like are refused by name of the line.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace moldau::cli {

/// Values by path: "a: 1" is {"a", "1"}; with "b:" and an indented "c: 2" behind it, {"b/c", "2"}. `name` is the file.
Result<std::map<std::string, std::string>> parse_flat_yaml(std::string_view text, std::string_view name);

/// `text` as a YAML scalar: quoted if it would not mean itself.
std::string yaml_text(const std::string& text);

}  // namespace moldau::cli
