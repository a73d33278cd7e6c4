#!/usr/bin/env python3
"""Moves between log directories: the same requests and tools against Kafka and Moldau, each with two log directories.

usage: moves_differential.py [--only kafka|moldau] [--keep FOLDER]

Requests go out through RawRequest.java, in the same order on both; then kafka-log-dirs and kafka-reassign-partitions. Answers
must be equal but for paths, ids, and the size and lag of a copy that is under way."""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from differential import batch, create, fetch, produce  # noqa: E402
from harness import Failed, KafkaBroker, MoldauBroker, peer  # noqa: E402
from kafka_tools import KafkaTools  # noqa: E402

KINDS = {"kafka": KafkaBroker, "moldau": MoldauBroker}
RATE = "replica.alter.log.dirs.io.max.bytes.per.second"


def alter(path, topic, *partitions, version=2):
    return 34, version, {"dirs": [{"path": path, "topics": [{"name": topic, "partitions": list(partitions)}]}]}


def describe(topic, *partitions):
    return 35, 4, {"topics": [{"topic": topic, "partitions": list(partitions)}]}


def throttle(rate):
    change = {"name": RATE, "configOperation": 0 if rate else 1, "value": rate}
    return 44, 1, {"resources": [{"resourceType": 4, "resourceName": "1", "configs": [change]}], "validateOnly": False}


def delete(name):
    return 20, 5, {"topicNames": [name], "timeoutMs": 30000}


def requests(one, two):
    """(name, request), in order. `sleep MS` waits."""
    records = batch([b"x" * 900 for _ in range(20)])
    yield "unknown directory", alter("/nowhere", "t", 0)
    yield "unknown directory and topic", alter("/nowhere", "unknown", 0)
    yield "with a slash", alter(one + "/", "t", 0)
    yield "before it is made", alter(one, "t", 0, 1)
    yield "unknown topic", alter(one, "unknown", 3)
    yield "name too long", alter(one, "n" * 214, 0)
    yield "name too long, unknown directory", alter("/nowhere", "n" * 214, 0)
    yield "name that fits", alter(one, "n" * 213, 0)
    yield "the metadata log", alter(one, "__cluster_metadata", 0)
    yield "nothing", (34, 2, {"dirs": []})
    yield "no topics", (34, 2, {"dirs": [{"path": one, "topics": []}]})
    yield "no partitions", alter(one, "t")
    yield "negative partition", alter(one, "t", -1)
    yield "create", create("t", 2)
    yield "sleep 1000", None
    yield "made where it was wanted", describe("t", 0, 1)
    for _ in range(20):
        yield "produce", produce("t", records)
    yield "where it is", alter(one, "t", 0)
    yield "where it is, v1", alter(one, "t", 0, version=1)
    yield "partition that is not there", alter(two, "t", 0, 9)
    yield "sleep 3000", None
    yield "moved", describe("t", 0, 1)
    yield "read", fetch("t", 399)
    yield "produce on", produce("t", records)
    yield "and back", alter(one, "t", 0)
    yield "sleep 3000", None
    yield "is back", describe("t", 0, 1)
    yield "throttle", throttle("1")
    yield "sleep 2000", None
    for _ in range(60):
        yield "produce", produce("t", records)
    yield "slowly", alter(two, "t", 0)
    yield "sleep 1000", None
    yield "under way", describe("t", 0, 1)
    yield "again", alter(two, "t", 0)
    yield "still under way", describe("t", 0, 1)
    yield "two directories for one", (34, 2, {"dirs": [
        {"path": two, "topics": [{"name": "t", "partitions": [1]}]},
        {"path": "/nowhere", "topics": [{"name": "t", "partitions": [1]}]}]})
    yield "called off", alter(one, "t", 0)
    yield "is not under way", describe("t", 0, 1)
    yield "slowly again", alter(two, "t", 0)
    yield "deleted meanwhile", delete("t")
    yield "sleep 1000", None
    yield "gone", describe("t", 0, 1)
    yield "no throttle", throttle(None)
    yield "negative throttle", throttle("-1")
    yield "create again", create("t", 1)
    yield "sleep 500", None
    yield "produce", produce("t", records)
    yield "empty copy", alter(two, "t", 0)


def reassignment(replicas_in):
    return json.dumps({"version": 1, "partitions": [
        {"topic": "tools", "partition": number, "replicas": [1], "log_dirs": [where]}
        for number, where in enumerate(replicas_in)]})


