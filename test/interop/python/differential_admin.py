"""The admin surface, asked of the broker under test and of real Kafka: the same calls, good and bad, in the same order.

As differential.py, of which it takes requests and fill-in; but here messages are compared too, word by word,
where they do not name what differs by nature (see `normal`). What differs on purpose stands in known-differences.tsv.
"""

import concurrent.futures
import json
import re

import differential
from admin_requests import (
    APPEND,
    BROKER,
    DELETE,
    GROUP,
    LOGGER,
    METRICS,
    SET,
    SUBTRACT,
    TOPIC,
    delete_records,
    elect,
    end_of_epoch,
    features,
    grow,
    incremental,
    log_dirs,
    move,
    producers,
    quorum,
    quota,
    quotas,
    reassign,
    reassignments,
    replace,
    scram,
    scrams,
)
from differential import NOWHERE, PAUSE, batch, create, describe, fetch, list_offsets, metadata, produce
from known import Known


def config_cases():
    yield "topic set", *incremental(TOPIC, "t", ("retention.ms", SET, "1000000"), ("segment.bytes", SET, " 2000000 "))
    yield "topic set v0", *incremental(TOPIC, "t", ("max.message.bytes", SET, "2000"), version=0)
    yield "pause", *PAUSE
    yield "topic set seen", *describe(TOPIC, "t", ["retention.ms", "segment.bytes", "max.message.bytes"])
    yield "topic delete", *incremental(TOPIC, "t", ("max.message.bytes", DELETE, None))
    yield "topic delete unset", *incremental(TOPIC, "t", ("flush.ms", DELETE, None))
    yield "topic delete unknown", *incremental(TOPIC, "t", ("no.such", DELETE, None))
    yield "topic delete with value", *incremental(TOPIC, "t", ("retention.ms", DELETE, "5"))
    yield "topic append", *incremental(TOPIC, "t", ("cleanup.policy", APPEND, "compact"))
    yield "pause", *PAUSE
    yield "topic append seen", *describe(TOPIC, "t", ["cleanup.policy", "retention.ms"])
    yield "topic append again", *incremental(TOPIC, "t", ("cleanup.policy", APPEND, "compact,delete"))
    yield "topic append bad", *incremental(TOPIC, "t", ("cleanup.policy", APPEND, "burn"))
    yield "topic subtract", *incremental(TOPIC, "t", ("cleanup.policy", SUBTRACT, "compact"))
    yield "topic subtract all", *incremental(TOPIC, "t", ("cleanup.policy", SUBTRACT, "delete"))
    yield "topic append to a number", *incremental(TOPIC, "t", ("retention.ms", APPEND, "5"))
    yield "topic subtract from unknown", *incremental(TOPIC, "t", ("no.such", SUBTRACT, "5"))
    yield "topic unknown operation", *incremental(TOPIC, "t", ("retention.ms", 9, "5"))
    yield "topic null", *incremental(TOPIC, "t", ("retention.ms", SET, None))
    yield "topic append null", *incremental(TOPIC, "t", ("cleanup.policy", APPEND, None))
    yield "topic two nulls", *incremental(TOPIC, "t", ("retention.ms", SET, None), ("flush.ms", SET, None))
    yield "topic key twice", *incremental(TOPIC, "t", ("retention.ms", SET, "1"), ("retention.ms", SET, "2"))
    yield "topic key twice, null", *incremental(TOPIC, "t", ("retention.ms", SET, "1"), ("retention.ms", SET, None))
    yield "topic unknown key", *incremental(TOPIC, "t", ("no.such", SET, "5"))
    for key, value in (
        ("retention.ms", "soon"),
        ("retention.ms", "-2"),
        ("retention.ms", ""),
        ("segment.bytes", "1"),
        ("segment.bytes", "99999999999"),
        ("max.message.bytes", "-1"),
        ("min.insync.replicas", "0"),
        ("compression.type", "rar"),
        ("compression.gzip.level", "12"),
        ("compression.lz4.level", "0"),
        ("compression.zstd.level", "99"),
        ("cleanup.policy", ""),
        ("cleanup.policy", "burn"),
        ("message.timestamp.type", "Now"),
        ("message.timestamp.before.max.ms", "-1"),
        ("min.cleanable.dirty.ratio", "1.5"),
        ("min.cleanable.dirty.ratio", "x"),
        ("preallocate", "maybe"),
        ("unclean.leader.election.enable", "1"),
        ("leader.replication.throttled.replicas", "0:x"),
        ("remote.storage.enable", "true"),
        ("min.compaction.lag.ms", "-1"),
        ("max.compaction.lag.ms", "0"),
        ("file.delete.delay.ms", "-1"),
        ("flush.messages", "0"),
        ("index.interval.bytes", "-1"),
        ("segment.ms", "0"),
        ("segment.jitter.ms", "-1"),
        ("delete.retention.ms", "-1"),
    ):
        yield f"topic {key}={value}", *incremental(TOPIC, "t", (key, SET, value))
    yield "topic lags in conflict", *incremental(
        TOPIC, "t", ("min.compaction.lag.ms", SET, "500"), ("max.compaction.lag.ms", SET, "100")
    )
    yield "topic good and bad", *incremental(TOPIC, "t", ("flush.ms", SET, "77"), ("retention.ms", SET, "soon"))
    yield "topic no changes", *incremental(TOPIC, "t")
    yield "topic only checked", *incremental(TOPIC, "t", ("flush.ms", SET, "77"), only_check=True)
    yield "topic only checked bad", *incremental(TOPIC, "t", ("flush.ms", SET, "x"), only_check=True)
    yield "topic unknown", *incremental(TOPIC, "nowhere", ("retention.ms", SET, "5"))
    yield "topic unknown with bad value", *incremental(TOPIC, "nowhere", ("retention.ms", SET, "x"))
    yield "topic bad name", *incremental(TOPIC, "a/b", ("retention.ms", SET, "5"))
    yield "topic empty name", *incremental(TOPIC, "", ("retention.ms", SET, "5"))
    yield "kind 0", *incremental(0, "t", ("retention.ms", SET, "5"))
    yield "kind 3", *incremental(3, "t", ("retention.ms", SET, "5"))
    yield "kind 99", *incremental(99, "t", ("retention.ms", SET, "5"))
    resource = incremental(TOPIC, "t", ("flush.ms", SET, "9"))[2]["resources"]
    other = incremental(TOPIC, "u", ("flush.ms", SET, "9"))[2]["resources"]
    bad = incremental(TOPIC, "nowhere", ("flush.ms", SET, "9"))[2]["resources"]
    yield "resource twice", 44, 1, {"resources": resource + resource + other, "validateOnly": False}
    yield "one good, one bad", 44, 1, {"resources": other + bad, "validateOnly": False}
    yield "no resources", 44, 1, {"resources": [], "validateOnly": False}
    yield "pause", *PAUSE
    yield "topic as it is", *describe(TOPIC, "t")
    yield "other topic as it is", *describe(TOPIC, "u", ["flush.ms"])

    for name in ("", "@node-text"):
        who = "default" if name == "" else "own"
        yield f"broker {who} set", *incremental(BROKER, name, ("log.retention.ms", SET, "5000000"))
        yield f"broker {who} set two", *incremental(
            BROKER, name, ("log.cleaner.threads", SET, "2"), ("message.max.bytes", SET, "1500000")
        )
        yield "pause", *PAUSE
        yield f"broker {who} seen", *describe(BROKER, name, ["log.retention.ms", "log.cleaner.threads"])
        yield f"broker {who} seen by a topic", *describe(TOPIC, "u", ["retention.ms", "max.message.bytes"])
        yield f"broker {who} read-only", *incremental(BROKER, name, ("num.partitions", SET, "3"))
        yield f"broker {who} read-only two", *incremental(
            BROKER, name, ("num.partitions", SET, "3"), ("broker.id", SET, "3"), ("log.retention.ms", SET, "77")
        )
        yield f"broker {who} node.id", *incremental(BROKER, name, ("node.id", SET, "3"))
        yield f"broker {who} unknown key", *incremental(BROKER, name, ("no.such", SET, "3"))
        yield f"broker {who} delete unknown", *incremental(BROKER, name, ("no.such", DELETE, None))
        yield f"broker {who} listeners", *incremental(BROKER, name, ("ssl.keystore.type", SET, "PKCS12"))
        yield f"broker {who} listener prefix", *incremental(
            BROKER, name, ("listener.name.external.ssl.keystore.type", SET, "PKCS12")
        )
        yield f"broker {who} max.connections", *incremental(BROKER, name, ("max.connections", SET, "900"))
        yield f"broker {who} overrides", *incremental(
            BROKER, name, ("max.connections.per.ip.overrides", SET, "127.0.0.9:5")
        )
        for key, value in (
            ("log.cleaner.threads", "0"),
            ("log.cleaner.threads", "many"),
            ("num.io.threads", "0"),
            ("num.io.threads", "100"),
            ("message.max.bytes", "-1"),
            ("log.retention.ms", "-2"),
            ("log.retention.ms", "0"),
            ("log.segment.bytes", "1"),
            ("log.cleanup.policy", "burn"),
            ("compression.type", "rar"),
            ("min.insync.replicas", "0"),
            ("max.connections.per.ip", "-1"),
            ("max.connection.creation.rate", "0"),
            ("unclean.leader.election.enable", "x"),
            ("background.threads", "0"),
            ("log.message.timestamp.type", "x"),
            ("follower.replication.throttled.rate", "x"),
            ("leader.replication.throttled.rate", "-5"),
        ):
            yield f"broker {who} {key}={value}", *incremental(BROKER, name, (key, SET, value))
        yield f"broker {who} append", *incremental(BROKER, name, ("log.cleanup.policy", APPEND, "compact"))
        yield f"broker {who} append number", *incremental(BROKER, name, ("log.retention.ms", APPEND, "5"))
        yield f"broker {who} null", *incremental(BROKER, name, ("log.retention.ms", SET, None))
        yield f"broker {who} only checked", *incremental(BROKER, name, ("log.retention.ms", SET, "9"), only_check=True)
        yield "pause", *PAUSE
        yield f"broker {who} as it is", *describe(
            BROKER, name, ["log.cleanup.policy", "log.retention.ms", "max.connections", "num.io.threads"]
        )
        yield f"broker {who} take back", *incremental(
            BROKER,
            name,
            *((key, DELETE, None) for key in ("log.retention.ms", "log.cleaner.threads", "message.max.bytes")),
            *((key, DELETE, None) for key in ("log.cleanup.policy", "max.connections")),
        )
        yield "pause", *PAUSE
        yield f"broker {who} taken back", *describe(BROKER, name, ["log.retention.ms", "log.cleaner.threads"])
    yield "broker own password", *incremental(BROKER, "@node-text", ("ssl.keystore.password", SET, "secret"))
    yield "broker other", *incremental(BROKER, "77", ("log.retention.ms", SET, "5"))
    yield "broker name", *incremental(BROKER, "me", ("log.retention.ms", SET, "5"))
    yield "broker -1", *incremental(BROKER, "-1", ("log.retention.ms", SET, "5"))
    yield "broker huge", *incremental(BROKER, "99999999999", ("log.retention.ms", SET, "5"))

    for level in ("DEBUG", "INFO", "debug", "LOUD", ""):
        yield f"logger {level}", *incremental(LOGGER, "@node-text", ("kafka.server.KafkaConfig", SET, level))
    yield "logger seen", *describe(LOGGER, "@node-text", ["kafka.server.KafkaConfig"])
    yield "logger null", *incremental(LOGGER, "@node-text", ("kafka.server.KafkaConfig", SET, None))
    yield "logger root", *incremental(LOGGER, "@node-text", ("root", SET, "INFO"))
    yield "logger root deleted", *incremental(LOGGER, "@node-text", ("root", DELETE, None))
    yield "logger deleted", *incremental(LOGGER, "@node-text", ("kafka.server.KafkaConfig", DELETE, None))
    yield "logger unknown", *incremental(LOGGER, "@node-text", ("no.such.logger", SET, "INFO"))
    yield "logger unknown deleted", *incremental(LOGGER, "@node-text", ("no.such.logger", DELETE, None))
    yield "logger append", *incremental(LOGGER, "@node-text", ("kafka.server.KafkaConfig", APPEND, "INFO"))
    yield "logger subtract", *incremental(LOGGER, "@node-text", ("kafka.server.KafkaConfig", SUBTRACT, "INFO"))
    yield "logger unknown operation", *incremental(LOGGER, "@node-text", ("kafka.server.KafkaConfig", 7, "INFO"))
    yield "logger only checked", *incremental(LOGGER, "@node-text", ("root", SET, "LOUD"), only_check=True)
    for name in ("", "77", "me"):
        yield f"logger of {name!r}", *incremental(LOGGER, name, ("root", SET, "INFO"))
        yield f"logger described of {name!r}", *describe(LOGGER, name)
    yield "logger by AlterConfigs", *replace(LOGGER, "@node-text", ("root", "INFO"))

    yield "metrics set", *incremental(
        METRICS,
        "sub",
        ("interval.ms", SET, "5000"),
        ("metrics", SET, "org.apache.kafka.producer."),
        ("match", SET, "client_id=x.*,client_software_name=java"),
    )
    yield "pause", *PAUSE
    yield "metrics seen", *describe(METRICS, "sub")
    yield "metrics of nobody", *describe(METRICS, "other")
    yield "metrics of nothing", *describe(METRICS, "")
    for key, value in (
        ("interval.ms", "50"),
        ("interval.ms", "9999999"),
        ("interval.ms", "x"),
        ("match", "what=x"),
        ("match", "client_id"),
        ("match", "client_id=[x"),
        ("metrics", ""),
        ("no.such", "1"),
    ):
        yield f"metrics {key}={value}", *incremental(METRICS, "sub2", (key, SET, value))
    yield "metrics append", *incremental(METRICS, "sub", ("metrics", APPEND, "b."))
    yield "metrics empty name", *incremental(METRICS, "", ("interval.ms", SET, "5000"))
    yield "metrics deleted", *incremental(
        METRICS, "sub", ("interval.ms", DELETE, None), ("metrics", DELETE, None), ("match", DELETE, None)
    )
    yield "group set", *incremental(GROUP, "g", ("consumer.session.timeout.ms", SET, "50000"))
    yield "pause", *PAUSE
    yield "group seen", *describe(GROUP, "g")
    yield "group of nobody", *describe(GROUP, "other")
    yield "group of nothing", *describe(GROUP, "")
    for key, value in (
        ("consumer.session.timeout.ms", "1"),
        ("consumer.session.timeout.ms", "999999999"),
        ("consumer.session.timeout.ms", "x"),
        ("consumer.heartbeat.interval.ms", "1"),
        ("consumer.heartbeat.interval.ms", "44000"),
        ("share.auto.offset.reset", "sideways"),
        ("share.record.lock.duration.ms", "1"),
        ("share.isolation.level", "x"),
        ("streams.num.standby.replicas", "-1"),
        ("streams.session.timeout.ms", "1"),
        ("no.such", "1"),
    ):
        yield f"group {key}={value}", *incremental(GROUP, "g2", (key, SET, value))
    yield "group empty name", *incremental(GROUP, "", ("consumer.session.timeout.ms", SET, "50000"))

    yield "replace", *replace(TOPIC, "u", ("retention.ms", "77000"), ("segment.bytes", "3000000"))
    yield "pause", *PAUSE
    yield "replace seen", *describe(TOPIC, "u", ["retention.ms", "segment.bytes", "flush.ms"])
    for version in (0, 1):
        yield f"replace v{version}", *replace(TOPIC, "u", ("retention.ms", "78000"), version=version)
    yield "pause", *PAUSE
    yield "replaced again", *describe(TOPIC, "u", ["retention.ms", "segment.bytes"])
    yield "replace only checked", *replace(TOPIC, "u", only_check=True)
    yield "replace bad", *replace(TOPIC, "u", ("retention.ms", "x"))
    yield "replace unknown key", *replace(TOPIC, "u", ("no.such", "x"))
    yield "replace null", *replace(TOPIC, "u", ("retention.ms", None))
    yield "replace key twice", *replace(TOPIC, "u", ("retention.ms", "5"), ("retention.ms", "6"))
    yield "replace unknown topic", *replace(TOPIC, "nowhere", ("retention.ms", "5"))
    yield "replace bad name", *replace(TOPIC, "a/b", ("retention.ms", "5"))
    yield "replace empty name", *replace(TOPIC, "", ("retention.ms", "5"))
    yield "replace broker", *replace(BROKER, "@node-text", ("log.retention.ms", "9000000"))
    yield "replace broker read-only", *replace(BROKER, "@node-text", ("num.partitions", "3"))
    yield "replace broker by nothing", *replace(BROKER, "@node-text")
    yield "replace broker other", *replace(BROKER, "77", ("log.retention.ms", "5"))
    yield "replace kind 99", *replace(99, "x", ("a", "b"))
    yield "replace kind 0", *replace(0, "x", ("a", "b"))
    resource = replace(TOPIC, "u", ("flush.ms", "9"))[2]["resources"]
    yield "replace twice", 33, 2, {"resources": resource + resource, "validateOnly": False}
    yield "replace group", *replace(GROUP, "g", ("consumer.session.timeout.ms", "51000"))
    yield "replace metrics", *replace(METRICS, "sub", ("interval.ms", "7000"))
    yield "replace by nothing", *replace(TOPIC, "u")
    yield "pause", *PAUSE
    yield "replaced by nothing", *describe(TOPIC, "u", ["retention.ms", "segment.bytes"])
    yield "describe documented", 32, 4, {
        "resources": [
            {"resourceType": TOPIC, "resourceName": "u", "configurationKeys": ["retention.ms"]},
            {"resourceType": BROKER, "resourceName": "@node-text", "configurationKeys": ["log.retention.ms"]},
        ],
        "includeSynonyms": True,
        "includeDocumentation": False,
    }
    yield "describe one twice", 32, 4, {
        "resources": [{"resourceType": TOPIC, "resourceName": "u", "configurationKeys": ["retention.ms"]}] * 2,
        "includeSynonyms": False,
        "includeDocumentation": False,
    }
    for version in (1, 2, 3):
        yield f"describe group v{version}", *describe(GROUP, "g", version=version)
    for kinds in ([], [TOPIC], [BROKER], [LOGGER], [METRICS], [GROUP], [TOPIC, GROUP, METRICS], [99], [0]):
        yield f"resources {kinds}", 74, 1, {"resourceTypes": kinds}
    yield "resources v0", 74, 0, {}


