// Task<T>: the coroutine of the shells, and the awaitables that turn a Completion-based call into a co_await.
//
// A Task is lazy: it starts when it is awaited (or spawned), and hands control on by symmetric transfer, so chains of
// any length use no stack (with g++ only at -O2 and without ASan). Its frame dies with the Task object; destroying a
// Task that waits cancels it: what it waited for may still happen, but nobody is told. All of it belongs to one shard;
// nothing here is thread-safe.
//
// g++ 12.2 destroys temporaries twice in some patterns, so co_await stands only as a whole statement, an initializer or
// a co_return operand; its operand is a plain call with named arguments (or a named awaitable); no coroutine lambdas;
// no reference is held across a co_await except to what the shard owns.
//
//   Task<Status> flush(Disk& disk, FileRef file) {
//     const Status synced = co_await sync(disk, file);
//     co_return synced;
//   }
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "io/surface.h"

namespace moldau::io {

template <typename T>
class Task;

namespace detail {

/// What all promises of Tasks share: who is resumed at the end. Exceptions do not exist in the core: one ends the
/// process.
struct TaskPromiseBase {
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
      const std::coroutine_handle<> next = finished.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { UNREACHABLE(); }

  std::coroutine_handle<> continuation;
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    ASSERT(value.has_value());
    return std::move(*value);
  }
  std::optional<T> value;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

template <typename T>
using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

}  // namespace detail

/// A coroutine that yields one T. Movable, not copyable; awaited at most once.
template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;

  Task() = default;
  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  bool valid() const noexcept { return static_cast<bool>(coroutine_); }

  // The awaiter is the Task itself, so that an await makes no further temporary.
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    ASSERT(coroutine_ && !coroutine_.done() && !coroutine_.promise().continuation);
    coroutine_.promise().continuation = waiter;
    return coroutine_;
  }
  T await_resume() { return coroutine_.promise().take(); }

 private:
  void destroy() noexcept {
    if (coroutine_) std::exchange(coroutine_, nullptr).destroy();
  }
  std::coroutine_handle<promise_type> coroutine_;
};

template <typename T>
Task<T> detail::TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> detail::TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

/// Owns running coroutines: each leaves by itself when it ends; the group's end (or cancel) destroys those that still
/// wait. A shell holds one, so that its coroutines die with it. REQUIRES: not destroyed or cancelled by one of its own
/// coroutines.
class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { cancel(); }

  /// Starts `task` at once and keeps it until it ends.
  void spawn(Task<void> task);
  /// Destroys all that still wait, the youngest first.
  void cancel();
  /// Coroutines that have not ended.
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// The coroutine that carries one spawned Task; it frees itself at its end. Not for others.
  struct Carrier {
    struct promise_type {
      promise_type() = default;
      promise_type(const promise_type&) = delete;
      promise_type& operator=(const promise_type&) = delete;
      ~promise_type();
      Carrier get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      [[noreturn]] void unhandled_exception() const noexcept { UNREACHABLE(); }

      TaskGroup* group = nullptr;
      promise_type* older = nullptr;
      promise_type* younger = nullptr;
    };
    std::coroutine_handle<promise_type> coroutine;
  };

 private:
  using Member = Carrier::promise_type;
  Member* youngest_ = nullptr;
  size_t size_ = 0;
};

/// Starts `task` at once; it owns itself and is freed at its end. One that waits for what never comes is never freed:
/// what belongs to a shell goes into its TaskGroup.
void spawn(Task<void> task);

/// A value that comes once, and the coroutine that waits for it. The setter side (set, or a completion()) and the
/// waiting side may die in any order. One allocation.
template <typename T>
class [[nodiscard]] OneShot {
  using Stored = detail::Stored<T>;
  struct State {
    std::optional<Stored> value;
    std::coroutine_handle<> waiter;

    void set(Stored arrived) {
      if (value.has_value()) return;
      value.emplace(std::move(arrived));
      if (waiter) std::exchange(waiter, nullptr).resume();
    }
  };

 public:
  OneShot() : state_(std::make_shared<State>()) {}
  OneShot(OneShot&&) noexcept = default;
  OneShot& operator=(OneShot&&) = delete;
  ~OneShot() {
    if (state_ != nullptr) state_->waiter = nullptr;
  }

