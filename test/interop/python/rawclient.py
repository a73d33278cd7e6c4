"""The few requests that the driver itself sends, in their oldest served versions: CreateTopics 4, DeleteTopics 1,
Metadata 1, ListOffsets 1, OffsetFetch 1.

By hand and small on purpose: it shares no code with any client under test.
"""

import socket
import struct
import time

CLIENT = b"interop-driver"


class ProtocolError(Exception):
    pass


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def _take(self, form):
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def i8(self):
        return self._take(">b")

    def i16(self):
        return self._take(">h")

    def i32(self):
        return self._take(">i")

    def i64(self):
        return self._take(">q")

    def string(self):
        length = self.i16()
        if length < 0:
            return None
        value = self.data[self.at : self.at + length].decode()
        self.at += length
        return value

    def array(self, read):
        return [read() for _ in range(max(self.i32(), 0))]


def string(text):
    return struct.pack(">h", -1) if text is None else struct.pack(">h", len(text.encode())) + text.encode()


def array(parts):
    return struct.pack(">i", len(parts)) + b"".join(parts)


class RawClient:
    def __init__(self, address, timeout=30):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.correlation = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _exactly(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ProtocolError("connection closed by the broker")
            data += part
        return bytes(data)

    def request(self, api, version, body):
        self.correlation += 1
        frame = struct.pack(">hhih", api, version, self.correlation, len(CLIENT)) + CLIENT + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        data = self._exactly(struct.unpack(">i", self._exactly(4))[0])
        reader = Reader(data)
        if reader.i32() != self.correlation:
            raise ProtocolError("correlation id does not match")
        return reader

    def create_topic(self, name, partitions, configs=None):
        """Waits until every partition has a leader that answers."""
        settings = array([string(key) + string(value) for key, value in (configs or {}).items()])
        topic = string(name) + struct.pack(">ih", partitions, 1) + array([]) + settings
        answer = self.request(19, 4, array([topic]) + struct.pack(">ib", 30000, 0))
        answer.i32()
        for created, error, message in answer.array(lambda: (answer.string(), answer.i16(), answer.string())):
            if error:
                raise ProtocolError(f"CreateTopics {created}: error {error} {message}")
        deadline = time.monotonic() + 30
        while True:
            try:
                for partition in range(partitions):
                    self.offset(name, partition, -1)
                return
            except ProtocolError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def delete_topic(self, name):
        answer = self.request(20, 1, array([string(name)]) + struct.pack(">i", 30000))
        answer.i32()
        for deleted, error in answer.array(lambda: (answer.string(), answer.i16())):
            if error:
                raise ProtocolError(f"DeleteTopics {deleted}: error {error}")

    def topics(self):
        """{topic: partition count} of everything that the broker names."""
        answer = self.request(3, 1, struct.pack(">i", -1))
        answer.array(lambda: (answer.i32(), answer.string(), answer.i32(), answer.string()))
        answer.i32()

        def partition():
            return answer.i16(), answer.i32(), answer.i32(), answer.array(answer.i32), answer.array(answer.i32)

        def topic():
            return answer.i16(), answer.string(), answer.i8(), answer.array(partition)

        return {name: len(partitions) for _, name, _, partitions in answer.array(topic)}

    def offset(self, topic, partition, timestamp):
        body = struct.pack(">i", -1) + array([string(topic) + array([struct.pack(">iq", partition, timestamp)])])
        answer = self.request(2, 1, body)

        def result():
            return answer.i32(), answer.i16(), answer.i64(), answer.i64()

        [(_, [(_, error, _, offset)])] = answer.array(lambda: (answer.string(), answer.array(result)))
        if error:
            raise ProtocolError(f"ListOffsets {topic} {partition}: error {error}")
        return offset

    def committed(self, group, topic, partitions):
        """The committed offsets of a topic's partitions, -1 where there is none."""
        asked = array([struct.pack(">i", partition) for partition in range(partitions)])
        answer = self.request(9, 1, string(group) + array([string(topic) + asked]))

        def result():
            return answer.i32(), answer.i64(), answer.string(), answer.i16()

        [(_, rows)] = answer.array(lambda: (answer.string(), answer.array(result)))
        for partition, _, _, error in rows:
            if error:
                raise ProtocolError(f"OffsetFetch {group} {topic} {partition}: error {error}")
        return [offset for _, offset, _, _ in sorted(rows)]
