#!/usr/bin/env python3
"""The broker as a process, on a folder of its own: the shared objects it maps, health while it recovers, a locked folder, the
environment, several listeners, a metadata log in a folder of its own. MOLDAU_BINARY names the program (default
build/moldau)."""
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("MOLDAU_BINARY", os.path.join(ROOT, "build", "moldau"))
SANITIZED = bool(os.environ.get("TEST_SANITIZED"))
DEADLINE = 60
# Everything else is linked in: a shared object costs start-up time and resident memory.
SHARED_OBJECTS = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def get(port, path, timeout=10):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def topics_of(port):
    """Asks for the metadata of all topics (version 1): broker ports and topic names."""
    body = struct.pack(">hhih", 3, 1, 7, 1) + b"t" + struct.pack(">i", -1)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        size = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))[0]
        answer = connection.recv(size, socket.MSG_WAITALL)
    at = 4
    ports = []
    (count,) = struct.unpack_from(">i", answer, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from(">h", answer, at + 4)
        at += 6 + length
        ports.append(struct.unpack_from(">i", answer, at)[0])
        at += 6  # port, and a null rack
    (controller, count) = struct.unpack_from(">ii", answer, at)
    at += 8
    names = []
    for _ in range(count):
        (length,) = struct.unpack_from(">h", answer, at + 2)
        names.append(answer[at + 4:at + 4 + length].decode())
        at += 5 + length
        (partitions,) = struct.unpack_from(">i", answer, at)
        at += 4
        for _ in range(partitions):
            at += 10
            for _ in range(2):
                (entries,) = struct.unpack_from(">i", answer, at)
                at += 4 + 4 * entries
    return ports, names


class Broker:
    """A broker process; lines of its standard error as they come."""

    def __init__(self, *arguments, environment=None, wrapper=()):
        self.lines = []
        self.process = subprocess.Popen([*wrapper, BINARY, "broker", *arguments], stderr=subprocess.PIPE, text=True,
                                        stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def wait_ready(self):
        end = time.monotonic() + DEADLINE
        while not any(line.startswith("ready ") for line in list(self.lines)):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"not ready: {self.lines}")
            time.sleep(0.01)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=DEADLINE)
        self.reader.join()
        self.process.stderr.close()
        return code

    def __enter__(self):
        return self

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as children:
            return [int(child) for child in children.read().split()]

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            for child in self.children():  # of strace
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self.end(signal.SIGKILL)


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="moldau-process-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port, self.admin = free_ports(2)

    def arguments(self, *more, data="data", admin=None):
        return ["--data", os.path.join(self.folder, data), "--listen", f"127.0.0.1:{self.port}",
                "--admin", f"127.0.0.1:{admin or self.admin}", *more]

    @unittest.skipIf(SANITIZED, "sanitizers bring their own")
    def test_shared_objects(self):
        with Broker(*self.arguments()) as broker:
            broker.wait_ready()
            with open(f"/proc/{broker.process.pid}/maps", encoding="utf-8") as maps:
                mapped = {os.path.basename(line.split()[-1]) for line in maps if ".so" in line}
            self.assertEqual(mapped, SHARED_OBJECTS)
            self.assertEqual(broker.end(), 0)

    def test_health_while_it_recovers(self):
        # A folder whose log takes long to open: each file opened below it waits.
        if shutil.which("strace") is None or SANITIZED:
            self.skipTest("needs strace, and a process that can be traced")
        with Broker(*self.arguments()) as broker:
            broker.wait_ready()
            self.assertEqual(get(self.admin, "/readyz"), (200, "ok\n"))
            self.assertEqual(broker.end(), 0)
        slow = ("strace", "-o", "/dev/null", "-e", "trace=renameat,renameat2,rename", "-e",
                "inject=renameat,renameat2,rename:delay_enter=1500000")
        with Broker(*self.arguments(), wrapper=slow) as broker:
            end = time.monotonic() + DEADLINE
            while True:
                try:
                    first = get(self.admin, "/readyz")
                    break
                except OSError:
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.005)
            self.assertFalse(any(line.startswith("ready") for line in broker.lines))
            self.assertEqual(first, (503, "booting\n"))
            self.assertEqual(get(self.admin, "/v1/status/ready"), (503, '{"status":"booting"}\n'))
            self.assertEqual(get(self.admin, "/healthz"), (200, "ok\n"))
            status, metrics = get(self.admin, "/metrics")
            self.assertEqual(status, 200)
            self.assertIn("\nmoldau_partitions 0\n", metrics)
            # Asked all the time until it is ready: nobody is refused, and the answers turn once.
            answers = []
            while not answers or answers[-1] != 200:
                answers.append(get(self.admin, "/readyz", timeout=DEADLINE)[0])
                self.assertLess(time.monotonic(), end)
            self.assertEqual(answers, [503] * (len(answers) - 1) + [200])
            broker.wait_ready()
            status, metrics = get(self.admin, "/metrics")
            self.assertEqual(status, 200)
            self.assertIn("\nmoldau_connections 0\n", metrics)
            os.kill(broker.children()[0], signal.SIGTERM)
            self.assertEqual(broker.process.wait(timeout=DEADLINE), 0)

    def test_a_locked_folder(self):
        with Broker(*self.arguments()) as broker:
            broker.wait_ready()
            with Broker(*self.arguments()) as second:
                self.assertEqual(second.process.wait(timeout=DEADLINE), 2)
                second.reader.join()
                self.assertEqual(second.lines, [f"moldau: the data folder {self.folder}/data is in use: another process "
                                                "holds its lock"])
            self.assertEqual(get(self.admin, "/readyz"), (200, "ok\n"))
            self.assertEqual(broker.end(), 0)

    def test_the_environment(self):
        environment = {"MOLDAU_BROKERS": "elsewhere:9092", "MOLDAU_GLOBALS_DIAL_TIMEOUT": "1s",
                       "MOLDAU_NUM_PARTITION": "3"}
        with Broker(*self.arguments(), environment=environment) as broker:
            broker.wait_ready()
            self.assertEqual(broker.end(), 0)
            warnings = [line for line in broker.lines if "level=warn" in line]
            self.assertEqual(len(warnings), 1, warnings)  # the misspelt setting alone
            self.assertIn("num.partition ", warnings[0])

    def test_several_listeners(self):
        inside, outside, admin = free_ports(3)
        settings = {"listeners": f"INSIDE://127.0.0.1:{inside},OUTSIDE://127.0.0.1:{outside}",
                    "advertised.listeners": f"INSIDE://127.0.0.1:{inside},OUTSIDE://127.0.0.1:{outside}",
                    "listener.security.protocol.map": "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
                    "inter.broker.listener.name": "INSIDE", "max.connections": "1"}
        sets = [text for key, value in settings.items() for text in ("--set", f"{key}={value}")]
        with Broker("--data", os.path.join(self.folder, "data"), "--admin", f"127.0.0.1:{admin}", *sets) as broker:
            broker.wait_ready()
            # Each listener tells of itself.
            self.assertEqual(topics_of(inside), ([inside], []))
            self.assertEqual(topics_of(outside), ([outside], []))
            with socket.create_connection(("127.0.0.1", outside)):
                end = time.monotonic() + DEADLINE
                while "\nmoldau_connections 1\n" not in get(admin, "/metrics")[1]:
                    self.assertLess(time.monotonic(), end)
                # The limit holds for the one, and not for that among brokers.
                self.assertEqual(topics_of(inside), ([inside], []))
                waits = socket.create_connection(("127.0.0.1", outside))
                body = struct.pack(">hhih", 18, 0, 9, -1)
                waits.sendall(struct.pack(">i", len(body)) + body)
                waits.settimeout(0.5)
                self.assertRaises(TimeoutError, waits.recv, 4)
            waits.settimeout(DEADLINE)
            self.assertEqual(len(waits.recv(8, socket.MSG_WAITALL)), 8)
            waits.close()
            self.assertEqual(broker.end(), 0)

    def test_a_metadata_log_in_a_folder_of_its_own(self):
        own = os.path.join(self.folder, "metadata")
        setting = ("--set", f"metadata.log.dir={own}/")
        for _ in range(2):
            with Broker(*self.arguments(*setting)) as broker:
                broker.wait_ready()
                subprocess.run([BINARY, "topic", "create", "t", "--if-not-exists", "--brokers",
                                f"127.0.0.1:{self.port}"], check=False, timeout=DEADLINE, stdout=subprocess.DEVNULL)
                self.assertEqual(topics_of(self.port)[1], ["t"])
                self.assertEqual(broker.end(), 0)
            self.assertTrue(os.path.isdir(os.path.join(own, "__cluster_metadata-0")))
            self.assertTrue(os.path.isfile(os.path.join(own, "bootstrap.checkpoint")))
            self.assertFalse(os.path.isdir(os.path.join(own, "t-0")))
            self.assertTrue(os.path.isdir(os.path.join(self.folder, "data", "t-0")))
            self.assertFalse(os.path.isdir(os.path.join(self.folder, "data", "__cluster_metadata-0")))
            ids = []
            for folder in (own, os.path.join(self.folder, "data")):
                with open(os.path.join(folder, "meta.properties"), encoding="utf-8") as properties:
                    text = properties.read()
                ids.append(re.search("cluster.id=(.*)", text).group(1))
                ids.append(re.search("directory.id=(.*)", text).group(1))
            self.assertEqual(ids[0], ids[2])
            self.assertNotEqual(ids[1], ids[3])
        # Named elsewhere now: a new metadata log would lose every topic.
        settings = ("--set", f"metadata.log.dir={self.folder}/third", "--set", f"log.dirs={self.folder}/data,{own}")
        with Broker(*self.arguments(*settings)[2:]) as broker:
            self.assertEqual(broker.process.wait(timeout=DEADLINE), 2)
            broker.reader.join()
            self.assertIn("holds the metadata log", broker.lines[-1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
