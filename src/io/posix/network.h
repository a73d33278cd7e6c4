// PosixNetwork: TCP. Streams (stream.h), listeners with their back-off when descriptors run out, connects with names
// resolved in the pool, and sockets that linger after finish() until the peer has read all.
#pragma once

#include <sys/socket.h>

#include <map>
#include <memory>
#include <vector>

#include "io/network.h"
#include "io/posix/core.h"
#include "io/posix/disk.h"

namespace moldau::io::posix {

/// A socket address of either family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// As text; an IPv4 address in IPv6 clothes becomes IPv4.
  Address to_address() const;
};

class PosixNetwork final : public Network {
 public:
  PosixNetwork(Core& core, PosixDisk& disk);
  ~PosixNetwork() override;

  Result<std::unique_ptr<Listener>> listen(const Address& address, AcceptHandler accepted,
                                           const ListenOptions& options = {}) override;
  void connect(const Address& address, Duration timeout,
               Completion<Result<std::unique_ptr<Stream>>> done) override;
  Result<std::unique_ptr<Stream>> attach(std::unique_ptr<DetachedStream> detached) override;

  /// A socket that listens and is not accepted from yet; the caller owns it. May wait for name servers.
  static Result<int> listening_socket(const Address& address, const ListenOptions& options);
  /// Accepts from a socket of listening_socket(), which it owns from now on (also when this fails).
  Result<std::unique_ptr<Listener>> adopt_listener(int socket, AcceptHandler accepted);

  Core& core() { return core_; }
  PosixDisk& disk() { return disk_; }
  /// Makes a stream of a connected socket, which it owns from now on (also when this fails).
  Result<std::unique_ptr<Stream>> make_stream(int socket, const SocketAddress& peer);
  /// Takes a socket whose sending side is shut down: discards what still comes and closes it when the peer has closed,
  /// or after a second, so that no reset overtakes the last bytes.
  void linger(int socket);

 private:
  class Connector;
  class Lingering;
  friend class Connector;
  friend class Lingering;

  void resolved(uint64_t id, Result<std::vector<SocketAddress>> addresses);

  Core& core_;
  PosixDisk& disk_;
  uint64_t sequence_ = 0;
  std::map<uint64_t, std::unique_ptr<Connector>> connectors_;
  std::map<uint64_t, std::unique_ptr<Lingering>> lingering_;
};

}  // namespace moldau::io::posix
