#!/usr/bin/env python3
"""Faults on real processes, by their rows in docs/design/faults.md.

usage: run.py [--fast] [--cuts N] [NAME...]      --fast: a slice that takes seconds; --cuts: how many power cuts (50)

Each job starts build/moldau (or $MOLDAU_BINARY) on a folder of its own. What the machine does not allow is skipped, with the
reason."""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faults_kit  # noqa: E402
import memory_limit  # noqa: E402
import shards_under_kills  # noqa: E402
import raw_client  # noqa: E402

SEED = 1


def nested_recovery(folder, fast):
    """F07: kill -9 in the midst of the start, again and again; then all that was acknowledged is there."""
    rounds = 4 if fast else 20
    random.seed(SEED)
    broker = raw_client.Broker(os.path.join(folder, "data"), ["log.segment.bytes=1048576"])
    broker.start()
    load = faults_kit.Load(broker)
    load.start()
    load.wait_for(200 if fast else 2000, 60)
    load.world.port = 0
    broker.kill()
    ready = 0
    longest = 0.05 if fast else 0.5
    for _ in range(rounds):
        arguments = [broker.binary, "broker", "--data", broker.data, "--listen", "127.0.0.1:0", "--admin", "none"]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        time.sleep(random.uniform(0, longest) * random.random())
        process.kill()
        if "ready " in process.communicate(timeout=30)[1]:
            ready += 1
            longest /= 2  # a fast start is killed sooner
    broker.start()
    load.world.port = broker.port
    load.wait_for(50)
    total = load.stop_and_check()
    assert broker.stop() == 0
    assert ready < rounds, "every start was over before it was killed: nothing was nested"
    return f"{rounds} kills, {rounds - ready} of them before it was ready; {total} records acknowledged and there"


def abort(folder, _):
    """F12: the process ends by SIGABRT, as a failed assertion ends it; nothing acknowledged is lost."""
    broker = raw_client.Broker(os.path.join(folder, "data")).start()
    load = faults_kit.Load(broker)
    load.start()
    load.wait_for(100)
    load.world.port = 0
    broker.process.send_signal(signal.SIGABRT)
    code = broker.process.wait(30)
    assert code == -signal.SIGABRT, f"exit code {code}"
    broker.start()
    load.world.port = broker.port
    load.wait_for(50)
    total = load.stop_and_check()
    assert broker.stop() == 0
    return f"{total} records acknowledged and there"


def failed_sync(folder, fast):
    """F43: the n-th sync of each thread fails with EIO: the log directory goes offline at once, nothing is acknowledged on
    the word of a later sync, and a restart has all that was."""
    numbers = [2, 9] if fast else [1, 2, 3, 5, 8, 13, 21, 34, 50]
    total = 0
    for number in numbers:
        data = os.path.join(folder, f"data-{number}")
        healthy = raw_client.Broker(data).start(60)
        load = faults_kit.Load(healthy, partitions=2)
        assert healthy.stop() == 0
        broker = raw_client.Broker(data, prefix=faults_kit.strace("fdatasync", f"error=EIO:when={number}"))
        try:
            broker.start(60)
            load.world.port = broker.port
            load.start()
        except AssertionError:
            pass  # the sync that fails may be one of the start
        try:
            code = broker.process.wait(60)  # the directory of the metadata log: the node ends
        except subprocess.TimeoutExpired as expired:
            raise AssertionError(f"sync {number} failed, and the node goes on") from expired
        finally:
            faults_kit.end(broker)
        assert code not in (0, -9), f"exit code {code}"
        lines = "\n".join(broker.lines)
        assert "rror" in lines or "failed" in lines, f"it ended without a word: {lines}"
        load.world.port = 0
        healthy.start(60)
        load.world.port = healthy.port
        if not load.producers[0].is_alive():
            load.start()
        load.wait_for(20)
        total += load.stop_and_check()
        assert healthy.stop() == 0
    return f"syncs {numbers} failed; {total} records acknowledged and there"


