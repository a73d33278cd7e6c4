#include "broker/admin_log_handlers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "api/21_delete_records.h"
#include "api/23_offset_for_leader_epoch.h"
#include "api/34_alter_replica_log_dirs.h"
#include "api/35_describe_log_dirs.h"
#include "api/61_describe_producers.h"
#include "broker/broker.h"
#include "broker/hosted_samples.h"
#include "broker/owners.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

struct NoFacts {};
using DeletionQuestion =
    Asked<NoFacts, api::DeleteRecordsPlan::Query, wire::DeleteRecordsResponse::DeleteRecordsPartitionResult>;
using EpochQuestion =
    Asked<NoFacts, api::OffsetForLeaderEpochPlan::Query, wire::OffsetForLeaderEpochResponse::EpochEndOffset>;
using ProducerQuestion =
    Asked<NoFacts, api::DescribeProducersPlan::Query, wire::DescribeProducersResponse::PartitionResponse>;

/// Asks the owners of a plan's queries, and answers with the plan's response when they have filled in its rows. Its
/// texts are in the arena, the request, and the image.
template <typename Question, typename Plan, typename Look>
void answer_by_owners(Shard& shard, Request request, std::shared_ptr<Arena> arena, Plan plan, Look look) {
  Question question;
  for (const auto& query : plan.queries) {
    question.rows.push_back(std::move(plan.response.topics[query.topic].partitions[query.partition]));
  }
  question.queries = std::move(plan.queries);
  ask_owners<Question>(shard, std::move(question), look,
                       [&shard, request = std::move(request), response = std::move(plan.response),
                        arena = std::move(arena), image = shard.image_ref()](Question answered) mutable {
                         for (size_t i = 0; i < answered.queries.size(); ++i) {
                           const auto& query = answered.queries[i];
                           response.topics[query.topic].partitions[query.partition] = std::move(answered.rows[i]);
                         }
                         shard.answer(request, response);
                       });
}

/// Deletions on one shard: over when the last of them survives a crash.
struct Deletions {
  DeletionQuestion question;
  io::Completion<DeletionQuestion> done;
  size_t open = 0;
};

ErrorCode check_deletion(Partition& partition, Offset wanted, Offset& up_to) {
  if (partition.log().offline()) return ErrorCode::kafka_storage_error;
  if (!partition.leads()) return ErrorCode::not_leader_or_follower;
  if (!partition.log().config().cleanup_delete) return ErrorCode::policy_violation;
  up_to = wanted == api::to_the_high_watermark ? partition.high_watermark() : wanted;
  if (up_to < 0 || up_to > partition.high_watermark()) return ErrorCode::offset_out_of_range;
  return ErrorCode::none;
}

void finish(const std::shared_ptr<Deletions>& deletions) {
  if (--deletions->open == 0) deletions->done(std::move(deletions->question));
}

void delete_records(Shard& shard, DeletionQuestion question, io::Completion<DeletionQuestion> done) {
  auto deletions = std::make_shared<Deletions>();
  deletions->question = std::move(question);
  deletions->done = std::move(done);
  deletions->open = 1;
  for (size_t i = 0; i < deletions->question.queries.size(); ++i) {
    const auto& query = deletions->question.queries[i];
    auto& row = deletions->question.rows[i];
    Partition* const partition = shard.partition(query.id);
    Offset up_to = 0;
    const ErrorCode error =
        partition == nullptr ? ErrorCode::not_leader_or_follower : check_deletion(*partition, query.offset, up_to);
    row.error_code = code_of(error);
    if (error != ErrorCode::none) continue;
    ++deletions->open;
    const Offset target = std::max(up_to, partition->log().log_start());
    partition->log().delete_records(
        target, shard.guarded<Status>([&shard, deletions, &row, target, id = query.id](const Status& status) {
          Partition* const found = shard.partition(id);
          if (!status.ok() || found == nullptr) {
            row.error_code =
                code_of(found == nullptr ? ErrorCode::unknown_topic_or_partition : ErrorCode::kafka_storage_error);
          } else {
            row.low_watermark = std::max(target, found->log().log_start());
          }
          finish(deletions);
        }));
  }
  finish(deletions);
}

