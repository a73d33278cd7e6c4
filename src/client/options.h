// What a client is told once, with the bounds it keeps. Who makes clients: the command line, the simulator's workloads,
// bench drivers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/network.h"

namespace moldau::client {

/// Requests of one connection that wait for a connection or for a free place in flight; one more fails at once.
inline constexpr size_t queued_requests_max = 1024;
/// Addresses of a bootstrap list.
inline constexpr size_t bootstrap_addresses_max = 64;
/// Nodes of a cluster that a client keeps connections to.
inline constexpr size_t nodes_max = 1024;

struct ClientOptions {
  /// Where to ask first: tried in turn until one answers.
  std::vector<io::Address> bootstrap;
  std::string client_id = "moldau";
  std::string software_name = "moldau";
  std::string software_version = "0.1.0";
  Duration connect_timeout = seconds(3);
  /// How long a response may take beyond the time that the request itself allows the broker.
  Duration request_timeout = seconds(10);
  /// How long an operation is tried again after errors that may pass.
  Duration retry_timeout = seconds(30);
  Duration retry_backoff = milliseconds(50);
  Duration retry_backoff_max = seconds(1);
  /// A node that refused or broke a connection is not tried again before this has passed, doubling up to
  /// retry_backoff_max.
  Duration reconnect_backoff = milliseconds(50);
  /// Whether the first contact is tried again too: a workload waits for its brokers, a person wants to hear at once.
  bool retry_first_contact = true;
  /// Metadata older than this is asked for again at the next use.
  Duration metadata_age_max = seconds(300);
  /// Requests sent and not answered on one connection.
  int32_t in_flight_max = 16;
  /// A longer response closes the connection.
  int32_t response_bytes_max = 128 << 20;
};

}  // namespace moldau::client
