#!/usr/bin/env python3
"""Kafka's command-line tools and ours, side by side: the same commands, on fresh brokers, must print the same.

  cli_differential.py [--only TEXT] [--pairs tools|brokers|both] [--keep]

`tools`: Kafka's tool on a Moldau broker against our script of that name on another Moldau broker. `brokers`: Kafka's
tool on Kafka against Kafka's tool on Moldau. Compared are exit code, standard output and what people read of standard
error (no stack traces, no log lines, no help). Ids, times, paths, addresses and measured figures are replaced first.
What differs for a reason is in REASONS, and nothing else may. Used by run.py through answers().
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from cli_cases import CASES, REASONS  # noqa: E402
from harness import MOLDAU, KafkaBroker, MoldauBroker  # noqa: E402
from kafka_tools import KafkaTools, Ran  # noqa: E402

TIMEOUT = 90


def our_tool(tool, words, data):
    done = subprocess.run(
        [MOLDAU, tool, *words], input=data.encode(), capture_output=True, timeout=TIMEOUT
    )
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def sorted_names(match):
    return ", ".join(sorted(match[0].split(", ")))


def people(err, out):
    """What is left of standard error without help, log lines and stack traces, and what standard output says too."""
    kept = []
    for line in err.split("\n"):
        if line.startswith("Option  ") or line.startswith("usage: "):
            break
        if line.startswith(("\tat ", "Caused by:", "\t... ", "[20", "ERROR ", "WARN New offset")) or "KIP-848" in line:
            continue
        match = re.match(r"(?:(?:java|scala|joptsimple|com\.fasterxml|org\.apache\.kafka)[\w.$]*(?:Exception|Error): )+", line)
        if match and not line.startswith("org.apache.kafka.tools.Terse"):
            rest = line[match.end() :]
            if kept or rest in out:
                continue
            line = rest
        kept.append(line)
    # Kafka's tools keep their options in sets that are ordered anew in each run.
    return re.sub(r"\[[\w.-]+\](?:, \[[\w.-]+\])+", sorted_names, "\n".join(kept).strip())


def plain(text, address, folders):
    text = text.replace(address, "BROKER").replace(address.split(":")[1], "PORT")
    for folder in folders:
        text = text.replace(folder, "FOLDER")
    text = re.sub(r"(?<![\w.-])(?=[\w-]*\d)[\w-]{22}(?![\w.-])", "ID", text)
    text = re.sub(r"CONTROLLER://[\w.]+:\d+", "CONTROLLER", text)
    text = re.sub(r"\bcrc: \d+", "crc: N", text)
    text = re.sub(r"\bEpoch: \d+", "Epoch: N", text)
    text = re.sub(r"(console-consumer|consumer-[\w-]+?)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "MEMBER", text)
    text = re.sub(r"console-consumer-\d+", "GROUP-N", text)
    text = re.sub(r"\b1[78]\d{11}\b", "TIME", text)
    text = re.sub(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[:.]\d{3}", "TIME", text)
    return text


def measured(text):
    """Figures of a measurement: which there are counts, not how much."""
    return re.sub(r"\d+(\.\d+)?", "N", text)


def shown(ran, case, address, folders):
    out, err = plain(ran.out, address, folders), people(plain(ran.err, address, folders), ran.out)
    if case.get("measured"):
        out = measured(out)
    if case.get("unordered"):
        out = "\n".join(sorted(out.split("\n")))
    return f"exit {ran.code}\n--- out\n{out}\n--- err\n{err}"


class Side:
    """Who runs the tools, and on which broker."""

    def __init__(self, name, run, broker, folder):
        self.name, self.run, self.broker, self.folder = name, run, broker, folder

    def answer(self, case):
        words = [self.file(word) if isinstance(word, tuple) else word for word in case["words"]]
        words = [word.replace("{broker}", self.broker.address).replace("{data}", self.broker.data) for word in words]
        if case.get("broker", True):
            words = ["--bootstrap-server", self.broker.address, *words]
        ran = self.run(case["tool"], words, case.get("data", ""))
        return shown(ran, case, self.broker.address, [self.broker.data, self.folder])

    def file(self, named):
        name, text = named
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path


def reason_for(pair, case):
    line = f"{case['tool']} {' '.join(str(word) for word in case['words'])}"
    return next((why for which, pattern, why in REASONS if which in (pair, "both") and re.search(pattern, line)), None)


def compare(pair, left, right, only):
    """(equal, explained, wrong): counts, and texts of what differs without a reason."""
    equal, explained, wrong = 0, {}, []
    for case in CASES:
        if pair not in case.get("pairs", ("tools", "brokers")):
            continue
        # What was not chosen still runs: later commands stand on it.
        answers = [side.answer(case) for side in (left, right)]
        line = f"{case['tool']} {' '.join(str(word) for word in case['words'])}"
        if only and only not in line:
            continue
        if answers[0] == answers[1]:
            equal += 1
        elif why := reason_for(pair, case):
            explained.setdefault(why, []).append(line)
        else:
            wrong.append(f"$ {line}\n{left.name}: {answers[0]}\n{right.name}: {answers[1]}\n")
    return equal, explained, wrong


def answers(folder, pairs=("tools", "brokers"), only=""):
    """Runs the comparisons with brokers in `folder`; (words for a line, list of differences)."""
    os.makedirs(folder, exist_ok=True)
    kafka_tools = KafkaTools(os.path.join(folder, "tools.log"))

    def theirs(tool, words, data):
        return kafka_tools.run(tool, *words, data=data)

    brokers, words, wrong = [], [], []

    def side(name, run, kind):
        home = os.path.join(folder, f"{len(brokers)}")
        os.makedirs(home)
        broker = kind(os.path.join(home, "broker"), {"group.initial.rebalance.delay.ms": "0"})
        brokers.append(broker.start())
        return Side(name, run, broker, home)

    try:
        for pair in pairs:
            left = side("Kafka's tool on Moldau", theirs, MoldauBroker)
            if pair == "tools":
                right = side("our tool on Moldau", our_tool, MoldauBroker)
            else:
                right, left = left, side("Kafka's tool on Kafka", theirs, KafkaBroker)
            equal, explained, differ = compare(pair, left, right, only)
            count = sum(len(lines) for lines in explained.values())
            words.append(f"{pair}: {equal} equal, {count} differ for {len(explained)} reasons, {len(differ)} differ")
            wrong += [f"{pair} {text}" for text in differ]
    finally:
        kafka_tools.close()
        for broker in brokers:
            broker.stop()
    return "; ".join(words), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="show only commands that contain this (all run)")
    parser.add_argument("--pairs", choices=("tools", "brokers", "both"), default="both")
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    arguments = parser.parse_args()
    pairs = ("tools", "brokers") if arguments.pairs == "both" else (arguments.pairs,)
    folder = tempfile.mkdtemp(prefix="moldau-cli-diff-")
    words, wrong = answers(folder, pairs, arguments.only)
    for text in wrong:
        print(text)
    print(words)
    if arguments.keep:
        print(f"# {folder}")
    else:
        subprocess.run(["rm", "-rf", folder], check=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
