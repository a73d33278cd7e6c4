// The wiring of a broker: arguments, configuration, one posix loop, one Broker, the admin endpoint, signals. And of a
// recovery, which is a start and a stop without any of the doors.
#include "app/broker_main.h"

#include <fmt/core.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/boot_admin.h"
#include "app/process_facts.h"
#include "base/trace.h"
#include "broker/admin_http.h"
#include "broker/broker.h"
#include "io/posix/loop.h"
#include "io/posix/memory_limit.h"
#include "io/posix/processors.h"
#include "io/posix/shard_set.h"
#include "log/identity.h"
#include "log/segment_name.h"
#include "metadata/broker_settings.h"
#include "metadata/properties.h"

extern char** environ;

namespace moldau::app {
namespace {

constexpr int exit_ok = 0;
constexpr int exit_bad_configuration = 1;
constexpr int exit_bad_folder = 2;
constexpr int exit_storage_failure = 3;

constexpr const char* usage =
    "Usage: moldau broker [--data DIR] [--listen HOST:PORT] [--config FILE] [--set KEY=VALUE]...\n"
    "                     [--admin HOST:PORT|none] [--metrics-limit N] [--trace error|warn|info|debug]\n"
    "\n"
    "Runs one node: broker and controller in one process.\n"
    "\n"
    "  --data DIR           data folder (log.dirs); default ./data\n"
    "  --listen HOST:PORT   where clients connect (listeners); default 127.0.0.1:9092\n"
    "  --config FILE        a server.properties file\n"
    "  --set KEY=VALUE      one setting of server.properties; may be repeated\n"
    "  --admin HOST:PORT    health and metrics over HTTP; default 127.0.0.1:9644, none turns it off\n"
    "  --metrics-limit N    topics, partitions, groups and partitions of groups, each, with series of\n"
    "                       their own in /metrics; default 10000\n"
    "  --trace LEVEL        how much to say on standard error; default warn\n"
    "\n"
    "Strongest first: dynamic settings, flags, --set, MOLDAU_* and KAFKA_* variables, the file, defaults.\n"
    "Exit codes: 0 clean stop, 1 bad arguments or configuration, 2 data folder locked or foreign, 3 storage failure.\n";

constexpr const char* recover_usage =
    "Usage: moldau recover [--config FILE] [--set KEY=VALUE]... [--trace error|warn|info|debug] DIR...\n"
    "\n"
    "Brings the data folders of a node that did not stop in order to what a clean stop leaves, and serves nobody: its\n"
    "logs are recovered, get what only its journal has, and are synced; the folder named journal goes. Apache Kafka\n"
    "starts with them afterwards. Of a node with several log directories, name all, or a --config that does.\n"
    "\n"
    "  --config FILE    a server.properties file\n"
    "  --set KEY=VALUE  one setting of server.properties; may be repeated\n"
    "  --trace LEVEL    how much to say on standard error; default warn\n"
    "\n"
    "Exit codes: 0 all is well, 1 bad arguments or configuration, 2 data folder locked, foreign or damaged,\n"
    "3 storage failure.\n";

struct Arguments {
  std::optional<std::string> data;
  std::optional<std::string> listen;
  std::optional<std::string> config;
  metadata::ConfigMap set;
  std::string admin = "127.0.0.1:9644";
  bool admin_given = false;
  size_t metrics_limit = 10'000;
  TraceLevel trace = TraceLevel::warn;
  bool help = false;
  std::vector<std::string> folders;  // of recover
};

constexpr std::string_view broker_flags[] = {"--data",  "--listen", "--config",       "--set",
                                             "--admin", "--trace",  "--metrics-limit"};
constexpr std::string_view recover_flags[] = {"--config", "--set", "--trace"};

Failure bad(std::string message) {
  return {FailureKind::invalid_argument, std::move(message)};
}

/// HOST:PORT, [IPV6]:PORT or :PORT.
Result<io::Address> parse_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return bad(fmt::format("'{}' is not HOST:PORT", text));
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto port = metadata::parse_integer(text.substr(colon + 1));
  if (!port.has_value() || *port < 0 || *port > 65535)
    return bad(fmt::format("'{}' has no port from 0 to 65535", text));
  return io::Address{host, static_cast<uint16_t>(*port)};
}

Result<TraceLevel> parse_level(const std::string& text) {
  if (text == "error") return TraceLevel::error;
  if (text == "warn") return TraceLevel::warn;
  if (text == "info") return TraceLevel::info;
  if (text == "debug") return TraceLevel::debug;
  return bad(fmt::format("--trace: '{}' is none of error, warn, info, debug", text));
}

Status take_flag(Arguments& arguments, const std::string& flag, const std::string& value) {
  if (flag == "--data") {
    arguments.data = value;
  } else if (flag == "--listen") {
    arguments.listen = value;
  } else if (flag == "--config") {
    arguments.config = value;
  } else if (flag == "--set") {
    const size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0) return bad(fmt::format("--set: '{}' is not KEY=VALUE", value));
    arguments.set[value.substr(0, equals)] = value.substr(equals + 1);
  } else if (flag == "--admin") {
    arguments.admin = value;
    arguments.admin_given = true;
  } else if (flag == "--metrics-limit") {
    const auto number = metadata::parse_integer(value);
    if (!number.has_value() || *number < 1 || *number > 10'000'000) {
      return bad(fmt::format("--metrics-limit: '{}' is no number from 1 to 10000000", value));
    }
    arguments.metrics_limit = static_cast<size_t>(*number);
  } else {
    ASSIGN_OR_RETURN(arguments.trace, parse_level(value));
  }
  return {};
}

