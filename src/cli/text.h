// Small text tools of the command line: durations as Go and rpk write them, numbers, nearest names, splitting.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace moldau::cli {

/// "300ms", "1m30s", "-48h", "1.5h": decimal numbers with the units ns, us, ms, s, m, h (also hr), d. "0" needs none.
/// Nothing for any other text or what does not fit.
std::optional<Duration> parse_duration(std::string_view text);
/// A whole decimal number with an optional sign; nothing for any other text or what does not fit.
std::optional<int64_t> parse_integer(std::string_view text);
/// "true", "false", "1", "0", "t", "f" in any usual case.
std::optional<bool> parse_bool(std::string_view text);

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate nearest to `name`, if it is near enough to be what was meant; empty otherwise.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

/// The parts of `text` between the separators; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string upper(std::string_view text);

/// Reads a text wrapped in as many opening marks as it begins with: "[%F]", "{{x}}", "##x##". Returns what is inside
/// and cuts it off `rest`; nothing if it does not close.
std::optional<std::string_view> take_wrapped(std::string_view& rest);
/// Reads the escape behind a backslash (\t \n \r \\ \xNN) off `rest`; nothing for any other.
std::optional<char> take_escape(std::string_view& rest);
/// Reads the braces' content off `rest`, which begins behind the opening one; nested braces count, %{ and %} do not.
std::optional<std::string_view> take_braced(std::string_view& rest);

std::string base64(std::string_view bytes, bool padded);
std::optional<std::string> from_base64(std::string_view text);
std::string hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);

/// Appends `text` as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace moldau::cli
