"""confluent-kafka (a current librdkafka) in the feature matrix; see matrix_common.py."""

import time

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic
from confluent_kafka.admin import OffsetSpec, ResourceType

import matrix_common as common
from matrix_common import PARTITIONS, RECORDS, until


class Member:
    """A consumer of the data topic that remembers what it read, and the first offset of each partition."""

    def __init__(self, bootstrap, prefix, protocol, group, instance=None, reset="earliest", subscribe=True):
        self.topic, self.facts, self.first, self.owned, self.revocations = f"{prefix}-data", [], {}, [], 0
        settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}-{group}",
            "group.protocol": protocol,
            "auto.offset.reset": reset,
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
        }
        if protocol == "classic":
            settings["heartbeat.interval.ms"] = 500
        if instance:
            settings["group.instance.id"] = instance
        self.consumer = Consumer(settings)
        if subscribe:
            self.consumer.subscribe([self.topic], on_assign=self._assigned, on_revoke=self._revoked)

    def _assigned(self, _consumer, partitions):
        self.owned += [one.partition for one in partitions]

    def _revoked(self, _consumer, partitions):
        self.revocations += bool(partitions)
        gone = {one.partition for one in partitions}
        self.owned = [one for one in self.owned if one not in gone]

    def poll(self):
        for message in self.consumer.consume(500, 0.05):
            if message.error():
                raise KafkaException(message.error())
            self.first.setdefault(message.partition(), message.offset())
            self.facts.append(
                common.fact(
                    message.partition(),
                    message.offset(),
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    message.headers(),
                )
            )
        return True

    def wait(self, count=PARTITIONS):
        until(lambda: self.poll() and len(self.owned) == count, f"{count} partitions")
        return self

    def read(self):
        until(lambda: self.poll() and len(self.first) == PARTITIONS, "a record of each partition")
        return " ".join(str(self.first[partition]) for partition in range(PARTITIONS))

    def commit(self, *offsets):
        self.consumer.commit(
            offsets=[TopicPartition(self.topic, partition, offset) for partition, offset in enumerate(offsets)],
            asynchronous=False,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()


def produce(bootstrap, prefix, _protocol):
    topic, failures, done = f"{prefix}-data", [], []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for i in range(RECORDS):
        producer.produce(
            topic,
            partition=i % PARTITIONS,
            timestamp=common.timestamp(i),
            key=common.key(i),
            value=common.value(topic, i),
            headers=[("n", b"%d" % i)],
            on_delivery=lambda error, message: (failures if error else done).append(error or message.offset()),
        )
    if producer.flush(common.DEADLINE_S) or failures:
        raise RuntimeError(f"{len(failures)} failed: {failures[:1]}")
    yield f"acknowledged {len(done)}"


def consume(*where):
    with Member(*where, "consume") as member:
        until(lambda: member.poll() and len(member.facts) >= RECORDS, "all records")
        yield from common.by_place(member.facts)
        member.commit(*[RECORDS // PARTITIONS] * PARTITIONS)


def rebalance(*where):
    with Member(*where, "rebalance") as one:
        one.wait()
        yield f"alone {common.counts([one.owned])}"
        with Member(*where, "rebalance") as two:
            until(lambda: one.poll() and two.poll() and len(one.owned) == len(two.owned) == 2, "two each")
            yield f"joined {common.counts([one.owned, two.owned])}"
            until(lambda: one.poll() and two.poll() and len(two.first) == 2, "the second's records")
        one.wait()
        yield f"left {common.counts([one.owned])}"
        until(lambda: one.poll() and len({*one.facts, *two.facts}) >= RECORDS, "all records")
        yield f"read {len({*one.facts, *two.facts})}"


def static(*where):
    one = Member(*where, "static", instance="one")
    with Member(*where, "static", instance="two") as two:
        until(lambda: one.poll() and two.poll() and len(one.owned) == len(two.owned) == 2, "two each")
        yield f"both {common.counts([one.owned, two.owned])}"
        before, two.revocations = set(one.owned), 0
        one.consumer.close()
        for _ in range(20):
            two.poll()
        with Member(*where, "static", instance="one") as again:
            until(lambda: again.poll() and two.poll() and again.owned, "its partitions")
            yield f"again {'same' if set(again.owned) == before else 'others'}"
            yield f"other {'revoked' if two.revocations else 'undisturbed'}"


def seek(*where):
    with Member(*where, "seek", subscribe=False) as member:
        consumer, topic = member.consumer, member.topic
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        until(lambda: member.poll() and member.facts, "a first record")
        consumer.seek(TopicPartition(topic, 0, 17))
        member.facts.clear()
        until(lambda: member.poll() and len(member.facts) >= 3, "records")
        yield from member.facts[:3]
        for words, offset in (("begin", OFFSET_BEGINNING), ("end", OFFSET_END)):
            member.facts.clear()
            member.first.clear()
            consumer.seek(TopicPartition(topic, 0, offset))
            if words == "begin":
                until(lambda: member.poll() and member.first, "the first record")
                yield f"begin 0 {member.first[0]}"
            else:
                time.sleep(0.5)
                member.poll()
                end = consumer.get_watermark_offsets(TopicPartition(topic, 0))[1]
                yield f"end 0 {'records came' if member.facts else end}"
        [found] = consumer.offsets_for_times([TopicPartition(topic, 2, common.timestamp(102))], timeout=10)
        yield f"time 2 {found.offset}"


def commit(*where):
    with Member(*where, "commit") as member:
        member.wait()
        member.commit(10, 20)
        for one in member.consumer.committed([TopicPartition(member.topic, p) for p in range(PARTITIONS)], timeout=10):
            yield f"committed {one.partition} {one.offset if one.offset >= 0 else '-'}"
    with Member(*where, "commit") as member:
        for partition, offset in enumerate(member.read().split()):
            yield f"resumes {partition} {offset}"


def reset(bootstrap, prefix, protocol):
    where = bootstrap, prefix, protocol
    admin, group = AdminClient({"bootstrap.servers": bootstrap}), f"{prefix}-reset"

    def alter(offset):
        wanted = [TopicPartition(f"{prefix}-data", partition, offset) for partition in range(PARTITIONS)]
        admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, wanted)])[group].result()

    with Member(*where, "reset") as member:
        yield f"earliest {member.read()}"
        member.commit(50, 50, 50, 50)
    alter(5)
    with Member(*where, "reset") as member:
        yield f"reset {member.read()}"
    alter(1000)
    with Member(*where, "reset") as member:
        yield f"beyond {member.read()}"


