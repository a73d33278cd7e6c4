// Connection: one client's byte stream. Reads frames, hands requests to the shard, and sends the answers in the order
// of the requests.
//
// Order. Kafka handles one request of a connection at a time. Here produces may overlap each other, and offset commits
// each other, for they are appended in their order and answered in their order; any other request waits until all
// before it are answered, and those behind it wait too. What waits stays in the receive block, and reading stops when
// that is full.
//
// Bounds: at most requests_in_flight_max requests; no further request is taken while more than send_queue_bytes_max
// wait for the peer to read; a half-received frame has frame_time_max to arrive unless it comes at
// frame_bytes_per_second_min. While the node is short of memory, stricter rules hold (docs/design/memory.md).
//
// An idle connection holds no receive block and no response: this object and its stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/fetch_session.h"
#include "broker/frame_reader.h"
#include "broker/metrics.h"
#include "broker/request.h"
#include "io/network.h"

namespace moldau::broker {

class Shard;

/// A connection on its way to another shard.
struct MovingConnection {
  std::unique_ptr<io::DetachedStream> stream;
  std::shared_ptr<const Peer> peer;
  std::vector<std::byte> unread;                 ///< received, and not handled yet
  std::unique_ptr<api::FetchSession> session{};  ///< that its fetches use
  Instant steered{INT64_MIN / 2};                ///< when it went where its requests are for
};

/// Which shard the requests of a connection are for: counts their parts by the owners of the partitions.
class SeatCount {
 public:
  static constexpr uint32_t parts_max = 64;

  /// One part more. After parts_max of them: the shard that more than three quarters were for, if there is one, and the
  /// count begins anew.
  std::optional<uint32_t> note(size_t owner);

 private:
  std::vector<uint8_t> by_shard_;
  uint32_t parts_ = 0;
};

class Connection final : public io::StreamHandler {
 public:
  static constexpr size_t requests_in_flight_max = 128;
  static constexpr size_t send_queue_bytes_max = 1 << 20;
  static constexpr uint64_t send_queue_file_bytes_max = 64ULL << 20;
  static constexpr size_t reads_per_turn_max = 16;
  static constexpr size_t unsent_bytes_max = 64 << 10;  ///< while memory is scarce, of who takes nothing
  static constexpr Duration frame_time_max = seconds(30);
  static constexpr uint64_t frame_bytes_per_second_min = 1024;
  static constexpr Duration scarce_frame_time_max = seconds(10);  ///< while memory is scarce
  static constexpr uint64_t scarce_frame_bytes_per_second_min = 64 << 10;
  static constexpr Duration steered_again_min = seconds(2);

  Connection(Shard& shard, ConnectionId id, std::unique_ptr<io::Stream> stream, std::shared_ptr<const Peer> peer,
             Instant now);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ConnectionId id() const noexcept { return id_; }
  const Peer& peer() const noexcept { return *peer_; }
  const std::shared_ptr<const Peer>& shared_peer() const noexcept { return peer_; }

  /// The answer to the request of that slot; sent when those before it are.
  void deliver(uint64_t slot, Response response);
  /// The request of that slot has no answer (acks=0).
  void deliver_nothing(uint64_t slot);
  /// Closes at once, dropping what is queued.
  void close();
  /// Answers what is in flight, sends it, and closes; takes no further request.
  void finish();
  /// Gives its stream and what it read away, if nothing is in flight and nothing to be sent; then it is closed.
  bool leave(MovingConnection& moving);
  /// Takes up what it had read where it came from. REQUIRES: nothing was read here yet.
  void take_over(std::span<const std::byte> unread);
  /// A part of a request of it was for a partition of shard `owner`. Where most were for another shard than its own, it
  /// takes no further request, and goes there when what is in flight is answered, if it may (Shard::may_steer).
  void note_owner(size_t owner);
  /// Where it wants to go.
  std::optional<uint32_t> seat() const noexcept { return seat_; }
  /// It could not go: it goes on here.
  void stay();
  void set_steered(Instant when) { steered_ = when; }
  Instant steered() const noexcept { return steered_; }
  /// The session that its fetches use; 0 for none.
  void set_fetch_session(int32_t session) noexcept { fetch_session_ = session; }
  int32_t fetch_session() const noexcept { return fetch_session_; }
  /// Looks at the time: closes what is idle or too slow; while memory is `scarce`, also who took nothing of much that
  /// waits to be sent since it was checked last.
  void check(Instant now, Duration idle_max, bool scarce);
  /// True when it closed and waits to be destroyed.
  bool closed() const noexcept { return stream_ == nullptr; }
  bool busy() const noexcept { return !slots_.empty(); }
  /// Goes on with what had to wait; the broker calls it in a turn of its own.
  void resume();

 private:
  struct Slot {
    bool ready = false;
    wire::ApiKey api_key{};
    RequestTimes times;
    Response response;
  };

  void on_readable() override;
  void on_drained() override;
  void on_broken(const Failure& why) override;

  void pump();
  bool may_take_next() const;
  bool take(Bytes frame);
  void refuse_bytes();
  void flush(Instant sent);
  void send(Response response);
  void resume_later();
  bool send_queue_full() const;
  void hold_back();

  Shard& shard_;
  ConnectionId id_;
  std::unique_ptr<io::Stream> stream_;
  std::shared_ptr<const Peer> peer_;
  FrameReader reader_;
  std::vector<Slot> slots_;  // of requests in flight, oldest first
  uint64_t first_slot_ = 0;  // number of the oldest
  Instant last_active_;
  Instant frame_started_{INT64_MAX};  // later by the time that it was not read while memory was scarce
  Instant waiting_since_ = Instant::never();  // since when whole frames wait for their turn
  Instant clock_read_ = Instant::never();     // by the request before, in the same pump(): the next one begins then
  SeatCount seats_;
  std::optional<uint32_t> seat_;
  Instant steered_{INT64_MIN / 2};
  int32_t fetch_session_ = 0;
  Instant flushed_at_;        // when the last answer was given to the stream
  size_t unsent_ = 0;         // bytes that waited to be sent at the last check
  bool overlapping_ = false;  // all in flight are of one API whose requests may overlap: that of slots_.front()
  bool pumping_ = false;
  bool send_queue_was_full_ = false;
  bool resuming_ = false;  // resume() is on its way
  bool reading_paused_ = false;
  bool peer_ended_ = false;
  bool finishing_ = false;
  Bytes last_answer_;  // of Mutant::answer_bytes_reused alone
};

}  // namespace moldau::broker
