"""The matrix client x feature: every client's program does the same with the broker and prints facts, and the facts
must be these. What the programs do, and how they say it, is in matrix_common.py; here are the clients, what each must print,
    and
the table.

A client that lacks a feature of itself is listed in MISSING with the reason; a cell is never left out otherwise.
"""

import concurrent.futures
import os
import shutil
import subprocess

import matrix_common as common
from harness import HERE, PEER, PINS, Failed, Skipped, go_program, need, node_program, peer, python_environment, run
from harness import rust_program
from rawclient import RawClient

FEATURES = (
    "produce",
    "consume",
    "rebalance",
    "static",
    "seek",
    "commit",
    "reset",
    "topics",
    "groups",
    "delgroup",
    "lag",
)
TITLES = {"delgroup": "delete group", "topics": "topics, configs", "groups": "list, describe groups"}
# Small times, so that a rebalance takes one second and not ten. The same on Kafka.
SETTINGS = {
    "log.retention.ms": "-1",  # the records' own timestamps are old
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.min.heartbeat.interval.ms": "500",
    "group.consumer.heartbeat.interval.ms": "500",
    "offsets.topic.num.partitions": "4",
}
TIMEOUT_S = 400
WORKERS = 4

_NO_ADMIN = "kcat has no administration"
MISSING = {
    "kcat": {"topics": _NO_ADMIN, "groups": _NO_ADMIN, "delgroup": _NO_ADMIN, "lag": _NO_ADMIN},
    "kafka-python-old": {
        "static": "kafka-python 2.0 knows no group.instance.id",
    },
    "kafka-go": {"static": "kafka-go knows no group.instance.id"},
    "platformatic-consumer": {
        "static": "its close() leaves the group for good, with the consumer protocol too",
        "groups": "its describeGroups() asks DescribeGroups, which knows classic groups only",
    },
    "kafkajs": {"static": "KafkaJS 2.2 knows no group.instance.id"},
}


# kcat commits what it printed and nothing else.
KCAT = {
    "commit": ["first 90", f"together {common.RECORDS}"],
    "reset": ["earliest 0 0 0 0", "latest 0 old"],
}


class Subject:
    """One client with one group protocol.

    timestamps: it sets the records' own. position: it tells where `latest` is before it has read anything. beyond: an
    offset behind the end is reset by its policy (kafka-go waits for the end to come).
    """


    def __init__(self, name, command, protocol="classic", fast=False, timestamps=True, position=True, beyond=True):
        self.name, self.protocol, self.fast, self.command = name, protocol, fast, command
        self.timestamps, self.position, self.beyond = timestamps, position, beyond

    def record_facts(self, topic, places):
        for partition, offset in places:
            i = offset * common.PARTITIONS + partition
            when = common.timestamp(i) if self.timestamps else "-"
            yield common.fact(
                partition, offset, when, common.key(i), common.value(topic, i), [("n", b"%d" % i)]
            )

    def expected(self, feature, topic):
        """The lines that the feature prints when all is well."""
        if self.name == "kcat" and feature in KCAT:
            return KCAT[feature]
        each = common.RECORDS // common.PARTITIONS
        everywhere = [(partition, offset) for partition in range(common.PARTITIONS) for offset in range(each)]
        if feature == "produce":
            return [f"acknowledged {common.RECORDS}"]
        if feature == "consume":
            return list(self.record_facts(topic, everywhere))
        if feature == "rebalance":
            return ["alone 4 all", "joined 2 2 all", "left 4 all", f"read {common.RECORDS}"]
        if feature == "static":
            return ["both 2 2 all", "again same", "other undisturbed"]
        if feature == "seek":
            found = [*self.record_facts(topic, [(0, 17), (0, 18), (0, 19)]), "begin 0 0", f"end 0 {each}"]
            return found + (["time 2 25"] if self.timestamps else [])
        if feature == "commit":
            shown = ["committed 0 10", "committed 1 20", "committed 2 -", "committed 3 -"]
            return shown + ["resumes 0 10", "resumes 1 20", "resumes 2 0", "resumes 3 0"]
        if feature == "reset":
            latest = [f"latest {each} {each} {each} {each}"] if self.position else []
            beyond = ["beyond 0 0 0 0"] if self.beyond else []
            return ["earliest 0 0 0 0", *latest, "reset 5 5 5 5", *beyond]
        if feature == "topics":
            return [
                "created 3",
                "again 36",
                "config retention.ms=1234567",
                "altered max.message.bytes=54321 retention.ms=1234567",
                "partitions 5",
                "deleted yes",
            ]
        if feature == "groups":
            return ["listed yes", "state Stable", "members 1", "assigned 0 1 2 3"]
        if feature == "delgroup":
            return ["active 68", "empty 0", "listed no"]
        return [f"lag {p} {at} {each} {each - at}" for p, at in enumerate((10, 20, 30, 50))]