Result<Arguments> parse_arguments(int argc, char** argv, std::span<const std::string_view> flags) {
  const bool recover = std::string_view(argv[0]) == "recover";
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    std::optional<std::string> value;
    if (const size_t equals = flag.find('='); flag.starts_with("--") && equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    }
    if (flag == "--help" || flag == "-h") {
      arguments.help = true;
      return arguments;
    }
    if (recover && !flag.starts_with("-")) {
      arguments.folders.emplace_back(argv[i]);
      continue;
    }
    const bool known = std::find(flags.begin(), flags.end(), flag) != flags.end();
    if (!known) return bad(fmt::format("unknown argument '{}' (see moldau {} --help)", argv[i], argv[0]));
    if (!value.has_value()) {
      if (i + 1 >= argc) return bad(fmt::format("{} needs a value", flag));
      value = argv[++i];
    }
    RETURN_IF_FAILED(take_flag(arguments, flag, *value));
  }
  return arguments;
}

Result<metadata::ConfigMap> read_properties(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure_from_errno(errno, "read " + path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Result<metadata::ConfigMap> parsed = metadata::parse_properties(text);
  if (!parsed.ok()) return bad(path + ": " + parsed.failure().message);
  return parsed;
}

/// All sources as one map, strongest last.
Result<metadata::ConfigMap> gather_settings(const Arguments& arguments) {
  metadata::ConfigMap file;
  if (arguments.config.has_value()) {
    ASSIGN_OR_RETURN(file, read_properties(*arguments.config));
  }
  std::vector<std::pair<std::string, std::string>> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  metadata::ConfigMap command_line = arguments.set;
  if (arguments.data.has_value()) {
    command_line["log.dirs"] = *arguments.data;
    command_line.erase("log.dir");
  }
  if (arguments.listen.has_value()) {
    ASSIGN_OR_RETURN(const io::Address address, parse_address(*arguments.listen));
    command_line["listeners"] = "PLAINTEXT://" + address.to_string();
  }
  metadata::ConfigMap merged =
      metadata::merge_settings(file, metadata::settings_of_environment(environment), command_line);
  // Moldau's own defaults: a data folder that survives a reboot, and a door only for this machine.
  if (!merged.contains("log.dirs") && !merged.contains("log.dir")) merged["log.dirs"] = "./data";
  if (!merged.contains("listeners")) merged["listeners"] = "PLAINTEXT://127.0.0.1:9092";
  if (arguments.listen.has_value() && !arguments.set.contains("advertised.listeners"))
    merged.erase("advertised.listeners");
  return merged;
}

int exit_code_of(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::invalid_argument:
      return exit_bad_configuration;
    case FailureKind::locked:
    case FailureKind::foreign:
    case FailureKind::corrupt:
    case FailureKind::unsupported:
      return exit_bad_folder;
    default:
      return exit_storage_failure;
  }
}

