// Conformance: clock, timers, run queue, mailbox, offload.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/conformance/host.h"
#include "io/task.h"

namespace moldau::io::conformance {
namespace {

class ExecutorCases : public testing::Test {
 protected:
  std::unique_ptr<Host> host_ = make_host();
  Surface io_ = host_->surface();
  std::vector<std::string> seen_;
  Callback note(std::string what) {
    return [this, what = std::move(what)]() { seen_.push_back(what); };
  }
};

using Names = std::vector<std::string>;

TEST_F(ExecutorCases, timers_run_by_deadline_and_then_by_start) {
  const Instant now = io_.clock.now();
  io_.timers.start(now + milliseconds(3), note("c"));
  io_.timers.start(now + milliseconds(1), note("a1"));
  io_.timers.start(now + milliseconds(2), note("b"));
  io_.timers.start(now + milliseconds(1), note("a2"));
  io_.timers.start(now + milliseconds(1), note("a3"));
  ASSERT_TRUE(host_->run_until([&]() { return seen_.size() == 5; }));
  EXPECT_EQ(seen_, (Names{"a1", "a2", "a3", "b", "c"}));
  EXPECT_GE(io_.clock.now(), now + milliseconds(3));
}

TEST_F(ExecutorCases, a_timer_never_runs_early) {
  const Instant deadline = io_.clock.now() + microseconds(700);
  Instant ran;
  io_.timers.start(deadline, [&]() { ran = io_.clock.now(); });
  ASSERT_TRUE(host_->run_until([&]() { return ran.nanoseconds != 0; }));
  EXPECT_GE(ran, deadline);
}

TEST_F(ExecutorCases, cancelled_timers_do_not_run) {
  const Instant now = io_.clock.now();
  const TimerId kept = io_.timers.start(now + milliseconds(1), note("kept"));
  TimerId second = 0;
  const TimerId gone = io_.timers.start(now + milliseconds(1), note("gone"));
  io_.timers.start(now + milliseconds(1), [&]() {
    io_.timers.cancel(second);  // due in this very turn
    seen_.push_back("canceller");
  });
  second = io_.timers.start(now + milliseconds(1), note("second"));
  io_.timers.cancel(gone);
  io_.timers.cancel(gone);
  io_.timers.start(now + milliseconds(3), note("end"));
  ASSERT_TRUE(host_->run_until([&]() { return !seen_.empty() && seen_.back() == "end"; }));
  EXPECT_EQ(seen_, (Names{"kept", "canceller", "end"}));
  io_.timers.cancel(kept);
  io_.timers.cancel(0);
}

TEST_F(ExecutorCases, a_timer_started_for_the_past_by_a_timer_runs_in_a_later_turn) {
  bool ended = false;
  io_.timers.start(io_.clock.now(), [&]() {
    io_.timers.start(Instant{}, note("inner"));
    io_.executor.at_turn_end([&]() {
      EXPECT_TRUE(seen_.empty());
      ended = true;
    });
  });
  ASSERT_TRUE(host_->run_until([&]() { return !seen_.empty(); }));
  EXPECT_TRUE(ended);
}

TEST_F(ExecutorCases, many_timers_in_random_order) {
  const Instant now = io_.clock.now();
  std::vector<int> ran;
  std::vector<TimerId> ids;
  for (int i = 0; i < 2000; ++i) {
    const int at = (i * 7919) % 2000;
    ids.push_back(io_.timers.start(now + microseconds(at * 5), [&ran, at]() { ran.push_back(at); }));
  }
  for (int i = 0; i < 2000; i += 2) io_.timers.cancel(ids[static_cast<size_t>(i)]);
  ASSERT_TRUE(host_->run_until([&]() { return ran.size() == 1000; }));
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST_F(ExecutorCases, deferred_calls_run_in_order_in_the_next_turn) {
  io_.executor.defer([&]() {
    seen_.push_back("1");
    io_.executor.defer(note("next turn"));
    io_.executor.at_turn_end(note("end of first"));
  });
  io_.executor.defer(note("2"));
  io_.executor.defer(note("3"));
  ASSERT_TRUE(host_->run_until([&]() { return seen_.size() == 5; }));
  EXPECT_EQ(seen_, (Names{"1", "2", "3", "end of first", "next turn"}));
}

TEST_F(ExecutorCases, turn_end_calls_run_once_and_may_add_more_for_the_same_end) {
  io_.executor.defer([&]() {
    io_.executor.at_turn_end([&]() {
      seen_.push_back("end");
      io_.executor.at_turn_end(note("same end"));
      io_.executor.defer(note("next turn"));
    });
  });
  ASSERT_TRUE(host_->run_until([&]() { return seen_.size() >= 3; }));
  EXPECT_EQ(seen_, (Names{"end", "same end", "next turn"}));
}

TEST_F(ExecutorCases, the_clock_is_frozen_during_a_turn) {
  bool done = false;
  io_.executor.defer([&]() {
    const Instant first = io_.clock.now();
    const WallMillis wall = io_.clock.wall();
    for (int i = 0; i < 100000; ++i) done = done || io_.clock.now() != first;
    EXPECT_FALSE(done);
    EXPECT_EQ(io_.clock.wall(), wall);
    EXPECT_GT(wall, 1'600'000'000'000);
    done = true;
  });
  ASSERT_TRUE(host_->run_until([&]() { return done; }));
}

TEST_F(ExecutorCases, mail_arrives_in_order) {
  std::vector<int> got;
  for (int i = 0; i < 1000; ++i) io_.executor.mailbox().post([&got, i]() { got.push_back(i); });
  ASSERT_TRUE(host_->run_until([&]() { return got.size() == 1000; }));
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
}

TEST_F(ExecutorCases, offload_runs_work_then_done) {
  int work = 0;
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    auto value = std::make_shared<int>(0);
    io_.executor.offload([value, i]() { *value = i; }, [value, &work, &done]() {
      work += *value;
      ++done;
    });
  }
  EXPECT_EQ(done, 0);
  ASSERT_TRUE(host_->run_until([&]() { return done == 20; }));
  EXPECT_EQ(work, 190);
}

TEST_F(ExecutorCases, offloaded_work_may_use_the_disk) {
  const std::string path = host_->folder() + "/offloaded";
  Status status = Failure{FailureKind::io, "not run"};
  bool done = false;
  Disk& disk = io_.disk;
  io_.executor.offload([&status, &disk, path]() { status = replace_file(disk, path, as_bytes("hello")); },
                       [&done]() { done = true; });
  ASSERT_TRUE(host_->run_until([&]() { return done; }));
  ASSERT_TRUE(status.ok()) << status.failure().message;
  const auto content = read_file(disk, path, 100);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(as_text(content.value()), "hello");
}

TEST_F(ExecutorCases, syncs_of_many_files_side_by_side) {
  struct Job {
    std::string path;
    Status outcome = Failure{FailureKind::io, "not run"};
    int runs = 0;
    int dones = 0;
  };
  constexpr int count = 100;
  std::vector<std::shared_ptr<Job>> jobs;
  int done = 0;
  Disk& disk = io_.disk;
  for (int i = 0; i < count; ++i) {
    auto job = std::make_shared<Job>();
    job->path = host_->folder() + "/side" + std::to_string(i);
    jobs.push_back(job);
    io_.executor.offload_sync(
        [job, &disk]() {
          ++job->runs;
          job->outcome = replace_file(disk, job->path, as_bytes(job->path));
        },
        [job, &done]() {
          ++job->dones;
          ++done;
        });
  }
  EXPECT_EQ(done, 0);  // never inside the call
  ASSERT_TRUE(host_->run_until([&]() { return done == count; }));
  for (const auto& job : jobs) {
    EXPECT_TRUE(job->outcome.ok()) << job->outcome.failure().message;
    EXPECT_EQ(job->runs, 1);
    EXPECT_EQ(job->dones, 1);
    const auto content = read_file(disk, job->path, 1000);
    ASSERT_TRUE(content.ok());
    EXPECT_EQ(as_text(content.value()), job->path);
  }
}

TEST_F(ExecutorCases, syncs_do_not_wait_for_offloaded_work) {
  constexpr int long_jobs = 30;
  constexpr int syncs = 10;
  Disk& disk = io_.disk;
  int jobs_done = 0;
  int syncs_done = 0;
  int jobs_done_before_last_sync = 0;
  for (int i = 0; i < long_jobs; ++i) {
    const std::string path = host_->folder() + "/long" + std::to_string(i);
    io_.executor.offload(
        [&disk, path]() {
          for (int round = 0; round < 20; ++round) EXPECT_TRUE(replace_file(disk, path, as_bytes("long")).ok());
        },
        [&jobs_done]() { ++jobs_done; });
  }
  for (int i = 0; i < syncs; ++i) {
    const std::string path = host_->folder() + "/short" + std::to_string(i);
    io_.executor.offload_sync([&disk, path]() { EXPECT_TRUE(replace_file(disk, path, as_bytes("short")).ok()); },
                              [&]() {
                                ++syncs_done;
                                jobs_done_before_last_sync = jobs_done;
                              });
  }
  ASSERT_TRUE(host_->run_until([&]() { return syncs_done == syncs && jobs_done == long_jobs; }));
  EXPECT_LT(jobs_done_before_last_sync, long_jobs);  // 600 replacements came before the 10 were asked for
}

TEST_F(ExecutorCases, entropy_differs) {
  const uint64_t a = io_.entropy.next();
  const uint64_t b = io_.entropy.next();
  EXPECT_NE(a, b);
  EXPECT_NE(io_.entropy.uuid(), io_.entropy.uuid());
  std::vector<std::byte> many(1000);
  io_.entropy.fill(many);
  size_t zeros = 0;
  for (const std::byte byte : many) zeros += byte == std::byte{0};
  EXPECT_LT(zeros, 50U);
}

Task<int> add_later(Executor& executor, int a, int b) {
  auto sum = [a, b]() { return a + b; };
  const int result = co_await offload(executor, std::move(sum));
  co_return result;
}

Task<void> scenario(const Surface& io, std::string path, std::string& outcome) {
  const Instant before = io.clock.now();
  co_await sleep_until(io.timers, before + milliseconds(2));
  outcome += io.clock.now() >= before + milliseconds(2) ? "slept " : "early ";
  co_await next_turn(io.executor);
  const int sum = co_await add_later(io.executor, 2, 3);
  outcome += std::to_string(sum) + " ";
  Result<FileRef> opened = io.disk.open(path, OpenMode::create);
  const FileRef file = opened.value();
  const std::span<const std::byte> piece = as_bytes("bytes");
  const Status written = io.disk.write(*file, 0, std::span(&piece, 1));
  const Status synced = co_await sync(io.disk, file);
  outcome += written.ok() && synced.ok() ? "synced " : "failed ";
  std::array<std::byte, 16> buffer;
  const Result<size_t> read = co_await read_async(io.disk, file, 0, buffer);
  outcome += std::to_string(read.value()) + " ";
  const Status loaded = co_await prefetch(io.disk, file, 0, 5);
  const Status all = co_await sync_all(io.disk, path);
  outcome += loaded.ok() && all.ok() ? "done" : "failed";
}

TEST_F(ExecutorCases, tasks_await_what_the_surface_offers) {
  TaskGroup group;
  std::string outcome;
  const std::string path = host_->folder() + "/task";
  group.spawn(scenario(io_, path, outcome));
  EXPECT_EQ(group.size(), 1U);
  ASSERT_TRUE(host_->run_until([&]() { return group.empty(); }));
  EXPECT_EQ(outcome, "slept 5 synced 5 done");
}

TEST_F(ExecutorCases, a_cancelled_task_leaves_its_completions_behind) {
  std::string outcome;
  {
    TaskGroup group;
    group.spawn(scenario(io_, host_->folder() + "/task", outcome));
    for (int turns = 0; turns < 3; ++turns) {
      bool turned = false;
      io_.executor.defer([&]() { turned = true; });
      ASSERT_TRUE(host_->run_until([&]() { return turned; }));
    }
  }
  bool later = false;
  io_.timers.start(io_.clock.now() + milliseconds(20), [&]() { later = true; });
  ASSERT_TRUE(host_->run_until([&]() { return later; }));
  EXPECT_EQ(outcome.find("done"), std::string::npos);
}

}  // namespace
}  // namespace moldau::io::conformance
