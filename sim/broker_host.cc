#include "sim/broker_host.h"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "metadata/broker_settings.h"

namespace moldau::sim {
namespace {

/// So that the few clients of a run make shards crowded now and then.
constexpr uint64_t work_per_second = 20'000'000;

}  // namespace

BrokerHost::BrokerHost(Context& context, store::Mutant mutant, size_t shards)
    : context_(context), node_(context.world.node(broker_name)), mutant_(mutant), shards_(shards) {}

Status BrokerHost::start() {
  metadata::ConfigMap config;
  config["node.id"] = "1";
  config["log.dirs"] = data_folder_;
  config["listeners"] = fmt::format("PLAINTEXT://{}:{}", broker_name, broker_port);
  // Partitions move often, and in half of the lives all begin on one shard.
  config["shards.balance.interval.ms"] = "50";
  config["shards.fill.percent"] = (context_.profile.topics + generation_) % 2 == 0 ? "0" : "50";
  for (const std::string& setting : context_.profile.settings) {
    const size_t equals = setting.find('=');
    config[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  ASSIGN_OR_RETURN(metadata::BrokerSettings settings, metadata::resolve_broker(config));
  failed_ = false;
  const uint64_t generation = ++generation_;
  std::vector<io::Surface> surfaces;
  for (size_t i = 0; i < shards_; ++i) surfaces.push_back(node_.shard(i).surface());
  broker::BrokerOptions options{.settings = std::move(settings),
                                .static_config = std::move(config),
                                .mutant = mutant_,
                                .boot_id = node_.boot_id(),
                                .buffer_bytes_max = context_.profile.buffer_bytes_max,
                                .work_per_second = work_per_second};
  broker_ = std::make_unique<broker::Broker>(surfaces, std::move(options));
  broker_->on_fatal([this, generation](const Failure&) {
    if (generation == generation_) failed_ = true;
  });
  Status started = broker_->start([this, generation](const Status& ready) {
    if (generation != generation_ || ready.ok()) return;
    context_.count("starts that failed late");
    failed_ = true;
  });
  if (!started.ok() && !node_.crashed()) destroy();
  return started;
}

void BrokerHost::stop(std::function<void()> done) {
  broker_->stop([this, generation = generation_, done = std::move(done)](const Status&) {
    if (generation == generation_)
      context_.world.after(Duration{}, [this, generation, done] {
        if (generation == generation_) done();
      });
  });
}

void BrokerHost::destroy() {
  ++generation_;
  if (broker_ != nullptr && shards_ > 1) {
    context_.count("partitions moved by load", broker_->home().metrics().partitions_moved);
    for (size_t i = 0; i < shards_; ++i) {
      context_.count("connections steered", broker_->shard(i).metrics().connections_steered);
    }
  }
  broker_.reset();
  failed_ = false;
}

}  // namespace moldau::sim