def topic_cases():
    yield "grow", *grow("small", 3)
    yield "grow v0", *grow("small", 4, version=0)
    yield "pause", *PAUSE
    yield "grown", *metadata(12, ["small"])
    yield "grow to the same", *grow("small", 4)
    yield "shrink", *grow("small", 2)
    yield "grow to 0", *grow("small", 0)
    yield "grow to -3", *grow("small", -3)
    yield "grow unknown", *grow("nowhere", 3)
    yield "grow bad name", *grow("a/b", 3)
    yield "grow empty name", *grow("", 3)
    yield "grow only checked", *grow("small", 6, only_check=True)
    yield "grow only checked bad", *grow("small", 1, only_check=True)
    yield "grow assigned", *grow("small", 5, [["@node"]])
    yield "grow assigned to few", *grow("small", 7, [["@node"]])
    yield "grow assigned too many", *grow("small", 6, [["@node"], ["@node"]])
    yield "grow assigned to unknown", *grow("small", 6, [[77]])
    yield "grow assigned twice", *grow("small", 6, [["@node", "@node"]])
    yield "grow assigned nobody", *grow("small", 6, [[]])
    yield "grow assigned none", *grow("small", 6, [])
    yield "grow assigned negative", *grow("small", 6, [[-1]])
    yield "grow out of time", *grow("small", 6, timeout=-1)
    yield "grow twice", 37, 3, {
        "topics": grow("small", 6)[2]["topics"] + grow("small", 7)[2]["topics"] + grow("other", 2)[2]["topics"],
        "timeoutMs": 30000,
        "validateOnly": False,
    }
    yield "grow one good, one bad", 37, 3, {
        "topics": grow("small", 6)[2]["topics"] + grow("nowhere", 7)[2]["topics"],
        "timeoutMs": 30000,
        "validateOnly": False,
    }
    yield "grow none", 37, 3, {"topics": [], "timeoutMs": 30000, "validateOnly": False}
    yield "pause", *PAUSE
    yield "grown at the end", *metadata(12, ["small", "other"])
    yield "create 10001", *create("toomany", 10001)

    for i in range(3):
        yield f"produce {i}", *produce("rec", batch([b"a", b"b"]))
    for offset in (-1, 100, -2, 1, 1, 0):
        yield f"delete records {offset}"[:30] + (" again" if offset == 0 else ""), *delete_records(
            "rec", offset, partition=1 if offset == -1 else 0
        )
    yield "earliest after", *list_offsets("rec", -2)
    yield "fetch before the start", *fetch("rec", 0)
    yield "fetch at the start", *fetch("rec", 1)
    yield "delete records v0", *delete_records("rec", 2, version=0)
    yield "delete records v1", *delete_records("rec", 3, version=1)
    yield "delete records to the end", *delete_records("rec", -1)
    yield "earliest at the end", *list_offsets("rec", -2)
    yield "latest at the end", *list_offsets("rec", -1)
    yield "fetch at the end", *fetch("rec", 6)
    yield "delete records unknown topic", *delete_records("nowhere", 1)
    yield "delete records unknown partition", *delete_records("rec", 1, 9)
    yield "delete records negative partition", *delete_records("rec", 1, -1)
    yield "delete records bad name", *delete_records("a/b", 1)
    yield "delete records compacted", *delete_records("keyed", 0)
    yield "delete records both policies", *delete_records("both", 0)
    yield "delete records of nothing", 21, 2, {"topics": [], "timeoutMs": 30000}
    yield "delete records no time", *delete_records("rec", 6, timeout=0)
    yield "delete records negative time", *delete_records("rec", 6, timeout=-1)
    yield "delete records internal", *delete_records("__consumer_offsets", 0)
    yield "keyless on compacted", *produce("keyed", batch([b"x"]))
    yield "keyless on both", *produce("both", batch([b"x"]))
    yield "produce internal", *produce("__consumer_offsets", batch([b"x"]))

    for version in (1, 2, 3, 4, 5):
        yield f"log dirs v{version}", *log_dirs([{"topic": "rec", "partitions": [0, 1]}], version)
    yield "log dirs unknown topic", *log_dirs([{"topic": "nowhere", "partitions": [0]}])
    yield "log dirs unknown partition", *log_dirs([{"topic": "rec", "partitions": [0, 9]}])
    yield "log dirs of nothing", *log_dirs([])
    yield "log dirs twice", *log_dirs([{"topic": "rec", "partitions": [0, 0]}, {"topic": "rec", "partitions": [0]}])
    yield "move to nowhere", *move("/no/such/dir", "rec", 0)
    yield "move to nowhere v1", *move("/no/such/dir", "rec", 0, version=1)
    yield "move relative", *move("some/dir", "rec", 0)
    yield "move unknown topic", *move("/no/such/dir", "nowhere", 0)
    yield "move none", 34, 2, {"dirs": []}
    yield "move twice", 34, 2, {"dirs": move("/a", "rec", 0)[2]["dirs"] + move("/b", "rec", 0)[2]["dirs"]}

    for version in (2, 3, 4):
        yield f"end of epoch v{version}", *end_of_epoch("rec", 0, version=version)
    yield "end of future epoch", *end_of_epoch("rec", 9)
    yield "end of epoch -1", *end_of_epoch("rec", -1)
    yield "end of epoch current", *end_of_epoch("rec", 0, current=0)
    yield "end of epoch current old", *end_of_epoch("empty", 0, current=7)
    yield "end of epoch unknown topic", *end_of_epoch("nowhere", 0)
    yield "end of epoch unknown partition", *end_of_epoch("rec", 0, 9)
    yield "end of epoch empty", *end_of_epoch("empty", 0)

    yield "producers none", *producers("rec", 0, 1)
    yield "produce idempotent", *produce("rec", batch([b"a"], producer=(4000, 0, 0)))
    yield "produce idempotent more", *produce("rec", batch([b"b"], producer=(4000, 0, 1)))
    yield "produce idempotent other", *produce("rec", batch([b"b"], producer=(4001, 2, 0)))
    yield "producers", *producers("rec", 0)
    yield "producers unknown topic", *producers("nowhere", 0)
    yield "producers unknown partition", *producers("rec", 0, 9)
    yield "producers bad name", *producers("a/b", 0)
    yield "producers empty name", *producers("", 0)
    yield "producers of nothing", 61, 0, {"topics": []}


