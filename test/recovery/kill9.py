#!/usr/bin/env python3
"""kill -9 during load: every acknowledged record is read back, in order, none twice.

usage: kill9.py [--kills N] [--partitions N] [--seed S] [--write-caching]

Each partition has an idempotent producer with up to five requests in flight. The broker is killed at a random moment of the
load and started again on the same folder; the producers send what was not acknowledged once more, with the same sequences.
After every third kill `moldau recover` runs first, and leaves no journal; after every third one nothing says that the machine
did not go down too, so that logs are scanned, under load, while the broker serves. At the end each partition must hold exactly the
producer's values, each once, in order. (With kill -9 the page cache lives, so this also holds with write caching; what a power
cut takes is the simulator's matter.)"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import raw_client  # noqa: E402
import recovery_kit  # noqa: E402

TOPIC = "kill"


class Producer(recovery_kit.IdempotentProducer):
    """Sends numbered values."""

    def make_records(self, first):
        count = 1 + (first * 7 + self.partition) % 12
        return [b"%d/%d/" % (self.partition, first + i) + b"x" * ((first + i) % 900) for i in range(count)]

    def encode(self, records, first):
        return raw_client.batch(records, self.producer_id, self.epoch, first)


def check(connection, producer, checksums=True):
    """The partition's records are the producer's values, in order, each once; acknowledged ones all there."""
    sent = [value for _, values in producer.batches for value in values]
    acknowledged = sum(len(values) for _, values in producer.batches[:producer.acknowledged])
    found = connection.read_all(producer.topic, producer.partition, checksums)
    values = [value for _, value in found]
    place = f"partition {producer.partition}"
    assert len(values) >= acknowledged, f"{place}: {acknowledged} records acknowledged, {len(values)} found"
    assert values == sent[:len(values)], f"{place}: records lost, doubled or out of order"
    assert [offset for offset, _ in found] == list(range(len(found))), f"{place}: offsets have gaps"
    for (first, _), offset in zip(producer.batches, producer.offsets):
        assert offset == first, f"{place}: batch with sequence {first} was acknowledged at offset {offset}"
    return acknowledged


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write-caching", action="store_true")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    folder = tempfile.mkdtemp(prefix="moldau-kill9-")
    settings = ["write.caching.default=true"] if arguments.write_caching else []
    # Rolls happen under fire too, and files of the journal are filled and used again.
    settings += ["log.segment.bytes=1048576", "log.journal.file.bytes=262144"]
    broker = raw_client.Broker(os.path.join(folder, "data"), settings)
    world = recovery_kit.World()
    try:
        world.port = broker.start().port
        admin = raw_client.Connection(world.port)
        assert admin.create_topic(TOPIC, arguments.partitions) == 0
        producers = [Producer(world, TOPIC, p, admin.init_producer_id()) for p in range(arguments.partitions)]
        admin.close()
        for producer in producers:
            producer.start()
        longest = 0.0
        journals = recovered = scanned = 0
        journal = os.path.join(broker.data, "journal")
        boot = os.path.join(broker.data, ".moldau-boot")
        for number in range(arguments.kills):
            time.sleep(random.uniform(0.02, 0.4))
            world.port = 0
            broker.kill()
            journals += os.path.exists(journal)
            if number % 3 == 2:
                subprocess.run([broker.binary, "recover", broker.data], check=True, timeout=60)
                assert not os.path.exists(journal), "recover left the journal"
                recovered += 1
            elif number % 3 == 1 and os.path.exists(boot):
                os.remove(boot)
                scanned += 1
            started = time.time()
            world.port = broker.start().port
            longest = max(longest, time.time() - started)
        time.sleep(0.5)
        recovery_kit.finish(world, producers)
        connection = raw_client.Connection(world.port)
        total = sum(check(connection, producer) for producer in producers)
        connection.close()
        assert broker.stop() == 0, "the broker did not stop cleanly"
        assert not os.path.exists(journal), "a clean stop left the journal"
        assert arguments.write_caching or journals > 0, "no kill came upon a journal"
        assert scanned > 0 or arguments.kills < 5, "no start had to scan"
        assert total > arguments.kills * arguments.partitions, f"only {total} records were acknowledged: no load"
        print(f"{arguments.kills} kills, {total} records acknowledged, all read back in order, none twice; "
              f"{journals} kills left a journal, {recovered} recoveries, {scanned} starts that scan; longest restart {longest:.2f} s")
        shutil.rmtree(folder)
        return 0
    except BaseException:
        print(f"kill9: the folder is kept: {folder}", file=sys.stderr)
        if broker.process and broker.process.poll() is None:
            broker.kill()
        raise


if __name__ == "__main__":
    sys.exit(main())
