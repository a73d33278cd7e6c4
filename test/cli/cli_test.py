#!/usr/bin/env python3
"""The command line end to end: runs the verbs against a live broker, which it starts itself, and compares what they print.
Topics, groups, errors, help; cli_cluster_test.py has the rest.

  cli_test.py                        starts `moldau broker` (MOLDAU_BINARY, or build/moldau) on a free port and a fresh folder
  cli_test.py --brokers HOST:PORT    uses a cluster that runs, e.g. Apache Kafka: every check holds there too
"""
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import cli_kit
from cli_kit import BINARY, Run, TIMEOUT, bad, bad_table, columns, equal, ok, suffix, topic, within

RECORDS = 20_000

# --- topics ---


def test_create_list_describe_delete():
    a, b = topic("a"), topic("bb")
    run = ok("topic", "create", a, b, "-p", "3", "-r", "1", "-c", "retention.ms=86400000", "--topic-config=cleanup.policy=compact")
    equal(run.out, f"TOPIC{' ' * (len(b) - 3)}STATUS\n{a}   OK\n{b}  OK\n", run)
    run = bad_table("topic", "create", a)
    assert f"{a}  TOPIC_ALREADY_EXISTS: " in run.out, run
    run = ok("topic", "create", a, "--if-not-exists")
    assert f"{a}  EXISTS\n" in run.out, run

    run = ok("topic", "list", a, b)
    equal(run.out, f"NAME{' ' * (len(b) - 2)}PARTITIONS  REPLICAS\n{a}   3           1\n{b}  3           1\n", run)
    run = ok("topic", "ls", "-r", f"a-{suffix}|nothing")
    equal([line.split()[0] for line in run.out.splitlines()], ["NAME", a], run)
    equal(json.loads(ok("topic", "list", a, "--format", "json").out), [{"name": a, "partitions": 3, "replicas": 1}])
    equal(ok("topic", "list", a, "--format", "yaml").out, f"- name: {a}\n  partitions: 3\n  replicas: 1\n")
    run = ok("topic", "list", "-d", a)
    assert re.fullmatch(rf"{a}, 3 partitions, 1 replicas\n +PARTITION  LEADER  EPOCH  REPLICAS\n"
                        r"( +\d +\d+ +\d+ +\[\d+\]\n){3}", run.out), run
    bad("topic", "list", "-i", "-r", ".*")
    run = bad_table("topic", "list", topic("nothing"))
    assert "UNKNOWN_TOPIC_OR_PARTITION" in run.err, run

    run = ok("topic", "describe", a)
    assert run.out.startswith(f"SUMMARY\n=======\nNAME        {a}\nPARTITIONS  3\nREPLICAS    1\n\nCONFIGS\n=======\nKEY "), run
    assert re.search(r"\nretention.ms +86400000 +DYNAMIC_TOPIC_CONFIG\n", run.out), run
    assert re.search(r"\ncleanup.policy +compact +DYNAMIC_TOPIC_CONFIG\n", run.out), run
    assert re.search(r"\nmax.message.bytes +1048588 +DEFAULT_CONFIG\n", run.out), run
    run = ok("topic", "describe", a, "-p")
    equal(run.out.splitlines()[0].split(), ["PARTITION", "LEADER", "EPOCH", "REPLICAS", "LOG-START-OFFSET", "HIGH-WATERMARK"], run)
    equal(len(run.out.splitlines()), 4, run)
    described = json.loads(ok("topic", "info", a, "--format", "json").out)
    equal(described[0]["summary"], {"name": a, "internal": False, "partitions": 3, "replicas": 1, "error": ""})
    equal(len(described[0]["partitions"]), 3)
    bad("topic", "describe", topic("nothing"))

    run = bad_table("topic", "delete", a, topic("nothing"))
    assert re.search(rf"{a} +OK\n", run.out) and "UNKNOWN_TOPIC_OR_PARTITION" in run.out, run
    run = ok("topic", "delete", "-r", f"bb-{suffix}")
    assert re.search(rf"{b} +OK\n", run.out), run


