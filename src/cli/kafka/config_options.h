// The command line of kafka-configs, checked: which entities, which changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/kafka/options.h"

namespace moldau::cli::kafka {

struct ConfigCommand {
  bool alter = false;
  bool all = false;                ///< describe: not only what is set
  std::vector<std::string> types;  ///< "topics", "users", "clients", ... as given
  std::vector<std::string> names;  ///< of those types in turn; empty: the default entity
  std::vector<std::pair<std::string, std::string>> added;
  std::vector<std::string> removed;
};

/// The entity names of one command line, in Kafka's order.
std::vector<std::string> entity_names(const Options& options);
std::vector<std::string> entity_types(const Options& options);

/// Checks as Kafka does. `wrong_use` gets what is to be shown above the help; a failure is shown alone.
Result<ConfigCommand> parse_config_command(const Options& options, std::optional<std::string>& wrong_use);

/// "k1=v1,k2=[v1,v2]".
Result<std::vector<std::pair<std::string, std::string>>> parse_added_configs(std::string_view text);

}  // namespace moldau::cli::kafka
