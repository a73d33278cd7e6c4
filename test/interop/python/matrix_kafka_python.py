"""kafka-python (2.0.2 and current) in the feature matrix; see matrix_common.py. A member polls in a thread of its own:
the old line waits in poll() until the group has settled."""

import threading
import time

import kafka
import kafka.errors
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewPartitions, NewTopic
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

import matrix_common as common
from matrix_common import PARTITIONS, RECORDS, Missing, until

OLD = kafka.__version__.startswith("2.0.")


def committed_at(offset):
    return OffsetAndMetadata(offset, "") if OLD else OffsetAndMetadata(offset, "", -1)


def consumer(bootstrap, group=None, instance=None, reset="earliest"):
    settings = {} if instance is None else {"group_instance_id": instance}
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset=reset,
        heartbeat_interval_ms=500,
        fetch_max_wait_ms=50,
        **settings,
    )


class Listener(kafka.ConsumerRebalanceListener):
    def __init__(self, member):
        self.member = member

    def on_partitions_revoked(self, revoked):
        self.member.revocations += bool(revoked)

    def on_partitions_assigned(self, assigned):
        pass


class Member:
    """A member of a group that polls in a thread; `ask` has that thread do something with the consumer."""

    def __init__(self, bootstrap, prefix, group, **settings):
        self.topic, self.facts, self.first, self.owned, self.revocations = f"{prefix}-data", [], {}, [], 0
        self.consumer = consumer(bootstrap, f"{prefix}-{group}", **settings)
        self.consumer.subscribe([self.topic], listener=Listener(self))
        self.over, self.question, self.answer, self.error = False, None, None, None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while not self.over:
                # The current line loses an assignment that comes while a short poll ends: a second is long enough.
                for batch in self.consumer.poll(timeout_ms=1000).values():
                    for one in batch:
                        self.first.setdefault(one.partition, one.offset)
                        self.facts.append(
                            common.fact(one.partition, one.offset, one.timestamp, one.key, one.value, one.headers)
                        )
                self.owned = [one.partition for one in self.consumer.assignment()]
                if self.question:
                    self.answer, self.question = (self.question(self.consumer),), None
            self.consumer.close()
        except Exception as error:
            self.error = error

    def until(self, what, words):
        def done():
            if self.error:
                raise self.error
            time.sleep(0.02)
            return what()

        until(done, words)

    def ask(self, question):
        self.answer, self.question = None, question
        self.until(lambda: self.answer, "an answer of the member's thread")
        return self.answer[0]

    def wait(self, count=PARTITIONS):
        self.until(lambda: len(self.owned) == count, f"{count} partitions")
        return self

    def read(self):
        self.until(lambda: len(self.first) == PARTITIONS, "a record of each partition")
        return " ".join(str(self.first[partition]) for partition in range(PARTITIONS))

    def commit(self, *offsets):
        wanted = {TopicPartition(self.topic, p): committed_at(offset) for p, offset in enumerate(offsets)}
        self.ask(lambda consumer_: consumer_.commit(wanted))

    def close(self):
        self.over = True
        self.thread.join(common.DEADLINE_S)
        if self.error:
            raise self.error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def produce(bootstrap, prefix, _protocol):
    topic = f"{prefix}-data"
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    sends = [
        producer.send(
            topic,
            partition=i % PARTITIONS,
            timestamp_ms=common.timestamp(i),
            key=common.key(i),
            value=common.value(topic, i),
            headers=[("n", b"%d" % i)],
        )
        for i in range(RECORDS)
    ]
    producer.flush(timeout=common.DEADLINE_S)
    yield f"acknowledged {len([send.get(timeout=common.DEADLINE_S) for send in sends])}"
    producer.close()


