"""Processes of the interop run: the brokers under test, the peer's tools, and the clients' environments.

Everything is started in a session of its own and ended by its process id. Servers bind to 127.0.0.1 on free ports.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEER = os.path.join(HERE, "peer.sh")
MOLDAU = os.environ.get("MOLDAU_BINARY", os.path.join(ROOT, "build", "moldau"))
SCHEMA_CHECK = os.path.join(ROOT, "build", "moldau-schema-check")
WIRE_COMPARE = os.path.join(ROOT, "src", "wire", "tools", "WireCompare.java")
WIRE_VECTORS = os.environ.get("MOLDAU_WIRE_VECTORS", os.path.join(ROOT, "build", "moldau-wire-vectors"))


class Failed(Exception):
    """The check did not hold."""


class Skipped(Exception):
    """The check cannot run here; the text says what is missing."""


def versions():
    pins = {}
    with open(os.path.join(HERE, "versions.env")) as file:
        for line in file:
            match = re.match(r"([A-Z0-9_]+)=(\S*)", line)
            if match:
                pins[match[1]] = match[2]
    return pins


PINS = versions()


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("MOLDAU_CACHE") or os.path.join(home, "moldau")


def tail(text, lines=12):
    return "\n".join("    " + line for line in text.strip().splitlines()[-lines:])


def run(command, timeout=900, data=None, environment=None, check=True):
    """Runs to the end; returns (standard output, standard error) as bytes. A non-zero exit fails the check."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        out, err = process.communicate(data, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failed(f"{os.path.basename(command[0])} did not end within {timeout} s")
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    if check and process.returncode != 0:
        text = (err or out).decode(errors="replace")
        raise Failed(
            f"{' '.join(os.path.basename(part) for part in command[:3])} ended with {process.returncode}:\n{tail(text)}"
        )
    return out, err


def peer(*arguments, **options):
    return run([PEER, *arguments], **options)


def read_properties(path):
    values = {}
    with open(path) as file:
        for line in file:
            key, separator, value = line.strip().partition("=")
            if separator and not key.startswith("#"):
                values[key] = value
    return values


class KafkaBroker:
    """Real Kafka. Its data is folder/data; a folder/data that somebody else formatted is opened as it is."""

    name = "kafka"

    def __init__(self, folder, settings=None):
        self.folder, self.settings, self.address, self._pid = folder, dict(settings or {}), None, None
        os.makedirs(folder, exist_ok=True)
        self.data = os.path.join(folder, "data")

    def start(self):
        settings = dict(self.settings)
        meta = os.path.join(self.data, "meta.properties")
        if os.path.exists(meta):
            settings["node.id"] = read_properties(meta)["node.id"]
        pairs = [f"{key}={value}" for key, value in settings.items()]
        out, _ = peer("start", self.folder, "0", "--test", *pairs, timeout=300)
        self.address = out.decode().split()[-1]
        return self

    def stop(self):
        if self.address:
            self.address = None
            peer("stop", self.folder)

    def kill(self):
        if self.address:
            self.address = None
            peer("kill", self.folder)

    def log(self):
        path = os.path.join(self.folder, "server.log")
        return open(path, errors="replace").read() if os.path.exists(path) else ""


