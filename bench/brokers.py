"""The brokers that ./x bench compares, and what is asked of them and of the machine around a measurement."""
import collections
import mmap
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("MOLDAU_BUILD", os.path.join(ROOT, "build"))
OUT = os.path.join(BUILD, "bench")
PEER = os.path.join(ROOT, "test", "interop", "peer.sh")
MOLDAU = os.path.join(BUILD, "moldau")
ROOFLINE = os.path.join(BUILD, "moldau-roofline")
TICKS = os.sysconf("SC_CLK_TCK")
TOPIC_ALREADY_EXISTS = 36
CREATE_SECONDS_MAX = 300


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kib(pid):
    """(resident, anonymous) in KiB."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    anonymous = int(re.search(r"^RssAnon:\s+(\d+)|^Anonymous:\s+(\d+)", text, re.M).group(2) or 0)
    return int(re.search(r"^Rss:\s+(\d+)", text, re.M).group(1)), anonymous


class Broker:
    """A running broker: its port and its process id. It keeps its port until its folder is wiped."""
    name = ""
    patient = True  # waits for a quiet machine before it starts afresh

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.pid = 0
        self.settings = []

    def wipe(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.port = 0

    def create_topic(self, topic, partitions):
        create_topics(self.port, [topic], partitions)

    def start_afresh(self):
        """With an empty folder, and the settings of before."""
        self.stop()
        self.wipe()
        if self.patient:
            idle_gate()
        self.start(self.settings)


class Kafka(Broker):
    name = "kafka"

    def start(self, settings):
        self.settings = settings
        address = subprocess.run([PEER, "start", self.folder, "0", "--bench", *settings], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.split()[-1]
        self.port = int(address.rsplit(":", 1)[1])
        self.pid = int(open(os.path.join(self.folder, "pid")).read())

    def restart(self):
        self.start([])  # the settings stand in its file

    def stop(self):
        subprocess.run([PEER, "stop", self.folder], check=True, stdout=subprocess.DEVNULL)

    def kill(self):
        subprocess.run([PEER, "kill", self.folder], check=True, stdout=subprocess.DEVNULL)


class Process(Broker):
    """A broker that is a child of ours and says `ready HOST:PORT` on standard error."""
    process = None

    def arguments(self, settings):
        raise NotImplementedError

    def start(self, settings):
        self.settings = settings
        self.process = subprocess.Popen(self.arguments(settings), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        text=True)
        self.pid = self.process.pid
        said = collections.deque(maxlen=20)
        for line in self.process.stderr:
            said.append(line)
            found = re.match(r"ready .*:(\d+)$", line.strip())
            if found:
                self.port = int(found.group(1))
                # What it says from now on is read, or it would stand still when the pipe is full.
                threading.Thread(target=said.extend, args=(self.process.stderr,), daemon=True).start()
                return
        raise RuntimeError(f"{self.name} did not start: " + "".join(said))

    def restart(self):
        self.start(self.settings)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait(60)


class Moldau(Process):
    name = "moldau"

    def arguments(self, settings):
        arguments = [MOLDAU, "broker", "--data", os.path.join(self.folder, "data"), "--listen",
                     f"127.0.0.1:{self.port}", "--admin", "none"]
        for setting in settings:
            arguments += ["--set", setting]
        return arguments


class Roofline(Process):
    """The least that any broker must do: bench/roofline.cc. Its settings are its options."""
    name = "roofline"

    def arguments(self, settings):
        arguments = [ROOFLINE, "--data", os.path.join(self.folder, "data"), "--port", str(self.port)]
        for setting in settings:
            name, value = setting.split("=")
            arguments += ["--" + name, value]
        return arguments

    def create_topic(self, topic, partitions):
        pass  # a file comes with its first batch


BROKERS = {"kafka": Kafka, "moldau": Moldau, "roofline": Roofline}


def create_topics(port, names, partitions):
    """One CreateTopics v2 request; seconds until all logs of all topics answer."""
    start = time.time()
    body = struct.pack(">i", len(names))
    for name in names:
        body += struct.pack(">h", len(name)) + name.encode() + struct.pack(">ihii", partitions, 1, 0, 0)
    answer = request(port, 19, 2, body + struct.pack(">ib", 60000, 0))
    at = 12
    for name in names:
        length = struct.unpack_from(">h", answer, at)[0]
        error = struct.unpack_from(">h", answer, at + 2 + length)[0]
        if error not in (0, TOPIC_ALREADY_EXISTS):
            raise SystemExit(f"bench: could not create {name}: error {error}")
        at += 2 + length + 2
        at += 2 + max(0, struct.unpack_from(">h", answer, at)[0])
    for name in names:  # a new topic's log may come after its metadata: ListOffsets tells
        body = struct.pack(">iih", -1, 1, len(name)) + name.encode() + struct.pack(">i", partitions)
        body += b"".join(struct.pack(">iq", partition, -1) for partition in range(partitions))
        while True:
            answer = request(port, 2, 1, body)
            first = 4 + 4 + 2 + len(name) + 4
            if all(struct.unpack_from(">h", answer, first + 22 * p + 4)[0] == 0 for p in range(partitions)):
                break
            if time.time() > start + CREATE_SECONDS_MAX:
                raise SystemExit(f"bench: {name} has partitions without a leader")
            time.sleep(0.02)
    return time.time() - start


def request(port, key, version, body):
    payload = struct.pack(">hhih", key, version, 1, 5) + b"bench" + body
    with socket.create_connection(("127.0.0.1", port), 120) as s:
        s.sendall(struct.pack(">i", len(payload)) + payload)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            chunk = s.recv(65536)
            if not chunk:
                raise SystemExit(f"bench: the broker closed the connection on API {key}")
            data += chunk
    return data[4:]


def machine_ticks():
    """(busy, all) of the whole machine since it started."""
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def disk_requests():
    """Writes and discards that the disk below OUT has done, and how many it has in hand; zeros where that is not told."""
    device = os.stat(OUT).st_dev
    try:
        with open(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat") as line:
            fields = [int(field) for field in line.read().split()]
    except OSError:
        return 0, 0
    return fields[4] + (fields[11] if len(fields) > 11 else 0), fields[8]


def idle_gate():
    """Waits until the machine is quiet (at most 60 s), the disk too: a file system that discards what was deleted is at it
    for a while after a large folder went, and the next broker's syncs would wait for that."""
    os.sync()
    for _ in range(60):
        busy_0, all_0 = machine_ticks()
        done_0, _ = disk_requests()
        time.sleep(1)
        busy_1, all_1 = machine_ticks()
        done_1, in_hand = disk_requests()
        if (busy_1 - busy_0) < 0.15 * (all_1 - all_0) and done_1 - done_0 < 50 and in_hand == 0:
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


def drop_cache(folder):
    """Takes the files of `folder` out of the page cache."""
    os.sync()
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                fd = os.open(os.path.join(base, name), os.O_RDONLY)
            except FileNotFoundError:  # the broker removed it
                continue
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def free_bytes(folder):
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
