"""Rows of ./x bench about groups and many partitions; bench.py runs them and says what a row is."""
import json
import os
import subprocess
import time

from brokers import BUILD, ROOT, TICKS, cpu_seconds, create_topics, memory_kib
from drivers import arguments_of, run_json
from row import PAGE_CACHE, Row

GROUPS = os.path.join(BUILD, "moldau-groups")
AT_ONCE = ["group.initial.rebalance.delay.ms=0", "group.consumer.heartbeat.interval.ms=100",
           "group.consumer.min.heartbeat.interval.ms=100", "group.consumer.assignment.interval.ms=0"]


def run_groups(broker, mode, group, **options):
    """What moldau-groups printed, and what the broker spent on it."""
    before = cpu_seconds(broker.pid)
    result = run_json([GROUPS, mode, "--port", str(broker.port), "--group", group, *arguments_of(options)])
    result["broker_cpu_seconds"] = cpu_seconds(broker.pid) - before
    return result


def warm_up(broker, number):
    """The offsets topic and the topic of the rows; a first round is not counted: it measures the JIT."""
    if number > 0:
        return
    broker.create_topic("members", 1000)
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
        broker.create_topic("members", 1000)
        run_groups(broker, "commit", "warm", topic="members", commits=50_000, depth=20)
    figures = run_groups(broker, "commit", f"commit-{number}", topic="members", commits=100_000, depth=20)
    figures["commits_per_cpu_second"] = figures["commits"] / max(figures["broker_cpu_seconds"], 1 / TICKS)
    return figures


def row_idle_groups(broker, number):
    """10,000 groups with an offset each, and nobody in them."""
    broker.start_afresh()
    broker.create_topic("members", 1000)
    run_groups(broker, "commit", "first", topic="members", commits=1)
    before = memory_kib(broker.pid)[0]
    run_groups(broker, "commit", "idle", topic="members", commits=10_000, groups=10_000, depth=20)
    time.sleep(2)
    resident, anonymous = memory_kib(broker.pid)
    return {"rss_mib": resident / 1024, "rss_anon_mib": anonymous / 1024,
            "grown_mib": (resident - before) / 1024}


def row_partitions(broker, number):
    """10 topics of 990 partitions, made by one request."""
    broker.start_afresh()
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
    "rebalance-classic": Row("sync; Kafka page cache", "100 members, 1,000 partitions, +1, -1; delay 0, heartbeats of 100 ms",
                             row_rebalance("classic"), BOTH, FASTER),
    "rebalance-consumer": Row("sync; Kafka page cache", "the same by KIP-848", row_rebalance("consumer"), BOTH, FASTER),
    "rebalance-default-classic": Row("sync; Kafka page cache", "the same with default settings", row_rebalance("classic"), [],
                                     {"all_s": ("ratio <=", 1.05)}),
    "rebalance-default-consumer": Row("sync; Kafka page cache", "the same with default settings, KIP-848",
                                      row_rebalance("consumer"), [], {"all_s": ("ratio <=", 1.05)}),
    "commits": Row("page cache", "offset commits, 4 connections x 20", row_commits, PAGE_CACHE,
                   {"commits_per_cpu_second": ("ratio >=", 5)}),
    "idle-groups": Row("sync; Kafka page cache", "10,000 groups with an offset each", row_idle_groups, [],
                       {"grown_mib": ("value <=", 64)}),
    "partitions": Row("sync; Kafka page cache", "10 topics x 990 partitions by one request", row_partitions, [],
                      {"create_s": ("value <=", 2), "rss_mib": ("ratio <=", 0.05), "idle_cpu_percent": ("value <=", 1)}),
    "compaction": Row("page cache", "2 GB, a tenth of it distinct keys", row_compaction, [],
                      {"mb_per_s": ("ratio >=", 3)}),
}
