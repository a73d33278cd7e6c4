"""kafka-python (2.0.2 and current) as a client of the matrix; see common.py for the command line.

The old line has no idempotent producer: one request in flight keeps the order. The new line runs with its defaults."""

import sys

import kafka
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

import common
import content

OLD = kafka.__version__.startswith("2.0.")


def produce(bootstrap, topic, codec, partitions, records):
    settings = {"max_in_flight_requests_per_connection": 1, "retries": 5, "acks": "all"} if OLD else {}
    failures = []
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec, linger_ms=20, **settings
    )
    seed, text, no_header = content.seed_of(topic), content.is_text(topic), content.no_header(topic)
    sums = [content.Sum() for _ in range(partitions)]
    for i in range(records):
        key, value, headers = content.record(seed, i, text, no_header)
        partition = i % partitions
        sums[partition].add(i // partitions, key, value, headers)
        producer.send(topic, key=key, value=value, headers=list(headers), partition=partition).add_errback(
            failures.append
        )
    producer.flush(timeout=300)
    producer.close(timeout=60)
    if failures:
        sys.exit(f"{topic}: {len(failures)} sends failed, the first with {failures[0]!r}")
    return sums


def consume(bootstrap, topic, partitions, records):
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=True,
    )
    assignment = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer.assign(assignment)
    consumer.seek_to_beginning(*assignment)
    sums = [content.Sum() for _ in range(partitions)]
    seen = idle = 0
    while seen < records:
        batches = consumer.poll(timeout_ms=1000, max_records=5000)
        idle = 0 if batches else idle + 1
        if idle > 30:
            sys.exit(f"{topic}: only {seen} of {records} records came")
        for where, batch in batches.items():
            for message in batch:
                sums[where.partition].add(message.offset, message.key, message.value, message.headers)
            seen += len(batch)
    consumer.close()
    return sums


common.run(produce, consume)
