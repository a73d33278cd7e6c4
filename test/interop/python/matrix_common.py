"""What every program of the feature matrix does (Python side; the other languages do the same).

PROGRAM BOOTSTRAP PREFIX PROTOCOL FEATURE...

PROTOCOL is the group protocol, classic or consumer. For each FEATURE the program prints a line `= FEATURE`,
    then facts, one
a line, in the words of matrix.py, and `! WORDS` where something failed. A feature that the client does not have is
`- WORDS`. The topics PREFIX-data (4 partitions) and PREFIX-seed (the same, filled by somebody else) exist.

Record i of RECORDS has partition i % 4, timestamp BASE_TIME + i seconds, key `key-I`,
    value `value-I of TOPIC` and a header
`n`=I. A record's fact is `PARTITION OFFSET TIMESTAMP KEY VALUE HEADER`.
"""

import sys
import time
import traceback

PARTITIONS, RECORDS, BASE_TIME = 4, 200, 1700000000000
DEADLINE_S = 40


def timestamp(i):
    return BASE_TIME + 1000 * i


def key(i):
    return b"key-%d" % i


def value(topic, i):
    return b"value-%d of %s" % (i, topic.encode())


def fact(partition, offset, when, key_, value_, headers):
    [(name, number)] = headers
    if name != "n":
        raise ValueError(f"a header {name}")
    return f"{partition} {offset} {when} {key_.decode()} {value_.decode()} {number.decode()}"


def by_place(facts):
    return sorted(set(facts), key=lambda one: tuple(map(int, one.split(" ", 2)[:2])))


def until(what, words):
    """Calls `what` until it is true; the time is bounded."""
    end = time.monotonic() + DEADLINE_S
    while not what():
        if time.monotonic() > end:
            raise TimeoutError(words)


def counts(assignments):
    """`2 2 all` of two disjoint sets of partitions that make up the topic."""
    together = sorted(partition for one in assignments for partition in one)
    return " ".join(str(len(one)) for one in assignments) + (
        " all" if together == list(range(PARTITIONS)) else f" {together}"
    )


class Missing(Exception):
    """The client does not have this feature; the words say what is missing."""


def main(features):
    """features: {name: function of (bootstrap, prefix, protocol) that yields facts}"""
    bootstrap, prefix, protocol, *wanted = sys.argv[1:]
    for name in wanted:
        print(f"= {name}", flush=True)
        try:
            for line in features[name](bootstrap, prefix, protocol):
                print(line, flush=True)
        except Missing as error:
            print(f"- {error}", flush=True)
        except Exception as error:
            traceback.print_exc()
            print(f"! {type(error).__name__}: {' '.join(str(error).split())}", flush=True)
