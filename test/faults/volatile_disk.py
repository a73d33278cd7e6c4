#!/usr/bin/env python3
"""A disk with a volatile write cache, as a file that a loop device takes: what a power cut leaves of it can be chosen.

usage: volatile_disk.py IMAGE FILE        (root; ends when its standard input does)

Mounts itself (FUSE, spoken here directly) upon the regular FILE. Writes go to a cache in memory, which reads see; FSYNC, which is
what a loop device makes of a flush or of FUA, carries over into IMAGE what was in the cache when it came. So IMAGE always is what
the disk promised. A flush takes up to FLUSH_SECONDS, and other requests are served meanwhile: so a cut comes upon flushes too.
Commands on standard input, each answered by one line:

  cut SEED KEEP TORN   from here on nothing is served or answered. Of the writes since the last flush each one reaches IMAGE
                       whole with probability KEEP; of the others a share of TORN reaches it in some of its sectors of 512 bytes.
                       Answer: writes in the cache, whole ones, torn ones, flushes so far

A request that is under way at the cut stays so until the process ends, and fails then."""
import ctypes
import errno
import mmap
import os
import random
import select
import stat
import struct
import sys
import time

SECTOR = 512
FLUSH_SECONDS = 0.002
WRITE_MAX = 1 << 20
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC = 1, 2, 3, 4, 14, 15, 16, 17, 18, 20
FLUSH, INIT, INTERRUPT, DESTROY, BATCH_FORGET = 25, 26, 36, 38, 42
NO_ANSWER = (FORGET, INTERRUPT, BATCH_FORGET)
IN_HEADER = struct.Struct("=IIQQIIIHH")
DIRECT_IO = 1       # FOPEN_DIRECT_IO: every request of the loop device comes here
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22


class VolatileDisk:
    """The image, the cache over it, and the writes since the last flush."""

    def __init__(self, image):
        self.file = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self.durable = mmap.mmap(self.file, self.size)
        # Pages that were not written through this mapping are those of the image: the cache starts equal to it.
        self.seen = mmap.mmap(self.file, self.size, flags=mmap.MAP_PRIVATE)
        self.cache = []
        self.flushes = 0

    def write(self, offset, data):
        self.seen[offset:offset + len(data)] = data
        self.cache.append((offset, data))

    def flush(self, writes):
        """Carries over the oldest of the writes."""
        for offset, data in self.cache[:writes]:
            self.durable[offset:offset + len(data)] = data
        del self.cache[:writes]
        self.flushes += 1

    def cut(self, seed, keep, torn):
        """Leaves of the cache what chance says; (writes, whole, torn)."""
        chance = random.Random(seed)
        whole = partly = 0
        for offset, data in self.cache:
            if chance.random() < keep:
                self.durable[offset:offset + len(data)] = data
                whole += 1
            elif chance.random() < torn:
                for at in range(0, len(data), SECTOR):
                    if chance.random() < 0.5:
                        part = data[at:at + SECTOR]
                        self.durable[offset + at:offset + at + len(part)] = part
                partly += 1
        return len(self.cache), whole, partly


class Server:
    """Requests of the kernel for one file, which is the root of its file system."""

    def __init__(self, disk, path):
        self.disk = disk
        self.flushing = []  # (due, request, writes that were in the cache when it came), in the order in which they are over
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode={stat.S_IFREG:o},user_id=0,group_id=0,max_read={WRITE_MAX}"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"volatile-disk", path.encode(), b"fuse", ctypes.c_ulong(2 | 4), options.encode()) != 0:  # nosuid, nodev
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def attributes(self):
        file = struct.pack("=QQQQQQIIIIIIIIII", 1, self.disk.size, self.disk.size // 512, 0, 0, 0, 0, 0, 0,
                           stat.S_IFREG | 0o600, 1, 0, 0, 0, 4096, 0)
        return struct.pack("=QII", 3600, 0, 0) + file

    def answer(self, opcode, body):
        """The bytes of an answer, or a negative error number."""
        if opcode == INIT:
            major, minor = struct.unpack_from("=II", body)
            flags = struct.unpack_from("=I", body, 12)[0] & (BIG_WRITES | MAX_PAGES)
            return struct.pack("=IIIIHHIIHHI28x", major, min(minor, 31), 0, flags, 64, 48, WRITE_MAX, 1, WRITE_MAX // 4096, 0, 0)
        if opcode in (GETATTR, SETATTR):
            return self.attributes()
        if opcode == OPEN:
            return struct.pack("=QIi", 1, DIRECT_IO, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("=QQI", body)
            return self.disk.seen[offset:offset + size]
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("=QQI", body)
            if offset + size > self.disk.size:
                return -errno.ENOSPC
            self.disk.write(offset, bytes(body[40:40 + size]))
            return struct.pack("=II", size, 0)
        if opcode == STATFS:
            return struct.pack("=QQQQQIIII24x", self.disk.size // 4096, 0, 0, 1, 0, 4096, 255, 4096, 0)
        return b"" if opcode in (RELEASE, FLUSH, DESTROY) else -errno.ENOSYS

    def serve_one(self):
        try:
            request = memoryview(os.read(self.device, WRITE_MAX + 4096))
        except OSError as error:
            if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                return
            raise
        _, opcode, unique = IN_HEADER.unpack_from(request)[:3]
        if opcode in NO_ANSWER:
            return
        if opcode == FSYNC:
            due = max([time.monotonic() + random.uniform(0, FLUSH_SECONDS)] + [flush[0] for flush in self.flushing[-1:]])
            self.flushing.append((due, unique, len(self.disk.cache)))
        else:
            self.reply(unique, self.answer(opcode, request[IN_HEADER.size:]))

    def end_flushes(self):
        """Answers those that are due; seconds until the next one is, or None."""
        while self.flushing and self.flushing[0][0] <= time.monotonic():
            _, unique, writes = self.flushing.pop(0)
            self.disk.flush(writes)
            self.flushing = [(due, other, count - writes) for due, other, count in self.flushing]
            self.reply(unique, b"")
        return max(0, self.flushing[0][0] - time.monotonic()) if self.flushing else None

    def reply(self, unique, body):
        error, body = (body, b"") if isinstance(body, int) else (0, body)
        try:
            os.write(self.device, struct.pack("=IiQ", 16 + len(body), error, unique) + body)
        except OSError as failure:
            if failure.errno != errno.ENOENT:  # the request was given up
                raise


def main():
    disk = VolatileDisk(sys.argv[1])
    server = Server(disk, sys.argv[2])
    print("ready", flush=True)
    cut = False
    while True:
        wait = None if cut else server.end_flushes()
        ready, _, _ = select.select([sys.stdin] if cut else [server.device, sys.stdin], [], [], wait)
        if sys.stdin in ready:
            line = sys.stdin.readline().split()
            if not line:
                return 0
            assert line[0] == "cut" and not cut, line
            cut = True
            writes, whole, torn = disk.cut(int(line[1]), float(line[2]), float(line[3]))
            print(writes, whole, torn, disk.flushes, flush=True)
        elif server.device in ready:
            try:
                server.serve_one()
            except OSError as error:
                if error.errno == errno.ENODEV:  # unmounted
                    return 0
                raise


if __name__ == "__main__":
    sys.exit(main())
