"""A current librdkafka (by the confluent-kafka wheel) as a client of the matrix; see common.py for the command line."""

import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

import common
import content


def produce(bootstrap, topic, codec, partitions, records):
    failures = []

    def delivered(error, _message):
        if error is not None:
            failures.append(str(error))

    producer = Producer(
        {"bootstrap.servers": bootstrap, "compression.codec": codec, "enable.idempotence": True, "linger.ms": 20}
    )
    seed, text, no_header = content.seed_of(topic), content.is_text(topic), content.no_header(topic)
    sums = [content.Sum() for _ in range(partitions)]
    for i in range(records):
        key, value, headers = content.record(seed, i, text, no_header)
        partition = i % partitions
        sums[partition].add(i // partitions, key, value, headers)
        while True:
            try:
                producer.produce(
                    topic, value=value, key=key, headers=list(headers), partition=partition, on_delivery=delivered
                )
                break
            except BufferError:
                producer.poll(0.1)
        if i % 1000 == 0:
            producer.poll(0)
    left = producer.flush(300)
    if failures or left:
        sys.exit(f"{topic}: {len(failures)} sends failed ({failures[:1]}), {left} not sent")
    return sums


def consume(bootstrap, topic, partitions, records):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "check.crcs": True,
        }
    )
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    sums = [content.Sum() for _ in range(partitions)]
    seen = idle = 0
    while seen < records:
        messages = consumer.consume(5000, 1.0)
        idle = 0 if messages else idle + 1
        if idle > 30:
            sys.exit(f"{topic}: only {seen} of {records} records came")
        for message in messages:
            if message.error():
                sys.exit(f"{topic}: {message.error()}")
            sums[message.partition()].add(message.offset(), message.key(), message.value(), message.headers() or ())
            seen += 1
    consumer.close()
    return sums


common.run(produce, consume)
