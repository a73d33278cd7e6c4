#include "io/posix/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "io/posix/stream.h"

namespace moldau::io::posix {
namespace {

constexpr int accepts_per_turn_max = 128;
constexpr Duration accept_back_off = milliseconds(100);
constexpr Duration linger_max = seconds(1);
constexpr size_t lingering_max = 1024;
constexpr int keepalive_idle_s = 60;                     // a peer that vanished is found out within two minutes
constexpr int keepalive_interval_s = 10;
constexpr int keepalive_probes = 6;
constexpr unsigned unacknowledged_max_ms = 120'000;

void set_option(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof(value));
}

/// Options of a connection; accepted sockets inherit them from their listener, at no cost.
void set_stream_options(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_s);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_max_ms);
}

/// An address that needs no resolver: literal IPv4 or IPv6, or empty for all interfaces.
std::optional<SocketAddress> literal(const Address& address) {
  SocketAddress result;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(address.port);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(address.port);
  if (inet_pton(AF_INET, address.host.c_str(), &four.sin_addr) == 1) {
    std::memcpy(&result.storage, &four, sizeof(four));
    result.size = sizeof(four);
    return result;
  }
  if (address.host.empty() || inet_pton(AF_INET6, address.host.c_str(), &six.sin6_addr) == 1) {
    std::memcpy(&result.storage, &six, sizeof(six));
    result.size = sizeof(six);
    return result;
  }
  return std::nullopt;
}

/// May wait for name servers.
Result<std::vector<SocketAddress>> resolve(const Address& address) {
  if (const std::optional<SocketAddress> known = literal(address)) return std::vector{*known};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0 && address.host == "localhost") {
    // RFC 6761, 6.3: the name is known also where no hosts file is.
    return std::vector{*literal(Address{"127.0.0.1", address.port})};
  }
  if (error != 0) {
    const bool unknown = error == EAI_NONAME || error == EAI_FAIL;
    return Failure{unknown ? FailureKind::not_found : FailureKind::unavailable,
                   "resolve " + address.host + ": " + gai_strerror(error)};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list, freeaddrinfo);
  std::vector<SocketAddress> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress one;
    if (entry->ai_addrlen > sizeof(one.storage)) continue;
    std::memcpy(&one.storage, entry->ai_addr, entry->ai_addrlen);
    one.size = entry->ai_addrlen;
    found.push_back(one);
  }
  return found;
}

}  // namespace

Address SocketAddress::to_address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &storage, sizeof(four));
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(four.sin_port)};
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &storage, sizeof(six));
  if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
    inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  }
  return {text.data(), ntohs(six.sin6_port)};
}

// --- listening

namespace {

class PosixListener final : public Listener, private Watcher {
 public:
  PosixListener(PosixNetwork& network, int socket, Address local, AcceptHandler accepted)
      : network_(network),
        core_(network.core()),
        socket_(socket),
        local_(std::move(local)),
        accepted_(std::make_shared<AcceptHandler>(std::move(accepted))) {}
  ~PosixListener() override {
    if (timer_ != 0) core_.cancel(timer_);
    core_.forget(id_);
    close(socket_);
  }
  Status open() {
    ASSIGN_OR_RETURN(id_, core_.watch(socket_, EPOLLIN, this));
    return {};
  }
  Address local() const override { return local_; }
  void pause_accepting(bool pause) override {
    if (std::exchange(paused_, pause) != pause) update_events();
  }

 private:
  void update_events() { core_.change(id_, socket_, paused_ || timer_ != 0 ? 0U : uint32_t{EPOLLIN}); }

  /// One accept4 per connection, and one that finds no more; one epoll_ctl for the new stream.
  void on_events(uint32_t) override {
    Core& core = core_;
    const WatchId id = id_;
    const std::shared_ptr<AcceptHandler> accepted = accepted_;  // the handler may destroy this
    for (int i = 0; i < accepts_per_turn_max && core.alive(id) && !paused_; ++i) {
      SocketAddress peer;
      peer.size = sizeof(peer.storage);
      const int socket = accept4(socket_, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        ++core.counters().accepted;
        Result<std::unique_ptr<Stream>> stream = network_.make_stream(socket, peer);
        if (stream.ok()) (*accepted)(std::move(stream).value());
        continue;
      }
      if (errno == EAGAIN) return;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        back_off();
        return;
      }
      // ECONNABORTED, EINTR and errors of the connection that would have been: the next one, please.
    }
  }

