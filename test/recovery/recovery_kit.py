"""What the recovery and fault programs share: clients that live through restarts of a broker, each in a thread of its own.
Standard library only."""
import threading
import time

import raw_client

RETRIABLE = {3, 5, 6, 7, 14, 15, 19, 20, 56}  # what a real client would send again
IN_FLIGHT = 5


class World:
    """Where the broker is, and how long the load goes on: set by the main thread, read by the workers."""

    def __init__(self):
        self.port = 0  # 0: it is down
        self.over = False


class Worker(threading.Thread):
    """One session after the other until the world is over: a connection that breaks is no failure, anything else is."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.error = None  # told to the main thread

    def run(self):
        try:
            while not self.world.over:
                try:
                    self.connect_once()
                except raw_client.Closed:
                    time.sleep(0.005)
        except Exception as error:
            self.error = error

    def connect_once(self):
        port = self.world.port
        if port == 0:
            raise raw_client.Closed("down")
        connection = raw_client.Connection(port, 10)
        try:
            self.session(connection)
        finally:
            connection.close()

    def session(self, connection):
        """The life of one connection: returns when there is nothing left to do."""
        raise NotImplementedError


def finish(world, workers, seconds=60):
    """Ends the load, and raises what a worker met."""
    world.over = True
    for worker in workers:
        worker.join(seconds)
        if worker.error:
            raise worker.error
        assert not worker.is_alive(), "a client does not end"


class IdempotentProducer(Worker):
    """Sends batches to one partition, up to IN_FLIGHT at once; what was not acknowledged is sent again with its sequence."""

    def __init__(self, world, topic, partition, identity):
        super().__init__(world)
        self.topic = topic
        self.partition = partition
        self.producer_id, self.epoch = identity
        self.batches = []      # (first sequence, its records), all that were ever made
        self.acknowledged = 0  # batches acknowledged, from the front
        self.offsets = []      # base offset of each acknowledged batch

    def make_records(self, first):
        """The records of the next batch, whose first has that sequence."""
        raise NotImplementedError

    def encode(self, records, first):
        """The bytes of a batch."""
        raise NotImplementedError

    def batch_at(self, number):
        """The batch of that number: one that was made before, or the next."""
        if number == len(self.batches):
            first = self.batches[-1][0] + len(self.batches[-1][1]) if self.batches else 0
            self.batches.append((first, self.make_records(first)))
        return self.batches[number]

    def session(self, connection):
        """Sends from the first batch that is not acknowledged, matches answers in order."""
        sent = self.acknowledged
        while not self.world.over or sent > self.acknowledged:
            while sent - self.acknowledged < IN_FLIGHT and not self.world.over:
                first, records = self.batch_at(sent)
                body = connection.produce_body(self.topic, self.partition, self.encode(records, first))
                connection.send(0, 7, body)
                sent += 1
            if sent == self.acknowledged:
                return
            _, answer = connection.receive()
            error, offset = connection.parse_produce(answer, self.topic)
            if error in RETRIABLE:
                raise raw_client.Closed(f"error {error}")
            assert error == 0, f"partition {self.partition}, batch {self.acknowledged}: error {error}"
            self.offsets.append(offset)
            self.acknowledged += 1
