#!/usr/bin/env python3
"""Compaction, Moldau to Kafka: MB of log processed per second, on copies of one and the same folder.

usage: compaction_bench.py [--bytes N] [--value-bytes N] [--distinct F] [--codec NAME] [--folder DIR] [--runs N]

Real Kafka fills a compacted topic of N bytes (default 2 GB) in which a tenth of the records has keys of their own, while
its cleaner sleeps. Then, in turns, each broker is started on a fresh copy, already in the page cache, and compacts it. What
each reports is what Kafka's LogCleaner calls "MB of log processed" over its elapsed seconds, the building of the map
included. CPU seconds and peak resident memory are those of the whole process."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "test", "interop", "python")]
from brokers import touch_memory  # noqa: E402
from harness import MOLDAU, PEER, Failed, run  # noqa: E402

TOPIC = "bulk"
ASLEEP = "log.cleaner.backoff.ms=1000000000"
AWAKE = "log.cleaner.backoff.ms=100"


def cleaned(data):
    try:
        with open(os.path.join(data, "cleaner-offset-checkpoint")) as file:
            return any(line.startswith(TOPIC + " ") for line in file)
    except OSError:
        return False


def await_cleaned(data, timeout=900):
    deadline = time.time() + timeout
    while not cleaned(data):
        if time.time() > deadline:
            raise Failed(f"{data} was not compacted in {timeout} s")
        time.sleep(0.05)
    time.sleep(1)  # the report comes right after


def process_figures(pid):
    """(CPU seconds, peak resident MB)."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status") as file:
        peak = int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak / 1024


def prepared(source, target):
    """A copy of the folder, in the page cache."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    properties = os.path.join(target, "server.properties")
    with open(properties) as file:
        text = file.read().replace(source, target)
    with open(properties, "w") as file:
        file.write(text)
    os.sync()


def kafka_run(folder):
    run([PEER, "start", folder, "0", "--bench", AWAKE], timeout=300)
    try:
        await_cleaned(os.path.join(folder, "data"))
        with open(os.path.join(folder, "pid")) as file:
            cpu, peak = process_figures(int(file.read()))
    finally:
        run([PEER, "stop", folder], timeout=300)
    with open(os.path.join(folder, "server.log"), errors="replace") as file:
        log = file.read()
    found = re.search(r"cleaned log " + TOPIC + r"-0.*?\n\s*([\d.,]+) MB of log processed in ([\d.,]+) seconds", log, re.S)
    if not found:
        raise Failed("Kafka's log does not tell of the cleaning")
    megabytes, seconds = (float(part.replace(",", "")) for part in found.groups())
    return {"mb": megabytes, "seconds": seconds, "mb_per_s": megabytes / seconds, "cpu_s": cpu, "peak_mb": peak}


def moldau_run(folder):
    data = os.path.join(folder, "data")
    log_path = os.path.join(folder, "moldau.log")
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            [MOLDAU, "broker", "--data", data, "--listen", "127.0.0.1:0", "--admin", "none", "--trace", "info",
             "--set", AWAKE],
            stdout=subprocess.DEVNULL, stderr=log, start_new_session=True)
        try:
            await_cleaned(data)
            cpu, peak = process_figures(process.pid)
        finally:
            process.terminate()
            process.wait(60)
    with open(log_path, errors="replace") as file:
        found = re.search(TOPIC + r"-0 compacted=\S+ ms=(\d+) map_bytes=\d+ bytes_read=(\d+)", file.read())
    if not found:
        raise Failed("moldau's trace does not tell of the compaction")
    seconds, megabytes = int(found[1]) / 1000, int(found[2]) / (1 << 20)
    return {"mb": megabytes, "seconds": seconds, "mb_per_s": megabytes / seconds, "cpu_s": cpu, "peak_mb": peak}


def compare(arguments, base):
    source = os.path.join(base, "source")
    os.makedirs(source)
    out, _ = run([PEER, "start", source, "0", "--bench", ASLEEP], timeout=300)
    server = out.decode().split()[-1]
    try:
        records = arguments.bytes // (arguments.value_bytes + 20)
        run([PEER, "java", "CompactionBulk", server, TOPIC, str(arguments.bytes), str(arguments.value_bytes),
             str(max(1, int(records * arguments.distinct))), arguments.codec], timeout=1800)
    finally:
        run([PEER, "stop", source], timeout=300)
    rows = {"kafka": [], "moldau": []}
    for _ in range(arguments.runs):
        for name, work in (("kafka", kafka_run), ("moldau", moldau_run)):
            copy = os.path.join(base, name)
            touch_memory()
            prepared(source, copy)
            rows[name].append(work(copy))
            shutil.rmtree(copy)
            print(name, json.dumps(rows[name][-1]), file=sys.stderr, flush=True)
    middle = {name: {key: statistics.median(row[key] for row in runs) for key in runs[0]} for name, runs in rows.items()}
    middle["ratio"] = middle["moldau"]["mb_per_s"] / middle["kafka"]["mb_per_s"]
    return middle


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    parser.add_argument("--value-bytes", type=int, default=1000)
    parser.add_argument("--distinct", type=float, default=0.1)
    parser.add_argument("--codec", default="none")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where the copies go; needs three times the bytes")
    arguments = parser.parse_args()
    base = tempfile.mkdtemp(prefix="moldau-compaction-bench-", dir=arguments.folder)
    try:
        print(json.dumps(compare(arguments, base), indent=1))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
