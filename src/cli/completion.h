// Shell completion, as functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::cli {

struct Candidate {
  std::string text;
  std::string help;
};
using TopicNames = std::function<std::vector<std::string>()>;

/// What the last of `words` (those behind the program's name) may become. `topic_names` is called only where topics are
/// expected.
std::vector<Candidate> candidates_for(const std::vector<std::string>& words, const TopicNames& topic_names);
/// The script for bash, zsh or fish; empty for any other.
std::string_view completion_script(std::string_view shell);

}  // namespace moldau::cli