def _python(script, name, packages):
    return lambda: [python_environment(name, packages), os.path.join(HERE, "python", script)]


def _java(verb):
    def command():
        need("java", "default-jre-headless")
        peer("fetch")
        return [PEER, verb, "Matrix"]

    return command


def _kcat():
    need("kcat", "kcat")
    return [shutil.which("python3"), os.path.join(HERE, "python", "matrix_kcat.py")]


def subjects(codec_packages):
    new, old, confluent = PINS["KAFKA_PYTHON_NEW"], PINS["KAFKA_PYTHON_OLD"], PINS["CONFLUENT_KAFKA"]
    java, java_old = (".".join(PINS[pin].split(".")[:2]) for pin in ("KAFKA_VERSION", "KAFKA_OLD_CLIENT"))
    librdkafka = _python("matrix_confluent.py", f"confluent-kafka-{confluent}", [f"confluent-kafka=={confluent}"])
    aiokafka = PINS["AIOKAFKA"]
    return [
        Subject(f"java-{java}", _java("java"), fast=True),
        Subject(f"java-{java}-consumer", _java("java"), "consumer", fast=True),
        Subject(f"java-{java_old}", _java("java-old"), fast=True),
        Subject("librdkafka", librdkafka, fast=True, position=False),
        Subject("librdkafka-consumer", librdkafka, "consumer", fast=True, position=False),
        Subject("kcat", _kcat, fast=True, timestamps=False, position=False),
        Subject(
            "kafka-python-new",
            _python("matrix_kafka_python.py", f"kafka-python-{new}", [f"kafka-python=={new}", *codec_packages]),
            fast=True,
        ),
        Subject(
            "kafka-python-old",
            _python("matrix_kafka_python.py", f"kafka-python-{old}", [f"kafka-python=={old}", *codec_packages]),
            fast=True,
        ),
        Subject(
            "aiokafka", _python("matrix_aiokafka.py", f"aiokafka-{aiokafka}", [f"aiokafka=={aiokafka}"]), fast=True
        ),
        Subject("franz-go", lambda: [go_program("matrix"), "franz-go"], position=False),
        Subject("sarama", lambda: [go_program("matrix"), "sarama"], position=False),
        Subject("kafka-go", lambda: [go_program("matrix"), "kafka-go"], position=False, beyond=False),
        Subject("kafkajs", lambda: node_program("kafkajs.mjs"), position=False),
        Subject("platformatic", lambda: node_program("platformatic.mjs"), position=False),
        Subject("platformatic-consumer", lambda: node_program("platformatic.mjs"), "consumer", position=False),
        Subject("rust-rdkafka", lambda: [rust_program()], position=False),
    ]


def parse(text):
    """{feature: its lines} of what a program printed."""
    found, lines = {}, None
    for line in text.splitlines():
        if line.startswith("= "):
            lines = found.setdefault(line[2:], [])
        elif lines is not None and line:
            lines.append(line)
    return found


