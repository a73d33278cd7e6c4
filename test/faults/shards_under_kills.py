"""Two shards with the partitions spread over both, clients that write and read them all the time; the process is killed and
stopped in between, and each start serves while logs still come. Partitions move where the load makes them. Meant for a
sanitizer's binary, too (MOLDAU_BINARY=build-tsan/moldau): a report of its own fails the job."""
import re
import socket
import time
import urllib.request

import faults_kit
import raw_client
import recovery_kit

PARTITIONS = 12
SETTINGS = ["shards=2", "shards.fill.percent=0", "shards.balance.interval.ms=100", "log.segment.bytes=1048576"]
MOVES = re.compile(r"^moldau_shard_moves_total (\d+)", re.M)


class Reader(recovery_kit.Worker):
    """Reads one partition to its end, waits there for more, and begins again with each connection."""

    def __init__(self, world, topic, partition):
        super().__init__(world)
        self.topic = topic
        self.partition = partition
        self.records = 0

    def session(self, connection):
        at = 0
        while not self.world.over:
            error, _, data = connection.fetch(self.topic, self.partition, at, wait_ms=50)
            if error in recovery_kit.RETRIABLE:
                time.sleep(0.01)
                continue
            assert error == 0, f"Fetch at {at}: error {error}"
            for offset, _ in raw_client.parse_batches(data):
                assert offset <= at, f"partition {self.partition}: {offset} follows {at - 1}"
                at = max(at, offset + 1)
                self.records += 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def moves(broker):
    with urllib.request.urlopen(f"http://{broker.admin}/metrics", timeout=10) as answer:
        return int(MOVES.search(answer.read().decode()).group(1))


def check_reports(broker):
    found = [line for line in broker.lines if "Sanitizer" in line]
    assert not found, "\n".join(broker.lines[-60:])


def run(folder, fast):
    broker = raw_client.Broker(f"{folder}/data", SETTINGS, admin=f"127.0.0.1:{free_port()}")
    broker.start(timeout=60)
    load = faults_kit.Load(broker, partitions=PARTITIONS)
    readers = [Reader(load.world, load.topic, partition) for partition in range(0, PARTITIONS, 2)]
    load.start()
    for reader in readers:
        reader.start()
    lives = 3 if fast else 20
    moved = 0
    for life in range(lives):
        load.wait_for(300 if fast else 1500, 120)
        moved += moves(broker)
        load.world.port = 0
        if life % 2 == 0:
            broker.kill()
        else:
            assert broker.stop() == 0, "no stop in order:\n" + "\n".join(broker.lines[-60:])
        check_reports(broker)
        broker.start(timeout=60)
        load.world.port = broker.port
    load.wait_for(100, 120)
    load.world.over = True
    recovery_kit.finish(load.world, readers)
    total = load.stop_and_check()
    assert broker.stop() == 0, "no stop in order:\n" + "\n".join(broker.lines[-60:])
    check_reports(broker)
    return f"{lives} lives, {moved} moves; {total} records acknowledged and there, {sum(r.records for r in readers)} read meanwhile"
