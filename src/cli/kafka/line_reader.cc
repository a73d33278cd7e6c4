#include "cli/kafka/line_reader.h"

#include <fmt/core.h>

#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

void take(const Properties& properties, std::string_view key, std::string& value) {
  const auto found = properties.find(key);
  if (found != properties.end()) value = found->second;
}

bool flag(const Properties& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found != properties.end() && upper(found->second) == "TRUE";
}

}  // namespace

Result<LineReader> LineReader::make(const Properties& properties) {
  LineReader reader;
  reader.parse_key_ = flag(properties, "parse.key");
  reader.parse_headers_ = flag(properties, "parse.headers");
  reader.ignore_error_ = flag(properties, "ignore.error");
  take(properties, "key.separator", reader.key_separator_);
  take(properties, "headers.delimiter", reader.headers_delimiter_);
  take(properties, "headers.separator", reader.headers_separator_);
  take(properties, "headers.key.separator", reader.headers_key_separator_);
  const auto marker = properties.find("null.marker");
  if (marker != properties.end()) reader.null_marker_ = marker->second;
  const std::pair<std::string_view, const std::string*> all[] = {
      {"headers.delimiter", &reader.headers_delimiter_},
      {"headers.separator", &reader.headers_separator_},
      {"headers.key.separator", &reader.headers_key_separator_},
  };
  for (size_t i = 0; i < std::size(all); ++i) {
    for (size_t j = i + 1; j < std::size(all); ++j) {
      if (reader.parse_headers_ && *all[i].second == *all[j].second) {
        return invalid(fmt::format("{} and {} may not be equal", all[i].first, all[j].first));
      }
    }
  }
  for (const auto& [name, separator] : all) {
    if (reader.null_marker_ && *reader.null_marker_ == *separator) {
      return invalid(fmt::format("null.marker and {} may not be equal", name));
    }
  }
  if (reader.null_marker_ && *reader.null_marker_ == reader.key_separator_) {
    return invalid("null.marker and key.separator may not be equal");
  }
  return reader;
}

/// Cuts the part before `separator` off `rest`; nothing when it is not to be parsed, or may be missing.
Result<std::optional<std::string_view>> LineReader::cut(bool enabled, std::string_view& rest, std::string_view whole,
                                                        std::string_view separator, std::string_view what) const {
  if (!enabled) return std::optional<std::string_view>();
  const size_t at = rest.find(separator);
  if (at == std::string_view::npos) {
    if (ignore_error_) return std::optional<std::string_view>();
    return invalid(fmt::format("No {} found on line number {}: '{}'", what, line_number_, whole));
  }
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at + separator.size());
  return std::optional<std::string_view>(part);
}

Status LineReader::split_headers(std::string_view text, LineRecord& record) const {
  while (!text.empty()) {
    const size_t end = text.find(headers_separator_);
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + headers_separator_.size());
    const size_t at = pair.find(headers_key_separator_);
    if (at == std::string_view::npos) {
      if (!ignore_error_) {
        return invalid(fmt::format("No header key separator found in pair '{}' on line number {}", pair, line_number_));
      }
      record.headers.emplace_back(pair, std::nullopt);
      continue;
    }
    const std::string_view key = pair.substr(0, at);
    const std::string_view value = pair.substr(at + headers_key_separator_.size());
    if (is_null(key)) {
      return invalid(
          fmt::format("Header keys should not be equal to the null marker '{}' as they can't be null", *null_marker_));
    }
    record.headers.emplace_back(key, is_null(value) ? std::nullopt : std::optional(value));
  }
  return {};
}

Result<LineRecord> LineReader::read(std::string_view line) {
  ++line_number_;
  LineRecord record;
  std::string_view rest = line;
  ASSIGN_OR_RETURN(const auto headers, cut(parse_headers_, rest, line, headers_delimiter_, "headers delimiter"));
  ASSIGN_OR_RETURN(const auto key, cut(parse_key_, rest, line, key_separator_, "key separator"));
  if (key && !is_null(*key)) record.key = *key;
  if (!is_null(rest)) record.value = rest;
  if (headers && !is_null(*headers)) RETURN_IF_FAILED(split_headers(*headers, record));
  return record;
}

}  // namespace moldau::cli::kafka
