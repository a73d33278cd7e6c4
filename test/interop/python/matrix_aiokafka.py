"""aiokafka in the feature matrix; see matrix_common.py. The library turns in an event loop; each feature is a coroutine
that gives its facts at the end."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.protocol.admin import DeleteGroupsRequest

import matrix_common as common
from matrix_common import PARTITIONS, RECORDS


async def until(what, words):
    end = time.monotonic() + common.DEADLINE_S
    while not what():
        if time.monotonic() > end:
            raise TimeoutError(words)
        await asyncio.sleep(0.02)


class Listener(ConsumerRebalanceListener):
    def __init__(self):
        self.revocations = 0

    def on_partitions_revoked(self, revoked):
        self.revocations += bool(revoked)

    def on_partitions_assigned(self, assigned):
        pass


class Member:
    """A member of a group that reads in a task of its own."""

    def __init__(self, bootstrap, prefix, group, instance=None, reset="earliest"):
        self.topic, self.facts, self.first, self.listener = f"{prefix}-data", [], {}, Listener()
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=f"{prefix}-{group}",
            group_instance_id=instance,
            enable_auto_commit=False,
            auto_offset_reset=reset,
            heartbeat_interval_ms=500,
            fetch_max_wait_ms=50,
        )
        self.consumer.subscribe([self.topic], listener=self.listener)
        self.task = None

    async def __aenter__(self):
        await self.consumer.start()
        self.task = asyncio.create_task(self._read())
        return self

    async def _read(self):
        while True:
            for batch in (await self.consumer.getmany(timeout_ms=50)).values():
                for one in batch:
                    self.first.setdefault(one.partition, one.offset)
                    self.facts.append(
                        common.fact(one.partition, one.offset, one.timestamp, one.key, one.value, one.headers)
                    )

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.consumer.stop()

    @property
    def owned(self):
        return [one.partition for one in self.consumer.assignment()]

    async def wait(self, count=PARTITIONS):
        await until(lambda: len(self.owned) == count, f"{count} partitions")

    async def read(self):
        await until(lambda: len(self.first) == PARTITIONS, "a record of each partition")
        return " ".join(str(self.first[partition]) for partition in range(PARTITIONS))

    async def commit(self, *offsets):
        await self.consumer.commit({TopicPartition(self.topic, p): offset for p, offset in enumerate(offsets)})


async def produce(bootstrap, prefix):
    topic = f"{prefix}-data"
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        sends = [
            await producer.send(
                topic,
                partition=i % PARTITIONS,
                timestamp_ms=common.timestamp(i),
                key=common.key(i),
                value=common.value(topic, i),
                headers=[("n", b"%d" % i)],
            )
            for i in range(RECORDS)
        ]
        return [f"acknowledged {len(await asyncio.gather(*sends))}"]


async def consume(bootstrap, prefix):
    async with Member(bootstrap, prefix, "consume") as member:
        await until(lambda: len(member.facts) >= RECORDS, "all records")
        await member.commit(*[RECORDS // PARTITIONS] * PARTITIONS)
        return common.by_place(member.facts)


async def rebalance(bootstrap, prefix):
    async with Member(bootstrap, prefix, "rebalance") as one:
        await one.wait()
        facts = [f"alone {common.counts([one.owned])}"]
        async with Member(bootstrap, prefix, "rebalance") as two:
            await until(lambda: len(one.owned) == len(two.owned) == 2, "two each")
            facts.append(f"joined {common.counts([one.owned, two.owned])}")
            await until(lambda: len(two.first) == 2, "the second's records")
        await one.wait()
        facts.append(f"left {common.counts([one.owned])}")
        await until(lambda: len({*one.facts, *two.facts}) >= RECORDS, "all records")
        return [*facts, f"read {len({*one.facts, *two.facts})}"]


async def static(bootstrap, prefix):
    async with Member(bootstrap, prefix, "static", instance="two") as two:
        async with Member(bootstrap, prefix, "static", instance="one") as one:
            await until(lambda: len(one.owned) == len(two.owned) == 2, "two each")
            facts = [f"both {common.counts([one.owned, two.owned])}"]
            before, two.listener.revocations = set(one.owned), 0
        await asyncio.sleep(1)
        async with Member(bootstrap, prefix, "static", instance="one") as again:
            await until(lambda: again.owned, "its partitions")
            facts.append(f"again {'same' if set(again.owned) == before else 'others'}")
            facts.append(f"other {'revoked' if two.listener.revocations else 'undisturbed'}")
    return facts


async def seek(bootstrap, prefix):
    topic = f"{prefix}-data"
    first, third = TopicPartition(topic, 0), TopicPartition(topic, 2)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as reader:
        reader.assign([first])
        reader.seek(first, 17)
        batch = [await asyncio.wait_for(reader.getone(), common.DEADLINE_S) for _ in range(3)]
        facts = [common.fact(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in batch]
        await reader.seek_to_beginning(first)
        facts.append(f"begin 0 {await reader.position(first)}")
        await reader.seek_to_end(first)
        facts.append(f"end 0 {await reader.position(first)}")
        found = await reader.offsets_for_times({third: common.timestamp(102)})
        return [*facts, f"time 2 {found[third].offset}"]


async def commit(bootstrap, prefix):
    facts = []
    async with Member(bootstrap, prefix, "commit") as member:
        await member.wait()
        await member.commit(10, 20)
        for partition in range(PARTITIONS):
            offset = await member.consumer.committed(TopicPartition(member.topic, partition))
            facts.append(f"committed {partition} {'-' if offset is None else offset}")
    async with Member(bootstrap, prefix, "commit") as member:
        found = (await member.read()).split()
    return facts + [f"resumes {partition} {offset}" for partition, offset in enumerate(found)]


async def reset(bootstrap, prefix):
    topic = f"{prefix}-data"

    async def alter(offset):
        """A consumer without a membership commits for the empty group: the library's administrator cannot."""
        wanted = {TopicPartition(topic, partition): offset for partition in range(PARTITIONS)}
        alone = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=f"{prefix}-reset", enable_auto_commit=False)
        async with alone:
            alone.assign(list(wanted))
            await alone.commit(wanted)

    async with Member(bootstrap, prefix, "reset") as member:
        facts = [f"earliest {await member.read()}"]
        await member.commit(50, 50, 50, 50)
    async with Member(bootstrap, prefix, "reset-latest", reset="latest") as member:
        await member.wait()
        positions = [await member.consumer.position(TopicPartition(topic, p)) for p in range(PARTITIONS)]
        facts.append(f"latest {' '.join(map(str, positions))}")
    for words, offset in (("reset", 5), ("beyond", 1000)):
        await alter(offset)
        async with Member(bootstrap, prefix, "reset") as member:
            facts.append(f"{words} {await member.read()}")
    return facts


