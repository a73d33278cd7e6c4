"""Rows of ./x bench: Kafka's own producer, throughput in the page cache, codecs, an empty broker."""
import time

from brokers import cpu_seconds, memory_kib
from drivers import perf_test, raw, timed_restart
from row import PAGE_CACHE, WITH_ROOFLINE, Options, Row


def row_produce(**how):
    """16 KiB batches of 100 B unless `how` says otherwise."""
    options = {"messages": 3_000_000, "partitions": 6, "connections": 4, "depth": 5, **how}

    def run(broker, number):
        topic = f"raw-{number}"
        broker.create_topic(topic, options["partitions"])
        return raw(broker, "produce", topic, **{**options, "messages": Options.scaled(options["messages"])})
    return run


def row_perf(record_bytes, records, properties):
    def run(broker, number):
        topic = f"perf-{record_bytes}-{number}"
        broker.create_topic(topic, 6)
        return perf_test(broker, topic, Options.scaled(records), record_bytes, properties)
    return run


def row_codec(codec):
    """Produced, and read back as it lies."""
    def run(broker, number):
        topic = f"{codec}-{number}"
        broker.create_topic(topic, 6)
        messages = Options.scaled(2_000_000)
        produced = raw(broker, "produce", topic, messages=messages, codec=codec, batch_bytes=32768)
        read = raw(broker, "consume", topic, messages=produced["messages"] * 99 // 100, connections=2)
        return {"messages": produced["messages"], "messages_per_second": produced["messages_per_second"],
                "cpu_per_million": produced["cpu_per_million"], "read_cpu_per_million": read["cpu_per_million"]}
    return run


def row_idle(broker, number):
    time.sleep(3)
    before, start = cpu_seconds(broker.pid), time.time()
    time.sleep(5)
    resident, anonymous = memory_kib(broker.pid)
    return {"rss_mib": resident / 1024, "rss_anon_mib": anonymous / 1024,
            "idle_cpu_percent": 100 * (cpu_seconds(broker.pid) - before) / (time.time() - start)}


def row_start(broker, number):
    """A formatted folder without topics; the first produce has to create one."""
    if number > 0:  # the topics of before are no part of an empty broker
        broker.start_afresh()
    broker.stop()
    times = timed_restart(broker, topic=f"first-{number}", create=1)
    return {"first_ack_ms": times["first_ack_ms"]}


CHEAPER = {"messages_per_second": ("ratio >=", 1.0), "cpu_per_million": ("ratio <=", 1 / 3)}
CODECS = {f"codec-{codec}": Row("page cache", f"RAW batches of 297 x 100 B, {codec}, 4 connections x 5, 6 partitions, acks=1;"
                                " then drained", row_codec(codec), PAGE_CACHE, load=True)
          for codec in ("none", "gzip", "snappy", "lz4", "zstd")}
ROWS = {
    "idle": Row("sync", "an empty broker", row_idle, (),
                {"rss_mib": ("value <=", 10e6 / 2**20), "idle_cpu_percent": ("value <=", 1)}),
    "start": Row("sync", "exec to first acknowledged produce, empty formatted folder", row_start, (),
                 {"first_ack_ms": ("value <=", 20)}),
    "perf-100": Row("page cache", "producer-perf-test 100 B, 6 partitions, acks=1", row_perf(100, 2_000_000, ["acks=1"]),
                    PAGE_CACHE, CHEAPER, load=True),
    "perf-1k": Row("page cache", "producer-perf-test 1 KiB, 6 partitions, acks=1", row_perf(1024, 500_000, ["acks=1"]),
                   PAGE_CACHE, CHEAPER, load=True),
    "java-default": Row("sync; Kafka page cache", "producer-perf-test 1 KiB, 6 partitions, the Java producer's defaults",
                        row_perf(1024, 300_000, []), (),
                        {"messages_per_second": ("ratio >=", 0.7), "p99_ms": ("ratio <=", 2),
                         "cpu_per_million": ("ratio <=", 1 / 3)}, load=True),
    "raw-produce": Row("page cache", "RAW 100 B in 16 KiB batches, 4 connections x 5, 6 partitions, acks=1", row_produce(),
                       PAGE_CACHE, {"cpu_per_million": ("ratio <=", 1 / 4),
                                    "mb_per_second": ("either", [("ratio >=", 5), ("roofline >=", 0.7)])},
                       WITH_ROOFLINE, load=True),
    "raw-produce-one": Row("page cache", "RAW 100 B in 16 KiB batches, 1 connection x 5, 1 partition, acks=1",
                           row_produce(partitions=1, connections=1, messages=2_000_000), PAGE_CACHE, {}, WITH_ROOFLINE,
                           load=True),
    "raw-produce-1k": Row("page cache", "RAW 1 KiB in 16 KiB batches, 4 connections x 5, 6 partitions, acks=1",
                          row_produce(record_bytes=1024, messages=300_000), PAGE_CACHE, {}, WITH_ROOFLINE, load=True),
    **CODECS,
}
