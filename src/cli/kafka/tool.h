// Tool: one of Kafka's scripts, found by the name that the program was started under, or by its first word.
#pragma once

#include <span>
#include <string_view>

#include "cli/kafka/options.h"

namespace moldau::cli::kafka {

/// The Kafka version whose scripts these are.
inline constexpr std::string_view kafka_version = "4.3.1";

struct Tool {
  std::string_view name;  ///< "kafka-topics"
  std::string_view summary;
  std::span<const Option> options;
  /// Runs it; gets the words behind the name, returns the exit code.
  int (*run)(std::span<const std::string_view> words);
};

/// All tools.
std::span<const Tool> tools();
/// The tool of this name: "kafka-topics", "kafka-topics.sh", a path that ends in one; null if there is none.
const Tool* find_tool(std::string_view name);

int run_topics(std::span<const std::string_view> words);
int run_get_offsets(std::span<const std::string_view> words);
int run_delete_records(std::span<const std::string_view> words);
int run_log_dirs(std::span<const std::string_view> words);
int run_configs(std::span<const std::string_view> words);
int run_console_consumer(std::span<const std::string_view> words);
int run_console_producer(std::span<const std::string_view> words);
int run_consumer_groups(std::span<const std::string_view> words);
int run_consumer_perf(std::span<const std::string_view> words);
int run_producer_perf(std::span<const std::string_view> words);

std::span<const Option> topics_options();
std::span<const Option> get_offsets_options();
std::span<const Option> delete_records_options();
std::span<const Option> log_dirs_options();
std::span<const Option> configs_options();
std::span<const Option> console_consumer_options();
std::span<const Option> console_producer_options();
std::span<const Option> consumer_groups_options();
std::span<const Option> consumer_perf_options();
std::span<const Option> producer_perf_options();

/// What all scripts do first: --help and an empty command line print `summary` and the help, --version the version.
/// Returns the exit code if the run is over.
std::optional<int> first_words(const Options& options, std::string_view summary);

}  // namespace moldau::cli::kafka
