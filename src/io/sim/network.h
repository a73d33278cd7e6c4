// Fabric: all connections of a simulated world, and all the ways in which networks fail.
//
// The fault model:
// - A connection is two directions. Each carries bytes in order, none lost, none doubled, as TCP does; everything else
//   may happen to it: every send takes a drawn delay and may be split at any byte, reads may return less than is there.
// - A direction holds at most a window of bytes between sender and reader; beyond it the sender's queue waits.
// - A connection may be reset at any send (cut_ppm, cut_connections): each side learns of it at its own time; bytes
//   under way are lost, bytes that arrived may or may not still be read.
// - A partition (both ways or one way) holds everything: bytes, connects, resets, acknowledgements. A side with bytes
//   not acknowledged for give_up_after (to twice that) breaks with timed_out. What was under way arrives after the heal
//   if the connection still stands at the receiver, so a peer may get old bytes of a sender that gave up long ago.
// - A direction may stand still on its own (hold_ppm) and deliver later: requests of connections that their client has
//   abandoned.
// - A connect may be refused, by chance or because nobody listens; to a machine without power it may time out; to an
//   unknown name it fails with not_found.
// - A killed process resets its connections; a machine without power says nothing, and answers with a reset once it is
//   up again and hears from an old connection.
// - Parts of files are read when they are sent, with the disk's read faults; one that comes short breaks the
//   connection.
// - Not modelled: corrupted bytes (TCP over a checked link), reordering within a connection, datagrams.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "io/network.h"
#include "io/sim/faults.h"

namespace moldau::io::sim {

class Node;
class World;

/// One side of a connection: what the kernel of its node knows of it. The stream in the shell's hands refers to it.
struct End {
  End(Node& on, uint64_t of_incarnation, uint64_t connection, Address other)
      : node(&on), incarnation(of_incarnation), id(connection), peer_address(std::move(other)) {}

  Node* node;  ///< the shard of its machine where the shell's stream is
  const uint64_t incarnation;
  const uint64_t id;  ///< of the connection, the same on both sides
  const Address peer_address;
  std::weak_ptr<End> peer;

  // What the shell did.
  StreamHandler* handler = nullptr;
  bool held = true;  ///< the shell has the stream
  bool paused = false;
  bool finishing = false;
  bool closed = false;  ///< destroyed, or finished and all sent

  // What goes out.
  struct Piece {
    Bytes bytes;
    FileSlice slice;
    uint64_t sent = 0;
    uint64_t size() const { return slice.file != nullptr ? slice.size : bytes.size(); }
  };
  std::deque<Piece> queue;
  size_t queued_memory = 0;
  uint64_t queued_file = 0;
  bool waited = false;  ///< something had to wait for the window
  bool flush_planned = false;
  uint64_t window = 0;     ///< bytes that may be under way
  uint64_t under_way = 0;  ///< bytes sent that the peer's shell has not read
  Instant last_arrival;    ///< of what was sent so far
  Instant held_until;      ///< this direction stands still until then
  uint64_t parcels_sent = 0;
  bool watched = false;  ///< a check of progress is under way

  // What came in.
  std::vector<std::byte> inbound;
  size_t inbound_read = 0;
  uint64_t parcels_received = 0;
  std::map<uint64_t, std::vector<std::byte>> early;  ///< parcels that overtook others, which a partition held
  bool end_arrived = false;
  bool end_reported = false;
  bool may_be_more = false;  ///< no read has reported "nothing there" since bytes came
  bool readable_planned = false;

  // How it broke.
  std::optional<Failure> why;
  bool break_planned = false;

  size_t inbound_size() const { return inbound.size() - inbound_read; }
  bool broken() const { return why.has_value(); }
  /// The node has not died since.
  bool alive() const;
};
using EndRef = std::shared_ptr<End>;

class Fabric {
 public:
  Fabric(World& world, uint64_t seed);
  ~Fabric();

  NetworkFaults& faults() { return faults_; }
  void block(const std::string& from, const std::string& to);
  void unblock(const std::string& from, const std::string& to);
  void unblock_all();
  size_t cut(const std::string& a, const std::string& b);
  void node_died(Node& node, bool silently);
  void drop_everything();

  Result<std::unique_ptr<Listener>> listen(Node& node, const Address& address, AcceptHandler accepted,
                                           const ListenOptions& options);
  void stop_listening(const Address& address, uint64_t id);
  void pause_accepting(const Address& address, uint64_t id, bool pause);
  void connect(Node& node, const Address& address, Duration timeout,
               Completion<Result<std::unique_ptr<Stream>>> done);

  // What streams call.
  ReadOutcome read(const EndRef& end, std::span<std::byte> into);
  void plan_flush(const EndRef& end);
  void plan_readable(const EndRef& end);
  /// Tells the shell of a break, when it may be told.
  void plan_break(const EndRef& end);
  void shell_dropped(const EndRef& end);
  /// The stream of `end` leaves its shard; false if it cannot now.
  bool detach(const EndRef& end);

 private:
  using Link = std::pair<std::string, std::string>;
  struct Listening {
    uint64_t id;
    std::shared_ptr<AcceptHandler> accepted;
    size_t backlog = 0;
    bool paused = false;
    std::deque<std::unique_ptr<Stream>> waiting;  ///< come while it was paused
  };
  struct Attempt;
  using AttemptRef = std::shared_ptr<Attempt>;
  struct Parcel {
    uint64_t number;
    std::vector<std::byte> bytes;  ///< none: the end
  };

  bool draw(uint32_t ppm);
  Duration delay();
  /// Runs `arrive` (an event of the world) at `when`, or after the link has been healed.
  void carry(const Link& link, Instant when, Callback arrive);
  void release(const Link& link);

  void syn_arrived(const AttemptRef& attempt);
  void accept_next(const Address& address, uint64_t id);
  void refuse(const AttemptRef& attempt, Failure failure);
  void settle(const AttemptRef& attempt, Result<std::unique_ptr<Stream>> result);
  std::pair<EndRef, EndRef> make_connection(Node& client, Node& server, const Address& address);

  void flush(const EndRef& end);
  bool gather(const EndRef& end, std::vector<std::byte>& bytes);
  void send_bytes(const EndRef& end, std::vector<std::byte> bytes);
  void send_parcel(const EndRef& end, std::vector<std::byte> bytes);
  void parcel_arrived(const EndRef& from, const EndRef& to, Parcel parcel);
  void take_in(const EndRef& to, std::vector<std::byte> bytes);
  void send_credit(const EndRef& reader, uint64_t size);
  void send_reset(const EndRef& end, bool after_bytes);
  void reset_arrived(const EndRef& end, const char* message);
  void break_end(const EndRef& end, Failure why);
  void finish_if_sent(const EndRef& end);
  void watch(const EndRef& end);
  void forget_outgoing(End& end);

  World& world_;
  Prng prng_;
  NetworkFaults faults_;
  std::set<Link> blocked_;
  std::map<Link, std::deque<Callback>> carried_;
  std::map<std::pair<std::string, uint16_t>, Listening> listening_;
  std::map<uint64_t, std::pair<std::weak_ptr<End>, std::weak_ptr<End>>> connections_;
  uint64_t connection_sequence_ = 0;
  uint64_t listener_sequence_ = 0;
};

/// The Network of one node.
std::unique_ptr<Network> make_network(Node& node);

}  // namespace moldau::io::sim
