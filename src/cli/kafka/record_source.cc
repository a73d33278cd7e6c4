#include "cli/kafka/record_source.h"

#include <deque>

#include <fmt/core.h>

#include "client/admin.h"

namespace moldau::cli::kafka {
/// A fetcher whose next piece can be waited for until a point in time.
class RecordSource::PartitionReader {
 public:
  PartitionReader(client::Client& client, client::FetchOptions options)
      : surface_(client.surface()), fetcher_(client, std::move(options)), alive_(std::make_shared<bool>(true)) {}
  PartitionReader(const PartitionReader&) = delete;
  PartitionReader& operator=(const PartitionReader&) = delete;
  ~PartitionReader() { *alive_ = false; }

  void assign(const std::string& topic, PartitionIndex partition, Offset offset) {
    fetcher_.assign(topic, partition, offset);
    if (tasks_.empty()) tasks_.spawn(pump());
  }

  io::Task<std::optional<client::Fetched>> next(Duration wait) {
    const Instant end = surface_.clock.now() + wait;
    std::optional<client::Fetched> fetched;
    const io::TimerId timer = surface_.timers.start(end, [this, alive = alive_]() {
      if (*alive) wake_.notify();
    });
    while (arrived_.empty() && surface_.clock.now() < end) {
      co_await wake_.wait();
    }
    surface_.timers.cancel(timer);
    if (!arrived_.empty()) {
      fetched.emplace(std::move(arrived_.front()));
      arrived_.pop_front();
      taken_.notify();
    }
    co_return fetched;
  }

 private:
  io::Task<void> pump() {
    for (;;) {
      client::Fetched fetched = co_await fetcher_.next();
      arrived_.push_back(std::move(fetched));
      // Not from this coroutine: who waits may end it.
      surface_.executor.defer([this, alive = alive_]() {
        if (*alive) wake_.notify();
      });
      while (!arrived_.empty()) {
        co_await taken_.wait();
      }
    }
  }

  io::Surface surface_;
  client::Fetcher fetcher_;
  std::deque<client::Fetched> arrived_;
  io::Signal wake_;
  io::Signal taken_;
  std::shared_ptr<bool> alive_;  // false once destroyed, for callbacks under way
  io::TaskGroup tasks_;          // last: its coroutine uses the members above
};

RecordSource::RecordSource(Session& session, client::GroupConsumerOptions options)
    : session_(session), group_(client::GroupConsumer::make(session.client(), std::move(options))) {}

RecordSource::RecordSource(Session& session, std::string topic, PartitionIndex partition, int64_t offset,
                           client::FetchOptions options)
    : session_(session),
      reader_(std::make_unique<PartitionReader>(session.client(), std::move(options))),
      topic_(std::move(topic)),
      partition_(partition),
      start_(offset) {}

RecordSource::~RecordSource() = default;

Result<std::optional<client::Fetched>> RecordSource::next(Duration wait) {
  if (group_) {
    auto fetched = session_.wait(group_->next(wait));
    if (!fetched.ok()) return session_.explain(fetched.failure());
    return fetched;
  }
  if (!started_) {
    Offset offset = start_;
    if (start_ < 0) {
      std::vector<client::OffsetQuery> queries{{topic_, partition_, start_}};
      const auto answers = session_.wait(
          client::list_offsets(session_.client(), std::move(queries), client::Isolation::read_uncommitted));
      if (!answers.ok()) return session_.explain(answers.failure());
      // A partition that does not exist may still come.
      if (answers->front().error != wire::ErrorCode::none) {
        session_.sleep(wait);
        return std::optional<client::Fetched>();
      }
      offset = answers->front().offset;
    }
    reader_->assign(topic_, partition_, offset);
    started_ = true;
  }
  auto fetched = session_.wait(reader_->next(wait));
  if (fetched && fetched->error == wire::ErrorCode::offset_out_of_range) {
    started_ = false;
    start_ = client::latest_offset;
    return std::optional<client::Fetched>();
  }
  return fetched;
}

Result<size_t> RecordSource::walk(const client::Fetched& fetched, const std::function<bool(const ReadRecord&)>& take) {
  client::AbortedFilter aborted(fetched.aborted);
  ReadRecord read{.topic = fetched.topic, .partition = fetched.partition};
  size_t count = 0;
  bool more = true;
  std::string wrong;
  Offset done = fetched.fetch_offset;
  wire::for_each_batch(fetched.records.view(), [&](const wire::BatchView& batch) {
    const bool skip = aborted.is_aborted(batch) || batch.is_control();
    if (!skip && batch.last_offset() >= fetched.fetch_offset) {
      if (!batch.crc_valid()) {
        wrong = fmt::format("the batch at offset {} is damaged: its checksum is wrong", batch.base_offset());
        return false;
      }
      read.leader_epoch = batch.leader_epoch();
      read.attributes = batch.attributes();
      wire::RecordFault fault = records_.start(batch);
      wire::RecordView record;
      read.record = &record;
      while (fault == wire::RecordFault::none && more && records_.next(record)) {
        if (record.offset < fetched.fetch_offset) continue;
        more = take(read);
        ++count;
        done = record.offset + 1;
      }
      if (fault == wire::RecordFault::none && more) fault = records_.fault();
      if (fault != wire::RecordFault::none) {
        wrong = fmt::format("the batch at offset {} is damaged: {}", batch.base_offset(), wire::name_of(fault));
      }
    }
    if (more && wrong.empty()) done = batch.next_offset();
    return more && wrong.empty();
  });
  if (group_) group_->consumed(fetched.topic, fetched.partition, done, read.leader_epoch);
  if (!wrong.empty()) {
    return Failure{FailureKind::corrupt,
                   fmt::format("topic {} partition {}: {}", fetched.topic, fetched.partition, wrong)};
  }
  return count;
}

Result<size_t> RecordSource::read(Duration wait, const std::function<bool(const ReadRecord&)>& take) {
  ASSIGN_OR_RETURN(const std::optional<client::Fetched> fetched, next(wait));
  if (!fetched) return size_t{0};
  if (fetched->error != wire::ErrorCode::none) return session_.explain(fetched->failure);
  return walk(*fetched, take);
}

Status RecordSource::close() {
  reader_.reset();
  if (!group_) return {};
  return session_.wait(group_->close());
}

}  // namespace moldau::cli::kafka
