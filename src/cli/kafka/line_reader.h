// LineReader: what kafka-console-producer makes of a line of input: headers, key and value with separators between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/kafka/java.h"

namespace moldau::cli::kafka {

/// Views into the line and the reader.
struct LineRecord {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
};

class LineReader {
 public:
  /// Properties: parse.key, key.separator, parse.headers, headers.delimiter, headers.separator, headers.key.separator,
  /// ignore.error, null.marker. Fails for separators that are the same.
  static Result<LineReader> make(const Properties& properties);

  /// Reads the next line; failures say which one, and what it lacks.
  Result<LineRecord> read(std::string_view line);

 private:
  Result<std::optional<std::string_view>> cut(bool enabled, std::string_view& rest, std::string_view whole,
                                              std::string_view separator, std::string_view what) const;
  Status split_headers(std::string_view text, LineRecord& record) const;
  bool is_null(std::string_view text) const { return null_marker_ && text == *null_marker_; }

  bool parse_key_ = false;
  bool parse_headers_ = false;
  bool ignore_error_ = false;
  std::string key_separator_ = "\t";
  std::string headers_delimiter_ = "\t";
  std::string headers_separator_ = ",";
  std::string headers_key_separator_ = ":";
  std::optional<std::string> null_marker_;
  int64_t line_number_ = 0;
};

}  // namespace moldau::cli::kafka
