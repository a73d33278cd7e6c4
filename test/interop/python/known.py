"""Differences from Kafka that are known, each with its reason: ../known-differences.tsv.

A line is SLICE, CALL (a shell pattern of names), WHERE (a regular expression of the place in the answer) and REASON,
with tabs between. Every difference that a slice finds must be explained by a line, and every line of the slice must
explain one: what became equal is taken from the list.
"""

import fnmatch
import json
import os
import re

from harness import HERE

FILE = os.path.join(HERE, "known-differences.tsv")
ABSENT = "(absent)"
# Settings of ours that Kafka does not have.
OWN_CONFIGS = {"shards", "shards.fill.percent", "shards.balance.interval.ms", "loop.spin.us", "write.caching",
               "write.caching.default", "cluster.id", "log.journal.enable", "log.journal.file.bytes",
               "internal.log.journal.after.commits", "log.scrub.bytes.per.second", "log.scrub.interval.ms"}


def differences(want, got, path=""):
    """Yields (path, Kafka's value, the value here) of everything that differs; list items go by name, else by place."""
    if want == got:
        return
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted({*want, *got}):
            yield from differences(want.get(key, ABSENT), got.get(key, ABSENT), f"{path}.{key}")
        return
    if isinstance(want, list) and isinstance(got, list):
        sides = [_by_name(want), _by_name(got)]
        if all(side is not None for side in sides):
            for name in sorted({*sides[0], *sides[1]}):
                yield from differences(sides[0].get(name, ABSENT), sides[1].get(name, ABSENT), f"{path}[{name}]")
            return
        if len(want) == len(got):
            for i, (left, right) in enumerate(zip(want, got)):
                yield from differences(left, right, f"{path}[{i}]")
            return
    yield path, want, got


def _by_name(items):
    names = {item.get("name"): item for item in items if isinstance(item, dict)}
    return names if len(names) == len(items) and None not in names else None


class Known:
    def __init__(self, slice_name):
        self.slice, self.rows, self.used, self.wrong = slice_name, [], set(), []
        with open(FILE) as file:
            for number, line in enumerate(file, 1):
                if line.startswith("#") or not line.strip():
                    continue
                fields = line.rstrip("\n").split("\t")
                if len(fields) != 4 or not all(fields):
                    raise ValueError(f"{FILE}:{number}: four fields with tabs between are wanted")
                if fields[0] == slice_name:
                    self.rows.append((fields[1], re.compile(fields[2])))

    def compare(self, name, want, got):
        """One call's answers, normalized; what is not explained is kept in `wrong`."""
        for path, there, here in differences(want, got):
            for number, (call, where) in enumerate(self.rows):
                if fnmatch.fnmatchcase(name, call) and where.fullmatch(path or "."):
                    self.used.add(number)
                    break
            else:
                self.wrong.append(f"{name} {path}: Kafka {_short(there)}, here {_short(here)}")

    def result(self):
        """All that is wrong: differences without a reason, and reasons without a difference."""
        return self.wrong + [
            f"{call} {where.pattern}: no longer different, take it from {os.path.basename(FILE)}"
            for number, (call, where) in enumerate(self.rows)
            if number not in self.used
        ]


def _short(value):
    return json.dumps(value)[:200]