def test_create_dry_and_errors():
    name = topic("dry")
    run = ok("topic", "create", name, "--dry", "-p", "2")
    assert f"{name}  OK" in run.out, run
    bad_table("topic", "list", name)
    assert "INVALID_TOPIC_EXCEPTION" in bad_table("topic", "create", "a/b").out
    assert "INVALID_CONFIG" in bad_table("topic", "create", name, "-c", "no.such.setting=1").out
    assert "INVALID_CONFIG" in bad_table("topic", "create", name, "-c", "retention.ms=many").out
    assert "INVALID_REPLICATION_FACTOR" in bad_table("topic", "create", name, "-r", "9").out
    assert "INVALID_PARTITIONS" in bad_table("topic", "create", name, "-p", "0").out
    bad("topic", "create", name, "-c", "novalue")


# --- produce and consume ---


def test_formats_round_trip():
    name = topic("formats")
    ok("topic", "create", name, "-p", "2")
    # librdkafka leaves batches uncompressed that would not get smaller: the value is long and dull.
    long = "v" * 300
    run = ok("topic", "produce", name, "-p", "0", "-f", "%k %v\\n", "-H", "h:x", "-z", "zstd", data=f"k1 {long}\nk2 v two\nk3 ")
    equal(re.sub(r"\d{13}", "T", run.out), "".join(f"Produced to partition 0 at offset {i} with timestamp T.\n" for i in range(3)), run)
    run = ok("topic", "consume", name, "-o", ":end", "-f", "%p/%o %k=%v %h{%k:%v} %H %a{compression} %K %V\\n")
    equal(run.out, f"0/0 k1={long} h:x 1 zstd 2 300\n0/1 k2=v two h:x 1 zstd 2 5\n0/2 k3= h:x 1 zstd 2 0\n", run)
    run = ok("topic", "consume", name, "-o", "1:2", "-p", "0")
    record = json.loads(run.out)
    assert run.out.startswith('{\n  "topic": "'), run
    equal({k: v for k, v in record.items() if k != "timestamp"},
          {"topic": name, "key": "k2", "value": "v two", "headers": [{"key": "h", "value": "x"}], "partition": 0, "offset": 1})
    run = ok("topic", "consume", name, "-o", ":end", "--pretty-print=false", "--meta-only", "-n", "1")
    equal(json.loads(run.out)["value_size"], 300)
    equal(run.out.count("\n"), 1)

    # Sizes make any bytes safe, in both directions; tombstones stay tombstones.
    blob = bytes(range(256)) + b"\n\n"
    data = len(blob).to_bytes(4, "big") + blob
    ok("topic", "produce", name, "-p", "1", "-f", "%V{big32}%v", "-o", "", data=data * 2)
    run = ok("topic", "consume", name, "-p", "1", "-o", ":end", "-f", "%V{big32}%v")
    equal(run.raw, data * 2)
    ok("topic", "produce", name, "-p", "1", "-Z", "-k", "tomb", "-o", "", data="\n")
    ok("topic", "produce", name, "-p", "1", "-k", "empty", "-o", "", data="\n")
    run = ok("topic", "consume", name, "-p", "1", "-o", "-2", "-n", "2", "--pretty-print=false")
    first, second = [json.loads(line) for line in run.out.splitlines()]
    assert "value" not in first and first["key"] == "tomb", run
    equal(second["value"], "")

    run = ok("topic", "produce", "-f", "%t:%p:%v{json}\\n", "-p", "0", "-o", "%t %p %v\\n", data=f'{name}:1:{{"a" : [1, 2]}}\n')
    equal(run.out, f'{name} 1 {{"a":[1,2]}}\n')
    for acks in ("0", "1", "-1"):
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            ok("topic", "produce", name, "--acks", acks, "-z", codec, "-o", "", "-k", codec, data=f"{acks} {long}\n" * 3)
    found = ok("topic", "consume", name, "-o", ":end", "-f", "%k %v %a{compression}\\n").out
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        equal(len(re.findall(rf"^{codec} -?\d {long} {codec}$", found, re.M)), 9, codec)