class Administrator:
    def __init__(self, bootstrap):
        self.client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)

    async def __aenter__(self):
        await self.client.start()
        return self.client

    async def __aexit__(self, *_):
        await self.client.close()


async def topics(bootstrap, prefix):
    name, facts = f"{prefix}-admin", []
    async with Administrator(bootstrap) as admin:

        async def count():
            return len((await admin.describe_topics([name]))[0]["partitions"])

        async def config():
            [found] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            return {row[0]: row[1] for row in found.resources[0][4]}

        async def create():
            wanted = NewTopic(name, num_partitions=3, replication_factor=1, topic_configs={"retention.ms": "1234567"})
            try:
                answer = await admin.create_topics([wanted])
            except TopicAlreadyExistsError as error:
                return error.errno
            return answer.topic_errors[0][1]

        if await create():
            raise RuntimeError("not created")
        facts.append(f"created {await count()}")
        facts.append(f"again {await create()}")
        facts.append(f"config retention.ms={(await config())['retention.ms']}")
        # AlterConfigs: all settings are replaced.
        change = {"max.message.bytes": "54321", "retention.ms": "1234567"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=change)])
        for _ in range(50):
            found = await config()
            if found["max.message.bytes"] == "54321":
                break
        facts.append(f"altered max.message.bytes={found['max.message.bytes']} retention.ms={found['retention.ms']}")
        await admin.create_partitions({name: NewPartitions(5)})
        for _ in range(50):
            if await count() != 3:
                break
        facts.append(f"partitions {await count()}")
        await admin.delete_topics([name])
        for _ in range(50):
            if name not in await admin.list_topics():
                break
        facts.append(f"deleted {'not' if name in await admin.list_topics() else 'yes'}")
    return facts


async def _listed(admin, group):
    return "yes" if group in {one[0] for one in await admin.list_consumer_groups()} else "no"


async def groups(bootstrap, prefix):
    group = f"{prefix}-groups"
    async with Administrator(bootstrap) as admin, Member(bootstrap, prefix, "groups") as member:
        await member.wait()
        facts = [f"listed {await _listed(admin, group)}"]
        [answer] = await admin.describe_consumer_groups([group])
        _, _, state, _, _, members, *_ = answer.groups[0]
        # The assignment as the group's members keep it: version, then topics with partitions.
        assignment = members[0][-1]
        name = member.topic.encode()
        at = assignment.index(name) + len(name)
        owned = [int.from_bytes(assignment[i : i + 4], "big") for i in range(at + 4, at + 4 + 4 * PARTITIONS, 4)]
        return [
            *facts,
            f"state {state}",
            f"members {len(members)}",
            f"assigned {' '.join(map(str, sorted(owned)))}",
        ]


async def delete_group(bootstrap, prefix):
    group = f"{prefix}-delgroup"
    async with Administrator(bootstrap) as admin:

        async def deleted():
            coordinator = await admin.find_coordinator(group)
            answer = await admin._client.send(coordinator, DeleteGroupsRequest([group]))
            return for_code(answer.results[0][1]).errno

        async with Member(bootstrap, prefix, "delgroup") as member:
            await member.wait()
            await member.commit(1, 2, 3, 4)
            facts = [f"active {await deleted()}"]
        facts.append(f"empty {await deleted()}")
        return [*facts, f"listed {await _listed(admin, group)}"]


async def lag(bootstrap, prefix):
    async with Administrator(bootstrap) as admin, Member(bootstrap, prefix, "lag") as member:
        await member.wait()
        await member.commit(10, 20, 30, 50)
        found = await admin.list_consumer_group_offsets(f"{prefix}-lag")
        ends = await member.consumer.end_offsets(list(found))
        return [
            f"lag {where.partition} {found[where].offset} {ends[where]} {ends[where] - found[where].offset}"
            for where in sorted(found)
        ]


def feature(coroutine):
    return lambda bootstrap, prefix, _protocol: asyncio.run(coroutine(bootstrap, prefix))


common.main(
    {
        "produce": feature(produce),
        "consume": feature(consume),
        "rebalance": feature(rebalance),
        "static": feature(static),
        "seek": feature(seek),
        "commit": feature(commit),
        "reset": feature(reset),
        "topics": feature(topics),
        "groups": feature(groups),
        "delgroup": feature(delete_group),
        "lag": feature(lag),
    }
)
