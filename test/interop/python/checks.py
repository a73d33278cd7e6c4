"""The checks of the interop run, in order. Each is a function of the Run; it returns words for the report, or raises
Failed or Skipped."""

import glob
import os
import sys

import adminclient
import batches
import clients
import cli_differential
import compaction_differential
import consumer_group_diff
import content
import differential
import differential_admin
import dumplog
import matrix
import moves_differential
import published_tests
from harness import (
    HERE,
    MOLDAU,
    PEER,
    PINS,
    ROOT,
    SCHEMA_CHECK,
    WIRE_COMPARE,
    WIRE_VECTORS,
    Failed,
    JournaledBroker,
    KafkaBroker,
    MoldauBroker,
    Skipped,
    need,
    peer,
    run,
    tail,
)
from rawclient import RawClient

PARTITIONS = 3
# Enough for several segments of a mebibyte per partition in the uncompressed topic of the folder checks.
FOLDER_RECORDS_MIN = 30000
# The clients' own contents are the matter of the matrix: here the files are, so more records prove nothing more.
FOLDER_RECORDS_MAX = 10000
# Metadata snapshots after every few records, so that a folder has some.
SNAPSHOTS = {"metadata.log.max.record.bytes.between.snapshots": "2000", "metadata.log.max.snapshot.interval.ms": "5000"}


class Run:
    """What the checks share: the broker of the matrix, its clients, and what was produced."""

    def __init__(self, arguments, scratch):
        self.arguments, self.scratch = arguments, scratch
        self.broker_class = KafkaBroker if arguments.peer == "kafka" else MoldauBroker
        self.clients = [c for c in clients.all_clients() if not arguments.fast or c.name in clients.FAST]
        self.broker = None
        self.data = None  # the data folder of the matrix, once there is one
        self.expected = {}  # {(topic, partition): (count, digest)} of all that was produced
        self.codec_of = {}  # {topic: (client, codec)}
        self.chosen = set()  # the names of the checks that run
        self.matrix = matrix.Matrix(self, matrix.subjects(clients.CODEC_PACKAGES))
        self.results = {}  # {client name: None or the exception of its production}

    def folder(self, name):
        return os.path.join(self.scratch, name)

    def start(self):
        if self.broker is None:
            broker = self.broker_class(self.folder("matrix"))
            broker.start()
            self.data = broker.data
            self.broker = broker
        return self.broker

    def stop(self):
        broker, self.broker = self.broker, None
        if broker is not None:
            broker.stop()

    def end(self):
        """Everything that still runs, and the words for the end of the report."""
        words = self.matrix.table()
        self.matrix.stop()
        self.stop()
        return words

    def produced(self, client):
        """Produces every codec with this client, once; the checks that need its topics call this."""
        if client.name not in self.results:
            self.results[client.name] = None
            try:
                self._produce(client)
            except (Failed, Skipped) as error:
                self.results[client.name] = error
        if self.results[client.name] is not None:
            raise self.results[client.name]

    def _produce(self, client):
        client.prepare()
        address = self.start().address
        with RawClient(address) as raw:
            for codec in clients.CODECS:
                raw.create_topic(client.topic(codec), PARTITIONS)
        sums = client.produce(address, PARTITIONS, self.arguments.records, clients.CODECS)
        want = reference([client.topic(codec) for codec in clients.CODECS], self.arguments.records)
        if sums != want:
            raise Failed(f"the client says that it wrote other contents than it should: {differences(want, sums)}")
        with RawClient(address) as raw:
            for (topic, partition), (count, _) in want.items():
                end = raw.offset(topic, partition, -1)
                if end != count:
                    raise Failed(f"{topic}-{partition} ends at {end}, {count} records were acknowledged")
        self.expected.update(want)
        for codec in clients.CODECS:
            self.codec_of[client.topic(codec)] = (client, codec)

    def all_produced(self):
        """As much as can be produced; a client that cannot is reported by its own check."""
        for client in self.clients:
            try:
                self.produced(client)
            except (Failed, Skipped):
                pass
        for name, error in self.results.items():
            if isinstance(error, Failed) and f"produce/{name}" not in self.chosen:
                raise Failed(f"produce/{name} failed: {error}")
        if not self.expected:
            raise Skipped("no client could produce")
        return sorted(self.codec_of)


_REFERENCE = {}


