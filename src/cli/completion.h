// Shell completion, as functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace moldau::cli {

struct Candidate {
  std::string text;
  std::string help;
};
/// Names of what a cluster or a file holds.
using NamesOf = std::function<std::vector<std::string>(ArgumentKind)>;

/// What the last of `words` (those behind the program's name) may become. `names_of` is called only where
/// names are expected.
std::vector<Candidate> candidates_for(const std::vector<std::string>& words, const NamesOf& names_of);
/// The script for bash, zsh or fish, for the program and links of Kafka's script names to it; empty for any other.
std::string completion_script(std::string_view shell);

/// The manual page, in man(7)'s macros.
std::string man_page();

}  // namespace moldau::cli
