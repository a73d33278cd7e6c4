// Caller: who sends a request to a coordinator, and what is known of it besides its body.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "coordinator/decision.h"

namespace moldau::group {

/// Whether the caller may know of a topic; empty: of all. Outlives the request.
using TopicFilter = std::function<bool(std::string_view topic)>;

struct Caller {
  coordinator::Ticket ticket = coordinator::no_ticket;
  int16_t version = 0;
  std::string_view client_id;
  std::string_view client_host;  ///< "/" and the address, as Kafka writes it into records
  Uuid fresh_id;                 ///< random, for a new member: in requests to join
  TopicFilter visible;
};

/// The id in the form of Java's UUID.toString(): five groups of hexadecimal digits.
std::string java_text(const Uuid& id);

}  // namespace moldau::group