  /// No descriptors: one connection is told so by closing it, the others wait for better times.
  void back_off() {
    int& reserve = core_.reserve();
    if (reserve >= 0) close(reserve);
    const int refused = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (refused >= 0) {
      ++core_.counters().accepts_refused;
      close(refused);
    }
    reserve = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    timer_ = core_.start(core_.now() + accept_back_off, [this]() {
      timer_ = 0;
      update_events();
    });
    update_events();
  }

  PosixNetwork& network_;
  Core& core_;
  const int socket_;
  const Address local_;
  const std::shared_ptr<AcceptHandler> accepted_;
  WatchId id_ = 0;
  TimerId timer_ = 0;
  bool paused_ = false;
};

/// A listening socket on one address, or the errno.
Result<int> listen_on(const SocketAddress& address, bool both_families, int backlog, const std::string& what) {
  const int socket = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return os_failure(errno, what);
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.storage.ss_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, both_families ? 0 : 1);
  set_stream_options(socket);
  if (bind(socket, address.get(), address.size) != 0 || ::listen(socket, backlog) != 0) {
    Failure failure = os_failure(errno, what);
    close(socket);
    return failure;
  }
  return socket;
}

}  // namespace

Result<int> PosixNetwork::listening_socket(const Address& address, const ListenOptions& options) {
  const std::string what = "listen on " + address.to_string();
  ASSIGN_OR_RETURN(std::vector<SocketAddress> addresses, resolve(address));
  if (address.host.empty()) {
    // Machines without IPv6 listen on IPv4 alone.
    const std::optional<SocketAddress> four = literal({"0.0.0.0", address.port});
    addresses.push_back(*four);
  }
  Result<int> socket = Failure{FailureKind::not_found, what + ": no address"};
  for (const SocketAddress& one : addresses) {
    socket = listen_on(one, address.host.empty(), options.backlog, what);
    if (socket.ok() || socket.failure().os_errno == EADDRINUSE) break;
  }
  return socket;
}

Result<std::unique_ptr<Listener>> PosixNetwork::listen(const Address& address, AcceptHandler accepted,
                                                       const ListenOptions& options) {
  ASSIGN_OR_RETURN(const int socket, listening_socket(address, options));
  return adopt_listener(socket, std::move(accepted));
}

Result<std::unique_ptr<Listener>> PosixNetwork::adopt_listener(int socket, AcceptHandler accepted) {
  SocketAddress local;
  local.size = sizeof(local.storage);
  getsockname(socket, reinterpret_cast<sockaddr*>(&local.storage), &local.size);
  auto listener = std::make_unique<PosixListener>(*this, socket, local.to_address(), std::move(accepted));
  RETURN_IF_FAILED(listener->open());
  return std::unique_ptr<Listener>(std::move(listener));
}

/// One syscall (epoll_ctl).
Result<std::unique_ptr<Stream>> PosixNetwork::attach(std::unique_ptr<DetachedStream> detached) {
  auto& socket = static_cast<PosixDetached&>(*detached);
  const SocketAddress peer = socket.peer();
  return make_stream(socket.take(), peer);
}

Result<std::unique_ptr<Stream>> PosixNetwork::make_stream(int socket, const SocketAddress& peer) {
  auto stream = std::make_unique<PosixStream>(*this, socket, peer);
  RETURN_IF_FAILED(stream->open());
  return std::unique_ptr<Stream>(std::move(stream));
}

// --- connecting

/// One connect under way: tries the addresses of a name one after the other.
class PosixNetwork::Connector final : private Watcher {
 public:
  Connector(PosixNetwork& network, uint64_t id, Address address, Completion<Result<std::unique_ptr<Stream>>> done)
      : network_(network), id_(id), address_(std::move(address)), done_(std::move(done)) {}
  ~Connector() {
    network_.core_.cancel(timer_);
    drop_socket();
  }
  const Address& address() const { return address_; }

  void start_timer(Duration timeout) {
    timer_ = network_.core_.start(network_.core_.now() + timeout, [this]() {
      timer_ = 0;
      settle(Failure{FailureKind::timed_out, "connect to " + address_.to_string() + ": timed out"});
    });
  }

  void try_all(std::vector<SocketAddress> addresses) {
    addresses_ = std::move(addresses);
    try_next(Failure{FailureKind::not_found, "connect to " + address_.to_string() + ": no address"});
  }

  /// Hands the outcome out in a later turn; destroys this.
  void settle(Result<std::unique_ptr<Stream>> result) {
    network_.core_.defer([done = std::move(done_), result = std::move(result)]() mutable { done(std::move(result)); });
    network_.connectors_.erase(id_);
  }

