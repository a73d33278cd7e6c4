// The options of the client: what -X, the environment and profiles set. One table; the session, profiles, the help, the
// manual and the completions read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/network.h"

namespace moldau::cli {

enum class OptionKind : uint8_t {
  text,
  hosts,     ///< host:port, with commas between
  boolean,   ///< true or false
  file,      ///< a path
  duration,  ///< as text.h parses, above zero
  choice,    ///< one of OptionKey::choices
};

struct OptionKey {
  std::string_view name;   ///< as -X takes it
  std::string_view field;  ///< its place in a profile, or in the globals: the words with a dot between
  OptionKind kind = OptionKind::text;
  std::string_view example;
  std::string_view help;
  std::string_view choices = {};  ///< with | between
  bool served = true;             ///< false: a verb that needs it refuses to run when it is set
};

/// All options, in the order that people read them in.
std::span<const OptionKey> option_keys();
/// The option of that name, or of that field in a profile; null if there is none.
const OptionKey* find_option(std::string_view name);
/// As find_option; a failure that names the nearest one.
Result<const OptionKey*> known_option(std::string_view name);
/// Whether the option is one of the globals of a profile file, which hold for all profiles.
bool is_global(const OptionKey& option);
/// Whether `value` is what the option takes; `origin` begins the failure's message. The empty text unsets any.
Status check_option(const OptionKey& option, std::string_view value, std::string_view origin);

/// The lines of -X list: what each option takes; of -X help: with what it does.
std::string option_list();
std::string option_help();

/// "host", "host:port", "[::1]:port", with commas between them.
Result<std::vector<io::Address>> parse_hosts(std::string_view text, uint16_t default_port, size_t count_max);

inline constexpr uint16_t kafka_port = 9092;
inline constexpr uint16_t admin_port = 9644;
inline constexpr uint16_t registry_port = 8081;

}  // namespace moldau::cli
