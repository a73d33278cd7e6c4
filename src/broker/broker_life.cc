// Broker: start, stop, and what comes from the metadata log.
#include <algorithm>
#include <utility>

#include "base/trace.h"
#include "broker/broker.h"
#include "log/journal.h"
#include "metadata/features.h"

namespace moldau::broker {

using wire::ErrorCode;

Status Broker::start(io::Completion<Status> ready) {
  RETURN_IF_FAILED(open_store());
  RETURN_IF_FAILED(listen());
  RETURN_IF_FAILED(open_metadata());
  ready_ = std::move(ready);
  return {};
}

Status Broker::recover() {
  RETURN_IF_FAILED(open_store());
  metadata_ = std::make_unique<MetadataLoop>(
      surface_, *store_, MetadataLoopOptions{.settings = options_.settings, .static_config = options_.static_config});
  RETURN_IF_FAILED(metadata_->start());
  image_ = metadata_->image();  // which knows the settings of the topics
  RETURN_IF_FAILED(store_->load_logs());
  for (const store::Log* log : store_->logs()) report_damage(*log);
  store_->set_high_watermark_source(
      [this](const store::Log& log) { return store_->checkpointed_high_watermark(log.id()); });
  return close_store(-1);  // the epoch of the broker that ended here is not known
}

Status Broker::open_store() {
  const metadata::BrokerSettings& settings = options_.settings;
  store::StoreOptions options;
  options.log_directories = settings.log_dirs;
  options.metadata_directory = settings.metadata_log_dir;
  // Asked once for each partition of a start: those of one topic come in a row.
  options.config_of = [this, image = std::weak_ptr(image_), name = std::string(),
                       config = store::LogConfig()](const std::string& topic) mutable {
    if (image.lock() != image_ || name != topic) {
      config = hosting_->log_config(*image_, topic);
      image = image_;
      name = topic;
    }
    return config;
  };
  options.directory_of = [this](const TopicPartitionId& id) { return LogDirMoves::named(*image_, self(), id); };
  options.known_partition = [this](const std::string& topic, PartitionIndex partition) {
    return LogDirMoves::known(*image_, self(), topic, partition);
  };
  options.checkpoint_interval_ms = settings.log_flush_offset_checkpoint_interval_ms;
  options.high_watermark_checkpoint_interval_ms = settings.replica_high_watermark_checkpoint_interval_ms;
  options.log_start_checkpoint_interval_ms = settings.log_flush_start_offset_checkpoint_interval_ms;
  options.retention_check_interval_ms = settings.log_retention_check_interval_ms;
  options.producer_expiration_check_interval_ms = settings.producer_id_expiration_check_interval_ms;
  options.journal.enable = settings.log_journal_enable;
  options.journal.file_bytes =
      static_cast<uint64_t>(settings.log_journal_file_bytes) / log::journal_block_bytes * log::journal_block_bytes;
  options.journal.after_commits = static_cast<uint64_t>(settings.log_journal_after_commits);
  options.boot_id = options_.boot_id;
  options.mutant = options_.mutant;
  std::vector<io::Surface> surfaces;
  for (const auto& shard : shards_) surfaces.push_back(shard->surface());
  ASSIGN_OR_RETURN(store_, store::Store::open(surfaces, std::move(options), settings.cluster_id, settings.node_id));
  cluster_id_ = store_->folders().front().identity.cluster_id;
  for (const auto& shard : shards_) shard->set_cluster_id(cluster_id_);  // no other thread runs yet
  assignments_ = std::make_unique<DirectoryAssignments>(
      surface_, self(),
      DirectoryAssignments::Host{
          .submit = [this](
                        metadata::ControllerRequest request,
                        io::Completion<const MetadataOutcome&> done) { submit(std::move(request), std::move(done)); },
          .image = [this]() -> const metadata::Image& { return *image_; },
          .broker_epoch = [this] { return broker_epoch_; }});
  log_dir_moves_ = std::make_unique<LogDirMoves>(*store_, self(), options_.settings.log_dirs, *assignments_);
  log_dir_moves_->set_host({.image = [this]() -> const metadata::Image& { return *image_; },
                            .look_at_directories = [this] { look_at_directories(); }});
  hosting_ = std::make_unique<Hosting>(*store_, self(), options_.static_config, options_.settings, *log_dir_moves_,
                                       shards_.size(), fill());
  // No other thread runs yet.
  for (const auto& shard : shards_) shard->host_partitions(store_->shard(shard->index()));
  store_->set_move_listener(log_dir_moves_.get());
  return {};
}

Status Broker::listen() {
  for (size_t i = 0; i < options_.settings.listeners.size(); ++i) {
    const metadata::ListenerConfig& config = options_.settings.listeners[i];
    if (config.protocol != metadata::SecurityProtocol::plaintext) {
      return Failure{FailureKind::invalid_argument,
                     "listener " + config.name + ": only PLAINTEXT is served in this version"};
    }
    const io::Address address{config.host.empty() ? "0.0.0.0" : config.host, config.port};
    Result<std::unique_ptr<io::Listener>> listener = surface_.network.listen(
        address, [this, i](std::unique_ptr<io::Stream> stream) { accept(i, std::move(stream)); },
        {.backlog = options_.settings.socket_listen_backlog_size});
    // An address that is taken or not ours is the configuration's fault, not the storage's.
    if (!listener.ok())
      return Failure{FailureKind::invalid_argument, listener.failure().message, listener.failure().os_errno};
    // Who comes before this node serves waits in the kernel.
    (*listener)->pause_accepting(true);
    const bool exempt =
        options_.settings.listeners.size() > 1 && config.name == options_.settings.inter_broker_listener_name;
    doors_.push_back({.listener = std::move(listener).value(), .exempt = exempt});
  }
  return {};
}

io::Address Broker::address() const {
  return doors_.front().listener->local();
}

Status Broker::open_metadata() {
  metadata_ = std::make_unique<MetadataLoop>(
      surface_, *store_, MetadataLoopOptions{.settings = options_.settings, .static_config = options_.static_config});
  metadata_->on_fatal([this](const Failure& why) { failed(why); });
  RETURN_IF_FAILED(metadata_->start());
  image_ = metadata_->image();
  apply_dynamic_settings();
  RETURN_IF_FAILED(store_->load_logs(this));
  for (const store::Log* log : store_->logs()) report_damage(*log);
  look_at_directories();
  hosting_->apply(*image_, nullptr);
  show_view();
  group_loop_.image_changed(nullptr);
  metadata_->on_image(
      [this](const metadata::ImageRef& image, const metadata::ImageDelta& delta) { image_changed(image, delta); });
  register_broker();
  return {};
}

void Broker::report_damage(const store::Log& log) const {
  for (const store::DamagedRange& range : log.damaged()) {
    trace(TraceLevel::error, "event=log_damaged folder={} first={} last={} kept_in={} why=\"{}\"", log.folder(),
          range.first, range.last, range.kept_in, range.reason);
  }
  if (log.id().topic_id != metadata_topic_id && image_->topic(log.id().topic_id) == nullptr) {
    trace(TraceLevel::warn, "event=log_of_no_topic folder={} topic_id={}", log.folder(), log.id().topic_id.to_string());
  }
}

void Broker::log_recovered(store::Log& log) {
  report_damage(log);
  recovered_.push_back(log.id());
  take_recovered_later();
}

void Broker::take_recovered_later() {
  if (std::exchange(recovery_news_, true)) return;
  surface_.executor.defer(guarded_call([this] { take_recovered(); }));
}

// All that came in a turn is shown at once.
void Broker::take_recovered() {
  recovery_news_ = false;
  const std::vector<TopicPartitionId> logs = std::exchange(recovered_, {});
  if (hosting_ == nullptr) return;
  look_at_directories();
  hosting_->recovered(*image_, logs, std::exchange(lane_ended_, false));
  show_view();
  group_loop_.partitions_arrived(logs);
}

// Where clients are told to connect: advertised.listeners, else the listener; with the real port for port 0.
metadata::EndpointImage Broker::own_endpoint(size_t listener) const {
  const metadata::BrokerSettings& settings = options_.settings;
  metadata::ListenerConfig config = settings.listeners[listener];
  for (const metadata::ListenerConfig& advertised : settings.advertised_listeners) {
    if (advertised.name == config.name) config = advertised;
  }
  if (config.host.empty() || config.host == "0.0.0.0" || config.host == "::") config.host = "localhost";
  if (config.port == 0) config.port = doors_[listener].listener->local().port;
  return {config.name, config.host, config.port, static_cast<int16_t>(config.protocol)};
}

void Broker::register_broker() {
  metadata::RegisterBroker request;
  request.broker = self();
  request.cluster_id = cluster_id_;
  request.incarnation = surface_.entropy.uuid();
  for (size_t i = 0; i < doors_.size(); ++i) request.listeners.push_back(own_endpoint(i));
  request.features = metadata::registered_features();
  request.rack = options_.settings.rack;
  request.previous_broker_epoch = -1;
  for (const store::OpenedFolder& folder : store_->folders())
    request.directories.push_back(folder.identity.directory_id);
  std::sort(request.directories.begin(), request.directories.end());
  if (store_->folders().front().clean_stop)
    request.previous_broker_epoch = store_->folders().front().previous_broker_epoch;
  submit(std::move(request), [this](const MetadataOutcome& outcome) {
    const auto* const result = std::get_if<metadata::RegisterBrokerResult>(&outcome.response);
    const ErrorCode error = outcome.error != ErrorCode::none ? outcome.error : result->error;
    if (error != ErrorCode::none) {
      not_ready({FailureKind::unavailable, std::string("broker registration refused: ") + name_of(error) + " " +
                                               (result == nullptr ? "" : result->message)});
      return;
    }
    broker_epoch_ = result->broker_epoch;
    heartbeat(false, [this](const MetadataOutcome& answer) {
      if (answer.error != ErrorCode::none) not_ready({FailureKind::io, "the metadata log takes no records"});
      check_ready();
    });
  });
}

void Broker::heartbeat(bool want_shutdown, io::Completion<const MetadataOutcome&> done) {
  metadata::BrokerHeartbeat request;
  request.broker = self();
  request.broker_epoch = broker_epoch_;
  request.metadata_offset = image_->applied().offset;
  request.want_shutdown = want_shutdown;
  request.offline_directories.assign(offline_directories_.begin(), offline_directories_.end());
  submit(std::move(request), std::move(done));
}

void Broker::look_at_directories() {
  const size_t before = offline_directories_.size();
  for (size_t i = 0; i < store_->folders().size(); ++i) {
    if (store_->directory_offline(i)) offline_directories_.insert(store_->folders()[i].identity.directory_id);
  }
  if (offline_directories_.size() == before || std::exchange(reporting_offline_, true)) return;
  surface_.executor.defer(guarded_call([this] { report_offline_directories(); }));
}

// The controller moves leaderships away from directories that failed; with none left, the node ends.
void Broker::report_offline_directories() {
  reporting_offline_ = false;
  if (stopping_ || broker_epoch_ < 0) return;
  if (offline_directories_.size() >= store_->folders().size()) {
    failed({FailureKind::io, "every log directory failed"});
    return;
  }
  heartbeat(false, [](const MetadataOutcome&) {});
}

void Broker::not_ready(const Failure& why) {
  if (ready_) std::exchange(ready_, nullptr)(Status(why));
}

void Broker::failed(const Failure& why) {
  trace(TraceLevel::error, "event=storage_failed why=\"{}\"", why.message);
  if (ready_) {
    not_ready(why);
  } else if (on_fatal_) {
    on_fatal_(why);
  }
}

void Broker::submit(metadata::ControllerRequest request, io::Completion<const MetadataOutcome&> done) {
  metadata_->submit(std::move(request), guarded<const MetadataOutcome&>(std::move(done)));
}

namespace {

/// Leaders that were not in sync when they were elected.
uint64_t unclean_elections(const metadata::Image& before, const metadata::Image& now,
                           const metadata::ImageDelta& delta) {
  uint64_t count = 0;
  for (const TopicPartitionId& id : delta.changed_partitions) {
    const metadata::PartitionImage* const old = before.partition(id.topic_id, id.partition);
    if (old == nullptr) continue;
    const NodeId leader = now.partition(id.topic_id, id.partition)->leader;
    if (leader == no_node || leader == old->leader) continue;
    if (std::find(old->isr.begin(), old->isr.end(), leader) == old->isr.end()) ++count;
  }
  return count;
}

}  // namespace

void Broker::image_changed(const metadata::ImageRef& image, const metadata::ImageDelta& delta) {
  home().metrics().unclean_elections += unclean_elections(*image_, *image, delta);
  image_ = image;
  for (const metadata::ConfigResource& resource : delta.changed_configs) {
    if (resource.type != metadata::ConfigResourceType::broker) continue;
    apply_dynamic_settings();
    break;
  }
  home().replicas()->drop_deleted(delta);  // before others are made by their names
  hosting_->apply(*image_, &delta);
  show_view(delta);
  group_loop_.image_changed(&delta);
  check_ready();
}

// What tells of the change is posted later, so it arrives behind this.
void Broker::show_view(const metadata::ImageDelta& delta, const std::optional<MovedPartition>& moved) {
  NodeView view;
  view.number = ++views_;
  view.image = image_;
  view.settings = shown_settings_;
  view.root_log_level = root_log_level_;
  view.placement = hosting_->placement();
  const auto shared = std::make_shared<const NodeView>(std::move(view));
  std::vector<std::vector<ArrivingLog>> arriving = hosting_->take_arrivals();
  if (shards_.size() > 1) {
    const auto changed = std::make_shared<const metadata::ImageDelta>(delta);
    for (size_t i = 1; i < shards_.size(); ++i) {
      home().post(i, [shared, changed, logs = std::move(arriving[i]), moved](Shard& shard) {
        shard.take_view(shared, *changed, logs, moved);
      });
    }
  }
  home().take_view(shared, delta, arriving.front(), moved);
}

void Broker::partition_ended(const TopicPartitionId& id, const std::string& topic) {
  if (hosting_ != nullptr && hosting_->ended(*image_, id, topic)) show_view();
}

void Broker::check_ready() {
  if (serving_ || stopping_) return;
  const metadata::BrokerImage* const own = image_->broker(self());
  if (own == nullptr || own->fenced || own->epoch != broker_epoch_) return;
  serving_ = true;
  ready_at_ = now();
  store_->start_background();
  start_balancing();
  for (const Door& door : doors_) door.listener->pause_accepting(false);
  if (ready_) std::exchange(ready_, nullptr)(Status());
}

// Producer ids
// ------------------------------------------------------------------------------------------------------------

void Broker::next_producer_id(std::function<void(ErrorCode, ProducerId)> done) {
  producer_id_waiters_.push_back(std::move(done));
  hand_out_producer_ids();
}

void Broker::hand_out_producer_ids() {
  while (!producer_id_waiters_.empty() && next_producer_id_ < producer_ids_end_) {
    const auto done = std::move(producer_id_waiters_.front());
    producer_id_waiters_.erase(producer_id_waiters_.begin());
    done(ErrorCode::none, next_producer_id_++);
  }
  if (producer_id_waiters_.empty() || allocating_producer_ids_) return;
  allocating_producer_ids_ = true;
  submit(metadata::AllocateProducerIds{self(), broker_epoch_}, [this](const MetadataOutcome& outcome) {
    allocating_producer_ids_ = false;
    const auto* const block = std::get_if<metadata::AllocateProducerIdsResult>(&outcome.response);
    if (outcome.error == ErrorCode::none && block != nullptr && block->error == ErrorCode::none) {
      next_producer_id_ = block->first;
      producer_ids_end_ = block->first + block->count;
      hand_out_producer_ids();
      return;
    }
    for (const auto& waiter : std::exchange(producer_id_waiters_, {})) {
      waiter(ErrorCode::coordinator_load_in_progress, no_producer_id);  // clients retry it
    }
  });
}

void Broker::propose_isr(size_t from, const TopicPartitionId& id, const replica::ProposeIsr& proposal) {
  metadata::AlterPartition request;
  request.broker = self();
  request.broker_epoch = broker_epoch_;
  request.partition = id;
  request.leader_epoch = proposal.leader_epoch;
  request.partition_epoch = proposal.partition_epoch;
  for (const NodeId node : proposal.isr) {
    const metadata::BrokerImage* const member = image_->broker(node);
    request.isr.push_back({node, member == nullptr ? -1 : member->epoch});
  }
  submit(std::move(request), [this, from, id, epoch = proposal.leader_epoch](const MetadataOutcome& outcome) {
    const auto* const result = std::get_if<metadata::AlterPartitionResult>(&outcome.response);
    ErrorCode error = outcome.error;
    if (error == ErrorCode::none) error = result == nullptr ? ErrorCode::unknown_server_error : result->error;
    replica::IsrCommitted decided{.error = error, .leader_epoch = epoch};
    if (error == ErrorCode::none) {
      decided.partition_epoch = result->partition.partition_epoch;
      decided.isr = result->partition.isr;
    }
    if (from == 0) {
      home().isr_decided(id, decided);
    } else {
      home().post(from, [id, decided](Shard& shard) { shard.isr_decided(id, decided); });
    }
  });
}

// Stop
// --------------------------------------------------------------------------------------------------------------------

void Broker::stop(io::Completion<Status> done) {
  ASSERT(!stopping_);
  stopping_ = true;
  stopped_ = std::move(done);
  for (Door& door : doors_) door.waiting.reset();
  group_loop_.stop();
  each_shard([](Shard& shard) { shard.finish_connections(); });
  surface_.timers.start(now() + stop_time_max, guarded_call([this] { leave_cluster(); }));
  continue_stop();
}

// What is in flight ends by itself; then, or when its time is up, the cluster is left.
void Broker::continue_stop() {
  if (connections_ == 0) surface_.executor.defer(guarded_call([this] { leave_cluster(); }));
}

// Controlled shutdown: the controller takes the leaderships away and fences this broker.
void Broker::leave_cluster() {
  if (std::exchange(leaving_, true)) return;
  each_shard([](Shard& shard) { shard.close_connections(); });
  if (!serving_ || !options_.settings.controlled_shutdown_enable) {
    finish_stop();
    return;
  }
  surface_.timers.start(now() + stop_time_max, guarded_call([this] { finish_stop(); }));
  ask_to_leave();
}

void Broker::ask_to_leave() {
  heartbeat(true, [this](const MetadataOutcome& outcome) {
    const auto* const result = std::get_if<metadata::BrokerHeartbeatResult>(&outcome.response);
    const bool go_on =
        outcome.error == ErrorCode::none && result->error == ErrorCode::none && !result->should_shut_down;
    if (go_on && ++leave_attempts_ < leave_attempts_max) {
      ask_to_leave();
    } else {
      finish_stop();
    }
  });
}

// Each shard gives up its partitions in its own thread; then the logs are closed, which nobody listens to any more,
// with the high watermarks that they had.
void Broker::finish_stop() {
  if (!stopped_ || shards_with_partitions_ > 0) return;
  stop_after_move_ = moving_;
  if (moving_) return;
  serving_ = false;
  close_doors();
  shards_with_partitions_ = shards_.size();
  for (size_t i = 1; i < shards_.size(); ++i) {
    home().post(i, [](Shard& shard) {
      shard.give_up_partitions();
      shard.post(0, [](Shard& home) { home.node().partitions_given_up(); });
    });
  }
  home().give_up_partitions();
  partitions_given_up();
}

void Broker::partitions_given_up() {
  if (--shards_with_partitions_ > 0) return;
  std::exchange(stopped_, nullptr)(close_store(broker_epoch_));
}

/// When nobody listens to the logs any more.
Status Broker::close_store(int64_t broker_epoch) {
  store_->set_move_listener(nullptr);
  for (const auto& shard : shards_) shard->drop_partitions();
  hosting_.reset();
  log_dir_moves_.reset();
  assignments_.reset();
  if (broker_epoch >= 0) metadata_->close();
  metadata_.reset();
  return store_->close(broker_epoch);
}

}  // namespace moldau::broker
