"""Kafka's own command-line tools, run in one virtual machine (java/ToolRunner.java)."""

import base64
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = os.path.join(os.path.dirname(HERE), "peer.sh")
TOOLS = "org.apache.kafka.tools."

MAINS = {
    "kafka-topics": TOOLS + "TopicCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-producer": TOOLS + "ConsoleProducer",
    "kafka-console-consumer": TOOLS + "consumer.ConsoleConsumer",
    "kafka-consumer-groups": TOOLS + "consumer.group.ConsumerGroupCommand",
    "kafka-get-offsets": TOOLS + "GetOffsetShell",
    "kafka-delete-records": TOOLS + "DeleteRecordsCommand",
    "kafka-log-dirs": TOOLS + "LogDirsCommand",
    "kafka-reassign-partitions": TOOLS + "reassign.ReassignPartitionsCommand",
    "kafka-producer-perf-test": TOOLS + "ProducerPerformance",
    "kafka-consumer-perf-test": TOOLS + "ConsumerPerformance",
    "kafka-features": TOOLS + "FeatureCommand",
    "kafka-metadata-quorum": TOOLS + "MetadataQuorumCommand",
    "kafka-cluster": TOOLS + "ClusterTool",
    "kafka-dump-log": TOOLS + "DumpLogSegments",
}


class Ran:
    """What one run of a tool gave."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"


class KafkaTools:
    """A running virtual machine of tools; close() ends it."""

    def __init__(self, log):
        self.log = open(log, "wb")
        self.process = subprocess.Popen(
            ["nice", "-n", "15", PEER, "java", "ToolRunner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )

    def run(self, tool, *words, data=""):
        fields = [data, *words]
        encoded = [base64.b64encode(field.encode()).decode() for field in fields]
        self.process.stdin.write(("\t".join([MAINS[tool], *encoded]) + "\n").encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().rstrip("\n").split("\t")
        if len(answer) != 3:
            raise RuntimeError(f"the tool runner ended at {tool} {' '.join(words)}; see {self.log.name}")
        out, err = (base64.b64decode(field).decode("utf-8", "replace") for field in answer[1:])
        return Ran(int(answer[0]), out, err)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
