#include "io/posix/core.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace moldau::io::posix {
namespace {

Instant read_clock() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);  // vdso: no syscall
  return {int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

constexpr WatchId wakeup_id = 0;
constexpr unsigned resolves_max = 2;

WorkBounds bounds_of(const LoopOptions& options) {
  WorkBounds bounds;
  bounds[static_cast<size_t>(WorkKind::sync)] = options.syncs_max;
  bounds[static_cast<size_t>(WorkKind::read)] = options.reads_max;
  bounds[static_cast<size_t>(WorkKind::resolve)] = resolves_max;
  bounds[static_cast<size_t>(WorkKind::job)] = options.jobs_max;
  return bounds;
}

}  // namespace

Failure os_failure(int os_errno, const std::string& what) {
  Failure failure = failure_from_errno(os_errno, what);
  if (os_errno == EISDIR || os_errno == EBADF || os_errno == ELOOP) failure.kind = FailureKind::invalid_argument;
  if (os_errno == EHOSTUNREACH || os_errno == ENETUNREACH || os_errno == ECONNABORTED) {
    failure.kind = FailureKind::unavailable;
  }
  return failure;
}

/// Gives signals to their callbacks.
class Core::SignalWatcher final : public Watcher {
 public:
  explicit SignalWatcher(Core& core) : core_(core) { sigemptyset(&mask_); }
  ~SignalWatcher() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Status add(int number, Callback callback) {
    sigaddset(&mask_, number);
    if (const int error = pthread_sigmask(SIG_BLOCK, &mask_, nullptr); error != 0) return os_failure(error, "sigmask");
    const int descriptor = signalfd(descriptor_, &mask_, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor < 0) return os_failure(errno, "signalfd");
    callbacks_[number] = std::move(callback);
    if (descriptor_ >= 0) return {};
    descriptor_ = descriptor;
    const Result<WatchId> id = core_.watch(descriptor, EPOLLIN, this);
    if (!id.ok()) return id.failure();
    return {};
  }
  void on_events(uint32_t) override {
    signalfd_siginfo info{};
    while (read(descriptor_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      const auto found = callbacks_.find(static_cast<int>(info.ssi_signo));
      if (found != callbacks_.end()) found->second();
    }
  }

 private:
  Core& core_;
  int descriptor_ = -1;
  sigset_t mask_;
  std::map<int, Callback> callbacks_;
};

Core::Core(const LoopOptions& options)
    : options_(options),
      now_(read_clock()),
      spin_policy_(options.spin, options.always_spin),
      pool_(std::make_unique<Pool>(bounds_of(options), options.pool_idle_max)) {}

Core::~Core() {
  shut_down();
  signals_.reset();
  for (const int descriptor : {epoll_, wakeup_, reserve_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

Status Core::open() {
  // sendfile has no MSG_NOSIGNAL: a peer that closes must not end the process.
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return os_failure(errno, "epoll_create");
  wakeup_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wakeup_ < 0) return os_failure(errno, "eventfd");
  reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (reserve_ < 0) return os_failure(errno, "open /dev/null");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wakeup_id;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) < 0) return os_failure(errno, "epoll_ctl");
  return {};
}

void Core::shut_down() {
  pool_.reset();
  for (;;) {
    // What dies may queue more from its destructor.
    drain_mail();
    auto timers = timers_.take_all();
    const auto deferred = std::exchange(deferred_, {});
    const auto turn_end = std::exchange(turn_end_, {});
    if (timers.empty() && deferred.empty() && turn_end.empty()) return;
  }
}

// --- watchers

Watcher* Core::find(WatchId id) const {
  const uint64_t slot = (id & UINT32_MAX) - 1;
  if (slot >= slots_.size() || slots_[slot].generation != id >> 32) return nullptr;
  return slots_[slot].watcher;
}

Result<WatchId> Core::watch(int descriptor, uint32_t events, Watcher* watcher) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t slot = free_slots_.back();
  epoll_event event{};
  event.events = events;
  event.data.u64 = (uint64_t{slots_[slot].generation} << 32) | (slot + 1);
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) < 0) return os_failure(errno, "epoll_ctl");
  free_slots_.pop_back();
  slots_[slot].watcher = watcher;
  return static_cast<WatchId>(event.data.u64);
}

