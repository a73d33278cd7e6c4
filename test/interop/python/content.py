"""What the interop clients write, and how they sum up what they read: the same in every language of the matrix.

Record i of a topic with P partitions goes to partition i % P, so, written in order into an empty topic, it lies at
offset i // P. Its content depends on the topic's name and i only. Two kinds of content:
  binary   arbitrary bytes, null keys, null and empty values, headers with null values (empty ones where the topic's
  name
           begins with "kafka-python": that library cannot send null)
  text     what kcat can take from its standard input: no line feed, no '|', constant headers, null for empty
A topic's kind is in its name: it ends in "-text" or not.

The sum of a partition is SHA-256 over, for each record in order: offset i64, key, value, header count i32, then each
header's key and value; a byte field is its length as i32 (-1 for null) and its bytes; everything big-endian.

The same is in java/Client.java and go/main.go; the check `generators` compares all of them with this file.
"""

import hashlib
import struct

MASK = (1 << 64) - 1
PATTERN = b"abcdefghijklmnopqrstuvwxyz0123456789" * 160
TEXT_HEADERS = (("source", b"kcat"), ("kind", b"text"))
_INT = struct.Struct(">i")
_OFFSET = struct.Struct(">q")
_NULL = _INT.pack(-1)


def seed_of(topic):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in topic.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def mix(value):
    """The output function of splitmix64."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def is_text(topic):
    return topic.endswith("-text")


def no_header(topic):
    return b"" if topic.startswith("kafka-python") else None


def record(seed, i, text, no_header=None):
    """(key, value, headers) of record i; headers is a sequence of (str, bytes or None)."""
    r = mix((seed + i) & MASK)
    r2 = mix(r)
    key = None if i % 7 == 3 else b"k%d" % (i % 1000)
    length = 2000 + r % 3000 if i % 101 == 50 else r % 180
    start = r2 % 36
    null_value = i % 13 == 5 and key is not None  # some clients refuse a record that has neither
    if text:
        value = None if null_value else (b"%016x%016x" % (r, r2) + PATTERN[start : start + length])
        return key, value, TEXT_HEADERS
    if null_value:
        value = None
    elif i % 17 == 2:
        value = b""
    else:
        value = (r.to_bytes(8, "big") + r2.to_bytes(8, "big") + PATTERN[start : start + length])[:length]
    headers = [(f"h{j}", no_header if (i + j) % 11 == 4 else b"v%d" % (r >> 40)) for j in range(i % 3)]
    return key, value, headers


class Sum:
    """The running sum of one partition."""

    def __init__(self):
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, offset, key, value, headers):
        parts = [_OFFSET.pack(offset)]
        for field in (key, value):
            if field is None:
                parts.append(_NULL)
            else:
                parts.append(_INT.pack(len(field)))
                parts.append(field)
        parts.append(_INT.pack(len(headers)))
        for name, field in headers:
            name = name.encode() if isinstance(name, str) else name
            parts.append(_INT.pack(len(name)))
            parts.append(name)
            if field is None:
                parts.append(_NULL)
            else:
                parts.append(_INT.pack(len(field)))
                parts.append(field)
        self._hash.update(b"".join(parts))
        self.count += 1

    def line(self, topic, partition):
        return f"sum {topic} {partition} {self.count} {self._hash.hexdigest()}"


def expected(topic, partitions, records):
    """The lines of a topic into which `records` records were written."""
    seed, text = seed_of(topic), is_text(topic)
    sums = [Sum() for _ in range(partitions)]
    for i in range(records):
        sums[i % partitions].add(i // partitions, *record(seed, i, text, no_header(topic)))
    return [one.line(topic, partition) for partition, one in enumerate(sums)]
