#!/usr/bin/env python3
"""Power cuts of the real process: what was acknowledged is there, once, in order, whatever the disk made of unsynced writes.

usage: power_cut.py [--cuts N] [--seed S] [--partitions N] [--expect-loss]      (root; exit code 77: the machine does not allow it)

The broker lives on ext4, on a loop device, on a disk with a volatile cache (volatile_disk.py). At a random moment of the load, or
of a start, or after a stop, the disk is cut: a random part of the writes since its last flush is lost, or torn. Then the broker is
killed, the file system is mounted from what is left, the broker starts again, everything is read back, and the same folder goes on:
records of idempotent producers, topics made and deleted, committed offsets, log starts. --expect-loss runs with
write.caching.default=true and passes only if records are lost: it shows that the instrument can see a loss."""
import argparse
import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults_kit  # noqa: E402
import kill9  # noqa: E402
import raw_client  # noqa: E402
import recovery_kit  # noqa: E402

SKIPPED = 77
IMAGE_BYTES = 1 << 30  # sparse
CLONE_NEWNS, MS_REC_PRIVATE = 0x20000, 0x44000
SYNC_FILE_RANGE_WRITE = 2
# Ways of ext4 to order what was not synced; all of them are legal for whoever syncs what he promises.
MOUNTS = ["data=ordered", "data=writeback", "data=ordered,nodelalloc", "data=writeback,noauto_da_alloc"]
UNKNOWN_TOPIC, NOT_COORDINATOR = 3, 16
START_SECONDS = 120
libc = ctypes.CDLL(None, use_errno=True)


def own_mounts():
    """Mounts of this process are seen by nobody else, and end with it."""
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) != 0:
        raise faults_kit.Skip(f"no mounts of our own: {os.strerror(ctypes.get_errno())}")


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)