def behaviour_cases():
    """Settings of a topic count at once."""
    steps = (
        ("min.insync.replicas", "2", batch([b"x"])),
        ("max.message.bytes", "100", batch([b"x" * 200])),
        ("message.timestamp.type", "LogAppendTime", batch([b"x"])),
        ("message.timestamp.before.max.ms", "1000", batch([b"x"], [1000])),
        ("compression.type", "gzip", batch([b"x" * 500])),
        ("compression.type", "producer", batch([b"x" * 10])),
        ("cleanup.policy", "compact", batch([b"x"])),
        ("cleanup.policy", "delete", batch([b"x"])),
    )
    for key, value, records in steps:
        yield f"behave set {key}={value}", *incremental(TOPIC, "behave", (key, SET, value))
        yield "pause", *PAUSE
        yield f"behave produce with {key}={value}", *produce("behave", records)
        yield f"behave delete {key}", *incremental(TOPIC, "behave", (key, DELETE, None))
        yield "pause", *PAUSE
    yield "behave fetch", *fetch("behave", 0)
    yield "behave two settings, broker", *incremental(BROKER, "", ("message.max.bytes", SET, "150"))
    yield "pause", *PAUSE
    yield "behave produce beyond the broker's bound", *produce("behave", batch([b"x" * 200]))
    yield "behave take back", *incremental(BROKER, "", ("message.max.bytes", DELETE, None))
    yield "pause", *PAUSE
    yield "behave produce again", *produce("behave", batch([b"x" * 200]))
    yield "describe unknown broker key", *describe(BROKER, "@node-text", ["no.such", "log.retention.ms"])
    yield "describe unknown cluster-wide key", *describe(BROKER, "", ["no.such"])
    for timeout in (0, -1):
        yield f"reassign with time {timeout}", *reassign("rec", 0, ["@node"], timeoutMs=timeout)
        yield f"reassignments with time {timeout}", 46, 0, {"timeoutMs": timeout, "topics": None}
        yield f"features with time {timeout}", *features(("metadata.version", 30, 1), timeoutMs=timeout)
    yield "features as they are v1", *features(("metadata.version", 30, 1), version=1)
    yield "features as they are v0", *features(("metadata.version", 30, 1), version=0)
    yield "partitions page", 75, 0, {
        "topics": [{"name": "rec"}, {"name": "small"}],
        "responsePartitionLimit": 3,
        "cursor": None,
    }
    yield "partitions next page", 75, 0, {
        "topics": [{"name": "rec"}, {"name": "small"}],
        "responsePartitionLimit": 3,
        "cursor": {"topicName": "small", "partitionIndex": 1},
    }
    yield "delete consumer offsets", 20, 5, {"topicNames": ["__consumer_offsets"], "timeoutMs": 30000}