 private:
  void drop_socket() {
    if (socket_ < 0) return;
    network_.core_.forget(watch_);
    close(std::exchange(socket_, -1));
  }

  void try_next(Failure last) {
    for (;;) {
      drop_socket();
      if (next_ == addresses_.size()) {
        settle(std::move(last));
        return;
      }
      const SocketAddress& to = addresses_[next_++];
      const std::string what = "connect to " + address_.to_string();
      socket_ = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (socket_ < 0) {
        last = os_failure(errno, what);
        continue;
      }
      set_stream_options(socket_);
      if (::connect(socket_, to.get(), to.size) != 0 && errno != EINPROGRESS) {
        last = os_failure(errno, what);
        continue;
      }
      const Result<WatchId> watched = network_.core_.watch(socket_, EPOLLOUT | EPOLLET, this);
      if (watched.ok()) {
        watch_ = watched.value();
        return;
      }
      last = watched.failure();
    }
  }

  void on_events(uint32_t) override {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      try_next(os_failure(error, "connect to " + address_.to_string()));
      return;
    }
    const int socket = std::exchange(socket_, -1);
    network_.core_.release(socket);
    network_.core_.forget(watch_);
    settle(network_.make_stream(socket, addresses_[next_ - 1]));
  }

  PosixNetwork& network_;
  const uint64_t id_;
  const Address address_;
  Completion<Result<std::unique_ptr<Stream>>> done_;
  std::vector<SocketAddress> addresses_;
  size_t next_ = 0;
  int socket_ = -1;
  WatchId watch_ = 0;
  TimerId timer_ = 0;
};

void PosixNetwork::connect(const Address& address, Duration timeout,
                           Completion<Result<std::unique_ptr<Stream>>> done) {
  const uint64_t id = ++sequence_;
  Connector& connector =
      *connectors_.emplace(id, std::make_unique<Connector>(*this, id, address, std::move(done))).first->second;
  connector.start_timer(timeout);
  if (const std::optional<SocketAddress> known = literal(address)) {
    connector.try_all({*known});
    return;
  }
  core_.in_pool<Result<std::vector<SocketAddress>>>(
      WorkKind::resolve, [address]() { return resolve(address); },
      [this, id](Result<std::vector<SocketAddress>> addresses) { resolved(id, std::move(addresses)); });
}

void PosixNetwork::resolved(uint64_t id, Result<std::vector<SocketAddress>> addresses) {
  const auto found = connectors_.find(id);
  if (found == connectors_.end()) return;  // timed out since
  if (addresses.ok()) {
    found->second->try_all(std::move(addresses).value());
  } else {
    found->second->settle(std::move(addresses).failure());
  }
}

// --- lingering

/// A socket that has sent all and waits for its peer to have read it.
class PosixNetwork::Lingering final : private Watcher {
 public:
  Lingering(PosixNetwork& network, uint64_t id, int socket) : network_(network), id_(id), socket_(socket) {}
  ~Lingering() {
    network_.core_.cancel(timer_);
    network_.core_.forget(watch_);
    close(socket_);
  }
  bool open() {
    const Result<WatchId> watched = network_.core_.watch(socket_, EPOLLIN | EPOLLRDHUP, this);
    if (!watched.ok()) return false;
    watch_ = watched.value();
    timer_ = network_.core_.start(network_.core_.now() + linger_max, [this]() {
      timer_ = 0;
      network_.lingering_.erase(id_);
    });
    return true;
  }

 private:
  void on_events(uint32_t) override {
    std::array<std::byte, 16 << 10> discarded;
    const ssize_t got = recv(socket_, discarded.data(), discarded.size(), MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
    network_.lingering_.erase(id_);
  }

  PosixNetwork& network_;
  const uint64_t id_;
  const int socket_;
  WatchId watch_ = 0;
  TimerId timer_ = 0;
};

void PosixNetwork::linger(int socket) {
  if (lingering_.size() >= lingering_max) {
    close(socket);
    return;
  }
  const uint64_t id = ++sequence_;
  auto lingering = std::make_unique<Lingering>(*this, id, socket);
  if (lingering->open()) lingering_[id] = std::move(lingering);
}

PosixNetwork::PosixNetwork(Core& core, PosixDisk& disk) : core_(core), disk_(disk) {}
PosixNetwork::~PosixNetwork() = default;

}  // namespace moldau::io::posix
