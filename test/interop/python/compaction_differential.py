#!/usr/bin/env python3
"""The same log compacted by Kafka and by Moldau: the same batches and records survive, under the same headers.

usage: compaction_differential.py [--seeds N] [--rounds N] [--seed FIRST]

Real Kafka fills a compacted topic (CompactionLoad.java) while its cleaner sleeps, and stops. Its folder is copied: on one
copy Kafka compacts, on the other Moldau. kafka-dump-log then reads both, and every batch and record line must be the same,
but for what the time of cleaning or a compressor decides: the value of a delete horizon, positions, sizes and checksums of
what was compressed. At last Kafka opens Moldau's copy and a client reads it to the end."""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import MOLDAU, PEER, Failed, run  # noqa: E402

TOPIC = "kept"
ASLEEP = "log.cleaner.backoff.ms=1000000000"
AWAKE = "log.cleaner.backoff.ms=200"


def kafka_start(folder, *settings):
    out, _ = run([PEER, "start", folder, "0", *settings], timeout=180)
    return out.decode().split()[-1]


def kafka_stop(folder):
    run([PEER, "stop", folder], timeout=180)


def active_base(data):
    return max(int(os.path.basename(path)[:20]) for path in glob.glob(os.path.join(data, TOPIC + "-0", "*.log")))


def cleaned_to(data):
    try:
        with open(os.path.join(data, "cleaner-offset-checkpoint")) as file:
            for line in file.read().splitlines()[2:]:
                topic, partition, offset = line.split()
                if topic == TOPIC and partition == "0":
                    return int(offset)
    except OSError:
        pass
    return -1


def await_cleaned(data, timeout=90):
    deadline = time.time() + timeout
    while cleaned_to(data) < active_base(data):
        if time.time() > deadline:
            raise Failed(f"{data} was not compacted: to {cleaned_to(data)}, the active segment begins at "
                         f"{active_base(data)}")
        time.sleep(0.2)


def normal(line):
    """A line of dump-log without what may differ."""
    line = re.sub(r"position: \d+ ", "", line)
    line = re.sub(r"deleteHorizonMs: OptionalLong\[\d+\]", "deleteHorizonMs: set", line)
    if "compresscodec: none" not in line or "deleteHorizonMs: set" in line:
        line = re.sub(r" size: \d+", "", line)
    return re.sub(r" crc: \d+", "", line)


def dump(data):
    """The lines of all inactive segments, and their names."""
    active = active_base(data)
    files = sorted(path for path in glob.glob(os.path.join(data, TOPIC + "-0", "*.log"))
                   if int(os.path.basename(path)[:20]) < active)
    if not files:
        raise Failed("there is no inactive segment")
    out, err = run([PEER, "tool", "dump-log", "--print-data-log", "--files", ",".join(files)], timeout=600)
    lines = []
    for line in out.decode(errors="replace").splitlines():
        if "isvalid: false" in line:
            raise Failed("a batch is not valid: " + line)
        if line.startswith("Dumping "):
            line = "Dumping " + os.path.basename(line.split()[-1])
        lines.append(normal(line))
    # The indexes too, for themselves: they must be sound.
    indexes = [path[:-4] + end for path in files for end in (".index", ".timeindex")]
    out, _ = run([PEER, "tool", "dump-log", "--index-sanity-check", "--files", ",".join(indexes)], timeout=600)
    for line in out.decode(errors="replace").splitlines():
        if line and not line.startswith("Dumping") and "passed sanity check" not in line and "is empty" not in line:
            raise Failed("index: " + line)
    out, _ = run([PEER, "tool", "dump-log", "--verify-index-only", "--files", ",".join(indexes)], timeout=600)
    if "Index position" in out.decode() or "Mismatches" in out.decode():
        raise Failed("index: " + out.decode()[:2000])
    return lines, len(files)


def moldau_compacts(folder):
    data = os.path.join(folder, "data")
    process = subprocess.Popen(
        [MOLDAU, "broker", "--data", data, "--listen", "127.0.0.1:0", "--admin", "none", "--set", AWAKE],
        stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "moldau.log"), "wb"), start_new_session=True)
    try:
        await_cleaned(data)
    finally:
        process.terminate()
        process.wait(60)
    if process.returncode != 0:
        raise Failed(f"moldau ended with {process.returncode}; see {folder}/moldau.log")


def one(seed, rounds):
    folder = tempfile.mkdtemp(prefix="moldau-compaction-diff-")
    first = os.path.join(folder, "kafka")
    second = os.path.join(folder, "moldau")
    try:
        os.makedirs(first)
        server = kafka_start(first, ASLEEP)
        try:
            out, _ = run([PEER, "java", "CompactionLoad", server, TOPIC, str(seed), str(rounds)], timeout=600)
        finally:
            kafka_stop(first)
        sent = int(out.split()[-1])
        # Each works on what is, file for file, the same folder; server.properties names the folder's path.
        shutil.copytree(first, second)
        properties = os.path.join(second, "server.properties")
        with open(properties) as file:
            text = file.read().replace(first, second)
        with open(properties, "w") as file:
            file.write(text)
        kafka_start(first, AWAKE)
        try:
            await_cleaned(os.path.join(first, "data"))
        finally:
            kafka_stop(first)
        moldau_compacts(second)
        kafka, kafka_files = dump(os.path.join(first, "data"))
        moldau, moldau_files = dump(os.path.join(second, "data"))
        if kafka != moldau:
            at = next((i for i, (a, b) in enumerate(zip(kafka, moldau)) if a != b), min(len(kafka), len(moldau)))
            raise Failed(f"seed {seed}: {len(kafka)} lines of Kafka, {len(moldau)} of Moldau; the first difference:\n"
                         f"  kafka : {kafka[at] if at < len(kafka) else '-'}\n"
                         f"  moldau: {moldau[at] if at < len(moldau) else '-'}")
        records = sum(line.startswith("| offset:") for line in moldau)
        # Kafka goes on with what Moldau left.
        server = kafka_start(second, ASLEEP)
        try:
            out, _ = run([PEER, "tool", "console-consumer", "--bootstrap-server", server, "--topic", TOPIC,
                          "--from-beginning", "--timeout-ms", "8000", "--isolation-level", "read_committed"],
                         timeout=120, check=False)
        finally:
            kafka_stop(second)
        read = len(out.splitlines())
        if read == 0:
            raise Failed("Kafka reads nothing from what Moldau compacted")
        shutil.rmtree(folder)
        assert kafka_files == moldau_files
        return (f"seed {seed}: {sent} records sent, {records} survive in {moldau_files} segments, {len(moldau)} lines "
                f"equal; Kafka reads {read} of the log")
    except BaseException:
        print(f"kept: {folder}", file=sys.stderr)
        raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        print(one(seed, arguments.rounds), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
