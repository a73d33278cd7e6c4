// PosixStream: one TCP connection. What a turn writes is queued and sent at its end: runs of memory by one sendmsg,
// parts of files by sendfile, with MSG_MORE before them, so that a response of a header and a file part is one run of
// packets.
//
// Cost of one request and its answer: one recv (one that returns less than asked for says that nothing is left), one
// sendmsg; none to pause, resume, or wait for room.
#pragma once

#include <utility>
#include <vector>

#include "io/posix/network.h"

namespace moldau::io::posix {

/// A connected socket that no loop watches.
class PosixDetached final : public DetachedStream {
 public:
  PosixDetached(int socket, const SocketAddress& peer) : socket_(socket), peer_(peer) {}
  PosixDetached(const PosixDetached&) = delete;
  PosixDetached& operator=(const PosixDetached&) = delete;
  ~PosixDetached() override;
  /// The socket, which is the caller's from now on.
  int take() { return std::exchange(socket_, -1); }
  const SocketAddress& peer() const { return peer_; }

 private:
  int socket_;
  SocketAddress peer_;
};

class PosixStream final : public Stream, private Watcher {
 public:
  PosixStream(PosixNetwork& network, int socket, const SocketAddress& peer);
  PosixStream(const PosixStream&) = delete;
  PosixStream& operator=(const PosixStream&) = delete;
  ~PosixStream() override;
  Status open();

  void set_handler(StreamHandler* handler) override;
  ReadOutcome read(std::span<std::byte> into) override;
  void write(Bytes bytes) override;
  void write(FileSlice slice) override;
  size_t queued_bytes() const override { return queued_memory_; }
  uint64_t queued_file_bytes() const override { return queued_file_; }
  void pause_reading(bool pause) override;
  void finish() override;
  std::unique_ptr<DetachedStream> detach() override;
  Address peer() const override { return peer_.to_address(); }

 private:
  struct Piece {
    Bytes bytes;
    FileSlice slice;
  };
  enum class Sent : unsigned char { all_given, would_block, broken };

  void on_events(uint32_t events) override;
  void on_ready() override;
  void on_flush() override;

  bool open_for_writing() const { return socket_ >= 0 && !finishing_; }
  void plan_ready();
  void plan_flush();
  void flush();
  Sent send_memory(size_t& budget);
  Sent send_file(size_t& budget);
  void consume_memory(size_t size);
  void pop_piece();
  void break_with(Failure why);
  void complete_finish();

  PosixNetwork& network_;
  Core& core_;
  int socket_;
  WatchId id_ = 0;
  StreamHandler* handler_ = nullptr;
  SocketAddress peer_;
  std::vector<Piece> queue_;
  size_t front_ = 0;       ///< pieces of queue_ before it are sent
  size_t front_sent_ = 0;  ///< bytes of a memory piece at the front that are
  size_t queued_memory_ = 0;
  uint64_t queued_file_ = 0;
  std::unique_ptr<Failure> why_;
  bool readable_ = false;      ///< the socket may have bytes
  bool peer_closed_ = false;   ///< the peer's end is in the socket, behind its last bytes
  bool paused_ = false;
  bool finishing_ = false;
  bool blocked_ = false;       ///< the socket takes no more: EPOLLOUT will come
  bool waited_ = false;        ///< the queue outlived a turn
  bool drained_planned_ = false;
  bool ready_planned_ = false;
  bool flush_planned_ = false;
  bool break_reported_ = false;
};

}  // namespace moldau::io::posix