class Matrix:
    """The clients run at the first check that asks, some at a time, all against one broker of their own."""

    def __init__(self, run_, list_of_subjects):
        self.run_ = run_
        self.subjects = [one for one in list_of_subjects if one.fast or not run_.arguments.fast]
        self.broker, self.pool, self.futures = None, None, {}
        self.cells = {}  # {(client, feature): "ok", "FAIL", "-" or "skip"}

    def _start(self):
        if self.broker is None:
            self.broker = self.run_.broker_class(self.run_.folder("features"), SETTINGS).start()
            self.pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
            for subject in self.subjects:
                if f"matrix/{subject.name}" in self.run_.chosen:
                    self.futures[subject.name] = self.pool.submit(self._program, subject)

    def _program(self, subject):
        try:
            command = subject.command()
        except Skipped:
            self.cells.update({(subject.name, feature): "skip" for feature in FEATURES})
            raise
        with RawClient(self.broker.address) as raw:
            raw.create_topic(f"{subject.name}-data", common.PARTITIONS)
        with open(os.path.join(self.broker.folder, f"{subject.name}.err"), "wb") as errors:
            process = subprocess.Popen(
                [*command, self.broker.address, subject.name, subject.protocol, *FEATURES],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            try:
                out, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                out, _ = process.communicate()
        return parse(out.decode(errors="replace"))

    def check(self, subject):
        self._start()
        found, wrong = self.futures[subject.name].result(), []
        topic = f"{subject.name}-data"
        for feature in FEATURES:
            lines, missing = found.get(feature), MISSING.get(subject.name, {}).get(feature)
            if missing and lines and lines[0].startswith("- "):
                self.cells[subject.name, feature] = "-"
                continue
            problem = difference(subject.expected(feature, topic), lines)
            if not problem and missing:
                problem = "it works: take it from MISSING"
            if not problem and feature == "produce":
                problem = self._stored(subject, topic)
            if not problem and feature == "consume":
                problem = self._committed(subject, topic)
            self.cells[subject.name, feature] = "FAIL" if problem else "ok"
            if problem:
                wrong.append(f"    {feature}: {problem}")
        if wrong:
            errors = os.path.join(self.broker.folder, f"{subject.name}.err")
            raise Failed(f"{len(wrong)} of {len(FEATURES)} features ({errors}):\n" + "\n".join(wrong))
        done = sum(self.cells[subject.name, feature] == "ok" for feature in FEATURES)
        return f"{done} features" + (f", {len(FEATURES) - done} that it does not have" if done < len(FEATURES) else "")

    def _stored(self, subject, topic):
        """What lies in the topic, read by kcat."""
        need("kcat", "kcat")
        form = "%p %o %T %k %s %h\\n"
        out, _ = run(
            ["kcat", "-b", self.broker.address, "-C", "-q", "-e", "-t", topic, "-o", "beginning", "-f", form],
                timeout=60
        )
        lines = [line.rsplit(" n=", 1) for line in out.decode().splitlines()]
        facts = []
        for words, number in lines:
            partition, offset, when, rest = words.split(" ", 3)
            facts.append(f"{partition} {offset} {when if subject.timestamps else '-'} {rest} {number}")
        return difference(subject.expected("consume", topic), common.by_place(facts))

    def _committed(self, subject, topic):
        if subject.name == "kcat":
            return None  # it commits as it goes, and ends where it will
        with RawClient(self.broker.address) as raw:
            found = raw.committed(f"{subject.name}-consume", topic, common.PARTITIONS)
        each = common.RECORDS // common.PARTITIONS
        return None if found == [each] * common.PARTITIONS else f"committed {found}, not {each} everywhere"

    def table(self):
        """The cells as text: a row a client, a column a feature."""
        names = [one.name for one in self.subjects if any((one.name, feature) in self.cells for feature in FEATURES)]
        if not names:
            return ""
        heads = [TITLES.get(feature, feature) for feature in FEATURES]
        first = max(map(len, names))
        rows = ["client".ljust(first) + "  " + "  ".join(heads)]
        for name in names:
            cells = [self.cells.get((name, feature), "?").ljust(len(head)) for feature, head in zip(FEATURES, heads)]
            rows.append(f"{name.ljust(first)}  {'  '.join(cells)}".rstrip())
        notes = [
            f"- {name}: {', '.join(missing)}: {reason}"
            for name in names
            for reason, missing in _by_reason(MISSING.get(name, {})).items()
        ]
        return "\n".join([*rows, *notes])

    def stop(self):
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
        broker, self.broker = self.broker, None
        if broker is not None:
            broker.stop()


def _by_reason(missing):
    turned = {}
    for feature, reason in missing.items():
        turned.setdefault(reason, []).append(feature)
    return turned


def difference(want, got):
    """None, or words for the first difference of two lists of lines."""
    if got is None:
        return "the program did not come to it"
    if want == got:
        return None
    for i, (left, right) in enumerate(zip(want, got)):
        if left != right:
            return f"line {i + 1}: {right!r}, {left!r} is wanted"
    shorter = want[len(got) :] if len(got) < len(want) else got[len(want) :]
    what = "missing" if len(got) < len(want) else "too many"
    return f"{len(got)} lines, {len(want)} are wanted; {what}: {shorter[0]!r}"
