#include "io/posix/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace moldau::io::posix {

static constexpr size_t vectors_max = 64;           // iovecs per sendmsg
static constexpr size_t turn_bytes_max = 2 << 20;   // one stream sends up to this per turn, then the others have theirs
static constexpr size_t queue_kept_max = 64;        // pieces that an idle stream's queue keeps room for

PosixStream::PosixStream(PosixNetwork& network, int socket, const SocketAddress& peer)
    : network_(network), core_(network.core()), socket_(socket), peer_(peer) {}

PosixStream::~PosixStream() {
  core_.forget(id_);
  if (socket_ >= 0) close(socket_);
}

Status PosixStream::open() {
  ASSIGN_OR_RETURN(id_, core_.watch(socket_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this));
  return {};
}

void PosixStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  if (handler_ != nullptr) plan_ready();
}

void PosixStream::plan_ready() {
  if (ready_planned_) return;
  ready_planned_ = true;
  core_.plan_ready(id_);
}

void PosixStream::plan_flush() {
  if (flush_planned_) return;
  flush_planned_ = true;
  core_.plan_flush(id_);
}

// --- events

void PosixStream::on_events(uint32_t events) {
  if (socket_ < 0) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) peer_closed_ = true;
  // A reader that is not paused finds the error behind the last bytes; nobody else would.
  if ((events & EPOLLERR) != 0 && paused_) {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    break_with(os_failure(error != 0 ? error : ECONNRESET, "connection"));
    return;
  }
  if (readable_ && !paused_ && handler_ != nullptr) plan_ready();
  if ((events & EPOLLOUT) != 0 && blocked_) {
    blocked_ = false;
    plan_flush();
  }
}

void PosixStream::on_ready() {
  ready_planned_ = false;
  if (handler_ == nullptr || break_reported_) return;
  Core& core = core_;
  const WatchId id = id_;
  if (drained_planned_ && why_ == nullptr) {
    drained_planned_ = false;
    if (queued_memory_ == 0 && queued_file_ == 0) handler_->on_drained();
    if (!core.alive(id)) return;  // the handler destroyed this
  }
  if (why_ != nullptr) {
    break_reported_ = true;
    handler_->on_broken(*why_);
    return;
  }
  if (!readable_ || paused_ || handler_ == nullptr) return;
  handler_->on_readable();
  if (!core.alive(id)) return;
  if ((readable_ && !paused_) || why_ != nullptr) plan_ready();
}

void PosixStream::on_flush() {
  flush_planned_ = false;
  flush();
}

// --- reading

ReadOutcome PosixStream::read(std::span<std::byte> into) {
  if (socket_ < 0) return {0, true};
  if (into.empty()) return {0, false};
  for (;;) {
    ++core_.counters().receives;
    const ssize_t got = recv(socket_, into.data(), into.size(), 0);
    if (got > 0) {
      // Less than asked for: the socket is empty, and an edge will tell of more; the peer's end has had its edge.
      if (static_cast<size_t>(got) < into.size() && !peer_closed_) readable_ = false;
      return {static_cast<size_t>(got), false};
    }
    if (got == 0) {
      readable_ = false;
      return {0, true};
    }
    if (errno == EINTR) continue;
    readable_ = false;
    if (errno == EAGAIN) return {0, false};
    break_with(os_failure(errno, "connection"));
    return {0, true};
  }
}

void PosixStream::pause_reading(bool pause) {
  paused_ = pause;
  if (!paused_ && readable_) plan_ready();
}

// --- writing

void PosixStream::write(Bytes bytes) {
  if (bytes.empty() || !open_for_writing()) return;
  queued_memory_ += bytes.size();
  queue_.push_back({std::move(bytes), {}});
  if (!blocked_) plan_flush();
}

void PosixStream::write(FileSlice slice) {
  if (slice.size == 0 || !open_for_writing()) return;
  queued_file_ += slice.size;
  queue_.push_back({{}, std::move(slice)});
  if (!blocked_) plan_flush();
}

void PosixStream::finish() {
  if (!open_for_writing()) return;
  finishing_ = true;
  if (!blocked_) plan_flush();
}