int complain(const Failure& failure, int code) {
  fmt::print(stderr, "moldau: {}\n", failure.message);
  return code;
}

void raise_limits(int shards) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);
  }
  // A heap for each shard: the pool's threads allocate little, and every further arena costs resident memory.
  (void)::mallopt(M_ARENA_MAX, shards);
  (void)::mallopt(M_TRIM_THRESHOLD, 1 << 20);
  (void)std::signal(SIGPIPE, SIG_IGN);
}

/// What clients' requests and answers may take: what is set, or a quarter of what this process may have.
uint64_t buffer_bytes_max(const metadata::BrokerSettings& settings) {
  constexpr uint64_t least = 16ULL << 20;
  if (settings.queued_max_request_bytes > 0) return static_cast<uint64_t>(settings.queued_max_request_bytes);
  return std::max(io::posix::memory_of_process() / 4, least);
}

/// The clock of the loop, read anew: vdso, no syscall.
Instant monotonic_clock() {
  timespec time{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &time);
  return {int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

/// What runs, and how it ended.
struct Node {
  io::posix::Loop& loop;
  broker::Broker& broker;
  int exit_code = exit_ok;
  bool stopping = false;

  void end(int code) {
    exit_code = code;
    loop.stop();
  }
  void stop() {
    if (stopping) return;
    stopping = true;
    broker.stop([this](const Status& stopped) {
      end(stopped.ok() ? exit_ok : complain(stopped.failure(), exit_storage_failure));
    });
  }
};

void print_banner(const broker::Broker& broker, const metadata::BrokerSettings& settings) {
  const std::string address = broker.address().to_string();
  fmt::print(stderr, "Moldau {}\n  address  {}\n  data     {}\n  next     moldau topic create hello --brokers {}\n",
             MOLDAU_VERSION, address, settings.log_dirs.front(), address);
}

/// Health and metrics, from before recovery to the end: on a thread of their own while recovery blocks the loop.
class Admin {
 public:
  Admin(io::posix::Loop& loop, broker::Broker& broker, broker::AdminOptions options)
      : loop_(loop), options_(std::move(options)), http_(loop.surface(), &broker, options_) {}
  ~Admin() {
    boot_.reset();
    if (socket_ >= 0) ::close(socket_);
  }

  /// Before recovery.
  void open(const std::string& where) {
    if (where == "none") return;
    status_ = listen(where);
    where_ = where;
  }
  /// After it.
  void take_over() {
    if (socket_ < 0) return;
    boot_.reset();
    Result<std::unique_ptr<io::Listener>> listener =
        loop_.adopt_listener(std::exchange(socket_, -1), http_.acceptor());
    if (listener.ok()) {
      http_.adopt(std::move(listener).value());
    } else {
      status_ = listener.failure();
    }
  }
  /// A node without health and metrics serves all the same; said once it does, so that nobody looks for the fault here.
  void complain_if_closed() const {
    if (status_.ok()) return;
    trace(TraceLevel::warn, "event=admin_not_listening address={} why=\"{}\"", where_, status_.failure().message);
  }

 private:
  Status listen(const std::string& where) {
    ASSIGN_OR_RETURN(const io::Address address, parse_address(where));
    ASSIGN_OR_RETURN(socket_, io::posix::Loop::listening_socket(address));
    boot_ = BootAdmin::start(socket_, options_);
    return {};
  }

  io::posix::Loop& loop_;
  const broker::AdminOptions options_;
  broker::AdminHttp http_;
  std::unique_ptr<BootAdmin> boot_;
  int socket_ = -1;
  std::string where_;
  Status status_;
};

/// Folders go by their full names, as in Kafka: tools compare what they are told with what they know.
void complete_folders(metadata::BrokerSettings& settings) {
  const auto complete = [](std::string& folder) { folder = std::filesystem::absolute(folder).string(); };
  std::for_each(settings.log_dirs.begin(), settings.log_dirs.end(), complete);
  complete(settings.metadata_log_dir);
}

io::posix::LoopOptions loop_options(const metadata::BrokerSettings& settings) {
  io::posix::LoopOptions options;
  options.always_spin = settings.loop_spin_us >= 0;
  if (options.always_spin) options.spin = microseconds(settings.loop_spin_us);
  return options;
}

/// Of this run of the machine; empty where the kernel does not say.
std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

int run(const Arguments& arguments, const metadata::BrokerSettings& settings,
        const metadata::ConfigMap& static_config) {
  Result<std::unique_ptr<io::posix::ShardSet>> made =
      io::posix::ShardSet::make(static_cast<size_t>(settings.shards), loop_options(settings));
  if (!made.ok()) return complain(made.failure(), exit_storage_failure);
  io::posix::ShardSet& shards = **made;
  io::posix::Loop& loop = shards.home();
  broker::BrokerOptions options{.settings = settings,
                                .static_config = static_config,
                                .boot_id = boot_id(),
                                .buffer_bytes_max = buffer_bytes_max(settings),
                                .precise_clock = monotonic_clock,
                                .loop_counts = loop_counts_of(shards),
                                .idle_time = io::posix::idle_time_of_machine};
  broker::Broker broker(shards.surfaces(), std::move(options));
  broker.set_counted_topics_max(arguments.metrics_limit);
  Admin admin(loop, broker,
              {.version = MOLDAU_VERSION, .series_limit = arguments.metrics_limit, .process_facts = process_facts()});
  Node node{loop, broker};
  for (const int number : {SIGTERM, SIGINT}) {
    if (const Status watched = loop.on_signal(number, [&node] { node.stop(); }); !watched.ok()) {
      return complain(watched.failure(), exit_storage_failure);
    }
  }
  broker.on_fatal([&node](const Failure& failure) { node.end(complain(failure, exit_storage_failure)); });
  admin.open(arguments.admin);
  const Status started = broker.start([&](const Status& ready) {
    if (!ready.ok()) {
      node.end(complain(ready.failure(), exit_code_of(ready.failure())));
      return;
    }
    admin.complain_if_closed();
    print_banner(broker, settings);
    fmt::print(stderr, "ready {}\n", broker.address().to_string());
  });
  if (!started.ok()) return complain(started.failure(), exit_code_of(started.failure()));
  admin.take_over();
  // The other shards take up what start() posted to them; before they are destroyed they are at rest again.
  if (const Status running = shards.start(); !running.ok()) return complain(running.failure(), exit_storage_failure);
  loop.run();
  shards.stop();
  return node.exit_code;
}

/// Reads off the folders whose they are and where the metadata log lies, as far as nobody else says so.
Status ask_folders(const std::vector<std::string>& folders, metadata::ConfigMap& settings) {
  std::string holder;
  for (const std::string& folder : folders) {
    const auto path = std::filesystem::path(folder);
    std::ifstream file(path / log::meta_properties_name, std::ios::binary);
    if (!file) return Failure{FailureKind::foreign, folder + " is no data folder: it has no meta.properties"};
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const Result<log::MetaProperties> meta = log::parse_meta_properties(text);
    if (!meta.ok()) return Failure{meta.failure().kind, folder + "/meta.properties: " + meta.failure().message};
    if (meta->node_id.has_value()) settings.try_emplace("node.id", std::to_string(*meta->node_id));
    const auto metadata_log = path / log::partition_folder_name(std::string(log::metadata_topic_name), 0);
    if (holder.empty() && std::filesystem::exists(metadata_log)) holder = folder;
  }
  if (holder.empty()) {
    return Failure{FailureKind::foreign,
                   "none of the folders holds the metadata log: name all log directories of the node"};
  }
  settings.try_emplace("metadata.log.dir", holder);
  return {};
}

Result<metadata::ConfigMap> settings_of_recovery(const Arguments& arguments) {
  if (arguments.folders.empty() && !arguments.config.has_value()) {
    return bad("no data folder is given (see moldau recover --help)");
  }
  ASSIGN_OR_RETURN(metadata::ConfigMap settings, gather_settings(arguments));
  if (!arguments.folders.empty()) {
    settings.erase("log.dir");
    settings["log.dirs"] = fmt::format("{}", fmt::join(arguments.folders, ","));
  }
  ASSIGN_OR_RETURN(const metadata::BrokerSettings named, metadata::resolve_broker(settings));
  std::vector<std::string> folders = named.log_dirs;
  if (settings.contains("metadata.log.dir")) folders.push_back(named.metadata_log_dir);
  RETURN_IF_FAILED(ask_folders(folders, settings));
  return settings;
}

void trace_to_stderr(TraceLevel level) {
  set_trace(
      [](TraceLevel of, std::string_view line) {
        static constexpr const char* names[] = {"error", "warn", "info", "debug"};
        fmt::print(stderr, "level={} {}\n", names[static_cast<size_t>(of)], line);
      },
      level);
}

}  // namespace

int run_recover(int argc, char** argv) {
  const Result<Arguments> arguments = parse_arguments(argc, argv, recover_flags);
  if (!arguments.ok()) return complain(arguments.failure(), exit_bad_configuration);
  if (arguments->help) {
    fmt::print("{}", recover_usage);
    return exit_ok;
  }
  trace_to_stderr(arguments->trace);
  const Result<metadata::ConfigMap> static_config = settings_of_recovery(*arguments);
  if (!static_config.ok()) return complain(static_config.failure(), exit_code_of(static_config.failure()));
  Result<metadata::BrokerSettings> settings = metadata::resolve_broker(*static_config);
  if (!settings.ok()) return complain(settings.failure(), exit_bad_configuration);
  complete_folders(*settings);
  raise_limits(1);
  const Result<std::unique_ptr<io::posix::Loop>> loop = io::posix::Loop::make();
  if (!loop.ok()) return complain(loop.failure(), exit_storage_failure);
  broker::BrokerOptions options{.settings = *settings,
                                .static_config = metadata::with_identity(*static_config, *settings),
                                .boot_id = boot_id()};
  broker::Broker broker((*loop)->surface(), std::move(options));
  const Status recovered = broker.recover();
  return recovered.ok() ? exit_ok : complain(recovered.failure(), exit_code_of(recovered.failure()));
}

int run_broker(int argc, char** argv) {
  const Result<Arguments> arguments = parse_arguments(argc, argv, broker_flags);
  if (!arguments.ok()) return complain(arguments.failure(), exit_bad_configuration);
  if (arguments->help) {
    fmt::print("{}", usage);
    return exit_ok;
  }
  trace_to_stderr(arguments->trace);
  Result<metadata::ConfigMap> static_config = gather_settings(*arguments);
  if (!static_config.ok()) return complain(static_config.failure(), exit_bad_configuration);
  Result<metadata::BrokerSettings> settings = metadata::resolve_broker(*static_config);
  if (!settings.ok()) return complain(settings.failure(), exit_bad_configuration);
  complete_folders(*settings);
  for (const std::string& warning : metadata::configuration_warnings(*static_config)) {
    trace(TraceLevel::warn, "event=configuration note=\"{}\"", warning);
  }
  if (settings->shards == 0) {
    settings->shards = static_cast<int32_t>(std::min(io::posix::processors_of_process(), broker::Broker::shards_max));
  }
  raise_limits(settings->shards);
  return run(*arguments, *settings, metadata::with_identity(*static_config, *settings));
}

}  // namespace moldau::app
