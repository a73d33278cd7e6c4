#!/usr/bin/env python3
"""./x bench: Moldau beside Apache Kafka 4.3.1, in one run, as ratios.

Both brokers run in a network namespace of their own with the loopback's plain congestion control. Rounds are interleaved
(Kafka, Moldau, Kafka, Moldau, ...) and a row's figure is the median over its rounds, with the smallest and largest. Each row
names its durability class: "page cache" (Moldau with write.caching.default=true, Kafka as it comes) or "sync" (Moldau as it
comes). Results are kept in build/bench/rows.json as soon as a row is done, so a broken run is continued row by row.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

import group_rows
from brokers import (OUT, PEER, RAW, Kafka, Moldau, cpu_seconds, create_topic, idle_gate, memory_kib,
                     touch_memory)


def raw(broker, mode, topic, **options):
    arguments = [RAW, mode, "--port", str(broker.port), "--topic", topic]
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), str(value)]
    before = cpu_seconds(broker.pid)
    result = json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)
    result["broker_cpu_seconds"] = cpu_seconds(broker.pid) - before
    result["cpu_per_million"] = result["broker_cpu_seconds"] / result["messages"] * 1e6
    return result


def perf_test(broker, topic, records, record_bytes, properties):
    before = cpu_seconds(broker.pid)
    output = subprocess.run([PEER, "tool", "producer-perf-test", "--topic", topic, "--num-records", str(records),
                             "--record-size", str(record_bytes), "--throughput", "-1", "--bootstrap-server",
                             f"127.0.0.1:{broker.port}", *(["--producer-props", *properties] if properties else [])],
                            check=True, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PEER_JAVA_OPTS": "-Xmx512m"}).stdout
    last = [line for line in output.splitlines() if "records sent" in line and "99th" in line][-1]
    found = re.search(r"([\d.,]+) records/sec.*?([\d.]+) ms 50th.*?([\d.]+) ms 99th", last)
    cpu = cpu_seconds(broker.pid) - before
    return {"messages_per_second": float(found.group(1).replace(",", "")), "p50_ms": float(found.group(2)),
            "p99_ms": float(found.group(3)), "broker_cpu_seconds": cpu, "cpu_per_million": cpu / records * 1e6}


# --- rows: name -> (class, what, function(broker, round) -> figures, settings of Moldau) ------------------------------

def row_raw_produce(broker, number):
    topic = f"raw-{number}"
    create_topic(broker.port, topic, 6)
    return raw(broker, "produce", topic, messages=ARGUMENTS.scale * 3_000_000, partitions=6, connections=4, depth=5)


def row_raw_consume(broker, number):
    topic = f"drain-{number}"
    create_topic(broker.port, topic, 6)
    raw(broker, "produce", topic, messages=ARGUMENTS.scale * 3_000_000, partitions=6, connections=4, depth=5)
    return raw(broker, "consume", topic, messages=ARGUMENTS.scale * 2_990_000, partitions=6, connections=2)


def row_perf(record_bytes, records, properties):
    def run(broker, number):
        topic = f"perf-{record_bytes}-{number}"
        create_topic(broker.port, topic, 6)
        return perf_test(broker, topic, ARGUMENTS.scale * records, record_bytes, properties)
    return run


def row_idle(broker, number):
    time.sleep(3)
    before, start = cpu_seconds(broker.pid), time.time()
    time.sleep(5)
    resident, anonymous = memory_kib(broker.pid)
    return {"rss_mib": resident / 1024, "rss_anon_mib": anonymous / 1024,
            "idle_cpu_percent": 100 * (cpu_seconds(broker.pid) - before) / (time.time() - start)}


def row_start(broker, number):
    """From exec to the first acknowledged produce over a formatted, empty folder."""
    broker.stop()
    start = time.time()
    broker.start([])
    create_topic(broker.port, f"first-{number}", 1)
    raw(broker, "produce", f"first-{number}", messages=1, partitions=1, connections=1, depth=1)
    return {"first_ack_ms": (time.time() - start) * 1000}


LOADS = ("perf", "raw", "java")  # rows that write gigabytes
PAGE_CACHE = ["write.caching.default=true"]
# name: (durability class, parameters, function, settings of Moldau or of each by name, bars: figure -> (how, bound))
ROWS = {
    "idle": ("sync", "an empty broker", row_idle, [],
             {"rss_mib": ("value <=", 15), "rss_anon_mib": ("value <=", 6)}),
    "start": ("sync", "exec to first acknowledged produce, empty formatted folder", row_start, [],
              {"first_ack_ms": ("value <=", 50)}),
    "perf-100": ("page cache", "producer-perf-test 100 B, 6 partitions, acks=1", row_perf(100, 2_000_000, ["acks=1"]),
                 PAGE_CACHE, {"messages_per_second": ("ratio >=", 1.0), "cpu_per_million": ("ratio <=", 1 / 3)}),
    "perf-1k": ("page cache", "producer-perf-test 1 KiB, 6 partitions, acks=1", row_perf(1024, 500_000, ["acks=1"]),
                PAGE_CACHE, {"messages_per_second": ("ratio >=", 1.0), "cpu_per_million": ("ratio <=", 1 / 3)}),
    "raw-produce": ("page cache", "RAW 100 B in 16 KiB batches, 4 connections x 5, 6 partitions, acks=1", row_raw_produce,
                    PAGE_CACHE, {"cpu_per_million": ("ratio <=", 1 / 4)}),
    "raw-consume": ("page cache", "RAW drain of 6 partitions, 2 connections, warm", row_raw_consume, PAGE_CACHE, {}),
    "java-default": ("sync; Kafka page cache", "producer-perf-test 1 KiB, 6 partitions, the Java producer's defaults",
                     row_perf(1024, 300_000, []), [], {"messages_per_second": ("ratio >=", 0.5)}),
    **group_rows.ROWS,
}


def measure(name, rounds):
    kind, what, function, settings, bars = ROWS[name]
    brokers = [Kafka(os.path.join(OUT, "kafka")), Moldau(os.path.join(OUT, "moldau"))]
    figures = {broker.name: [] for broker in brokers}
    for broker in brokers:
        broker.wipe()
        broker.start(settings.get(broker.name, []) if isinstance(settings, dict) else
                     settings if broker.name == "moldau" else [])
    try:
        if name.startswith(LOADS):  # the first load measures the JIT
            for broker in brokers:
                create_topic(broker.port, "warm", 6)
                raw(broker, "produce", "warm", messages=ARGUMENTS.warm, partitions=6, connections=4, depth=5)
        for number in range(rounds):
            for broker in brokers:
                if name.startswith(LOADS):
                    touch_memory()
                idle_gate()
                figures[broker.name].append(function(broker, number))
                print(f"  {name} round {number + 1} {broker.name}: " + json.dumps(
                    {k: round(v, 3) for k, v in figures[broker.name][-1].items()}), file=sys.stderr, flush=True)
    finally:
        for broker in brokers:
            try:
                broker.stop()
            except Exception as error:  # the other one must still be stopped
                print(f"bench: stopping {broker.name}: {error}", file=sys.stderr)
    result = {"class": kind, "what": what, "rounds": rounds, "figures": {}}
    for figure in figures["moldau"][0]:
        values = {name_: sorted(f[figure] for f in list_) for name_, list_ in figures.items()}
        ratios = sorted(m[figure] / k[figure] for m, k in zip(figures["moldau"], figures["kafka"]) if k[figure])
        result["figures"][figure] = {
            "kafka": statistics.median(values["kafka"]), "moldau": statistics.median(values["moldau"]),
            "moldau_range": [values["moldau"][0], values["moldau"][-1]],
            "ratio": statistics.median(ratios) if ratios else None,
            "ratio_range": [ratios[0], ratios[-1]] if ratios else None}
    for figure, (how, bound) in bars.items():
        entry = result["figures"][figure]
        value = entry["moldau"] if how.startswith("value") else entry["ratio"]
        entry["bar"] = f"{how} {bound:.3g}"
        entry["met"] = value <= bound if how.endswith("<=") else value >= bound
    return result


def print_table(rows):
    print(f"\n{'row':26} {'class':23} {'figure':21} {'kafka':>11} {'moldau':>11} {'ratio':>8} {'range':>15}  bar")
    missed = 0
    for name, row in rows.items():
        for figure, entry in row["figures"].items():
            if figure in ("messages", "bytes", "seconds", "client_cpu_seconds"):
                continue
            ratio = f"{entry['ratio']:.3f}" if entry["ratio"] is not None else "-"
            spread = "{:.2f}-{:.2f}".format(*entry["ratio_range"]) if entry["ratio_range"] else "-"
            bar = f"{entry['bar']} {'met' if entry['met'] else 'MISSED'}" if "bar" in entry else ""
            missed += "bar" in entry and not entry["met"]
            print(f"{name:26} {row['class']:23} {figure:21} {entry['kafka']:11.2f} {entry['moldau']:11.2f} {ratio:>8} "
                  f"{spread:>15}  {bar}")
    print(f"\n{len(rows)} rows, {missed} bars missed")
    return missed


def main():
    global ARGUMENTS
    parser = argparse.ArgumentParser(prog="./x bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row (may be repeated)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=int, default=1, help="multiplies the messages of each load")
    parser.add_argument("--warm", type=int, default=15_000_000, help="messages of warm-up before a load row")
    parser.add_argument("--table", action="store_true", help="print the table of what was measured so far")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    ARGUMENTS = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)
    store = os.path.join(OUT, "rows.json")
    rows = json.load(open(store)) if os.path.exists(store) else {}
    if ARGUMENTS.table:
        return 1 if print_table(rows) else 0
    if not ARGUMENTS.inside:
        subprocess.run([PEER, "fetch"], check=True)  # before the network is gone
        return subprocess.run(["unshare", "-n", sys.executable, os.path.abspath(__file__), "--inside", *sys.argv[1:]]).returncode
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["sysctl", "-qw", "net.ipv4.tcp_congestion_control=reno"], check=False)
    for name in ARGUMENTS.row or ROWS:
        rows[name] = measure(name, ARGUMENTS.rounds)
        json.dump(rows, open(store, "w"), indent=1)
    return 1 if print_table(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
