#include "cli/session.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

constexpr uint16_t default_port = 9092;

struct OptionKey {
  std::string_view name;
  std::string_view help;
  bool served = true;
};

constexpr OptionKey keys[] = {
    {"brokers", "host:port, with commas between (default 127.0.0.1:9092)"},
    {"globals.dial_timeout", "how long connecting may take (default 3s)"},
    {"globals.request_timeout_overhead", "how long an answer may take beyond the request's own time (default 10s)"},
    {"globals.retry_timeout", "how long failing requests are tried again (default 30s)"},
    {"globals.fetch_max_wait", "how long a broker may hold a fetch back (default 5s)"},
    {"globals.kafka_protocol_request_client_id", "the client id that brokers see (default moldau)"},
    {"tls.enabled", "TLS to the brokers: not served yet", false},
    {"tls.insecure_skip_verify", "not served yet", false},
    {"tls.ca", "not served yet", false},
    {"tls.cert", "not served yet", false},
    {"tls.key", "not served yet", false},
    {"sasl.mechanism", "SASL to the brokers: not served yet", false},
    {"user", "not served yet", false},
    {"pass", "not served yet", false},
};

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::string variable_of(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  name += upper(key);
  std::ranges::replace(name, '.', '_');
  return name;
}

Status apply(SessionOptions& options, std::string_view key, std::string_view value, std::string_view origin) {
  const auto* known = std::ranges::find(keys, key, &OptionKey::name);
  if (known == std::end(keys)) {
    std::vector<std::string_view> names;
    for (const OptionKey& candidate : keys) names.push_back(candidate.name);
    const std::string_view near = nearest(key, names);
    return invalid(fmt::format("unknown option '{}'{}; see: moldau -X list", key,
                               near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  if (!known->served) {
    // Off is what there is.
    if (value.empty() || parse_bool(value) == false) return {};
    return invalid(fmt::format("{}: TLS and SASL are not served yet", origin));
  }
  if (key == "brokers") {
    ASSIGN_OR_RETURN(options.brokers, parse_brokers(value));
    return {};
  }
  if (key == "globals.kafka_protocol_request_client_id") {
    options.client_id = value;
    return {};
  }
  const auto duration = parse_duration(value);
  if (!duration || *duration <= Duration{})
    return invalid(fmt::format("{}: '{}' is no duration such as 3s", origin, value));
  if (key == "globals.dial_timeout") options.dial_timeout = *duration;
  if (key == "globals.request_timeout_overhead") options.request_timeout = *duration;
  if (key == "globals.retry_timeout") options.retry_timeout = *duration;
  if (key == "globals.fetch_max_wait") options.fetch_wait_max = *duration;
  return {};
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> option_keys() {
  std::vector<std::pair<std::string_view, std::string_view>> list;
  for (const OptionKey& key : keys) list.emplace_back(key.name, key.help);
  return list;
}

Result<std::vector<io::Address>> parse_brokers(std::string_view text) {
  std::vector<io::Address> addresses;
  for (std::string_view part : split(text, ',')) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part.empty()) continue;
    io::Address address{"", default_port};
    std::string_view port;
    const bool bracketed = part.starts_with('[') && part.find(']') != std::string_view::npos;
    if (bracketed) {
      const size_t close = part.find(']');
      address.host = part.substr(1, close - 1);
      if (part.size() > close + 1 && part[close + 1] != ':') return invalid(fmt::format("'{}' is no host:port", part));
      if (part.size() > close + 1) port = part.substr(close + 2);
    } else {
      // More than one colon without brackets is an IPv6 address alone.
      const size_t colon = part.find(':');
      const bool has_port = colon != std::string_view::npos && part.find(':', colon + 1) == std::string_view::npos;
      address.host = has_port ? part.substr(0, colon) : part;
      if (has_port) port = part.substr(colon + 1);
    }
    const auto number = parse_integer(port);
    const bool port_wrong = !port.empty() && (!number || *number < 1 || *number > UINT16_MAX);
    if (address.host.empty() || port_wrong) return invalid(fmt::format("'{}' is no host:port", part));
    if (number) address.port = static_cast<uint16_t>(*number);
    addresses.push_back(std::move(address));
  }
  if (addresses.empty()) return invalid("no broker is named: give host:port");
  if (addresses.size() > client::bootstrap_addresses_max) {
    return invalid(fmt::format("more than {} brokers are named", client::bootstrap_addresses_max));
  }
  return addresses;
}

Result<SessionOptions> session_options(const Invocation& invocation, const Environment& environment) {
  SessionOptions options;
  options.brokers = {{"127.0.0.1", default_port}};
  options.verbose = invocation.boolean("verbose");
  for (const std::string_view prefix : {"RPK_", "MOLDAU_"}) {
    for (const OptionKey& key : keys) {
      const std::string name = variable_of(prefix, key.name);
      const char* value = environment(name.c_str());
      if (value != nullptr && *value != '\0') RETURN_IF_FAILED(apply(options, key.name, value, name));
    }
  }
  for (const std::string& option : invocation.texts("config-opt")) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos)
      return invalid(fmt::format("-X {}: expected key=value; see: moldau -X list", option));
    const std::string_view key = std::string_view(option).substr(0, equals);
    RETURN_IF_FAILED(apply(options, key, std::string_view(option).substr(equals + 1), fmt::format("-X {}", key)));
  }
  if (invocation.given("brokers")) RETURN_IF_FAILED(apply(options, "brokers", invocation.text("brokers"), "--brokers"));
  return options;
}

Result<std::unique_ptr<Session>> Session::open(const Invocation& invocation) {
  ASSIGN_OR_RETURN(SessionOptions options,
                   session_options(invocation, [](const char* name) { return std::getenv(name); }));
  return open(std::move(options));
}

Result<std::unique_ptr<Session>> Session::open(SessionOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::posix::Loop> loop, io::posix::Loop::make());
  std::unique_ptr<Session> session(new Session());
  client::ClientOptions client_options;
  client_options.bootstrap = options.brokers;
  client_options.client_id = options.client_id;
  client_options.connect_timeout = options.dial_timeout;
  client_options.request_timeout = options.request_timeout;
  client_options.retry_timeout = options.retry_timeout;
  client_options.retry_first_contact = false;
  session->options_ = std::move(options);
  session->loop_ = std::move(loop);
  session->client_ = std::make_unique<client::Client>(session->loop_->surface(), std::move(client_options));
  return session;
}

Session::~Session() {
  client_.reset();
}

void Session::run() {
  running_ = true;
  loop_->run();
  running_ = false;
}

void Session::sleep(Duration duration) {
  loop_->surface().timers.start(loop_->surface().clock.now() + duration, [this]() { loop_->stop(); });
  run();
}

std::string Session::broker_list() const {
  std::string list;
  for (const io::Address& address : options_.brokers) list += (list.empty() ? "" : ",") + address.to_string();
  return list;
}

Failure Session::explain(const Failure& failure) const {
  if (!client_->known()->nodes.empty() || !client::is_passing(failure)) return failure;
  std::string why = failure.os_errno != 0 ? std::strerror(failure.os_errno) : failure.message;
  if (failure.kind == FailureKind::timed_out) why = "no answer in time";
  if (!why.empty()) why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
  return {failure.kind,
          fmt::format("could not reach {}: {}; is a broker running? start one with: moldau broker", broker_list(), why),
          failure.os_errno};
}

}  // namespace moldau::cli
