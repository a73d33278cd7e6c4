// server.properties: the Java properties format, and the environment as a second source of the same keys. Pure: the
// caller reads file and environment and passes them in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metadata/config_resolve.h"

namespace moldau::metadata {

/// A file longer than this is refused.
inline constexpr size_t properties_bytes_max = 1 << 20;

/// Parses the Java properties format (java.util.Properties.load): `#` and `!` comments, `=`, `:` or blanks between key
/// and value, backslash escapes (\t \n \r \f \\ \uXXXX), continuation lines. Bytes above 0x7F are kept as they are
/// (UTF-8; Java reads Latin-1). A later key wins. Fails (invalid_argument) for a broken \u escape and for oversized
/// input; everything else is a valid file, as in Java.
Result<ConfigMap> parse_properties(std::string_view text);

/// The setting that an environment variable names: KAFKA_ and MOLDAU_ are prefixes; then `_` is `.`, `__` is `_`, `___`
/// is `-`, letters are lowered. Nothing for any other variable, and for Kafka's own script variables (KAFKA_HEAP_OPTS
/// and their like).
std::optional<std::string> setting_of_environment_name(std::string_view variable);

/// Settings from the environment, given as (name, value) pairs. MOLDAU_ wins over KAFKA_.
ConfigMap settings_of_environment(std::span<const std::pair<std::string, std::string>> environment);

/// One map of all sources: command line over environment over file.
ConfigMap merge_settings(const ConfigMap& file, const ConfigMap& environment, const ConfigMap& command_line);

}  // namespace moldau::metadata