void PosixStream::flush() {
  if (socket_ < 0 || blocked_) return;
  size_t budget = turn_bytes_max;
  while (front_ < queue_.size()) {
    const Sent sent = queue_[front_].slice.file != nullptr ? send_file(budget) : send_memory(budget);
    if (sent == Sent::broken) return;
    if (sent == Sent::would_block || budget == 0) {
      waited_ = true;
      blocked_ = sent == Sent::would_block;
      if (!blocked_) plan_flush();  // other streams first, then the rest
      return;
    }
  }
  queue_.clear();
  front_ = 0;
  if (queue_.capacity() > queue_kept_max) queue_.shrink_to_fit();
  if (finishing_) {
    complete_finish();
  } else if (std::exchange(waited_, false)) {
    drained_planned_ = true;
    plan_ready();
  }
}

/// Sends the run of memory pieces at the front. One syscall per 64 pieces.
PosixStream::Sent PosixStream::send_memory(size_t& budget) {
  std::array<iovec, vectors_max> vectors;
  size_t count = 0;
  size_t total = 0;
  size_t next = front_;
  for (; next < queue_.size() && count < vectors_max && queue_[next].slice.file == nullptr; ++next) {
    const Bytes& bytes = queue_[next].bytes;
    const size_t skip = next == front_ ? front_sent_ : 0;
    vectors[count++] = {bytes.data() + skip, bytes.size() - skip};
    total += bytes.size() - skip;
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  // What follows in this turn shares the last packet.
  const int more = next < queue_.size() ? MSG_MORE : 0;
  for (;;) {
    ++core_.counters().sends;
    const ssize_t sent = sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
    if (sent >= 0) {
      consume_memory(static_cast<size_t>(sent));
      budget -= std::min(budget, static_cast<size_t>(sent));
      return static_cast<size_t>(sent) < total ? Sent::would_block : Sent::all_given;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Sent::would_block;
    break_with(os_failure(errno, "connection"));
    return Sent::broken;
  }
}

void PosixStream::consume_memory(size_t size) {
  queued_memory_ -= size;
  while (size > 0) {
    const size_t left = queue_[front_].bytes.size() - front_sent_;
    if (size < left) {
      front_sent_ += size;
      return;
    }
    size -= left;
    pop_piece();
  }
}

void PosixStream::pop_piece() {
  queue_[front_] = {};
  ++front_;
  front_sent_ = 0;
  if (front_ >= queue_kept_max && front_ * 2 >= queue_.size()) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(front_));
    front_ = 0;
  }
}

/// Sends of the file part at the front what the socket takes. One syscall per call.
PosixStream::Sent PosixStream::send_file(size_t& budget) {
  FileSlice& slice = queue_[front_].slice;
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(slice.size, budget));
  ++core_.counters().file_sends;
  const Result<size_t> sent = network_.disk().send(socket_, *slice.file, slice.offset, wanted);
  if (!sent.ok() && sent.failure().os_errno == EAGAIN) return Sent::would_block;
  if (!sent.ok() || sent.value() == 0) {
    // A promised length cannot be taken back.
    break_with(sent.ok() ? Failure{FailureKind::io, slice.file->path() + ": shorter than promised"} : sent.failure());
    return Sent::broken;
  }
  slice.offset += sent.value();
  slice.size -= sent.value();
  queued_file_ -= sent.value();
  budget -= sent.value();
  if (slice.size == 0) pop_piece();
  return Sent::all_given;
}

// --- moving

PosixDetached::~PosixDetached() {
  if (socket_ >= 0) close(socket_);
}

/// One syscall (epoll_ctl). Readiness is not carried along: registering the socket anew reports it anew.
std::unique_ptr<DetachedStream> PosixStream::detach() {
  if (!open_for_writing() || why_ != nullptr || front_ < queue_.size()) return nullptr;
  handler_ = nullptr;
  core_.release(socket_);
  return std::make_unique<PosixDetached>(std::exchange(socket_, -1), peer_);
}

// --- the end

void PosixStream::break_with(Failure why) {
  if (why_ != nullptr) return;
  why_ = std::make_unique<Failure>(std::move(why));
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  queue_.clear();
  front_ = front_sent_ = 0;
  queued_memory_ = 0;
  queued_file_ = 0;
  plan_ready();
}

void PosixStream::complete_finish() {
  const int socket = std::exchange(socket_, -1);
  core_.release(socket);
  shutdown(socket, SHUT_WR);
  network_.linger(socket);
  // The stream lives on without a socket, to report its end.
  why_ = std::make_unique<Failure>(Failure{FailureKind::closed, "finished"});
  plan_ready();
}

}  // namespace moldau::io::posix
