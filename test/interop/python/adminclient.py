"""Kafka's AdminClient: every method that one broker can answer, called on the broker under test and on Kafka, and
compared.

The calls are in java/AdminCalls.java. What differs on purpose stands in known-differences.tsv (slice adminclient); a
method of Admin that no call uses must stand in UNUSED.
"""

import concurrent.futures
import json
import re

from harness import Failed, peer
from known import OWN_CONFIGS, Known

UNUSED = {
    "registerMetricForSubscription": "of the client's own metrics: nothing is sent",
    "unregisterMetricFromSubscription": "of the client's own metrics: nothing is sent",
}
SETTINGS = {
    "log.retention.ms": "-1",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    # What peer.sh sets for Kafka.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}
TIMEOUT_S = 240


def answers(address):
    out, _ = peer("java", "AdminCalls", address, timeout=TIMEOUT_S)
    found = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
    names = [one["call"] for one in found]
    if len(set(names)) != len(names):
        raise Failed(f"calls with the same name: {sorted(name for name in names if names.count(name) > 1)}")
    return {one["call"]: one["answer"] for one in found}


def normal(value):
    """An answer without what differs by nature: ids, addresses, times, paths."""
    if isinstance(value, dict):
        return {normal(key): normal(item) for key, item in value.items() if key not in OWN_CONFIGS}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if not isinstance(value, str):
        return value
    value = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", value)
    value = re.sub(r"\b(port[ =:]+)\d+", r"\1PORT", value)
    value = re.sub(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])", _id, value)
    value = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", value)
    value = re.sub(r"\b(deadlineMs|tries|nextAllowedTryMs)=\d+|timed out at \d+ after \d+", "N", value)
    value = re.sub(r"/tmp/[^\s,\])}\"]*", "PATH", value)
    names = r"Timestamp\w*|[tT]imestampMs|highWatermark|logEndOffset|leaderEpoch|Offset"
    value = re.sub(rf"({names})=(Optional\w*\[)?\d+", r"\1=N", value)
    # Sets in the order of a hash table.
    return re.sub(
        r"(topicPartitions=|authorizedOperations=\[)([\w, -]+)",
        lambda match: match[1] + ", ".join(sorted(re.split(", ?", match[2]))),
        value,
    )


def _id(match):
    """22 characters are an id, unless they are a name of such a length."""
    return match[0] if re.fullmatch(r"[A-Z_]+|[a-z]*(?:[A-Z][a-z]+)*|[a-z.-]+", match[0]) else "ID"


def compare(address, kafka_address):
    """Returns (number of calls, list of differences)."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        here, there = pool.map(answers, (address, kafka_address))
    known = Known("adminclient")
    wrong = [f"{name}: only one of the two was asked" for name in sorted({*here} ^ {*there})]
    unused = set(there.pop("unused methods", ["it did not end"]))
    here.pop("unused methods", None)
    if unused != {*UNUSED}:
        wrong.append(f"methods without a call: {sorted(unused)}; expected are {sorted(UNUSED)}")
    for name in there:
        if name in here:
            known.compare(name, normal(there[name]), normal(here[name]))
    return len(there), wrong + known.result()
