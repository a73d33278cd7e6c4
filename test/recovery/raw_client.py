"""A small raw Kafka client for fault tests: builds record batches, speaks Produce v7, Fetch v11, ListOffsets v1, CreateTopics v2,
InitProducerId v1 and some more over a plain socket. Standard library only. Used by the programs in test/recovery and test/e2e."""
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_LEADER_OR_FOLLOWER = 6


def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ 0x82F63B78 if n & 1 else n >> 1
        table.append(n)
    return table


_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def batch(values, producer_id=-1, epoch=-1, sequence=-1, timestamp=None):
    """One record batch v2, uncompressed, null keys."""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    records = bytearray()
    for i, value in enumerate(values):
        body = b"\0" + varint(0) + varint(i) + varint(-1) + varint(len(value)) + value + varint(0)
        records += varint(len(body)) + body
    tail = struct.pack(">hiqqqhii", 0, len(values) - 1, timestamp, timestamp, producer_id, epoch, sequence,
                       len(values)) + bytes(records)
    return struct.pack(">qiib", 0, len(tail) + 9, -1, 2) + struct.pack(">I", crc32c(tail)) + tail


def parse_batches(data, checksums=True):
    """Yields (offset, value) of uncompressed batches; a batch cut short at the end is left out. Checks each checksum, or (much
    faster here) leaves that to who compares the values."""
    at = 0
    while len(data) - at >= 61:
        base, length = struct.unpack_from(">qi", data, at)
        if len(data) - at - 12 < length:
            return
        crc = struct.unpack_from(">I", data, at + 17)[0]
        if checksums and crc32c(data[at + 21:at + 12 + length]) != crc:
            raise AssertionError(f"batch at offset {base} has a wrong checksum")
        count = struct.unpack_from(">i", data, at + 57)[0]
        place = at + 61
        for _ in range(count):
            size, place = read_varint(data, place)
            end = place + size
            place += 1
            _, place = read_varint(data, place)
            delta, place = read_varint(data, place)
            key_size, place = read_varint(data, place)
            place += max(0, key_size)
            value_size, place = read_varint(data, place)
            yield base + delta, bytes(data[place:place + value_size])
            place = end
        at += 12 + length


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Closed(Exception):
    """The connection broke or the broker closed it."""


