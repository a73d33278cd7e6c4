#!/usr/bin/env python3
"""A successful sync of the file that holds a batch precedes the send of every acks=all response: read off strace.

usage: sync_before_ack.py [--expect-unsynced]

Runs the broker under strace, sends acks=all produces one at a time to several partitions, and follows the system calls: a write
to a .log file makes it dirty, a sync that returned 0 and began after the write makes it clean, and so does a later write to the
journal once it is synced; when a response is sent to a client no .log file of a user topic may be dirty. --expect-unsynced runs
with write.caching.default=true and passes only if the check fails then: it shows that the check can see a missing sync."""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import raw_client  # noqa: E402

TOPIC = "synced"
PARTITIONS = 4
REQUESTS = 400
WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2")
SYNCS = ("fsync", "fdatasync", "syncfs", "sync_file_range")
SENDS = ("sendmsg", "sendto", "sendfile")


def calls(path):
    """Yields (start line, end line, name, first descriptor, path of it, result) of each finished call, by its end."""
    pending = {}
    pattern = re.compile(r"^(\d+)\s+(.*)$")
    for number, line in enumerate(open(path, errors="replace")):
        found = pattern.match(line)
        if not found:
            continue
        thread, rest = found.groups()
        if rest.startswith("<... "):
            start, text = pending.pop(thread, (number, ""))
            rest = text + re.sub(r"^<\.\.\. \w+ resumed>", "", rest)
        else:
            start = number
            if rest.rstrip().endswith("<unfinished ...>"):
                pending[thread] = (number, rest.rstrip()[:-len("<unfinished ...>")])
                continue
        call = re.match(r"(\w+)\((\d+)<([^>]*)>.*=\s+(-?\d+)", rest)
        if call:
            yield start, number, call.group(1), int(call.group(2)), call.group(3), int(call.group(4))


def violations(path):
    """(responses seen, responses sent while a .log file was dirty, writes seen, syncs seen, rounds of the journal seen)."""
    dirty = {}  # path -> line at which its last write ended
    journal = {}  # path -> (first write since its last sync began, last one ended)
    responses = wrong = writes = syncs = rounds = 0
    for start, end, name, _, target, result in sorted(calls(path), key=lambda call: call[1]):
        if name in WRITES and result > 0 and target.endswith(".log") and "/" + TOPIC + "-" in target:
            dirty[target] = end
            writes += 1
        elif name in ("fsync", "fdatasync") and result == 0 and target in dirty and start > dirty[target]:
            del dirty[target]
            syncs += 1
        elif name in WRITES and result > 0 and target.endswith(".journal"):
            journal[target] = (journal.get(target, (start,))[0], end)
        elif name in ("fsync", "fdatasync") and result == 0 and target in journal and start > journal[target][1]:
            began = journal.pop(target)[0]
            dirty = {log: line for log, line in dirty.items() if line > began}
            rounds += 1
        elif name in SENDS and ("TCP" in target or "socket" in target) and result > 0:
            responses += 1
            wrong += bool(dirty)
    return responses, wrong, writes, syncs, rounds


def main():
    unsynced = "--expect-unsynced" in sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="moldau-strace-")
    trace = os.path.join(folder, "trace")
    names = ",".join(WRITES + SYNCS + SENDS)
    prefix = ["strace", "-f", "-yy", "-s", "0", "-o", trace, "-e", "trace=" + names]
    settings = ["write.caching.default=true"] if unsynced else []
    broker = raw_client.Broker(os.path.join(folder, "data"), settings, prefix)
    broker.start(60)
    connection = raw_client.Connection(broker.port)
    assert connection.create_topic(TOPIC, PARTITIONS) == 0
    for number in range(REQUESTS):
        error, offset = connection.produce(TOPIC, number % PARTITIONS, raw_client.batch([b"value %d" % number] * 3))
        assert error == 0 and offset == 3 * (number // PARTITIONS), (error, offset)
    connection.close()
    # strace forwards the signal to nobody: end its child, the broker, by pid.
    children = open(f"/proc/{broker.process.pid}/task/{broker.process.pid}/children").read().split()
    for child in children:
        os.kill(int(child), 15)
    broker.process.wait(60)
    responses, wrong, writes, syncs, rounds = violations(trace)
    print(f"{REQUESTS} produces: {writes} writes to segment files, {syncs} syncs, {rounds} rounds of the journal, "
          f"{responses} responses, {wrong} of them sent before the sync")
    assert writes >= REQUESTS and responses >= REQUESTS, "the trace does not show the load"
    if unsynced:
        assert wrong > 0, "with write caching the check should have found responses before the sync"
    else:
        assert wrong == 0 and syncs + rounds >= REQUESTS and rounds > 0
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
