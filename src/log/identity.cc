#include "log/identity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>

#include "base/assert.h"

namespace moldau::log {
namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Failure corrupt(std::string message) {
  return {FailureKind::corrupt, std::move(message)};
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}
bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

/// Appends a code unit of a \uXXXX escape as UTF-8 (surrogates as they come: no property of ours holds any).
void append_utf8(std::string& out, unsigned unit) {
  if (unit < 0x80) {
    out += static_cast<char>(unit);
  } else if (unit < 0x800) {
    out += static_cast<char>(0xC0 | (unit >> 6));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (unit >> 12));
    out += static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  }
}

/// Reads java.util.Properties text, one entry at a time.
class PropertiesReader {
 public:
  explicit PropertiesReader(std::string_view text) : text_(text) {}

  Result<std::map<std::string, std::string>> read() {
    std::map<std::string, std::string> properties;
    while (skip_to_entry()) {
      std::string key;
      RETURN_IF_FAILED(read_part(key, true));
      skip_separator();
      std::string value;
      RETURN_IF_FAILED(read_part(value, false));
      properties[key] = value;
    }
    return properties;
  }

 private:
  bool done() const { return at_ == text_.size(); }

  /// Passes blank lines and comments; false at the end.
  bool skip_to_entry() {
    while (!done()) {
      if (is_blank(text_[at_]) || is_line_end(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#' || text_[at_] == '!') {
        while (!done() && !is_line_end(text_[at_])) ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  void skip_separator() {
    while (!done() && is_blank(text_[at_])) ++at_;
    if (!done() && (text_[at_] == '=' || text_[at_] == ':')) ++at_;
    while (!done() && is_blank(text_[at_])) ++at_;
  }

  /// A key ends at a separator, a value at the end of its line; a backslash quotes.
  Status read_part(std::string& out, bool key) {
    while (!done() && !is_line_end(text_[at_])) {
      const char c = text_[at_];
      if (key && (c == '=' || c == ':' || is_blank(c))) break;
      ++at_;
      if (c != '\\') {
        out += c;
      } else {
        RETURN_IF_FAILED(read_escape(out));
      }
    }
    return {};
  }

  Status read_escape(std::string& out) {
    if (done()) return {};
    const char c = text_[at_++];
    if (is_line_end(c)) {  // a continued line: its leading blanks do not count
      if (c == '\r' && !done() && text_[at_] == '\n') ++at_;
      while (!done() && is_blank(text_[at_])) ++at_;
    } else if (c == 'u') {
      unsigned unit = 0;
      const std::string_view digits = text_.substr(at_, 4);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
      if (digits.size() != 4 || error != std::errc{} || end != digits.data() + 4) {
        return corrupt("a \\uXXXX escape is malformed");
      }
      at_ += 4;
      append_utf8(out, unit);
    } else {
      constexpr std::string_view from = "tnrf";
      constexpr std::string_view to = "\t\n\r\f";
      const size_t known = from.find(c);
      out += known == std::string_view::npos ? c : to[known];
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// "Sun Nov 22 17:58:02 UTC 2026", as java.util.Date prints it.
std::string java_date(WallMillis now) {
  constexpr std::array<std::string_view, 7> days{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int64_t seconds = now > 0 ? now / 1000 : 0;
  const int64_t day = seconds / 86400;
  const int64_t in_day = seconds % 86400;
  // Days to civil date, by eras of 400 years that begin on the 1st of March.
  const int64_t shifted = day + 719468;
  const int64_t era = shifted / 146097;
  const int64_t day_of_era = shifted % 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 2 : month_from_march - 10;  // 0 is January
  const int64_t year = year_of_era + era * 400 + (month <= 1 ? 1 : 0);
  return fmt::format("{} {} {:02} {:02}:{:02}:{:02} UTC {}", days[static_cast<size_t>(day % 7)],
                     months[static_cast<size_t>(month)], day_of_month, in_day / 3600, in_day / 60 % 60, in_day % 60,
                     year);
}

/// A value as Properties.store escapes it.
std::string escaped(std::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\\' || c == '=' || c == ':' || c == '#' || c == '!' || (c == ' ' && i == 0)) {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\f') {
      out += "\\f";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Result<MetaProperties> parse_meta_properties(std::string_view text) {
  ASSIGN_OR_RETURN(const auto properties, PropertiesReader(text).read());
  const auto value_of = [&](const char* key) -> std::optional<std::string> {
    const auto found = properties.find(key);
    if (found == properties.end()) return std::nullopt;
    return found->second;
  };

  MetaProperties meta;
  const std::string version = value_of("version").value_or("0");
  if (version != "0" && version != "1") {
    return Failure{FailureKind::unsupported, fmt::format("version {} is unknown", version)};
  }
  meta.version = version == "0" ? 0 : 1;
  meta.cluster_id = value_of("cluster.id");
  const char* id_key = meta.version == 0 ? "broker.id" : "node.id";
  if (const auto id = value_of(id_key)) {
    meta.node_id = parse_number<NodeId>(*id);
    if (!meta.node_id) return corrupt(fmt::format("{} is not a number", id_key));
  }
  if (meta.version == 1 && !meta.node_id) return corrupt("node.id is missing");
  if (meta.version == 1 && !meta.cluster_id) return corrupt("cluster.id is missing");
  if (const auto id = value_of("directory.id")) {
    meta.directory_id = Uuid::parse(*id);
    if (!meta.directory_id) return corrupt("directory.id is not an id");
  }
  return meta;
}

std::string print_meta_properties(const MetaProperties& properties, WallMillis now) {
  ASSERT(properties.version == 1 && properties.cluster_id && properties.node_id && properties.directory_id);
  return fmt::format("#\n#{}\nnode.id={}\ndirectory.id={}\nversion=1\ncluster.id={}\n", java_date(now),
                     *properties.node_id, escaped(properties.directory_id->to_string()),
                     escaped(*properties.cluster_id));
}

bool directory_id_reserved(const Uuid& id) {
  return id < Uuid::of(0, 100);
}

Result<Uuid> parse_partition_metadata(std::string_view text) {
  // Kafka reads two lines of "key: value".
  const auto line_after = [&](std::string_view key) -> std::optional<std::string_view> {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(key)) return std::nullopt;
    line.remove_prefix(key.size());
    if (!line.starts_with(':')) return std::nullopt;
    line.remove_prefix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    return line;
  };
  const auto version = line_after("version");
  if (!version) return corrupt("the version line is malformed");
  if (*version != "0") return Failure{FailureKind::unsupported, fmt::format("version {} is unknown", *version)};
  const auto id_text = line_after("topic_id");
  const auto id = id_text ? Uuid::parse(*id_text) : std::nullopt;
  if (!id) return corrupt("the topic_id line is malformed");
  if (id->is_zero()) return corrupt("the topic id is zero");
  return *id;
}

std::string print_partition_metadata(const Uuid& topic_id) {
  return fmt::format("version: 0\ntopic_id: {}", topic_id.to_string());
}

int64_t parse_clean_shutdown(std::string_view text) {
  constexpr std::string_view key = "\"brokerEpoch\"";
  size_t at = text.find(key);
  if (at == std::string_view::npos || text.find('{') == std::string_view::npos) return -1;
  at = text.find_first_not_of(" \t\r\n", at + key.size());
  if (at == std::string_view::npos || text[at] != ':') return -1;
  at = text.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string_view::npos) return -1;
  int64_t epoch = -1;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), epoch);
  if (error != std::errc{}) return -1;
  const std::string_view rest = text.substr(static_cast<size_t>(end - text.data()));
  const size_t next = rest.find_first_not_of(" \t\r\n");
  if (next == std::string_view::npos || (rest[next] != ',' && rest[next] != '}')) return -1;
  return epoch < 0 ? -1 : epoch;
}

std::string print_clean_shutdown(int64_t broker_epoch) {
  return fmt::format("{{\"version\":0,\"brokerEpoch\":{}}}", broker_epoch);
}

}  // namespace moldau::log
