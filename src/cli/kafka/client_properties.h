// The client properties of the console and perf scripts: a file, single pairs, in Kafka's order of precedence, with the
// old names of both options.
#pragma once

#include <string_view>

#include "cli/kafka/java.h"
#include "cli/kafka/options.h"

namespace moldau::cli::kafka {

/// "key=value" pairs into properties; a pair without a value sets it empty.
void add_pairs(Properties& properties, std::span<const std::string> pairs);

/// An option and its old name, which is deprecated.
struct RenamedOption {
  std::string_view name;
  std::string_view old_name;
};

/// What both names gave, as a list of pairs.
std::vector<std::string> values_of(const Options& options, const RenamedOption& renamed);
/// The properties of the file, then the pairs.
Result<Properties> client_properties(const Options& options, const RenamedOption& file, const RenamedOption& pairs);

}  // namespace moldau::cli::kafka
