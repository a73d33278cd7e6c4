"""Rows of ./x bench about readers: fan-out, catching up, and history read beside live traffic."""
import contextlib
import os
import threading

from brokers import drop_cache, free_bytes
from drivers import open_loop, raw
from latency_rows import timed
from row import PAGE_CACHE, Options, Row

RATE = 100_000
HISTORY_BYTES = 4_000_000_000


def fill(broker, topic, bytes_):
    """`bytes_` of 100 B messages, as many as half of the free disk takes; returns how many messages."""
    broker.create_topic(topic, 6)
    bytes_ = min(bytes_, free_bytes(broker.folder) // 2)
    return raw(broker, "produce", topic, messages=max(1000, bytes_ // 110), partitions=6, connections=4, depth=5,
               batch_bytes=131072)["messages"]


def row_fan_out(consumers):
    def run(broker, number):
        topic = f"fan-{number}"
        broker.create_topic(topic, 4)
        result = open_loop(broker, topic, rate=RATE, records=100, consumers=consumers, acks=1, **timed())
        result["mb_per_cpu_second"] = result["fetched_bytes"] / result["broker_cpu_seconds"] / 1e6
        return result
    return run


def row_catch_up(cold):
    messages = {}

    def run(broker, number):
        if number == 0:
            messages[broker.name] = fill(broker, "past", Options.scaled(3_000_000_000))
        if cold:
            drop_cache(broker.folder)
        return raw(broker, "consume", "past", messages=messages[broker.name], partitions=6, connections=2)
    return run


@contextlib.contextmanager
def kept_cold(folder):
    """Takes files out of the page cache again and again: who reads them twice finds them on the disk twice."""
    done = threading.Event()

    def drop():
        while not done.wait(0.5):
            for base, _, names in os.walk(folder):
                for name in names:
                    if name.endswith(".log") and os.path.basename(base).startswith("past-"):
                        fd = os.open(os.path.join(base, name), os.O_RDONLY)
                        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                        os.close(fd)
    thread = threading.Thread(target=drop)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def row_history(broker, number):
    if number == 0:
        fill(broker, "past", Options.scaled(HISTORY_BYTES))
        broker.create_topic("warm-live", 4)
        open_loop(broker, "warm-live", rate=10_000, records=10, **timed())
    drop_cache(broker.folder)
    results = []
    for name, history in (("alone", {}), ("beside", {"history_topic": "past", "history_partitions": 6})):
        topic = f"live-{name}-{number}"
        broker.create_topic(topic, 4)
        with kept_cold(broker.folder):
            results.append(open_loop(broker, topic, rate=10_000, records=10, **timed(), **history))
    alone, beside = results
    return {"alone_p99_us": alone["p99_us"], "p99_us": beside["p99_us"], "p99_growth": beside["p99_us"] / alone["p99_us"],
            "history_mb_per_s": beside["history_bytes"] / beside["seconds"] / 1e6}


def fan_out(consumers, bars):
    consumer = "consumer" if consumers == 1 else "consumers"
    return Row("page cache", f"{RATE:,} messages/s of 100 B in batches of 100, 4 partitions, {consumers} tailing {consumer}, "
               "10 s", row_fan_out(consumers), PAGE_CACHE, bars, load=True)


ROWS = {
    "fan-out-1": fan_out(1, {}),
    "fan-out-4": fan_out(4, {}),
    "fan-out-16": fan_out(16, {"mb_per_cpu_second": ("ratio >=", 2)}),
    "catch-up-warm": Row("page cache", "drain of 3 GB in 100 B messages (128 KiB batches), 6 partitions, 2 connections, fetches of "
                         "1 MiB, warm", row_catch_up(False), PAGE_CACHE,
                         {"mb_per_cpu_second": ("ratio >=", 2), "mb_per_second": ("ratio >=", 2)}, load=True),
    "catch-up-cold": Row("page cache", "the same out of the disk", row_catch_up(True), PAGE_CACHE, {}, load=True),
    "history": Row("page cache", "10,000 messages/s of 100 B, a batch each ms, 1 tailing consumer, 10 s: beside one that reads "
                   "4 GB of another topic from the disk, and alone", row_history, PAGE_CACHE,
                   {"p99_growth": ("value <=", 1.2)}, load=True),
}