class MoldauBroker:
    """The broker under test, on folder/data, with folder/server.properties where there is one."""

    name = "moldau"
    flags = ()

    def __init__(self, folder, settings=None):
        self.folder, self.settings, self.address, self.process = folder, dict(settings or {}), None, None
        self.data = os.path.join(folder, "data")
        self.errors = []
        os.makedirs(folder, exist_ok=True)

    def start(self):
        if not os.access(MOLDAU, os.X_OK):
            raise Skipped("there is no build/moldau")
        command = [MOLDAU, "broker", "--listen", "127.0.0.1:0", *self.flags]
        if "log.dirs" not in self.settings:
            command += ["--data", self.data]
        properties = os.path.join(self.folder, "server.properties")
        if self.settings:
            with open(properties, "a") as file:
                file.writelines(f"{key}={value}\n" for key, value in self.settings.items())
        if os.path.exists(properties):
            command += ["--config", properties]
        self.errors = []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=open(os.path.join(self.folder, "moldau.out"), "ab"),
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        ready = threading.Event()
        found = []

        def read():
            with open(os.path.join(self.folder, "moldau.err"), "ab") as copy:
                for line in self.process.stderr:
                    copy.write(line)
                    text = line.decode(errors="replace").rstrip()
                    self.errors.append(text)
                    match = re.search(r"\bready ((?:\d+\.){3}\d+:\d+)", text)
                    if match and not found:
                        found.append(match[1])
                        ready.set()
            ready.set()

        threading.Thread(target=read, daemon=True).start()
        if not ready.wait(60) or not found:
            self.kill()
            raise Failed("moldau did not become ready:\n" + tail("\n".join(self.errors)))
        self.address = found[0]
        return self

    def _end(self, signal_number, seconds):
        if self.process is None:
            return
        process, self.process, self.address = self.process, None, None
        if process.poll() is None:
            process.send_signal(signal_number)
        elif process.returncode != 0:
            raise Failed(f"moldau had ended by itself with {process.returncode}:\n" + tail("\n".join(self.errors)))
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"moldau did not end within {seconds} s of signal {signal_number}")
        if signal_number == signal.SIGTERM and code != 0:
            raise Failed(f"moldau ended with {code} on SIGTERM:\n" + tail("\n".join(self.errors)))

    def stop(self):
        self._end(signal.SIGTERM, 60)

    def kill(self):
        self._end(signal.SIGKILL, 20)

    @property
    def journal(self):
        """The folder with which Kafka does not start."""
        return os.path.join(self.data, "journal")

    def recover(self):
        """Makes the folder of a killed broker what a clean stop leaves."""
        properties = os.path.join(self.folder, "server.properties")
        config = ["--config", properties] if os.path.exists(properties) else []
        done = subprocess.run([MOLDAU, "recover", *config, self.data], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failed(f"moldau recover ended with {done.returncode}: {tail(done.stderr)}")
        if os.path.exists(self.journal):
            raise Failed("moldau recover left the journal")

    def log(self):
        return "\n".join(self.errors)


class JournaledBroker(MoldauBroker):
    """The journal begins with the first commit, so that a kill leaves one, and a clean stop its files. By flags, for
    Kafka opens the same folder with a server.properties of its own."""

    flags = ("--set", "log.journal.file.bytes=1048576", "--set", "internal.log.journal.after.commits=0")


def need(program, package):
    if not shutil.which(program):
        raise Skipped(f"{program} is missing; hint: apt-get install {package}")


_BUILD = threading.Lock()


def alone(make):
    """Programs are made one after the other: two clients may ask for the same one at a time."""

    def one_at_a_time(*arguments):
        with _BUILD:
            return make(*arguments)

    return one_at_a_time


@alone
def python_environment(name, requirements):
    """The interpreter of a virtual environment with exactly these packages, made at first use; the marker comes
    last."""
    folder = os.path.join(cache(), "python", name)
    python = os.path.join(folder, "bin", "python")
    marker = os.path.join(folder, ".complete")
    wanted = "\n".join(requirements)
    if os.path.exists(marker) and open(marker).read() == wanted:
        return python
    print(f"# making the Python environment {name}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    # The system's interpreter where there is one: the old kafka-python does not run on the newest.
    base = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    try:
        run([base, "-m", "venv", folder], timeout=120)
        run([python, "-m", "pip", "-q", "--disable-pip-version-check", "install", *requirements], timeout=600)
    except Failed as error:
        raise Skipped(f"cannot make the Python environment {name}; hint: apt-get install python3-venv\n{error}")
    with open(marker, "w") as file:
        file.write(wanted)
    return python


def _digest(pinned):
    return hashlib.sha256(json.dumps(pinned, sort_keys=True).encode()).hexdigest()[:12]


def _sources(folder):
    """The newest time of the files of a program."""
    return max(os.path.getmtime(os.path.join(folder, name)) for name in os.listdir(folder))


def go_client():
    """The franz-go program of the contents' matrix."""
    return go_program(".", f"franz-{PINS['FRANZ_GO']}")


@alone
def go_program(folder, name=None):
    """A Go program of go/, built at first use and when a source or a pin changes."""
    source = os.path.normpath(os.path.join(HERE, "go", folder))
    with open(os.path.join(source, "go.mod")) as file:
        pinned = dict(re.findall(r"^\s*(?:require )?(\S+) (v\S+)(?: // indirect)?$", file.read(), flags=re.M))
    pins = {
        "github.com/twmb/franz-go": "FRANZ_GO",
        "github.com/twmb/franz-go/pkg/kadm": "KADM",
        "github.com/IBM/sarama": "SARAMA",
        "github.com/segmentio/kafka-go": "KAFKA_GO",
    }
    for module, pin in pins.items():
        if pinned.get(module, PINS[pin]) != PINS[pin]:
            raise Failed(f"{source}/go.mod has {module} {pinned[module]}, versions.env has {PINS[pin]}")
    binary = os.path.join(cache(), "go", name or f"{folder}-{_digest(pinned)}")
    if os.path.exists(binary) and os.path.getmtime(binary) > _sources(source):
        return binary
    need("go", "golang-go (1.26 or newer: Debian 12 has an older one)")
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    print(f"# building the Go program {folder}", file=sys.stderr)
    try:
        run(["go", "build", "-C", source, "-o", binary + ".part", "."], timeout=900)
    except Failed as error:
        raise Skipped(f"cannot build the Go client (it needs the Go that go.mod names)\n{error}")
    os.replace(binary + ".part", binary)
    return binary


@alone
def rust_program():
    """The program on rust-rdkafka, built at first use and when a source changes; it builds its own librdkafka."""
    source, target = os.path.join(HERE, "rust"), os.path.join(cache(), "rust")
    binary = os.path.join(target, f"matrix-{PINS['RUST_RDKAFKA']}")
    with open(os.path.join(source, "Cargo.toml")) as file:
        if f'version = "={PINS["RUST_RDKAFKA"]}"' not in file.read():
            raise Failed(f"rust/Cargo.toml and versions.env ({PINS['RUST_RDKAFKA']}) do not agree")
    if os.path.exists(binary) and os.path.getmtime(binary) > max(_sources(source), _sources(f"{source}/src")):
        return binary
    need("cargo", "cargo (1.74 or newer: with rustup, or the package rust-all of Debian 13)")
    need("cc", "build-essential")
    print("# building the Rust program (minutes, once)", file=sys.stderr)
    try:
        # The lock file belongs to the cache, so the manifest is copied there.
        shutil.copytree(source, os.path.join(target, "source"), dirs_exist_ok=True)
        manifest = os.path.join(target, "source", "Cargo.toml")
        run(["cargo", "build", "-q", "--target-dir", os.path.join(target, "build"), "--manifest-path", manifest])
    except Failed as error:
        raise Skipped(f"cannot build the Rust client\n{error}")
    shutil.copy2(os.path.join(target, "build", "debug", "moldau-interop"), binary)
    os.utime(binary)
    return binary


@alone
def node_program(script):
    """The command of a script of node/: its packages, and a Node that is new enough, come from npm into the cache."""
    need("node", "nodejs")
    need("npm", "npm")
    wanted = [
        f"kafkajs@{PINS['KAFKAJS']}",
        f"@platformatic/kafka@{PINS['PLATFORMATIC_KAFKA']}",
        f"node-linux-{_NODE_MACHINES.get(os.uname().machine, 'x64')}@{PINS['NODE']}",
    ]
    folder = os.path.join(cache(), "node")
    marker = os.path.join(folder, ".complete")
    if not os.path.exists(marker) or open(marker).read() != " ".join(wanted):
        print("# fetching the Node packages", file=sys.stderr)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "package.json"), "w") as file:
            file.write('{"private": true}\n')
        flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--engine-strict=false"]
        try:
            run(["npm", "install", "--prefix", folder, "--loglevel=error", *flags, *wanted], timeout=600)
        except Failed as error:
            raise Skipped(f"cannot fetch the Node packages\n{error}")
        with open(marker, "w") as file:
            file.write(" ".join(wanted))
    # A module is looked for beside the script, so the script goes to where the packages are.
    for name in os.listdir(os.path.join(HERE, "node")):
        there = os.path.join(folder, name)
        shutil.copy2(os.path.join(HERE, "node", name), there + ".part")
        os.replace(there + ".part", there)  # in one step: another client may be reading it
    [own] = [name for name in os.listdir(os.path.join(folder, "node_modules")) if name.startswith("node-linux-")]
    return [os.path.join(folder, "node_modules", own, "bin", "node"), os.path.join(folder, script)]


_NODE_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


def wait_until(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
