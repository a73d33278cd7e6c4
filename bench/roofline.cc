// moldau-roofline: the least that a broker must do for a Produce request, as an anchor beside Apache Kafka: receive,
// check CRC-32C, put the offset into the batch, append it to its partition's file, answer. No protocol beyond Produce
// v7 as moldau-raw sends it, no index, no producer state, no reader, no recovery.
//
//   page cache   one gathered write per partition and turn; answers in the same turn
//   --sync 1     besides, the bytes of a turn go with one gathered write into a journal, a file that was filled with
//                zeros before and is overwritten in place, and are answered after a sync of it. What comes during a
//                sync is in the next one. Nothing is ever checkpointed: a broker must do more
//
// One thread with epoll, and with --sync one more that does nothing but sync. Prints `ready 127.0.0.1:PORT` on
// standard error; ends at SIGTERM. It trusts its load generator, but not for sizes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <map>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "base/crc32c.h"
#include "bench/raw_client.h"

namespace moldau::bench {
namespace {

constexpr size_t frame_bytes_max = 64 << 20;
constexpr size_t receive_bytes = 1 << 20;
constexpr int16_t corrupt_message = 2;
constexpr size_t checksum_at = 17;
constexpr size_t checksummed_from = 21;
constexpr size_t last_offset_delta_at = 23;

void check(bool good, const char* what) {
  if (!good) fail(std::string(what) + ": " + std::strerror(errno));
}

/// Writes all of `parts` at `offset`, in as few calls as there can be.
void write_all(int fd, std::vector<iovec>& parts, off_t offset) {
  for (size_t first = 0; first < parts.size();) {
    const auto count = static_cast<int>(std::min<size_t>(IOV_MAX, parts.size() - first));
    const ssize_t written = pwritev(fd, parts.data() + first, count, offset);
    check(written > 0, "write");
    offset += written;
    auto left = static_cast<size_t>(written);
    while (first < parts.size() && left >= parts[first].iov_len) left -= parts[first++].iov_len;
    if (left > 0) {
      parts[first].iov_base = static_cast<std::byte*>(parts[first].iov_base) + left;
      parts[first].iov_len -= left;
    }
  }
}

/// A file that receives the bytes of every turn and goes round: only its length and its blocks never change.
class Journal {
 public:
  explicit Journal(const std::string& path) {
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    check(fd_ >= 0, "journal");
    const std::vector<std::byte> zeros(1 << 20);
    for (size_t at = 0; at < bytes; at += zeros.size()) check(write(fd_, zeros.data(), zeros.size()) > 0, "journal");
    check(fsync(fd_) == 0, "journal");
  }
  void append(std::vector<iovec> parts, size_t size) {
    if (at_ + size > bytes) at_ = 0;
    if (size > bytes) fail("more than the journal holds came in one turn");
    write_all(fd_, parts, static_cast<off_t>(at_));
    at_ += size;
  }
  void sync() const { check(fdatasync(fd_) == 0, "sync"); }

 private:
  static constexpr size_t bytes = 256 << 20;
  int fd_ = -1;
  size_t at_ = 0;
};

/// Syncs the journal when told to, in a thread of its own; an eventfd says when it is done.
class Syncer {
 public:
  Syncer(Journal& journal, int done) : thread_([this, &journal, done] {
    while (true) {
      begin_.acquire();
      if (stop_) return;
      journal.sync();
      const uint64_t one = 1;
      check(write(done, &one, sizeof one) == sizeof one, "eventfd");
    }
  }) {}
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;
  ~Syncer() {
    stop_ = true;
    begin_.release();
    thread_.join();
  }
  void begin() { begin_.release(); }

 private:
  std::counting_semaphore<> begin_{0};
  bool stop_ = false;  ///< written before the release that shows it
  std::thread thread_;
};

struct Partition {
  int fd = -1;
  off_t size = 0;
  int64_t next_offset = 0;
  std::vector<iovec> queued;  ///< of this turn; into the connections' buffers
};

struct Connection {
  int fd = -1;
  std::vector<std::byte> in;
  size_t received = 0;
  size_t parsed = 0;
  std::vector<std::byte> out;
  size_t sent = 0;
  bool broken = false;
};

/// Answers that wait for a sync.
struct Waiting {
  Connection* connection;
  std::vector<std::byte> answer;
};

class Roofline {
 public:
  Roofline(std::string folder, int64_t port, bool sync);
  void run();