class Connection:
    """One connection; send() and receive() may be pipelined, call() does both."""

    def __init__(self, port, timeout=30):
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        except OSError as error:
            raise Closed(str(error))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def close(self):
        self.socket.close()

    def send(self, key, version, body):
        self.correlation += 1
        payload = struct.pack(">hhi", key, version, self.correlation) + text("raw") + body
        try:
            self.socket.sendall(struct.pack(">i", len(payload)) + payload)
        except OSError as error:
            raise Closed(str(error))
        return self.correlation

    def _exactly(self, size):
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self.socket.recv(size - len(parts))
            except OSError as error:
                raise Closed(str(error))
            if not part:
                raise Closed("end of stream")
            parts += part
        return bytes(parts)

    def receive(self):
        """(correlation id, body)."""
        size = struct.unpack(">i", self._exactly(4))[0]
        data = self._exactly(size)
        return struct.unpack_from(">i", data)[0], data[4:]

    def call(self, key, version, body):
        sent = self.send(key, version, body)
        got, answer = self.receive()
        assert got == sent, f"correlation id {got}, expected {sent}"
        return answer

    def create_topic(self, topic, partitions, configs=()):
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">ihii", partitions, 1, 0, len(configs))
        for name, value in configs:
            body += text(name) + text(value)
        answer = self.call(19, 2, body + struct.pack(">ib", 30000, 0))
        return struct.unpack_from(">h", answer, 8 + 2 + len(topic))[0]

    def init_producer_id(self):
        for _ in range(100):
            answer = self.call(22, 1, struct.pack(">hi", -1, 60000))
            _, error, producer, epoch = struct.unpack_from(">ihqh", answer)
            if error not in (14, 15):  # right after a start the broker may still lack a block of ids
                break
            time.sleep(0.1)
        assert error == 0, f"InitProducerId: error {error}"
        return producer, epoch

    def delete_topic(self, topic):
        """The error code."""
        answer = self.call(20, 1, struct.pack(">i", 1) + text(topic) + struct.pack(">i", 30000))
        return struct.unpack_from(">h", answer, 8 + 2 + len(topic))[0]

    def delete_records(self, topic, partition, offset):
        """The error code."""
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">iiqi", 1, partition, offset, 30000)
        return struct.unpack_from(">h", self.call(21, 0, body), 4 + 4 + 2 + len(topic) + 4 + 4 + 8)[0]

    def find_group(self, group):
        """The error code; has the topic of offsets made if it is not there."""
        return struct.unpack_from(">h", self.call(10, 1, text(group) + b"\0"), 4)[0]

    def commit_offset(self, group, topic, partition, offset):
        """Of no member of the group: the error code."""
        body = text(group) + struct.pack(">i", -1) + text("") + struct.pack(">qi", -1, 1) + text(topic)
        body += struct.pack(">iiq", 1, partition, offset) + text("")
        return struct.unpack_from(">h", self.call(8, 2, body), 4 + 2 + len(topic) + 4 + 4)[0]

    def committed_offset(self, group, topic, partition):
        """(error code, offset)."""
        body = text(group) + struct.pack(">i", 1) + text(topic) + struct.pack(">ii", 1, partition)
        answer = self.call(9, 1, body)
        at = 4 + 2 + len(topic) + 4 + 4
        offset, size = struct.unpack_from(">qh", answer, at)
        return struct.unpack_from(">h", answer, at + 10 + max(0, size))[0], offset

    @staticmethod
    def produce_body(topic, partition, records, acks=-1, timeout_ms=30000):
        return (struct.pack(">hhii", -1, acks, timeout_ms, 1) + text(topic) +
                struct.pack(">iii", 1, partition, len(records)) + records)

    @staticmethod
    def parse_produce(answer, topic):
        """(error code, base offset)."""
        return struct.unpack_from(">hq", answer, 4 + 2 + len(topic) + 4 + 4)

    def produce(self, topic, partition, records, acks=-1):
        return self.parse_produce(self.call(0, 7, self.produce_body(topic, partition, records, acks)), topic)

    def list_offset(self, topic, partition, timestamp):
        """(error code, offset)."""
        answer = self.call(2, 1, struct.pack(">ii", -1, 1) + text(topic) + struct.pack(">iiq", 1, partition, timestamp))
        error, _, offset = struct.unpack_from(">hqq", answer, 4 + 2 + len(topic) + 4 + 4)
        return error, offset

    def offsets(self, topic, partition, at_least=0, seconds=30):
        """(log start, log end), once the log is there, for a start may recover it yet, and goes to `at_least`: what was
        found behind the end that is known to be durable is shown when it is synced."""
        deadline = time.monotonic() + seconds
        while True:
            error, end = self.list_offset(topic, partition, -1)
            late = time.monotonic() > deadline
            if late or (error != NOT_LEADER_OR_FOLLOWER and end >= at_least):
                break
            time.sleep(0.01)
        assert error == 0, f"ListOffsets: error {error}"
        return self.list_offset(topic, partition, -2)[1], end

    def fetch(self, topic, partition, offset, max_bytes=1 << 20, wait_ms=200):
        """(error code, high watermark, record bytes)."""
        body = struct.pack(">iiiibiii", -1, wait_ms, 1, max_bytes, 0, 0, -1, 1) + text(topic)
        body += struct.pack(">iiiqqi", 1, partition, -1, offset, -1, max_bytes) + struct.pack(">i", 0) + text("")
        answer = self.call(1, 11, body)
        at = 4 + 2 + 4 + 4 + 2 + len(topic) + 4 + 4
        error, high, _, _, aborted = struct.unpack_from(">hqqqi", answer, at)
        at += 30 + max(0, aborted) * 16 + 4
        size = struct.unpack_from(">i", answer, at)[0]
        return error, high, answer[at + 4:at + 4 + max(0, size)]

    def read_all(self, topic, partition, checksums=True):
        """Every (offset, value) from the log start to the end that ListOffsets names."""
        at, end = self.offsets(topic, partition)
        records = []
        while at < end:
            error, _, data = self.fetch(topic, partition, at)
            assert error == 0, f"Fetch at {at}: error {error}"
            before = at
            for offset, value in parse_batches(data, checksums):
                if offset >= at:
                    records.append((offset, value))
                    at = offset + 1
            assert at > before, f"no progress at offset {at} of {end}"
        return records


class Broker:
    """build/moldau broker on a folder; started and ended by pid."""

    def __init__(self, data, settings=(), prefix=(), binary=None, admin="none"):
        self.data = data
        self.settings = list(settings)
        self.prefix = list(prefix)
        self.binary = binary or os.environ.get("MOLDAU_BINARY") or os.path.join(ROOT, "build", "moldau")
        self.admin = admin
        self.process = None
        self.port = 0
        self.lines = []

    def start(self, timeout=30):
        arguments = self.prefix + [self.binary, "broker", "--data", self.data, "--listen", "127.0.0.1:0"]
        arguments += ["--admin", self.admin]
        for setting in self.settings:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.lines = []
        ready = threading.Event()

        def follow(stream):
            for line in stream:
                self.lines.append(line.rstrip("\n"))
                found = re.match(r"ready .*:(\d+)$", line.strip())
                if found:
                    self.port = int(found.group(1))
                    ready.set()
            ready.set()

        threading.Thread(target=follow, args=(self.process.stderr,), daemon=True).start()
        if not ready.wait(timeout) or self.port == 0 or self.process.poll() is not None:
            raise AssertionError("the broker did not start:\n" + "\n".join(self.lines[-20:]))
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(30)
        self.port = 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.port = 0
        return code