def reference(topics, records):
    """What the topics must hold, from content.py; remembered, for it is the same for every consumer."""
    sums = {}
    for topic in topics:
        if (topic, records) not in _REFERENCE:
            _REFERENCE[topic, records] = clients.parse_sums("\n".join(content.expected(topic, PARTITIONS, records)))
        sums.update(_REFERENCE[topic, records])
    return sums


def differences(want, got):
    wrong = [key for key in want if got.get(key) != want[key]]
    extra = [key for key in got if key not in want]
    shown = ", ".join(
        f"{topic}-{partition}: {want[topic, partition][0]} wanted, {got.get((topic, partition), ('nothing',))[0]} read"
        for topic, partition in wrong[:4]
    )
    return f"{len(wrong)} of {len(want)} partitions differ ({shown}){f', {len(extra)} too many' if extra else ''}"


def generators(run_, client):
    client.prepare()
    topics = ["some-topic", "kafka-python-topic", "some-text"]
    want = reference(topics, 3000)
    got = client.expect(PARTITIONS, 3000, topics)
    if got != want:
        raise Failed(differences(want, got))
    return f"{len(topics)} kinds of content"


def produce(run_, client):
    run_.produced(client)
    return f"{run_.arguments.records} records in each of {', '.join(clients.CODECS)}"


def consume(run_, client):
    client.prepare()
    topics = run_.all_produced()
    got = client.consume(run_.start().address, PARTITIONS, run_.arguments.records, topics)
    if got != run_.expected:
        raise Failed(differences(run_.expected, got))
    return f"{sum(count for count, _ in got.values())} records of {len(topics)} topics"


def console(run_, tool, producer_flags, consumer_flags, codec_flag):
    """Kafka's console tools; the consumer reads one partition from an offset, without a group."""
    need("java", "default-jre-headless")
    peer("fetch")
    broker = run_.start()
    topic = f"console-{tool}"
    lines = [f"key-{i % 50}\tvalue {i} of {topic}" for i in range(1000)]
    with RawClient(broker.address) as raw:
        raw.create_topic(topic, 1)
    peer(
        tool,
        "console-producer",
        "--bootstrap-server",
        broker.address,
        "--topic",
        topic,
        codec_flag,
        "lz4",
        producer_flags,
        "parse.key=true",
        producer_flags,
        "key.separator=\t",
        data="\n".join(lines).encode() + b"\n",
    )
    for first, count in ((0, 1000), (700, 300)):
        out, _ = peer(
            tool,
            "console-consumer",
            "--bootstrap-server",
            broker.address,
            "--topic",
            topic,
            "--partition",
            "0",
            "--offset",
            "earliest" if first == 0 else str(first),
            "--max-messages",
            str(count),
            "--timeout-ms",
            "30000",
            consumer_flags,
            "print.key=true",
            consumer_flags,
            "key.separator=\t",
        )
        if out.decode().splitlines() != lines[first:]:
            raise Failed(
                f"{len(out.splitlines())} lines from offset {first} differ from what was written:\n"
                f"{tail(out.decode(), 3)}"
            )
    return "1000 lines written, read whole and from offset 700"


def console_new(run_):
    return console(run_, "tool", "--reader-property", "--formatter-property", "--compression-codec")


def console_old(run_):
    return console(run_, "tool-old", "--property", "--property", "--compression-codec")


def perf(run_, tool):
    need("java", "default-jre-headless")
    broker = run_.start()
    topic, count = f"perf-{tool}", max(run_.arguments.records, 1000)
    with RawClient(broker.address) as raw:
        raw.create_topic(topic, PARTITIONS)
    out, _ = peer(
        tool,
        "producer-perf-test",
        "--topic",
        topic,
        "--num-records",
        str(count),
        "--record-size",
        "100",
        "--throughput",
        "-1",
        "--producer-props",
        f"bootstrap.servers={broker.address}",
    )
    with RawClient(broker.address) as raw:
        stored = sum(raw.offset(topic, partition, -1) for partition in range(PARTITIONS))
    if stored != count:
        raise Failed(f"{stored} of {count} records are in the topic:\n{tail(out.decode(), 3)}")
    lines = [line for line in out.decode().splitlines() if "records/sec" in line]
    return lines[-1].split("ms avg")[0] if lines else ""


def perf_new(run_):
    return perf(run_, "tool")


