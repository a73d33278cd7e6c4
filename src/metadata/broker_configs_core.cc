// Broker settings: identity, listeners, connections, logs, topics; and Moldau's own.
// The rows follow the names' order; `order` is the place in Kafka's DescribeConfigs answer (1000: hidden; 2000: ours).
#include "metadata/config_rows.h"

namespace moldau::metadata {
namespace {

using namespace rows;

constexpr ConfigKey table[] = {
    {337, "advertised.listeners", list, null, any_list(false), high, read_only, no_server_name, effective,
     "Addresses that clients are told to connect to, as NAME://host:port; those of `listeners` when unset. "
     "Needed behind address translation."},
    {242, "alter.config.policy.class.name", class_name, null, {}, low, read_only, no_server_name, plain,
     no_effect_text},
    {173, "auto.create.topics.enable", boolean, "true", {}, high, read_only, no_server_name, effective,
     "Whether a topic that a Metadata or produce request names, and that does not exist, is created with "
     "default settings."},
    {137, "auto.leader.rebalance.enable", boolean, "true", {}, high, read_only, no_server_name, plain,
     no_effect_text},
    {105, "background.threads", int32, "10", at_least(1), high, cluster_wide, no_server_name, plain, no_effect_text},
    {330, "broker.id", int32, "-1", {}, high, read_only, no_server_name, effective,
     "Older name of node.id; both must agree when both are set."},
    {156, "broker.rack", string, null, {}, medium, read_only, no_server_name, effective,
     "Rack of this broker, as clients and tools are told; replicas are spread over racks."},
    {146, "compression.gzip.level", int32, "-1", range_or_minus_one(1, 9), medium, cluster_wide, no_server_name,
     effective,
     "Default of the topic setting of the same name. Level used when the broker itself compresses with gzip "
     "(compression.type=gzip): 1 is fastest, 9 is smallest, -1 is the codec's own default."},
    {267, "compression.lz4.level", int32, "9", between(1, 17), medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting of the same name. Level used when the broker itself compresses with lz4 "
     "(compression.type=lz4)."},
    {293, "compression.type", string, "producer", one_of(choices_uncompressed_zstd_lz4_snappy_gzip_producer), high,
     cluster_wide, no_server_name, effective,
     "Default of the topic setting of the same name. Codec of the stored batches. \"producer\" keeps each batch "
     "as it came; any other value makes the broker recompress what came in another codec."},
    {231, "compression.zstd.level", int32, "3", between(-131072, 22), medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting of the same name. Level used when the broker itself compresses with zstd "
     "(compression.type=zstd). Negative levels trade size for speed."},
    {256, "config.providers", list, "", any_list(true), low, cluster_wide, no_server_name, plain, no_effect_text},
    {194, "connection.failed.authentication.delay.ms", int32, "100", at_least(0), low, read_only, no_server_name,
     plain, no_effect_text},
    {59, "connections.max.idle.ms", int64, "600000", {}, medium, read_only, no_server_name, effective,
     "A connection on which nothing was asked for this long is closed."},
    {31, "connections.max.reauth.ms", int64, "0", {}, medium, read_only, no_server_name, plain, no_effect_text},
    {123, "controlled.shutdown.enable", boolean, "true", {}, medium, read_only, no_server_name, effective,
     "Whether a stopping broker first hands over its leaderships and records a clean stop."},
    {286, "cordoned.log.dirs", list, "", any_list(true), medium, per_broker, no_server_name, plain, no_effect_text},
    {257, "create.topic.policy.class.name", class_name, null, {}, low, read_only, no_server_name, plain,
     no_effect_text},
    {183, "default.replication.factor", int32, "1", {}, medium, read_only, no_server_name, effective,
     "Replicas of a partition when the request that creates the topic does not say."},
    {69, "delete.records.purgatory.purge.interval.requests", int32, "1", {}, medium, read_only, no_server_name, plain,
     no_effect_text},
    {197, "delete.topic.enable", boolean, "true", {}, high, read_only, no_server_name, effective,
     "Whether topics can be deleted."},
    {122, "early.start.listeners", list, null, any_list(true), high, read_only, no_server_name, plain,
     no_effect_text},
    {291, "fetch.max.bytes", int32, "57671680", at_least(1024), medium, read_only, no_server_name, effective,
     "Most bytes that one fetch response carries, whatever the client asked for; a first batch that is larger "
     "still comes whole."},
    {20, "fetch.purgatory.purge.interval.requests", int32, "1000", {}, medium, read_only, no_server_name, plain,
     no_effect_text},
    {240, "inter.broker.listener.name", string, null, {}, medium, read_only, no_server_name, effective,
     "Name of the listener that brokers use among themselves. With several listeners, max.connections and "
     "max.connection.creation.rate are not for this one."},
    {64, "listener.security.protocol.map", string,
     "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", {}, low, per_broker,
     no_server_name, effective,
     "Which security protocol each listener name speaks, as NAME:PROTOCOL."},
    {237, "listeners", list, "PLAINTEXT://:9092", any_list(false), high, per_broker, no_server_name, effective,
     "Addresses to listen on, as NAME://host:port. An empty host is every interface; port 0 is any free one."},
    {284, "log.cleaner.backoff.ms", int64, "15000", at_least(0), medium, cluster_wide, no_server_name, effective,
     "How long compaction waits when no log needs it."},
    {254, "log.cleaner.dedupe.buffer.size", int64, "134217728", {}, medium, cluster_wide, no_server_name, effective,
     "Memory for the tables of keys of all log.cleaner.threads: 24 bytes a key. A dirty part with more keys takes "
     "several rounds."},
    {48, "log.cleaner.delete.retention.ms", int64, "86400000", at_least(0), medium, cluster_wide, no_server_name,
     effective,
     "Default of the topic setting delete.retention.ms."},
    {210, "log.cleaner.enable", boolean, "true", {}, medium, read_only, no_server_name, effective,
     "Whether logs are compacted at all."},
    {325, "log.cleaner.io.buffer.load.factor", float64, "0.9", {}, medium, cluster_wide, no_server_name, effective,
     "How full a table of keys may get. A fuller one takes more keys a round, and more time a key."},
    {255, "log.cleaner.io.buffer.size", int32, "524288", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Memory for what compaction is about to write, of all log.cleaner.threads."},
    {136, "log.cleaner.io.max.bytes.per.second", float64, "1.7976931348623157E308", {}, medium, cluster_wide,
     no_server_name, effective,
     "Bound on what compaction reads and writes, in all."},
    {205, "log.cleaner.max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), medium, cluster_wide,
     no_server_name, effective,
     "Default of the topic setting max.compaction.lag.ms."},
    {139, "log.cleaner.min.cleanable.ratio", float64, "0.5", between(0, 1), medium, cluster_wide, no_server_name,
     effective,
     "Default of the topic setting min.cleanable.dirty.ratio."},
    {0, "log.cleaner.min.compaction.lag.ms", int64, "0", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting min.compaction.lag.ms."},
    {52, "log.cleaner.threads", int32, "1", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Logs that are compacted at the same time."},
    {270, "log.cleanup.policy", list, "delete", list_of(choices_compact_delete, true), medium, cluster_wide,
     no_server_name, effective,
     "Default of the topic setting cleanup.policy. What happens to old segments: \"delete\" removes them by time "
     "and size (retention.ms, retention.bytes), \"compact\" keeps the newest record of each key, both do both, "
     "an empty list keeps everything."},
    {111, "log.dir", list, "/tmp/kafka-logs", any_list(false), high, read_only, no_server_name, effective,
     "Folder of the data, when log.dirs is not set."},
    {97, "log.dir.failure.timeout.ms", int64, "30000", at_least(1), low, read_only, no_server_name, plain,
     no_effect_text},
    {121, "log.dirs", list, null, any_list(false), high, read_only, no_server_name, effective,
     "Folders of the data, separated by commas. The metadata log lives in the first unless metadata.log.dir "
     "says otherwise."},
    {4, "log.flush.interval.messages", int64, "9223372036854775807", at_least(1), high, cluster_wide,
     no_server_name, effective,
     "Default of the topic setting flush.messages. In page-cache mode (write.caching=true): sync the log when "
     "this many records came since the last sync. Without write caching every batch is synced before it is "
     "acknowledged, and this has no effect."},
    {6, "log.flush.interval.ms", int64, null, {}, high, cluster_wide, no_server_name, effective,
     "Default of the topic setting flush.ms. In page-cache mode (write.caching=true): sync the log when its "
     "oldest unsynced record is this old. Without write caching every batch is synced before it is "
     "acknowledged, and this has no effect."},
    {34, "log.flush.offset.checkpoint.interval.ms", int32, "60000", at_least(0), high, read_only, no_server_name,
     effective,
     "How often the recovery points are written: at start only what lies above them is scanned."},
    {244, "log.flush.scheduler.interval.ms", int64, "9223372036854775807", {}, high, read_only, no_server_name,
     effective,
     "Stands in for log.flush.interval.ms when that is not set."},
    {272, "log.flush.start.offset.checkpoint.interval.ms", int32, "60000", at_least(0), high, read_only,
     no_server_name, effective,
     "How often the start offsets of logs are written."},
    {283, "log.index.interval.bytes", int32, "4096", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting index.interval.bytes. How many bytes of batches lie between two entries of "
     "the offset index. A smaller value makes reads find their place with less scanning and the index larger."},
    {247, "log.index.size.max.bytes", int32, "10485760", at_least(4), medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting segment.index.bytes. Largest size of a segment's offset index; a full index "
     "begins a new segment."},
    {1000, "log.initial.task.delay.ms", int64, "30000", at_least(0), low, read_only, no_server_name, hidden,
     no_effect_text},
    {117, "log.message.timestamp.after.max.ms", int64, "3600000", at_least(0), medium, cluster_wide, no_server_name,
     effective,
     "Default of the topic setting message.timestamp.after.max.ms. How far a record's timestamp may lie ahead "
     "of the broker's clock before the produce request is refused (with message.timestamp.type=CreateTime)."},
    {125, "log.message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), medium, cluster_wide,
     no_server_name, effective,
     "Default of the topic setting message.timestamp.before.max.ms. How far a record's timestamp may lie "
     "behind the broker's clock before the produce request is refused (with "
     "message.timestamp.type=CreateTime)."},
    {58, "log.message.timestamp.type", string, "CreateTime", one_of(choices_createtime_logappendtime), medium,
     cluster_wide, no_server_name, effective,
     "Default of the topic setting message.timestamp.type. Whose time a record carries: CreateTime is the "
     "producer's, LogAppendTime the broker's at the moment of the append."},
    {186, "log.preallocate", boolean, "false", {}, medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting preallocate. Reserves the room of a whole segment on disk when it is "
     "created."},
    {221, "log.retention.bytes", int64, "-1", {}, high, cluster_wide, no_server_name, effective,
     "Default of the topic setting retention.bytes. Size above which the oldest segments of a partition are "
     "removed; -1 is no limit."},
    {165, "log.retention.check.interval.ms", int64, "300000", at_least(1), medium, read_only, no_server_name,
     effective,
     "How often it is checked whether segments may be removed."},
    {65, "log.retention.hours", int32, "168", {}, high, read_only, no_server_name, effective,
     "Stands in for log.retention.minutes when that is not set, in hours."},
    {119, "log.retention.minutes", int32, null, {}, high, read_only, no_server_name, effective,
     "Stands in for log.retention.ms when that is not set, in minutes."},
    {207, "log.retention.ms", int64, null, {}, high, cluster_wide, no_server_name, effective,
     "Default of the topic setting retention.ms. Age at which segments are removed, by their newest timestamp; "
     "-1 is no limit."},
    {268, "log.roll.hours", int32, "168", at_least(1), high, read_only, no_server_name, effective,
     "Stands in for log.roll.ms when that is not set, in hours."},
    {46, "log.roll.jitter.hours", int32, "0", at_least(0), high, read_only, no_server_name, effective,
     "Stands in for log.roll.jitter.ms when that is not set, in hours."},
    {273, "log.roll.jitter.ms", int64, null, {}, high, cluster_wide, no_server_name, effective,
     "Default of the topic setting segment.jitter.ms. Most by which segment.ms is shortened, at random per "
     "segment, so that many partitions do not roll at one moment."},
    {71, "log.roll.ms", int64, null, {}, high, cluster_wide, no_server_name, effective,
     "Default of the topic setting segment.ms. Age at which a new segment file is begun even if the old one is "
     "not full, so that retention can remove it."},
    {112, "log.segment.bytes", int32, "1073741824", at_least(1048576), high, cluster_wide, no_server_name, effective,
     "Default of the topic setting segment.bytes. Size at which a new segment file is begun."},
    {120, "log.segment.delete.delay.ms", int64, "60000", at_least(0), high, cluster_wide, no_server_name, effective,
     "Default of the topic setting file.delete.delay.ms. How long the files of a deleted segment or topic stay "
     "on disk, renamed, before they are removed."},
    {29, "max.connection.creation.rate", int32, "2147483647", at_least(0), medium, cluster_wide, no_server_name,
     effective,
     "Most new connections per second, over all listeners; more wait to be accepted. Read at start."},
    {60, "max.connections", int32, "2147483647", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Most open connections; at the limit the next waits until one is closed. Read at start."},
    {104, "max.connections.per.ip", int32, "2147483647", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Most open connections from one address; more are closed at once. Read at start."},
    {296, "max.connections.per.ip.overrides", string, "", {}, medium, cluster_wide, no_server_name, effective,
     "Limits of max.connections.per.ip for single addresses or names, as host:count."},
    {307, "max.incremental.fetch.session.cache.slots", int32, "1000", at_least(0), medium, read_only,
     no_server_name, effective,
     "Most fetch sessions that are remembered; a client without one names all its partitions in each fetch."},
    {331, "max.request.partition.size.limit", int32, "2000", at_least(1), medium, read_only, no_server_name,
     effective,
     "Most partitions in one DescribeTopicPartitions response."},
    {25, "message.max.bytes", int32, "1048588", at_least(0), high, cluster_wide, no_server_name, effective,
     "Default of the topic setting max.message.bytes. Largest record batch, as it arrives and before "
     "decompression, that a produce request may append."},
    {9, "min.insync.replicas", int32, "1", at_least(1), high, cluster_wide, no_server_name, effective,
     "Default of the topic setting of the same name. With acks=all, a produce request is refused while fewer "
     "replicas than this, the leader among them, are in sync."},
    {84, "node.id", int32, null, at_least(0), high, read_only, no_server_name, required | effective,
     "The id of this node, unique in its cluster. Moldau takes 1 when it is not set."},
    {191, "num.io.threads", int32, "8", at_least(1), high, cluster_wide, no_server_name, plain, no_effect_text},
    {142, "num.network.threads", int32, "3", at_least(1), high, cluster_wide, no_server_name, plain, no_effect_text},
    {234, "num.partitions", int32, "1", at_least(1), medium, read_only, no_server_name, effective,
     "Partitions of a topic when the request that creates it does not say."},
    {13, "num.recovery.threads.per.data.dir", int32, "2", at_least(1), high, cluster_wide, no_server_name, plain,
     no_effect_text},
    {328, "process.roles", list, null, list_of(choices_broker_controller, false), high, read_only, no_server_name,
     required | effective,
     "What this node is: broker, controller or both. Moldau takes both when it is not set."},
    {1000, "producer.id.expiration.check.interval.ms", int32, "600000", at_least(1), low, read_only, no_server_name,
     hidden | effective,
     "How often it is checked whether producers are to be forgotten."},
    {70, "producer.id.expiration.ms", int32, "86400000", at_least(1), low, cluster_wide, no_server_name, effective,
     "After how long without a batch the sequence numbers of an idempotent producer are forgotten."},
    {161, "producer.purgatory.purge.interval.requests", int32, "1000", {}, medium, read_only, no_server_name, plain,
     no_effect_text},
    {339, "queued.max.request.bytes", int64, "-1", {}, medium, read_only, no_server_name, effective,
     "Memory that requests and answers of clients may take together; beyond it requests are not read until some is "
     "given back. -1, or less than 1: a quarter of the machine's memory, or of the control group's limit."},
    {51, "queued.max.requests", int32, "500", at_least(1), high, read_only, no_server_name, plain, no_effect_text},
    {107, "request.timeout.ms", int32, "30000", {}, high, read_only, no_server_name, plain, no_effect_text},
    {128, "socket.connection.setup.timeout.max.ms", int64, "30000", {}, medium, read_only, no_server_name, plain,
     no_effect_text},
    {236, "socket.connection.setup.timeout.ms", int64, "10000", {}, medium, read_only, no_server_name, plain,
     no_effect_text},
    {258, "socket.listen.backlog.size", int32, "50", at_least(1), medium, read_only, no_server_name, effective,
     "Connections that the kernel holds until they are accepted; it cuts this to net.core.somaxconn."},
    {151, "socket.receive.buffer.bytes", int32, "102400", {}, high, read_only, no_server_name, plain, no_effect_text},
    {54, "socket.request.max.bytes", int32, "104857600", at_least(1), high, read_only, no_server_name, effective,
     "Largest request; a connection that announces a larger one is closed."},
    {148, "socket.send.buffer.bytes", int32, "102400", {}, high, read_only, no_server_name, plain, no_effect_text},
    {2000, "shards", int32, "0", between(0, 64), medium, read_only, no_server_name, effective,
     "Moldau's own: threads that serve, each with connections and partitions of its own. Connections go to the thread "
     "whose partitions they use; groups and metadata are the first one's. 0: as many as there are processors for this "
     "process."},
    {2000, "shards.fill.percent", int32, "50", between(0, 75), low, read_only, no_server_name, effective,
     "Moldau's own: how much of its time a shard may be busy before partitions and connections go to the next one; "
     "while one shard does it all, a request costs least. 0: they are spread evenly from the start."},
    {2000, "shards.balance.interval.ms", int32, "1000", between(0, 60'000), low, read_only, no_server_name, effective,
     "Moldau's own: how often is looked whether partitions should go to another shard. 0: never."},
    {2000, "loop.spin.us", int32, "-1", between(-1, 100'000), low, read_only, no_server_name, effective,
     "Moldau's own: how long a thread polls for the next event before it sleeps, in microseconds. -1: up to 40, as "
     "long as it has been worth its CPU lately. 0: never. More: always that long, which gives the lowest latency while "
     "there is load and costs up to a processor for each shard."},
    {2000, "write.caching.default", boolean, "false", {}, medium, cluster_wide, no_server_name, effective,
     "Default of the topic setting write.caching."},
    {2000, "log.scrub.bytes.per.second", int64, "8388608", at_least(0), medium, cluster_wide, no_server_name, effective,
     "Moldau's own: how much of each log directory the scrubber reads in a second, at most; 0 turns it off. It checks "
     "the checksums of segments that are not written any more, marks what is damaged, and leaves a busy disk alone."},
    {2000, "log.scrub.interval.ms", int64, "604800000", at_least(1), medium, cluster_wide, no_server_name, effective,
     "Moldau's own: from the start of one round of the scrubber over a log directory to the start of the next."},
    {2000, "log.journal.enable", boolean, "true", {}, medium, read_only, no_server_name, effective,
     "Moldau's own: with many partitions to be synced before an acknowledgement, their batches are written to a "
     "journal that is synced once, and the logs are synced behind it. Without, each log is synced. The promise is the "
     "same. While the broker runs, and after an unclean stop, each log directory may hold a folder named journal, with "
     "which Apache Kafka refuses to start: a clean stop or \"moldau recover\" removes it."},
    {2000, "log.journal.file.bytes", int32, "67108864", at_least(65'536), medium, read_only, no_server_name, effective,
     "Moldau's own: size of a file of the journal; a log directory has up to four. Larger ones have logs synced behind "
     "less often; smaller ones leave less for a start after an unclean stop."},
    {2000, "cluster.id", string, null, {}, medium, read_only, no_server_name, effective,
     "Moldau's own: the cluster id that fresh data folders get. When unset it is that of the folders that have one, "
     "else one is made. A folder of another cluster ends the start."},
};

}  // namespace

std::span<const ConfigKey> broker_config_rows_core() { return table; }

}  // namespace moldau::metadata
