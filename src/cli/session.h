// Session: a verb's way to the cluster: options from flags, -X and environment, a loop of its own, and a client on it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
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
  bool verbose = false;
};

/// Looks up an environment variable; null if it is not set.
using Environment = std::function<const char*(const char*)>;

/// Options by precedence: flags and -X, MOLDAU_* variables, RPK_* variables, defaults. Failures name the option.
Result<SessionOptions> session_options(const Invocation& invocation, const Environment& environment);
/// The options that -X takes, a line each: for -X list, -X help and completion.
std::vector<std::pair<std::string_view, std::string_view>> option_keys();
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