def code(future):
    try:
        future.result()
        return 0
    except KafkaException as error:
        return error.args[0].code()


def topics(bootstrap, prefix, _protocol):
    admin, name = AdminClient({"bootstrap.servers": bootstrap}), f"{prefix}-admin"
    resource = ConfigResource(ResourceType.TOPIC, name)
    wanted = NewTopic(name, num_partitions=3, replication_factor=1, config={"retention.ms": "1234567"})

    # What was changed may be seen a moment later: Kafka's broker follows its controller.
    def count():
        return len(admin.list_topics(name, timeout=10).topics[name].partitions)

    def there():
        return name in admin.list_topics(timeout=10).topics

    def config():
        return {key: entry.value for key, entry in admin.describe_configs([resource])[resource].result().items()}

    admin.create_topics([wanted])[name].result()
    until(there, "the topic")
    yield f"created {count()}"
    yield f"again {code(admin.create_topics([wanted])[name])}"
    yield f"config retention.ms={config()['retention.ms']}"
    change = ConfigEntry("max.message.bytes", "54321", incremental_operation=AlterConfigOpType.SET)
    altered = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])
    admin.incremental_alter_configs([altered])[altered].result()
    until(lambda: config()["max.message.bytes"] == "54321", "the new value")
    yield f"altered max.message.bytes={config()['max.message.bytes']} retention.ms={config()['retention.ms']}"
    admin.create_partitions([NewPartitions(name, 5)])[name].result()
    until(lambda: count() != 3, "more partitions")
    yield f"partitions {count()}"
    admin.delete_topics([name])[name].result()
    until(lambda: not there(), "the topic to be gone")
    yield f"deleted {'not' if there() else 'yes'}"


def _listed(admin, group):
    return "yes" if any(one.group_id == group for one in admin.list_consumer_groups().result().valid) else "no"


def groups(bootstrap, prefix, protocol):
    admin, group = AdminClient({"bootstrap.servers": bootstrap}), f"{prefix}-groups"
    with Member(bootstrap, prefix, protocol, "groups") as member:
        member.wait()
        yield f"listed {_listed(admin, group)}"
        found = admin.describe_consumer_groups([group])[group].result()
        yield f"state {found.state.name.capitalize()}"
        yield f"members {len(found.members)}"
        owned = sorted(one.partition for one in found.members[0].assignment.topic_partitions)
        yield f"assigned {' '.join(map(str, owned))}"


def delete_group(bootstrap, prefix, protocol):
    admin, group = AdminClient({"bootstrap.servers": bootstrap}), f"{prefix}-delgroup"
    with Member(bootstrap, prefix, protocol, "delgroup") as member:
        member.wait()
        member.commit(1, 2, 3, 4)
        yield f"active {code(admin.delete_consumer_groups([group])[group])}"
    yield f"empty {code(admin.delete_consumer_groups([group])[group])}"
    yield f"listed {_listed(admin, group)}"


def lag(bootstrap, prefix, protocol):
    admin, group = AdminClient({"bootstrap.servers": bootstrap}), f"{prefix}-lag"
    with Member(bootstrap, prefix, protocol, "lag") as member:
        member.wait()
        member.commit(10, 20, 30, 50)
        wanted = ConsumerGroupTopicPartitions(group)
        committed = admin.list_consumer_group_offsets([wanted])[group].result().topic_partitions
        ends = admin.list_offsets({TopicPartition(member.topic, p): OffsetSpec.latest() for p in range(PARTITIONS)})
        for one in sorted(committed, key=lambda one: one.partition):
            end = ends[TopicPartition(member.topic, one.partition)].result().offset
            yield f"lag {one.partition} {one.offset} {end} {end - one.offset}"


common.main(
    {
        "produce": produce,
        "consume": consume,
        "rebalance": rebalance,
        "static": static,
        "seek": seek,
        "commit": commit,
        "reset": reset,
        "topics": topics,
        "groups": groups,
        "delgroup": delete_group,
        "lag": lag,
    }
)