def perf_old(run_):
    return perf(run_, "tool-old")


def retention_of_codecs(run_, client):
    """Reads the stored batches from the files of the stopped broker: codec bits, producer ids, offsets."""
    run_.produced(client)
    run_.stop()
    data, seen = run_.data, 0
    for codec in clients.CODECS:
        topic = client.topic(codec)
        for partition in range(PARTITIONS):
            stored = list(batches.partition_batches(data, topic, partition))
            count = run_.expected[topic, partition][0]
            if not stored or stored[-1].last_offset + 1 != count:
                raise Failed(
                    f"{topic}-{partition}: {stored[-1].last_offset + 1 if stored else 0} of {count} records are there"
                )
            seen += len(stored)
            # A client may leave a batch as it is when compression would make it larger: only ever for a few records.
            wrong = [
                batch for batch in stored if batch.codec != codec and not (batch.codec == "none" and batch.count <= 3)
            ]
            if wrong or sum(batch.count for batch in stored if batch.codec == codec) < 0.9 * count:
                codecs = sorted({batch.codec for batch in stored})
                raise Failed(f"{topic}-{partition}: batches have the codecs {codecs}, {codec} was asked for")
            if any((batch.producer_id >= 0) != client.idempotent for batch in stored):
                raise Failed(
                    f"{topic}-{partition}: idempotent is {client.idempotent}, but producer ids are "
                    f"{sorted({batch.producer_id for batch in stored})}"
                )
            if any(batch.control or batch.transactional for batch in stored):
                raise Failed(f"{topic}-{partition}: control or transactional batches")
    return f"{seen} batches"


def reopened(run_):
    """After a clean stop, the same folder serves the same contents."""
    topics = run_.all_produced()
    run_.stop()
    reader = run_.clients[1] if len(run_.clients) > 1 else run_.clients[0]
    reader.prepare()
    got = reader.consume(run_.start().address, PARTITIONS, run_.arguments.records, topics)
    if got != run_.expected:
        raise Failed(differences(run_.expected, got))
    return f"{len(topics)} topics read by {reader.name}"


def dump(run_):
    need("java", "default-jre-headless")
    run_.all_produced()
    run_.stop()
    words = dumplog.check_folder(run_.data)
    dumplog.check_that_damage_is_seen(run_.data)
    return words


class Filled:
    """A folder that one broker fills and others open: contents, topic list, deleted topics."""

    def __init__(self, records):
        self.records, self.topics, self.gone, self.steps = records, {}, set(), 0
        self.reader = next(c for c in clients.all_clients() if c.name == clients.FAST[1])
        self.reader.prepare()

    def fill(self, broker):
        """Topics of every codec, one of many segments, one deleted; names differ at each step."""
        self.steps += 1
        many = max(self.records, FOLDER_RECORDS_MIN) if self.steps == 1 else self.records
        prefix = f"folder{self.steps}"
        rolling = f"{prefix}-rolls"
        with RawClient(broker.address) as raw:
            for codec in clients.CODECS:
                raw.create_topic(
                    f"{prefix}-{codec}", PARTITIONS, {"retention.ms": "604800001"} if codec == "zstd" else None
                )
            raw.create_topic(rolling, PARTITIONS, {"segment.bytes": "1048576", "max.message.bytes": "2000000"})
            raw.create_topic(f"{prefix}-gone", 2)
            raw.delete_topic(f"{prefix}-gone")
            self.gone.add(f"{prefix}-gone")
        codec_of = {f"{prefix}-{codec}": codec for codec in clients.CODECS}
        codec_of[rolling] = "none"
        counts = {name: many if name == rolling else self.records for name in codec_of}
        out, _ = run(
            [
                PEER,
                "java",
                "Client",
                "produce",
                broker.address,
                str(PARTITIONS),
                "0",
                *(f"{name}:{codec}@{counts[name]}" for name, codec in codec_of.items()),
            ]
        )
        if clients.parse_sums(out.decode()) != self.want(counts):
            raise Failed("the client says that it wrote other contents than it should")
        self.topics.update(counts)

    @staticmethod
    def want(counts):
        sums = {}
        for name, count in counts.items():
            sums.update(reference([name], count))
        return sums

    def compare(self, broker):
        with RawClient(broker.address) as raw:
            listed = {name: count for name, count in raw.topics().items() if not name.startswith("__")}
        want = {name: PARTITIONS for name in self.topics}
        if listed != want:
            raise Failed(f"{broker.name} lists {sorted(listed.items())}, it should be {sorted(want.items())}")
        got = self.reader.consume(
            broker.address, PARTITIONS, 0, [f"{name}@{count}" for name, count in sorted(self.topics.items())]
        )
        wanted = self.want(self.topics)
        if got != wanted:
            raise Failed(f"read from {broker.name}: {differences(wanted, got)}")


