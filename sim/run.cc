#include "sim/run.h"

#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "client/admin.h"
#include "sim/broker_host.h"
#include "sim/context.h"
#include "sim/faults.h"
#include "sim/group_fleet.h"
#include "sim/hostile.h"
#include "sim/index_audit.h"
#include "sim/mutants.h"
#include "sim/producer.h"
#include "sim/reader.h"

namespace moldau::sim {
namespace {

constexpr Duration setup_max = seconds(60);
constexpr Duration load_max = seconds(1'800);
constexpr Duration healing_max = seconds(300);
constexpr Duration calm_max = seconds(120);

/// The planted bug of that name. REQUIRES: there is one.
store::Mutant planted(const std::string& name) {
  const std::optional<store::Mutant> mutant = mutant_named(name);
  ASSERT(mutant.has_value());
  return *mutant;
}

/// Each shard has its part of the budget, and the newest batches in memory are one shard's: the drawn budget is a part.
Profile profile_of(uint64_t seed, const RunOptions& options) {
  Profile profile = draw_profile(seed, options.scenario);
  profile.buffer_bytes_max *= options.shards;
  return profile;
}

/// The parts of one run, made in this order and destroyed in the other.
class Run {
 public:
  Run(uint64_t seed, const RunOptions& options)
      : profile_(profile_of(seed, options)),
        world_(seed),
        context_{world_, profile_, Shadow(profile_.topics * profile_.partitions_per_topic, profile_.durable()), {}, 0,
                 false,  {}},
        host_(context_, planted(options.mutant), options.shards),
        faults_(context_, host_) {
    if (options.trace) world_.print_trace([](std::string_view line) { fmt::print(stderr, "{}\n", line); });
  }
  ~Run() {
    tasks_.cancel();
    host_.destroy();
  }

  Verdict execute();

 private:
  bool well() const { return context_.shadow.violation().empty(); }
  bool setup();
  io::Task<void> create_topics();
  void start_clients();
  bool load();
  bool calm();
  bool heal();
  bool audit();
  void audit_groups();
  void stop_and_audit_indexes();
  bool clients_done() const;
  Verdict verdict();

  Profile profile_;
  io::sim::World world_;
  Context context_;
  BrokerHost host_;
  FaultDriver faults_;
  std::unique_ptr<client::Client> admin_;
  std::vector<std::unique_ptr<Producer>> producers_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::unique_ptr<Hostile> hostile_;
  std::unique_ptr<GroupFleet> fleet_;  ///< if the profile has groups
  io::TaskGroup tasks_;
  bool topics_created_ = false;
};

io::Task<void> Run::create_topics() {
  std::vector<client::NewTopic> topics;
  for (uint32_t t = 0; t < profile_.topics; ++t) {
    topics.push_back({.name = fmt::format("topic-{}", t),
                      .partitions = static_cast<int32_t>(profile_.partitions_per_topic),
                      .replicas = 1,
                      .configs = {{"internal.segment.bytes", fmt::format("{}", profile_.segment_bytes)}}});
  }
  topics.push_back({.name = "side", .partitions = 1, .replicas = 1, .configs = {}});
  if (profile_.offsets_segment_bytes > 0) {  // by hand, for segments that end soon
    topics.push_back({.name = "__consumer_offsets",
                      .partitions = static_cast<int32_t>(profile_.offsets_partitions),
                      .replicas = 1,
                      .configs = {{"cleanup.policy", "compact"},
                                  {"internal.segment.bytes", fmt::format("{}", profile_.offsets_segment_bytes)},
                                  {"min.cleanable.dirty.ratio", fmt::format("{}", profile_.offsets_cleanable_ratio)},
                                  {"delete.retention.ms", fmt::format("{}", profile_.offsets_delete_retention_ms)}}});
  }
  const Duration timeout = seconds(10);
  Result<std::vector<client::TopicOutcome>> outcomes = co_await client::create_topics(*admin_, topics, false, timeout);
  if (!outcomes.ok()) {
    context_.shadow.violate("topics could not be created: " + outcomes.failure().message);
    co_return;
  }
  for (const client::TopicOutcome& outcome : *outcomes) {
    if (outcome.error != wire::ErrorCode::none) {
      context_.shadow.violate(
          fmt::format("topic {}: {} {}", outcome.name, wire::name_of(outcome.error), outcome.message));
      co_return;
    }
    if (outcome.name == "side") context_.side = {outcome.name, outcome.id, 0};
    if (outcome.name == "side" || outcome.name == "__consumer_offsets") continue;
    for (uint32_t p = 0; p < profile_.partitions_per_topic; ++p) {
      context_.partitions.push_back({outcome.name, outcome.id, static_cast<PartitionIndex>(p)});
    }
  }
  topics_created_ = true;
}

bool Run::setup() {
  const Status started = host_.start();
  if (!started.ok()) {
    context_.shadow.violate("the broker did not start: " + started.failure().message);
    return false;
  }
  admin_ = std::make_unique<client::Client>(world_.node("admin").surface(), context_.client_options("admin"));
  tasks_.spawn(create_topics());
  if (!world_.run_until([this] { return topics_created_ || !well(); }, setup_max)) {
    context_.shadow.violate("the broker did not serve in time");
  }
  if (well() && !profile_.groups.empty()) {
    fleet_ = std::make_unique<GroupFleet>(context_);
    tasks_.spawn(fleet_->admin().prepare());
    if (!world_.run_until([this] { return fleet_->admin().prepared() || !well(); }, setup_max)) {
      context_.shadow.violate("the coordinator did not serve in time");
    }
  }
  return well();
}

void Run::start_clients() {
  Prng& prng = world_.prng();
  for (uint32_t number = 0; number < profile_.producers; ++number) {
    std::vector<uint32_t> partitions;
    for (uint32_t p = 0; p < context_.partitions.size(); ++p) {
      if (p % profile_.producers == number || prng.chance(1, 5)) partitions.push_back(p);
    }
    producers_.push_back(std::make_unique<Producer>(context_, number, std::move(partitions)));
    tasks_.spawn(producers_.back()->run());
  }
  for (uint32_t number = 0; number < profile_.readers; ++number) {
    readers_.push_back(std::make_unique<Reader>(context_, number));
    tasks_.spawn(readers_.back()->run());
  }
  if (fleet_ != nullptr) fleet_->start(tasks_);
  hostile_ = std::make_unique<Hostile>(context_);
  tasks_.spawn(hostile_->run());
}

bool Run::load() {
  faults_.start();
  const auto enough = [this] {
    return !well() || faults_.given_up() ||
           (context_.operations >= profile_.operations && faults_.crashes_done() &&
            (fleet_ == nullptr || fleet_->enough()));
  };
  if (!world_.run_until(enough, load_max)) {
    context_.shadow.violate(fmt::format("no progress: {} operations of {} in {} virtual seconds", context_.operations,
                                        profile_.operations, load_max.milliseconds() / 1000));
  }
  return well();
}

/// Nobody dies any more, and nothing fails: every group must become stable.
bool Run::calm() {
  faults_.heal();
  if (fleet_ == nullptr) return well();
  fleet_->calm();
  constexpr Duration step = milliseconds(50);
  const Instant until = world_.now() + calm_max;
  while (well() && !faults_.given_up() && !fleet_->stable()) {
    if (world_.now() >= until) {
      std::string broker_says;
      tasks_.spawn(fleet_->explain(broker_says));
      world_.run_until([&] { return broker_says.ends_with("end"); }, seconds(20));
      context_.shadow.violate(fmt::format("after healing, a group does not become stable: {} the broker says: {}",
                                          fleet_->describe(), broker_says));
      tasks_.cancel();  // the explanation may still wait
    }
    world_.run_for(step);
  }
  context_.count("groups that became stable", profile_.groups.size());
  return well() && !faults_.given_up();
}

bool Run::clients_done() const {
  for (const auto& producer : producers_) {
    if (!producer->done()) return false;
  }
  for (const auto& reader : readers_) {
    if (!reader->done()) return false;
  }
  return hostile_->done() && (fleet_ == nullptr || fleet_->done());
}

bool Run::heal() {
  if (!calm()) return false;
  context_.stopping = true;
  if (!world_.run_until([this] { return !well() || faults_.given_up() || (host_.serving() && clients_done()); },
                        healing_max)) {
    size_t outstanding = 0;
    for (const auto& producer : producers_) outstanding += producer->outstanding();
    context_.shadow.violate(fmt::format("after healing, {} batches are still not acknowledged (broker {}serving)",
                                        outstanding, host_.serving() ? "" : "not "));
  }
  return well();
}

void Run::audit_groups() {
  const auto restart = [this] { host_.node().crash(io::sim::CrashKind::process); };
  tasks_.spawn(fleet_->audit(restart, [this] { return host_.serving(); }));
  if (!world_.run_until([this] { return !well() || fleet_->audited(); }, healing_max)) {
    context_.shadow.violate("the audit of the groups did not end");
  }
}

bool Run::audit() {
  if (fleet_ != nullptr) {
    audit_groups();
    if (!well()) return false;
  }
  world_.run_for(seconds(5));  // with acks=1 the last syncs may still be under way
  Reader auditor(context_, 1'000);
  context_.stopping = false;
  tasks_.spawn(auditor.audit());
  if (!world_.run_until([&] { return !well() || auditor.done(); }, healing_max)) {
    context_.shadow.violate("the audit did not end");
  }
  if (!auditor.done()) tasks_.cancel();
  // Indexes that were damaged at rest below the recovery point stay so until they are read.
  if (well() && profile_.durable() && !profile_.damaged_indexes) stop_and_audit_indexes();
  return well();
}

void Run::stop_and_audit_indexes() {
  bool stopped = false;
  host_.stop([&stopped] { stopped = true; });
  if (!world_.run_until([&stopped] { return stopped; }, healing_max)) {
    context_.shadow.violate("the broker did not stop");
    host_.destroy();
    return;
  }
  host_.destroy();
  audit_indexes(context_, host_);
}

Verdict Run::verdict() {
  Verdict verdict;
  verdict.seed = profile_.seed;
  verdict.violation = context_.shadow.violation();
  if (!verdict.violation.empty()) verdict.violation += fmt::format(" [{}]", describe(profile_));
  verdict.trace_hash = world_.trace_hash();
  for (const auto& [name, times] : world_.counters()) verdict.counters[name] += times;
  for (const auto& [name, times] : context_.counts) verdict.counters[name] += times;
  verdict.counters["acknowledged records"] = context_.shadow.acknowledged_records();
  if (fleet_ != nullptr) fleet_->count(verdict.counters);
  const auto happened = [&](const char* name) { return verdict.counters.contains(name) ? 1 : 0; };
  const int kinds = happened("disk filled") + happened("network partitions") + happened("stalls of the broker") +
                    happened("index files damaged") + happened("torn tails") + happened("syncs set to fail") +
                    happened("writes set to fail") + happened("crashes in recovery") + happened("net.cut") +
                    happened("net.refused") + happened("net.held") + happened("disk.sync.slow") +
                    happened("disk.sync.lied") + happened("garbage connections");
  verdict.counts = profile_.producers + profile_.readers + 2 >= 8 && context_.partitions.size() >= 16 &&
                   context_.operations >= 2'000 && happened("recoveries") == 1 && kinds >= 2;
  if (fleet_ != nullptr) verdict.counts &= fleet_->rebalances() >= 20 && fleet_->commits() >= 200;
  return verdict;
}

Verdict Run::execute() {
  if (setup()) {
    start_clients();
    if (load() && !faults_.given_up() && heal() && !faults_.given_up()) audit();
  }
  return verdict();
}

}  // namespace

Verdict run_seed(uint64_t seed, const RunOptions& options) {
  Run run(seed, options);
  return run.execute();
}

}  // namespace moldau::sim
