// Tests of Task, TaskGroup, OneShot, Signal, TimerHeap and the path helpers, without a loop.
#include "io/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/timer_heap.h"

namespace moldau::io {
namespace {

/// Counts its living copies.
class Counted {
 public:
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(const Counted& other) : alive_(other.alive_) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};

Task<int> just(int value) { co_return value; }

Task<int> sum_to(int n) {
  if (n == 0) co_return 0;
  const int rest = co_await sum_to(n - 1);
  co_return rest + n;
}

Task<void> store(Task<int> task, int& into) {
  const int value = co_await task;
  into = value;
}

Task<void> loop_over(int count, int64_t& total) {
  for (int i = 0; i < count; ++i) {
    const int value = co_await just(i);
    total += value;
  }
}

TEST(task, is_lazy_and_yields_its_value) {
  int value = 0;
  Task<int> task = just(7);
  EXPECT_TRUE(task.valid());
  spawn(store(std::move(task), value));
  EXPECT_EQ(value, 7);
  EXPECT_FALSE(task.valid());
}

TEST(task, chains_and_loops_use_bounded_stack) {
  int value = 0;
  spawn(store(sum_to(1000), value));
  EXPECT_EQ(value, 500500);
#if defined(__clang__) || (defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__))  // where transfers are tail calls
  int64_t total = 0;
  spawn(loop_over(100000, total));
  EXPECT_EQ(total, int64_t{100000} * 99999 / 2);
#endif
}

Task<std::string> hold([[maybe_unused]] Counted counted, OneShot<std::string>& shot) {
  const std::string text = co_await shot;
  co_return text + "!";
}

Task<void> outer(int& alive, OneShot<std::string>& shot, std::string& into) {
  const Counted counted(alive);
  const Counted parameter(alive);
  const std::string text = co_await hold(parameter, shot);
  into = text;
}

TEST(task, finishes_when_its_value_comes) {
  int alive = 0;
  std::string text;
  {
    TaskGroup group;
    OneShot<std::string> shot;
    group.spawn(outer(alive, shot, text));
    EXPECT_GT(alive, 0);
    EXPECT_EQ(group.size(), 1U);
    auto completion = shot.completion();
    completion("value");
    EXPECT_EQ(text, "value!");
    EXPECT_TRUE(group.empty());
    EXPECT_EQ(alive, 0);
    shot.set("twice");
  }
  EXPECT_EQ(text, "value!");
}

TEST(task, cancellation_destroys_the_whole_chain_once) {
  int alive = 0;
  std::string text;
  OneShot<std::string> first;
  OneShot<std::string> second;
  auto completion = first.completion();
  {
    TaskGroup group;
    group.spawn(outer(alive, first, text));
    group.spawn(outer(alive, second, text));
    EXPECT_EQ(group.size(), 2U);
  }
  EXPECT_EQ(alive, 0);
  SUCCEED();
  (void)completion;
}

TEST(task, a_completion_may_outlive_its_waiter_and_the_other_way_round) {
  int alive = 0;
  std::string text;
  Completion<std::string> completion;
  {
    TaskGroup group;
    auto shot = std::make_unique<OneShot<std::string>>();
    completion = shot->completion();
    group.spawn(outer(alive, *shot, text));
    group.cancel();
    EXPECT_EQ(alive, 0);
  }
  completion("nobody listens");
  EXPECT_TRUE(text.empty());
  TaskGroup group;
  OneShot<std::string> shot;
  { const auto dropped = shot.completion(); }
  group.spawn(outer(alive, shot, text));
  EXPECT_EQ(group.size(), 1U);
}

Task<void> wait_twice(Signal& signal, int& count) {
  for (;;) {
    co_await signal.wait();
    ++count;
  }
}

TEST(task, signals_wake_again_and_again) {
  int count = 0;
  Signal signal;
  signal.notify();
  signal.notify();
  {
    TaskGroup group;
    group.spawn(wait_twice(signal, count));
    EXPECT_EQ(count, 1);
    signal.notify();
    signal.notify();
    EXPECT_EQ(count, 3);
    EXPECT_TRUE(signal.has_waiter());
  }
  EXPECT_FALSE(signal.has_waiter());
  signal.notify();
  EXPECT_EQ(count, 3);
}

Task<Result<std::unique_ptr<int>>> failing(bool fail) {
  if (fail) co_return Failure{FailureKind::io, "failed"};
  co_return std::make_unique<int>(5);
}

Task<void> branches(bool fail, std::string& into) {
  const Result<std::unique_ptr<int>> result = co_await failing(fail);
  into = result.ok() ? std::to_string(*result.value()) : result.failure().message;
}

TEST(task, results_are_moved_out) {
  std::string text;
  spawn(branches(false, text));
  EXPECT_EQ(text, "5");
  spawn(branches(true, text));
  EXPECT_EQ(text, "failed");
}

TEST(timer_heap, keeps_order_under_starts_and_cancels) {
  TimerHeap heap;
  std::vector<int> ran;
  std::vector<TimerId> ids;
  for (int i = 0; i < 1000; ++i) {
    const int at = (i * 617) % 1000;
    ids.push_back(heap.start(Instant{at / 2}, [&ran, at]() { ran.push_back(at); }));
  }
  for (size_t i = 0; i < ids.size(); i += 3) heap.cancel(ids[i]);
  EXPECT_EQ(heap.size(), 666U);
  EXPECT_GT(heap.collect_due(Instant{100}), 0U);
  while (heap.run_due()) {
  }
  const size_t first = ran.size();
  EXPECT_GT(heap.next(), Instant{100});
  heap.collect_due(Instant{1000});
  while (heap.run_due()) {
  }
  EXPECT_EQ(ran.size(), 666U);
  for (size_t i = 1; i < ran.size(); ++i) EXPECT_LE(ran[i - 1] / 2, ran[i] / 2);
  EXPECT_LT(first, ran.size());
  EXPECT_EQ(heap.next(), Instant::never());
  heap.cancel(ids[1]);  // ran long ago; its slot may serve another
  const TimerId fresh = heap.start(Instant{1}, []() {});
  heap.cancel(ids[1]);
  EXPECT_EQ(heap.size(), 1U);
  heap.cancel(fresh);
  EXPECT_EQ(heap.size(), 0U);
}

TEST(io, parent_of) {
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a//b"), "/a");
  EXPECT_EQ(parent_of("/a/b/"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("a/b"), "a");
  EXPECT_EQ(parent_of("a"), ".");
  EXPECT_EQ(parent_of(""), ".");
  EXPECT_EQ(parent_of("/"), "/");
}

TEST(io, addresses_as_text) {
  EXPECT_EQ((Address{"localhost", 9092}.to_string()), "localhost:9092");
  EXPECT_EQ((Address{"::1", 9092}.to_string()), "[::1]:9092");
}

}  // namespace
}  // namespace moldau::io
