#include "cli/kafka/client_properties.h"

namespace moldau::cli::kafka {

void add_pairs(Properties& properties, std::span<const std::string> pairs) {
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    properties.insert_or_assign(pair.substr(0, equals), value);
  }
}

std::vector<std::string> values_of(const Options& options, const RenamedOption& renamed) {
  std::vector<std::string> values;
  for (const std::string_view name : {renamed.old_name, renamed.name}) {
    for (const std::string& value : options.values(name)) values.push_back(value);
  }
  return values;
}

Result<Properties> client_properties(const Options& options, const RenamedOption& file, const RenamedOption& pairs) {
  Properties properties;
  for (const std::string& path : values_of(options, file)) {
    ASSIGN_OR_RETURN(properties, load_properties(path));
  }
  add_pairs(properties, values_of(options, pairs));
  return properties;
}

}  // namespace moldau::cli::kafka