  /// Gives the value; resumes the waiter, if there is one, before it returns. Only the first set counts.
  template <typename U = T>
    requires(!std::is_void_v<U>)
  void set(U value) {
    const std::shared_ptr<State> kept = state_;
    kept->set(std::move(value));
  }
  void set()
    requires std::is_void_v<T>
  {
    const std::shared_ptr<State> kept = state_;
    kept->set({});
  }
  /// A callable that sets the value; it outlives this object without harm.
  auto completion() {
    if constexpr (std::is_void_v<T>) {
      return Callback([state = state_]() { state->set({}); });
    } else {
      return Completion<T>([state = state_](T value) { state->set(std::move(value)); });
    }
  }
  bool ready() const noexcept { return state_->value.has_value(); }

  bool await_ready() const noexcept { return ready(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    ASSERT(!state_->waiter);
    state_->waiter = waiter;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
  }

 private:
  std::shared_ptr<State> state_;
};

/// Wakes one waiting coroutine, again and again; a notify without a waiter is remembered (once). No allocation.
class Signal {
 public:
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(Signal& signal) noexcept : signal_(signal) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (waiting_) signal_.waiter_ = nullptr;
    }
    bool await_ready() const noexcept { return std::exchange(signal_.notified_, false); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      ASSERT(!signal_.waiter_);
      signal_.waiter_ = waiter;
      waiting_ = true;
    }
    void await_resume() noexcept { waiting_ = false; }

   private:
    Signal& signal_;
    bool waiting_ = false;
  };

  /// Resumes the waiter before it returns, or lets the next wait() pass at once.
  void notify() {
    if (waiter_) {
      std::exchange(waiter_, nullptr).resume();
    } else {
      notified_ = true;
    }
  }
  bool has_waiter() const noexcept { return static_cast<bool>(waiter_); }
  /// co_await signal.wait(). At most one waiter at a time; the Signal must outlive it.
  Awaiter wait() noexcept { return Awaiter(*this); }

 private:
  std::coroutine_handle<> waiter_;
  bool notified_ = false;
};

/// Waits for a point in time; cancels its timer when destroyed.
class [[nodiscard]] Sleep {
 public:
  Sleep(Timers& timers, Instant deadline) noexcept : timers_(timers), deadline_(deadline) {}
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  ~Sleep() {
    if (timer_ != 0) timers_.cancel(timer_);
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    timer_ = timers_.start(deadline_, [waiter]() { waiter.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Timers& timers_;
  Instant deadline_;
  TimerId timer_ = 0;
};

/// co_await sleep_until(timers, deadline): resumes in the first turn at or after `deadline`.
inline Sleep sleep_until(Timers& timers, Instant deadline) { return Sleep(timers, deadline); }

/// co_await next_turn(executor): resumes in the next turn.
OneShot<void> next_turn(Executor& executor);
/// const Status synced = co_await sync(disk, file): Disk::sync.
OneShot<Status> sync(Disk& disk, FileRef file);
/// Disk::sync_all.
OneShot<Status> sync_all(Disk& disk, const std::string& path);
/// Disk::read_async. `into` must stay valid until it ends, also when the waiting Task is destroyed before.
OneShot<Result<size_t>> read_async(Disk& disk, FileRef file, uint64_t offset, std::span<std::byte> into);
/// Disk::prefetch.
OneShot<Status> prefetch(Disk& disk, FileRef file, uint64_t offset, uint64_t size);
/// Network::connect.
OneShot<Result<std::unique_ptr<Stream>>> connect(Network& network, const Address& address, Duration timeout);

/// Runs `work` in the pool and yields what it returns: name the callable first, then
/// `const Status done = co_await offload(executor, std::move(work));`
template <typename Work>
auto offload(Executor& executor, Work work) -> OneShot<std::invoke_result_t<Work&>> {
  using T = std::invoke_result_t<Work&>;
  OneShot<T> result;
  if constexpr (std::is_void_v<T>) {
    executor.offload(std::move(work), result.completion());
  } else {
    // The result crosses threads here: written by the pool before the hand-over, read by the shard after it.
    auto outcome = std::make_shared<std::optional<T>>();
    executor.offload([outcome, work = std::move(work)]() mutable { outcome->emplace(work()); },
                     [outcome, set = result.completion()]() mutable { set(std::move(**outcome)); });
  }
  return result;
}

}  // namespace moldau::io
