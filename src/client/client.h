// Client: our own small Kafka client, on wire/ and io/ alone, so that the simulator runs it too. One Client belongs to
// one shard; it keeps one connection per node, the metadata it has seen, and nothing of an application.
//
// Layers, each usable by itself: send() is one request to one node, typed, with no retry but connecting. retry() paces
// attempts. metadata() and leader_of() know the cluster. On top of them: client/admin.h (topics, configs, offsets),
// client/fetcher.h (assigned partitions), client/raw_produce.h (batches made elsewhere). Consumer groups, and producing
// with batching, are not here.
//
// Tasks of a Client must end, or be destroyed, before it. close() makes them end soon.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/connection.h"
#include "client/options.h"
#include "client/request.h"
#include "client/topology.h"
#include "io/surface.h"
#include "io/task.h"

namespace moldau::client {

/// In place of a node: whichever is connected, else one of the known nodes or of the bootstrap list.
inline constexpr NodeId any_node = -1000;

/// The address of the error `error` as a failure of an operation on `what`, e.g. "topic foo".
Failure failure_of(wire::ErrorCode error, std::string_view what);
/// Whether trying again may help: connections lost, refused or timed out.
bool is_passing(const Failure& failure);

/// Paces the attempts of one operation: exponential backoff with jitter until a total time is over.
class Retry {
 public:
  Retry(const io::Surface& surface, const ClientOptions& options);
  /// Whether there is time for another attempt; if so it waits the backoff first.
  io::Task<bool> again();
  int attempts() const { return attempts_; }

 private:
  io::Surface surface_;
  Duration backoff_;
  Duration backoff_max_;
  Instant end_;
  int attempts_ = 1;
};

class Client {
 public:
  /// `surface` must outlive the client.
  Client(const io::Surface& surface, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends `request` to `node` (or any_node) and waits for its response; connects first if need be. One attempt:
  /// failures are those of Connection, and not_found for a node that metadata has not named. What the request's views
  /// point to must live until the Task ends.
  template <typename Request, typename Response>
  io::Task<Result<Reply<Response>>> send(NodeId node, Request request, SendOptions options = {}) {
    static_assert(Request::api_key == Response::api_key);
    const TypedBody<Request> body(request);
    Result<RawReply> raw = co_await send_raw(node, &body, options);
    co_return decode_reply<Response>(std::move(raw));
  }
  /// As send(), without the types. `body` must live until the Task ends.
  io::Task<Result<RawReply>> send_raw(NodeId node, const RequestBody* body, SendOptions options);

  /// A connection to `node` that is ready; with any_node, tries all it knows of in turn.
  io::Task<Result<std::shared_ptr<Connection>>> connect_to(NodeId node);

  /// Asks for the metadata of `topics` (none: of the cluster alone; all_topics: of all), merges it into what is known
  /// and returns the whole. Tries again while nobody answers. Topic errors are in the topology, for the caller to
  /// judge.
  io::Task<Result<TopologyRef>> refresh(std::vector<std::string> topics, bool all_topics = false,
                                        bool auto_create = false);
  /// What is known of `topics` when it is fresh, complete and without passing errors; else refresh(), until it is or
  /// time is over.
  io::Task<Result<TopologyRef>> metadata(std::vector<std::string> topics);
  /// The node that leads a partition now; FailureKind::not_found for a topic or partition that does not exist.
  io::Task<Result<NodeId>> leader_of(std::string topic, PartitionIndex partition);
  /// Forgets who leads `topic`: the next use asks again. For answers like NOT_LEADER_OR_FOLLOWER.
  void forget(std::string_view topic);
  /// What is known, possibly nothing.
  const TopologyRef& known() const { return topology_; }

  Retry retry() const { return Retry(surface_, options_); }
  const ClientOptions& options() const { return options_; }
  const io::Surface& surface() const { return surface_; }
  /// Fails what is under way and closes all connections; later calls fail at once.
  void close();

 private:
  struct Peer {
    std::shared_ptr<Connection> connection;
    Instant retry_at{INT64_MIN};  // after a failure, not before this
    Duration backoff{};
  };
  io::Task<Result<std::shared_ptr<Connection>>> connect_address(io::Address address);
  io::Task<Result<std::shared_ptr<Connection>>> connect_any();
  std::vector<io::Address> candidates() const;
  Peer& peer_of(const io::Address& address);
  bool fresh(const std::vector<std::string>& topics) const;

  io::Surface surface_;
  ClientOptions options_;
  bool closed_ = false;
  TopologyRef topology_;
  std::map<std::string, Instant, std::less<>> topic_fetched_;  // when a topic's metadata came
  std::map<std::string, Peer> peers_;                          // by "host:port"
  size_t next_candidate_ = 0;
};

/// Waits for a Task from outside of any coroutine: runs it in the group of its own and gives its result to `done`.
template <typename T, typename Done>
io::Task<void> deliver(io::Task<T> task, Done done) {
  T result = co_await task;
  done(std::move(result));
}

}  // namespace moldau::client
