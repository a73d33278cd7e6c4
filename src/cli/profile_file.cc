#include "cli/profile_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <unistd.h>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/option_keys.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/yaml.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t profile_name_max = 128;
/// What rpk's files hold of its cloud: no business of ours.
constexpr std::string_view foreign_keys[] = {"from_cloud",
                                             "cloud_cluster",
                                             "license_check",
                                             "cloud_auth",
                                             "cloud_environment",
                                             "current_cloud_auth_kind",
                                             "current_cloud_auth_org_id"};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

bool is_foreign(std::string_view key) {
  return std::ranges::find(foreign_keys, key) != std::end(foreign_keys);
}

Failure unknown_key(std::string_view name, std::string_view key, const std::vector<std::string_view>& known) {
  const std::string_view near = nearest(key, known);
  return invalid(
      fmt::format("{}: unknown key '{}'{}", name, key, near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

/// A value as -X would take it: lists with commas between.
Result<std::string> option_text(const Json& value, const std::string& what) {
  if (!value.is_array()) return scalar_text(value, what);
  std::string joined;
  for (const Json& element : value) {
    ASSIGN_OR_RETURN(const std::string text, scalar_text(element, what));
    if (text.find(',') != std::string::npos) return invalid(fmt::format("{}: '{}' holds a comma", what, text));
    joined += (joined.empty() ? "" : ",") + text;
  }
  return joined;
}

/// The options below `value`, whose fields begin with `path`.
Status read_options(const Json& value, const std::string& path, std::string_view name, OptionValues& options) {
  if (value.is_null()) return {};
  if (!value.is_object()) return invalid(fmt::format("{}: {}: expected 'key: value' below it", name, path));
  for (const auto& [key, member] : value.items()) {
    const std::string field = fmt::format("{}.{}", path, key);
    const bool group = std::ranges::any_of(
        option_keys(), [&](const OptionKey& option) { return option.field.starts_with(field + "."); });
    if (group) {
      RETURN_IF_FAILED(read_options(member, field, name, options));
      continue;
    }
    const OptionKey* option = find_option(field);
    if (option == nullptr || option->field != field) {
      std::vector<std::string_view> known;
      for (const OptionKey& candidate : option_keys()) known.push_back(candidate.field);
      return unknown_key(name, field, known);
    }
    const std::string what = fmt::format("{}: {}", name, field);
    ASSIGN_OR_RETURN(std::string text, option_text(member, what));
    RETURN_IF_FAILED(check_option(*option, text, what));
    if (!text.empty()) options.insert_or_assign(std::string(option->name), std::move(text));
  }
  return {};
}

/// Writes `options` (globals or others) into `out` at their fields, in the table's order.
void write_options(Json& out, const OptionValues& options, bool globals) {
  for (const OptionKey& option : option_keys()) {
    const auto found = options.find(option.name);
    if (found == options.end() || is_global(option) != globals) continue;
    Json* place = &out;
    for (const std::string_view word : split(option.field, '.')) place = &(*place)[std::string(word)];
    if (option.kind == OptionKind::hosts) {
      for (const std::string_view host : split(found->second, ',')) place->push_back(host);
    } else if (option.kind == OptionKind::boolean) {
      *place = parse_bool(found->second).value_or(false);
    } else {
      *place = found->second;
    }
  }
}

Result<Profile> profile_of(const Json& value, std::string_view name) {
  if (!value.is_object()) return invalid(fmt::format("{}: a profile is a map that begins with 'name: ...'", name));
  Profile profile;
  for (const auto& [key, member] : value.items()) {
    const std::string what = fmt::format("{}: {}", name, key);
    if (key == "name") {
      ASSIGN_OR_RETURN(profile.name, scalar_text(member, what));
    } else if (key == "description") {
      ASSIGN_OR_RETURN(profile.description, scalar_text(member, what));
    } else if (key == "prompt") {
      ASSIGN_OR_RETURN(profile.prompt, scalar_text(member, what));
    } else if (key == "kafka_api" || key == "admin_api" || key == "schema_registry") {
      RETURN_IF_FAILED(read_options(member, key, name, profile.options));
    } else if (!is_foreign(key)) {
      return unknown_key(name, key, {"name", "description", "prompt", "kafka_api", "admin_api", "schema_registry"});
    }
  }
  if (!is_profile_name(profile.name)) {
    return invalid(fmt::format("{}: '{}' is no name of a profile: letters, digits and . _ - are", name, profile.name));
  }
  return profile;
}

Json json_of(const Profile& profile) {
  Json out = {{"name", profile.name}};
  if (!profile.description.empty()) out["description"] = profile.description;
  if (!profile.prompt.empty()) out["prompt"] = profile.prompt;
  write_options(out, profile.options, false);
  return out;
}

Json json_of_globals(const OptionValues& globals) {
  Json out = Json::object();
  write_options(out, globals, true);
  return out.contains("globals") ? out["globals"] : Json::object();
}

}  // namespace

Profile* ProfileFile::find(std::string_view name) {
  const auto found = std::ranges::find(profiles, name, &Profile::name);
  return found == profiles.end() ? nullptr : &*found;
}

const Profile* ProfileFile::find(std::string_view name) const {
  const auto found = std::ranges::find(profiles, name, &Profile::name);
  return found == profiles.end() ? nullptr : &*found;
}

bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= profile_name_max && name.front() != '-' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

Result<ProfileFile> parse_profile_file(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const Json value, parse_yaml(text, name));
  ProfileFile file;
  if (value.is_null()) return file;
  if (!value.is_object()) return invalid(fmt::format("{}, line 1: expected 'key: value'", name));
  for (const auto& [key, member] : value.items()) {
    if (key == "globals") {
      RETURN_IF_FAILED(read_options(member, key, name, file.globals));
    } else if (key == "current_profile") {
      ASSIGN_OR_RETURN(file.current, scalar_text(member, fmt::format("{}: {}", name, key)));
    } else if (key == "profiles") {
      if (!member.is_array() && !member.is_null()) return invalid(fmt::format("{}: profiles is a list", name));
      for (const Json& one : member) {
        ASSIGN_OR_RETURN(Profile profile, profile_of(one, name));
        if (file.find(profile.name) != nullptr) {
          return invalid(fmt::format("{}: there are two profiles '{}'", name, profile.name));
        }
        file.profiles.push_back(std::move(profile));
      }
    } else if (key != "version" && !is_foreign(key)) {
      return unknown_key(name, key, {"globals", "current_profile", "profiles", "version"});
    }
  }
  return file;
}

std::string profile_file_text(const ProfileFile& file) {
  Json out = {{"version", 1}};
  out["globals"] = json_of_globals(file.globals);
  out["current_profile"] = file.current;
  Json profiles = Json::array();
  for (const Profile& profile : file.profiles) profiles.push_back(json_of(profile));
  out["profiles"] = std::move(profiles);
  return to_yaml(out);
}

Result<Profile> parse_profile(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const Json value, parse_yaml(text, name));
  return profile_of(value, name);
}

