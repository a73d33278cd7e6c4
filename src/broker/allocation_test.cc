// What a request costs the allocator, on the real operating system: nothing per record, and a few per request.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <optional>

#include "base/sanitized.h"
#include "broker/test_kit.h"
#include "io/posix/loop.h"

namespace {
std::atomic<uint64_t> allocations{0};
}  // namespace

#ifndef MOLDAU_SANITIZED
// Not inlined: g++ 12 would warn of free() on memory from new.
[[gnu::noinline]] void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
#endif

namespace moldau::broker {
namespace {

/// A broker, and a client that allocates nothing: a socket and a buffer.
class AllocationRig {
 public:
  explicit AllocationRig(bool write_caching) {
    std::string pattern = (std::filesystem::temp_directory_path() / "moldau-allocations-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    loop_ = std::move(io::posix::Loop::make()).value();
    const metadata::ConfigMap config{{"listeners", "PLAINTEXT://127.0.0.1:0"},
                                     {"log.dirs", folder_ + "/data"},
                                     // Whether a round goes by the journal is decided by what syncs cost just now.
                                     {"log.journal.enable", "false"},
                                     {"write.caching.default", write_caching ? "true" : "false"}};
    const auto settings = metadata::resolve_broker(config);
    EXPECT_TRUE(settings.ok());
    broker_ = std::make_unique<Broker>(loop_->surface(), BrokerOptions{.settings = *settings, .static_config = config});
    std::optional<Status> ready;
    EXPECT_TRUE(broker_->start([&](const Status& status) { ready = status; }).ok());
    EXPECT_TRUE(loop_->run_until([&] { return ready.has_value(); }, seconds(30)));
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(broker_->address().port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    answer_.resize(4 << 20);
  }
  ~AllocationRig() {
    ::close(socket_);
    broker_.reset();
    loop_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// Sends a frame and waits for its answer; returns the allocations that this took.
  uint64_t round(const std::vector<std::byte>& frame) {
    got_ = 0;
    const uint64_t before = allocations;
    EXPECT_EQ(::send(socket_, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    EXPECT_TRUE(loop_->run_until([this] { return answered(); }, seconds(30)));
    return allocations - before;
  }
  std::span<const std::byte> answer() const { return std::span(answer_).subspan(4, got_ - 4); }

  static constexpr int warm_rounds = 50;
  static constexpr int rounds = 100;
  struct Cost {
    uint64_t least = UINT64_MAX;
    double average = 0;
  };
  /// Of a request, once everything is warm.
  Cost cost_of(const std::vector<std::byte>& frame) {
    for (int i = 0; i < warm_rounds; ++i) round(frame);
    Cost cost;
    uint64_t all = 0;
    for (int i = 0; i < rounds; ++i) {
      const uint64_t one = round(frame);
      cost.least = std::min(cost.least, one);
      all += one;
    }
    cost.average = static_cast<double>(all) / rounds;
    return cost;
  }

 private:
  bool answered() {
    for (;;) {
      const ssize_t got = ::recv(socket_, answer_.data() + got_, answer_.size() - got_, MSG_DONTWAIT);
      if (got <= 0) break;
      got_ += static_cast<size_t>(got);
    }
    return got_ >= 4 && got_ == 4 + static_cast<size_t>(load_big_endian<int32_t>(answer_.data()));
  }

  std::string folder_;
  std::unique_ptr<io::posix::Loop> loop_;
  std::unique_ptr<Broker> broker_;
  int socket_ = -1;
  std::vector<std::byte> answer_;
  size_t got_ = 0;
};

struct Costs {
  AllocationRig::Cost produce;
  AllocationRig::Cost fetch;
};

[[maybe_unused]] Costs costs_of(int records, bool write_caching) {
  AllocationRig rig(write_caching);
  wire::CreateTopicsRequest create;
  create.topics = {{.name = "t", .num_partitions = 1, .replication_factor = 1}};
  rig.round(RawClient::frame(create, 7, 1, "test"));
  const std::vector<std::byte> batch = batch_of(records, "0123456789");
  const auto produce = RawClient::frame(BrokerWorld::produce_request("t", 0, batch), 9, 2, "test");
  Costs costs;
  costs.produce = rig.cost_of(produce);
  wire::FetchRequest fetch = BrokerWorld::fetch_request("t", 0, 0);
  // The newest batch, from memory.
  constexpr int64_t batches = AllocationRig::warm_rounds + AllocationRig::rounds;
  fetch.topics[0].partitions[0].fetch_offset = (batches - 1) * records;
  costs.fetch = rig.cost_of(RawClient::frame(fetch, 12, 3, "test"));
  EXPECT_GT(rig.answer().size(), batch.size());
  return costs;
}

TEST(BrokerAllocations, NoneForARecordAndFewForARequest) {
#ifdef MOLDAU_SANITIZED
  GTEST_SKIP() << "the sanitizer owns the allocator";
#else
  for (const bool write_caching : {false, true}) {
    const Costs few = costs_of(10, write_caching);
    const Costs many = costs_of(1000, write_caching);
    EXPECT_EQ(few.produce.least, many.produce.least);
    EXPECT_EQ(few.fetch.least, many.fetch.least);
    // Measured: 18 where the batch is synced (the commit's jobs and their mail among them), 8.5 where not; 10 for a
    // fetch. The bounds say when a request has become dearer.
    EXPECT_LE(many.produce.average, write_caching ? 10 : 19);
    EXPECT_LE(few.produce.average, write_caching ? 10 : 19);
    EXPECT_LE(many.fetch.average, 11);
    EXPECT_LE(few.fetch.average, 11);
  }
#endif
}

}  // namespace
}  // namespace moldau::broker
