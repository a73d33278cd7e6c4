// Tables as rpk prints them: columns aligned with at least two spaces between them, the last one not padded; sections
// with a title underlined by "=".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::cli {

class Table {
 public:
  /// A table with a heading; the names are printed in upper case. Without names: rows only.
  explicit Table(std::vector<std::string> heading = {});
  /// Adds a row of as many cells as the caller likes.
  void add(std::vector<std::string> cells);
  /// The lines of the table, each ending in a line feed.
  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "TITLE\n=====\n".
std::string section(std::string_view title);
/// "[1 2 3]", ascending.
std::string list_of(std::span<const int> numbers);

}  // namespace moldau::cli
