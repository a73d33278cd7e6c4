"""What the tests of the command line stand on: runs of the binary, comparisons, and a broker that is started for them."""
import argparse
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("MOLDAU_BINARY") or os.path.join(ROOT, "build", "moldau")
TIMEOUT = 60

brokers = ""
home = ""  # of the profiles
suffix = f"{os.getpid()}"


class Run:
    """One run of the binary: exit code and what it printed."""

    def __init__(self, *words, data=b"", environment=None, cluster=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("MOLDAU_", "RPK_"))}
        env["MOLDAU_BROKERS"] = brokers if cluster is None else cluster
        env["XDG_CONFIG_HOME"] = home
        env.update(environment or {})
        data = data.encode() if isinstance(data, str) else data
        done = subprocess.run([BINARY, *words], input=data, capture_output=True, timeout=TIMEOUT, env=env)
        self.code, self.raw, self.out, self.err = done.returncode, done.stdout, done.stdout.decode("utf-8", "replace"), done.stderr.decode()
        self.words = words

    def __repr__(self):
        return f"moldau {' '.join(self.words)} -> {self.code}\n--- out\n{self.out[:2000]}\n--- err\n{self.err[:2000]}"


def ok(*words, **options):
    run = Run(*words, **options)
    assert run.code == 0, run
    return run


def bad(*words, code=1, **options):
    run = Run(*words, **options)
    assert run.code == code, run
    assert len(run.err.strip().split("\n")) == 1 and run.err, run
    return run


def equal(got, expected, run=None):
    assert got == expected, f"expected {expected!r}\n     got {got!r}\n{run or ''}"


def topic(name):
    return f"{name}-{suffix}"


def bad_table(*words):
    run = Run(*words)
    assert run.code == 1, run
    return run


def columns(run):
    """The rows of a table, by the heading's words."""
    lines = [line.split() for line in run.out.splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def within(what, condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_tests(tests, only, broker):
    """Runs the functions named test_* whose names contain `only`; the exit code. `broker`, if any, has to outlive them."""
    failures = 0
    for name, test in sorted(tests.items()):
        if not name.startswith("test_") or only not in name:
            continue
        begin = time.monotonic()
        try:
            test()
            print(f"ok   {name} ({time.monotonic() - begin:.2f} s)", flush=True)
        except (AssertionError, subprocess.SubprocessError, ValueError, KeyError, IndexError) as problem:
            failures += 1
            print(f"FAIL {name}: {problem}", flush=True)
    if broker is not None and broker.poll() is not None:
        failures += 1
        print(f"FAIL the broker ended with {broker.returncode}")
    print(f"{failures} failed")
    return 1 if failures else 0


def end(broker):
    """Stops a broker, if there is one."""
    if broker is None:
        return
    broker.send_signal(signal.SIGTERM)
    try:
        broker.wait(20)
    except subprocess.TimeoutExpired:
        broker.kill()
        broker.wait()


def main(description, tests):
    """Runs the functions named test_* of `tests`, the globals of a test program; the exit code."""
    global brokers, home
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="")
    parser.add_argument("--only", default="", help="run the tests whose names contain this")
    arguments = parser.parse_args()
    broker = folder = None
    brokers = arguments.brokers
    home = tempfile.mkdtemp(prefix="moldau-cli-home-")
    try:
        if not brokers:
            folder = tempfile.mkdtemp(prefix="moldau-cli-")
            brokers = f"127.0.0.1:{free_port()}"
            trace = open(os.path.join(folder, "trace"), "wb")
            broker = subprocess.Popen([BINARY, "broker", "--data", os.path.join(folder, "data"), "--listen", brokers, "--admin", "none",
                                       "--set", "group.initial.rebalance.delay.ms=300", "--set", "group.consumer.min.heartbeat.interval.ms=200",
                                       "--set", "group.consumer.heartbeat.interval.ms=200"],
                                      stdout=trace, stderr=trace)
        # Waiting for a cluster that is just starting is what -e is for.
        ok("cluster", "health", "-e")
        return run_tests(tests, arguments.only, broker)
    finally:
        end(broker)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
