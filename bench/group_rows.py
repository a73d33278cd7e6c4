"""Rows of ./x bench about groups and many partitions; bench.py runs them and says what a row is."""
import json
import os
import struct
import subprocess
import time

from brokers import ROOT, TICKS, cpu_seconds, create_topic, memory_kib, request

GROUPS = os.path.join(ROOT, "build", "moldau-groups")
AT_ONCE = ["group.initial.rebalance.delay.ms=0", "group.consumer.heartbeat.interval.ms=100",
           "group.consumer.min.heartbeat.interval.ms=100", "group.consumer.assignment.interval.ms=0"]


def run_groups(broker, mode, group, **options):
    """What moldau-groups printed, and what the broker spent on it."""
    arguments = [GROUPS, mode, "--port", str(broker.port), "--group", group]
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), str(value)]
    before = cpu_seconds(broker.pid)
    result = json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)
    result["broker_cpu_seconds"] = cpu_seconds(broker.pid) - before
    return result


def warm_up(broker, number):
    """The offsets topic and the topic of the rows; a first round is not counted: it measures the JIT."""
    if number > 0:
        return
    create_topic(broker.port, "members", 1000)
    for round_ in range(3):
        run_groups(broker, "classic", f"warm-classic-{round_}", topic="members")
        run_groups(broker, "consumer", f"warm-consumer-{round_}", topic="members")


def row_rebalance(mode):
    def run(broker, number):
        warm_up(broker, number)
        return run_groups(broker, mode, f"{mode}-{number}", topic="members")
    return run


def row_commits(broker, number):
    if number == 0:
        create_topic(broker.port, "members", 1000)
        run_groups(broker, "commit", "warm", topic="members", commits=50_000, depth=20)
    figures = run_groups(broker, "commit", f"commit-{number}", topic="members", commits=100_000, depth=20)
    figures["commits_per_cpu_second"] = figures["commits"] / max(figures["broker_cpu_seconds"], 1 / TICKS)
    return figures


def row_idle_groups(broker, number):
    """10,000 groups with an offset each, and nobody in them."""
    broker.stop()
    broker.wipe()
    broker.start([])
    create_topic(broker.port, "members", 1000)
    run_groups(broker, "commit", "first", topic="members", commits=1)
    before = memory_kib(broker.pid)[0]
    run_groups(broker, "commit", "idle", topic="members", commits=10_000, groups=10_000, depth=20)
    time.sleep(2)
    resident, anonymous = memory_kib(broker.pid)
    return {"rss_mib": resident / 1024, "rss_anon_mib": anonymous / 1024,
            "grown_mib": (resident - before) / 1024}


def create_topics(port, names, partitions):
    """One CreateTopics v2 request; seconds until all logs of all topics answer."""
    start = time.time()
    body = struct.pack(">i", len(names))
    for name in names:
        body += struct.pack(">h", len(name)) + name.encode() + struct.pack(">ihii", partitions, 1, 0, 0)
    answer = request(port, 19, 2, body + struct.pack(">ib", 60000, 0))
    at = 12
    for name in names:
        length = struct.unpack_from(">h", answer, at)[0]
        error = struct.unpack_from(">h", answer, at + 2 + length)[0]
        if error != 0:
            raise SystemExit(f"bench: could not create {name}: error {error}")
        at += 2 + length + 2
        at += 2 + max(0, struct.unpack_from(">h", answer, at)[0])
    for name in names:
        body = struct.pack(">iih", -1, 1, len(name)) + name.encode() + struct.pack(">i", partitions)
        body += b"".join(struct.pack(">iq", partition, -1) for partition in range(partitions))
        while True:
            answer = request(port, 2, 1, body)
            first = 4 + 4 + 2 + len(name) + 4
            if all(struct.unpack_from(">h", answer, first + 22 * p + 4)[0] == 0 for p in range(partitions)):
                break
            time.sleep(0.02)
    return time.time() - start


def row_partitions(broker, number):
    """10 topics of 990 partitions, made by one request."""
    broker.stop()
    broker.wipe()
    broker.start([])
    seconds = create_topics(broker.port, [f"wide-{i}" for i in range(10)], 990)
    time.sleep(10)
    before, start = cpu_seconds(broker.pid), time.time()
    time.sleep(5)
    resident, anonymous = memory_kib(broker.pid)
    return {"create_s": seconds, "rss_mib": resident / 1024, "rss_anon_mib": anonymous / 1024,
            "idle_cpu_percent": 100 * (cpu_seconds(broker.pid) - before) / (time.time() - start)}


def row_compaction(broker, number):
    """Filled by bench/compaction_bench.py, which starts both brokers on copies of one folder; asked once per round."""
    if broker.name == "kafka" and number == 0:
        out = subprocess.run(["python3", os.path.join(ROOT, "bench", "compaction_bench.py"), "--runs", "2"],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        row_compaction.result = json.loads(out)
    result = row_compaction.result[broker.name]
    return {"mb_per_s": result["mb_per_s"], "cpu_seconds": result["cpu_s"], "peak_rss_mib": result["peak_mb"]}


BOTH = {"kafka": AT_ONCE, "moldau": AT_ONCE}
# Most of all_s is not the brokers' time: members hear of a rebalance by their heartbeats of 100 ms. asked_s is what is
# left from when the last of them asked.
FASTER = {"asked_s": ("ratio <=", 1 / 3), "broker_cpu_seconds": ("ratio <=", 1 / 5)}
ROWS = {
    "rebalance-classic": ("sync; Kafka page cache", "100 members, 1,000 partitions, +1, -1; delay 0, heartbeats of 100 ms",
                          row_rebalance("classic"), BOTH, FASTER),
    "rebalance-consumer": ("sync; Kafka page cache", "the same by KIP-848", row_rebalance("consumer"), BOTH, FASTER),
    "rebalance-default-classic": ("sync; Kafka page cache", "the same with default settings", row_rebalance("classic"), [],
                                  {"all_s": ("ratio <=", 1.05)}),
    "rebalance-default-consumer": ("sync; Kafka page cache", "the same with default settings, KIP-848",
                                   row_rebalance("consumer"), [], {"all_s": ("ratio <=", 1.05)}),
    "commits": ("page cache", "offset commits, 4 connections x 20", row_commits, ["write.caching.default=true"],
                {"commits_per_cpu_second": ("ratio >=", 5)}),
    "idle-groups": ("sync; Kafka page cache", "10,000 groups with an offset each", row_idle_groups, [],
                    {"grown_mib": ("value <=", 64)}),
    "partitions": ("sync; Kafka page cache", "10 topics x 990 partitions by one request", row_partitions, [],
                   {"create_s": ("value <=", 2), "rss_mib": ("ratio <=", 0.1), "idle_cpu_percent": ("value <=", 1)}),
    "compaction": ("page cache", "2 GB, a tenth of it distinct keys", row_compaction, [],
                   {"mb_per_s": ("ratio >=", 3)}),
}
