#!/usr/bin/env python3
"""./x bench: Moldau beside Apache Kafka 4.3.1, in one run, as ratios.

All brokers run in a network namespace of their own with the loopback's plain congestion control. Rounds are interleaved
(Kafka, Moldau, Kafka, Moldau, ...) and a row's figure is the median over its rounds, with the smallest and largest. Each row
names its durability class: "page cache" (Moldau with write.caching.default=true, Kafka as it comes) or "sync" (Moldau as it
comes, Kafka with flush.messages=1 unless the row says otherwise). Some rows have a third broker: a program that does the
least that any broker must (bench/roofline.cc). Results are kept in build/bench/rows.json as soon as a row is done, so a
broken run is continued row by row; where there is none yet, it begins with what the report was written from
(docs/performance/rows.json). Rows that write much look how much disk is free, and say what they used.
"""
import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
import traceback

import basic_rows
import group_rows
import latency_rows
import profiling
import read_rows
import recovery_rows
import report
import sync_rows
from brokers import BROKERS, Broker, OUT, PEER, cpu_seconds, idle_gate, machine_ticks, touch_memory
from drivers import raw
from row import Options, judged, summary

ROWS = {name: row for module in (basic_rows, sync_rows, latency_rows, read_rows, recovery_rows, group_rows)
        for name, row in module.ROWS.items()}
STORE = os.path.join(OUT, "rows.json")
# Not in the table: what a figure beside it says better, or what is only there to check the run.
UNSHOWN = {"messages", "bytes", "requests", "seconds", "client_cpu_seconds", "fetched_bytes", "history_bytes", "p90_us",
           "max_us", "ack_p90_us", "ack_max_us", "ack_p50_us", "ack_p99_us", "ack_p999_us", "rss_before_kib", "rss_kib",
           "broker_cpu_seconds", "folder_files", "late_p99_us"}


class ForeignCpu:
    """Share of the machine's CPU that neither we, our children nor the brokers took: a round in which it is large says
    nothing. What the kernel does in its own name (write-back) counts as foreign, too."""

    def __init__(self, brokers):
        self.brokers = brokers
        self.start = self.now()

    def now(self):
        own = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime
        pids = {broker.pid: cpu_seconds(broker.pid) for broker in self.brokers}
        busy, all_ = machine_ticks()
        return own, pids, busy, all_

    def percent(self):
        """None when a broker was restarted meanwhile: where its CPU went is not known then."""
        own_0, pids_0, busy_0, all_0 = self.start
        own, pids, busy, all_ = self.now()
        if set(pids) != set(pids_0):
            return None
        ours = own - own_0 + sum(pids[pid] - pids_0[pid] for pid in pids)
        ticks = os.sysconf("SC_CLK_TCK")
        return max(0.0, 100 * (busy - busy_0 - ours * ticks) / max(1, all_ - all_0))


def run_rounds(name, row, brokers, rounds, keep_profile):
    """({broker: [figures of each round]}, {broker: [foreign CPU of each round]})"""
    figures = {broker.name: [] for broker in brokers}
    foreign = {broker.name: [] for broker in brokers}
    if row.load and not Options.smoke:  # the first load measures the JIT
        for broker in brokers:
            broker.create_topic("warm", 6)
            raw(broker, "produce", "warm", messages=Options.warm, partitions=6, connections=4, depth=5)
    for number in range(rounds):
        for broker in brokers:
            if row.load and not Options.smoke:
                touch_memory()
            if not Options.smoke and not Options.profile:
                idle_gate()
            watch = ForeignCpu(brokers)
            sampled = Options.profile and broker.name == "moldau"
            with profiling.of(broker, name, keep_profile) if sampled else contextlib.nullcontext():
                figures[broker.name].append(row.run(broker, number))
            foreign[broker.name].append(watch.percent())
            print(f"  {name} round {number + 1} {broker.name}: " + json.dumps(
                {k: round(v, 3) for k, v in figures[broker.name][-1].items()}), file=sys.stderr, flush=True)
    return figures, foreign


def measure(name, rounds):
    """Starts the row's brokers, runs its rounds, stops them; what is kept of it."""
    row = ROWS[name]
    kinds = ["moldau"] if Options.profile else row.brokers
    brokers = [BROKERS[kind](os.path.join(OUT, kind)) for kind in kinds]
    result = {"class": row.kind, "what": row.what, "rounds": rounds, "scale": Options.scale,
              "machine": report.machine(), "measured": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}
    started = []
    try:
        for broker in brokers:
            broker.wipe()
            started.append(broker)
            broker.start(row.settings_of(broker.name))
        figures, foreign = run_rounds(name, row, brokers, rounds, lambda parts: result.update(profile=parts))
        result["figures"] = summary(figures)
        result["foreign_cpu_percent"] = foreign
    except (Exception, SystemExit) as error:  # the other rows must still be measured
        traceback.print_exc()
        result["failed"] = f"{type(error).__name__}: {error}"
    finally:
        for broker in started:
            try:
                broker.stop()
                broker.wipe()
            except Exception as error:  # the other one must still be stopped
                print(f"bench: stopping {broker.name}: {error}", file=sys.stderr)
    result["bars"] = [{"figure": figure, "bar": bar, "met": met} for figure, bar, met in judged(row, result)]
    return result