def tools(run, address, folder, one, two):
    """(name, what a tool printed)."""
    def reassign(name, text, *words):
        path = os.path.join(folder, name + ".json")
        with open(path, "w") as file:
            file.write(text)
        return run("kafka-reassign-partitions", "--bootstrap-server", address, "--reassignment-json-file", path, *words)

    def described(*words):
        return run("kafka-log-dirs", "--bootstrap-server", address, "--describe", "--topic-list", "tools", *words)

    yield "create", run("kafka-topics", "--bootstrap-server", address, "--create", "--topic", "tools", "--partitions", "2")
    yield "sleep", None
    yield "to one", reassign("one", reassignment([one, one]), "--execute")
    yield "sleep", None
    yield "verify one", reassign("one", reassignment([one, one]), "--verify")
    yield "log dirs one", described()
    yield "to two", reassign("two", reassignment([two, "any"]), "--execute")
    yield "sleep", None
    yield "verify two", reassign("two", reassignment([two, "any"]), "--verify")
    yield "verify other", reassign("one", reassignment([one, one]), "--verify")
    yield "log dirs two", described("--broker-list", "1")
    yield "to nowhere", reassign("bad", reassignment(["/nowhere", "any"]), "--execute")
    yield "throttled", reassign("back", reassignment([one, two]), "--execute", "--additional",
                                "--replica-alter-log-dirs-throttle", "1000000")
    yield "sleep", None
    yield "verify back", reassign("back", reassignment([one, two]), "--verify")


def normal(text, one, two):
    text = text.replace(one, "ONE").replace(two, "TWO")
    return re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)


def normal_answer(name, line, one, two):
    answer = json.loads(normal(line, one, two))
    for dir_row in answer.get("results", []):
        for key in ("totalBytes", "usableBytes"):
            dir_row.pop(key, None)
        for topic in dir_row.get("topics", []):
            for row in topic["partitions"]:
                if row.get("isFutureKey"):
                    row["partitionSize"] = row["offsetLag"] = "under way"
            topic["partitions"].sort(key=lambda row: (row["partitionIndex"], row["isFutureKey"]))
    if "results" in answer:
        answer["results"].sort(key=lambda row: json.dumps(row, sort_keys=True))
        for row in answer["results"]:
            if "partitions" in row:
                row["partitions"].sort(key=lambda part: part["partitionIndex"])
    for response in answer.get("responses", []):
        for key in ("topicId", "errorMessage"):
            response.pop(key, None)
        for part in response.get("partitions", []) + response.get("partitionResponses", []):
            part.pop("records", None)
    for topic in answer.get("topics", []):
        topic.pop("topicId", None)
        topic.pop("configs", None)
        topic.pop("errorMessage", None)
    answer.pop("sessionId", None)
    return json.dumps(answer, sort_keys=True)


def normal_output(name, text, one, two):
    """What a tool printed, without what depends on chance: the order of its JSON objects and of directories, which comes
    from hashes of their paths; sizes; and where a topic's partitions were put at first."""
    lines = []
    for line in normal(text, one, two).splitlines():
        if line.startswith('{"'):
            told = json.loads(line)
            for broker in told.get("brokers", []):
                broker["logDirs"].sort(key=lambda row: row["logDir"])
            if name == "to one":
                for partition in told["partitions"]:
                    partition["log_dirs"] = ["ANY"]
            line = json.dumps(told, sort_keys=True)
        lines.append(line)
    return re.sub(r'"(size|offsetLag)": \d+', r'"\1": N', "\n".join(lines))


def ask(kind, folder):
    one, two = os.path.join(folder, "one"), os.path.join(folder, "two")
    broker = kind(os.path.join(folder, "node"), {"log.dirs": f"{one},{two}", "node.id": "1"})
    os.makedirs(folder, exist_ok=True)
    broker.start()
    answers = []
    try:
        wanted = list(requests(one, two))
        lines = [name if request is None else f"{request[0]} {request[1]} {json.dumps(request[2])}"
                 for name, request in wanted]
        out, _ = peer("java", "RawRequest", broker.address, "-", data=("\n".join(lines) + "\n").encode(), timeout=300)
        got = out.decode().splitlines()
        if len(got) != len(wanted):
            raise Failed(f"{len(got)} answers to {len(wanted)} requests")
        for (name, request), line in zip(wanted, got):
            if request is not None:
                answers.append((name, normal_answer(name, line, one, two)))
        runner = KafkaTools(os.path.join(folder, "tools.log"))
        try:
            for name, ran in tools(runner.run, broker.address, folder, one, two):
                if ran is None:
                    time.sleep(3)
                    continue
                answers.append((name, normal_output(name, f"exit {ran.code}\n{ran.out}", one, two)))
        finally:
            runner.close()
    finally:
        broker.stop()
    return answers


def compare(folder):
    """Asks both; (how many answers there were, those that differ, as text)."""
    told = {name: ask(kind, os.path.join(folder, name)) for name, kind in KINDS.items()}
    wrong = [f"--- {name}\n  kafka  {kafka}\n  moldau {moldau}"
             for (name, kafka), (_, moldau) in zip(told["kafka"], told["moldau"]) if kafka != moldau]
    return len(told["kafka"]), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(KINDS), help="ask one of the two, and print its answers")
    parser.add_argument("--keep", metavar="FOLDER", help="where data and logs stay")
    arguments = parser.parse_args()
    folder = arguments.keep or tempfile.mkdtemp(prefix="moldau-moves-")
    try:
        if arguments.only:
            for name, answer in ask(KINDS[arguments.only], os.path.join(folder, arguments.only)):
                print(f"{name}: {answer}")
            return 0
        count, wrong = compare(folder)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join([*wrong, f"{count} answers compared, {len(wrong)} differ"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
