"""The foreign clients of the matrix: each can produce topics with a codec and consume topics by assignment, and tells
its sums.

All but kcat are programs with the command line of common.py. kcat takes its records from standard input, one call per
partition.
"""

import os
import re

import content
from common import records_of_partition
from harness import HERE, PEER, PINS, Failed, go_client, need, peer, python_environment, run

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
CODEC_PACKAGES = [
    f"lz4=={PINS['PYTHON_LZ4']}",
    f"python-snappy=={PINS['PYTHON_SNAPPY']}",
    f"zstandard=={PINS['PYTHON_ZSTANDARD']}",
    f"crc32c=={PINS['PYTHON_CRC32C']}",
]


class Client:
    """name: as in the checks; idempotent: its stored batches must carry a producer id."""

    def __init__(self, name, idempotent, command):
        self.name, self.idempotent, self._command = name, idempotent, command

    def topic(self, codec):
        return f"{self.name}-{codec}"

    def _sums(self, verb, address, partitions, records, topics, timeout):
        out, _ = run([*self._command(), verb, address, str(partitions), str(records), *topics], timeout=timeout)
        return parse_sums(out.decode())

    def prepare(self):
        self._command()

    def expect(self, partitions, records, topics):
        out, _ = run([*self._command(), "expect", str(partitions), str(records), *topics])
        return parse_sums(out.decode())

    def produce(self, address, partitions, records, codecs, timeout=1800):
        return self._sums(
            "produce", address, partitions, records, [f"{self.topic(codec)}:{codec}" for codec in codecs], timeout
        )

    def consume(self, address, partitions, records, topics, timeout=3600):
        return self._sums("consume", address, partitions, records, topics, timeout)


class Kcat(Client):
    def __init__(self):
        super().__init__("kcat", False, None)

    def prepare(self):
        need("kcat", "kcat")

    def topic(self, codec):
        return f"{self.name}-{codec}-text"

    def expect(self, partitions, records, topics):
        return parse_sums("\n".join(line for topic in topics for line in content.expected(topic, partitions, records)))

    def produce(self, address, partitions, records, codecs, timeout=1800):
        headers = [part for name, value in content.TEXT_HEADERS for part in ("-H", f"{name}={value.decode()}")]
        for codec in codecs:
            topic = self.topic(codec)
            seed = content.seed_of(topic)
            lines = [[] for _ in range(partitions)]
            for i in range(records):
                key, value, _ = content.record(seed, i, True)
                lines[i % partitions].append((key or b"") + b"|" + (value or b"") + b"\n")
            for partition in range(partitions):
                run(
                    [
                        "kcat",
                        "-b",
                        address,
                        "-P",
                        "-t",
                        topic,
                        "-p",
                        str(partition),
                        "-K|",
                        "-Z",
                        "-z",
                        codec,
                        *headers,
                    ],
                    timeout=timeout,
                    data=b"".join(lines[partition]),
                )
        return self.expect(partitions, records, [self.topic(codec) for codec in codecs])

    def consume(self, address, partitions, records, topics, timeout=3600):
        sums = {}
        for topic in topics:
            for partition in range(partitions):
                count = records_of_partition(partition, partitions, records)
                if not count:
                    continue
                out, _ = run(
                    [
                        "kcat",
                        "-b",
                        address,
                        "-C",
                        "-q",
                        "-t",
                        topic,
                        "-p",
                        str(partition),
                        "-o",
                        "beginning",
                        "-e",
                        "-X",
                        "fetch.wait.max.ms=10",
                        "-f",
                        "%o %K %S %h\\n%k%s\\n",
                    ],
                    timeout=timeout,
                )
                one = content.Sum()
                for record in parse_kcat(out):
                    one.add(*record)
                sums[topic, partition] = (one.count, one.line(topic, partition).split()[4])
        return sums


def parse_kcat(data):
    """Yields (offset, key, value, headers) of what kcat printed by '%o %K %S %h\\n%k%s\\n'; lengths of -1 are null."""
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        match = re.fullmatch(rb"(\d+) (-?\d+) (-?\d+) ?(.*)", data[at:end])
        if not match:
            raise Failed(f"kcat printed {data[at:end][:80]!r}")
        offset, key_length, value_length = int(match[1]), int(match[2]), int(match[3])
        at = end + 1
        key = value = None
        # For null, kcat prints nothing or, with -Z, the word NULL; we run it without -Z.
        if key_length >= 0:
            key = data[at : at + key_length]
            at += key_length
        if value_length >= 0:
            value = data[at : at + value_length]
            at += value_length
        if data[at : at + 1] != b"\n":
            raise Failed(f"kcat's output is out of step at offset {offset}")
        at += 1
        headers = []
        for pair in match[4].split(b",") if match[4] else ():
            name, _, field = pair.partition(b"=")
            headers.append((name, None if field == b"NULL" else field))
        yield offset, key, value, headers


def parse_sums(text):
    """{(topic, partition): (count, digest)} of the lines `sum TOPIC PARTITION COUNT DIGEST`."""
    sums = {}
    for line in text.splitlines():
        word, *rest = line.split()
        if word == "sum":
            topic, partition, count, digest = rest
            if int(count):
                sums[topic, int(partition)] = (int(count), digest)
    return sums


def _python(script, name, packages):
    def command():
        return [python_environment(name, packages), os.path.join(HERE, "python", script)]

    return command


def _java(verb):
    def command():
        need("java", "default-jre-headless")
        peer("fetch")
        return [PEER, verb, "Client"]

    return command


def all_clients():
    old, new, confluent = PINS["KAFKA_PYTHON_OLD"], PINS["KAFKA_PYTHON_NEW"], PINS["CONFLUENT_KAFKA"]
    return [
        Kcat(),
        Client("java-" + ".".join(PINS["KAFKA_VERSION"].split(".")[:2]), True, _java("java")),
        Client("java-" + ".".join(PINS["KAFKA_OLD_CLIENT"].split(".")[:2]), True, _java("java-old")),
        Client(
            "librdkafka",
            True,
            _python("client_confluent.py", f"confluent-kafka-{confluent}", [f"confluent-kafka=={confluent}"]),
        ),
        Client(
            "kafka-python-new",
            True,
            _python("client_kafka_python.py", f"kafka-python-{new}", [f"kafka-python=={new}", *CODEC_PACKAGES]),
        ),
        Client(
            "kafka-python-old",
            False,
            _python("client_kafka_python.py", f"kafka-python-{old}", [f"kafka-python=={old}", *CODEC_PACKAGES]),
        ),
        Client("franz-go", True, lambda: [go_client()]),
    ]


FAST = ("kcat", "java-" + ".".join(PINS["KAFKA_VERSION"].split(".")[:2]), "kafka-python-new")