void find_epoch_ends(Shard& shard, EpochQuestion question, io::Completion<EpochQuestion> done) {
  for (size_t i = 0; i < question.queries.size(); ++i) {
    const auto& query = question.queries[i];
    auto& row = question.rows[i];
    Partition* const partition = shard.partition(query.id);
    const ErrorCode error =
        partition == nullptr ? ErrorCode::not_leader_or_follower : partition->may_read(query.current_epoch, true);
    row.error_code = code_of(error);
    if (error != ErrorCode::none || query.epoch < 0) continue;
    const store::Log::EpochEnd end = partition->log().end_of_epoch(query.epoch);
    row.leader_epoch = end.epoch;
    row.end_offset = end.end;
  }
  done(std::move(question));
}

void add_producers(Partition& partition, wire::DescribeProducersResponse::PartitionResponse& row) {
  for (const log::ProducerEntry& entry : partition.log().producers().entries()) {
    auto& state = row.active_producers.emplace_back();
    state.producer_id = entry.producer_id;
    state.producer_epoch = entry.epoch;
    state.last_sequence = entry.newest() == nullptr ? -1 : entry.newest()->last_sequence;
    state.last_timestamp = entry.last_timestamp;
    state.coordinator_epoch = entry.coordinator_epoch;
    state.current_txn_start_offset = entry.transaction_first_offset;
  }
}

void find_producers(Shard& shard, ProducerQuestion question, io::Completion<ProducerQuestion> done) {
  for (size_t i = 0; i < question.queries.size(); ++i) {
    auto& row = question.rows[i];
    Partition* const partition = shard.partition(question.queries[i].id);
    const ErrorCode error =
        partition == nullptr ? ErrorCode::not_leader_or_follower : partition->may_read(no_epoch, true);
    if (error == ErrorCode::none) {
      add_producers(*partition, row);
    } else {
      row.error_code = code_of(error);
      row.error_message = message_of(error);
    }
  }
  done(std::move(question));
}

std::vector<api::LogDirFacts> directories_of(Shard& shard, const HostedSamples& others) {
  std::vector<api::LogDirFacts> dirs;
  const std::vector<std::string>& paths = shard.settings().log_dirs;
  for (size_t i = 0; i < paths.size(); ++i) {
    api::LogDirFacts& dir = dirs.emplace_back();
    dir.path = paths[i];
    dir.offline = shard.node().store().directory_offline(i);
  }
  for (store::Log* const log : shard.node().store().logs()) {
    if (log->id().topic_id == metadata_topic_id || log->offline()) continue;
    const std::optional<size_t> at = shard.node().store().directory_of(*log);
    if (!at) continue;
    Partition* const partition = shard.partition(log->id());
    const Offset lag = partition == nullptr ? 0 : partition->high_watermark() - log->next_offset();
    dirs[*at].replicas.push_back(
        {log->topic(), log->id().partition, static_cast<int64_t>(log->size_bytes()), std::max<int64_t>(lag, 0), false});
  }
  for (const auto& [id, sample] : others.partitions) {
    const metadata::TopicImage* const topic = shard.image().topic(id.topic_id);
    const std::optional<size_t> at = shard.node().store().directory_of(id);
    if (topic == nullptr || sample.offline || !at) continue;
    const Offset lag = std::max<Offset>(sample.high_watermark - sample.next_offset, 0);
    dirs[*at].replicas.push_back({topic->name, id.partition, static_cast<int64_t>(sample.log_bytes), lag, false});
  }
  for (const store::MoveInfo& move : shard.node().store().moves()) {
    store::Log* const log = shard.node().store().find(move.id);
    if (log == nullptr) continue;
    dirs[move.directory].replicas.push_back({log->topic(), move.id.partition, static_cast<int64_t>(move.size_bytes),
                                             std::max<int64_t>(log->next_offset() - move.end, 0), true});
  }
  for (api::LogDirFacts& dir : dirs) {
    std::sort(dir.replicas.begin(), dir.replicas.end(), [](const auto& a, const auto& b) {
      return std::pair(a.topic, a.partition) < std::pair(b.topic, b.partition);
    });
  }
  return dirs;
}

}  // namespace

namespace {

void alter_replica_log_dirs(Shard& shard, Request request, const wire::AlterReplicaLogDirsRequest& message) {
  Arena arena;
  const api::RequestContext context = shard.context(request, arena);
  const bool may = context.may_on_cluster(api::Operation::alter);
  std::vector<api::MoveRequest> moves = api::moves_of(message);
  for (api::MoveRequest& move : moves) {
    move.error =
        may ? shard.node().log_dir_moves().alter(shard.image(), move) : ErrorCode::cluster_authorization_failed;
  }
  shard.answer(request, api::alter_replica_log_dirs(context, moves));
}

}  // namespace

