// profile: named sets of client options, kept in a file (profile_file.h).
#include <algorithm>
#include <string>
#include <utility>

#include <unistd.h>

#include <fmt/core.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/editor.h"
#include "cli/input.h"
#include "cli/invocation.h"
#include "cli/option_keys.h"
#include "cli/output.h"
#include "cli/profile_file.h"
#include "cli/prompt.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/verbs.h"

namespace moldau::cli {
namespace {

using Json = nlohmann::ordered_json;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

Failure no_profile(std::string_view name) {
  return {FailureKind::not_found, fmt::format("there is no profile '{}'; see: moldau profile list", name)};
}

/// The file, as a verb finds it and leaves it.
struct Store {
  std::string path;
  ProfileFile file;

  static Result<Store> open(const Invocation& invocation) {
    Store store;
    store.path = profile_path(invocation, process_environment());
    ASSIGN_OR_RETURN(store.file, load_profiles(store.path));
    return store;
  }
  Status save() const { return save_profiles(path, file); }

  /// The profile that counts, to be changed.
  Result<Profile*> current(const Invocation& invocation) {
    ASSIGN_OR_RETURN(const Profile* chosen, chosen_profile(invocation, process_environment(), file, path));
    if (chosen != nullptr) return file.find(chosen->name);
    return invalid("no profile is selected: moldau profile use NAME, or moldau profile create NAME");
  }
};

/// Ends a verb that changed the file.
int saved(const Store& store, std::string_view message) {
  const Status status = store.save();
  if (!status.ok()) return fail(status.failure());
  print(message);
  return 0;
}

/// KEY=VALUE..., or KEY VALUE alone, given to `set`.
Status for_each_pair(const std::vector<std::string>& arguments,
                     const std::function<Status(std::string_view, std::string_view)>& set) {
  if (arguments.size() == 2 && arguments[0].find('=') == std::string::npos) return set(arguments[0], arguments[1]);
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid(fmt::format("{}: expected KEY=VALUE; see: moldau -X list", argument));
    }
    RETURN_IF_FAILED(set(std::string_view(argument).substr(0, equals), std::string_view(argument).substr(equals + 1)));
  }
  return {};
}

/// What --from-profile names: a file with a profile, or with several and one selected; a profile; or what counts now.
Result<Profile> original_of(const Store& store, const Invocation& invocation, const std::string& from) {
  if (from == "current") {
    ASSIGN_OR_RETURN(const OptionSettings settings, option_settings(invocation, process_environment()));
    Profile profile;
    for (const auto& [key, setting] : settings) {
      if (!is_global(*find_option(key)) && !setting.value.empty()) profile.options.emplace(key, setting.value);
    }
    return profile;
  }
  if (::access(from.c_str(), R_OK) == 0) {
    ASSIGN_OR_RETURN(const std::string text, read_input(from));
    auto one = parse_profile(text, from);
    if (one.ok()) return one;
    const auto several = parse_profile_file(text, from);
    const Profile* selected = several.ok() ? several->find(several->current) : nullptr;
    if (selected != nullptr) return *selected;
    return one;
  }
  const Profile* found = store.file.find(from);
  if (found != nullptr) return *found;
  return invalid(fmt::format("--from-profile {}: neither a file nor a profile", from));
}

Result<Profile> new_profile(const Store& store, const Invocation& invocation) {
  const std::string& name = invocation.arguments().front();
  if (!is_profile_name(name))
    return invalid(fmt::format("'{}': letters, digits and . _ - make a profile's name", name));
  if (store.file.find(name) != nullptr) {
    return invalid(fmt::format("there is a profile '{}' already; see: moldau profile edit {}", name, name));
  }
  Profile profile;
  if (invocation.given("from-profile")) {
    ASSIGN_OR_RETURN(profile, original_of(store, invocation, std::string(invocation.text("from-profile"))));
  }
  profile.name = name;
  if (invocation.given("description")) profile.description = invocation.text("description");
  for (const std::string& pair : invocation.texts("set")) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) return invalid(fmt::format("--set {}: expected key=value", pair));
    RETURN_IF_FAILED(set_profile_value(profile, pair.substr(0, equals), pair.substr(equals + 1)));
  }
  return profile;
}

