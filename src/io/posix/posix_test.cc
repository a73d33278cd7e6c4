// What only the machine has: descriptors that run out, threads, signals, the cost of turns.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "io/posix/descriptors.h"
#include "io/posix/loop.h"

namespace moldau::io::posix {
namespace {

class Folder {
 public:
  Folder() {
    const char* temporary = std::getenv("TMPDIR");
    path_ = std::string(temporary != nullptr ? temporary : "/tmp") + "/moldau-posix-XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ~Folder() {
    const std::string command = "rm -rf '" + path_ + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
  std::string at(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<Loop> make_loop(const LoopOptions& options = {}) {
  auto loop = Loop::make(options);
  EXPECT_TRUE(loop.ok());
  return std::move(loop).value();
}

Status write(Disk& disk, File& file, uint64_t offset, std::string_view text) {
  const std::span<const std::byte> piece = as_bytes(text);
  return disk.write(file, offset, std::span(&piece, 1));
}

std::string content(Disk& disk, const std::string& path) {
  const auto bytes = read_file(disk, path, 1 << 20);
  return bytes.ok() ? std::string(as_text(bytes.value())) : "<" + bytes.failure().message + ">";
}

int64_t thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

TEST(posix_disk, descriptors_are_bounded_and_opened_again) {
  const Folder folder;
  const auto loop = make_loop({.descriptors_max = 8});
  Disk& disk = loop->surface().disk;
  std::vector<FileRef> files;
  for (int i = 0; i < 50; ++i) {
    files.push_back(disk.open(folder.at("f" + std::to_string(i)), OpenMode::create_new).value());
    EXPECT_LE(loop->counters().files_open, 8U);
  }
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < files.size(); ++i) {
      ASSERT_TRUE(write(disk, *files[i], static_cast<uint64_t>(round), std::to_string(i % 10)).ok());
    }
  }
  EXPECT_LE(loop->counters().files_open, 8U);
  EXPECT_GE(loop->counters().files_reopened, 100U);
  size_t synced = 0;
  for (const FileRef& file : files) {
    disk.sync(file, [&](Status status) { synced += status.ok(); });
  }
  // The pool and the loop share the descriptors.
  for (size_t i = 0; i < files.size(); ++i) EXPECT_EQ(disk.size(*files[i]).value(), 3U);
  ASSERT_TRUE(loop->run_until([&]() { return synced == 50; }, seconds(20)));
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(content(disk, files[i]->path()), std::string(3, static_cast<char>('0' + i % 10)));
  }
  files.clear();
  EXPECT_EQ(loop->counters().files_open, 0U);
}

TEST(posix_disk, closed_descriptors_follow_renames_and_removals) {
  const Folder folder;
  const auto loop = make_loop({.descriptors_max = 8});
  Disk& disk = loop->surface().disk;
  ASSERT_TRUE(disk.make_dir(folder.at("t-0")).ok());
  const FileRef renamed = disk.open(folder.at("a"), OpenMode::create).value();
  const FileRef inside = disk.open(folder.at("t-0//0.log"), OpenMode::create).value();
  const FileRef removed = disk.open(folder.at("r"), OpenMode::create).value();
  const FileRef replaced = disk.open(folder.at("./p"), OpenMode::create).value();
  const FileRef swept = disk.open(folder.at("t-0/1.log"), OpenMode::create).value();
  for (const FileRef& file : {renamed, inside, removed, replaced, swept}) {
    ASSERT_TRUE(write(disk, *file, 0, file->path().substr(file->path().size() - 1)).ok());
  }
  std::vector<FileRef> others;
  for (int i = 0; i < 20; ++i)
    others.push_back(disk.open(folder.at("o" + std::to_string(i)), OpenMode::create).value());
  ASSERT_TRUE(disk.rename(folder.at("a"), folder.at("b")).ok());
  ASSERT_TRUE(disk.rename(folder.at("t-0"), folder.at("t-0.123-delete")).ok());
  ASSERT_TRUE(disk.remove(folder.at("r")).ok());
  ASSERT_TRUE(disk.rename(folder.at("o0"), folder.at("p")).ok());
  std::array<std::byte, 4> into;
  EXPECT_EQ(disk.read(*renamed, 0, into).value(), 1U);
  EXPECT_EQ(static_cast<char>(into[0]), 'a');
  EXPECT_EQ(disk.read(*inside, 0, into).value(), 1U);
  EXPECT_EQ(disk.read(*removed, 0, into).value(), 1U);
  EXPECT_EQ(static_cast<char>(into[0]), 'r');
  EXPECT_EQ(disk.read(*replaced, 0, into).value(), 1U);
  EXPECT_EQ(static_cast<char>(into[0]), 'p');
  for (const FileRef& other : others) EXPECT_TRUE(disk.size(*other).ok());
  ASSERT_TRUE(disk.remove_tree(folder.at("t-0.123-delete")).ok());
  EXPECT_EQ(disk.read(*swept, 0, into).value(), 1U);
  EXPECT_EQ(disk.read(*removed, 0, into).value(), 1U);
}

TEST(posix_disk, a_file_replaced_behind_our_back_is_noticed) {
  const Folder folder;
  const auto loop = make_loop({.descriptors_max = 8});
  Disk& disk = loop->surface().disk;
  const FileRef file = disk.open(folder.at("a"), OpenMode::create).value();
  std::vector<FileRef> others;
  for (int i = 0; i < 20; ++i)
    others.push_back(disk.open(folder.at("o" + std::to_string(i)), OpenMode::create).value());
  ASSERT_EQ(::rename(folder.at("a").c_str(), folder.at("kept").c_str()), 0);
  EXPECT_FALSE(disk.size(*file).ok());
  const FileRef other = disk.open(folder.at("a"), OpenMode::create).value();
  const Result<uint64_t> size = disk.size(*file);
  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.failure().kind, FailureKind::io);
}

TEST(posix_disk, modes_and_special_files) {
  const Folder folder;
  const auto loop = make_loop();
  Disk& disk = loop->surface().disk;
  const FileRef file = disk.open(folder.at("a"), OpenMode::create).value();
  ASSERT_TRUE(disk.make_dir(folder.at("d")).ok());
  struct stat status {};
  ASSERT_EQ(::stat(folder.at("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(folder.at("d").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  ASSERT_EQ(mkfifo(folder.at("fifo").c_str(), 0600), 0);
  EXPECT_EQ(disk.open(folder.at("fifo"), OpenMode::read).failure().kind, FailureKind::invalid_argument);
  EXPECT_EQ(disk.open("/dev/null", OpenMode::write).failure().kind, FailureKind::invalid_argument);
  ASSERT_EQ(symlink("/etc", folder.at("d/link").c_str()), 0);
  ASSERT_TRUE(disk.remove_tree(folder.at("d")).ok());  // the link, not what it points to
  EXPECT_EQ(access("/etc/passwd", F_OK), 0);
}

TEST(posix_disk, a_full_disk_is_no_space) {
  const Folder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=65536") != 0) GTEST_SKIP() << "needs the right to mount";
  {
    const auto loop = make_loop();
    Disk& disk = loop->surface().disk;
    const FileRef file = disk.open(folder.at("a"), OpenMode::create).value();
    const Status full = write(disk, *file, 0, std::string(100'000, 'x'));
    ASSERT_FALSE(full.ok());
    EXPECT_EQ(full.failure().kind, FailureKind::no_space);
    EXPECT_LE(disk.size(*file).value(), 65536U);
    ASSERT_TRUE(disk.truncate(*file, 0).ok());
    EXPECT_TRUE(write(disk, *file, 0, std::string(10'000, 'x')).ok());
    EXPECT_EQ(disk.allocate(*file, 0, 1 << 20).failure().kind, FailureKind::no_space);
  }
  EXPECT_EQ(umount2(folder.path().c_str(), MNT_DETACH), 0);
}

TEST(posix_disk, what_left_the_page_cache_is_prefetched) {
  const Folder folder;
  const auto loop = make_loop();
  Disk& disk = loop->surface().disk;
  const FileRef file = disk.open(folder.at("a"), OpenMode::create).value();
  ASSERT_TRUE(write(disk, *file, 0, std::string(1 << 20, 'x')).ok());
  ASSERT_TRUE(disk.sync_now(*file).ok());
  const int descriptor = ::open(folder.at("a").c_str(), O_RDONLY);
  ASSERT_EQ(posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
  close(descriptor);
  if (disk.is_cached(*file, 0, 1 << 20)) GTEST_SKIP() << "this file system keeps its pages";
  std::vector<std::byte> into(1 << 20);
  EXPECT_LT(disk.read_cached(*file, 0, into).value(), into.size());
  bool loaded = false;
  disk.prefetch(file, 0, 1 << 20, [&](Status status) { loaded = status.ok(); });
  ASSERT_TRUE(loop->run_until([&]() { return loaded; }, seconds(10)));
  EXPECT_TRUE(disk.is_cached(*file, 0, 1 << 20));
  EXPECT_EQ(disk.read_cached(*file, 0, into).value(), into.size());
}

class Sink final : public StreamHandler {
 public:
  explicit Sink(std::unique_ptr<Stream> opened) : stream(std::move(opened)) { stream->set_handler(this); }
  void on_readable() override {
    std::array<std::byte, 65536> buffer;
    for (;;) {
      const ReadOutcome outcome = stream->read(buffer);
      received += outcome.size;
      ended = ended || outcome.end;
      if (outcome.size == 0 || outcome.size < buffer.size()) return;
    }
  }
  void on_drained() override {}
  void on_broken(const Failure&) override { ended = true; }
  std::unique_ptr<Stream> stream;
  size_t received = 0;
  bool ended = false;
};

class Connected {
 public:
  Connected(Loop& loop, const Address& address) {
    Surface io = loop.surface();
    auto made = io.network.listen(address, [this](std::unique_ptr<Stream> stream) {
      server = std::make_unique<Sink>(std::move(stream));
    });
    EXPECT_TRUE(made.ok()) << made.failure().message;
    listener = std::move(made).value();
    const Address to{address.host.empty() ? "127.0.0.1" : address.host, listener->local().port};
    io.network.connect(to, seconds(5), [this](Result<std::unique_ptr<Stream>> stream) {
      ASSERT_TRUE(stream.ok()) << stream.failure().message;
      client = std::make_unique<Sink>(std::move(stream).value());
    });
    EXPECT_TRUE(loop.run_until([this]() { return server != nullptr && client != nullptr; }, seconds(10)));
  }
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Sink> server;
  std::unique_ptr<Sink> client;
};

TEST(posix_network, a_turn_sends_once) {
  const Folder folder;
  const auto loop = make_loop();
  Connected pair(*loop, {"127.0.0.1", 0});
  Surface io = loop->surface();
  const LoopCounters before = loop->counters();
  io.executor.defer([&]() {
    for (int i = 0; i < 50; ++i) pair.server->stream->write(Bytes::copy_of(as_bytes("response")));
  });
  ASSERT_TRUE(loop->run_until([&]() { return pair.client->received == 400; }, seconds(5)));
  EXPECT_EQ(loop->counters().sends - before.sends, 1U);
  EXPECT_EQ(loop->counters().receives - before.receives, 1U);
  const FileRef file = io.disk.open(folder.at("f"), OpenMode::create).value();
  ASSERT_TRUE(write(io.disk, *file, 0, std::string(20'000, 'x')).ok());
  io.executor.defer([&]() {
    pair.server->stream->write(Bytes::copy_of(as_bytes("header")));
    pair.server->stream->write(FileSlice{file, 0, 20'000});
  });
  ASSERT_TRUE(loop->run_until([&]() { return pair.client->received == 400 + 20'006; }, seconds(5)));
  EXPECT_EQ(loop->counters().sends - before.sends, 2U);
  EXPECT_EQ(loop->counters().file_sends - before.file_sends, 1U);
}

TEST(posix_network, names_and_address_families) {
  const auto loop = make_loop();
  { const Connected pair(*loop, {"localhost", 0}); }
  {
    const Connected pair(*loop, {"", 0});
    EXPECT_EQ(pair.server->stream->peer().host, "127.0.0.1");  // not in its IPv6 clothes
  }
  const int probe = socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  const bool has_ipv6 = probe >= 0 && bind(probe, reinterpret_cast<sockaddr*>(&loopback), sizeof(loopback)) == 0;
  if (probe >= 0) close(probe);
  if (!has_ipv6) GTEST_SKIP() << "no IPv6 here";
  const Connected pair(*loop, {"::1", 0});
  EXPECT_EQ(pair.client->stream->peer().host, "::1");
}

TEST(posix_network, out_of_descriptors_backs_off_and_recovers) {
  const auto loop = make_loop();
  Surface io = loop->surface();
  std::vector<std::unique_ptr<Stream>> accepted;
  auto listener = io.network.listen({"127.0.0.1", 0}, [&](std::unique_ptr<Stream> stream) {
    accepted.push_back(std::move(stream));
  });
  ASSERT_TRUE(listener.ok());
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener.value()->local().port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> clients;
  for (int i = 0; i < 10; ++i) {  // the kernel completes these without us
    clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(clients.back(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  }
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit tight = limit;
  tight.rlim_cur = static_cast<rlim_t>(clients.back() + 4);  // room for three more
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  EXPECT_TRUE(loop->run_until([&]() { return loop->counters().accepts_refused >= 1; }, seconds(5)));
  const LoopCounters before = loop->counters();
  EXPECT_GE(before.accepted, 1U);
  EXPECT_LT(before.accepted, 10U);
  EXPECT_FALSE(loop->run_until([]() { return false; }, milliseconds(50)));  // no spinning on it meanwhile
  EXPECT_LE(loop->counters().turns - before.turns, 4U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_TRUE(loop->run_until([&]() {
    return loop->counters().accepted + loop->counters().accepts_refused == 10;
  }, seconds(5)));
  for (const int client : clients) close(client);
}

/// How many connections the kernel completes for a listener that accepts none.
size_t completed_connections(uint16_t port, int attempts) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<pollfd> clients;
  for (int i = 0; i < attempts; ++i) {
    clients.push_back({socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), POLLOUT, 0});
    connect(clients.back().fd, reinterpret_cast<sockaddr*>(&to), sizeof(to));
  }
  size_t completed = 0;
  poll(clients.data(), clients.size(), 0);
  for (const pollfd& client : clients) {
    completed += (client.revents & POLLOUT) != 0;
    close(client.fd);
  }
  return completed;
}

TEST(posix_network, the_backlog_bounds_who_waits) {
  const auto loop = make_loop();
  const auto accept = [](std::unique_ptr<Stream>) {};
  auto small = loop->surface().network.listen({"127.0.0.1", 0}, accept, {.backlog = 3});
  auto large = loop->surface().network.listen({"127.0.0.1", 0}, accept, {.backlog = 100});
  ASSERT_TRUE(small.ok() && large.ok());
  EXPECT_LE(completed_connections(small.value()->local().port, 20), 4U);  // Linux lets one more in
  EXPECT_EQ(completed_connections(large.value()->local().port, 20), 20U);
}

TEST(posix_network, a_listening_socket_passes_from_loop_to_loop) {
  const auto first = make_loop();
  const auto second = make_loop();
  const auto socket = Loop::listening_socket({"127.0.0.1", 0});
  ASSERT_TRUE(socket.ok());
  std::vector<std::unique_ptr<Stream>> taken;
  const auto take = [&](std::unique_ptr<Stream> stream) { taken.push_back(std::move(stream)); };
  auto lent = first->adopt_listener(dup(socket.value()), take);
  ASSERT_TRUE(lent.ok());
  const uint16_t port = lent.value()->local().port;
  completed_connections(port, 2);
  EXPECT_TRUE(first->run_until([&]() { return taken.size() == 2; }, seconds(5)));
  lent.value().reset();
  completed_connections(port, 3);  // nobody accepts, and nobody is refused
  auto kept = second->adopt_listener(socket.value(), take);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept.value()->local().port, port);
  EXPECT_TRUE(second->run_until([&]() { return taken.size() == 5; }, seconds(5)));
  taken.clear();
}

TEST(posix_loop, an_idle_loop_costs_nothing) {
  const auto loop = make_loop({.spin = microseconds(50)});
  Connected pair(*loop, {"127.0.0.1", 0});
  int ticks = 0;
  Surface io = loop->surface();
  Callback tick;
  std::function<void()> again = [&]() {
    ++ticks;
    io.timers.start(io.clock.now() + milliseconds(10), [&]() { again(); });
  };
  again();
  const int64_t before = thread_cpu_us();
  const LoopCounters counters = loop->counters();
  ASSERT_TRUE(loop->run_until([&]() { return ticks >= 50; }, seconds(60)));
  // Per tick one sleep and one turn, no polling in between: far below the 10 ms that a spinning loop would burn.
  EXPECT_LT(thread_cpu_us() - before, 50 * 500);
  EXPECT_LE(loop->counters().turns - counters.turns, 160U);
  EXPECT_GE(loop->counters().sleeps - counters.sleeps, 40U);
}

TEST(posix_loop, threads_post_and_stop) {
  const auto loop = make_loop();
  Mailbox& mailbox = loop->surface().executor.mailbox();
  constexpr int threads_count = 4;
  constexpr int posts = 5000;
  std::vector<std::vector<int>> got(threads_count);
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; ++t) {
    threads.emplace_back([&mailbox, &got, t]() {
      for (int i = 0; i < posts; ++i) {
        mailbox.post([&got, t, i]() { got[static_cast<size_t>(t)].push_back(i); });
        if (i % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  std::thread stopper([&]() {
    for (std::thread& thread : threads) thread.join();
    mailbox.post([&]() { loop->stop(); });
  });
  loop->run();
  stopper.join();
  for (const auto& list : got) {
    ASSERT_EQ(list.size(), static_cast<size_t>(posts));
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
  }
  EXPECT_LT(loop->counters().wakes_written, static_cast<uint64_t>(threads_count * posts));
  std::thread other([&]() { loop->stop(); });
  loop->run();
  other.join();
}

TEST(posix_loop, a_sleeping_loop_is_woken_by_mail) {
  const auto loop = make_loop({.spin = {}});
  std::atomic<int> answered{0};
  std::thread poster([&]() {
    for (int i = 0; i < 200; ++i) {
      loop->surface().executor.mailbox().post([&]() { answered.fetch_add(1); });
      while (answered.load() <= i) std::this_thread::yield();
    }
    loop->stop();
  });
  loop->run();
  poster.join();
  EXPECT_EQ(answered.load(), 200);
}

TEST(posix_loop, signals_arrive_as_callbacks) {
  const auto loop = make_loop();
  int usr1 = 0;
  int usr2 = 0;
  ASSERT_TRUE(loop->on_signal(SIGUSR1, [&]() { ++usr1; }).ok());
  ASSERT_TRUE(loop->on_signal(SIGUSR2, [&]() { ++usr2; }).ok());
  kill(getpid(), SIGUSR1);
  ASSERT_TRUE(loop->run_until([&]() { return usr1 == 1; }, seconds(5)));
  kill(getpid(), SIGUSR2);
  kill(getpid(), SIGUSR1);
  ASSERT_TRUE(loop->run_until([&]() { return usr1 == 2 && usr2 == 1; }, seconds(5)));
}

/// Work that waits until it is let go, and counts who waits.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  size_t inside = 0;
  bool open = false;
  void enter() {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
  }
  bool await(size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return inside >= count; });
  }
  size_t count() {
    const std::lock_guard lock(mutex);
    return inside;
  }
  void release() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
};

TEST(posix_pool, no_kind_of_work_waits_for_another) {
  const Folder folder;
  const auto loop = make_loop({.syncs_max = 3, .reads_max = 2, .jobs_max = 2});
  Surface io = loop->surface();
  const FileRef file = io.disk.open(folder.at("f"), OpenMode::create).value();
  Gate jobs;
  int jobs_done = 0;
  for (int i = 0; i < 4; ++i) io.executor.offload([&]() { jobs.enter(); }, [&]() { ++jobs_done; });
  ASSERT_TRUE(jobs.await(2));
  int done = 0;
  std::array<std::byte, 4> into{};
  io.disk.sync(file, [&](Status status) { done += status.ok() ? 1 : 0; });
  io.disk.read_async(file, 0, into, [&](const Result<size_t>& size) { done += size.ok() ? 1 : 0; });
  EXPECT_TRUE(loop->run_until([&]() { return done == 2; }, seconds(10)));

  Gate syncs;  // neither do they wait for syncs
  int syncs_done = 0;
  for (int i = 0; i < 5; ++i) io.executor.offload_sync([&]() { syncs.enter(); }, [&]() { ++syncs_done; });
  ASSERT_TRUE(syncs.await(3));
  io.disk.read_async(file, 0, into, [&](const Result<size_t>& size) { done += size.ok() ? 1 : 0; });
  bool resolved = false;
  io.network.connect({"localhost", 1}, seconds(5), [&](const Result<std::unique_ptr<Stream>>&) { resolved = true; });
  EXPECT_TRUE(loop->run_until([&]() { return done == 3 && resolved; }, seconds(10)));
  EXPECT_EQ(jobs.count(), 2U);  // the bounds hold
  EXPECT_EQ(syncs.count(), 3U);
  EXPECT_EQ(jobs_done + syncs_done, 0);
  jobs.release();
  syncs.release();
  EXPECT_TRUE(loop->run_until([&]() { return jobs_done == 4 && syncs_done == 5; }, seconds(10)));
}

TEST(posix_pool, syncs_run_side_by_side) {
  const auto loop = make_loop();
  Surface io = loop->surface();
  Gate gate;
  int done = 0;
  for (int i = 0; i < 40; ++i) io.executor.offload_sync([&]() { gate.enter(); }, [&]() { ++done; });
  EXPECT_TRUE(gate.await(40));  // all of them wait inside at once
  gate.release();
  EXPECT_TRUE(loop->run_until([&]() { return done == 40; }, seconds(10)));
}

TEST(posix_pool, threads_start_with_work_and_end_without) {
  const auto loop = make_loop({.pool_idle_max = milliseconds(30)});
  Surface io = loop->surface();
  EXPECT_EQ(loop->counters().pool_threads, 0U);
  for (int round = 1; round <= 3; ++round) {
    Gate gate;
    int done = 0;
    for (int i = 0; i < 5; ++i) io.executor.offload_sync([&]() { gate.enter(); }, [&]() { ++done; });
    ASSERT_TRUE(gate.await(5));
    EXPECT_EQ(loop->counters().pool_threads, 5U);
    gate.release();
    ASSERT_TRUE(loop->run_until([&]() { return done == 5; }, seconds(10)));
    for (int i = 0; i < 500 && loop->counters().pool_threads > 0; ++i) {
      loop->run_until([]() { return false; }, milliseconds(10));
    }
    EXPECT_EQ(loop->counters().pool_threads, 0U);
    EXPECT_EQ(loop->counters().pool_threads_started, 5U * static_cast<unsigned>(round));
  }
}

TEST(posix_pool, one_after_the_other_needs_one_thread) {
  const auto loop = make_loop();
  Surface io = loop->surface();
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    io.executor.offload_sync([]() { std::this_thread::sleep_for(std::chrono::microseconds(100)); }, [&]() { ++done; });
    ASSERT_TRUE(loop->run_until([&]() { return done == i + 1; }, seconds(10)));
    // The thread tells the loop first and is idle a moment later.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_LE(loop->counters().pool_threads_started, 5U);
}

TEST(posix_pool, threads_end_while_work_comes) {
  const auto loop = make_loop({.pool_idle_max = microseconds(50)});
  Surface io = loop->surface();
  int done = 0;
  int started = 0;
  std::function<void()> more = [&]() {
    for (int i = 0; i < 3 && started < 3000; ++i, ++started) {
      io.executor.offload_sync([]() {}, [&]() {
        if (++done % 3 == 0) more();
      });
    }
  };
  more();
  EXPECT_TRUE(loop->run_until([&]() { return done == 3000; }, seconds(60)));
  EXPECT_GT(loop->counters().pool_threads_started, 0U);
}

TEST(posix_loop, goes_down_with_work_under_way) {
  const Folder folder;
  for (int round = 0; round < 20; ++round) {
    auto loop = make_loop();
    Surface io = loop->surface();
    auto alive = std::make_shared<int>(1);
    const FileRef file = io.disk.open(folder.at("f"), OpenMode::create).value();
    for (int i = 0; i < 5; ++i) {
      io.disk.sync(file, [alive](Status) {});
      io.executor.offload([alive]() {}, [alive]() {});
      io.executor.offload_sync([alive]() {}, [alive]() {});
      io.timers.start(io.clock.now() + seconds(5), [alive]() {});
      io.executor.defer([alive]() {});
    }
    io.network.connect({"localhost", 1}, seconds(5), [alive](Result<std::unique_ptr<Stream>>) {});
    loop.reset();
    EXPECT_EQ(alive.use_count(), 1);
  }
}

TEST(posix_paths, are_compared_in_their_plain_form) {
  EXPECT_EQ(plain_path("/a//b/./c/"), "/a/b/c");
  EXPECT_EQ(plain_path("a//b"), "a/b");
  EXPECT_EQ(plain_path("./a"), "a");
  EXPECT_EQ(plain_path("/"), "/");
}

}  // namespace
}  // namespace moldau::io::posix
