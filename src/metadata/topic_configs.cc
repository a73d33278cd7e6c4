// The topic settings of Kafka 4.3.1, and Moldau's own.
// The rows follow the names' order; `order` is the place in Kafka's DescribeConfigs answer (1000: hidden; 2000: ours).
#include "metadata/config_rows.h"

namespace moldau::metadata {
namespace {

using namespace rows;

constexpr ConfigKey table[] = {
    {8, "cleanup.policy", list, "delete", list_of(choices_compact_delete, true), medium, cluster_wide,
     "log.cleanup.policy", effective,
     "What happens to old segments: \"delete\" removes them by time and size (retention.ms, retention.bytes), "
     "\"compact\" keeps the newest record of each key, both do both, an empty list keeps everything."},
    {14, "compression.gzip.level", int32, "-1", range_or_minus_one(1, 9), medium, cluster_wide,
     "compression.gzip.level", effective,
     "Level used when the broker itself compresses with gzip (compression.type=gzip): 1 is fastest, 9 is "
     "smallest, -1 is the codec's own default."},
    {11, "compression.lz4.level", int32, "9", between(1, 17), medium, cluster_wide, "compression.lz4.level",
     effective,
     "Level used when the broker itself compresses with lz4 (compression.type=lz4)."},
    {0, "compression.type", string, "producer", one_of(choices_uncompressed_zstd_lz4_snappy_gzip_producer), medium,
     cluster_wide, "compression.type", effective,
     "Codec of the stored batches. \"producer\" keeps each batch as it came; any other value makes the broker "
     "recompress what came in another codec."},
    {16, "compression.zstd.level", int32, "3", between(-131072, 22), medium, cluster_wide, "compression.zstd.level",
     effective,
     "Level used when the broker itself compresses with zstd (compression.type=zstd). Negative levels trade "
     "size for speed."},
    {28, "delete.retention.ms", int64, "86400000", at_least(0), medium, cluster_wide,
     "log.cleaner.delete.retention.ms", effective,
     "How long compaction keeps a tombstone (a record without value), and the marker of a transaction, after it has "
     "removed what they stand for: readers that begin at the start have this long to see them."},
    {18, "file.delete.delay.ms", int64, "60000", at_least(0), medium, cluster_wide, "log.segment.delete.delay.ms",
     effective,
     "How long the files of a deleted segment or topic stay on disk, renamed, before they are removed."},
    {15, "flush.messages", int64, "9223372036854775807", at_least(1), medium, cluster_wide,
     "log.flush.interval.messages", effective,
     "In page-cache mode (write.caching=true): sync the log when this many records came since the last sync. "
     "Without write caching every batch is synced before it is acknowledged, and this has no effect."},
    {9, "flush.ms", int64, "9223372036854775807", at_least(0), medium, cluster_wide, "log.flush.interval.ms",
     effective,
     "In page-cache mode (write.caching=true): sync the log when its oldest unsynced record is this old. "
     "Without write caching every batch is synced before it is acknowledged, and this has no effect."},
    {10, "follower.replication.throttled.replicas", list, "", throttled_replicas(), medium, cluster_wide,
     no_server_name, plain, no_effect_text},
    {24, "index.interval.bytes", int32, "4096", at_least(0), medium, cluster_wide, "log.index.interval.bytes",
     effective,
     "How many bytes of batches lie between two entries of the offset index. A smaller value makes reads find "
     "their place with less scanning and the index larger."},
    {1000, "internal.segment.bytes", int32, null, {}, medium, cluster_wide, no_server_name, hidden | effective,
     "For tests: the segment size in place of segment.bytes, without its lower bound of 1 MiB."},
    {2, "leader.replication.throttled.replicas", list, "", throttled_replicas(), medium, cluster_wide,
     no_server_name, plain, no_effect_text},
    {22, "local.retention.bytes", int64, "-2", at_least(-2), medium, cluster_wide, "log.local.retention.bytes", plain,
     no_effect_text},
    {7, "local.retention.ms", int64, "-2", at_least(-2), medium, cluster_wide, "log.local.retention.ms", plain,
     no_effect_text},
    {17, "max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), medium, cluster_wide,
     "log.cleaner.max.compaction.lag.ms", effective,
     "A record is compacted at the latest when it is this old, whatever min.cleanable.dirty.ratio says."},
    {19, "max.message.bytes", int32, "1048588", at_least(0), medium, cluster_wide, "message.max.bytes", effective,
     "Largest record batch, as it arrives and before decompression, that a produce request may append."},
    {29, "message.timestamp.after.max.ms", int64, "3600000", at_least(0), medium, cluster_wide,
     "log.message.timestamp.after.max.ms", effective,
     "How far a record's timestamp may lie ahead of the broker's clock before the produce request is refused "
     "(with message.timestamp.type=CreateTime)."},
    {30, "message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), medium, cluster_wide,
     "log.message.timestamp.before.max.ms", effective,
     "How far a record's timestamp may lie behind the broker's clock before the produce request is refused "
     "(with message.timestamp.type=CreateTime)."},
    {21, "message.timestamp.type", string, "CreateTime", one_of(choices_createtime_logappendtime), medium,
     cluster_wide, "log.message.timestamp.type", effective,
     "Whose time a record carries: CreateTime is the producer's, LogAppendTime the broker's at the moment of "
     "the append."},
    {25, "min.cleanable.dirty.ratio", float64, "0.5", between(0, 1), medium, cluster_wide,
     "log.cleaner.min.cleanable.ratio", effective,
     "A log is compacted when more than this share of it came since the last time."},
    {20, "min.compaction.lag.ms", int64, "0", at_least(0), medium, cluster_wide,
     "log.cleaner.min.compaction.lag.ms", effective,
     "A record stays as it is at least this long."},
    {4, "min.insync.replicas", int32, "1", at_least(1), medium, cluster_wide, "min.insync.replicas", effective,
     "With acks=all, a produce request is refused while fewer replicas than this, the leader among them, are "
     "in sync."},
    {23, "preallocate", boolean, "false", {}, medium, cluster_wide, "log.preallocate", effective,
     "Reserves the room of a whole segment on disk when it is created."},
    {6, "remote.log.copy.disable", boolean, "false", {}, medium, cluster_wide, no_server_name, plain, no_effect_text},
    {1, "remote.log.delete.on.disable", boolean, "false", {}, medium, cluster_wide, no_server_name, plain,
     no_effect_text},
    {3, "remote.storage.enable", boolean, "false", {}, medium, cluster_wide, no_server_name, plain, no_effect_text},
    {27, "retention.bytes", int64, "-1", {}, medium, cluster_wide, "log.retention.bytes", effective,
     "Size above which the oldest segments of a partition are removed; -1 is no limit."},
    {13, "retention.ms", int64, "604800000", at_least(-1), medium, cluster_wide, "log.retention.ms", effective,
     "Age at which segments are removed, by their newest timestamp; -1 is no limit."},
    {12, "segment.bytes", int32, "1073741824", at_least(1048576), medium, cluster_wide, "log.segment.bytes",
     effective,
     "Size at which a new segment file is begun."},
    {32, "segment.index.bytes", int32, "10485760", at_least(4), medium, cluster_wide, "log.index.size.max.bytes",
     effective,
     "Largest size of a segment's offset index; a full index begins a new segment."},
    {5, "segment.jitter.ms", int64, "0", at_least(0), medium, cluster_wide, "log.roll.jitter.ms", effective,
     "Most by which segment.ms is shortened, at random per segment, so that many partitions do not roll at one "
     "moment."},
    {31, "segment.ms", int64, "604800000", at_least(1), medium, cluster_wide, "log.roll.ms", effective,
     "Age at which a new segment file is begun even if the old one is not full, so that retention can remove "
     "it."},
    {26, "unclean.leader.election.enable", boolean, "false", {}, medium, cluster_wide,
     "unclean.leader.election.enable", plain, no_effect_text},
    {2000, "write.caching", boolean, "false", {}, medium, cluster_wide, "write.caching.default", effective,
     "Page-cache mode, as in Redpanda: acknowledge a batch when it is written, before it is synced, as Kafka "
     "does. A power cut of all replicas can then lose acknowledged records. flush.messages and flush.ms bound "
     "what. Internal topics always sync."},
};

}  // namespace

std::span<const ConfigKey> topic_config_rows() { return table; }

}  // namespace moldau::metadata
