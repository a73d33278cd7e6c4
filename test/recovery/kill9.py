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
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import raw_client  # noqa: E402

TOPIC = "kill"
RETRIABLE = {3, 5, 6, 7, 14, 15, 19, 20, 56}  # what a real producer would send again
IN_FLIGHT = 5


class Producer(threading.Thread):
    """Sends numbered batches to one partition until told to stop; survives restarts of the broker."""

    def __init__(self, world, partition, identity):
        super().__init__(daemon=True)
        self.world = world
        self.partition = partition
        self.producer_id, self.epoch = identity
        self.batches = []        # (first sequence, values), all that were ever made
        self.acknowledged = 0    # batches acknowledged, from the front
        self.offsets = []        # base offset of each acknowledged batch
        self.error = None

    def run(self):
        try:
            while not self.world.finished():
                try:
                    self.session()
                except raw_client.Closed:
                    time.sleep(0.005)
        except Exception as error:  # told to the main thread
            self.error = error

    def make_batch(self):
        first = sum(len(values) for _, values in self.batches[-1:]) + (self.batches[-1][0] if self.batches else 0)
        count = 1 + (first * 7 + self.partition) % 12
        values = [b"%d/%d/" % (self.partition, first + i) + b"x" * ((first + i) % 900) for i in range(count)]
        self.batches.append((first, values))

    def session(self):
        """One connection's life: sends from the first batch not acknowledged, matches answers in order."""
        port = self.world.port
        if port == 0:
            raise raw_client.Closed("down")
        connection = raw_client.Connection(port, 10)
        try:
            sent = self.acknowledged
            while not self.world.finished() or sent > self.acknowledged:
                while sent - self.acknowledged < IN_FLIGHT and not self.world.finished():
                    if sent == len(self.batches):
                        self.make_batch()
                    first, values = self.batches[sent]
                    records = raw_client.batch(values, self.producer_id, self.epoch, first)
                    connection.send(0, 7, connection.produce_body(TOPIC, self.partition, records))
                    sent += 1
                if sent == self.acknowledged:
                    return
                _, answer = connection.receive()
                error, offset = connection.parse_produce(answer, TOPIC)
                if error in RETRIABLE:
                    raise raw_client.Closed(f"error {error}")
                if error != 0:
                    raise AssertionError(f"partition {self.partition}, batch {self.acknowledged}: error {error}")
                self.offsets.append(offset)
                self.acknowledged += 1
        finally:
            connection.close()


class World:
    def __init__(self):
        self.port = 0
        self.over = False

    def finished(self):
        return self.over


def check(connection, producer, checksums=True):
    """The partition's records are the producer's values, in order, each once; acknowledged ones all there."""
    sent = [value for _, values in producer.batches for value in values]
    acknowledged = sum(len(values) for _, values in producer.batches[:producer.acknowledged])
    found = connection.read_all(TOPIC, producer.partition, checksums)
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
    world = World()
    try:
        world.port = broker.start().port
        admin = raw_client.Connection(world.port)
        assert admin.create_topic(TOPIC, arguments.partitions) == 0
        producers = [Producer(world, p, admin.init_producer_id()) for p in range(arguments.partitions)]
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
        world.over = True
        for producer in producers:
            producer.join(30)
            if producer.error:
                raise producer.error
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