def cluster_cases():
    for version in (0, 1, 2):
        yield f"quorum v{version}", *quorum(version=version)
    yield "quorum other topic", *quorum("rec")
    yield "quorum other partition", *quorum(partition=3)
    yield "quorum of nothing", 55, 2, {"topics": []}
    yield "quorum twice", 55, 2, {"topics": quorum()[2]["topics"] * 2}
    for version in (0, 1, 2):
        yield f"elect v{version}", *elect([("rec", [0])], version=version)
    yield "elect all", *elect(None)
    yield "elect all unclean", *elect(None, kind=1)
    yield "elect unclean", *elect([("rec", [0])], kind=1)
    yield "elect kind 5", *elect([("rec", [0])], kind=5)
    yield "elect unknown topic", *elect([("nowhere", [0])])
    yield "elect unknown partition", *elect([("rec", [0, 9])])
    yield "elect bad name", *elect([("a/b", [0])])
    yield "elect of nothing", *elect([])
    yield "elect twice", *elect([("rec", [0, 0])])
    yield "elect no time", *elect([("rec", [0])], timeout=-1)

    for version in (0, 1):
        yield f"reassign to itself v{version}", *reassign("rec", 0, ["@node"], version)
    yield "reassign cancel none", *reassign("rec", 0, None)
    yield "reassign to unknown", *reassign("rec", 0, [77])
    yield "reassign to two", *reassign("rec", 0, ["@node", 77])
    yield "reassign to two, factor fixed", *reassign("rec", 0, ["@node", 77], allowReplicationFactorChange=False)
    yield "reassign to nobody", *reassign("rec", 0, [])
    yield "reassign to one twice", *reassign("rec", 0, ["@node", "@node"])
    yield "reassign to negative", *reassign("rec", 0, [-1])
    yield "reassign unknown topic", *reassign("nowhere", 0, ["@node"])
    yield "reassign unknown partition", *reassign("rec", 9, ["@node"])
    yield "reassign bad name", *reassign("a/b", 0, ["@node"])
    yield "reassign nothing", 45, 1, {"timeoutMs": 30000, "allowReplicationFactorChange": True, "topics": []}
    yield "reassign twice", 45, 1, {
        "timeoutMs": 30000,
        "allowReplicationFactorChange": True,
        "topics": reassign("rec", 0, ["@node"])[2]["topics"] * 2,
    }
    yield "reassignments", *reassignments(None)
    yield "reassignments of", *reassignments([("rec", [0])])
    yield "reassignments of unknown", *reassignments([("nowhere", [0])])
    yield "reassignments of nothing", *reassignments([])

    yield "features none", *features()
    yield "feature unknown", *features(("no.such", 1, 1))
    yield "feature unknown v1", *features(("no.such", 1, 1), version=1)
    yield "feature unknown v0", *features(("no.such", 1, 1), version=0)
    yield "feature empty name", *features(("", 1, 1))
    yield "feature unknown removed", *features(("no.such", 0, 2))
    for how in (0, 1, 2, 3, 9):
        yield f"metadata.version as it is, type {how}", *features(("metadata.version", 30, how))
        yield f"metadata.version lower, type {how}", *features(("metadata.version", 29, how), only_check=True)
    for how in (1, 2, 3):
        yield f"metadata.version beyond, type {how}", *features(("metadata.version", 99, how))
        yield f"metadata.version too low, type {how}", *features(("metadata.version", 1, how))
        yield f"metadata.version 0, type {how}", *features(("metadata.version", 0, how))
        yield f"metadata.version -1, type {how}", *features(("metadata.version", -1, how))
    yield "metadata.version lower v0", *features(("metadata.version", 29, 1), version=0)
    yield "metadata.version and unknown", *features(("metadata.version", 30, 1), ("no.such", 1, 1))
    yield "metadata.version and unknown v1", *features(("metadata.version", 30, 1), ("no.such", 1, 1), version=1)
    yield "metadata.version lower, checked v1", *features(("metadata.version", 29, 2), only_check=True, version=1)
    yield "kraft.version up", *features(("kraft.version", 1, 1))
    yield "kraft.version down", *features(("kraft.version", 0, 2))
    yield "feature twice", *features(("metadata.version", 30, 1), ("metadata.version", 30, 1))
    yield "transaction.version beyond", *features(("transaction.version", 9, 1))

    yield "quotas empty", *quotas()
    alice = [("user", "alice")]
    yield "quota set", *quota(alice, ("producer_byte_rate", 1000.0), ("consumer_byte_rate", 2500.5))
    yield "quota set v0", *quota([("client-id", "c")], ("producer_byte_rate", 1000.0), version=0)
    yield "quota default", *quota([("user", None)], ("request_percentage", 50.0))
    yield "quota pair", *quota([("user", "alice"), ("client-id", "c")], ("controller_mutation_rate", 5.0))
    yield "quota pair default", *quota([("client-id", None), ("user", "alice")], ("producer_byte_rate", 7.0))
    yield "quota ip", *quota([("ip", "127.0.0.1")], ("connection_creation_rate", 5.0))
    yield "quota ip default", *quota([("ip", None)], ("connection_creation_rate", 6.0))
    yield "pause", *PAUSE
    yield "quotas all", *quotas()
    yield "quotas all strict", *quotas(strict=True)
    yield "quotas of users", *quotas(("user", 2, None))
    yield "quotas of users strict", *quotas(("user", 2, None), strict=True)
    yield "quotas of alice", *quotas(("user", 0, "alice"))
    yield "quotas of alice v0", *quotas(("user", 0, "alice"), version=0)
    yield "quotas of default user", *quotas(("user", 1, None))
    yield "quotas of pairs", *quotas(("user", 0, "alice"), ("client-id", 2, None))
    yield "quotas of default pair", *quotas(("user", 0, "alice"), ("client-id", 1, None), strict=True)
    yield "quotas of ip", *quotas(("ip", 2, None))
    yield "quotas of nobody", *quotas(("user", 0, "nobody"))
    yield "quotas unknown type", *quotas(("shoe", 2, None))
    yield "quotas empty type", *quotas(("", 2, None))
    yield "quotas unknown match", *quotas(("user", 7, None))
    yield "quotas exact null", *quotas(("user", 0, None))
    yield "quotas default with name", *quotas(("user", 1, "alice"))
    yield "quotas any with name", *quotas(("user", 2, "alice"))
    yield "quotas type twice", *quotas(("user", 2, None), ("user", 0, "alice"))
    yield "quotas user and ip", *quotas(("user", 2, None), ("ip", 2, None))
    yield "quota only checked", *quota(alice, ("producer_byte_rate", 9.0), only_check=True)
    yield "quota unknown key", *quota(alice, ("shoe_size", 9.0))
    yield "quota key of another", *quota(alice, ("connection_creation_rate", 9.0))
    yield "quota ip with key of another", *quota([("ip", "127.0.0.1")], ("producer_byte_rate", 9.0))
    yield "quota 0", *quota(alice, ("producer_byte_rate", 0.0))
    yield "quota negative", *quota(alice, ("producer_byte_rate", -5.0))
    yield "quota not whole", *quota(alice, ("producer_byte_rate", 1.5))
    yield "quota huge", *quota(alice, ("producer_byte_rate", 1e30))
    yield "quota ip not whole", *quota([("ip", "127.0.0.1")], ("connection_creation_rate", 1.5))
    yield "quota percentage", *quota(alice, ("request_percentage", 1.5))
    yield "quota no entity", *quota([], ("producer_byte_rate", 9.0))
    yield "quota unknown entity", *quota([("shoe", "x")], ("producer_byte_rate", 9.0))
    yield "quota empty name", *quota([("user", "")], ("producer_byte_rate", 9.0))
    yield "quota empty type", *quota([("", "x")], ("producer_byte_rate", 9.0))
    yield "quota entity twice", *quota([("user", "a"), ("user", "b")], ("producer_byte_rate", 9.0))
    yield "quota user and ip", *quota([("user", "a"), ("ip", "127.0.0.1")], ("producer_byte_rate", 9.0))
    yield "quota bad ip", *quota([("ip", "not an address")], ("connection_creation_rate", 9.0))
    yield "quota ops twice", *quota(alice, ("producer_byte_rate", 1.0), ("producer_byte_rate", 2.0))
    yield "quota no ops", *quota(alice)
    yield "quota remove unset", *quota(alice, ("controller_mutation_rate", None))
    yield "quota remove unknown", *quota(alice, ("shoe_size", None))
    yield "quota remove", *quota(alice, ("producer_byte_rate", None), ("consumer_byte_rate", None))
    yield "quota one good, one bad", 49, 1, {
        "entries": quota([("user", "bob")], ("producer_byte_rate", 3.0))[2]["entries"]
        + quota([("user", "eve")], ("shoe", 3.0))[2]["entries"],
        "validateOnly": False,
    }
    yield "quota entries twice", 49, 1, {
        "entries": quota([("user", "bob")], ("producer_byte_rate", 3.0))[2]["entries"]
        + quota([("user", "bob")], ("producer_byte_rate", 4.0))[2]["entries"],
        "validateOnly": False,
    }
    yield "pause", *PAUSE
    yield "quotas at the end", *quotas()

    yield "scram none", *scrams(None)
    yield "scram empty list", *scrams([])
    yield "scram of nobody", *scrams(["nobody"])
    yield "scram set", *scram([("alice", 1, 4096), ("alice", 2, 8192), ("bob", 1, 4096)])
    yield "pause", *PAUSE
    yield "scram all", *scrams(None)
    yield "scram of alice", *scrams(["alice", "nobody"])
    yield "scram one twice", *scrams(["alice", "alice", "bob"])
    yield "scram few rounds", *scram([("carl", 1, 100)])
    yield "scram many rounds", *scram([("carl", 1, 99999)])
    yield "scram unknown mechanism", *scram([("carl", 7, 4096)])
    yield "scram mechanism 0", *scram([("carl", 0, 4096)])
    yield "scram empty user", *scram([("", 1, 4096)])
    yield "scram set twice", *scram([("carl", 1, 4096), ("carl", 1, 4097)])
    yield "scram set and deleted", *scram([("alice", 1, 4096)], [("alice", 1)])
    yield "scram delete missing", *scram(removes=[("nobody", 1)])
    yield "scram delete unknown mechanism", *scram(removes=[("alice", 9)])
    yield "scram delete empty user", *scram(removes=[("", 1)])
    yield "scram delete twice", *scram(removes=[("bob", 1), ("bob", 1)])
    yield "scram delete", *scram(removes=[("alice", 2), ("nobody", 2)])
    yield "scram nothing", *scram()
    yield "pause", *PAUSE
    yield "scram at the end", *scrams(None)

    acl = {
        "resourceType": TOPIC,
        "resourceName": "t",
        "resourcePatternType": 3,
        "principal": "User:a",
        "host": "*",
        "operation": 3,
        "permissionType": 3,
    }
    filters = {
        "resourceTypeFilter": 1,
        "resourceNameFilter": None,
        "patternTypeFilter": 1,
        "principalFilter": None,
        "hostFilter": None,
        "operation": 1,
        "permissionType": 1,
    }
    for version in (1, 2, 3):
        yield f"acls v{version}", 29, version, filters
        yield f"acl created v{version}", 30, version, {"creations": [acl, acl]}
        yield f"acl deleted v{version}", 31, version, {"filters": [filters]}
    yield "acl bad", 30, 3, {"creations": [{**acl, "resourceName": "", "operation": 0}]}
    yield "acls bad", 29, 3, {**filters, "operation": 99}
    yield "acls none created", 30, 3, {"creations": []}

    yield "unregister unknown", 64, 0, {"brokerId": 77}
    yield "unregister negative", 64, 0, {"brokerId": -1}
    yield "create internal topic", *create("__transaction_state", 1)
    yield "create metadata topic", *create("__cluster_metadata", 1)
    yield "describe metadata topic", *describe(TOPIC, "__cluster_metadata")
    yield "delete internal topic", 20, 5, {"topicNames": ["__transaction_state"], "timeoutMs": 30000}
    yield "delete records of metadata", *delete_records("__cluster_metadata", 0)


