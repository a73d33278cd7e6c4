// The knobs of the simulated world. Chances are per million, drawn from the world's seed; 0 never, one_million always.
// All may be changed while the world runs.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace moldau::io::sim {

inline constexpr uint32_t one_million = 1'000'000;

/// How much of what was never synced survives a power cut.
enum class CrashStyle : unsigned char {
  by_seed,   ///< each crash draws one of the three below
  lose_all,  ///< nothing unsynced survives: the hardest case for durability
  keep_all,  ///< everything does, as if the kernel had just written it all
  mixed,     ///< each sector and each folder by its own draw: the hardest case for recovery
};

/// Faults and delays of one node's disk.
struct DiskFaults {
  /// A sync takes between these two.
  Duration sync_delay_min = microseconds(100);
  Duration sync_delay_max = microseconds(500);
  /// A sync takes up to slow_sync_max instead.
  uint32_t slow_sync_ppm = 0;
  Duration slow_sync_max = seconds(5);
  /// A pool read or prefetch takes between these two; so does a blocking read, which stalls its loop.
  Duration read_delay_min = microseconds(20);
  Duration read_delay_max = microseconds(300);

  /// A sync (of a file, folder or everything) reports success and makes nothing durable.
  uint32_t lying_sync_ppm = 0;
  /// A sync fails with EIO; what it should have written is marked clean, and each sector of it is lost or not.
  uint32_t failing_sync_ppm = 0;
  /// A sync never ends (a day, and then it fails): nothing of it becomes durable.
  uint32_t hanging_sync_ppm = 0;
  /// At a sync, drawn for each write that it covers: the device says that the write is done, and it is not there, or it
  /// lies in another sector of the file, over what was there. Programs see the right bytes as long as the page cache
  /// has them.
  uint32_t lost_write_ppm = 0;
  uint32_t misdirected_write_ppm = 0;
  /// A write fails with EIO after a random part of it.
  uint32_t failing_write_ppm = 0;
  /// A read fails with EIO.
  uint32_t failing_read_ppm = 0;
  /// A read returns one flipped bit; the stored bytes stay whole.
  uint32_t flipped_read_ppm = 0;
  /// A read returns one 512-byte sector of garbage; the stored bytes stay whole.
  uint32_t garbage_read_ppm = 0;
  /// A read returns another sector of the file in the place of one (a misdirected read); the stored bytes stay whole.
  uint32_t misdirected_read_ppm = 0;
  /// A read returns fewer bytes than there are, as if the file ended there.
  uint32_t short_read_ppm = 0;
  /// read_cached and is_cached find the range (or its tail) not in memory, until a prefetch or read of it.
  uint32_t uncached_ppm = 0;

  /// Room on the disk. A write that does not fit stores a random part of what would and fails with no_space; room comes
  /// back with truncate, remove, or a higher bound.
  uint64_t capacity_bytes = uint64_t{1} << 40;
  /// Unsynced bytes of a file beyond which the kernel writes the older half back by itself.
  uint64_t writeback_bytes = uint64_t{4} << 20;
  CrashStyle crash_style = CrashStyle::by_seed;
};

/// Faults and delays of all connections.
struct NetworkFaults {
  /// Each send arrives after a delay between these two, in order per direction.
  Duration delay_min = microseconds(20);
  Duration delay_max = microseconds(500);
  /// A send is split into several arrivals at random bytes.
  uint32_t split_ppm = 200'000;
  /// A read returns fewer bytes than are there.
  uint32_t short_read_ppm = 200'000;
  /// Bytes that one direction may hold between sender and reader: drawn per connection.
  uint32_t window_bytes_min = 16 << 10;
  uint32_t window_bytes_max = 256 << 10;
  /// Drawn at each send: the connection is reset.
  uint32_t cut_ppm = 0;
  /// Drawn at each connect: refused though somebody listens.
  uint32_t refuse_ppm = 0;
  /// Drawn at each send: this direction stands still for up to hold_max, then delivers all in order, even if the sender
  /// has given up on the connection since.
  uint32_t hold_ppm = 0;
  Duration hold_max = seconds(10);
  /// Unacknowledged bytes older than this (within a partition) break the sender's side with timed_out.
  Duration give_up_after = seconds(15);
};

struct WorldOptions {
  /// A turn keeps its node busy for up to this; what becomes ready meanwhile shares the next turn.
  Duration turn_max = microseconds(20);
  /// A job given to offload starts after up to this.
  Duration offload_delay_max = microseconds(200);
  /// Wall time at instant 0, in milliseconds since 1970: 2026-01-01.
  WallMillis wall_start = 1'767'225'600'000;
};

}  // namespace moldau::io::sim
