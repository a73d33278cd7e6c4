"""Rows of ./x bench where both brokers sync before they acknowledge: Kafka with flush.messages=1, Moldau as it comes."""
import statistics

from drivers import raw
from row import SYNC, WITH_ROOFLINE, Options, Row

SECONDS = 10
CALM_MESSAGES = 10_000 * 36  # 40 MB: less than a file of the journal


def row_sync(all_partitions, connections=16, depth=5, **how):
    """Batches of 36 x 100 B, for a fixed time: in a fixed number of them one broker would be done before the disk has
    found its pace."""
    def run(broker, number):
        partitions = Options.many(all_partitions)
        topic = f"sync-{number}"
        broker.create_topic(topic, partitions)
        return raw(broker, "produce", topic, messages=1 << 50, seconds=max(1, int(SECONDS * Options.scale)), acks=-1,
                   partitions=partitions, connections=connections, depth=depth, batch_bytes=4096, **how)
    return run


def row_checkpoints(broker, number):
    """A load that goes round the journal many times, beside loads that do not fill its first file: those begin after a
    clean stop, which leaves the journal empty, and in partitions that have been written to before."""
    broker.start_afresh()
    partitions, topic = Options.many(1000), f"checkpoints-{number}"
    broker.create_topic(topic, partitions)

    def load(**how):
        return raw(broker, "produce", topic, partitions=partitions, connections=16, depth=5, batch_bytes=4096, acks=-1, **how)
    load(messages=CALM_MESSAGES)
    calm = []
    for _ in range(3):
        broker.stop()
        broker.restart()
        calm.append(load(messages=CALM_MESSAGES)["p999_us"])
    busy = load(messages=1 << 50, seconds=max(2, int(30 * Options.scale)))
    calm_p999 = statistics.median(calm)
    return {"p999_us": busy["p999_us"], "calm_p999_us": calm_p999, "p999_growth": busy["p999_us"] / calm_p999,
            "megabytes": busy["bytes"] / 1e6}


def bars(faster):
    return {"requests_per_second": [("ratio >=", faster), ("roofline >=", 0.6)],
            "cpu_per_request_us": ("ratio <=", 1 / 8)}


def sync_row(what, run, row_bars):
    return Row("sync", what + ", acks=all", run, SYNC, row_bars, WITH_ROOFLINE, load=True)


ROWS = {
    **{f"sync-{partitions}": sync_row(f"one 4 KiB batch a request, 16 connections x 5, {partitions:,} partitions, "
                                      f"{SECONDS} s", row_sync(partitions), bars(faster))
       for partitions, faster in ((1, 15), (100, 8), (1000, 8))},
    "sync-1000x20": sync_row(f"20 partitions x 4 KiB a request, 16 connections x 5, 1,000 partitions, {SECONDS} s",
                             row_sync(1000, partitions_per_request=20),
                             {"requests_per_second": [("ratio >=", 10), ("roofline >=", 0.6)]}),
    "sync-serial": sync_row(f"one 4 KiB batch a request, 1 connection x 1, 1 partition, {SECONDS} s", row_sync(1, 1, 1), {}),
    "sync-serial-5": sync_row(f"one 4 KiB batch a request, 1 connection x 5, 1 partition, {SECONDS} s", row_sync(1, 1), {}),
    "sync-checkpoints": Row("sync", "one 4 KiB batch a request, 16 connections x 5, 1,000 partitions, acks=all: 30 s of "
                            "load beside 40 MB", row_checkpoints, (), {"p999_growth": ("value <=", 3)}, ("moldau",), load=True),
}