def no_space(folder, fast):
    """F40, F80: writes find no room for a while (ENOSPC): produces are refused, reads served, the process lives, and goes
    on when there is room; sequences are still right."""
    data = os.path.join(folder, "data")
    healthy = raw_client.Broker(data).start()
    load = faults_kit.Load(healthy, partitions=2)
    assert healthy.stop() == 0
    calls = "pwritev,pwritev2,pwrite64,writev"
    window = "when=30..60" if fast else "when=30..400"
    broker = raw_client.Broker(data, prefix=faults_kit.strace(calls, f"error=ENOSPC:{window}"))
    try:
        broker.start(60)
        load.world.port = broker.port
        load.start()
        load.wait_for(60, 90)  # through the window: what was refused is sent again
        connection = raw_client.Connection(broker.port)
        read = len(connection.read_all(load.topic, 0))
        connection.close()
        assert broker.process.poll() is None, "the process ended"
        load.wait_for(50, 60)
    finally:
        load.world.port = 0
        faults_kit.end(broker)
    healthy.start()
    load.world.port = healthy.port
    load.wait_for(20)
    total = load.stop_and_check()
    assert healthy.stop() == 0
    return f"{read} records read while it was traced; {total} records acknowledged and there"


def prepare_topics(connection):
    """Some that are there before the disk is full, one of them large."""
    for topic in ("kept", "large"):
        assert connection.create_topic(topic, 1) == 0
    for _ in range(10):
        assert connection.produce("kept", 0, raw_client.batch([b"kept"]))[0] == 0
    for _ in range(60):
        assert connection.produce("large", 0, raw_client.batch([b"x" * 400_000]))[0] == 0
    limit = time.monotonic() + 30
    while connection.find_group("group") != 0 or connection.commit_offset("group", "kept", 0, 0) != 0:
        raise_if(time.monotonic() > limit, "the coordinator is not there")
        time.sleep(0.05)


def fill(mount):
    """Takes all the room there is, to the last block."""
    filler = os.path.join(mount, f"filler-{time.monotonic_ns()}")
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 512):
            try:
                while True:
                    file.write(b"f" * size)
            except OSError:
                pass
        os.fsync(file.fileno())
    return filler


def wait_until_refused(connection, load):
    """What was acknowledged is read, while nothing can be written any more."""
    limit = time.monotonic() + 30
    while connection.produce(load.topic, 0, raw_client.batch([b"probe" * 4000]))[0] != faults_kit.STORAGE_ERROR:
        raise_if(time.monotonic() > limit, "the disk is full, and nothing is refused")
    for partition in range(4):
        error, high, _ = connection.fetch(load.topic, partition, 0)
        assert error == 0 and high > 0, (error, high)


def ask_on_a_full_disk(connection):
    """What keeps the node alive, and what makes room, works by the reserve."""
    for offset in range(100):
        error = connection.commit_offset("group", "kept", 0, offset)
        assert error == 0, f"commit {offset} on a full disk: error {error}"
    assert connection.committed_offset("group", "kept", 0) == (0, 99)
    error = connection.delete_records("kept", 0, 7)
    assert error == 0, f"DeleteRecords on a full disk: error {error}"
    assert connection.list_offset("kept", 0, -2) == (0, 7)
    error = connection.delete_topic("large")
    assert error == 0, f"DeleteTopics on a full disk: error {error}"


