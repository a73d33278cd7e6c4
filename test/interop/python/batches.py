"""Reads the headers of the record batches (magic 2) in a segment file, without a client and without a broker.

Used to see what really is stored: codec bits, producer ids, offsets. It does not check the CRC: kafka-dump-log does.
  python3 batches.py FILE...      one line per batch
"""

import collections
import glob
import os
import struct
import sys

HEADER = struct.Struct(">qiibIhiqqqhii")  # 61 bytes, up to and with the record count
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
CONTROL = 0x20
TRANSACTIONAL = 0x10

Batch = collections.namedtuple(
    "Batch",
    "position size base_offset last_offset leader_epoch codec control transactional producer_id "
    "producer_epoch base_sequence count",
)


class Damaged(Exception):
    pass


def batches(path):
    """Yields the batches of a segment file; raises Damaged where the file is not a row of whole batches."""
    with open(path, "rb") as file:
        data = file.read()
    position, expected = 0, None
    while position < len(data):
        if len(data) - position < HEADER.size:
            raise Damaged(f"{path}: {len(data) - position} bytes at {position} are no batch")
        (
            base,
            length,
            epoch,
            magic,
            _crc,
            attributes,
            last_delta,
            _first_time,
            _max_time,
            producer,
            producer_epoch,
            sequence,
            count,
        ) = HEADER.unpack_from(data, position)
        size = length + 12
        if magic != 2 or size < HEADER.size or position + size > len(data):
            raise Damaged(f"{path}: magic {magic}, size {size} at {position} of {len(data)}")
        if attributes & 7 >= len(CODECS):
            raise Damaged(f"{path}: codec {attributes & 7} at {position}")
        if count != last_delta + 1:
            raise Damaged(f"{path}: {count} records, last delta {last_delta} at {position}")
        if expected is not None and base != expected:
            raise Damaged(f"{path}: offset {base} at {position}, expected {expected}")
        expected = base + last_delta + 1
        yield Batch(
            position,
            size,
            base,
            base + last_delta,
            epoch,
            CODECS[attributes & 7],
            bool(attributes & CONTROL),
            bool(attributes & TRANSACTIONAL),
            producer,
            producer_epoch,
            sequence,
            count,
        )
        position += size


def segments(data, topic, partition):
    return sorted(glob.glob(os.path.join(glob.escape(data), f"{topic}-{partition}", "*.log")))


def partition_batches(data, topic, partition):
    """All batches of a partition, over its segments; a segment's name must be its first offset, and no offset be
    missing."""
    expected = None
    for path in segments(data, topic, partition):
        name = int(os.path.basename(path)[:20])
        if expected is not None and name != expected:
            raise Damaged(f"{path}: the segment before ends at {expected}")
        expected = name
        for batch in batches(path):
            if batch.base_offset != expected:
                raise Damaged(f"{path}: offset {batch.base_offset}, expected {expected}")
            expected = batch.last_offset + 1
            yield batch


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for one in batches(name):
            print(name, *(f"{field}={value}" for field, value in one._asdict().items()))