def number(value):
    return "-" if value is None else f"{value:.2f}"


def print_table(rows):
    print(f"\n{'row':26} {'class':23} {'figure':22} {'kafka':>12} {'moldau':>12} {'roofline':>10} {'ratio':>8} "
          f"{'range':>15}  bar")
    missed = 0
    for name, result in rows.items():
        if name not in ROWS:
            continue
        verdicts = judged(ROWS[name], result)  # by the bars of today, whenever it was measured
        missed += sum(not met for _, _, met in verdicts)
        if "failed" in result:
            print(f"{name:26} {result['class']:23} FAILED: {result['failed']}")
        for figure, entry in result.get("figures", {}).items():
            bars = [f"{bar} {'met' if met else 'MISSED'}" for of, bar, met in verdicts if of == figure]
            if figure in UNSHOWN and not bars:
                continue
            ratio = f"{entry['ratio']:.3f}" if entry.get("ratio") is not None else "-"
            spread = "{:.2f}-{:.2f}".format(*entry["ratio_range"]) if entry.get("ratio_range") else "-"
            print(f"{name:26} {result['class']:23} {figure:22} {number(entry.get('kafka')):>12} "
                  f"{number(entry['moldau']):>12} {number(entry.get('roofline')):>10} {ratio:>8} {spread:>15}  "
                  + "; ".join(bars))
    print(f"\n{len(rows)} rows, {missed} bars missed")
    return missed


def stored():
    for path in (STORE, report.DATA):
        if os.path.exists(path):
            return json.load(open(path))
    return {}


def store(rows):
    with open(STORE, "w") as out:
        json.dump(rows, out, indent=1)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./x bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row (may be repeated)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1, help="multiplies the messages or the seconds of each load")
    parser.add_argument("--warm", type=int, default=15_000_000, help="messages of warm-up before a load row")
    parser.add_argument("--profile", action="store_true", help="one round of the rows; build/bench/ROW.moldau.perf.txt says "
                        "where the time went,\nand so does the report; the figures are not kept")
    parser.add_argument("--smoke", action="store_true", help="only whether the rows work: one short round of each, no waits, "
                        "nothing kept; its figures mean nothing")
    parser.add_argument("--table", action="store_true", help="print the table of what was measured so far")
    parser.add_argument("--report", action="store_true", help="write it into docs/performance.md, with plots")
    parser.add_argument("--list", action="store_true", help="print the rows, what they measure, and their bars")
    parser.add_argument("--instructions", action="store_true", help="only by ./x bench, and first: counts the instructions of "
                        "the hot path\n(--instructions --help)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.instructions:
        raise SystemExit("bench: --instructions comes first and alone: ./x bench --instructions")
    if arguments.list:
        for name, row in ROWS.items():
            bars = "; ".join(f"{figure} {bar}" for figure, bar, _ in judged(row, {}))
            print(f"{name:26} [{row.kind}] {row.what}{'. Bars: ' + bars if bars else ''}")
        return 0
    os.makedirs(OUT, exist_ok=True)
    rows = stored()
    if arguments.report:
        report.write(rows, ROWS)
        return 0
    if arguments.table:
        return 1 if print_table(rows) else 0
    if not arguments.inside:
        subprocess.run([PEER, "fetch"], check=True)  # before the network is gone
        return subprocess.run(["unshare", "-n", sys.executable, os.path.abspath(__file__), "--inside", *sys.argv[1:]]).returncode
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["sysctl", "-qw", "net.ipv4.tcp_congestion_control=reno"], check=False)
    subprocess.run(["sysctl", "-qw", "net.ipv4.ip_local_port_range=20000 65000"], check=False)  # 10,000 connections a round
    Options.scale, Options.warm, Options.smoke = arguments.scale, arguments.warm, arguments.smoke
    Options.profile = arguments.profile
    Broker.patient = not arguments.smoke
    if arguments.smoke:
        Options.scale = min(arguments.scale, 0.05)
    if arguments.smoke or arguments.profile:
        once = {name: measure(name, 1) for name in arguments.row or ROWS}
        print_table(once)
        for name in once.keys() & rows.keys():
            if "profile" in once[name]:
                rows[name]["profile"] = once[name]["profile"]
                store(rows)
        return 1 if any("failed" in row for row in once.values()) else 0
    for name in arguments.row or ROWS:
        rows[name] = measure(name, arguments.rounds)
        store(rows)
    return 1 if print_table(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