/// What the editor shows below a profile: the fields that could stand in it.
std::string field_comments(bool globals) {
  std::string out = "\n# What may stand here:\n";
  for (const OptionKey& option : option_keys()) {
    if (is_global(option) != globals) continue;
    const std::string_view field = globals ? option.field.substr(option.field.find('.') + 1) : option.field;
    out += fmt::format("#   {}: {}   {}\n", field, option.example, option.help);
  }
  return out;
}

/// `edited` takes the place of the profile `name`, which may be new.
Status replace(Store& store, const std::string& name, Profile edited) {
  if (edited.name != name && store.file.find(edited.name) != nullptr) {
    return invalid(fmt::format("there is a profile '{}' already", edited.name));
  }
  Profile* present = store.file.find(name);
  if (store.file.current == name || present == nullptr) store.file.current = edited.name;
  if (present == nullptr)
    store.file.profiles.push_back(std::move(edited));
  else
    *present = std::move(edited);
  return store.save();
}

}  // namespace

int profile_create(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  auto profile = new_profile(*store, invocation);
  if (!profile.ok()) return fail(profile.failure());
  store->file.current = profile->name;
  store->file.profiles.push_back(std::move(profile).value());
  return saved(*store, fmt::format("Created and switched to new profile \"{}\".\n", store->file.current));
}

int profile_use(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const std::string& name = invocation.arguments().front();
  if (store->file.find(name) == nullptr) return fail(no_profile(name));
  store->file.current = name;
  return saved(*store, fmt::format("Set current profile to \"{}\".\n", name));
}

int profile_list(const Invocation& invocation) {
  const Json example = Json::array({{{"name", "name"}, {"description", "text"}, {"current", true}}});
  if (print_format_help(invocation, example)) return 0;
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  std::ranges::sort(store->file.profiles, {}, &Profile::name);
  Json list = Json::array();
  Table table({"name", "description"});
  for (const Profile& profile : store->file.profiles) {
    const bool current = profile.name == store->file.current;
    list.push_back({{"name", profile.name}, {"description", profile.description}, {"current", current}});
    table.add({profile.name + (current ? "*" : ""), profile.description});
  }
  if (!print_formatted(invocation, list)) print(table.to_string());
  return 0;
}

int profile_current(const Invocation& invocation) {
  const auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const auto chosen = chosen_profile(invocation, process_environment(), store->file, store->path);
  if (!chosen.ok()) return fail(chosen.failure());
  print((*chosen != nullptr ? (*chosen)->name : "") + (invocation.boolean("no-newline") ? "" : "\n"));
  return 0;
}

int profile_print(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const Profile* profile = nullptr;
  if (!invocation.arguments().empty()) {
    profile = store->file.find(invocation.arguments().front());
    if (profile == nullptr) return fail(no_profile(invocation.arguments().front()));
  } else {
    const auto current = store->current(invocation);
    if (!current.ok()) return fail(current.failure());
    profile = *current;
  }
  std::string out = profile_text(*profile);
  if (invocation.boolean("verbose")) {
    const auto settings = option_settings(invocation, process_environment());
    if (!settings.ok()) return fail(settings.failure());
    Table table({"option", "value", "set by"});
    for (const auto& [key, setting] : *settings) {
      table.add({key, key == "pass" ? "(sensitive)" : setting.value, setting.origin});
    }
    out += "\n" + section("what counts now") + table.to_string();
  }
  print(out);
  return 0;
}

int profile_edit(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  std::string name;
  if (!invocation.arguments().empty()) {
    name = invocation.arguments().front();
  } else {
    const auto current = store->current(invocation);
    if (!current.ok()) return fail(current.failure());
    name = (*current)->name;
  }
  if (!is_profile_name(name)) return fail(fmt::format("'{}': letters, digits and . _ - make a profile's name", name));
  const Profile* present = store->file.find(name);
  const Profile before = present != nullptr ? *present : Profile{.name = name};
  const auto take = [&](const std::string& text, const std::string& file) -> Status {
    ASSIGN_OR_RETURN(Profile edited, parse_profile(text, file));
    return replace(*store, name, std::move(edited));
  };
  const auto changed = edit_text(profile_text(before) + field_comments(false), ".yaml", take);
  if (!changed.ok()) return fail(changed.failure());
  print(*changed ? fmt::format("Profile \"{}\" updated successfully.\n", name) : "No changes were made.\n");
  return 0;
}

