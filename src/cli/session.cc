#include "cli/session.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/invocation.h"
#include "cli/option_keys.h"
#include "cli/text.h"

namespace moldau::cli {
namespace {

Failure invalid(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

std::string variable_of(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  name += upper(key);
  std::ranges::replace(name, '.', '_');
  return name;
}

Status set(OptionSettings& settings, const OptionKey& option, std::string_view value, std::string origin) {
  RETURN_IF_FAILED(check_option(option, value, origin));
  settings.insert_or_assign(std::string(option.name), OptionSetting{std::string(value), std::move(origin)});
  return {};
}

Status set_from_profile(OptionSettings& settings, const Invocation& invocation, const Environment& environment) {
  const std::string path = profile_path(invocation, environment);
  if (invocation.given("config") && ::access(path.c_str(), F_OK) != 0) {
    return Failure{FailureKind::not_found, fmt::format("--config {}: there is no such file", path)};
  }
  ASSIGN_OR_RETURN(const ProfileFile file, load_profiles(path));
  ASSIGN_OR_RETURN(const Profile* profile, chosen_profile(invocation, environment, file, path));
  for (const auto& [key, value] : file.globals) settings.insert_or_assign(key, OptionSetting{value, path + ": " + key});
  if (profile == nullptr) return {};
  for (const auto& [key, value] : profile->options) {
    settings.insert_or_assign(key, OptionSetting{value, fmt::format("profile '{}': {}", profile->name, key)});
  }
  return {};
}

Status apply(SessionOptions& options, const OptionKey& option, const OptionSetting& setting) {
  const std::string& value = setting.value;
  // Off is what there is.
  if (!option.served && !value.empty() && parse_bool(value) != false) {
    return invalid(fmt::format("{}: TLS and SASL are not served yet", setting.origin));
  }
  const auto duration = option.kind == OptionKind::duration ? parse_duration(value) : std::nullopt;
  const std::pair<std::string_view, Duration*> durations[] = {
      {"globals.command_timeout", &options.command_timeout},
      {"globals.dial_timeout", &options.dial_timeout},
      {"globals.request_timeout_overhead", &options.request_timeout},
      {"globals.retry_timeout", &options.retry_timeout},
      {"globals.fetch_max_wait", &options.fetch_wait_max},
  };
  for (const auto& [name, place] : durations) {
    if (name == option.name && duration) *place = *duration;
  }
  if (option.name == "brokers" && !value.empty()) {
    ASSIGN_OR_RETURN(options.brokers, parse_brokers(value));
  }
  if (option.name == "group.protocol") options.consumer_protocol = value == "consumer";
  if (option.name == "globals.kafka_protocol_request_client_id" && !value.empty()) options.client_id = value;
  return {};
}

}  // namespace

Environment process_environment() {
  return [](const char* name) { return std::getenv(name); };
}

Result<std::vector<io::Address>> parse_brokers(std::string_view text) {
  return parse_hosts(text, kafka_port, client::bootstrap_addresses_max);
}

Result<OptionSettings> option_settings(const Invocation& invocation, const Environment& environment) {
  OptionSettings settings;
  RETURN_IF_FAILED(set_from_profile(settings, invocation, environment));
  for (const std::string_view prefix : {"RPK_", "MOLDAU_"}) {
    for (const OptionKey& option : option_keys()) {
      const std::string name = variable_of(prefix, option.name);
      const char* value = environment(name.c_str());
      if (value != nullptr && *value != '\0') RETURN_IF_FAILED(set(settings, option, value, name));
    }
  }
  for (const std::string& text : invocation.texts("config-opt")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos)
      return invalid(fmt::format("-X {}: expected key=value; see: moldau -X list", text));
    ASSIGN_OR_RETURN(const OptionKey* option, known_option(std::string_view(text).substr(0, equals)));
    RETURN_IF_FAILED(
        set(settings, *option, std::string_view(text).substr(equals + 1), fmt::format("-X {}", option->name)));
  }
  if (invocation.given("brokers")) {
    RETURN_IF_FAILED(set(settings, *find_option("brokers"), invocation.text("brokers"), "--brokers"));
  }
  return settings;
}

Result<SessionOptions> session_options(const Invocation& invocation, const Environment& environment) {
  ASSIGN_OR_RETURN(const OptionSettings settings, option_settings(invocation, environment));
  SessionOptions options;
  options.verbose = invocation.boolean("verbose");
  for (const auto& [key, setting] : settings) RETURN_IF_FAILED(apply(options, *find_option(key), setting));
  if (!options.brokers.empty()) return options;
  const auto refused = settings.find("globals.no_default_cluster");
  if (refused != settings.end() && parse_bool(refused->second.value) == true) {
    return invalid(fmt::format("no broker is named, and {} is on: give --brokers, or see: moldau profile list",
                               refused->second.origin));
  }
  options.brokers = {{"127.0.0.1", kafka_port}};
  return options;
}

Result<std::unique_ptr<Session>> Session::open(const Invocation& invocation) {
  ASSIGN_OR_RETURN(SessionOptions options, session_options(invocation, process_environment()));
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
