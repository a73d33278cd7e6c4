// moldau-schema-check DIR [--list]: compares the field lists of all messages with the message schemas of Kafka's jars,
// which lie in the subfolders of DIR as JSON. Prints each difference and ends with 1 if there is one. With --list,
// prints our listing (test/wire/fields.txt) when all is equal.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "wire/listing.h"
#include "wire/messages.h"

namespace {

using namespace moldau::wire;
using Json = nlohmann::json;

int differences = 0;

template <typename... Arguments>
void differ(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  ++differences;
  fmt::print("{}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
}

VersionRange parse_range(const std::string& text) {
  if (text.empty() || text == "none") return {};
  const auto first = static_cast<int16_t>(std::stoi(text));
  if (text.back() == '+') return since(first);
  const size_t dash = text.find('-');
  return {first, dash == std::string::npos ? first : static_cast<int16_t>(std::stoi(text.substr(dash + 1)))};
}

VersionRange range_of(const Json& object, const char* name) {
  return parse_range(object.value(name, std::string()));
}

std::string lower_first(std::string name) {
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return name;
}

// The schema's default as default_text() writes it.
std::string schema_default(const Json& field, const std::string& type, bool nullable) {
  const bool integer = type.starts_with("int") || type.starts_with("uint");
  if (!field.contains("default")) {
    if (type == "records" && nullable) return "null";
    if (integer || type == "float64") return "0";
    return type == "bool" ? "false" : "";
  }
  const Json& value = field["default"];
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return fmt::format("{}", value.get<int64_t>());
  const auto text = value.get<std::string>();
  if (integer && text.starts_with("0x")) return fmt::format("{}", std::stoll(text, nullptr, 16));
  return text;
}

class Checker {
 public:
  explicit Checker(const Json& schema) {
    for (const Json& common : schema.value("commonStructs", Json::array())) {
      common_[common["name"].get<std::string>()] = common["fields"];
    }
  }

  void compare_struct(const std::string& path, const StructDescriptor& ours, const Json& fields) {
    if (ours.fields.size() != fields.size()) {
      return differ("{}: {} fields, the schema has {}", path, ours.fields.size(), fields.size());
    }
    for (size_t i = 0; i < fields.size(); ++i) compare_field(path, ours, ours.fields[i], fields[i]);
  }

 private:
  void compare_field(const std::string& path, const StructDescriptor& structure, const FieldDescriptor& ours,
                     const Json& schema) {
    const FieldFacts& facts = *ours.facts;
    const std::string here = path + "." + facts.name;
    const auto expect = [&](const char* what, const auto& mine, const auto& theirs) {
      if (mine != theirs) differ("{}: {} is {}, the schema says {}", here, what, mine, theirs);
    };
    const auto type = schema["type"].get<std::string>();
    const VersionRange nullable = range_of(schema, "nullableVersions");
    expect("name", std::string(facts.name), lower_first(schema["name"].get<std::string>()));
    expect("type", type_text(ours), type);
    expect("versions", to_text(facts.versions), to_text(range_of(schema, "versions")));
    expect("nullable", to_text(facts.nullable), to_text(nullable));
    expect("tagged", to_text(facts.tagged), to_text(range_of(schema, "taggedVersions")));
    expect("tag", static_cast<int>(facts.tag), schema.value("tag", -1));
    expect("ignorable", facts.ignorable, schema.value("ignorable", false));
    expect("never flexible", facts.never_flexible, schema.value("flexibleVersions", std::string()) == "none");
    expect("default", default_text(structure, ours), schema_default(schema, type, !nullable.empty()));
    if (ours.structure == nullptr) return;
    if (schema.contains("fields")) return compare_struct(here, *ours.structure, schema["fields"]);
    const auto common = common_.find(ours.structure->name);
    if (common == common_.end()) return differ("{}: the schema has no struct {}", here, ours.structure->name);
    compare_struct(here, *ours.structure, common->second);
  }

  std::map<std::string, Json> common_;
};

void compare_message(const MessageDescriptor& ours, const Json& schema) {
  const std::string name = ours.name();
  if (schema.contains("apiKey") && schema["apiKey"].get<int>() != ours.key) {
    differ("{}: key {}, the schema says {}", name, ours.key, schema["apiKey"].get<int>());
  }
  const VersionRange valid = range_of(schema, "validVersions");
  if (valid != ours.valid_versions) {
    differ("{}: versions {}, the schema says {}", name, to_text(ours.valid_versions), to_text(valid));
  }
  const int stable = valid.last - (schema.value("latestVersionUnstable", false) ? 1 : 0);
  if (ours.min_version != valid.first || ours.max_version != stable) {
    differ("{}: stable versions {}-{}, the schema says {}-{}", name, ours.min_version, ours.max_version, valid.first,
           stable);
  }
  const VersionRange flexible = range_of(schema, "flexibleVersions");
  const int16_t since_version = flexible.empty() ? never_flexible : flexible.first;
  if (since_version != ours.flexible_since) {
    differ("{}: flexible since {}, the schema says {}", name, ours.flexible_since, since_version);
  }
  Checker(schema).compare_struct(name, *ours.root, schema.value("fields", Json::array()));
}

std::map<std::string, Json> read_schemas(const std::filesystem::path& folder) {
  std::map<std::string, Json> schemas;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    // Records of topics that we do not write yet (storage/: tiered storage) are not among our messages.
    if (entry.path().extension() != ".json" || entry.path().parent_path().filename() == "storage") continue;
    std::ifstream file(entry.path());
    Json schema = Json::parse(file, nullptr, false, true);
    if (schema.is_object() && schema.contains("name") && schema.contains("type")) {
      auto name = schema["name"].get<std::string>();
      schemas[name] = std::move(schema);
    }
  }
  return schemas;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "usage: moldau-schema-check DIR [--list]\n");
    return 2;
  }
  const bool list = count > 2 && std::string_view(arguments[2]) == "--list";
  const auto schemas = read_schemas(arguments[1]);
  int compared = 0;
  for (const MessageDescriptor* message : all_messages()) {
    const auto schema = schemas.find(message->name());
    if (schema == schemas.end()) {
      differ("{}: no such schema", message->name());
      continue;
    }
    compare_message(*message, schema->second);
    ++compared;
  }
  for (const auto& [name, schema] : schemas) {
    const auto type = schema["type"].get<std::string>();
    const bool wanted = type == "request" || type == "response" || type == "metadata";
    if (wanted && !range_of(schema, "validVersions").empty() && find_message(name) == nullptr) {
      differ("{}: a schema without a message of ours", name);
    }
  }
  if (list && differences == 0) {
    fmt::print("{}", field_listing());
  } else {
    fmt::print("{} messages compared, {} differences\n", compared, differences);
  }
  return differences == 0 ? 0 : 1;
}