 private:
  void accept_all();
  void receive(Connection& connection);
  void take_frame(Connection& connection, std::span<std::byte> frame);
  int16_t append(std::string_view topic, int32_t index, std::span<std::byte> batch, int64_t& base_offset);
  void end_turn(std::vector<Connection*>& touched);
  void begin_sync();
  void on_synced(std::vector<Connection*>& touched);
  static void flush(Connection& connection);

  const std::string folder_;
  int listener_ = -1;
  int epoll_ = -1;
  int synced_ = -1;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::map<std::pair<std::string, int32_t>, Partition, std::less<>> partitions_;
  std::vector<Partition*> dirty_;
  std::vector<iovec> turn_;
  size_t turn_bytes_ = 0;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Syncer> syncer_;
  bool syncing_ = false;
  std::vector<Waiting> waiting_;    ///< for the next sync
  std::vector<Waiting> in_sync_;    ///< for the one that runs
};

Roofline::Roofline(std::string folder, int64_t port, bool sync) : folder_(std::move(folder)) {
  mkdir(folder_.c_str(), 0755);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  check(listen(listener_, 4096) == 0, "listen");
  socklen_t length = sizeof address;
  check(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0, "getsockname");
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  synced_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (const int fd : {listener_, synced_}) {
    epoll_event event{EPOLLIN, {.fd = fd}};
    check(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
  }
  if (sync) {
    journal_ = std::make_unique<Journal>(folder_ + "/journal");
    syncer_ = std::make_unique<Syncer>(*journal_, synced_);
  }
  std::fprintf(stderr, "ready 127.0.0.1:%d\n", ntohs(address.sin_port));
}

void Roofline::accept_all() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    epoll_event event{EPOLLIN, {.fd = fd}};
    check(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
    connections_[fd] = std::move(connection);
  }
}

/// One recv; the frames stay where they are until the end of the turn, for they are written from there.
void Roofline::receive(Connection& c) {
  if (c.in.size() - c.received < receive_bytes) c.in.resize(c.received + receive_bytes);
  const ssize_t n = recv(c.fd, c.in.data() + c.received, receive_bytes, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    c.broken = true;
    return;
  }
  c.received += static_cast<size_t>(n);
  while (!c.broken && c.received - c.parsed >= 4) {
    const auto size = static_cast<size_t>(load_big_endian<uint32_t>(c.in.data() + c.parsed));
    if (size > frame_bytes_max) {
      c.broken = true;
    } else if (c.received - c.parsed - 4 < size) {
      return;
    } else {
      take_frame(c, std::span(c.in).subspan(c.parsed + 4, size));
      c.parsed += 4 + size;
    }
  }
}

void Roofline::take_frame(Connection& connection, std::span<std::byte> frame) {
  Reader in(frame);
  const auto key = in.take<int16_t>();
  const auto version = in.take<int16_t>();
  if (key != produce_key || version != 7) {
    connection.broken = true;
    return;
  }
  Writer out;
  out.put(int32_t{0});
  out.put(in.take<int32_t>());
  in.text();
  in.text();
  in.bytes(2 + 4);
  const auto topics = in.take<int32_t>();
  out.put(topics);
  for (int32_t t = 0; t < topics; ++t) {
    const std::string topic(in.text());
    out.text(topic);
    const auto count = in.take<int32_t>();
    out.put(count);
    for (int32_t p = 0; p < count; ++p) {
      const auto index = in.take<int32_t>();
      const auto size = in.take<int32_t>();
      const auto bytes = in.bytes(static_cast<size_t>(std::max(0, size)));
      const std::span<std::byte> batch = frame.subspan(static_cast<size_t>(bytes.data() - frame.data()), bytes.size());
      int64_t base_offset = -1;
      out.put(index);
      out.put(append(topic, index, batch, base_offset));
      out.put(base_offset);
      out.put(int64_t{-1});
      out.put(int64_t{0});
    }
  }
  out.put(int32_t{0});
  waiting_.push_back({&connection, finish_request(out)});
}

int16_t Roofline::append(std::string_view topic, int32_t index, std::span<std::byte> batch, int64_t& base_offset) {
  if (batch.size() < batch_header_bytes ||
      static_cast<size_t>(load_big_endian<int32_t>(batch.data() + 8)) + 12 != batch.size() ||
      load_big_endian<uint32_t>(batch.data() + checksum_at) != crc32c(batch.subspan(checksummed_from))) {
    return corrupt_message;
  }
  auto [found, fresh] = partitions_.try_emplace({std::string(topic), index});
  Partition& partition = found->second;
  if (fresh) {
    const std::string path = folder_ + "/" + std::string(topic) + "-" + std::to_string(index) + ".log";
    partition.fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    check(partition.fd >= 0, "open");
  }
  base_offset = partition.next_offset;
  store_big_endian(batch.data(), base_offset);
  partition.next_offset += load_big_endian<int32_t>(batch.data() + last_offset_delta_at) + 1;
  if (partition.queued.empty()) dirty_.push_back(&partition);
  partition.queued.push_back({batch.data(), batch.size()});
  turn_.push_back(partition.queued.back());
  turn_bytes_ += batch.size();
  return 0;
}

void Roofline::end_turn(std::vector<Connection*>& touched) {
  if (journal_ && !turn_.empty()) journal_->append(turn_, turn_bytes_);
  for (Partition* partition : dirty_) {
    size_t size = 0;
    for (const iovec& part : partition->queued) size += part.iov_len;
    write_all(partition->fd, partition->queued, partition->size);
    partition->size += static_cast<off_t>(size);
    partition->queued.clear();
  }
  dirty_.clear();
  turn_.clear();
  turn_bytes_ = 0;
  for (Connection* c : touched) {
    if (c->parsed == 0) continue;
    std::memmove(c->in.data(), c->in.data() + c->parsed, c->received - c->parsed);
    c->received -= c->parsed;
    c->parsed = 0;
  }
  if (journal_) {
    begin_sync();
    return;
  }
  in_sync_.swap(waiting_);
  on_synced(touched);
}

void Roofline::begin_sync() {
  if (syncing_ || waiting_.empty()) return;
  in_sync_.swap(waiting_);
  syncing_ = true;
  syncer_->begin();
}

/// The answers go out: one send for each connection.
void Roofline::on_synced(std::vector<Connection*>& touched) {
  for (const Waiting& one : in_sync_) {
    Connection& c = *one.connection;
    if (c.out.empty() && std::find(touched.begin(), touched.end(), &c) == touched.end()) touched.push_back(&c);
    c.out.insert(c.out.end(), one.answer.begin(), one.answer.end());
  }
  in_sync_.clear();
  for (Connection* c : touched) flush(*c);
}

void Roofline::flush(Connection& c) {
  while (c.sent < c.out.size() && !c.broken) {
    const ssize_t n = send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) c.broken = true;  // answers are small: a generator that does not take them is gone
    if (n > 0) c.sent += static_cast<size_t>(n);
  }
  c.out.clear();
  c.sent = 0;
}

void Roofline::run() {
  std::vector<epoll_event> events(256);
  std::vector<Connection*> touched;
  while (true) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) check(false, "epoll_wait");
    touched.clear();
    bool synced = false;
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener_) {
        accept_all();
      } else if (fd == synced_) {
        uint64_t ignored = 0;
        synced = read(synced_, &ignored, sizeof ignored) == sizeof ignored;
      } else {
        touched.push_back(connections_.at(fd).get());
        receive(*touched.back());
      }
    }
    if (synced) {
      std::vector<Connection*> answered;
      on_synced(answered);
      syncing_ = false;
    }
    end_turn(touched);
    const auto waits_for = [](const Connection* c) { return [c](const Waiting& one) { return one.connection == c; }; };
    for (Connection* c : touched) {
      if (!c->broken) continue;
      std::erase_if(waiting_, waits_for(c));
      std::erase_if(in_sync_, waits_for(c));
      close(c->fd);
      connections_.erase(c->fd);
    }
  }
}

}  // namespace
}  // namespace moldau::bench

int main(int argc, char** argv) {
  std::string folder = "roofline";
  int64_t port = 0;
  int64_t sync = 0;
  moldau::bench::Options options;
  options.bind("--data", folder);
  options.bind("--port", port);
  options.bind("--sync", sync);
  options.parse(argc, argv, 1);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  moldau::bench::Roofline(folder, port, sync != 0).run();
  return 0;
}