def refused_then_recovered(broker):
    """Kafka does not start beside a journal, and does after `moldau recover`, which the caller goes on to see."""
    if not os.path.isdir(broker.journal):
        raise Failed("the killed broker left no journal")
    kafka = KafkaBroker(broker.folder)
    try:
        kafka.start()
    except Failed:
        if "journal" not in kafka.log():
            raise
    else:
        raise Failed("Kafka started beside a journal")
    finally:
        kafka.kill()
    broker.recover()


def exchange(run_, name, first, second, kill, settings=None, static_voters=False):
    """`first` fills a folder, `second` opens it, reads it and writes more, and `first` opens it again."""
    need("java", "default-jre-headless")
    folder = run_.folder(name)
    filled = Filled(min(run_.arguments.records, FOLDER_RECORDS_MAX))
    broker = None
    try:
        for step, kind in enumerate((first, second, first)):
            broker = kind(folder, settings if step == 0 else None)
            if step == 0 and static_voters:
                peer(
                    "start",
                    folder,
                    "0",
                    "--test",
                    "--static-voters",
                    *(f"{k}={v}" for k, v in (settings or {}).items()),
                    timeout=300,
                )
                peer("stop", folder)
                broker.settings = {}
            try:
                broker.start()
            except Failed as error:
                raise Failed(f"step {step + 1}, {kind.name}: {error}")
            if step > 0:
                filled.compare(broker)
            if step < 2:
                filled.fill(broker)
                if not run_.arguments.fast:
                    filled.compare(broker)
            if kill and step == 0:
                broker.kill()
                if isinstance(broker, MoldauBroker):
                    refused_then_recovered(broker)
            else:
                broker.stop()
            if step == 2 or (step == 1 and not run_.arguments.fast):
                try:
                    dumplog.check_folder(os.path.join(folder, "data"))
                except Failed as error:
                    raise Failed(f"after {kind.name}: {error}")
        segments = len(glob.glob(os.path.join(glob.escape(folder), "data", "folder1-rolls-0", "*.log")))
        if segments < 2:
            raise Failed(f"the topic that should have rolled has {segments} segment(s)")
    finally:
        if broker is not None and broker.address is not None:
            broker.kill()
    how = "kill -9" if kill else "clean stop"
    return f"{first.name} ({how}) -> {second.name} -> {first.name}, {len(filled.topics)} topics"


def folder_to(run_, kill):
    return exchange(run_, f"to-under-test-{kill}", KafkaBroker, run_.broker_class, kill, SNAPSHOTS)


def folder_to_moldau(run_):
    return folder_to(run_, False)


def folder_to_moldau_kill9(run_):
    return folder_to(run_, True)


def folder_to_moldau_static(run_):
    return exchange(run_, "to-under-test-static", KafkaBroker, run_.broker_class, False, SNAPSHOTS, static_voters=True)


def journaled(run_):
    return JournaledBroker if run_.broker_class is MoldauBroker else run_.broker_class


def folder_to_kafka(run_):
    return exchange(run_, "to-kafka", journaled(run_), KafkaBroker, False)


def folder_to_kafka_kill9(run_):
    return exchange(run_, "to-kafka-kill9", journaled(run_), KafkaBroker, True)


def equal_answers(run_, name, module, settings=None):
    """The requests of a module, good and bad, to a fresh broker under test and to a fresh Kafka: equal answers."""
    need("java", "default-jre-headless")
    peer("fetch")
    brokers = [run_.broker_class(run_.folder(name), settings), KafkaBroker(run_.folder(f"{name}-kafka"), settings)]
    try:
        for broker in brokers:
            broker.start()
        count, wrong = module.compare(brokers[0].address, brokers[1].address)
    finally:
        for broker in brokers:
            if broker.address is not None:
                broker.stop()
    if run_.arguments.peer == "kafka":
        # Kafka against itself: what is the same each time; the differences of ours are not there.
        wrong = [line for line in wrong if "no longer different" not in line]
    if wrong:
        shown = "\n".join("    " + line for line in wrong)
        raise Failed(f"{len(wrong)} things of {count} answers differ from Kafka's:\n{shown}")
    return f"{count} answers"