def consume(bootstrap, prefix, _protocol):
    with Member(bootstrap, prefix, "consume") as member:
        member.until(lambda: len(member.facts) >= RECORDS, "all records")
        yield from common.by_place(member.facts)
        member.commit(*[RECORDS // PARTITIONS] * PARTITIONS)


def rebalance(bootstrap, prefix, _protocol):
    with Member(bootstrap, prefix, "rebalance").wait() as one:
        yield f"alone {common.counts([one.owned])}"
        with Member(bootstrap, prefix, "rebalance") as two:
            two.until(lambda: len(one.owned) == len(two.owned) == 2, "two each")
            yield f"joined {common.counts([one.owned, two.owned])}"
            two.until(lambda: len(two.first) == 2, "the second's records")
        one.wait()
        yield f"left {common.counts([one.owned])}"
        one.until(lambda: len({*one.facts, *two.facts}) >= RECORDS, "all records")
        yield f"read {len({*one.facts, *two.facts})}"


def static(bootstrap, prefix, _protocol):
    if OLD:
        raise Missing("no group.instance.id")
    one = Member(bootstrap, prefix, "static", instance="one")
    with Member(bootstrap, prefix, "static", instance="two") as two:
        two.until(lambda: len(one.owned) == len(two.owned) == 2, "two each")
        yield f"both {common.counts([one.owned, two.owned])}"
        before, two.revocations = set(one.owned), 0
        one.close()
        time.sleep(1)
        with Member(bootstrap, prefix, "static", instance="one") as again:
            again.until(lambda: again.owned, "its partitions")
            yield f"again {'same' if set(again.owned) == before else 'others'}"
            yield f"other {'revoked' if two.revocations else 'undisturbed'}"


def seek(bootstrap, prefix, _protocol):
    topic, reader = f"{prefix}-data", consumer(bootstrap)
    first, third = TopicPartition(topic, 0), TopicPartition(topic, 2)
    reader.assign([first])
    reader.seek(first, 17)
    facts = []

    def some():
        for batch in reader.poll(timeout_ms=100).values():
            facts.extend(common.fact(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in batch)
        return len(facts) >= 3

    until(some, "records")
    yield from facts[:3]
    reader.seek_to_beginning(first)
    yield f"begin 0 {reader.position(first)}"
    reader.seek_to_end(first)
    yield f"end 0 {reader.position(first)}"
    yield f"time 2 {reader.offsets_for_times({third: common.timestamp(102)})[third].offset}"
    reader.close()


def commit(bootstrap, prefix, _protocol):
    with Member(bootstrap, prefix, "commit").wait() as member:
        member.commit(10, 20)
        places = [TopicPartition(member.topic, partition) for partition in range(PARTITIONS)]
        for partition, offset in enumerate(member.ask(lambda one: [one.committed(place) for place in places])):
            yield f"committed {partition} {'-' if offset is None else offset}"
    with Member(bootstrap, prefix, "commit") as member:
        for partition, offset in enumerate(member.read().split()):
            yield f"resumes {partition} {offset}"


def reset(bootstrap, prefix, _protocol):
    topic, group = f"{prefix}-data", f"{prefix}-reset"

    def alter(offset):
        """The old line cannot alter offsets as an administrator: a consumer without a membership commits them."""
        wanted = {TopicPartition(topic, p): committed_at(offset) for p in range(PARTITIONS)}
        if OLD:
            alone = consumer(bootstrap, group)
            alone.assign(list(wanted))
            alone.commit(wanted)
            alone.close()
        else:
            admin = KafkaAdminClient(bootstrap_servers=bootstrap)
            admin.alter_group_offsets(group, wanted)
            admin.close()

    with Member(bootstrap, prefix, "reset") as member:
        yield f"earliest {member.read()}"
        member.commit(50, 50, 50, 50)
    with Member(bootstrap, prefix, "reset-latest", reset="latest").wait() as member:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        positions = member.ask(lambda one: [one.position(place) for place in places])
        yield f"latest {' '.join(map(str, positions))}"
    alter(5)
    with Member(bootstrap, prefix, "reset") as member:
        yield f"reset {member.read()}"
    alter(1000)
    with Member(bootstrap, prefix, "reset") as member:
        yield f"beyond {member.read()}"


def code(call):
    """The error code that a call ends with; the two lines raise it or return it in different places."""
    try:
        call()
        return 0
    except KafkaError as error:
        return error.errno


def _config(admin, name):
    """{name: value} of a topic; the old line gives the response itself."""
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    if OLD:
        return {row[0]: row[1] for row in found[0].resources[0][4]}
    return {key: one["value"] for key, one in found["topic"][name].items()}


def topics(bootstrap, prefix, _protocol):
    admin, name = KafkaAdminClient(bootstrap_servers=bootstrap), f"{prefix}-admin"

    def count():
        return len(admin.describe_topics([name])[0]["partitions"])

    wanted = NewTopic(name, num_partitions=3, replication_factor=1, topic_configs={"retention.ms": "1234567"})
    admin.create_topics([wanted])
    until(lambda: name in admin.list_topics(), "the new topic")
    yield f"created {count()}"
    yield f"again {code(lambda: admin.create_topics([wanted]))}"
    yield f"config retention.ms={_config(admin, name)['retention.ms']}"
    # AlterConfigs in the old line: all settings are replaced.
    change = {"max.message.bytes": "54321", "retention.ms": "1234567"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=change)])
    found = {}

    def altered():
        found.update(_config(admin, name))
        return found["max.message.bytes"] == "54321"

    until(altered, "the new value")
    yield f"altered max.message.bytes={found['max.message.bytes']} retention.ms={found['retention.ms']}"
    admin.create_partitions({name: NewPartitions(5)})
    until(lambda: count() != 3, "more partitions")
    yield f"partitions {count()}"
    admin.delete_topics([name])
    until(lambda: name not in admin.list_topics(), "the topic to be gone")
    yield f"deleted {'not' if name in admin.list_topics() else 'yes'}"
    admin.close()


def _listed(admin, group):
    found = admin.list_consumer_groups() if OLD else admin.list_groups()
    names = {one[0] if isinstance(one, tuple) else one["group_id"] for one in found}
    return "yes" if group in names else "no"


def groups(bootstrap, prefix, _protocol):
    admin, group = KafkaAdminClient(bootstrap_servers=bootstrap), f"{prefix}-groups"
    with Member(bootstrap, prefix, "groups").wait():
        yield f"listed {_listed(admin, group)}"
        if OLD:
            [found] = admin.describe_consumer_groups([group])
            state, members = found.state, found.members
            owned = [p for _, parts in members[0].member_assignment.assignment for p in parts]
        else:
            found = admin.describe_groups([group])[group]
            state, members = found["group_state"], found["members"]
            owned = [p for one in members[0]["member_assignment"]["assigned_partitions"] for p in one["partitions"]]
        yield f"state {state}"
        yield f"members {len(members)}"
        yield f"assigned {' '.join(map(str, sorted(owned)))}"
    admin.close()


def delete_group(bootstrap, prefix, _protocol):
    admin, group = KafkaAdminClient(bootstrap_servers=bootstrap), f"{prefix}-delgroup"

    def deleted():
        if OLD:
            [(_, error)] = admin.delete_consumer_groups([group])
            return error.errno
        found = admin.delete_groups([group])[group]  # the name of an error, or OK
        return 0 if found == "OK" else getattr(kafka.errors, found).errno

    with Member(bootstrap, prefix, "delgroup").wait() as member:
        member.commit(1, 2, 3, 4)
        yield f"active {deleted()}"
    yield f"empty {deleted()}"
    yield f"listed {_listed(admin, group)}"
    admin.close()


def lag(bootstrap, prefix, _protocol):
    admin, group = KafkaAdminClient(bootstrap_servers=bootstrap), f"{prefix}-lag"
    with Member(bootstrap, prefix, "lag").wait() as member:
        member.commit(10, 20, 30, 50)
        found = admin.list_consumer_group_offsets(group) if OLD else admin.list_group_offsets(group)[group]
        ends = member.ask(lambda one: one.end_offsets(list(found)))
        for where in sorted(found):
            at, end = found[where].offset, ends[where]
            yield f"lag {where.partition} {at} {end} {end - at}"
    admin.close()


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
