"""F10: a broker in a memory cgroup, thousands of connections, fetches whose answers nobody reads. It sheds, or is killed and
recovers; either way what was acknowledged is there."""
import os
import resource
import socket
import struct
import time

import faults_kit
import raw_client

LIMIT_BYTES = 256 << 20
ROOT = "/sys/fs/cgroup/memory"
TOPIC = "kill"


class Group:
    """A memory cgroup (version 1), made and removed."""

    def __init__(self, limit):
        self.path = os.path.join(ROOT, f"moldau-faults-{os.getpid()}")
        try:
            os.mkdir(self.path)
            self.write("memory.limit_in_bytes", limit)
        except OSError as error:
            raise faults_kit.Skip(f"no memory cgroup can be made: {error}")

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(str(value))

    def read(self, name):
        with open(os.path.join(self.path, name)) as file:
            return file.read()

    def kills(self):
        lines = dict(line.split() for line in self.read("memory.oom_control").splitlines())
        return int(lines.get("oom_kill", 0))

    def remove(self):
        for _ in range(50):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.1)


def resident(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) << 10
    return 0


def fetch_frame(partition):
    """A fetch of 50 MB from the start."""
    body = struct.pack(">iiiibiii", -1, 0, 1, 50 << 20, 0, 0, -1, 1) + raw_client.text(TOPIC)
    body += struct.pack(">iiiqqi", 1, partition, -1, 0, -1, 50 << 20) + struct.pack(">i", 0) + raw_client.text("")
    payload = struct.pack(">hhi", 1, 11, 1) + raw_client.text("big") + body
    return struct.pack(">i", len(payload)) + payload


def run(folder, connections, readers):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + readers + 200
    if hard < wanted:
        raise faults_kit.Skip(f"{wanted} descriptors are not allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    group = Group(LIMIT_BYTES)
    broker = raw_client.Broker(os.path.join(folder, "data"))
    sockets = []
    try:
        broker.start()
        group.write("cgroup.procs", broker.process.pid)
        load = faults_kit.Load(broker, TOPIC)
        load.start()
        # Something to read: a few tens of megabytes.
        connection = raw_client.Connection(broker.port)
        assert connection.create_topic("big", 1) == 0
        load.wait_for(300, 60)
        before = resident(broker.process.pid)
        for number in range(connections):
            sockets.append(socket.create_connection(("127.0.0.1", broker.port), 30))
            if number % 500 == 499:
                load.wait_for(1, 60)
        idle = resident(broker.process.pid)
        for number in range(readers):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # and never read
            reader.connect(("127.0.0.1", broker.port))
            for _ in range(5):
                reader.sendall(fetch_frame(number % 4))
            sockets.append(reader)
        load.wait_for(200, 120)
        killed = group.kills()
        alive = broker.process.poll() is None
        assert alive or killed > 0, f"it ended by itself: {broker.lines[-3:]}"
        most = resident(broker.process.pid) if alive else 0
        for one in sockets:
            one.close()
        if not alive:
            load.world.port = 0
            broker.start()
            load.world.port = broker.port
        total = load.stop_and_check()
        connection.close()
        assert broker.stop() == 0
        each = (idle - before) / connections
        return (f"{connections} connections ({each / 1024:.1f} KiB resident each), {readers} that never read: "
                f"{most >> 20} MiB resident, killed {killed} times; {total} records acknowledged and there")
    finally:
        for one in sockets:
            one.close()
        faults_kit.end(broker)
        group.remove()
