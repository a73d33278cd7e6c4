// RecordSource: the records that kafka-console-consumer and kafka-consumer-perf-test read: of one partition, or as a
// member of a group.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "client/fetcher.h"
#include "client/group_consumer.h"
#include "wire/batch.h"
#include "wire/batch_records.h"

namespace moldau::cli::kafka {

struct ReadRecord {
  std::string_view topic;
  PartitionIndex partition = 0;
  Epoch leader_epoch = no_epoch;
  int16_t attributes = 0;
  const wire::RecordView* record = nullptr;
};

class RecordSource {
 public:
  /// As a member of a group.
  RecordSource(Session& session, client::GroupConsumerOptions options);
  /// Of one partition, from `offset` on (or earliest_offset, latest_offset).
  RecordSource(Session& session, std::string topic, PartitionIndex partition, int64_t offset,
               client::FetchOptions options);
  ~RecordSource();

  /// Gives the records of the next piece to `take`, which says whether it wants more; waits for so long. The number
  /// that was taken: 0 when time is over (or a piece held none).
  Result<size_t> read(Duration wait, const std::function<bool(const ReadRecord&)>& take);
  /// Commits and leaves, if there is a group.
  Status close();
  /// Rebalances so far.
  int rebalances() const { return group_ ? group_->rebalances() : 0; }

 private:
  class PartitionReader;

  Result<std::optional<client::Fetched>> next(Duration wait);
  Result<size_t> walk(const client::Fetched& fetched, const std::function<bool(const ReadRecord&)>& take);

  Session& session_;
  std::unique_ptr<client::GroupConsumer> group_;
  std::unique_ptr<PartitionReader> reader_;
  std::string topic_;
  PartitionIndex partition_ = 0;
  int64_t start_ = 0;
  bool started_ = false;
  wire::RecordIterator records_;
};

}  // namespace moldau::cli::kafka
