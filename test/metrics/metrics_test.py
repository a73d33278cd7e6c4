#!/usr/bin/env python3
"""/metrics, health and trace lines of a live broker: the text is clean by a strict checker, the names that dashboards go by
are there with the right values, series are bounded, health turns at the right moments, and no line of the trace shows a
record or a secret. MOLDAU_BINARY names the program (default build/moldau)."""
import http.client
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, "..", "recovery"), os.path.join(HERE, "..", "process")]
import prometheus_format  # noqa: E402
import raw_client  # noqa: E402
from process_test import BINARY, DEADLINE, Broker, free_ports, get  # noqa: E402
from raw_client import text  # noqa: E402

# ecosystem conventions: what kafka_exporter and Strimzi's rules for JMX call things.
EXPORTER = """kafka_brokers kafka_broker_info kafka_topic_partitions kafka_topic_partition_current_offset
kafka_topic_partition_oldest_offset kafka_topic_partition_in_sync_replica kafka_topic_partition_leader
kafka_topic_partition_leader_is_preferred kafka_topic_partition_replicas kafka_topic_partition_under_replicated_partition
kafka_consumergroup_current_offset kafka_consumergroup_lag kafka_consumergroup_current_offset_sum kafka_consumergroup_lag_sum
kafka_consumergroup_members""".split()
JMX = """kafka_server_brokertopicmetrics_messagesin_total kafka_server_brokertopicmetrics_bytesin_total
kafka_server_brokertopicmetrics_bytesout_total kafka_server_brokertopicmetrics_totalproducerequests_total
kafka_server_brokertopicmetrics_totalfetchrequests_total kafka_server_brokertopicmetrics_failedproducerequests_total
kafka_server_brokertopicmetrics_failedfetchrequests_total kafka_server_replicamanager_leadercount
kafka_server_replicamanager_partitioncount kafka_server_replicamanager_underreplicatedpartitions
kafka_server_replicamanager_underminisrpartitioncount kafka_controller_kafkacontroller_activecontrollercount
kafka_controller_kafkacontroller_offlinepartitionscount kafka_controller_kafkacontroller_globaltopiccount
kafka_controller_kafkacontroller_globalpartitioncount kafka_controller_controllerstats_uncleanleaderelections_total
kafka_network_requestmetrics_requests_total kafka_network_requestmetrics_errors_total kafka_network_requestmetrics_totaltimems
kafka_server_socket_server_metrics_connection_count kafka_log_log_size kafka_log_logmanager_offlinelogdirectorycount
kafka_cluster_partition_atminisr kafka_cluster_partition_underminisr kafka_cluster_partition_replicascount process_open_fds
process_cpu_seconds_total process_resident_memory_bytes process_start_time_seconds process_max_fds""".split()
IDLE = """kafka_network_socketserver_networkprocessoravgidle_percent
kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent""".split()


