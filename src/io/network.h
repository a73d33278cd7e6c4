// Network: byte streams that never block. What a turn queues on a stream is sent at its end, in one call where
// possible: memory by sendmsg, parts of files by MSG_MORE and sendfile.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "io/executor.h"

namespace moldau::io {

/// Where to listen or connect: a name or a literal IPv4 or IPv6 address, and a port (0 to listen on any free one).
struct Address {
  std::string host;
  uint16_t port = 0;

  bool operator==(const Address&) const = default;
  std::string to_string() const;  ///< "host:port", IPv6 hosts in brackets
};

/// A part of a file to be sent as it is. The File stays open until the last byte is sent.
struct FileSlice {
  FileRef file;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// What a read found.
struct ReadOutcome {
  size_t size = 0;   ///< bytes read; 0 with end == false: nothing there now, on_readable will come
  bool end = false;  ///< the peer closed its side (or the connection broke)
};

/// Told of what happens on a stream; calls come from the shard's loop, never from inside a call on the stream.
class StreamHandler {
 public:
  /// Bytes, or the end, can be read. Comes again in later turns until a read reported nothing there.
  virtual void on_readable() = 0;
  /// All that was queued has been handed to the kernel, after a time when it was not.
  virtual void on_drained() = 0;
  /// The connection broke, or a file came short of its promised bytes. No call follows; destroy the stream when
  /// convenient (also from inside this call).
  virtual void on_broken(const Failure& why) = 0;

 protected:
  ~StreamHandler() = default;
};

/// A connection on its way from one shard to another: what a message may carry. Dropping it closes the connection.
class DetachedStream {
 public:
  virtual ~DetachedStream() = default;
};

class Stream {
 public:
  /// Destruction closes the connection at once and drops what is queued; no handler call follows.
  virtual ~Stream() = default;
  /// Before this is called nothing is reported. `handler` must outlive the stream.
  virtual void set_handler(StreamHandler* handler) = 0;
  virtual ReadOutcome read(std::span<std::byte> into) = 0;
  /// Queues bytes; sent at the end of the turn. After a break it does nothing.
  virtual void write(Bytes bytes) = 0;
  virtual void write(FileSlice slice) = 0;
  /// Memory bytes queued and not yet taken by the kernel (file slices not counted).
  virtual size_t queued_bytes() const = 0;
  /// File bytes queued and not yet taken by the kernel.
  virtual uint64_t queued_file_bytes() const = 0;
  /// Stops or resumes on_readable, for back-pressure.
  virtual void pause_reading(bool pause) = 0;
  /// Closes after what is queued has been sent; then on_broken comes with FailureKind::closed.
  virtual void finish() = 0;
  /// Takes the connection out of this shard. Null, and nothing happens, when something is queued to be sent, or it is
  /// finishing or broken. Afterwards this stream has no connection, and its handler hears nothing more: destroy it.
  /// What was not read is there for the stream that Network::attach makes.
  virtual std::unique_ptr<DetachedStream> detach() = 0;
  virtual Address peer() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;  ///< stops listening
  /// Stops or resumes accepting, also from inside the accept handler: meanwhile the kernel holds who comes.
  virtual void pause_accepting(bool pause) = 0;
  virtual Address local() const = 0;  ///< with the real port
};

using AcceptHandler = std::move_only_function<void(std::unique_ptr<Stream>)>;

struct ListenOptions {
  /// Connections that the kernel holds until they are accepted; it cuts this to net.core.somaxconn.
  int backlog = 4096;
};

class Network {
 public:
  virtual ~Network() = default;
  /// Listens and calls `accepted` for each connection. Running out of descriptors backs off and is not an error.
  virtual Result<std::unique_ptr<Listener>> listen(const Address& address, AcceptHandler accepted,
                                                   const ListenOptions& options = {}) = 0;
  virtual void connect(const Address& address, Duration timeout,
                       Completion<Result<std::unique_ptr<Stream>>> done) = 0;
  /// Takes a connection over that another shard of this node detached. One that cannot be taken is closed.
  virtual Result<std::unique_ptr<Stream>> attach(std::unique_ptr<DetachedStream> detached) = 0;
};

}  // namespace moldau::io