int profile_delete(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const std::string& name = invocation.arguments().front();
  if (std::erase_if(store->file.profiles, [&](const Profile& profile) { return profile.name == name; }) == 0) {
    return fail(no_profile(name));
  }
  std::string message = fmt::format("Deleted profile \"{}\".\n", name);
  if (store->file.current == name) {
    store->file.current.clear();
    message += "It was the selected one: defaults count until another is.\n";
  }
  return saved(*store, message);
}

int profile_clear(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  store->file.current.clear();
  return saved(*store, "No profile is selected now.\n");
}

int profile_rename_to(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const auto current = store->current(invocation);
  if (!current.ok()) return fail(current.failure());
  const std::string& to = invocation.arguments().front();
  if (!is_profile_name(to)) return fail(fmt::format("'{}': letters, digits and . _ - make a profile's name", to));
  if (store->file.find(to) != nullptr) return fail(fmt::format("there is a profile '{}' already", to));
  if (store->file.current == (*current)->name) store->file.current = to;
  (*current)->name = to;
  return saved(*store, fmt::format("Renamed current profile to \"{}\".\n", to));
}

int profile_set(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const auto current = store->current(invocation);
  if (!current.ok()) return fail(current.failure());
  const Status set = for_each_pair(invocation.arguments(), [&](std::string_view key, std::string_view value) {
    return set_profile_value(**current, key, value);
  });
  if (!set.ok()) return fail(set.failure());
  return saved(*store, fmt::format("Profile \"{}\" updated successfully.\n", (*current)->name));
}

int profile_prompt(const Invocation& invocation) {
  const bool validate = invocation.boolean("validate");
  const auto prompt = [&]() -> Result<std::string> {
    ASSIGN_OR_RETURN(const Store store, Store::open(invocation));
    ASSIGN_OR_RETURN(const Profile* profile, chosen_profile(invocation, process_environment(), store.file, store.path));
    if (profile == nullptr) return std::string();
    std::string text = profile->prompt;
    if (text.empty()) {
      ASSIGN_OR_RETURN(const OptionSettings settings, option_settings(invocation, process_environment()));
      const auto found = settings.find("globals.prompt");
      if (found != settings.end()) text = found->second.value;
    }
    return render_prompt(text, profile->name);
  }();
  // A shell shows this before every line: no error is better there.
  if (!prompt.ok()) return validate ? fail("the prompt is wrong: " + prompt.failure().message) : 0;
  print(validate ? fmt::format("Prompt ok! Output:\nvvv\n{}\n^^^\n", *prompt) : *prompt);
  return 0;
}

int profile_print_globals(const Invocation& invocation) {
  const auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  print(globals_text(store->file.globals));
  return 0;
}

int profile_set_globals(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const auto set_one = [&](std::string_view key, std::string_view value) -> Status {
    const std::string name = key.starts_with("globals.") ? std::string(key) : fmt::format("globals.{}", key);
    ASSIGN_OR_RETURN(const OptionKey* option, known_option(name));
    RETURN_IF_FAILED(check_option(*option, value, name));
    if (value.empty())
      store->file.globals.erase(name);
    else
      store->file.globals.insert_or_assign(name, std::string(value));
    return {};
  };
  const Status set = for_each_pair(invocation.arguments(), set_one);
  if (!set.ok()) return fail(set.failure());
  return saved(*store, "Globals updated successfully.\n");
}

int profile_edit_globals(const Invocation& invocation) {
  auto store = Store::open(invocation);
  if (!store.ok()) return fail(store.failure());
  const auto take = [&](const std::string& text, const std::string& file) -> Status {
    ASSIGN_OR_RETURN(store->file.globals, parse_globals(text, file));
    return store->save();
  };
  const auto changed = edit_text(globals_text(store->file.globals) + field_comments(true), ".yaml", take);
  if (!changed.ok()) return fail(changed.failure());
  print(*changed ? "Globals updated successfully.\n" : "No changes were made.\n");
  return 0;
}

}  // namespace moldau::cli
