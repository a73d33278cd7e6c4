#include "cli/table.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "cli/text.h"

namespace moldau::cli {
namespace {

/// A column is at least this wide, its padding included, as rpk's tables are.
constexpr size_t column_width_min = 6;
constexpr size_t padding = 2;

/// Columns on screen: bytes that begin a UTF-8 sequence.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> heading) {
  if (heading.empty()) return;
  for (auto& name : heading) name = upper(name);
  rows_.push_back(std::move(heading));
}

void Table::add(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string Table::to_string() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      if (widths.size() <= i) widths.resize(i + 1, column_width_min);
      widths[i] = std::max(widths[i], width_of(row[i]) + padding);
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - width_of(row[i]), ' ');
    }
    out += '\n';
  }
  return out;
}

std::string section(std::string_view title) {
  const std::string name = upper(title);
  return name + "\n" + std::string(name.size(), '=') + "\n";
}

std::string list_of(std::span<const int> numbers) {
  std::vector<int> sorted(numbers.begin(), numbers.end());
  std::ranges::sort(sorted);
  std::string out = "[";
  for (const int number : sorted) out += (out.size() > 1 ? " " : "") + std::to_string(number);
  return out + "]";
}

}  // namespace moldau::cli