def cases():
    for name in ("t", "u", "small", "other", "empty", "behave"):
        yield f"create {name}", *create(name, 1)
    yield "create rec", *create("rec", 2)
    yield "create keyed", *create("keyed", 1, configs=[("cleanup.policy", "compact")])
    yield "create both", *create("both", 1, configs=[("cleanup.policy", "compact,delete")])
    yield "create offsets", *create("__consumer_offsets", 1, configs=[("cleanup.policy", "compact")])
    yield "pause", *PAUSE
    yield from config_cases()
    yield from topic_cases()
    yield from cluster_cases()
    yield from behaviour_cases()


VOLATILE = differential.VOLATILE - {"brokerId", "leader", "producerId", "sessionId"} | {
    "leaderEpoch",
    "highWatermark",
    "logEndOffset",
    "lastFetchTimestamp",
    "lastCaughtUpTimestamp",
    "replicaDirectoryId",
    "totalBytes",
    "usableBytes",
    "lastTimestamp",
    "logDir",
}
SORTED_BY = (
    "configs",
    "topics",
    "responses",
    "results",
    "configResources",
    "entries",
    "entity",
    "values",
    "features",
    "replicaElectionResults",
)


def normal(value, key=None):
    if isinstance(value, dict):
        return {name: normal(field, name) for name, field in value.items()}
    if isinstance(value, list):
        if key in differential.NODE_LISTS:
            return ["node"] * len(value)
        items = [normal(item) for item in value]
        if key == "configs":
            items = [item for item in items if item.get("name") not in differential.OWN_CONFIGS]
        if key in SORTED_BY:
            items.sort(key=json.dumps)
        return items
    if key == "records":
        return len(value) if value else 0  # the two sides may have been asked at different times
    if key in VOLATILE:
        return "absent" if value in (-1, None, "AAAAAAAAAAAAAAAAAAAAAA") else "present"
    if key == "batchIndexErrorMessage" and value:
        return re.sub(r"\[\d+, \d+\]", "[around now]", value)
    return value


