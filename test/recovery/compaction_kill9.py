#!/usr/bin/env python3
"""kill -9 during load and compaction: the latest value of every key equals a reference map, offsets never change.

usage: compaction_kill9.py [--kills N] [--partitions N] [--seed S]

Each partition of a compacted topic (segments of 64 KiB, so that a swap is always under way) has an idempotent producer of
keyed records and tombstones with up to five requests in flight. The broker is killed at a random moment and started again
on the same folder. After each start every record that is read must be the one that was sent at its offset, and the newest
value of each key that of the records sent so far; at the end the log must also have been compacted."""
import argparse
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import keyed_client  # noqa: E402
import raw_client  # noqa: E402
import recovery_kit  # noqa: E402

TOPIC = "compacted"
KEYS = 150
CONFIGS = [("cleanup.policy", "compact"), ("internal.segment.bytes", "65536"), ("min.cleanable.dirty.ratio", "0.01"),
           ("delete.retention.ms", "300"), ("file.delete.delay.ms", "500")]
SETTINGS = ["log.cleaner.backoff.ms=20", "log.cleaner.threads=2"]


class Producer(recovery_kit.IdempotentProducer):
    """Sends keyed values and tombstones. Sequence = offset: it writes alone."""

    def __init__(self, world, partition, identity, seed):
        super().__init__(world, TOPIC, partition, identity)
        self.random = random.Random(seed * 1000 + partition)

    def make_records(self, first):
        pairs = []
        for i in range(1 + self.random.randrange(12)):
            key = b"key-%d" % self.random.randrange(KEYS)
            value = None if self.random.random() < 0.1 else b"%d/%d/" % (self.partition, first + i) + b"x" * (
                self.random.randrange(500))
            pairs.append((key, value))
        return pairs

    def encode(self, records, first):
        return keyed_client.keyed_batch(records, self.producer_id, self.epoch, first)


def check(connection, producer):
    """Returns (records there, log end): what is read is what was sent there, and the newest of each key is right."""
    place = f"partition {producer.partition}"
    acknowledged = producer.acknowledged
    held = sum(len(pairs) for _, pairs in producer.batches[:acknowledged])
    found, end = keyed_client.read_keyed(connection, TOPIC, producer.partition, held)
    sent = [pair for _, pairs in list(producer.batches) for pair in pairs]
    assert end >= held, f"{place}: {held} records acknowledged, the log ends at {end}"
    for (first, _), offset in zip(producer.batches, list(producer.offsets)):
        assert offset == first, f"{place}: batch with sequence {first} was acknowledged at offset {offset}"
    for offset, key, value in found:
        assert sent[offset] == (key, value), f"{place}: another record at offset {offset}"
    end = max(end, found[-1][0] + 1 if found else 0)
    want = keyed_client.fold((i, key, value) for i, (key, value) in enumerate(sent[:end]))
    got = keyed_client.fold(found)
    if want != got:
        wrong = sorted(key for key in want.keys() | got.keys() if want.get(key) != got.get(key))
        raise AssertionError(f"{place}: the newest values of {wrong[:5]} and {len(wrong)} keys in all are wrong")
    return len(found), end


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--partitions", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    folder = tempfile.mkdtemp(prefix="moldau-compaction-")
    broker = raw_client.Broker(os.path.join(folder, "data"), SETTINGS)
    world = recovery_kit.World()
    swaps = 0
    try:
        world.port = broker.start().port
        admin = raw_client.Connection(world.port)
        assert admin.create_topic(TOPIC, arguments.partitions, CONFIGS) == 0
        producers = [Producer(world, p, admin.init_producer_id(), arguments.seed) for p in range(arguments.partitions)]
        admin.close()
        for producer in producers:
            producer.start()
        for _ in range(arguments.kills):
            time.sleep(random.uniform(0.1, 0.6))
            world.port = 0
            broker.kill()
            swaps += sum(name.endswith((".swap", ".cleaned", ".deleted")) for _, _, names in
                         os.walk(os.path.join(folder, "data")) for name in names)
            port = broker.start().port
            connection = raw_client.Connection(port)
            for producer in producers:
                check(connection, producer)
            connection.close()
            world.port = port
        time.sleep(0.5)
        recovery_kit.finish(world, producers)
        time.sleep(3)  # the cleaner comes to an end
        connection = raw_client.Connection(world.port)
        results = [check(connection, producer) for producer in producers]
        connection.close()
        assert broker.stop() == 0, "the broker did not stop cleanly"
        there, total = sum(r[0] for r in results), sum(r[1] for r in results)
        assert total > 50 * arguments.partitions * arguments.kills, f"only {total} records: no load"
        assert there * 3 < total, f"{there} of {total} records are left: it was not compacted"
        assert swaps > 0, "no kill came while segments were written or swapped"
        print(f"{arguments.kills} kills, {total} records sent, {there} left, the newest value of every key right after "
              f"each; {swaps} files of unfinished or fresh swaps met")
        shutil.rmtree(folder)
        return 0
    except BaseException:
        print(f"compaction_kill9: the folder is kept: {folder}", file=sys.stderr)
        world.over = True
        if broker.process and broker.process.poll() is None:
            broker.kill()
        raise


if __name__ == "__main__":
    sys.exit(main())
