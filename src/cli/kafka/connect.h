// A script's way to the cluster: --bootstrap-server and the properties of --command-config.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/kafka/java.h"
#include "cli/kafka/options.h"
#include "cli/session.h"

namespace moldau::cli::kafka {

/// The session options that client properties ask for; `bootstrap` goes before bootstrap.servers. What is not served
/// (TLS, SASL) fails by its key; what this client has no use for is passed over.
Result<SessionOptions> session_options_of(const Properties& properties, std::string_view bootstrap,
                                          std::string_view client_id);
/// Reads the file of --command-config (if given) and opens a session to --bootstrap-server.
Result<std::unique_ptr<Session>> open_session(const Options& options, std::string_view client_id);

/// Kafka's words for an error: the broker's if it sent some, else those of the code.
std::string words_of(wire::ErrorCode error, std::string_view message = {});
/// As a Java exception names it: "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: words".
std::string exception_of(wire::ErrorCode error, std::string_view message = {});

}  // namespace moldau::cli::kafka