// The store moves what is home's: partitions of other shards come home first.
void handle_alter_replica_log_dirs(Shard& shard, Request request) {
  wire::AlterReplicaLogDirsRequest message;
  if (!shard.decode_body(request, message)) return;
  std::vector<TopicPartitionId> away;
  Arena arena;
  const bool may = shard.context(request, arena).may_on_cluster(api::Operation::alter);
  for (const api::MoveRequest& move : api::moves_of(message)) {
    const metadata::TopicImage* const topic = may ? shard.image().topic(move.topic) : nullptr;
    if (topic == nullptr) continue;
    const TopicPartitionId id{topic->id, move.partition};
    if (shard.node().store().holds(id) && shard.node().store().find(id) == nullptr) away.push_back(id);
  }
  struct Coming {
    size_t missing = 1;
    Request request;
    wire::AlterReplicaLogDirsRequest message;
  };
  auto coming = std::make_shared<Coming>();
  coming->missing += away.size();
  coming->request = std::move(request);
  coming->message = std::move(message);
  const auto come = [&shard, coming](bool) {
    if (--coming->missing == 0) alter_replica_log_dirs(shard, std::move(coming->request), coming->message);
  };
  for (const TopicPartitionId& id : away) shard.node().move_partition(id, 0, come);
  come(true);
}

void handle_delete_records(Shard& shard, Request request) {
  wire::DeleteRecordsRequest message;
  if (!shard.decode_body(request, message)) return;
  auto arena = std::make_shared<Arena>();
  auto plan = api::plan_delete_records(shard.context(request, *arena), shard.facts(), message);
  answer_by_owners<DeletionQuestion>(shard, std::move(request), std::move(arena), std::move(plan), delete_records);
}

void handle_offset_for_leader_epoch(Shard& shard, Request request) {
  wire::OffsetForLeaderEpochRequest message;
  if (!shard.decode_body(request, message)) return;
  auto arena = std::make_shared<Arena>();
  auto plan = api::plan_offset_for_leader_epoch(shard.context(request, *arena), shard.facts(), message);
  answer_by_owners<EpochQuestion>(shard, std::move(request), std::move(arena), std::move(plan), find_epoch_ends);
}

void handle_describe_producers(Shard& shard, Request request) {
  wire::DescribeProducersRequest message;
  if (!shard.decode_body(request, message)) return;
  auto arena = std::make_shared<Arena>();
  auto plan = api::plan_describe_producers(shard.context(request, *arena), shard.facts(), message);
  answer_by_owners<ProducerQuestion>(shard, std::move(request), std::move(arena), std::move(plan), find_producers);
}

void handle_describe_log_dirs(Shard& shard, Request request) {
  wire::DescribeLogDirsRequest message;
  if (!shard.decode_body(request, message)) return;
  // Room is asked of the file system, which may be slow about it: in the pool.
  struct Job {
    std::vector<std::string> paths;
    std::vector<std::optional<io::Space>> spaces;
  };
  auto job = std::make_shared<Job>();
  job->paths = shard.settings().log_dirs;
  io::Disk& disk = shard.surface().disk;
  shard.surface().executor.offload(
      [job, &disk] {
        for (const std::string& path : job->paths) {
          const Result<io::Space> space = disk.space(path);
          job->spaces.push_back(space.ok() ? std::optional<io::Space>(*space) : std::nullopt);
        }
      },
      shard.guarded_call([&shard, job, request = std::move(request), message = std::move(message)] {
        const auto answer = [&shard, job, request, message](const std::shared_ptr<const HostedSamples>& others) {
          std::vector<api::LogDirFacts> dirs = directories_of(shard, *others);
          for (size_t i = 0; i < dirs.size() && i < job->spaces.size(); ++i) {
            if (!job->spaces[i].has_value()) continue;
            dirs[i].total_bytes = static_cast<int64_t>(job->spaces[i]->total_bytes);
            dirs[i].usable_bytes = static_cast<int64_t>(job->spaces[i]->usable_bytes);
          }
          Arena arena;
          shard.answer(request, api::describe_log_dirs(shard.context(request, arena), dirs, message));
        };
        gather_hosted(shard, shard.node().shards(), answer);
      }));
}

}  // namespace moldau::broker
