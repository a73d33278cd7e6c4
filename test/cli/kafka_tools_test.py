#!/usr/bin/env python3
"""Kafka's script names end to end: runs them against a live broker, which it starts itself, and compares what they print.

  kafka_tools_test.py                        starts `moldau broker` (MOLDAU_BINARY, or build/moldau) on a free port
  kafka_tools_test.py --brokers HOST:PORT    uses a cluster that runs

That the outputs are those of Kafka's own tools is checked by test/interop/python/cli_differential.py.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import cli_kit

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("MOLDAU_BINARY") or os.path.join(ROOT, "build", "moldau")
TIMEOUT = 60

brokers = ""
links = ""
suffix = f"{os.getpid()}"


class Run:
    """One run of a script: exit code and what it printed."""

    def __init__(self, tool, *words, data="", server=True):
        words = (*(("--bootstrap-server", brokers) if server else ()), *words)
        done = subprocess.run([os.path.join(links, tool), *words], input=data.encode(), capture_output=True, timeout=TIMEOUT)
        self.code, self.out, self.err, self.words = done.returncode, done.stdout.decode(), done.stderr.decode(), (tool, *words)

    def __repr__(self):
        return f"{' '.join(self.words)} -> {self.code}\n--- out\n{self.out[:2000]}\n--- err\n{self.err[:2000]}"


def equal(got, expected, run=None):
    assert got == expected, f"expected {expected!r}\n     got {got!r}\n{run or ''}"


def ok(*words, **options):
    run = Run(*words, **options)
    equal(run.code, 0, run)
    return run


def topic(name):
    return f"{name}-{suffix}"


def produce(name, lines, *more):
    ok("kafka-console-producer", "--topic", name, *more, data="".join(line + "\n" for line in lines))


def test_names():
    run = Run("kafka-topics.sh", "--version", server=False)
    equal((run.code, run.out), (0, "4.3.1\n"), run)
    run = subprocess.run([BINARY, "kafka-topics", "--version"], capture_output=True, timeout=TIMEOUT)
    equal(run.stdout, b"4.3.1\n")
    run = Run("kafka-topics", "--help", server=False)
    equal(run.code, 1, run)
    assert "--bootstrap-server <String" in run.err, run


def test_topics():
    a = topic("a")
    equal(ok("kafka-topics", "--create", "--topic", a, "--partitions", "2", "--config", "retention.ms=1000000").out, f"Created topic {a}.\n")
    run = Run("kafka-topics", "--create", "--topic", a)
    equal((run.code, run.out), (1, f"Error while executing topic command : Topic '{a}' already exists.\n"), run)
    equal(ok("kafka-topics", "--create", "--topic", a, "--if-not-exists").out, "")
    assert a in ok("kafka-topics", "--list").out.split("\n")
    ok("kafka-topics", "--alter", "--topic", a, "--partitions", "3")
    run = ok("kafka-topics", "--describe", "--topic", a)
    row = "\tTopic: {0}\tPartition: {1}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n"
    assert re.fullmatch(rf"Topic: {a}\tTopicId: [\w-]{{22}}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: .*retention.ms=1000000.*\n"
                        + "".join(re.escape(row.format(a, i)) for i in range(3)), run.out), run
    equal(ok("kafka-topics", "--delete", "--topic", a).out, "")
    equal(Run("kafka-topics", "--delete", "--topic", a).code, 1)
    run = Run("kafka-topics", "--create", "--topic", topic("b"), "--replica-assignment", "1,1")
    equal(run.code, 0, run)


def test_configs_quotas_credentials():
    a = topic("conf")
    ok("kafka-topics", "--create", "--topic", a)
    equal(ok("kafka-configs", "--alter", "--topic", a, "--add-config", "cleanup.policy=[compact,delete]").out, f"Completed updating config for topic {a}.\n")
    equal(ok("kafka-configs", "--describe", "--topic", a).out,
          f"Dynamic configs for topic {a} are:\n  cleanup.policy=compact,delete sensitive=false "
          "synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}\n")
    ok("kafka-configs", "--alter", "--topic", a, "--delete-config", "cleanup.policy")
    equal(ok("kafka-configs", "--describe", "--topic", a).out, f"Dynamic configs for topic {a} are:\n")
    run = Run("kafka-configs", "--alter", "--topic", a, "--add-config", "retention.ms=x")
    assert run.code == 1 and "Invalid value x for configuration retention.ms: Not a number of type LONG" in run.err, run
    user = topic("u")
    ok("kafka-configs", "--alter", "--user", user, "--add-config", "producer_byte_rate=1024")
    ok("kafka-configs", "--alter", "--user", user, "--add-config", "SCRAM-SHA-512=[iterations=4096,password=secret]")
    run = ok("kafka-configs", "--describe", "--user", user)
    equal(run.out, f"Quota configs for user-principal '{user}' are producer_byte_rate=1024.0\n"
                   f"SCRAM credential configs for user-principal '{user}' are SCRAM-SHA-512=iterations=4096\n", run)


def test_offsets_records_directories():
    a = topic("off")
    ok("kafka-topics", "--create", "--topic", a, "--partitions", "1")
    produce(a, [f"v{i}" for i in range(10)])
    equal(ok("kafka-get-offsets", "--topic", a).out, f"{a}:0:10\n")
    equal(ok("kafka-get-offsets", "--topic", a, "--time", "earliest").out, f"{a}:0:0\n")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"partitions": [{"topic": a, "partition": 0, "offset": 4}], "version": 1}, file)
        file.flush()
        run = ok("kafka-delete-records", "--offset-json-file", file.name)
    equal(run.out, f"Executing records delete operation\nRecords delete operation completed:\npartition: {a}-0\tlow_watermark: 4\n", run)
    equal(ok("kafka-get-offsets", "--topic", a, "--time", "-2").out, f"{a}:0:4\n")
    lines = ok("kafka-log-dirs", "--describe", "--topic-list", a).out.split("\n")
    equal(lines[:2], ["Querying brokers for log directories information", "Received log directory information from brokers 1"])
    replicas = [r for d in json.loads(lines[2])["brokers"][0]["logDirs"] for r in d["partitions"]]
    equal([r["partition"] for r in replicas], [f"{a}-0"])
    assert replicas[0]["size"] > 0, replicas


def test_console_formats():
    a = topic("con")
    ok("kafka-topics", "--create", "--topic", a)
    produce(a, ["h:x\tk1|v1", "NUL\tk2|NUL"], "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true",
            "--reader-property", "key.separator=|", "--reader-property", "null.marker=NUL")
    run = Run("kafka-console-producer", "--topic", a, "--reader-property", "parse.key=true", data="nokey\n")
    equal((run.code, run.err), (1, "No key separator found on line number 1: 'nokey'\n"), run)
    properties = [w for p in ("partition", "offset", "headers", "key") for w in ("--formatter-property", f"print.{p}=true")]
    run = ok("kafka-console-consumer", "--topic", a, "--partition", "0", "--offset", "earliest", "--max-messages", "2", *properties)
    equal(run.out, "Partition:0\tOffset:0\th:x\tk1\tv1\nPartition:0\tOffset:1\tNO_HEADERS\tk2\tnull\n", run)
    equal(run.err, "Processed a total of 2 messages\n", run)
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        produce(a, ["z" * 500], "--compression-codec", codec)
    run = ok("kafka-console-consumer", "--topic", a, "--partition", "0", "--offset", "2", "--max-messages", "4")
    equal(run.out, ("z" * 500 + "\n") * 4, run)


def start_consumer(name, group, protocol, output, *more):
    # In the consumer protocol the broker says how often members report.
    how = "heartbeat.interval.ms=200" if protocol == "classic" else "group.protocol=consumer"
    return subprocess.Popen([os.path.join(links, "kafka-console-consumer"), "--bootstrap-server", brokers, "--topic", name, "--group", group,
                             "--command-property", how, *more], stdout=output, stderr=subprocess.PIPE)


def members(group):
    out = ok("kafka-consumer-groups", "--describe", "--group", group, "--members").out
    return [line.split() for line in out.split("\n") if line.startswith(group)]


def until(what, condition, seconds=25):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def test_group_rebalances_commits_and_leaves():
    rebalances("classic")


def test_group_of_the_consumer_protocol():
    rebalances("consumer")


def rebalances(protocol):
    """Two members share a topic; one leaves, the other gets all; nothing is lost, and what was read is committed."""
    a, group = topic(f"grp-{protocol}"), topic(f"g-{protocol}")
    ok("kafka-topics", "--create", "--topic", a, "--partitions", "4")
    outputs = [tempfile.TemporaryFile() for _ in range(2)]

    def lines(which):
        return os.pread(outputs[which].fileno(), 100_000, 0).decode().split()

    one = start_consumer(a, group, protocol, outputs[0], "--from-beginning")
    two = None
    try:
        until("a member with 4 partitions", lambda: [m[-1] for m in members(group)] == ["4"])
        two = start_consumer(a, group, protocol, outputs[1], "--from-beginning")
        until("two members with 2 partitions each", lambda: [m[-1] for m in members(group)] == ["2", "2"])
        produce(a, [f"k{i}|v{i}" for i in range(100)], "--reader-property", "parse.key=true", "--reader-property", "key.separator=|")
        equal(Run("kafka-consumer-groups", "--delete", "--group", group).out,
              f"\nError: Deletion of some consumer groups failed:\n* Group '{group}' could not be deleted due to: "
              "org.apache.kafka.common.errors.GroupNotEmptyException: The group is not empty.\n")
        until("all records are read", lambda: len(lines(0) + lines(1)) == 100)
        two.send_signal(signal.SIGINT)
        _, error = two.communicate(timeout=20)
        equal(two.returncode, 0, error)
        until("one member with all partitions", lambda: [m[-1] for m in members(group)] == ["4"])
        produce(a, [f"k{i}|w{i}" for i in range(100)], "--reader-property", "parse.key=true", "--reader-property", "key.separator=|")
        until("the others are read", lambda: len(lines(0) + lines(1)) == 200)
        one.send_signal(signal.SIGTERM)
        _, error = one.communicate(timeout=20)
        equal(one.returncode, 0, error)
    finally:
        for process in (one, two):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    equal(sorted(lines(0) + lines(1)), sorted([f"v{i}" for i in range(100)] + [f"w{i}" for i in range(100)]))
    assert lines(1), "the second member read nothing"
    for output in outputs:
        output.close()
    rows = [line.split() for line in ok("kafka-consumer-groups", "--describe", "--group", group).out.split("\n") if line.startswith(group)]
    equal(sum(int(row[3]) for row in rows), 200, rows)
    equal({row[5] for row in rows}, {"0"}, rows)
    run = ok("kafka-consumer-groups", "--reset-offsets", "--group", group, "--topic", a, "--to-earliest", "--execute")
    equal(sorted(line.split()[3] for line in run.out.split("\n") if line.startswith(group)), ["0"] * 4, run)
    run = ok("kafka-console-consumer", "--topic", a, "--group", group, "--max-messages", "200", "--timeout-ms", "15000")
    equal(len(run.out.split()), 200, run)
    equal(ok("kafka-consumer-groups", "--delete", "--group", group).out, f"Deletion of requested consumer groups ('{group}') was successful.\n")


def test_group_protocol_faults():
    def fault(*properties):
        words = [word for one in properties for word in ("--consumer-property", one)]
        run = Run("kafka-console-consumer", "--topic", "x", "--timeout-ms", "100", *words)
        equal(run.code, 1, run)
        return run.err

    assert "group.protocol: String must be one of (case insensitive): " in fault("group.protocol=modern")
    assert "session.timeout.ms cannot be set when group.protocol=CONSUMER" in fault("group.protocol=consumer", "session.timeout.ms=9000")
    assert "group.remote.assignor cannot be set when group.protocol=CLASSIC" in fault("group.remote.assignor=uniform")
    assert "UNSUPPORTED_ASSIGNOR" in fault("group.protocol=consumer", "group.remote.assignor=nobody")


def test_perf():
    a = topic("perf")
    ok("kafka-topics", "--create", "--topic", a)
    run = Run("kafka-producer-perf-test", "--topic", a, "--num-records", "2000", "--record-size", "100", "--throughput", "-1",
              "--command-property", f"bootstrap.servers={brokers}", "linger.ms=5", server=False)
    assert run.code == 0 and re.fullmatch(
        r"2000 records sent, [\d.]+ records/sec \([\d.]+ MB/sec\), [\d.]+ ms avg latency, [\d.]+ ms max latency, "
        r"\d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99.9th.\n", run.out), run
    equal(ok("kafka-get-offsets", "--topic", a).out, f"{a}:0:2000\n")
    run = ok("kafka-consumer-perf-test", "--topic", a, "--num-records", "2000", "--hide-header")
    fields = run.out.strip().split(", ")
    equal((len(fields), fields[4]), (10, "2000"), run)


def test_faults():
    run = Run("kafka-topics", "--list", server=False)
    equal((run.code, run.err), (1, "--bootstrap-server must be specified\n"), run)
    with tempfile.NamedTemporaryFile("w", suffix=".properties") as file:
        file.write("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n")
        file.flush()
        run = Run("kafka-topics", "--list", "--command-config", file.name)
    equal((run.code, run.err), (1, "security.protocol=SASL_SSL: TLS and SASL are not served yet\n"), run)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        run = Run("kafka-topics", "--list", "--bootstrap-server", f"127.0.0.1:{free.getsockname()[1]}", server=False)
    assert run.code == 1 and "could not reach 127.0.0.1:" in run.out, run


def main():
    global brokers, links
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="")
    parser.add_argument("--only", default="", help="run the tests whose names contain this")
    arguments = parser.parse_args()
    broker, folder = None, tempfile.mkdtemp(prefix="moldau-kafka-tools-")
    brokers, links = arguments.brokers, folder
    for tool in ("topics", "configs", "get-offsets", "delete-records", "log-dirs", "consumer-groups", "console-producer",
                 "console-consumer", "producer-perf-test", "consumer-perf-test", "topics.sh"):
        os.symlink(BINARY, os.path.join(folder, f"kafka-{tool}"))
    try:
        if not brokers:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                brokers = f"127.0.0.1:{free.getsockname()[1]}"
            trace = open(os.path.join(folder, "trace"), "wb")
            config = os.path.join(folder, "server.properties")
            with open(config, "w") as file:
                file.write("group.initial.rebalance.delay.ms=0\n")
            broker = subprocess.Popen([BINARY, "broker", "--data", os.path.join(folder, "data"), "--listen", brokers, "--admin", "none",
                                       "--set", "group.consumer.min.heartbeat.interval.ms=200", "--set", "group.consumer.heartbeat.interval.ms=200",
                                       "--config", config], stdout=trace, stderr=trace)
        until("a broker", lambda: Run("kafka-topics", "--list").code == 0)
        return cli_kit.run_tests(globals(), arguments.only, broker)
    finally:
        cli_kit.end(broker)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