class Side(differential.Side):
    def all(self, script):
        [first] = self.ask([metadata(12, None)])
        node = first["brokers"][0]["nodeId"]
        return self.ask([(api, version, self._fill(body, node, {})) for _, api, version, body in script])


def compare(address, kafka_address):
    """Returns (number of calls, list of differences)."""
    script = list(cases())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        got, want = pool.map(lambda one: Side(one).all(script), (address, kafka_address))
    return judge(script, got, want)


def judge(script, got, want):
    known = Known("admin")
    for (name, api, version, _), here, there in zip(script, got, want):
        if api != "sleep":
            known.compare(f"{name} (api {api} v{version})", normal(there), normal(here))
    return sum(api != "sleep" for _, api, _, _ in script), known.result()


def main():
    """differential_admin.py ADDRESS FILE: asks one broker and keeps its answers; with two files, compares them."""
    import sys

    script = list(cases())
    if re.search(r":\d+$", sys.argv[1]):
        with open(sys.argv[2], "w") as file:
            json.dump(Side(sys.argv[1]).all(script), file)
        return
    with open(sys.argv[1]) as here, open(sys.argv[2]) as there:
        count, wrong = judge(script, json.load(here), json.load(there))
    print("\n".join(wrong))
    print(f"{count} calls, {len(wrong)} differences")


if __name__ == "__main__":
    main()