def test_offsets():
    name = topic("offsets")
    ok("topic", "create", name, "-p", "1")
    ok("topic", "produce", name, "-o", "", "-f", "%d %v\\n", data="".join(f"{1_600_000_000_000 + i * 1000} {i}\n" for i in range(10)))

    def values(offset, *more):
        return ok("topic", "consume", name, "-o", offset, "-f", "%v ", *more).out.split()

    every = [str(i) for i in range(10)]
    equal(values(":end"), every)
    equal(values("3:6"), every[3:6])
    equal(values("7:end"), every[7:])
    equal(values(":4"), every[:4])
    equal(values("8:400"), every[8:])
    equal(values("20:30"), [])
    equal(values("start", "-n", "2"), every[:2])
    equal(values("+4", "-n", "2"), every[4:6])
    equal(values("-3", "-n", "3"), every[7:])
    equal(values("5", "-n", "1"), ["5"])
    equal(values("@1600000003000:1600000006000"), every[3:6])
    equal(values("@1600000003:3s"), every[3:6])
    equal(values("@2020-09-13T12:26:45Z:end"), every[5:])
    equal(values("@:2020-09-13T12:26:42Z"), every[:2])
    equal(values("@-1h:end"), [])
    assert "invalid offset" in bad("topic", "consume", name, "-o", "5:2").err
    bad("topic", "consume", name, "-p", "7", "-o", ":end")
    bad("topic", "consume", topic("nothing"), "-o", ":end")
    bad("topic", "consume", name, "-f", "%q")
    bad("topic", "consume", name, "-b", "range")
    bad("topic", "consume", name, "--group-protocol", "consumer")
    bad("topic", "consume", name, "-g", "")
    bad("topic", "consume", name, "-g", "group", "-p", "0")
    bad("topic", "consume", name, "-g", "group", "-b", "uniform")


def test_consume_follows_and_regex_reads_several():
    one, two = topic("follow1"), topic("follow2")
    ok("topic", "create", one, two)
    follower = subprocess.Popen([BINARY, "--brokers", cli_kit.brokers, "topic", "consume", "-r", f"follow[12]-{suffix}", "-f", "%t %v\\n", "-n", "3"],
                                stdout=subprocess.PIPE)
    try:
        ok("topic", "produce", one, "-o", "", data="x\n")
        lines = [read_line(follower)]
        ok("topic", "produce", two, "-o", "", data="y\nz\n")
        lines += [read_line(follower), read_line(follower)]
        equal(sorted(lines), sorted([f"{one} x\n", f"{two} y\n", f"{two} z\n"]))
        equal(follower.wait(TIMEOUT), 0)
    finally:
        follower.kill()
        follower.wait()


def read_line(process):
    """The next line, which must come within the time."""
    line = b""
    deadline = time.monotonic() + TIMEOUT
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        assert left > 0 and select.select([process.stdout], [], [], left)[0], f"no line in time, got {line!r}"
        byte = os.read(process.stdout.fileno(), 1)
        assert byte, f"the output ended, got {line!r}"
        line += byte
    return line.decode()


