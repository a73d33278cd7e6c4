// Request and Response: what passes between a connection and the handlers. A Request keeps the frame it came in alive,
// so that views into it are good until it is answered; answers may come in any order and leave in the order of the
// requests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "store/log.h"
#include "wire/encoder.h"

namespace moldau::broker {

/// Names a connection of the node; stays unique after it is gone. One that moves to another shard gets a new one.
struct ConnectionId {
  uint32_t index = 0;  ///< in its shard
  uint32_t generation = 0;
  uint32_t shard = 0;
  constexpr bool operator==(const ConnectionId&) const = default;
};

/// What is the same for all requests of a connection.
struct Peer {
  std::string address;  ///< without port
  std::string listener;
  std::string principal = "User:ANONYMOUS";
};

/// One request to be answered exactly once: Shard::answer, answer_nothing or close.
struct Request {
  ConnectionId connection;
  uint64_t slot = 0;  ///< its turn among the connection's requests
  std::shared_ptr<const Peer> peer;
  Bytes frame;
  std::span<const std::byte> body;  ///< behind the header, in the frame
  wire::ApiKey api_key{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string_view client_id;
  std::shared_ptr<Arena> repairs;  ///< text of the message that was no UTF-8; null in all but odd requests
};

/// Parts of files and memory that are sent where an encoded message has a cut.
using Pieces = std::vector<store::Piece>;

struct Response {
  wire::Encoded encoded;         ///< a whole frame
  std::vector<Pieces> external;  ///< by the cuts' external_id
};

}  // namespace moldau::broker
