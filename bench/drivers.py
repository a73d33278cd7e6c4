"""The load generators of ./x bench, and what the broker spent while they ran."""
import json
import os
import re
import subprocess
import time

from brokers import BUILD, PEER, TICKS, cpu_seconds
from row import Options

RAW = os.path.join(BUILD, "moldau-raw")
OPEN_LOOP = os.path.join(BUILD, "moldau-open-loop")
READY = os.path.join(BUILD, "moldau-ready")


def arguments_of(options):
    arguments = []
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), str(value)]
    return arguments


def run_json(arguments):
    return json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)


def with_shares(result):
    """Adds the broker's CPU per unit of work. A tick is the least that can be told."""
    cpu = max(result["broker_cpu_seconds"], 1 / TICKS)
    result["cpu_per_million"] = cpu / result["messages"] * 1e6
    if "requests" in result:
        result["cpu_per_request_us"] = cpu / result["requests"] * 1e6
    if "bytes" in result:
        result["mb_per_cpu_second"] = result["bytes"] / cpu / 1e6
    return result


def raw(broker, mode, topic, **options):
    """moldau-raw: as fast as answers come."""
    before = cpu_seconds(broker.pid)
    result = run_json([RAW, mode, "--port", str(broker.port), "--topic", topic, *arguments_of(options)])
    result["broker_cpu_seconds"] = cpu_seconds(broker.pid) - before
    return with_shares(result)


def open_loop(broker, topic, **options):
    """moldau-open-loop: at a fixed rate; a smoke test takes a tenth of it, for a busy machine keeps up with that."""
    if Options.smoke:
        options["rate"] = max(1, options["rate"] // 10)
    return with_shares(run_json([OPEN_LOOP, "--port", str(broker.port), "--pid", str(broker.pid), "--topic", topic,
                                 *arguments_of(options)]))


def timed_restart(broker, **options):
    """Starts a broker that has ended; milliseconds from its exec to the first acknowledgement and until all partitions
    can be read. The one that waits for it is started first, so that it is no part of that. A broker that closes the
    connection while it comes up (Kafka does, with many partitions) is asked anew, as any client would."""
    end = time.monotonic() + options.get("timeout_s", 300) + 10
    waiting = waiting_for(broker, options)
    try:
        time.sleep(0.2)
        start = time.monotonic_ns()
        broker.restart()
        output = waiting.communicate(timeout=end - time.monotonic())[0]
        while waiting.returncode == READY_CLOSED and time.monotonic() < end:
            waiting = waiting_for(broker, options)
            output = waiting.communicate(timeout=end - time.monotonic())[0]
    finally:
        waiting.kill()
    if waiting.returncode != 0:
        raise RuntimeError("moldau-ready failed")
    seen = json.loads(output)
    return {"first_ack_ms": (seen["first_ack_ns"] - start) / 1e6, "readable_ms": (seen["readable_ns"] - start) / 1e6,
            "held_messages": seen["messages"]}


READY_CLOSED = 3  # exit status of moldau-ready: the broker closed the connection


def waiting_for(broker, options):
    return subprocess.Popen([READY, "--port", str(broker.port), *arguments_of(options)], stdout=subprocess.PIPE, text=True)


def perf_test(broker, topic, records, record_bytes, properties):
    """Kafka's own producer, in Java."""
    before = cpu_seconds(broker.pid)
    output = subprocess.run([PEER, "tool", "producer-perf-test", "--topic", topic, "--num-records", str(records),
                             "--record-size", str(record_bytes), "--throughput", "-1", "--bootstrap-server",
                             f"127.0.0.1:{broker.port}", *(["--producer-props", *properties] if properties else [])],
                            check=True, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PEER_JAVA_OPTS": "-Xmx512m"}).stdout
    last = [line for line in output.splitlines() if "records sent" in line and "99th" in line][-1]
    found = re.search(r"([\d.,]+) records/sec.*?([\d.]+) ms 50th.*?([\d.]+) ms 99th", last)
    cpu = cpu_seconds(broker.pid) - before
    return {"messages_per_second": float(found.group(1).replace(",", "")), "p50_ms": float(found.group(2)),
            "p99_ms": float(found.group(3)), "broker_cpu_seconds": cpu, "cpu_per_million": cpu / records * 1e6}