std::string profile_text(const Profile& profile) {
  return to_yaml(json_of(profile));
}

Result<OptionValues> parse_globals(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const Json value, parse_yaml(text, name));
  OptionValues globals;
  RETURN_IF_FAILED(read_options(value, "globals", name, globals));
  return globals;
}

std::string globals_text(const OptionValues& globals) {
  const Json out = json_of_globals(globals);
  return out.empty() ? std::string("# no global is set\n") : to_yaml(out);
}

Status set_profile_value(Profile& profile, std::string_view key, std::string_view value) {
  if (key == "name") return invalid("a profile is renamed with: moldau profile rename-to NAME");
  if (key == "description") {
    profile.description = value;
    return {};
  }
  if (key == "prompt") {
    profile.prompt = value;
    return {};
  }
  ASSIGN_OR_RETURN(const OptionKey* option, known_option(key));
  if (is_global(*option)) {
    return invalid(fmt::format("{} holds for all profiles: moldau profile set-globals {}=...", option->name,
                               option->name.substr(option->name.find('.') + 1)));
  }
  RETURN_IF_FAILED(check_option(*option, value, key));
  if (value.empty())
    profile.options.erase(std::string(option->name));
  else
    profile.options.insert_or_assign(std::string(option->name), std::string(value));
  return {};
}

std::string profile_path(const Invocation& invocation, const Environment& environment) {
  const auto variable = [&](const char* name) {
    const char* value = environment(name);
    return std::string(value != nullptr ? value : "");
  };
  if (invocation.given("config")) return std::string(invocation.text("config"));
  if (const std::string path = variable("MOLDAU_CONFIG"); !path.empty()) return path;
  if (const std::string base = variable("XDG_CONFIG_HOME"); !base.empty()) return base + "/moldau/moldau.yaml";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.config/moldau/moldau.yaml";
  return {};
}

Result<ProfileFile> load_profiles(const std::string& path) {
  if (path.empty() || ::access(path.c_str(), F_OK) != 0) return ProfileFile{};
  ASSIGN_OR_RETURN(const std::string text, read_input(path));
  return parse_profile_file(text, path);
}

Status save_profiles(const std::string& path, const ProfileFile& file) {
  if (path.empty()) return invalid("there is no place for profiles: set HOME, or name a file with --config");
  return write_output(path, profile_file_text(file));
}

Result<const Profile*> chosen_profile(const Invocation& invocation, const Environment& environment,
                                      const ProfileFile& file, const std::string& path) {
  const Profile* none = nullptr;
  if (invocation.boolean("ignore-profile")) return none;
  std::string name = file.current;
  const char* variable = environment("MOLDAU_PROFILE");
  if (variable != nullptr && *variable != '\0') name = variable;
  if (invocation.given("profile")) name = invocation.text("profile");
  if (name.empty()) return none;
  const Profile* found = file.find(name);
  if (found == nullptr) {
    return Failure{FailureKind::not_found,
                   fmt::format("there is no profile '{}' in {}; see: moldau profile list", name, path)};
  }
  return found;
}

}  // namespace moldau::cli
