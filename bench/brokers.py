"""The brokers that ./x bench compares, and what is asked of them and of the machine around a measurement."""
import mmap
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "build", "bench")
PEER = os.path.join(ROOT, "test", "interop", "peer.sh")
MOLDAU = os.path.join(ROOT, "build", "moldau")
RAW = os.path.join(ROOT, "build", "moldau-raw")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kib(pid):
    """(resident, anonymous) in KiB."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    anonymous = int(re.search(r"^RssAnon:\s+(\d+)|^Anonymous:\s+(\d+)", text, re.M).group(2) or 0)
    return int(re.search(r"^Rss:\s+(\d+)", text, re.M).group(1)), anonymous


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """A running broker: its port and its process id."""
    name = ""

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.pid = 0

    def wipe(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)


class Kafka(Broker):
    name = "kafka"

    def start(self, settings):
        address = subprocess.run([PEER, "start", self.folder, "0", "--bench", *settings], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.split()[-1]
        self.port = int(address.rsplit(":", 1)[1])
        self.pid = int(open(os.path.join(self.folder, "pid")).read())

    def stop(self):
        subprocess.run([PEER, "stop", self.folder], check=True, stdout=subprocess.DEVNULL)


class Moldau(Broker):
    name = "moldau"

    def start(self, settings):
        arguments = [MOLDAU, "broker", "--data", os.path.join(self.folder, "data"), "--listen", "127.0.0.1:0",
                     "--admin", "none"]
        for setting in settings:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.pid = self.process.pid
        for line in self.process.stderr:
            found = re.match(r"ready .*:(\d+)$", line.strip())
            if found:
                self.port = int(found.group(1))
                return
        raise SystemExit("bench: moldau did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def create_topic(port, topic, partitions):
    """CreateTopics v2 with one replica."""
    name = topic.encode()
    body = struct.pack(">i", 1) + struct.pack(">h", len(name)) + name + struct.pack(">ihii", partitions, 1, 0, 0)
    body += struct.pack(">ib", 30000, 0)
    answer = request(port, 19, 2, body)
    error = struct.unpack_from(">h", answer, 4 + 4 + 4 + 2 + len(name))[0]
    if error not in (0, 36):
        raise SystemExit(f"bench: could not create {topic}: error {error}")
    deadline = time.time() + 60
    for partition in range(partitions):  # a new topic's log may come after its metadata: ListOffsets tells
        while True:
            body = struct.pack(">iih", -1, 1, len(name)) + name + struct.pack(">iiq", 1, partition, -1)
            answer = request(port, 2, 1, body)
            if struct.unpack_from(">h", answer, 4 + 4 + 2 + len(name) + 4 + 4)[0] == 0:
                break
            if time.time() > deadline:
                raise SystemExit(f"bench: {topic}-{partition} has no leader")
            time.sleep(0.05)


def request(port, key, version, body):
    payload = struct.pack(">hhih", key, version, 1, 5) + b"bench" + body
    with socket.create_connection(("127.0.0.1", port), 30) as s:
        s.sendall(struct.pack(">i", len(payload)) + payload)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            chunk = s.recv(65536)
            if not chunk:
                raise SystemExit(f"bench: the broker closed the connection on API {key}")
            data += chunk
    return data[4:]


def idle_gate():
    """Waits until the machine is quiet (at most 20 s)."""
    def busy():
        fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
        return sum(fields) - fields[3] - fields[4], sum(fields)
    os.sync()
    for _ in range(20):
        busy_0, all_0 = busy()
        time.sleep(1)
        busy_1, all_1 = busy()
        if (busy_1 - busy_0) < 0.15 * (all_1 - all_0):
            return


def touch_memory():
    """Takes and gives back as much memory as the next load's page cache may need. On a virtual machine the first touch of a
    page that the host has taken back costs more than all that a broker does with it, and whoever comes later in a run
    would pay for it."""
    available = int(re.search(r"MemAvailable:\s+(\d+)", open("/proc/meminfo").read()).group(1)) * 1024
    size = min(4 << 30, available // 3)
    with mmap.mmap(-1, size) as memory:
        for offset in range(0, size, 4096):
            memory[offset] = 1
