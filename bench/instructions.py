#!/usr/bin/env python3
"""./x bench --instructions: how many instructions the broker's own code takes for a request, counted by callgrind.

Time on a shared machine says little; instructions repeat to a part in a thousand, so that a change that makes the hot path
slower is seen in the run that brings it. The broker as it is built runs under callgrind; one connection with one request in
flight sends and fetches batches of a fixed shape. Counted is what the loop does for what is ready and at the end of its
turns: not its waiting and spinning, which depend on time, and not the kernel. bench/instructions.txt holds the most that is
allowed for each slice: a run that needs over 3 % more fails; one that needs less says so, and the number is to be lowered.
callgrind knows no AVX-512, so that checksums take the SSE4.2 path, on every machine the same.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from brokers import BUILD, MOLDAU, create_topics

LIMITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.txt")
RAW = os.path.join(BUILD, "moldau-raw")
TOLERANCE = 0.03
START_SECONDS_MAX = 300
# The loop's two ways into the broker: what became ready, and what waits for the end of a turn.
ENTRIES = ("moldau::io::posix::Core::run_ready()", "moldau::io::posix::Core::run_turn_end()")
# slice: (mode of moldau-raw, its options); 148 records of 100 B are a batch of 16 KiB
PER_BATCH = 148
ONE = {"partitions": 1, "connections": 1, "depth": 1}
SLICES = {
    "produce-16k": ("produce", {**ONE, "messages": 300 * PER_BATCH}),
    "fetch-16k": ("consume", {**ONE, "messages": 250 * PER_BATCH, "fetch_bytes": 16384}),
    "produce-one": ("produce", {**ONE, "messages": 500, "batch_bytes": 1}),
}


class Counted:
    """The broker under callgrind, in a folder of its own; counts only between on() and off()."""

    def __init__(self, folder):
        self.out = os.path.join(folder, "out")
        binary = os.path.join(folder, "moldau")  # callgrind 3.19 cannot read the debug information of clang 19
        subprocess.run(["strip", "--strip-debug", "-o", binary, MOLDAU], check=True)
        self.process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.out}", binary, "broker",
             "--data", os.path.join(folder, "data"), "--listen", "127.0.0.1:0", "--admin", "none",
             "--set", "write.caching.default=true"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.dumps = 0
        timer = threading.Timer(START_SECONDS_MAX, self.process.kill)
        timer.start()
        self.port = self.await_ready()
        timer.cancel()

    def await_ready(self):
        said = []
        for line in self.process.stderr:
            said.append(line)
            found = re.match(r"ready .*:(\d+)$", line.strip())
            if found:
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return int(found.group(1))
        raise SystemExit("instructions: the broker did not start:\n" + "".join(said[-10:]))

    def control(self, *what):
        subprocess.run(["callgrind_control", *what, str(self.process.pid)], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def load(self, topic, mode, options):
        arguments = [RAW, mode, "--port", str(self.port), "--topic", topic]
        for name, value in options.items():
            arguments += ["--" + name.replace("_", "-"), str(value)]
        return json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)

    def count(self, name, topic, mode, options):
        """Instructions for a request; the first load warms the allocator's and the broker's pools up."""
        self.load(topic, mode, options)
        self.control("--instr=on")
        requests = self.load(topic, mode, options)["requests"]
        self.control("--dump=" + name)
        self.control("--instr=off")
        self.dumps += 1
        return self.inclusive(f"{self.out}.{self.dumps}") / requests

    @staticmethod
    def inclusive(path):
        deadline = time.time() + 30
        while not os.path.exists(path) and time.time() < deadline:
            time.sleep(0.1)
        text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", path], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        total = 0
        for entry in ENTRIES:
            found = re.search(r"^ *([\d,]+) \([^)]*\) +\S*:" + re.escape(entry) + r"(?: |$)", text, re.M)
            if not found:
                raise SystemExit(f"instructions: {entry} is not in the profile: has the loop another way in now?")
            total += int(found.group(1).replace(",", ""))
        return total

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def read_limits():
    if not os.path.exists(LIMITS):
        return {}
    lines = [line.split("#")[0].split() for line in open(LIMITS)]
    return {line[0]: int(line[1]) for line in lines if line}


def measure():
    folder = tempfile.mkdtemp(prefix="moldau-instructions-")
    try:
        broker = Counted(folder)
        try:
            create_topics(broker.port, list(SLICES), 1)
            create_topics(broker.port, ["filled"], 1)
            broker.load("filled", *SLICES["produce-16k"])
            return {name: broker.count(name, "filled" if mode == "consume" else name, mode, options)
                    for name, (mode, options) in SLICES.items()}
        finally:
            broker.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="./x bench --instructions", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="write what was counted into bench/instructions.txt")
    arguments = parser.parse_args()
    counted, limits, slower = measure(), read_limits(), []
    for name, instructions in counted.items():
        limit = limits.get(name)
        verdict = "no limit yet"
        if limit is not None:
            change = instructions / limit - 1
            verdict = f"limit {limit} ({change:+.1%})"
            if change > TOLERANCE:
                slower.append(name)
                verdict += ": slower"
            elif change < -TOLERANCE:
                verdict += ": lower the number"
        print(f"{name:14} {instructions:10.0f} instructions a request, {verdict}", flush=True)
    if arguments.accept:
        with open(LIMITS, "w") as out:
            out.write("# Instructions of the broker for one request: bench/instructions.py says how they are counted. A number\n"
                      "# may only fall; --accept writes what was counted.\n")
            for name, instructions in counted.items():
                out.write(f"{name} {instructions:.0f}\n")
        return 0
    missing = [name for name in counted if name not in limits]
    print(f"{len(counted)} slices, {len(slower)} slower, {len(missing)} without a limit")
    return 1 if slower or missing else 0


if __name__ == "__main__":
    sys.exit(main())
