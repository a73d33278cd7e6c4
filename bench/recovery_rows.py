"""Rows of ./x bench about starts: after kill -9 under load, and after a clean stop with many partitions."""
import os
import sys

from brokers import create_topics, free_bytes, memory_kib
from drivers import raw, timed_restart
from row import PAGE_CACHE, Options, Row

KILLED_BYTES = 10_000_000_000
DISK_SHARE = 0.4  # of what is free: the folder is emptied before the next broker writes


def row_kill(broker, number):
    """Everything was acknowledged; the process is killed with the last answer, and must show all of it again."""
    broker.start_afresh()
    wanted = Options.scaled(KILLED_BYTES)
    bytes_ = min(wanted, int(free_bytes(broker.folder) * DISK_SHARE))
    if bytes_ < wanted:
        print(f"bench: {bytes_ / 1e9:.1f} GB instead of {wanted / 1e9:.1f}: no more disk is free", file=sys.stderr)
    partitions = Options.many(1000)
    broker.create_topic("killed", partitions)
    messages = raw(broker, "produce", "killed", messages=max(150_000, bytes_ // 111), partitions=partitions, connections=4,
                   depth=5, acks=-1)["messages"]
    broker.kill()
    times = timed_restart(broker, topic="killed", partitions=partitions, expected=messages + 1)
    broker.stop()
    broker.wipe()
    broker.start(broker.settings)
    return {**{name: times[name] for name in ("first_ack_ms", "readable_ms")}, "gigabytes": messages * 111 / 1e9,
            "lost_messages": max(0, messages + 1 - times["held_messages"])}


def row_restart(broker, number):
    """A record in every partition of one topic, the others empty."""
    partitions = Options.many(990)
    if number == 0:
        create_topics(broker.port, [f"wide-{i}" for i in range(10)], partitions)
        raw(broker, "produce", "wide-0", messages=partitions, partitions=partitions, connections=4, depth=5, batch_bytes=1, acks=-1)
    broker.stop()
    times = timed_restart(broker, topic="wide", topics=10, partitions=partitions)
    return {"first_ack_ms": times["first_ack_ms"], "readable_ms": times["readable_ms"],
            "rss_mib": memory_kib(broker.pid)[0] / 1024, "folder_files": sum(len(f) for _, _, f in os.walk(broker.folder))}


AT_ONCE = {"first_ack_ms": ("value <=", 100), "readable_ms": ("value <=", 500), "lost_messages": ("value <=", 0)}
KILL = "kill -9 with 10 GB (or what the disk takes) over 1,000 partitions, 16 KiB batches, all acknowledged"
ROWS = {
    "kill-page-cache": Row("page cache", KILL, row_kill, PAGE_CACHE, AT_ONCE, load=True),
    "kill-sync": Row("sync", KILL, row_kill, (), AT_ONCE, ("moldau",), load=True),
    "restart-9900": Row("sync; Kafka page cache", "10 topics x 990 partitions, after a clean stop", row_restart, (),
                        {"readable_ms": ("value <=", 150)}),
}