def http_1_0(port, path):
    """The body of an answer that ends with its connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.getheader("Transfer-Encoding") is None
    return answer.read().decode()


def string_bytes(value):
    return struct.pack(">i", len(value)) + value


class Client(raw_client.Connection):
    """With what groups need."""

    def find_coordinator(self, group):
        for _ in range(200):
            error = struct.unpack_from(">h", self.call(10, 0, text(group)))[0]
            if error == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"FindCoordinator: error {error}")

    def commit(self, group, topic, offsets, metadata="", generation=-1, member=""):
        body = text(group) + struct.pack(">i", generation) + text(member) + struct.pack(">qi", -1, 1) + text(topic)
        body += struct.pack(">i", len(offsets))
        for partition, offset in offsets.items():
            body += struct.pack(">iq", partition, offset) + text(metadata)
        for _ in range(200):
            answer = self.call(8, 2, body)
            error = struct.unpack_from(">h", answer, len(answer) - 2)[0]
            if error not in (14, 15, 16):
                return error
            time.sleep(0.05)
        return error

    def join(self, group, metadata=b"\0\0\0\0\0\0\0\0\0\0"):
        """A member of generation 1 with an assignment; its id."""
        body = text(group) + struct.pack(">ii", 30000, 30000) + text("") + text("consumer") + struct.pack(">i", 1)
        answer = self.call(11, 1, body + text("range") + string_bytes(metadata))
        error, generation, length = struct.unpack_from(">hih", answer)
        assert error == 0, f"JoinGroup: error {error}"
        at = 8 + length
        at += 2 + struct.unpack_from(">h", answer, at)[0]  # the leader
        length = struct.unpack_from(">h", answer, at)[0]
        member = answer[at + 2:at + 2 + length].decode()
        body = text(group) + struct.pack(">i", generation) + text(member) + struct.pack(">i", 1) + text(member)
        answer = self.call(14, 0, body + string_bytes(metadata))
        assert struct.unpack_from(">h", answer)[0] == 0, "SyncGroup failed"
        return member


class MetricsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="moldau-metrics-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port, self.admin = free_ports(2)

    def broker(self, *more):
        broker = Broker("--data", os.path.join(self.folder, "data"), "--listen", f"127.0.0.1:{self.port}", "--admin",
                        f"127.0.0.1:{self.admin}", "--set", "group.initial.rebalance.delay.ms=0", "--set",
                        "offsets.topic.num.partitions=3", *more)
        self.addCleanup(broker.__exit__)
        broker.wait_ready()
        return broker

    def client(self):
        client = Client(self.port)
        self.addCleanup(client.close)
        return client

    def metrics(self, path="/metrics"):
        status, page = get(self.admin, path, timeout=DEADLINE)
        self.assertEqual(status, 200)
        self.assertEqual(prometheus_format.check(page), [])
        return prometheus_format.parse(page)

    def load(self, client):
        """Some of everything: what was produced, and what a group has of it."""
        for topic, partitions in (("orders", 2), ("other", 1)):
            self.assertEqual(client.create_topic(topic, partitions), 0)
        for _ in range(10):
            self.assertEqual(client.produce("orders", 0, raw_client.batch([b"x"] * 5))[0], 0)
        self.assertEqual(client.produce("orders", 1, raw_client.batch([b"y"]))[0], 0)
        self.assertNotEqual(client.produce("orders", 7, raw_client.batch([b"z"]))[0], 0)
        broken = bytearray(raw_client.batch([b"z"]))
        broken[-1] ^= 1
        self.assertNotEqual(client.produce("other", 0, bytes(broken))[0], 0)
        self.assertEqual(client.fetch("orders", 0, 0)[0], 0)
        self.assertEqual(client.fetch("orders", 0, 999)[0], 1)
        self.assertEqual(client.fetch("orders", 1, 1, wait_ms=30)[0], 0)
        client.find_coordinator("readers")
        self.assertEqual(client.commit("readers", "orders", {0: 40, 1: 0}), 0)
        self.assertEqual(client.commit('a "quoted\\\n group', "orders", {0: 7}), 0)
        client.join("members")

    def test_values_and_names(self):
        broker = self.broker()
        client = self.client()
        self.load(client)
        found = self.metrics()
        for name in EXPORTER + JMX:
            self.assertIn(name, found)
        for name in IDLE:
            self.assertTrue(0 <= found[name].value() <= 1)

        def value(name, **labels):
            return found[name].value(**labels)

        here = {"topic": "orders", "partition": "0"}
        self.assertEqual(value("kafka_brokers"), 1)
        self.assertEqual(value("kafka_broker_info", id="1", address=f"127.0.0.1:{self.port}"), 1)
        self.assertEqual(value("kafka_topic_partitions", topic="orders"), 2)
        self.assertEqual(value("kafka_topic_partition_current_offset", **here), 50)
        self.assertEqual(value("kafka_topic_partition_oldest_offset", **here), 0)
        self.assertEqual(value("kafka_topic_partition_leader", **here), 1)
        self.assertEqual(value("kafka_consumergroup_current_offset", consumergroup="readers", **here), 40)
        self.assertEqual(value("kafka_consumergroup_lag", consumergroup="readers", **here), 10)
        self.assertEqual(value("kafka_consumergroup_lag_sum", consumergroup="readers", topic="orders"), 11)
        self.assertEqual(value("kafka_consumergroup_current_offset_sum", consumergroup="readers", topic="orders"), 40)
        self.assertEqual(value("kafka_consumergroup_lag", consumergroup='a "quoted\\\n group', **here), 43)
        self.assertEqual(value("kafka_consumergroup_members", consumergroup="members"), 1)
        self.assertEqual(value("kafka_consumergroup_members", consumergroup="readers"), 0)
        self.assertEqual(value("moldau_groups", type="classic", state="Stable"), 1)
        self.assertEqual(value("moldau_groups", type="classic", state="Empty"), 2)
        self.assertEqual(value("moldau_committed_offsets"), 3)
        self.assertEqual(value("moldau_offsets_committed_total"), 3)
        self.assertEqual(value("moldau_group_rebalances_total"), 1)
        topic = "kafka_server_brokertopicmetrics_"
        self.assertEqual(value(topic + "messagesin_total", topic="orders"), 51)
        self.assertEqual(value(topic + "totalproducerequests_total", topic="orders"), 11)
        self.assertEqual(value(topic + "failedproducerequests_total", topic="other"), 1)
        self.assertEqual(value(topic + "totalfetchrequests_total", topic="orders"), 3)
        self.assertEqual(value(topic + "failedfetchrequests_total", topic="orders"), 1)
        size = value("kafka_log_log_size", **here)
        self.assertGreater(size, 10 * 61)
        self.assertEqual(value(topic + "bytesout_total", topic="orders"), size)
        self.assertEqual(value(topic + "bytesin_total", topic="orders"), size + value("kafka_log_log_size", topic="orders", partition="1"))
        self.assertEqual(value("kafka_network_requestmetrics_requests_total", request="Produce"), 13)
        self.assertEqual(value("moldau_requests_total", api="Fetch"), 3)
        errors = {"api": "Fetch", "error": "OFFSET_OUT_OF_RANGE"}
        self.assertEqual(value("moldau_request_errors_total", **errors), 1)
        self.assertEqual(value("moldau_request_errors_total", api="Produce", error="UNKNOWN_TOPIC_OR_PARTITION"), 1)
        self.assertEqual(value("moldau_request_errors_total", api="Produce", error="CORRUPT_MESSAGE"), 1)
        self.assertEqual(value("kafka_cluster_partition_atminisr", **here), 1)
        self.assertEqual(value("kafka_cluster_partition_underminisr", **here), 0)
        self.assertEqual(value("kafka_controller_kafkacontroller_activecontrollercount"), 1)
        self.assertEqual(value("moldau_state", state="ready"), 1)

        # Latencies: every request is in the histogram of its API; one fetch waited 30 ms for records, and a produce for its sync.
        total = found["moldau_request_duration_seconds"].samples
        stages = found["moldau_request_stage_duration_seconds"].samples
        self.assertEqual(total["moldau_request_duration_seconds_count", (("api", "Produce"),)], 13)

        def stage(suffix, api, name):
            return stages["moldau_request_stage_duration_seconds_" + suffix, (("api", api), ("stage", name))]

        self.assertEqual(stage("count", "Fetch", "wait"), 1)
        self.assertGreater(stage("sum", "Fetch", "wait"), 0.02)
        self.assertEqual(stage("count", "Produce", "wait"), 11)
        self.assertGreater(stage("sum", "Produce", "local"), 0)
        parts = sum(stage("sum", "Produce", name) for name in ("queue", "local", "wait", "send"))
        self.assertAlmostEqual(parts, total["moldau_request_duration_seconds_sum", (("api", "Produce"),)], places=6)
        syncs = found["moldau_sync_duration_seconds"].samples
        self.assertGreaterEqual(syncs["moldau_sync_duration_seconds_count", ()], 11)

        # Nothing else is served than what the table says.
        table = {row["name"]: row for row in json.loads(subprocess.run(
            [BINARY, "reference"], check=True, capture_output=True, timeout=DEADLINE).stdout)["metrics"]}
        for name, family in found.items():
            self.assertEqual(family.kind, table[name]["kind"], name)
            wanted = {label for label in table[name]["labels"].split(",") if label} - {"quantile"}
            for _, labels in family.samples:
                self.assertEqual({label for label, _ in labels} - {"le", "quantile"}, wanted, name)
        self.assertEqual(set(prometheus_format.parse(http_1_0(self.admin, "/metrics"))), set(found))
        health = json.loads(get(self.admin, "/v1/cluster/health_overview")[1])
        self.assertEqual((health["is_healthy"], health["controller_id"], health["all_nodes"]), (True, 1, [1]))
        client.close()
        self.assertEqual(broker.end(), 0)

    def test_what_was_deleted_is_gone(self):
        self.broker()
        client = self.client()
        client.create_topic("short", 1)
        client.produce("short", 0, raw_client.batch([b"x"]))
        self.assertIn('topic="short"', get(self.admin, "/metrics")[1])
        client.call(20, 1, struct.pack(">i", 1) + text("short") + struct.pack(">i", 30000))
        self.assertNotIn('topic="short"', get(self.admin, "/metrics")[1])

    def test_series_are_bounded(self):
        self.broker("--metrics-limit", "30")
        client = self.client()
        client.create_topic("wide", 50)
        client.find_coordinator("readers")
        client.commit("readers", "wide", {partition: 0 for partition in range(50)})

        def shown(path):
            found = self.metrics(path)
            dropped = {dict(labels)["kind"]: value for (_, labels), value in found["moldau_metrics_dropped"].samples.items()}
            return [len(found[name].samples) if name in found else 0 for name in
                    ("kafka_topic_partition_leader", "kafka_consumergroup_lag", "kafka_topic_partitions")] + [dropped]

        # The 3 partitions of __consumer_offsets come first by name.
        self.assertEqual(shown("/metrics"), [30, 30, 2, {"topic": 0, "partition": 23, "group": 0, "group_partition": 20}])
        self.assertEqual(shown("/metrics?limit=10"), [10, 10, 2, {"topic": 0, "partition": 43, "group": 0, "group_partition": 40}])
        self.assertEqual(shown("/metrics?limit=1000")[0], 30)
        self.assertEqual(shown("/metrics?limit=1")[2:], [1, {"topic": 1, "partition": 52, "group": 0, "group_partition": 49}])
        nothing = {"topic": 0, "partition": 0, "group": 0, "group_partition": 0}
        self.assertEqual(shown("/public_metrics"), [0, 0, 2, nothing])
        self.assertEqual(shown("/metrics?detail=node"), [0, 0, 0, nothing])
        found = self.metrics("/public_metrics")
        self.assertEqual(found["kafka_server_replicamanager_partitioncount"].value(), 53)
        self.assertEqual(found["kafka_consumergroup_lag_sum"].value(consumergroup="readers", topic="wide"), 0)
        for query in ("detail=all", "limit=0", "limit=x", "limit=-1"):
            self.assertEqual(get(self.admin, "/metrics?" + query)[0], 400)

    def test_health_while_it_stops(self):
        broker = self.broker()
        client = self.client()
        client.create_topic("t", 1)
        for _ in range(8):
            client.produce("t", 0, raw_client.batch([b"x" * 1_000_000]))
        self.assertEqual(get(self.admin, "/readyz"), (200, "ok\n"))
        # An answer that nobody reads holds the end up, for a while.
        body = struct.pack(">iiiibiii", -1, 100, 1, 50 << 20, 0, 0, -1, 1) + text("t")
        body += struct.pack(">iiiqqi", 1, 0, -1, 0, -1, 50 << 20) + struct.pack(">i", 0) + text("")
        slow = self.client()
        slow.send(1, 11, body)
        end = time.monotonic() + DEADLINE
        while self.metrics("/metrics?detail=node")["moldau_record_bytes_fetched_total"].value() == 0:
            self.assertLess(time.monotonic(), end)
        broker.process.send_signal(signal.SIGTERM)
        while get(self.admin, "/readyz")[0] == 200:
            self.assertLess(time.monotonic(), end)
        self.assertEqual(get(self.admin, "/readyz"), (503, "stopping\n"))
        self.assertEqual(get(self.admin, "/v1/status/ready"), (503, '{"status":"stopping"}\n'))
        self.assertEqual(get(self.admin, "/v1/cluster/health_overview")[0], 503)
        self.assertEqual(get(self.admin, "/healthz"), (200, "ok\n"))
        self.assertEqual(self.metrics()["moldau_state"].value(state="stopping"), 1)
        slow.close()
        client.close()
        self.assertEqual(broker.end(), 0)

    def test_the_trace_shows_no_records_and_no_secrets(self):
        secret = "Gr3enL1zard"
        marked = secret.encode()
        broker = self.broker("--trace", "debug", "--set", f"ssl.keystore.password={secret}", "--set", f"no.such.password={secret}")
        client = self.client()
        client.create_topic("t", 1)
        self.assertEqual(client.produce("t", 0, raw_client.batch([marked] * 3))[0], 0)
        broken = bytearray(raw_client.batch([marked]))
        broken[20] ^= 1
        self.assertNotEqual(client.produce("t", 0, bytes(broken))[0], 0)
        keyless = client.create_topic("compacted", 1, [("cleanup.policy", "compact")])
        self.assertEqual(keyless, 0)
        self.assertNotEqual(client.produce("compacted", 0, raw_client.batch([marked]))[0], 0)
        self.assertEqual(client.fetch("t", 0, 0)[0], 0)
        client.find_coordinator("g")
        self.assertEqual(client.commit("g", "t", {0: 1}, metadata=secret), 0)
        client.join("members", metadata=b"\0\0\0\0\0\0" + string_bytes(marked))
        client.commit('x" level=error event="forged\nlevel=error event=forged', "t", {0: 0})
        # A setting that is refused, one with a secret, and a user's password.
        for name in ("ssl.keystore.password", "sasl.jaas.config", "log.retention.ms"):
            client.call(44, 0, struct.pack(">ibh", 1, 4, 1) + b"1" + struct.pack(">i", 1) + text(name) + b"\0" + text(secret) + b"\0")
        flexible = lambda value: bytes([len(value) + 1]) + value  # noqa: E731
        scram = b"\0" + b"\1" + b"\2" + flexible(b"user") + struct.pack(">bi", 1, 4096) + flexible(marked) * 2 + b"\0\0"
        payload = struct.pack(">hhi", 51, 0, 1) + text("raw") + scram
        client.socket.sendall(struct.pack(">i", len(payload)) + payload)
        client.receive()
        # Bytes that are no request, and a request that cannot be read.
        unreadable = struct.pack(">hhi", 0, 7, 1) + text("raw") + marked * 2
        for junk in (b"\x7f\xff\xff\xff" + marked * 3, struct.pack(">i", len(unreadable)) + unreadable):
            other = self.client()
            other.socket.sendall(junk)
            self.assertEqual(other.socket.recv(100), b"")
        # The level goes down and up again while it runs.
        for level in ("ERROR", "DEBUG"):
            answer = client.call(44, 0, struct.pack(">ibh", 1, 8, 1) + b"1" + struct.pack(">i", 1) + text("root") + b"\0" + text(level) + b"\0")
            self.assertEqual(struct.unpack_from(">h", answer, 8)[0], 0)
        client.close()
        self.assertEqual(broker.end(), 0)
        lines = [line for line in broker.lines if line.startswith("level=")]
        self.assertGreater(len(lines), 5, broker.lines)
        self.assertIn("level=info event=log_level level=DEBUG", lines)
        for line in broker.lines:
            self.assertNotIn(secret, line)
            self.assertNotIn(marked.hex(), line)
        value = r'(?:"(?:[^"\\]|\\["\\n]|\\x[0-9a-f]{2})*"|[^\s"]*)'
        for line in lines:
            self.assertRegex(line, rf"^level=(error|warn|info|debug)( [a-z_]+={value})+$")
            self.assertNotRegex(line, "^level=error event=forged")


if __name__ == "__main__":
    unittest.main(verbosity=2)
