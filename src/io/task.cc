// What of io/task.h is not a template: the groups, and the awaitables of the surface.
#include "io/task.h"

namespace moldau::io {
namespace {

TaskGroup::Carrier carry(Task<void> task) {
  co_await task;
}

}  // namespace

TaskGroup::Carrier::promise_type::~promise_type() {
  if (group == nullptr) return;
  if (older != nullptr) older->younger = younger;
  if (younger != nullptr) {
    younger->older = older;
  } else {
    group->youngest_ = older;
  }
  --group->size_;
}

void TaskGroup::spawn(Task<void> task) {
  const Carrier carrier = carry(std::move(task));
  Member& member = carrier.coroutine.promise();
  member.group = this;
  member.older = youngest_;
  if (youngest_ != nullptr) youngest_->younger = &member;
  youngest_ = &member;
  ++size_;
  carrier.coroutine.resume();
}

void TaskGroup::cancel() {
  while (youngest_ != nullptr) std::coroutine_handle<Member>::from_promise(*youngest_).destroy();
}

void spawn(Task<void> task) { carry(std::move(task)).coroutine.resume(); }

OneShot<void> next_turn(Executor& executor) {
  OneShot<void> result;
  executor.defer(result.completion());
  return result;
}

OneShot<Status> sync(Disk& disk, FileRef file) {
  OneShot<Status> result;
  disk.sync(std::move(file), result.completion());
  return result;
}

OneShot<Status> sync_all(Disk& disk, const std::string& path) {
  OneShot<Status> result;
  disk.sync_all(path, result.completion());
  return result;
}

OneShot<Result<size_t>> read_async(Disk& disk, FileRef file, uint64_t offset, std::span<std::byte> into) {
  OneShot<Result<size_t>> result;
  disk.read_async(std::move(file), offset, into, result.completion());
  return result;
}

OneShot<Status> prefetch(Disk& disk, FileRef file, uint64_t offset, uint64_t size) {
  OneShot<Status> result;
  disk.prefetch(std::move(file), offset, size, result.completion());
  return result;
}

OneShot<Result<std::unique_ptr<Stream>>> connect(Network& network, const Address& address, Duration timeout) {
  OneShot<Result<std::unique_ptr<Stream>>> result;
  network.connect(address, timeout, result.completion());
  return result;
}

}  // namespace moldau::io