def test_typing_is_answered_line_by_line():
    name = topic("typing")
    ok("topic", "create", name)
    producer = subprocess.Popen([BINARY, "--brokers", cli_kit.brokers, "topic", "produce", name, "-o", "%o %v\\n"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for i in range(3):
            producer.stdin.write(f"line {i}\n".encode())
            producer.stdin.flush()
            equal(read_line(producer), f"{i} line {i}\n")
        producer.stdin.close()
        equal(producer.wait(TIMEOUT), 0)
    finally:
        producer.kill()
        producer.wait()


def test_produce_errors():
    name = topic("errors")
    run = bad("topic", "produce", name, data="x\n")
    assert f"moldau topic create {name}" in run.err, run
    ok("topic", "create", name)
    run = bad("topic", "produce", name, "-f", "%k %v\\n", "-o", "", data="a 1\nb 2\nnokey")
    assert "input record 3" in run.err, run
    equal(ok("topic", "consume", name, "-o", ":end", "-f", "%k%v ").out, "a1 b2 ")
    bad("topic", "produce", name, "-p", "9", data="x\n")
    bad("topic", "produce", name, "-f", "%p %v\\n", data="0 x\n")
    bad("topic", "produce", name, "-f", "", data="x\n")
    bad("topic", "produce", data="x\n")
    bad("topic", "produce", name, "-H", "novalue", data="x\n")
    bad("topic", "produce", name, data="x" * 2_000_000 + "\n")
    equal(ok("topic", "produce", name, data="").out, "")


def test_many_records_keep_their_content_and_order():
    name = topic("many")
    ok("topic", "create", name, "-p", "6")
    data = "".join(f"Package: p{i}\nVersion: {i}\nText: {'x' * (i % 2000)}\n\n" for i in range(RECORDS))
    begin = time.monotonic()
    ok("topic", "produce", name, "-f", "Package: %k\\n%v\\n\\n", "-o", "", data=data)
    produced = time.monotonic()
    out = ok("topic", "consume", name, "-o", ":end", "-f", "Package: %k\\n%v\\n\\n").out
    consumed = time.monotonic()
    equal(sorted(out.split("\n\n")), sorted(data.split("\n\n")))
    keys = ok("topic", "consume", name, "-o", ":end", "-f", "%p %k\\n").out.split("\n")
    for partition in range(6):
        numbers = [int(line.split(" p")[1]) for line in keys if line.startswith(f"{partition} ")]
        assert numbers == sorted(numbers) and numbers, f"partition {partition} is out of order"
    print(f"  {RECORDS} records, {len(data) / 1e6:.0f} MB: produced in {produced - begin:.2f} s, consumed in {consumed - produced:.2f} s")


def test_alter_add_trim():
    name = topic("alter")
    ok("topic", "create", name, "-p", "2")
    run = ok("topic", "alter-config", name, "--set", "retention.ms=500000", "--append", "cleanup.policy=compact", "--dry")
    equal(columns(run), [{"TOPIC": name, "STATUS": "OK"}], run)
    assert re.search(r"\nretention.ms +604800000 +DEFAULT_CONFIG\n", ok("topic", "describe", name, "-c").out)
    ok("topic", "alter-config", name, "--set", "retention.ms=500000", "--append", "cleanup.policy=compact")
    described = ok("topic", "describe", name, "-c").out
    assert re.search(r"\nretention.ms +500000 +DYNAMIC_TOPIC_CONFIG\n", described), described
    assert re.search(r"\ncleanup.policy +delete,compact +DYNAMIC_TOPIC_CONFIG\n", described), described
    ok("topic", "alter-config", name, "-d", "retention.ms", "--subtract", "cleanup.policy=compact")
    described = ok("topic", "describe", name, "-c").out
    assert re.search(r"\nretention.ms +604800000 +DEFAULT_CONFIG\n", described), described
    assert "INVALID_CONFIG" in bad_table("topic", "alter-config", name, "--set", "retention.ms=x").out
    assert "UNKNOWN_TOPIC" in bad_table("topic", "alter-config", topic("nothing"), "--set", "retention.ms=1").out
    bad("topic", "alter-config", name)
    bad("topic", "alter-config", name, "--set", "novalue")
    bad("topic", "alter-config", name, "--set", "retention.ms=1", "-d", "retention.ms")

    run = ok("topic", "add-partitions", name, "-n", "3")
    equal(columns(run), [{"TOPIC": name, "STATUS": "OK"}], run)
    equal(json.loads(ok("topic", "list", name, "--format", "json").out)[0]["partitions"], 5)
    assert "UNKNOWN_TOPIC" in bad_table("topic", "add-partitions", topic("nothing"), "-n", "1").out
    bad("topic", "add-partitions", name)
    bad("topic", "add-partitions", name, "-n", "0")

    ok("topic", "produce", name, "-p", "0", "-o", "", data="".join(f"{i}\n" for i in range(10)))
    assert "--no-confirm" in bad("topic", "trim-prefix", name, "-o", "3", "-p", "0").err
    run = ok("topic", "trim-prefix", name, "-o", "3", "-p", "0", "--no-confirm")
    equal(columns(run), [{"TOPIC": name, "PARTITION": "0", "NEW-START-OFFSET": "3"}], run)
    equal(ok("topic", "consume", name, "-p", "0", "-o", ":end", "-f", "%v ").out.split(), ["3", "4", "5", "6", "7", "8", "9"])
    assert "OFFSET_OUT_OF_RANGE" in bad_table("topic", "trim", name, "-o", "30", "-p", "0", "--no-confirm").out
    ok("topic", "trim-prefix", "--from-file", "-", "--no-confirm", data=f"{name} 0 4\n")
    ok("topic", "trim-prefix", "--from-file", "-", "--no-confirm", data=json.dumps([{"topic": name, "partition": 0, "offset": 5}]))
    equal(columns(ok("topic", "trim", name, "-o", "@-1h", "-p", "0", "--no-confirm"))[0]["NEW-START-OFFSET"], "5")
    equal(columns(ok("topic", "trim", name, "-o", "end", "--no-confirm"))[0]["NEW-START-OFFSET"], "10")
    bad("topic", "trim-prefix", name, "--no-confirm")
    bad("topic", "trim-prefix", name, "-o", "soon", "--no-confirm")
    bad("topic", "trim-prefix", name, "-o", "1", "-p", "9", "--no-confirm")


# --- groups ---


def test_groups_seek_describe_delete():
    a, b, group, other = topic("ga"), topic("gb"), topic("group"), topic("other")
    ok("topic", "create", a, b, "-p", "2")
    ok("topic", "produce", a, "-p", "0", "-o", "", "-f", "%d %v\\n", data="".join(f"{1_600_000_000_000 + i * 1000} {i}\n" for i in range(10)))
    ok("topic", "produce", b, "-p", "1", "-o", "", data="x\n" * 5)
    assert "--allow-new-topics" in bad("group", "seek", group, "--to", "start").err
    assert "--allow-new-topics" in bad("group", "seek", group, "--to", "start", "--topics", a).err
    bad("group", "seek", group, "--to", "start", "--to-group", other)
    bad("group", "seek", group)
    bad("group", "seek", group, "--to", "start", "--topics", topic("nothing"), "--allow-new-topics")
    assert "GROUP_ID_NOT_FOUND" in bad("group", "describe", group).err

    dry = ok("group", "seek", group, "--to", "end", "--topics", f"{a},{b}", "--allow-new-topics", "--dry-run")
    equal([row["CURRENT-OFFSET"] for row in columns(dry)], ["10", "0", "0", "5"], dry)
    bad("group", "describe", group)
    run = ok("group", "seek", group, "--to", "start", "--topics", f"{a},{b}", "--allow-new-topics")
    equal(run.out.splitlines()[0].split(), ["TOPIC", "PARTITION", "PRIOR-OFFSET", "CURRENT-OFFSET"], run)
    equal([row["PRIOR-OFFSET"] for row in columns(run)], ["-"] * 4, run)

    run = ok("group", "list")
    assert re.search(rf"^\d+ +{group} +Empty$", run.out, re.M), run
    equal(run.out.splitlines()[0].split(), ["BROKER", "GROUP", "STATE"], run)
    listed = json.loads(ok("group", "ls", "--format", "json", "--states", "empty", "--types", "classic").out)
    assert {"group": group, "state": "Empty"}.items() <= next(one for one in listed if one["group"] == group).items(), listed
    assert group not in ok("group", "list", "-s", "Stable,Dead").out
    assert group not in ok("group", "list", "-t", "consumer").out
    assert "no state" in bad("group", "list", "-s", "stabel").err

    run = ok("group", "describe", group)
    summary, table = run.out.split("\n\n")
    equal([line.split()[0] for line in summary.splitlines()],
          ["GROUP", "COORDINATOR", "COORDINATOR-PARTITION", "STATE", "BALANCER", "MEMBERS", "TOTAL-LAG"], run)
    assert re.search(r"^TOTAL-LAG +15$", summary, re.M), run
    equal(table.splitlines()[0].split(),
          "TOPIC PARTITION CURRENT-OFFSET LOG-START-OFFSET LOG-END-OFFSET LAG MEMBER-ID CLIENT-ID HOST".split(), run)
    equal(table.splitlines()[1].split(), [a, "0", "0", "0", "10", "10"], run)
    assert re.search(rf"\nTOPIC +LAG\n{a} +10\n{b} +5\n$", ok("group", "describe", group, "-t").out)
    equal(len(ok("group", "describe", group, "-s").out.splitlines()), 7)
    equal(len(ok("group", "describe", "-c", "-r", f"gr..p-{suffix}").out.splitlines()), 5)
    bad("group", "describe", "-r", "no.such.group")
    bad("group", "describe", "-r", "(")

    run = ok("group", "seek", group, "--to", "@1600000003000", "--topics", a)
    equal([row["CURRENT-OFFSET"] for row in columns(run)], ["3", "0"], run)
    run = ok("group", "seek", group, "--to", "1600000005", "--topics", a)
    equal([(row["PRIOR-OFFSET"], row["CURRENT-OFFSET"]) for row in columns(run)], [("3", "5"), ("0", "0")], run)
    equal(columns(ok("group", "seek", group, "--to", "7", "--topics", a))[0]["CURRENT-OFFSET"], "7")
    equal(columns(ok("group", "seek", group, "--to", "@-1h", "--topics", a))[0]["CURRENT-OFFSET"], "10")
    run = ok("group", "seek", other, "--to-group", group, "--topics", a)
    equal([(row["TOPIC"], row["CURRENT-OFFSET"]) for row in columns(run)], [(a, "10"), (a, "0")], run)
    ok("group", "seek", other, "--to-file", "-", data=f"{b} 1 2\n{a}\t0\t4\n")
    described = json.loads(ok("group", "describe", other, "--format", "json").out)[0]
    equal({(p["topic"], p["partition"]): p["lag"] for p in described["partitions"]}, {(a, 0): 6, (a, 1): 0, (b, 1): 3})
    equal(described["total_lag"], 9)
    bad("group", "seek", other, "--to-file", "-", data=f"{b} 1\n")
    bad("group", "seek", other, "--to-file", "/no/such/file")

    run = ok("group", "offset-delete", other, "-t", f"{a}:0,1")
    equal([row["STATUS"] for row in columns(run)], ["OK", "OK"], run)
    run = ok("group", "offset-delete", other, "-t", b)
    equal([(row["TOPIC"], row["PARTITION"]) for row in columns(run)], [(b, "1")], run)
    bad("group", "offset-delete", other, "-t", b)
    bad("group", "offset-delete", other)
    bad("group", "offset-delete", other, "-t", f"{b}:x")
    run = bad_table("group", "delete", group, topic("nothing"))
    assert re.search(rf"^{group} +OK$", run.out, re.M) and "GROUP_ID_NOT_FOUND" in run.out, run
    bad("group", "describe", group)
    json.loads(ok("group", "describe", "x", "--format", "help").out.split("\n", 1)[1])


def owners(group):
    """How many partitions each member has."""
    described = Run("group", "describe", group, "--format", "json")
    members = json.loads(described.out)[0]["member_list"] if described.code == 0 else []
    return {member["member_id"]: len(member["assigned"]) for member in members}


def test_consume_in_a_group():
    for protocol in ("classic", "consumer"):
        name, group = topic(f"cg-{protocol}"), topic(f"cgroup-{protocol}")
        ok("topic", "create", name, "-p", "3")
        for partition in range(3):
            ok("topic", "produce", name, "-p", str(partition), "-o", "", data="".join(f"{partition}{i}\n" for i in range(10)))

        def consumed(*more, **options):
            return ok("topic", "consume", name, "-g", group, "-f", "%v\n", *more, **options).out.split()

        mode = ("--group-protocol", protocol)
        some = consumed("-n", "4", *mode)
        equal(len(some), 4)
        rest = consumed("-o", ":end", *mode)
        equal(sorted(some + rest), [f"{p}{i}" for p in range(3) for i in range(10)])
        # The variable says it as well as the flag.
        equal(consumed("-o", ":end", environment={"MOLDAU_GROUP_PROTOCOL": protocol}), [])
        described = json.loads(ok("group", "describe", group, "--format", "json").out)[0]
        equal((described["total_lag"], described["state"]), (0, "Empty"), described)
        assert re.search(rf"^\S+ +{group} +Empty", ok("group", "list", "-t", protocol).out, re.M)
        # Where nothing is committed, -o says where to begin.
        ok("group", "delete", group)
        equal(consumed("-o", "8:end", *mode), [f"{p}{i}" for p in range(3) for i in (8, 9)])
        ok("group", "delete", group)

        outputs = [tempfile.TemporaryFile() for _ in range(2)]

        def lines():
            return [os.pread(output.fileno(), 1000, 0).decode().splitlines() for output in outputs]

        readers = [subprocess.Popen([BINARY, "--brokers", cli_kit.brokers, "topic", "consume", "-r", f"cg-{protocol}-.*", "-g", group, "-f", "%p %v\\n",
                                     "-o", "end", *mode], stdout=output) for output in outputs]
        try:
            within("two members that share", lambda: sorted(owners(group).values()) == [1, 2])
            time.sleep(0.5)
            for partition in range(3):
                ok("topic", "produce", name, "-p", str(partition), "-o", "", data="new\n")
            within("all records are read", lambda: sum(map(len, lines())) == 3)
            for reader in readers:
                reader.send_signal(signal.SIGINT)
            equal([reader.wait(TIMEOUT) for reader in readers], [0, 0])
            out = lines()
            equal(sorted(out[0] + out[1]), ["0 new", "1 new", "2 new"])
            equal(json.loads(ok("group", "describe", group, "--format", "json").out)[0]["total_lag"], 0)
            assert out[0] and out[1], "one member read nothing"
        finally:
            for reader in readers:
                reader.kill()
                reader.wait()
            for output in outputs:
                output.close()
        equal(owners(group), {})


def test_analyze():
    name = topic("analyze")
    ok("topic", "create", name, "-p", "2")
    for i in range(6):
        ok("topic", "produce", name, "-p", "0", "-z", "none", "-o", "", data="x" * 100 * (i + 1) + "\n")
    run = ok("topic", "analyze", name)
    assert re.match(r"SUMMARY\n=======\nTOPICS +1\nPARTITIONS +2\nTOTAL THROUGHPUT \(BYTES/S\) +\d+\.\d\d\n", run.out), run
    assert re.search(rf"\nTOPICS\n======\nTOPIC +PARTITIONS +BYTES-PER-SECOND .*\n{name} +2 ", run.out), run
    found = json.loads(ok("topic", "analyze", "-r", f"analyz.-{suffix}", "-t", "-1h:end", "--format", "json").out)
    equal([(p["partition"], p["batches"]) for p in found["partitions"]], [(0, 6), (1, 0)])
    assert 100 < found["partitions"][0]["batch_size_p25"] < found["partitions"][0]["batch_size_max"] < 1000, found
    equal(found["summary"]["partitions"], 2)
    found = json.loads(ok("topic", "analyze", name, "--batches", "2", "--format", "json").out)
    equal(found["partitions"][0]["batches"], 2)
    run = ok("topic", "analyze", name, "--print-partition-batch-size")
    equal(run.out.splitlines()[0].split(), ["TOPIC", "PARTITION", "P25", "P50", "P75", "P99", "MAX"], run)
    equal(json.loads(ok("topic", "analyze", name, "-t", "-2h:-1h", "--format", "json").out)["summary"]["total_batch_rate"], 0)
    bad("topic", "analyze", topic("nothing"))
    bad("topic", "analyze", name, "-t", "soon")
    bad("topic", "analyze", name, "-t", "-1m")


# --- errors, help, completion ---


def test_errors_are_one_line_with_a_hint():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    run = bad("topic", "list", cluster=address)
    equal(run.err, f"moldau: could not reach {address}: connection refused; is a broker running? start one with: moldau broker\n")
    bad("cluster", "health", cluster=address)
    bad("topic", "produce", "x", cluster=address, data="y\n")
    equal(bad("topics", "list").err, "moldau: unknown command 'topics'; did you mean topic?; see: moldau help\n")
    equal(bad("topic", "create", "x", "--partitons", "3").err,
          "moldau: unknown flag --partitons for 'topic create'; did you mean --partitions?\n")
    bad("topic", "list", "-X", "tls.enabled=true")
    ok("topic", "list", cluster=address, environment={"MOLDAU_BROKERS": cli_kit.brokers})
    ok("topic", "list", "-X", f"brokers={cli_kit.brokers}", cluster=address)
    ok("topic", "list", "--brokers", cli_kit.brokers, cluster=address)
    ok("topic", "list", environment={"MOLDAU_BROKERS": "", "RPK_BROKERS": cli_kit.brokers})


def test_help_version_and_completion():
    assert re.fullmatch(r"moldau \d+\.\d+\.\d+\n", ok("version").out)
    assert "topic" in ok("help").out and ok("--help").out == ok("help").out
    assert "--partitions" in ok("help", "topic", "create").out
    equal(ok("topic", "create", "-h").out, ok("help", "topic", "create").out)
    assert "brokers=host:port" in ok("-X", "list").out and "kafka_api.sasl.user" in ok("-X", "help").out
    assert "--format" in ok("topic", "list", "--help").out
    json.loads(ok("topic", "describe", "x", "--format", "help").out.split("\n", 1)[1])
    name = topic("complete")
    ok("topic", "create", name)
    equal(ok("__complete", "--", "topic", "consume", name[:-1]).out, name + "\n")
    equal(ok("__complete", "--", "topic", "cr").out.split("\t")[0], "create")
    # Kafka's scripts are in all three.
    assert "kafka-console-consumer" in ok("help").out and "--from-beginning" in ok("help", "kafka-console-consumer").out
    equal(ok("__complete", "--", "kafka-topi").out.split("\t")[0], "kafka-topics")
    equal(ok("__complete", "--", "kafka-topics", "--boot").out.split("\t")[0], "--bootstrap-server")
    assert ".SS kafka\\-delete\\-records" in ok("generate", "man").out
    for shell in ("bash", "zsh", "fish"):
        script = ok("generate", "shell-completion", shell).out
        if shutil.which(shell):
            subprocess.run([shell, "-n", "/dev/stdin"], input=script.encode(), check=True, timeout=TIMEOUT)
    script = ok("generate", "shell-completion", "bash").out
    ask = f'{script}\nmoldau() {{ "{BINARY}" "$@"; }}\nCOMP_WORDS=(moldau topic cr); COMP_CWORD=2; _moldau; echo "${{COMPREPLY[@]}}"'
    equal(subprocess.run(["bash", "-c", ask], capture_output=True, timeout=TIMEOUT).stdout, b"create\n")
    ask = ask.replace("COMP_WORDS=(moldau topic cr); COMP_CWORD=2", "COMP_WORDS=(/usr/bin/kafka-topics.sh --creat); COMP_CWORD=1")
    equal(subprocess.run(["bash", "-c", ask], capture_output=True, timeout=TIMEOUT).stdout, b"--create\n")
    bad("generate", "shell-completion", "tcsh")
    page = ok("generate", "man").out
    for words in ("topic produce", "group seek", "cluster config set"):
        assert f".SS moldau {words}" in page, words
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-wmac"], input=page.encode(), capture_output=True, timeout=TIMEOUT)
        assert done.returncode == 0 and not done.stderr, done.stderr[:1000]


if __name__ == "__main__":
    sys.exit(cli_kit.main(__doc__, globals()))
