// Connection: one TCP connection to one broker, as a client has it. Connects, negotiates versions, pipelines requests,
// matches responses (which come in order), times out.
//
//   state        goes to       when
//   idle         connecting    somebody asks for it                                  when_ready
//   connecting   negotiating   connected: ApiVersions is sent                        connected
//   negotiating  negotiating   UNSUPPORTED_VERSION: asked again in a version it has  take_versions
//   negotiating  ready         versions are known                                    take_versions
//   any          broken        refused, cut, a timeout, a malformed response, close  fail
//
// A response that does not come in time breaks the connection: those behind it would wait for it too. A broken
// connection stays broken; its owner (Client) makes another. Every request completes exactly once, in a later turn,
// also when it breaks.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "client/options.h"
#include "client/request.h"
#include "client/versions.h"
#include "io/surface.h"

namespace moldau::client {

class Connection final : private io::StreamHandler {
 public:
  enum class State : uint8_t { idle, connecting, negotiating, ready, broken };

  /// `options` must outlive the connection.
  Connection(const io::Surface& surface, const ClientOptions& options, io::Address address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects if nobody asked before; `done` gets ok once requests can be sent, or why they never will.
  void when_ready(io::Completion<Status> done);
  /// Encodes `body` at once in the highest version that both sides have, and sends it when there is room in flight.
  /// Failures: unsupported (no common version), invalid_argument (no form in that version), unavailable (queue full),
  /// timed_out, closed, corrupt (malformed response). REQUIRES: ready or broken.
  void send(const RequestBody& body, const SendOptions& options, io::Completion<Result<RawReply>> done);
  /// Fails all that waits and closes.
  void close();

  State state() const { return state_; }
  const io::Address& address() const { return address_; }
  /// Requests waiting or in flight.
  size_t load() const { return waiting_.size() + in_flight_.size(); }
  /// What the broker serves; empty before ready.
  const VersionTable& versions() const { return versions_; }
  /// Why it broke. REQUIRES: state() == broken.
  const Failure& why() const { return *why_; }

 private:
  struct Pending {
    Bytes frame;  // encoded, empty once sent
    io::Completion<Result<RawReply>> done;
    Instant deadline;
    int32_t correlation_id = 0;
    wire::ApiKey api_key = wire::ApiKey::api_versions;
    int16_t version = 0;
    bool flexible_header = false;
    bool expects_reply = true;
  };

  void on_readable() override;
  void on_drained() override {}
  void on_broken(const Failure& why) override;

  void connected(Result<std::unique_ptr<io::Stream>> stream);
  void send_api_versions(int16_t version);
  void take_versions(Result<RawReply> reply);
  Result<Pending> encode(const RequestBody& body, const SendOptions& options, int16_t version);
  void enqueue(Pending pending);
  void send_waiting();
  void take_bytes(std::span<const std::byte> bytes);
  void take_frame(const Bytes& frame);
  void complete(io::Completion<Result<RawReply>> done, Result<RawReply> result);
  void tell_waiters(const Status& status);
  void fail(Failure why);
  void arm_timer(Instant deadline);
  void check_deadlines();

  io::Surface surface_;
  const ClientOptions& options_;
  io::Address address_;
  State state_ = State::idle;
  std::optional<Failure> why_;
  std::unique_ptr<io::Stream> stream_;
  std::unique_ptr<io::Stream> broken_stream_;  // about to be destroyed
  std::vector<io::Completion<Status>> ready_waiters_;
  std::deque<Pending> waiting_;    // encoded, no room in flight yet
  std::deque<Pending> in_flight_;  // in order of sending
  VersionTable versions_;
  int32_t next_correlation_id_ = 0;
  io::TimerId timer_ = 0;
  Instant timer_deadline_ = Instant::never();
  std::array<std::byte, 4> size_bytes_{};  // of the frame being read
  size_t size_have_ = 0;
  BlockRef frame_;
  size_t frame_size_ = 0;
  size_t frame_have_ = 0;
  std::vector<std::byte> scratch_;
  std::shared_ptr<Connection*> self_;  // null inside once destroyed, for callbacks under way
};

}  // namespace moldau::client
