"""What the fault programs share: a broker that strace may trace, a load of idempotent producers whose acknowledgements are
checked, and skipping with a reason."""
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "recovery"))
import kill9  # noqa: E402
import raw_client  # noqa: E402
import recovery_kit  # noqa: E402

STORAGE_ERROR = 56


class Skip(Exception):
    """The machine does not allow this one; the reason is the message."""


def strace(call, what, *more):
    """The prefix that runs a broker with faults in one system call: what is "error=EIO:when=3" and the like."""
    if not os.path.exists("/usr/bin/strace"):
        raise Skip("there is no strace")
    return ["/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", f"inject={call}:{what}", *more]


def child_of(process):
    """The broker under strace."""
    children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
    return int(children[0]) if children else process.pid


def end(broker, number=signal.SIGKILL):
    """Ends a broker, and the strace around it, by their ids."""
    if broker.process is None or broker.process.poll() is not None:
        return
    pids = [broker.process.pid]
    if broker.prefix:
        pids.insert(0, child_of(broker.process))
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    broker.process.wait(30)
    limit = time.monotonic() + 30
    while os.path.exists(f"/proc/{pids[0]}") and time.monotonic() < limit:
        time.sleep(0.005)  # a child of strace is nobody's to wait for, and holds its lock until it is gone
    broker.port = 0


class Load:
    """Producers on all partitions of one topic, each sending what was not acknowledged again until it is."""

    def __init__(self, broker, topic="kill", partitions=4):
        self.topic = topic
        self.broker = broker
        self.world = recovery_kit.World()
        self.world.port = broker.port
        connection = raw_client.Connection(broker.port)
        error = connection.create_topic(topic, partitions)
        assert error == 0, f"CreateTopics: error {error}"
        self.producers = [kill9.Producer(self.world, topic, p, connection.init_producer_id())
                          for p in range(partitions)]
        connection.close()

    def start(self):
        for producer in self.producers:
            producer.start()

    def acknowledged(self):
        return sum(producer.acknowledged for producer in self.producers)

    def wait_for(self, more, seconds=30):
        """Waits until that many more batches are acknowledged."""
        wanted = self.acknowledged() + more
        limit = time.monotonic() + seconds
        while self.acknowledged() < wanted:
            for producer in self.producers:
                if producer.error:
                    raise producer.error
            assert time.monotonic() < limit, f"no progress: {self.acknowledged()} of {wanted} batches"
            time.sleep(0.01)

    def stop_and_check(self):
        """Ends the load and reads all back; the number of acknowledged records."""
        self.world.port = self.broker.port
        recovery_kit.finish(self.world, self.producers)
        connection = raw_client.Connection(self.broker.port)
        total = sum(kill9.check(connection, producer) for producer in self.producers)
        connection.close()
        return total


def in_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
