// Session: a verb's way to the cluster: options from flags, -X and environment, a loop of its own, and a client on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/profile_file.h"
#include "client/client.h"
#include "io/posix/loop.h"

namespace moldau::cli {

class Invocation;

/// Where a verb finds brokers, and how long it waits for them.
struct SessionOptions {
  std::vector<io::Address> brokers;
  std::string client_id = "moldau";
  Duration dial_timeout = seconds(3);
  Duration request_timeout = seconds(10);
  Duration retry_timeout = seconds(30);
  Duration fetch_wait_max = seconds(5);
  Duration command_timeout = seconds(30);  ///< how long brokers may work on one admin command
  bool consumer_protocol = false;          ///< group.protocol: KIP-848 instead of the classic one
  bool verbose = false;
};

/// What an option is set to, and by what: "-X brokers", "MOLDAU_BROKERS", "profile 'x': brokers".
struct OptionSetting {
  std::string value;
  std::string origin;
};
/// By the option's -X name; what is not set is not there.
using OptionSettings = std::map<std::string, OptionSetting, std::less<>>;

/// The options that are set, the strongest of each: flags, -X, MOLDAU_* variables, RPK_* variables, the profile and its
/// file's globals. Failures name the option and where it is set.
Result<OptionSettings> option_settings(const Invocation& invocation, const Environment& environment);
/// The same as a session needs it, defaults for the rest. Refuses what is set and not served yet.
Result<SessionOptions> session_options(const Invocation& invocation, const Environment& environment);
/// The process's environment.
Environment process_environment();
/// "host", "host:port", "[::1]:port", with commas between them; the port is 9092 unless given.
Result<std::vector<io::Address>> parse_brokers(std::string_view text);

class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const Invocation& invocation);
  static Result<std::unique_ptr<Session>> open(SessionOptions options);
  ~Session();

  client::Client& client() { return *client_; }
  const SessionOptions& options() const { return options_; }
  /// The brokers as librdkafka takes them.
  std::string broker_list() const;

  /// Runs the loop until `task` has ended, and returns what it yields.
  template <typename T>
  T wait(io::Task<T> task) {
    std::optional<T> result;
    io::TaskGroup group;
    group.spawn(client::deliver(std::move(task), [&](T value) {
      result.emplace(std::move(value));
      if (running_) loop_->stop();
    }));
    if (!result) run();
    return std::move(*result);
  }
  /// Runs the loop for so long.
  void sleep(Duration duration);
  /// `failure` in words for people: when no broker was reached, that, and what to do about it.
  Failure explain(const Failure& failure) const;

 private:
  Session() = default;
  void run();

  SessionOptions options_;
  std::unique_ptr<io::posix::Loop> loop_;
  std::unique_ptr<client::Client> client_;
  bool running_ = false;
};

}  // namespace moldau::cli
