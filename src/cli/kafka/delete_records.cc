// kafka-delete-records: deletes the records below offsets that a JSON file names.
#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/kafka/connect.h"
#include "cli/kafka/java.h"
#include "cli/kafka/print.h"
#include "cli/kafka/tool.h"
#include "client/admin_partitions.h"

namespace moldau::cli::kafka {
namespace {

constexpr Duration request_time = seconds(60);
constexpr std::string_view summary =
    "This tool helps to delete records of the given partitions down to the specified offset.";

constexpr Option table[] = {
    {"bootstrap-server", Takes::value, "server(s) to use for bootstrapping", "The brokers to ask first; needed"},
    {"offset-json-file", Takes::value, "Offset json file path",
     "The offsets, needed: {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1, \"offset\": 1}], \"version\": 1}; "
     "offset -1 deletes all"},
    {"command-config", Takes::value, "command config property file path", "A property file for the client"},
    {"help", Takes::nothing, "", "Print this"},
    {"version", Takes::nothing, "", "Print the version of Kafka whose script this is"},
};

using Json = nlohmann::json;

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

Result<int64_t> number_of(const Json& object, const char* key, std::string_view type) {
  const auto found = object.find(key);
  if (found == object.end()) return invalid(fmt::format("No such field exists: `{}`", key));
  if (!found->is_number_integer()) {
    return invalid(fmt::format("Expected `{}` value, received {}", type, found->dump()));
  }
  return found->get<int64_t>();
}

Result<std::vector<client::RecordsToDelete>> parse_offsets(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return invalid("The input string is not a valid JSON");
  if (!json.is_object()) return invalid(fmt::format("Expected JSON object, received {}", json.dump()));
  const auto version = json.find("version");
  if (version != json.end()) {
    if (!version->is_number_integer()) {
      return invalid(fmt::format("Expected `Integer` value, received {}", version->dump()));
    }
    if (*version != 1) return invalid(fmt::format("Not supported version field value {}", version->dump()));
  }
  const auto partitions = json.find("partitions");
  if (partitions == json.end()) return invalid("Missing partitions field");
  if (!partitions->is_array()) return invalid(fmt::format("Expected JSON array, received {}", partitions->dump()));
  std::vector<client::RecordsToDelete> list;
  for (const Json& one : *partitions) {
    if (!one.is_object()) return invalid(fmt::format("Expected JSON object, received {}", one.dump()));
    const auto topic = one.find("topic");
    if (topic == one.end()) return invalid("No such field exists: `topic`");
    if (!topic->is_string()) return invalid(fmt::format("Expected `String` value, received {}", topic->dump()));
    ASSIGN_OR_RETURN(const int64_t partition, number_of(one, "partition", "Integer"));
    ASSIGN_OR_RETURN(const int64_t offset, number_of(one, "offset", "Long"));
    list.push_back({topic->get<std::string>(), static_cast<PartitionIndex>(partition), offset});
  }
  return list;
}

std::string name_of_partition(const client::RecordsToDelete& one) {
  return fmt::format("{}-{}", one.topic, one.partition);
}

Status delete_all(const Options& options) {
  RETURN_IF_FAILED(options.values_ok());
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, open_session(options, "adminclient-1"));
  const Result<std::string> text = read_file(std::string(options.value("offset-json-file")));
  // Kafka does not say why.
  if (!text.ok()) return invalid(fmt::format("Unable to read file {}", options.value("offset-json-file")));
  ASSIGN_OR_RETURN(std::vector<client::RecordsToDelete> list, parse_offsets(*text));
  std::string repeated;
  for (size_t i = 0; i < list.size(); ++i) {
    const auto same = [&](const auto& one) { return one.topic == list[i].topic && one.partition == list[i].partition; };
    const auto count = std::ranges::count_if(list, same);
    const bool first = static_cast<size_t>(std::ranges::find_if(list, same) - list.begin()) == i;
    if (count > 1 && first) repeated += (repeated.empty() ? "" : ",") + name_of_partition(list[i]);
  }
  if (!repeated.empty()) {
    return invalid(fmt::format("Offset json file contains duplicate topic partitions: {}", repeated));
  }
  std::ranges::sort(list, {}, [](const auto& one) { return std::pair(one.topic, one.partition); });
  print("Executing records delete operation\n");
  const auto answers = session->wait(client::delete_records(session->client(), list, request_time));
  if (!answers.ok()) return session->explain(answers.failure());
  std::string out = "Records delete operation completed:\n";
  for (size_t i = 0; i < list.size(); ++i) {
    const client::DeletedRecords& answer = (*answers)[i];
    const std::string name = name_of_partition(list[i]);
    if (answer.error == wire::ErrorCode::none) {
      out += fmt::format("partition: {}\tlow_watermark: {}\n", name, answer.low_watermark);
    } else {
      out += fmt::format("partition: {}\terror: {}\n", name, exception_of(answer.error));
    }
  }
  print(out);
  return {};
}

}  // namespace

std::span<const Option> delete_records_options() {
  return table;
}

int run_delete_records(std::span<const std::string_view> words) {
  const Result<Options> options = Options::parse(table, words);
  if (!options.ok()) {
    print_error(options.failure().message + "\n");
    return 1;
  }
  if (const auto code = first_words(*options, summary)) return *code;
  if (const auto missing = missing_of(*options, {"bootstrap-server", "offset-json-file"})) {
    return usage(table, *missing);
  }
  const Status done = delete_all(*options);
  if (done.ok()) return 0;
  print_error(done.failure().message + "\n");
  return 1;
}

}  // namespace moldau::cli::kafka