def full_disk(folder, _):
    """F40: a small ext4 that fills up. Produces are refused, and go on when a topic was deleted; then it is filled again, and
    others make room."""
    image, mount = os.path.join(folder, "image"), os.path.join(folder, "mount")
    os.mkdir(mount)
    with open(image, "wb") as file:
        file.truncate(128 << 20)
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        raise faults_kit.Skip("needs root and mkfs.ext4")
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True, timeout=60)
    mounted = subprocess.run(["mount", "-o", "loop", image, mount], stderr=subprocess.PIPE, text=True, timeout=60)
    if mounted.returncode != 0:
        raise faults_kit.Skip(f"cannot mount: {mounted.stderr.strip()}")
    broker = raw_client.Broker(os.path.join(mount, "data"), ["log.segment.delete.delay.ms=500", "log.journal.file.bytes=4194304"])
    try:
        broker.start()
        load = faults_kit.Load(broker)
        load.start()
        connection = raw_client.Connection(broker.port)
        prepare_topics(connection)
        load.wait_for(100)
        time.sleep(1.5)  # the reserve is taken a second after the first write
        fill(mount)
        wait_until_refused(connection, load)
        refused = load.acknowledged()
        ask_on_a_full_disk(connection)
        load.wait_for(100, 60)  # in the room of the topic that was deleted
        filler = fill(mount)
        wait_until_refused(connection, load)
        broker.stop()
        broker.start()  # on a full disk
        load.world.port = broker.port
        connection.close()
        connection = raw_client.Connection(broker.port)
        wait_until_refused(connection, load)
        os.remove(filler)
        load.wait_for(100, 60)
        assert broker.process.poll() is None
        assert connection.committed_offset("group", "kept", 0) == (0, 99)
        connection.close()
        for producer in load.producers:  # the probes stand between the values of partition 0
            producer.partition_has_probes = producer.partition == 0
        total = check_but_probes(load)
        assert broker.stop() == 0
        return (f"refused after {refused} batches, while groups, DeleteRecords and DeleteTopics went on; went on in the room of the "
                f"topic that was deleted, and on a disk filled again, when that had room; {total} records acknowledged and there")
    finally:
        faults_kit.end(broker)
        subprocess.run(["umount", "-l", mount], timeout=60)


limits = {"cuts": 50}


def power_cut(_, fast, *more):
    """F45: the disk loses what was written since its last flush, again and again; what was acknowledged is there."""
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "power_cut.py")
    number = 3 if fast else limits["cuts"]
    ended = subprocess.run([sys.executable, program, "--cuts", str(number), *more], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, timeout=60 + 20 * number)
    if ended.returncode == 77:
        raise faults_kit.Skip(ended.stdout.strip())
    raise_if(ended.returncode != 0, ended.stderr.strip()[-2000:])
    return ended.stdout.strip()


def power_cut_of_caches(folder, fast):
    """With write caching the same cuts lose records, and are seen to."""
    return power_cut(folder, fast, "--expect-loss")


def raise_if(condition, why):
    if condition:
        raise AssertionError(why)


def check_but_probes(load):
    """As Load.stop_and_check(), where others wrote between the values."""
    load.world.over = True
    total = 0
    for producer in load.producers:
        producer.join(60)
        if producer.error:
            raise producer.error
    connection = raw_client.Connection(load.broker.port)
    for producer in load.producers:
        sent = [value for _, values in producer.batches for value in values]
        acknowledged = sum(len(values) for _, values in producer.batches[:producer.acknowledged])
        found = [value for _, value in connection.read_all(load.topic, producer.partition) if not value.startswith(b"probe")]
        assert len(found) >= acknowledged and found == sent[:len(found)], f"partition {producer.partition}: lost or doubled"
        total += acknowledged
    connection.close()
    return total


def stopped_process(folder, fast):
    """F04 as far as one node goes, F57, F111: SIGSTOP for a while, under load: nothing is lost, doubled or out of order."""
    broker = raw_client.Broker(os.path.join(folder, "data")).start()
    load = faults_kit.Load(broker)
    load.start()
    load.wait_for(100)
    for seconds in [0.5] if fast else [1, 12]:
        broker.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        broker.process.send_signal(signal.SIGCONT)
        load.wait_for(100)
    total = load.stop_and_check()
    assert broker.stop() == 0
    return f"{total} records acknowledged and there"


def second_process(folder, _):
    """F09: a second process on the same folder ends with the lock's error; the first one does not notice."""
    broker = raw_client.Broker(os.path.join(folder, "data")).start()
    load = faults_kit.Load(broker)
    load.start()
    for _ in range(3):
        load.wait_for(20)
        second = subprocess.run([broker.binary, "broker", "--data", broker.data, "--listen", "127.0.0.1:0", "--admin", "none"],
                                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, timeout=60)
        assert second.returncode == 2 and "holds its lock" in second.stderr, (second.returncode, second.stderr)
    load.wait_for(20)
    total = load.stop_and_check()
    assert broker.stop() == 0
    return f"refused three times; {total} records acknowledged and there"