void Core::change(WatchId id, int descriptor, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void Core::forget(WatchId id) {
  if (find(id) == nullptr) return;
  const auto slot = static_cast<uint32_t>((id & UINT32_MAX) - 1);
  slots_[slot].watcher = nullptr;
  ++slots_[slot].generation;
  free_slots_.push_back(slot);
}

void Core::release(int descriptor) { epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

// --- the surface

WallMillis Core::wall() const {
  if (wall_ == no_timestamp) {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    wall_ = int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
  }
  return wall_;
}

/// One syscall per 256 bytes.
void Core::fill(std::span<std::byte> into) {
  while (!into.empty()) {
    if (entropy_left_ == 0) {
      const ssize_t got = getrandom(entropy_.data(), entropy_.size(), 0);
      ASSERT(got == static_cast<ssize_t>(entropy_.size()) || errno == EINTR);
      if (got < 0) continue;
      entropy_left_ = entropy_.size();
    }
    const size_t count = std::min(into.size(), entropy_left_);
    std::byte* source = entropy_.data() + (entropy_.size() - entropy_left_);
    std::memcpy(into.data(), source, count);
    std::memset(source, 0, count);
    entropy_left_ -= count;
    into = into.subspan(count);
  }
}

void Core::offload_as(WorkKind kind, Callback work, Callback done) {
  if (pool_ == nullptr) return;  // going down
  pool_->submit(kind, [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    work = nullptr;
    post(std::move(done));
  });
}

/// One allocation and one exchange; one write to the eventfd if the loop sleeps.
void Core::post(Callback message) {
  auto* mail = new Mail{std::move(message)};
  mail->next = mail_.load(std::memory_order_relaxed);
  while (!mail_.compare_exchange_weak(mail->next, mail)) {
  }
  wake();
}

// The loop says that it sleeps and then looks once more; posters post and then look whether it sleeps. Both in
// sequential order, so one of them sees the other.
void Core::wake() {
  if (!sleeping_.load() || !sleeping_.exchange(false)) return;
  wakes_written_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wakeup_, &one, sizeof(one));
}

Status Core::on_signal(int number, Callback callback) {
  if (signals_ == nullptr) signals_ = std::make_unique<SignalWatcher>(*this);
  return signals_->add(number, std::move(callback));
}

// --- turns

void Core::run() {
  now_ = read_clock();
  if (begun_ == Instant::never()) begun_ = now_;
  while (!stop_.load()) turn(Instant::never());
  stop_.store(false);
}

void Core::stop() {
  stop_.store(true);
  wake();
}

bool Core::run_until(const std::function<bool()>& done, Duration limit) {
  now_ = read_clock();
  if (begun_ == Instant::never()) begun_ = now_;
  const Instant end = now_ + limit;
  while (!done()) {
    if (now_ >= end) return false;
    turn(end);
  }
  return true;
}

bool Core::has_immediate_work() const {
  return !deferred_.empty() || !ready_.empty() || !turn_end_.empty() || !flush_.empty() || mail_.load() != nullptr ||
         stop_.load();
}

/// Waits up to `nanoseconds`; the number of events. One syscall.
int Core::poll(int64_t nanoseconds) {
  int count = 0;
  if (has_pwait2_ && nanoseconds > 0) {
    timespec timeout{};
    timeout.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000);
    timeout.tv_nsec = nanoseconds % 1'000'000'000;
    count = epoll_pwait2(epoll_, events_.data(), events_max, nanoseconds == INT64_MAX ? nullptr : &timeout, nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    has_pwait2_ = false;
  }
  int64_t timeout_ms = -1;
  if (nanoseconds != INT64_MAX) timeout_ms = std::min<int64_t>((nanoseconds + 999'999) / 1'000'000, INT32_MAX);
  return epoll_wait(epoll_, events_.data(), events_max, static_cast<int>(timeout_ms));
}

/// Polls until something comes, `window` is over, or `deadline`. Per round one syscall of 0.2 us and one clock read.
int Core::spin(Duration window, Instant deadline) {
  const Instant begin = now_;
  const Instant end = std::min(begin + window, deadline);
  ++counters_.spins;
  int count = 0;
  bool found = false;
  do {
    count = poll(0);
    now_ = read_clock();
    found = count != 0 || has_immediate_work();
  } while (!found && now_ < end);
  counters_.spun = counters_.spun + (now_ - begin);
  if (found || now_ < deadline) spin_policy_.polled(now_ - begin, found);
  return count;
}

int Core::sleep(Instant deadline) {
  sleeping_.store(true);
  const Instant begin = now_;
  int count = 0;
  if (has_immediate_work()) {
    count = poll(0);
  } else {
    ++counters_.sleeps;
    count = poll(deadline == Instant::never() ? INT64_MAX : std::max<int64_t>((deadline - now_).nanoseconds, 0));
  }
  sleeping_.store(false);
  now_ = read_clock();
  counters_.slept = counters_.slept + (now_ - begin);
  return count;
}

int Core::wait(Instant limit) {
  if (has_immediate_work()) {
    const int count = poll(0);
    now_ = read_clock();
    return count;
  }
  const Instant deadline = std::min(limit, timers_.next());
  now_ = read_clock();
  const Duration window = had_event_ && now_ < deadline ? spin_policy_.next() : Duration{};
  if (window > Duration{}) {
    const int count = spin(window, deadline);
    if (count != 0 || has_immediate_work()) return count;
  }
  if (now_ >= deadline) return poll(0);
  return sleep(deadline);
}

void Core::turn(Instant limit) {
  const int count = wait(limit);
  wall_ = no_timestamp;
  ++counters_.turns;
  had_event_ = count > 0 || mail_.load() != nullptr;
  dispatch(count);
  timers_.collect_due(now_);
  while (timers_.run_due()) {
  }
  drain_mail();
  run_deferred();
  run_ready();
  run_turn_end();
}

void Core::dispatch(int count) {
  for (int i = 0; i < count; ++i) {
    const epoll_event event = events_[static_cast<size_t>(i)];
    if (event.data.u64 == wakeup_id) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t got = read(wakeup_, &ignored, sizeof(ignored));
    } else if (Watcher* watcher = find(event.data.u64)) {
      watcher->on_events(event.events);
    }
  }
}

void Core::drain_mail() {
  Mail* newest = mail_.exchange(nullptr);
  Mail* oldest = nullptr;
  while (newest != nullptr) {
    Mail* next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    const std::unique_ptr<Mail> mail(oldest);
    oldest = mail->next;
    ++counters_.mails;
    if (pool_ != nullptr) mail->message();  // without a pool the loop is going down
  }
}

void Core::run_deferred() {
  std::vector<Callback> deferred = std::exchange(deferred_, {});
  for (Callback& callback : deferred) callback();
  deferred.clear();
  if (deferred_.empty()) deferred_.swap(deferred);  // keeps the memory
}

void Core::run_ready() {
  std::vector<WatchId> ready = std::exchange(ready_, {});
  for (const WatchId id : ready) {
    if (Watcher* watcher = find(id)) watcher->on_ready();
  }
  ready.clear();
  if (ready_.empty()) ready_.swap(ready);
}

void Core::run_turn_end() {
  for (size_t i = 0; i < turn_end_.size(); ++i) {
    Callback callback = std::move(turn_end_[i]);  // may add more, which run in this turn too
    callback();
  }
  turn_end_.clear();
  std::vector<WatchId> flush = std::exchange(flush_, {});
  for (const WatchId id : flush) {
    if (Watcher* watcher = find(id)) watcher->on_flush();
  }
  flush.clear();
  if (flush_.empty()) flush_.swap(flush);
}

}  // namespace moldau::io::posix
