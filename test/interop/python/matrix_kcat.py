"""kcat (librdkafka 2.0) in the feature matrix; see matrix_common.py. A member of a group is a process of kcat -G, which
says on its standard error what it was assigned. It cannot set timestamps, and administers nothing."""

import re
import signal
import subprocess
import threading
import time

import matrix_common as common
from matrix_common import PARTITIONS, RECORDS, Missing, until

FORM = "%p %o - %k %s %h\\n"
FAST = ["-X", "heartbeat.interval.ms=500", "-X", "fetch.wait.max.ms=50", "-X", "auto.offset.reset=earliest"]


def facts_of(text):
    return [line.replace(" n=", " ") for line in text.splitlines()]


class Member:
    def __init__(self, bootstrap, prefix, group, *flags):
        self.text, self.owned, self.assignments, self.revocations = [], [], 0, 0
        self.process = subprocess.Popen(
            ["kcat", "-b", bootstrap, *FAST, *flags, "-u", "-f", FORM, "-G", f"{prefix}-{group}", f"{prefix}-data"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.threads = [threading.Thread(target=one, daemon=True) for one in (self._out, self._err)]
        for thread in self.threads:
            thread.start()

    def _out(self):
        for line in self.process.stdout:
            self.text.append(line)

    def _err(self):
        for line in self.process.stderr:
            match = re.search(r"rebalanced .*?: (assigned|revoked): ?(.*)", line)
            if match:
                owned = [int(one) for one in re.findall(r"\[(\d+)\]", match[2])]
                if match[1] == "assigned":
                    self.owned, self.assignments = owned, self.assignments + 1
                else:
                    self.owned, self.revocations = [], self.revocations + 1

    @property
    def facts(self):
        return facts_of("".join(self.text))

    @property
    def first(self):
        found = {}
        for fact in self.facts:
            partition, offset, _ = fact.split(" ", 2)
            found.setdefault(int(partition), int(offset))
        return found

    def wait(self, count=PARTITIONS):
        until(lambda: pause() and len(self.owned) == count, f"{count} partitions")
        return self

    def read(self):
        until(lambda: pause() and len(self.first) == PARTITIONS, "a record of each partition")
        return " ".join(str(self.first[partition]) for partition in range(PARTITIONS))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(common.DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for thread in self.threads:
            thread.join(5)


def pause():
    time.sleep(0.02)
    return True


def kcat(*arguments, data=None):
    done = subprocess.run(["kcat", *arguments], input=data, capture_output=True, text=True, timeout=common.DEADLINE_S)
    if done.returncode:
        raise RuntimeError(f"kcat {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def produce(bootstrap, prefix, _protocol):
    topic = f"{prefix}-data"
    for i in range(RECORDS):  # a header is one for all that a kcat sends
        line = f"{common.key(i).decode()}|{common.value(topic, i).decode()}\n"
        kcat("-b", bootstrap, "-P", "-t", topic, "-p", str(i % PARTITIONS), "-K|", "-H", f"n={i}", data=line)
    yield f"acknowledged {RECORDS}"


def consume(bootstrap, prefix, _protocol):
    with Member(bootstrap, prefix, "consume") as member:
        until(lambda: pause() and len(member.facts) >= RECORDS, "all records")
    yield from common.by_place(member.facts)


def rebalance(bootstrap, prefix, _protocol):
    with Member(bootstrap, prefix, "rebalance").wait() as one:
        yield f"alone {common.counts([one.owned])}"
        with Member(bootstrap, prefix, "rebalance", "-o", "beginning") as two:
            until(lambda: pause() and len(one.owned) == len(two.owned) == 2, "two each")
            yield f"joined {common.counts([one.owned, two.owned])}"
        one.wait()
        yield f"left {common.counts([one.owned])}"
        until(lambda: pause() and len({*one.facts, *two.facts}) >= RECORDS, "all records")
        yield f"read {len({*one.facts, *two.facts})}"


def static(bootstrap, prefix, _protocol):
    one = Member(bootstrap, prefix, "static", "-X", "group.instance.id=one")
    with Member(bootstrap, prefix, "static", "-X", "group.instance.id=two") as two:
        until(lambda: pause() and len(one.owned) == len(two.owned) == 2, "two each")
        yield f"both {common.counts([one.owned, two.owned])}"
        before, two.revocations = set(one.owned), 0
        one.__exit__()
        time.sleep(1)
        with Member(bootstrap, prefix, "static", "-X", "group.instance.id=one") as again:
            until(lambda: pause() and again.owned, "its partitions")
            yield f"again {'same' if set(again.owned) == before else 'others'}"
            yield f"other {'revoked' if two.revocations else 'undisturbed'}"


def seek(bootstrap, prefix, _protocol):
    topic = f"{prefix}-data"
    reader = ["-b", bootstrap, "-C", "-q", "-t", topic, "-p", "0", "-f", FORM, "-e"]
    yield from facts_of(kcat(*reader, "-o", "17", "-c", "3"))
    yield f"begin 0 {facts_of(kcat(*reader, '-o', 'beginning', '-c', '1'))[0].split()[1]}"
    found = kcat("-b", bootstrap, "-Q", "-t", f"{topic}:0:-1")
    yield "end 0 " + re.search(r"offset (\d+)", found)[1]


def _stop_at(bootstrap, prefix, group, count):
    """Reads `count` records as a member and leaves; what was read is committed on leaving."""
    return facts_of(
        kcat("-b", bootstrap, *FAST, "-q", "-c", str(count), "-f", FORM, "-G", f"{prefix}-{group}", f"{prefix}-data")
    )


def commit(bootstrap, prefix, _protocol):
    """It commits what it has printed: two members one after the other read all records, none twice."""
    first = _stop_at(bootstrap, prefix, "commit", 90)
    second = _stop_at(bootstrap, prefix, "commit", RECORDS - 90)
    yield f"first {len(first)}"
    yield f"together {len({*first, *second})}"


def reset(bootstrap, prefix, _protocol):
    with Member(bootstrap, prefix, "reset") as member:
        yield f"earliest {member.read()}"
    with Member(bootstrap, prefix, "reset-latest", "-X", "auto.offset.reset=latest").wait() as member:
        time.sleep(1)
        yield f"latest {len(member.facts)} old"


def no_administration(*_):
    raise Missing("kcat has no administration")


common.main(
    {
        "produce": produce,
        "consume": consume,
        "rebalance": rebalance,
        "static": static,
        "seek": seek,
        "commit": commit,
        "reset": reset,
        "topics": no_administration,
        "groups": no_administration,
        "delgroup": no_administration,
        "lag": no_administration,
    }
)
