#include "cli/kafka/connect.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/core.h>

#include "cli/text.h"

namespace moldau::cli::kafka {
namespace {

constexpr Duration admin_timeout = seconds(60);

struct ErrorWords {
  wire::ErrorCode code;
  std::string_view exception;  // the class, where it is not the code's name
  std::string_view words;      // Kafka's, where a script shows them and the broker sends none
};

using enum wire::ErrorCode;

constexpr ErrorWords error_words[] = {
    {unknown_server_error, "UnknownServerException",
     "The server experienced an unexpected error when processing the request."},
    {offset_out_of_range, "", "The requested offset is not within the range of offsets maintained by the server."},
    {unknown_topic_or_partition, "", "This server does not host this topic-partition."},
    {leader_not_available, "",
     "There is no leader for this topic-partition as we are in the middle of a leadership election."},
    {not_leader_or_follower, "",
     "For requests intended only for the leader, this error indicates that the broker is not the current leader. For "
     "requests intended for any replica, this error indicates that the broker is not a replica of the topic "
     "partition."},
    {request_timed_out, "TimeoutException", "The request timed out."},
    {network_exception, "NetworkException", "The server disconnected before a response was received."},
    {coordinator_load_in_progress, "", "The coordinator is loading and hence can't process requests."},
    {coordinator_not_available, "", "The coordinator is not available."},
    {not_coordinator, "", "This is not the correct coordinator."},
    {invalid_topic_exception, "InvalidTopicException",
     "The request attempted to perform an operation on an invalid topic."},
    {invalid_group_id, "", "The group id is invalid."},
    {unknown_member_id, "", "The coordinator is not aware of this member."},
    {topic_authorization_failed, "TopicAuthorizationException", "Topic authorization failed."},
    {group_authorization_failed, "GroupAuthorizationException", "Group authorization failed."},
    {cluster_authorization_failed, "ClusterAuthorizationException", "Cluster authorization failed."},
    {topic_already_exists, "TopicExistsException", "Topic with this name already exists."},
    {invalid_config, "InvalidConfigurationException", "Configuration is invalid."},
    {not_controller, "", "This is not the correct controller for this cluster."},
    {policy_violation, "", "Request parameters do not satisfy the configured policy."},
    {kafka_storage_error, "KafkaStorageException", "Disk error when trying to access log file on the disk."},
    {non_empty_group, "GroupNotEmptyException", "The group is not empty."},
    {group_id_not_found, "", "The group id does not exist."},
    {group_subscribed_to_topic, "",
     "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."},
    {resource_not_found, "", "A request illegally referred to a resource that does not exist."},
    {unacceptable_credential, "", "Requested credential would not meet criteria for acceptability."},
    {throttling_quota_exceeded, "", "The throttling quota has been exceeded."},
};

Failure refused(std::string_view key, std::string_view value) {
  return {FailureKind::unsupported, fmt::format("{}={}: TLS and SASL are not served yet", key, value)};
}

bool set_duration(const Properties& properties, std::string_view key, Duration& duration) {
  const auto found = properties.find(key);
  if (found == properties.end()) return true;
  const auto number = parse_integer(found->second);
  if (!number || *number < 0) return false;
  duration = milliseconds(std::max<int64_t>(*number, 1));
  return true;
}

}  // namespace

Result<SessionOptions> session_options_of(const Properties& properties, std::string_view bootstrap,
                                          std::string_view client_id) {
  SessionOptions options;
  options.client_id = client_id;
  // Admin calls may take as long as Kafka's default.api.timeout.ms; a broker that is not there is told at once.
  options.retry_timeout = admin_timeout;
  options.request_timeout = seconds(30);
  for (const auto& [key, value] : properties) {
    if (key == "security.protocol" && upper(value) != "PLAINTEXT") return refused(key, value);
    if (key == "bootstrap.controllers") {
      return Failure{FailureKind::unsupported, "bootstrap.controllers: controllers are not asked directly yet"};
    }
    if (key == "client.id") options.client_id = value;
  }
  const std::array<std::pair<std::string_view, Duration*>, 3> durations = {{
      {"default.api.timeout.ms", &options.retry_timeout},
      {"request.timeout.ms", &options.request_timeout},
      {"socket.connection.setup.timeout.ms", &options.dial_timeout},
  }};
  for (const auto& [key, duration] : durations) {
    if (set_duration(properties, key, *duration)) continue;
    return Failure{FailureKind::invalid_argument,
                   fmt::format("Invalid value {} for configuration {}", properties.find(key)->second, key)};
  }
  std::string servers(bootstrap);
  const auto listed = properties.find("bootstrap.servers");
  if (servers.empty() && listed != properties.end()) servers = listed->second;
  ASSIGN_OR_RETURN(options.brokers, parse_brokers(servers));
  return options;
}

Result<std::unique_ptr<Session>> open_session(const Options& options, std::string_view client_id) {
  Properties properties;
  if (const auto file = options.given("command-config")) {
    ASSIGN_OR_RETURN(properties, load_properties(*file));
  }
  ASSIGN_OR_RETURN(SessionOptions session_options,
                   session_options_of(properties, options.value("bootstrap-server"), client_id));
  return Session::open(std::move(session_options));
}

std::string words_of(wire::ErrorCode error, std::string_view message) {
  if (!message.empty()) return std::string(message);
  const auto* found = std::ranges::find(error_words, error, &ErrorWords::code);
  return found == std::end(error_words) ? wire::message_of(error) : std::string(found->words);
}

std::string exception_of(wire::ErrorCode error, std::string_view message) {
  const auto* found = std::ranges::find(error_words, error, &ErrorWords::code);
  std::string name;
  if (found != std::end(error_words)) name = found->exception;
  if (name.empty()) {
    // UNKNOWN_TOPIC_OR_PARTITION is UnknownTopicOrPartitionException.
    bool up = true;
    for (const char c : std::string_view(wire::name_of(error))) {
      if (c != '_') name += up ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      up = c == '_';
    }
    if (!name.ends_with("Exception")) name += "Exception";
  }
  return fmt::format("org.apache.kafka.common.errors.{}: {}", name, words_of(error, message));
}

}  // namespace moldau::cli::kafka