def failing_directory(folder, _):
    """F42: reads and writes of one of two log directories fail from some moment on: the other serves."""
    first, second = os.path.join(folder, "one"), os.path.join(folder, "two")
    both = f"{first},{second}"
    healthy = raw_client.Broker(both).start()
    connection = raw_client.Connection(healthy.port)
    assert connection.create_topic("t", 4) == 0
    for partition in range(4):
        assert connection.produce("t", partition, raw_client.batch([b"kept"] * 3))[0] == 0
    connection.close()
    lost = [p for p in range(4) if os.path.isdir(os.path.join(second, f"t-{p}"))]
    kept = [p for p in range(4) if p not in lost]
    assert lost and kept, (lost, kept)
    assert healthy.stop() == 0
    # -P: only calls on that file fail.
    victim = os.path.join(second, f"t-{lost[0]}", "00000000000000000000.log")
    prefix = faults_kit.strace("pwritev,pwritev2,pwrite64", "error=EIO", "-P", victim)
    broker = raw_client.Broker(both, prefix=prefix)
    try:
        broker.start(60)
        connection = raw_client.Connection(broker.port)
        error, _ = connection.produce("t", lost[0], raw_client.batch([b"new"]))
        assert error != 0, "a write failed, and was acknowledged"
        for partition in kept:
            error, _ = connection.produce("t", partition, raw_client.batch([b"new"]))
            assert error == 0, f"partition {partition} of the other directory: error {error}"
            assert len(connection.read_all("t", partition)) == 4
        connection.close()
        assert broker.process.poll() is None, "the process ended"
    finally:
        faults_kit.end(broker)
    healthy.start()
    connection = raw_client.Connection(healthy.port)
    for partition in lost:
        assert [value for _, value in connection.read_all("t", partition)][:3] == [b"kept"] * 3
    connection.close()
    assert healthy.stop() == 0
    return f"partitions {lost} offline, {kept} served"


def many_connections(folder, fast):
    """F10: a memory limit with ten thousand connections and big fetches."""
    return memory_limit.run(folder, connections=500 if fast else 10_000, readers=40 if fast else 200)


# name -> (job, whether it belongs to the fast slice)
JOBS = {
    "F07_nested_recovery": (nested_recovery, True),
    "F09_second_process": (second_process, True),
    "F10_memory_limit": (many_connections, False),
    "F12_abort": (abort, True),
    "F40_full_disk": (full_disk, False),
    "F40_no_space": (no_space, True),
    "F42_failing_directory": (failing_directory, True),
    "F43_failed_sync": (failed_sync, True),
    "F45_power_cut": (power_cut, False),
    "F45_power_cut_sees_loss": (power_cut_of_caches, False),
    "shards_under_kills": (shards_under_kills.run, True),
    "F57_stopped_process": (stopped_process, True),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--cuts", type=int, default=limits["cuts"])
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    limits["cuts"] = arguments.cuts
    for name in arguments.names:
        if name not in JOBS:
            sys.exit(f"faults: no job '{name}': {', '.join(JOBS)}")
    names = arguments.names or [name for name, (_, fast) in JOBS.items() if fast or not arguments.fast]
    passed = failed = skipped = 0
    for name in names:
        folder = tempfile.mkdtemp(prefix="moldau-faults-")
        started = time.monotonic()
        try:
            result = JOBS[name][0](folder, arguments.fast)
            passed += 1
            print(f"ok   {name}: {result} ({time.monotonic() - started:.1f} s)", flush=True)
        except faults_kit.Skip as reason:
            skipped += 1
            print(f"skip {name}: {reason}", flush=True)
        except (AssertionError, OSError, raw_client.Closed, subprocess.SubprocessError) as error:
            failed += 1
            print(f"FAIL {name}: {type(error).__name__} {error}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {skipped} skipped, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
