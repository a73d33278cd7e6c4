// Frames: sizes that lie, blocks that grow with what arrives, and connections that hold no block while idle.
#include "broker/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/endian.h"
#include "base/prng.h"

namespace moldau::broker {
namespace {

constexpr size_t frame_max = 104'857'600;

std::vector<std::byte> framed(size_t size, std::byte fill) {
  std::vector<std::byte> bytes(4 + size, fill);
  store_big_endian(bytes.data(), static_cast<int32_t>(size));
  return bytes;
}

/// Feeds `bytes` as a socket would: at most `chunk` at a time.
size_t feed(FrameReader& reader, BlockPool& pool, std::span<const std::byte> bytes, size_t chunk) {
  const std::span<std::byte> room = reader.room(pool);
  const size_t size = std::min({room.size(), bytes.size(), chunk});
  std::copy_n(bytes.begin(), size, room.begin());
  reader.received(size);
  return size;
}

TEST(FrameReader, AllSplitsOfManyFrames) {
  Prng prng(7);
  for (int round = 0; round < 200; ++round) {
    BlockPool pool;
    FrameReader reader;
    std::vector<std::byte> stream;
    std::vector<size_t> sizes;
    for (int i = 0; i < 20; ++i) {
      sizes.push_back(prng.chance(1, 5) ? 1 + prng.below(200'000) : 1 + prng.below(3000));
      const auto bytes = framed(sizes.back(), static_cast<std::byte>(i));
      stream.insert(stream.end(), bytes.begin(), bytes.end());
    }
    std::vector<Bytes> kept;
    for (size_t at = 0; at < stream.size();) {
      at += feed(reader, pool, std::span(stream).subspan(at), 1 + prng.below(40'000));
      Bytes frame;
      while (reader.next(frame_max, frame) == FrameReader::Next::frame) kept.push_back(frame);
      if (prng.chance(1, 2)) reader.release(pool);
      if (prng.chance(1, 8) && !kept.empty()) {
        // What is referenced must not be written over by later frames.
        for (size_t i = 0; i < kept.size(); ++i) {
          ASSERT_TRUE(std::all_of(kept[i].view().begin(), kept[i].view().end(),
                                  [&](std::byte b) { return b == static_cast<std::byte>(i); }));
        }
      }
    }
    ASSERT_EQ(kept.size(), sizes.size());
    for (size_t i = 0; i < sizes.size(); ++i) ASSERT_EQ(kept[i].size(), sizes[i]);
    ASSERT_EQ(reader.buffered(), 0U);
  }
}

// As those of a connection on its way to another shard.
TEST(FrameReader, WholeFramesMayWaitUncut) {
  for (const size_t size : {size_t{10}, size_t{3'000}, size_t{16'384}, size_t{70'000}}) {
    BlockPool pool;
    FrameReader reader;
    const size_t count = 600'000 / size;
    std::vector<std::byte> stream;
    for (size_t i = 0; i < count; ++i) {
      const auto bytes = framed(size, static_cast<std::byte>(i));
      stream.insert(stream.end(), bytes.begin(), bytes.end());
    }
    for (size_t at = 0; at < stream.size();) at += feed(reader, pool, std::span(stream).subspan(at), 20'000);
    for (size_t i = 0; i < count; ++i) {
      Bytes frame;
      ASSERT_EQ(reader.next(frame_max, frame), FrameReader::Next::frame);
      ASSERT_EQ(frame.size(), size);
      EXPECT_EQ(frame.view().back(), static_cast<std::byte>(i));
    }
    EXPECT_EQ(reader.buffered(), 0U);
  }
}

TEST(FrameReader, RefusesSizesThatLie) {
  for (const int32_t size : {0, -1, INT32_MIN, 104'857'601, INT32_MAX, 0x16030100}) {
    BlockPool pool;
    FrameReader reader;
    std::vector<std::byte> bytes(8);
    store_big_endian(bytes.data(), size);
    feed(reader, pool, bytes, 8);
    Bytes frame;
    EXPECT_EQ(reader.next(frame_max, frame), FrameReader::Next::malformed) << size;
  }
}

TEST(FrameReader, MemoryGrowsWithWhatArrivesNotWithTheClaim) {
  BlockPool pool;
  FrameReader reader;
  std::vector<std::byte> bytes = framed(frame_max, std::byte{1});
  Bytes frame;
  size_t at = 0;
  for (const size_t until : {size_t{100}, size_t{10'000}, size_t{100'000}, size_t{1'000'000}}) {
    while (at < until) {
      at += feed(reader, pool, std::span(bytes).subspan(at, until - at), 1460);
      ASSERT_EQ(reader.next(frame_max, frame), FrameReader::Next::more);
    }
    EXPECT_LE(pool.bytes_in_use(), std::max<size_t>(16 * 1024, 4 * until)) << until;
  }
}

TEST(FrameReader, IdleConnectionsHoldNoBlock) {
  BlockPool pool;
  std::vector<FrameReader> readers(100);
  const auto bytes = framed(50, std::byte{2});
  for (FrameReader& reader : readers) {
    feed(reader, pool, bytes, bytes.size());
    Bytes frame;
    ASSERT_EQ(reader.next(frame_max, frame), FrameReader::Next::frame);
    frame = {};
    reader.release(pool);
    EXPECT_FALSE(reader.holds_block());
  }
  EXPECT_EQ(pool.bytes_in_use(), BlockPool::receive_block_bytes);
}

TEST(FrameReader, LargeFramesAreNotCopiedOnceTheirSizeIsKnown) {
  BlockPool pool;
  FrameReader reader;
  const auto bytes = framed(300'000, std::byte{3});
  for (int round = 0; round < 3; ++round) {
    const std::byte* first = nullptr;
    for (size_t at = 0; at < bytes.size();) {
      at += feed(reader, pool, std::span(bytes).subspan(at), 65'536);
      if (first == nullptr) first = reader.unread().data();
    }
    Bytes frame;
    ASSERT_EQ(reader.next(frame_max, frame), FrameReader::Next::frame);
    if (round > 0) {
      EXPECT_EQ(frame.data(), first + 4);
    }
    reader.release(pool);
  }
}

// A load whose frames grow leaves no room to blocks of the size that it no longer uses.
TEST(BlockPool, KeepsWhatIsAskedForAndGivesUpTheOldestSize) {
  BlockPool pool;
  constexpr size_t small = 32 * 1024;
  constexpr size_t large = 128 * 1024;
  const auto cycle = [&pool](size_t capacity, size_t count) {
    std::set<const Block*> seen;
    std::vector<BlockRef> held;
    for (size_t i = 0; i < count; ++i) held.push_back(pool.take(capacity));
    for (const BlockRef& block : held) seen.insert(block.get());
    return seen;
  };
  cycle(small, BlockPool::free_bytes_max / small);  // the bound is reached with small ones
  const std::set<const Block*> first = cycle(large, 8);
  const std::set<const Block*> second = cycle(large, 8);
  EXPECT_EQ(second, first);
  // One of the next size is taken where there is none of the size asked for, but none that is larger still.
  EXPECT_TRUE(first.contains(pool.take(large / 2).get()));
  EXPECT_EQ(pool.take(large / 2)->capacity(), large);
  EXPECT_EQ(pool.take(large / 8)->capacity(), small);  // 16 KiB: the small ones are next
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(BlockPool, BlocksMayOutliveThePool) {
  Bytes kept;
  {
    BlockPool pool;
    BlockRef block = pool.take(100);
    EXPECT_GE(block->capacity(), 100U);
    kept = Bytes(block, {block->data(), 100});
  }
  kept.data()[0] = std::byte{1};
  kept = {};
}

}  // namespace
}  // namespace moldau::broker
