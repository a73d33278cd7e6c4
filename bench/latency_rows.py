"""Rows of ./x bench about latency at a fixed rate (open loop), CPU at a fixed rate, and many connections."""
from drivers import open_loop, raw
from row import PAGE_CACHE, SYNC, Options, Row

SECONDS = 10
# The profile for low latency of docs/guide/operations.md.
LOW_LATENCY = {**PAGE_CACHE, "moldau": [*PAGE_CACHE["moldau"], "loop.spin.us=2000"]}


def timed(seconds=SECONDS):
    return {"seconds": max(1, int(seconds * Options.scale)), "warm_seconds": 2 if Options.scale >= 1 else 1}


def row_end_to_end(rate, **how):
    """A batch each millisecond."""
    def run(broker, number):
        if number == 0:  # a JVM learns most in its first seconds
            broker.create_topic("warm-e2e", 4)
            open_loop(broker, "warm-e2e", rate=rate, records=rate // 1000, **timed(20), **how)
        topic = f"e2e-{number}"
        broker.create_topic(topic, 4)
        return open_loop(broker, topic, rate=rate, records=rate // 1000, **timed(), **how)
    return run


def row_round_trip(broker, number):
    topic = f"rtt-{number}"
    broker.create_topic(topic, 1)
    return raw(broker, "produce", topic, messages=Options.scaled(20_000), batch_bytes=1, partitions=1, connections=1,
               depth=1)


def row_connections(broker, number):
    """One message a second on each, in turn; what the broker grew by while they were there."""
    broker.start_afresh()
    broker.create_topic("connections", 100)
    load = {"partitions": 100, "consumers": 0, "records": 1}
    open_loop(broker, "connections", connections=100, rate=10_000, **load, **timed())  # warms up
    few = open_loop(broker, "connections", connections=100, rate=100, **load, **timed())
    connections = 10 * Options.many(1000)
    many = open_loop(broker, "connections", connections=connections, rate=connections, **load, **timed())
    return {"few_p99_us": few["ack_p99_us"], "p99_us": many["ack_p99_us"],
            "p99_growth": many["ack_p99_us"] / few["ack_p99_us"],
            "kb_per_connection": (many["rss_kib"] - many["rss_before_kib"]) * 1.024 / connections,
            "cpu_per_million": many["cpu_per_million"], "messages": many["messages"]}


LATER = {"p50_us": ("ratio <=", 1 / 3), "p999_us": ("ratio <=", 1 / 5), "cpu_per_million": ("ratio <=", 1 / 5)}
FIXED = "open loop, 4 connections, 4 partitions, a batch each ms, 1 tailing consumer"


def end_to_end_row(rate, bars, kind="page cache", settings=PAGE_CACHE, what="", **how):
    acks = how.get("acks", "all")
    text = f"{rate:,} messages/s of {how.get('record_bytes', 100)} B, {FIXED}, acks={acks}, {SECONDS} s{what}"
    return Row(kind, text, row_end_to_end(rate, **how), settings, bars, load=True)


ROWS = {
    "e2e-10k": end_to_end_row(10_000, LATER),
    "e2e-100k": end_to_end_row(100_000, LATER),
    "e2e-10k-low-latency": end_to_end_row(10_000, {"p50_us": ("ratio <=", 1 / 6)}, settings=LOW_LATENCY,
                                          what=", low-latency profile; the load generator spins", spin=1),
    "e2e-100k-low-latency": end_to_end_row(100_000, {"p50_us": ("ratio <=", 1 / 6)}, settings=LOW_LATENCY,
                                           what=", low-latency profile; the load generator spins", spin=1),
    "e2e-sync": end_to_end_row(10_000, {"p50_us": ("value <=", 1000)}, kind="sync", settings=SYNC),
    "e2e-1k": end_to_end_row(10_000, {}, record_bytes=1024),
    "cpu-100k": end_to_end_row(100_000, {"cpu_per_million": ("ratio <=", 1 / 5)}, acks=1),
    "cpu-100k-1k": end_to_end_row(100_000, {}, acks=1, record_bytes=1024),
    "round-trip": Row("page cache", "one request of one 100 B record in flight, 1 connection, acks=1", row_round_trip,
                      PAGE_CACHE, {"p50_us": ("ratio <=", 1 / 4)}, load=True),
    "connections": Row("page cache", f"10,000 connections with one message of 100 B a second each, 100 partitions, acks=all, "
                       f"{SECONDS} s; beside 100 connections", row_connections, PAGE_CACHE,
                       {"kb_per_connection": ("value <=", 12), "p99_growth": ("value <=", 2)}),
}
