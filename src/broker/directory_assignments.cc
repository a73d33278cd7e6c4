#include "broker/directory_assignments.h"

#include <algorithm>
#include <utility>

#include "base/trace.h"

namespace moldau::broker {
namespace {

using wire::ErrorCode;

constexpr Duration retry_min = milliseconds(100);
constexpr int retry_doublings_max = 7;  // 100 ms * 2^7 is above 10 s
constexpr Duration retry_max = seconds(10);

}  // namespace

DirectoryAssignments::~DirectoryAssignments() {
  if (timer_ != 0) surface_.timers.cancel(timer_);
}

void DirectoryAssignments::tell(Wish& wish, Status outcome) {
  if (wish.done) std::exchange(wish.done, nullptr)(std::move(outcome));
}

void DirectoryAssignments::want(const TopicPartitionId& id, const Uuid& directory, io::Completion<Status> done) {
  const auto waiting = ready_.find(id);
  if (waiting != ready_.end() && waiting->second.directory == directory && !done) return;
  if (waiting != ready_.end()) {
    auto old = std::make_shared<Wish>(std::move(waiting->second));
    ready_.erase(waiting);
    surface_.executor.defer([old] { tell(*old, Failure{FailureKind::unavailable, "another directory is wanted"}); });
  }
  ready_.emplace(id, Wish{directory, std::move(done)});
  if (in_flight_.empty() && timer_ == 0) send_after(Duration{});
}

std::optional<Uuid> DirectoryAssignments::wanted(const TopicPartitionId& id) const {
  for (const Wishes* const wishes : {&ready_, &in_flight_}) {
    if (const auto found = wishes->find(id); found != wishes->end()) return found->second.directory;
  }
  return std::nullopt;
}

void DirectoryAssignments::send_after(Duration delay) {
  timer_ = surface_.timers.start(surface_.clock.now() + delay, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    timer_ = 0;
    send();
  });
}

bool DirectoryAssignments::still_here(const TopicPartitionId& id) const {
  const metadata::TopicImage* const topic = host_.image().topic(id.topic_id);
  const metadata::PartitionImage* const partition = topic == nullptr ? nullptr : topic->partition(id.partition);
  return partition != nullptr && partition->has_replica(self_);
}

void DirectoryAssignments::send() {
  if (!in_flight_.empty()) return;
  if (host_.broker_epoch() < 0) {
    send_after(retry_min);
    return;
  }
  metadata::AssignDirectories request;
  request.broker = self_;
  request.broker_epoch = host_.broker_epoch();
  Wishes gone;
  while (!ready_.empty() && in_flight_.size() < assignments_per_request_max) {
    auto first = ready_.extract(ready_.begin());
    if (!still_here(first.key())) {
      gone.insert(std::move(first));
      continue;
    }
    request.assignments.push_back({first.key(), first.mapped().directory});
    in_flight_.insert(std::move(first));
  }
  for (auto& [id, wish] : gone) tell(wish, Failure{FailureKind::not_found, "the partition is gone"});
  if (in_flight_.empty()) return;
  host_.submit(std::move(request), [this, alive = std::weak_ptr(alive_)](const MetadataLoop::Outcome& outcome) {
    if (!alive.expired()) answered(outcome);
  });
}

void DirectoryAssignments::answered(const MetadataLoop::Outcome& outcome) {
  Wishes sent = std::exchange(in_flight_, {});
  const auto* const result = std::get_if<metadata::AssignDirectoriesResult>(&outcome.response);
  ErrorCode error = outcome.error;
  if (error == ErrorCode::none) error = result == nullptr ? ErrorCode::unknown_server_error : result->error;
  // In the order of the request, which is that of the map.
  size_t place = 0;
  bool refused = error != ErrorCode::none;
  Wishes granted;
  while (!sent.empty()) {
    auto wish = sent.extract(sent.begin());
    const ErrorCode of_partition =
        error != ErrorCode::none || place >= result->assignments.size() ? error : result->assignments[place];
    ++place;
    if (error == ErrorCode::none && of_partition == ErrorCode::none) {
      granted.insert(std::move(wish));
      continue;
    }
    refused = true;
    if (ready_.contains(wish.key())) {
      tell(wish.mapped(), Failure{FailureKind::unavailable, "another directory is wanted"});
    } else {
      ready_.insert(std::move(wish));
    }
  }
  failures_ = refused ? std::min(failures_ + 1, retry_doublings_max) : 0;
  if (refused) {
    trace(TraceLevel::warn, "event=directories_not_assigned partitions={} error={}", ready_.size(), name_of(error));
  }
  if (!ready_.empty() && timer_ == 0) {
    Duration delay{};
    if (refused) delay = std::min(Duration{retry_min.nanoseconds << (failures_ - 1)}, retry_max);
    send_after(delay);
  }
  const auto alive = std::weak_ptr(alive_);
  for (auto& [id, wish] : granted) {
    tell(wish, Status());
    if (alive.expired()) return;
  }
}

}  // namespace moldau::broker
