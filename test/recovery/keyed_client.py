"""Keyed records over raw_client's connection: what the compaction programs write and read. Standard library only."""
import struct
import time

import raw_client
from raw_client import read_varint, varint

BATCH_HEADER = struct.Struct(">qiibIhiqqqhii")


def keyed_batch(pairs, producer_id=-1, epoch=-1, sequence=-1, timestamp=None):
    """One uncompressed batch v2 of (key, value) pairs; a value of None is a tombstone."""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    records = bytearray()
    for i, (key, value) in enumerate(pairs):
        body = b"\0" + varint(0) + varint(i) + varint(len(key)) + key
        body += varint(-1) if value is None else varint(len(value)) + value
        body += varint(0)
        records += varint(len(body)) + body
    tail = struct.pack(">hiqqqhii", 0, len(pairs) - 1, timestamp, timestamp, producer_id, epoch, sequence,
                       len(pairs)) + bytes(records)
    return (struct.pack(">qiib", 0, len(tail) + 9, -1, 2) + struct.pack(">I", raw_client.crc32c(tail)) + tail)


def parse_keyed(data, check=True):
    """Yields (offset, key, value) of uncompressed batches, and (next offset, None, None) behind each batch: a batch may
    have lost its last records. One cut short at the end is left out."""
    at = 0
    while len(data) - at >= BATCH_HEADER.size:
        base, length = struct.unpack_from(">qi", data, at)
        if len(data) - at - 12 < length:
            return
        if check:
            crc = struct.unpack_from(">I", data, at + 17)[0]
            if raw_client.crc32c(data[at + 21:at + 12 + length]) != crc:
                raise AssertionError(f"batch at offset {base} has a wrong checksum")
        last_delta = struct.unpack_from(">i", data, at + 23)[0]
        count = struct.unpack_from(">i", data, at + 57)[0]
        place = at + BATCH_HEADER.size
        for _ in range(count):
            size, place = read_varint(data, place)
            end = place + size
            _, place = read_varint(data, place + 1)
            delta, place = read_varint(data, place)
            key_size, place = read_varint(data, place)
            key = None if key_size < 0 else bytes(data[place:place + key_size])
            place += max(0, key_size)
            value_size, place = read_varint(data, place)
            value = None if value_size < 0 else bytes(data[place:place + value_size])
            yield base + delta, key, value
            place = end
        yield base + last_delta + 1, None, None
        at += 12 + length


def read_keyed(connection, topic, partition, at_least=0):
    """Every (offset, key, value) from the log start to the end, and that end, once it is at `at_least`."""
    at, end = connection.offsets(topic, partition, at_least)
    records = []
    while at < end:
        error, _, data = connection.fetch(topic, partition, at)
        assert error == 0, f"Fetch at {at}: error {error}"
        before = at
        for offset, key, value in parse_keyed(data):
            if key is None and value is None:
                at = max(at, offset)
            elif offset >= before:
                assert not records or offset > records[-1][0], f"offset {offset} comes twice"
                records.append((offset, key, value))
        assert at > before, f"no progress at offset {at} of {end}"
    return records, end


def fold(records):
    """The newest value of each key."""
    latest = {}
    for _, key, value in records:
        if value is None:
            latest.pop(key, None)
        else:
            latest[key] = value
    return latest