def command_line_tools(run_):
    """Kafka's command-line tools and our scripts of their names, on both brokers: equal outputs."""
    need("java", "default-jre-headless")
    if run_.arguments.peer == "kafka":
        raise Skipped("it compares Moldau with Kafka")
    words, wrong = cli_differential.answers(run_.folder("tools"))
    if wrong:
        raise Failed(f"{len(wrong)} outputs differ:\n" + "\n".join(wrong))
    return words


def moves(run_):
    """Moves between log directories, by requests and by Kafka's tools, on both brokers: equal answers."""
    need("java", "default-jre-headless")
    if run_.arguments.peer == "kafka":
        raise Skipped("it compares Moldau with Kafka")
    count, wrong = moves_differential.compare(run_.folder("moves"))
    if wrong:
        raise Failed(f"{len(wrong)} answers differ:\n" + "\n".join(wrong))
    return f"{count} answers"


def compaction(run_):
    """Kafka and Moldau compact the same folder: the same records survive, line by line of dump-log."""
    need("java", "default-jre-headless")
    if run_.arguments.peer == "kafka":
        raise Skipped("it compares Moldau's cleaner with Kafka's")
    return "; ".join(compaction_differential.one(seed, 40) for seed in (1, 2))


def compaction_kill9(run_):
    """kill -9 during load and compaction, 30 times (./x test has 6): the newest value of each key is right."""
    if run_.arguments.peer == "kafka":
        raise Skipped("it kills Moldau")
    script = os.path.join(ROOT, "test", "recovery", "compaction_kill9.py")
    out, _ = run([sys.executable, script, "--kills", "30"], timeout=600, environment={"MOLDAU_BINARY": MOLDAU})
    return out.decode().strip().splitlines()[-1]


CONTROL_TYPES = {
    "EndTxnMarker": 0,
    "LeaderChangeMessage": 2,
    "SnapshotHeaderRecord": 3,
    "SnapshotFooterRecord": 4,
    "KRaftVersionRecord": 5,
    "VotersRecord": 6,
}


def stored_vectors():
    """The vectors of test/wire as lines for CodecCheck."""
    lines = []
    for path in sorted(glob.glob(os.path.join(ROOT, "test", "wire", "*", "*.hex"))):
        with open(path) as file:
            facts = dict(word.split("=", 1) for word in file.readline().split()[1:])
            data = "".join(iter(lambda: file.readline().strip().replace("--- json", ""), ""))
        kind, api = facts["kind"], facts.get("api", "-1")
        if kind.endswith("-frame"):
            continue
        if kind == "header":
            kind = "request-header" if facts["name"] == "RequestHeader" else "response-header"
        elif kind == "control-record":
            api = str(CONTROL_TYPES[facts["name"]])
        lines.append(f"{kind} {api} {facts['version']} {data}")
    return lines


def moldau_codec():
    """Random messages of our codec at every version: Kafka's decoding, its JSON text and its bytes are ours; and the field
    table is that of Kafka's schemas."""
    for program in (WIRE_VECTORS, SCHEMA_CHECK):
        if not os.access(program, os.X_OK):
            raise Failed(f"{program} is missing: ./x build")
    lines = run([WIRE_VECTORS, "--count", "20"])[0].decode().splitlines()
    out = peer("java", WIRE_COMPARE, data="\n".join(lines).encode() + b"\n")[0].decode().splitlines()
    if not out or not out[-1].endswith(" 0 differences"):
        raise Failed("WireCompare:\n" + "\n".join("    " + line[:600] for line in out[-6:]))
    # The check of the check: a message with its first byte changed must be found.
    number = next(n for n, line in enumerate(lines) if len(line) > 200)
    words = lines[number].split(" ", 3)
    words[3] = ("0" if words[3][0] != "0" else "1") + words[3][1:]
    broken = [*lines[:number], " ".join(words), *lines[number + 1:]]
    blind, _ = run([PEER, "java", WIRE_COMPARE], data="\n".join(broken).encode() + b"\n", check=False)
    if blind.decode().splitlines()[-1:] == out[-1:]:
        raise Failed("the planted difference was not found: the check is blind")
    schemas = peer("schemas")[0].decode().strip()
    compared = run([SCHEMA_CHECK, schemas])[0].decode().splitlines()[-1]
    if not compared.endswith(" 0 differences"):
        raise Failed(compared)
    return f"{out[-1]}; schemas: {compared}"