class Machine:
    """The disk and the file system on it."""

    def __init__(self, folder):
        self.image = os.path.join(folder, "image")
        self.file = os.path.join(folder, "disk")
        self.mount = os.path.join(folder, "mount")
        self.disk = None
        os.mkdir(self.mount)
        for path, size in ((self.image, IMAGE_BYTES), (self.file, 0)):
            with open(path, "wb") as file:
                file.truncate(size)
        if not shutil.which("mkfs.ext4"):
            raise faults_kit.Skip("there is no mkfs.ext4")
        made = run("mkfs.ext4", "-q", "-m", "0", self.image)
        assert made.returncode == 0, made.stdout

    def on(self, options):
        """Mounts what is left; the file system recovers its own journal."""
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "volatile_disk.py")
        self.disk = subprocess.Popen([sys.executable, program, self.image, self.file], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.disk.stdout.readline() != "ready\n":
            raise faults_kit.Skip("no disk by FUSE: " + self.disk.communicate(timeout=30)[1].strip().split("\n")[-1])
        mounted = run("mount", "-t", "ext4", "-o", "loop," + options, self.file, self.mount)
        if mounted.returncode != 0:
            raise faults_kit.Skip(f"cannot mount: {mounted.stdout.strip()}")

    def cut(self, seed, keep, torn):
        """From here on nothing reaches the disk, and nothing comes from it. (writes in its cache, kept, torn, flushes)"""
        self.disk.stdin.write(f"cut {seed} {keep} {torn}\n")
        self.disk.stdin.flush()
        return [int(number) for number in self.disk.stdout.readline().split()]

    def off(self):
        """Ends the disk's process; who waits for it fails."""
        if self.disk is None:
            return
        self.disk.stdin.close()
        self.disk.wait(30)
        self.disk = None
        for place in (self.mount, self.file):
            for attempt in range(100):
                if run("umount", *(["-l"] if attempt == 99 else []), place).returncode == 0 or not os.path.ismount(place):
                    break
                time.sleep(0.02)


class Writeback(threading.Thread):
    """Has the kernel write back some files now and then, as it would by itself after a while: without a flush."""

    def __init__(self, data):
        super().__init__(daemon=True)
        self.data = data
        self.over = False

    def run(self):
        while not self.over:
            time.sleep(random.uniform(0, 0.01))
            try:
                folders = [self.data] + [entry.path for entry in os.scandir(self.data) if entry.is_dir()]
                for folder in random.sample(folders, min(8, len(folders))):
                    self.write_back(folder)
            except OSError:
                pass  # gone meanwhile

    @staticmethod
    def write_back(folder):
        paths = [entry.path for entry in os.scandir(folder) if entry.is_file() and entry.stat().st_size > 0]
        for path in random.sample(paths, min(2, len(paths))):
            file = os.open(path, os.O_RDWR)
            libc.sync_file_range(file, ctypes.c_int64(0), ctypes.c_int64(0), SYNC_FILE_RANGE_WRITE)
            os.close(file)


class Ledger(recovery_kit.Worker):
    """One client's other requests, one at a time: what each may be after the cut.

    Topics are made, written to once and deleted again under a few names; offsets are committed; records are deleted."""
    NAMES, GROUP, TRIMMED = 6, "ledger", "trimmed"

    def __init__(self, world):
        super().__init__(world)
        self.number = 0
        self.topics = {f"made-{k}": {None} for k in range(self.NAMES)}  # what may be there: None, or the values in it
        self.offset = [-1, -1]      # committed: at least, at most
        self.log_start = [0, 0]
        self.end = [0, 0]           # of the topic that is trimmed
        self.done = 0

    def session(self, connection):
        self.asked(connection.find_group(self.GROUP))
        while not self.world.over:
            self.number += 1
            self.turn_topic(connection, f"made-{self.number % self.NAMES}")
            self.commit(connection)
            self.trim(connection)

    @staticmethod
    def asked(code, fine=(0,)):
        """Goes on if the answer is yes; a retriable no is asked again in another session."""
        if code in recovery_kit.RETRIABLE | {NOT_COORDINATOR} and code not in fine:
            raise raw_client.Closed(f"error {code}")
        assert code in fine, f"error {code}"

    def turn_topic(self, connection, name):
        """Deletes the topic if it is there, else makes it and writes one record."""
        may = self.topics[name]
        if may != {None}:
            may.add(None)
            self.asked(connection.delete_topic(name), (0, UNKNOWN_TOPIC))
            self.topics[name] = {None}
        else:
            value = b"%d" % self.number
            may |= {()}
            self.asked(connection.create_topic(name, 1))
            self.topics[name] = {(), (value,)}
            self.asked(connection.produce(name, 0, raw_client.batch([value]))[0])
            self.topics[name] = {(value,)}
        self.done += 1

    def commit(self, connection):
        self.offset[1] = self.number
        self.asked(connection.commit_offset(self.GROUP, self.TRIMMED, 0, self.number))
        self.offset[0] = self.number
        self.done += 1

    def committed(self, connection):
        self.settled(lambda: connection.committed_offset(self.GROUP, self.TRIMMED, 0)[0], {14, 15, 16})  # it loads
        error, offset = connection.committed_offset(self.GROUP, self.TRIMMED, 0)
        assert error == 0, f"OffsetFetch: error {error}"
        return offset

    @staticmethod
    def settled(ask, retriable):
        """The error code when it is none of those that pass."""
        limit = time.monotonic() + 10
        while (code := ask()) in retriable and time.monotonic() < limit:
            time.sleep(0.01)
        return code

    def trim(self, connection):
        """Writes a record, and deletes those before the last few."""
        self.end[1] += 1
        error, offset = connection.produce(self.TRIMMED, 0, raw_client.batch([b"%d" % self.number]))
        self.asked(error)
        assert self.end[0] <= offset < self.end[1], f"appended at {offset}, expected in {self.end}"
        self.end = [offset + 1, offset + 1]
        self.log_start[1] = max(self.log_start[1], offset - 3)
        self.asked(connection.delete_records(self.TRIMMED, 0, self.log_start[1]))
        self.log_start[0] = self.log_start[1]
        self.done += 2

    def check(self, connection):
        """Each thing is one of what it may be; what it is found to be, it stays."""
        for name, may in self.topics.items():
            error = self.settled(lambda: connection.list_offset(name, 0, -2)[0], recovery_kit.RETRIABLE - {UNKNOWN_TOPIC})
            found = None if error == UNKNOWN_TOPIC else tuple(value for _, value in connection.read_all(name, 0))
            assert found in may, f"topic {name}: {found}, expected one of {may}"
            self.topics[name] = {found}
        offset = self.committed(connection)
        assert self.offset[0] <= offset <= self.offset[1], f"offset {offset} committed, expected {self.offset}"
        self.settled(lambda: connection.list_offset(self.TRIMMED, 0, -2)[0], recovery_kit.RETRIABLE)  # its log is recovered yet
        error, start = connection.list_offset(self.TRIMMED, 0, -2)
        assert error == 0 and self.log_start[0] <= start <= self.log_start[1], f"log start {start}, expected {self.log_start}"
        _, end = connection.list_offset(self.TRIMMED, 0, -1)
        assert self.end[0] <= end <= self.end[1], f"log end {end}, expected {self.end}"
        assert [at for at, _ in connection.read_all(self.TRIMMED, 0)] == list(range(start, end)), "gaps behind the log start"
        self.offset, self.log_start, self.end = [offset] * 2, [start] * 2, [end] * 2


class Run:
    """Lives of one folder, each ended by a cut."""

    def __init__(self, folder, arguments):
        self.machine = Machine(folder)
        settings = ["write.caching.default=true"] if arguments.expect_loss else []
        # Rolls happen under fire too, and files of the journal are filled and used again.
        settings += ["log.segment.bytes=1048576", "log.journal.file.bytes=1048576"]
        self.broker = raw_client.Broker(os.path.join(self.machine.mount, "data"), settings)
        self.partitions = arguments.partitions
        self.load = self.ledger = None
        self.cache = self.kept = self.torn = self.flushes = 0
        self.kinds = {"load": 0, "start": 0, "stop": 0}
        self.longest = 0.0

    def begin(self):
        self.machine.on(MOUNTS[0])
        self.broker.start(START_SECONDS)
        self.load = faults_kit.Load(self.broker, "cut", self.partitions)
        connection = raw_client.Connection(self.broker.port)
        assert connection.create_topic(Ledger.TRIMMED, 1) == 0
        connection.close()
        self.ledger = Ledger(self.load.world)
        self.ledger.start()
        self.load.start()
        self.load.wait_for(10)

    def live(self, number):
        """The power goes, in one way or another, and comes again; all is as it was acknowledged."""
        kind = random.choices(list(self.kinds), (14, 3, 2))[0] if number > 0 else "load"
        self.kinds[kind] += 1
        writeback = Writeback(self.broker.data)
        writeback.start()
        time.sleep(random.uniform(0, 0.8) * random.random())
        if kind != "load":
            self.load.world.port = 0
            if kind == "stop":
                assert self.broker.stop() == 0, "it did not stop cleanly"
            else:
                self.broker.kill()
                before = self.broker.process
                faults_kit.in_thread(self.start_that_is_cut)
                while self.broker.process is before:
                    time.sleep(0.0005)
                time.sleep(random.uniform(0, 0.1) * random.random())
        self.cut(writeback)
        self.machine.on(random.choice(MOUNTS))
        started = time.monotonic()
        self.broker.start(START_SECONDS)
        self.longest = max(self.longest, time.monotonic() - started)
        self.check(False)
        self.load.world.port = self.broker.port

    def start_that_is_cut(self):
        try:
            self.broker.start(START_SECONDS)
        except AssertionError:
            pass

    def cut(self, writeback=None):
        counts = self.machine.cut(random.getrandbits(32), random.choice([0, 0.5, random.random()]), random.choice([0, 0.5, 1]))
        self.load.world.port = 0
        if self.broker.process.poll() is None:
            self.broker.process.kill()
        if writeback:
            writeback.over = True
        self.machine.off()  # a process that waits for its disk ends when the disk is gone
        self.broker.process.wait(30)
        self.broker.port = 0
        self.cache, self.kept, self.torn = self.cache + counts[0], self.kept + counts[1], self.torn + counts[2]
        self.flushes += counts[3]

    def check(self, checksums):
        """Reads everything back: nobody else writes meanwhile."""
        for thread in self.load.producers + [self.ledger]:
            if thread.error:
                raise thread.error
        connection = raw_client.Connection(self.broker.port)
        total = sum(kill9.check(connection, producer, checksums) for producer in self.load.producers)
        self.ledger.check(connection)
        connection.close()
        return total

    def finish(self):
        """Ends the load; all is read back once more, with checksums."""
        time.sleep(0.3)
        recovery_kit.finish(self.load.world, self.load.producers + [self.ledger])
        total = self.check(True)
        assert self.broker.stop() == 0
        return total

    def end(self):
        """Whatever happened: no process, no mount is left."""
        if self.load:
            self.load.world.port, self.load.world.over = 0, True
        if self.broker.process and self.broker.process.poll() is None:
            self.broker.process.kill()
        self.machine.off()
        if self.broker.process:
            self.broker.process.wait(30)


def keep_evidence(run, folder):
    """The image of a failure, and the broker's last words."""
    kept = tempfile.mkdtemp(prefix="moldau-power-cut-failed-")
    shutil.copyfile(os.path.join(folder, "image"), os.path.join(kept, "image"))
    print("\n".join(run.broker.lines[-20:]), file=sys.stderr)
    print(f"power_cut: the image is kept: {kept}", file=sys.stderr)


def lives(arguments, folder):
    run = Run(folder, arguments)
    try:
        run.begin()
        for number in range(arguments.cuts):
            try:
                run.live(number)
            except AssertionError as error:
                if arguments.expect_loss and "records acknowledged" in str(error):
                    return f"with write caching a loss was seen at cut {number + 1}: {error}"
                raise AssertionError(f"cut {number + 1} (seed {arguments.seed}): {error}") from error
        assert not arguments.expect_loss, f"{arguments.cuts} cuts with write caching, and no loss was seen"
        total = run.finish()
        assert total > arguments.cuts * arguments.partitions, f"only {total} records were acknowledged: no load"
        assert arguments.cuts < 20 or run.cache > run.kept > 0, "the cuts took nothing"
        return (f"{arguments.cuts} cuts ({run.kinds['load']} under load, {run.kinds['start']} in a start, {run.kinds['stop']} behind a "
                f"stop), {run.cache} writes since the last flush, {run.kept} kept and {run.torn} torn of them, {run.flushes} flushes; "
                f"{total} records acknowledged and there, once, in order; {run.ledger.done} other requests held; "
                f"longest start {run.longest:.2f} s")
    except AssertionError:
        run.end()
        keep_evidence(run, folder)
        raise
    finally:
        run.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--expect-loss", action="store_true")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    folder = tempfile.mkdtemp(prefix="moldau-power-cut-")
    try:
        if os.geteuid() != 0 or not os.path.exists("/dev/fuse") or not os.path.exists("/dev/loop-control"):
            raise faults_kit.Skip("needs root, /dev/fuse and loop devices")
        own_mounts()
        print(lives(arguments, folder))
        return 0
    except faults_kit.Skip as reason:
        print(reason)
        return SKIPPED
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
