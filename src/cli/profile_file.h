// The file of profiles: named sets of client options (option_keys.h), one of them selected, and the globals that hold
// for all. ~/.config/moldau/moldau.yaml:
//
//   version: 1
//   globals:
//     dial_timeout: 3s
//   current_profile: local
//   profiles:
//     - name: local
//       description: the broker on this machine
//       prompt: bold "[%n]"
//       kafka_api:
//         brokers:
//           - 127.0.0.1:9092
//
// Read whole, changed in memory, written whole by a rename: a reader never sees half of it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace moldau::cli {

class Invocation;

/// Looks up an environment variable; null if it is not set.
using Environment = std::function<const char*(const char*)>;

/// Values by the option's -X name, as -X would take them.
using OptionValues = std::map<std::string, std::string, std::less<>>;

struct Profile {
  std::string name;
  std::string description;
  std::string prompt;
  OptionValues options;
};

struct ProfileFile {
  OptionValues globals;
  std::string current;  ///< the selected profile's name; empty: none
  std::vector<Profile> profiles;

  Profile* find(std::string_view name);
  const Profile* find(std::string_view name) const;
};

/// Letters, digits and . _ - : what a profile's name may be made of, so that it is safe in a prompt and in a shell.
bool is_profile_name(std::string_view name);

/// A whole file. Unknown keys are refused with the nearest known one; what rpk keeps there besides is passed over.
Result<ProfileFile> parse_profile_file(std::string_view text, std::string_view name);
std::string profile_file_text(const ProfileFile& file);
/// One profile, as profile_text writes it.
Result<Profile> parse_profile(std::string_view text, std::string_view name);
std::string profile_text(const Profile& profile);
/// The globals alone.
Result<OptionValues> parse_globals(std::string_view text, std::string_view name);
std::string globals_text(const OptionValues& globals);

/// Sets "KEY=VALUE" of a profile: an option by either of its names, or description, or prompt; an empty value unsets.
Status set_profile_value(Profile& profile, std::string_view key, std::string_view value);

/// Where the file is: --config, MOLDAU_CONFIG, $XDG_CONFIG_HOME/moldau/moldau.yaml, $HOME/.config/moldau/moldau.yaml;
/// empty if nothing says so.
std::string profile_path(const Invocation& invocation, const Environment& environment);
/// The file at `path`; an empty one if there is none.
Result<ProfileFile> load_profiles(const std::string& path);
/// Writes it, for its owner alone: it may hold passwords.
Status save_profiles(const std::string& path, const ProfileFile& file);

/// The profile that counts: --profile, MOLDAU_PROFILE, the selected one; none with --ignore-profile. A failure when the
/// one that is named does not exist.
Result<const Profile*> chosen_profile(const Invocation& invocation, const Environment& environment,
                                      const ProfileFile& file, const std::string& path);

}  // namespace moldau::cli
