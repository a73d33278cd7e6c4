#include "cli/kafka/tool.h"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/kafka/print.h"

namespace moldau::cli::kafka {

void print_error(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

std::span<const Tool> tools() {
  static const Tool all[] = {
      {"kafka-topics", "Create, delete, describe or change topics", topics_options(), run_topics},
      {"kafka-get-offsets", "Print offsets of partitions", get_offsets_options(), run_get_offsets},
      {"kafka-delete-records", "Delete the records below an offset", delete_records_options(), run_delete_records},
      {"kafka-configs", "Print and change settings, quotas and credentials", configs_options(), run_configs},
      {"kafka-console-consumer", "Print the records of topics", console_consumer_options(), run_console_consumer},
      {"kafka-console-producer", "Store lines as records", console_producer_options(), run_console_producer},
      {"kafka-consumer-groups", "Look at groups, set and delete their offsets", consumer_groups_options(),
       run_consumer_groups},
      {"kafka-consumer-perf-test", "Measure how fast records are read", consumer_perf_options(), run_consumer_perf},
      {"kafka-producer-perf-test", "Measure how fast records are stored", producer_perf_options(), run_producer_perf},
      {"kafka-log-dirs", "Print the log directories of brokers", log_dirs_options(), run_log_dirs},
  };
  return all;
}

const Tool* find_tool(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  if (name.ends_with(".sh")) name.remove_suffix(3);
  const std::span<const Tool> all = tools();
  const auto found = std::ranges::find(all, name, &Tool::name);
  return found == all.end() ? nullptr : &*found;
}

std::optional<int> first_words(const Options& options, std::string_view summary) {
  if (options.empty() || options.has("help")) return usage(options.table(), summary);
  if (options.has("version")) {
    print(fmt::format("{}\n", kafka_version));
    return 0;
  }
  return std::nullopt;
}

}  // namespace moldau::cli::kafka