def java_codec(run_):
    """Every message of the codec under test, decoded and encoded again by Kafka's own classes: equal bytes."""
    need("java", "default-jre-headless")
    if run_.arguments.peer != "kafka":
        return moldau_codec()
    lines = stored_vectors()
    lines = [line for line in lines if line.strip()]
    kinds = {tuple(line.split()[:3]) for line in lines}
    if not lines:
        raise Failed("no lines to check")
    # The check of the check: the same line with its last byte missing must be found bad.
    planted = next(line for line in lines if len(line.split()[-1]) > 20)[:-2]
    out, _ = peer("java", "CodecCheck", data="\n".join([*lines, planted]).encode() + b"\n")
    *bad, last = out.decode().splitlines()
    if not last.endswith(" bad"):
        raise Failed(f"CodecCheck said {last!r}")
    if len(bad) == 0:
        raise Failed("the planted bad line was not found: the check is blind")
    if len(bad) > 1 or not last.startswith(f"{len(lines)} good, 1 bad"):
        raise Failed(
            f"{last} (one bad line is planted), the first:\n" + "\n".join("    " + line[:600] for line in bad[:5])
        )
    return f"{len(lines)} messages of {len(kinds)} kinds and versions"


def all_checks(run_):
    """(name, function) in the order in which they run."""
    each = run_.clients
    checks = [(f"generators/{c.name}", lambda c=c: generators(run_, c)) for c in each if c.name != "kcat"]
    checks += [(f"produce/{c.name}", lambda c=c: produce(run_, c)) for c in each]
    checks += [(f"consume/{c.name}", lambda c=c: consume(run_, c)) for c in each]
    new, old = (".".join(PINS[pin].split(".")[:2]) for pin in ("KAFKA_VERSION", "KAFKA_OLD_CLIENT"))
    checks.append((f"console/java-{new}", lambda: console_new(run_)))
    if not run_.arguments.fast:
        checks.append((f"console/java-{old}", lambda: console_old(run_)))
    checks.append((f"perf/java-{new}", lambda: perf_new(run_)))
    if not run_.arguments.fast:
        checks.append((f"perf/java-{old}", lambda: perf_old(run_)))
    checks += [(f"codecs/{c.name}", lambda c=c: retention_of_codecs(run_, c)) for c in each]
    checks += [
        ("dumplog", lambda: dump(run_)),
        ("reopen", lambda: reopened(run_)),
        ("java-codec", lambda: java_codec(run_)),
        ("folder-to-moldau", lambda: folder_to_moldau(run_)),
        ("folder-to-kafka", lambda: folder_to_kafka(run_)),
    ]
    checks += [(f"matrix/{one.name}", lambda one=one: run_.matrix.check(one)) for one in run_.matrix.subjects]
    if not run_.arguments.fast:
        checks += [
            ("answers", lambda: equal_answers(run_, "answers", differential)),
            ("admin", lambda: equal_answers(run_, "admin", differential_admin)),
            ("groups", lambda: equal_answers(run_, "groups", consumer_group_diff, consumer_group_diff.SETTINGS)),
            ("adminclient", lambda: equal_answers(run_, "adminclient", adminclient, adminclient.SETTINGS)),
            ("kafka-tests", lambda: published_tests.check(run_.arguments.peer == "kafka")),
            ("tools", lambda: command_line_tools(run_)),
            ("moves", lambda: moves(run_)),
            ("compaction", lambda: compaction(run_)),
            ("compaction-kill9", lambda: compaction_kill9(run_)),
            ("folder-to-moldau-kill9", lambda: folder_to_moldau_kill9(run_)),
            ("folder-to-moldau-static", lambda: folder_to_moldau_static(run_)),
            ("folder-to-kafka-kill9", lambda: folder_to_kafka_kill9(run_)),
        ]
    if run_.arguments.long:
        checks.append(("kafka-tests-long", lambda: published_tests.check(run_.arguments.peer == "kafka", "long")))
    return checks
