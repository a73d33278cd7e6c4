#!/usr/bin/env python3
"""./x bench: Moldau beside Apache Kafka 4.3.1, in one run, as ratios.

Both brokers run in a network namespace of their own with the loopback's plain congestion control. Rounds are interleaved
(Kafka, Moldau, Kafka, Moldau, ...) and a row's figure is the median over its rounds, with the smallest and largest. Each row
names its durability class: "page cache" (Moldau with write.caching.default=true, Kafka as it comes) or "sync" (Moldau as it
comes). Results are kept in build/bench/rows.json as soon as a row is done, so a broken run is continued row by row.
"""
import argparse
import importlib
import json
import mmap
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "build", "bench")
PEER = os.path.join(ROOT, "test", "interop", "peer.sh")
MOLDAU = os.path.join(ROOT, "build", "moldau")
RAW = os.path.join(ROOT, "build", "moldau-raw")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kib(pid):
    """(resident, anonymous) in KiB."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    anonymous = int(re.search(r"^RssAnon:\s+(\d+)|^Anonymous:\s+(\d+)", text, re.M).group(2) or 0)
    return int(re.search(r"^Rss:\s+(\d+)", text, re.M).group(1)), anonymous


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """A running broker: its port and its process id."""
    name = ""

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.pid = 0

    def wipe(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)


class Kafka(Broker):
    name = "kafka"

    def start(self, settings):
        address = subprocess.run([PEER, "start", self.folder, "0", "--bench", *settings], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.split()[-1]
        self.port = int(address.rsplit(":", 1)[1])
        self.pid = int(open(os.path.join(self.folder, "pid")).read())

    def stop(self):
        subprocess.run([PEER, "stop", self.folder], check=True, stdout=subprocess.DEVNULL)


class Moldau(Broker):
    name = "moldau"

    def start(self, settings):
        arguments = [MOLDAU, "broker", "--data", os.path.join(self.folder, "data"), "--listen", "127.0.0.1:0",
                     "--admin", "none"]
        for setting in settings:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.pid = self.process.pid
        for line in self.process.stderr:
            found = re.match(r"ready .*:(\d+)$", line.strip())
            if found:
                self.port = int(found.group(1))
                return
        raise SystemExit("bench: moldau did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def create_topic(port, topic, partitions):
    """CreateTopics v2 with one replica."""
    name = topic.encode()
    body = struct.pack(">i", 1) + struct.pack(">h", len(name)) + name + struct.pack(">ihii", partitions, 1, 0, 0)
    body += struct.pack(">ib", 30000, 0)
    answer = request(port, 19, 2, body)
    error = struct.unpack_from(">h", answer, 4 + 4 + 4 + 2 + len(name))[0]
    if error not in (0, 36):
        raise SystemExit(f"bench: could not create {topic}: error {error}")
    deadline = time.time() + 60
    for partition in range(partitions):  # a new topic's log may come after its metadata: ListOffsets tells
        while True:
            body = struct.pack(">iih", -1, 1, len(name)) + name + struct.pack(">iiq", 1, partition, -1)
            answer = request(port, 2, 1, body)
            if struct.unpack_from(">h", answer, 4 + 4 + 2 + len(name) + 4 + 4)[0] == 0:
                break
            if time.time() > deadline:
                raise SystemExit(f"bench: {topic}-{partition} has no leader")
            time.sleep(0.05)


def request(port, key, version, body):
    payload = struct.pack(">hhih", key, version, 1, 5) + b"bench" + body
    with socket.create_connection(("127.0.0.1", port), 30) as s:
        s.sendall(struct.pack(">i", len(payload)) + payload)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            chunk = s.recv(65536)
            if not chunk:
                raise SystemExit(f"bench: the broker closed the connection on API {key}")
            data += chunk
    return data[4:]


def idle_gate():
    """Waits until the machine is quiet (at most 20 s)."""
    def busy():
        fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
        return sum(fields) - fields[3] - fields[4], sum(fields)
    os.sync()
    for _ in range(20):
        busy_0, all_0 = busy()
        time.sleep(1)
        busy_1, all_1 = busy()
        if (busy_1 - busy_0) < 0.15 * (all_1 - all_0):
            return


def touch_memory():
    """Takes and gives back as much memory as the next load's page cache may need. On a virtual machine the first touch of a
    page that the host has taken back costs more than all that a broker does with it, and whoever comes later in a run
    would pay for it."""
    available = int(re.search(r"MemAvailable:\s+(\d+)", open("/proc/meminfo").read()).group(1)) * 1024
    size = min(4 << 30, available // 3)
    with mmap.mmap(-1, size) as memory:
        for offset in range(0, size, 4096):
            memory[offset] = 1


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
    ROWS.update(importlib.import_module("group_rows").ROWS)
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
    sys.exit(importlib.import_module("bench").main())  # the module that the other rows know
