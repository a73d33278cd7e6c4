"""Group requests asked of two brokers, one after the other, and compared answer by answer: the consumer protocol
(KIP-848), the classic one beside it, offsets, lists and deletions. Topic ids are renamed by topic,
    ids that a broker makes
by the order in which they come. What differs on purpose stands in known-differences.tsv.

Both brokers are fresh and have SETTINGS: targets are computed at once, and no group waits for its first members.
"""
import json
import re
import subprocess

from harness import PEER, Failed
from known import Known

SETTINGS = {
    "group.consumer.assignment.interval.ms": "0",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
}
JOIN, HEARTBEAT, LEAVE, SYNC, CREATE_TOPICS, METADATA, FIND = 11, 12, 13, 14, 19, 3, 10
OFFSET_FETCH, OFFSET_DELETE = 9, 47
COMMIT, CONSUMER_HEARTBEAT, CONSUMER_DESCRIBE, DESCRIBE, LIST, DELETE = 8, 68, 69, 15, 16, 42
TIMEOUT_S = 180


class Broker:
    def __init__(self, address):
        self.process = subprocess.Popen([PEER, "java", "RawRequest", address, "-"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.names = {}

    def ask(self, api, version, body):
        self.process.stdin.write(f"{api} {version} {json.dumps(body)}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"RawRequest ended at api {api} v{version} {json.dumps(body)[:300]}")
        return json.loads(line)

    def sleep(self, milliseconds):
        self.process.stdin.write(f"sleep {milliseconds}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=TIMEOUT_S)

    def prepare(self, topics):
        """Creates topics, waits for them and for the coordinator; learns the topics' ids."""
        self.ask(CREATE_TOPICS, 7, {"topics": [{"name": name, "numPartitions": count, "replicationFactor": 1,
            "assignments": [],
                                                "configs": []} for name, count in topics.items()],
                                    "timeoutMs": 10000, "validateOnly": False})
        self.ids = {}
        for _ in range(100):
            answer = self.ask(METADATA, 12, {"topics": [{"topicId": "AAAAAAAAAAAAAAAAAAAAAA",
                "name": name} for name in topics],
                                             "allowAutoTopicCreation": False,
                                                 "includeTopicAuthorizedOperations": False})
            self.ids = {topic["name"]: topic["topicId"] for topic in answer["topics"] if topic["errorCode"] == 0}
            ready = all(len(topic["partitions"]) == topics[topic["name"]] for topic in answer["topics"])
            if len(self.ids) == len(topics) and ready:
                break
            self.sleep(100)
        for _ in range(300):
            found = self.ask(FIND, 4, {"keyType": 0, "coordinatorKeys": ["g"]})["coordinators"][0]
            if found["errorCode"] == 0:
                probe = self.ask(CONSUMER_DESCRIBE, 1, {"groupIds": ["g"], "includeAuthorizedOperations": False})
                if probe["groups"][0]["errorCode"] == 69:
                    return
            self.sleep(100)
        raise Failed("the coordinator does not come up")


def beat(member, epoch, group="g", **fields):
    body = {"groupId": group, "memberId": member, "memberEpoch": epoch, "instanceId": None, "rackId": None,
            "rebalanceTimeoutMs": -1, "subscribedTopicNames": None, "subscribedTopicRegex": None,
                "serverAssignor": None,
            "topicPartitions": None}
    body.update(fields)
    return CONSUMER_HEARTBEAT, 1, body


def join(member, topics, group="g", **fields):
    return beat(member, 0, group, rebalanceTimeoutMs=30000, subscribedTopicNames=topics, topicPartitions=[], **fields)


def owns(**topics):
    return [{"topicId": "{" + name + "}", "partitions": partitions} for name, partitions in topics.items()]


def describe(*groups):
    return CONSUMER_DESCRIBE, 1, {"groupIds": list(groups), "includeAuthorizedOperations": False}


# Subscription of the consumer protocol, v1: topics [t], no user data, owned [].
SUBSCRIPTION_T = "AAEAAAABAAF0/////wAAAAA="


def classic_join(member, group="g", instance=None, version=9, **fields):
    body = {"groupId": group, "sessionTimeoutMs": 30000, "rebalanceTimeoutMs": 30000, "memberId": member,
            "groupInstanceId": instance, "protocolType": "consumer",
            "protocols": [{"name": "range", "metadata": SUBSCRIPTION_T}], "reason": None}
    body.update(fields)
    for name, first in (("groupInstanceId", 5), ("reason", 8)):
        if version < first:
            del body[name]
    return JOIN, version, body


def classic_sync(member, generation, group="g", instance=None):
    return SYNC, 5, {"groupId": group, "generationId": generation, "memberId": member, "groupInstanceId": instance,
                     "protocolType": "consumer", "protocolName": "range", "assignments": []}


def classic_heartbeat(member, generation, group="g", instance=None):
    return HEARTBEAT, 4, {"groupId": group, "generationId": generation, "memberId": member, "groupInstanceId": instance}


def classic_leave(group, *members):
    return LEAVE, 5, {"groupId": group, "members": [{"memberId": member, "groupInstanceId": None, "reason": None}
                                                    for member in members]}


def classic_commit(member, generation, group="c", instance=None):
    return COMMIT, 7, {"groupId": group, "generationIdOrMemberEpoch": generation, "memberId": member,
                       "groupInstanceId": instance, "topics": [{"name": "t", "partitions": [
                           {"partitionIndex": 0, "committedOffset": 3, "committedLeaderEpoch": -1,
                            "committedMetadata": "x"}]}]}


def simple_commit(group, offsets, version=8, topic="t", metadata=None):
    body = {"groupId": group, "generationIdOrMemberEpoch": -1, "memberId": "", "groupInstanceId": None,
            "retentionTimeMs": -1,
            "topics": [{"name": topic, "partitions": [
                {"partitionIndex": partition, "committedOffset": offset, "committedLeaderEpoch": -1,
                 "committedMetadata": metadata} for partition, offset in offsets.items()]}]}
    if version < 7:
        del body["groupInstanceId"]
    if not 2 <= version <= 4:
        del body["retentionTimeMs"]
    if version < 6:
        for one in body["topics"][0]["partitions"]:
            del one["committedLeaderEpoch"]
    return COMMIT, version, body


def commit(member, epoch, partition, group="g", version=9):
    return COMMIT, version, {"groupId": group, "generationIdOrMemberEpoch": epoch, "memberId": member,
        "groupInstanceId": None,
                             "topics": [{"name": "t", "partitions": [{"partitionIndex": partition, "committedOffset": 1,
                                                                      "committedLeaderEpoch": -1,
                                                                      "committedMetadata": None}]}]}


TOPICS = {"t": 4, "u": 2, "orders-1": 1}
SCRIPT = [
    # Bad input.
    beat("", 0), beat(" ", 0), beat("m", 0), beat("m", 0, rebalanceTimeoutMs=1),
    beat("m", 0, rebalanceTimeoutMs=1, topicPartitions=[]), beat("m", 0, group=""), beat("m", -3), beat("m", -2),
    beat("m", 0, instanceId=""), beat("m", 0, rackId=" "), beat("m", 5), beat("m", -1), beat("m", -2, instanceId="i"),
    join("m", ["t"], serverAssignor="nope"), join("m", ["t"], subscribedTopicRegex="["),
    describe("g", "", "nobody"),
    # Joining, revoking, stable.
    # (One topic: the order in which several are dealt is that of a hash table of their random ids.)
    join("m1", ["t"]), describe("g"), beat("m1", 2), beat("m1", 2, topicPartitions=owns(t=[0, 1, 2, 3])),
    join("m2", ["t"]), describe("g"), beat("m1", 2, topicPartitions=owns(t=[0, 1, 2, 3])),
    beat("m2", 3), beat("m1", 2), beat("m1", 9), beat("m1", 1), beat("m3", 2), commit("m1", 2, 0), commit("m1", 3, 0),
    commit("m2", 2, 3), commit("m1", 2, 0, version=8), commit("m9", 2, 0), commit("", -1, 0),
    beat("m1", 2, topicPartitions=[]), beat("m2", 3, topicPartitions=[]), describe("g"),
    beat("m1", 2, topicPartitions=owns(t=[9])), join("m1", ["t"]),
    # Subscriptions change, an assignor is chosen.
    beat("m1", 3, subscribedTopicNames=["u"], topicPartitions=[]), describe("g"),
    beat("m1", 3, topicPartitions=[]), beat("m2", 3, topicPartitions=[]), beat("m1", 4, topicPartitions=[]),
        describe("g"),
    beat("m2", 4, serverAssignor="range"), describe("g"),
    # Leaving.
    beat("m2", -1), beat("m2", -1), beat("m1", 4, topicPartitions=[]), describe("g"), beat("m1", -1), describe("g"),
    (LIST, 5, {"statesFilter": [], "typesFilter": ["consumer"]}), (LIST, 5, {"statesFilter": ["empty"],
        "typesFilter": []}),
    (DESCRIBE, 6, {"groups": ["g"], "includeAuthorizedOperations": False}),
    # Static members.
    join("s1", ["t"], group="st", instanceId="i1"), join("s2", ["t"], group="st", instanceId="i1"),
    beat("s1", -2, group="st", instanceId="i1"), describe("st"), join("s2", ["t"], group="st", instanceId="i1"),
    beat("s1", 2, group="st", instanceId="i1"), beat("s9", 2, group="st", instanceId="i9"),
    beat("s1", -1, group="st", instanceId="i1"), describe("st"), beat("s2", -1, group="st", instanceId="i1"),
    (DELETE, 2, {"groupsNames": ["st", "nobody"]}), describe("st"),
    # Regular expressions: resolved after the first answer.
    beat("r1", 0, group="rx", rebalanceTimeoutMs=30000, subscribedTopicRegex="orders-.*|u", topicPartitions=[]),
    1000, beat("r1", 1, group="rx", topicPartitions=[]), describe("rx"),
    beat("r1", 2, group="rx", subscribedTopicRegex="", subscribedTopicNames=["t"], topicPartitions=[]),
    beat("r1", 2, group="rx", topicPartitions=[]), beat("r1", 3, group="rx", topicPartitions=[]), describe("rx"),
    # Members of the classic protocol in a consumer group.
    join("n1", ["t"], group="mix"), classic_join("", group="mix"), classic_join("c1", group="mix"), describe("mix"),
    classic_sync("c1", 3, group="mix"), classic_heartbeat("c1", 3, group="mix"), classic_heartbeat("c1", 1,
        group="mix"),
    classic_heartbeat("n1", 3, group="mix"), beat("n1", 2, group="mix", topicPartitions=[]),
    classic_heartbeat("c1", 3, group="mix"), classic_join("c1", group="mix"), classic_sync("c1", 3, group="mix"),
    classic_heartbeat("c1", 3, group="mix"), describe("mix"), commit("c1", 3, 3, group="mix", version=7),
    commit("c1", 4, 3, group="mix", version=7), classic_leave("mix", "nobody"), classic_leave("mix", "c1"),
        describe("mix"),
    # And back: the last member of the new protocol leaves.
    classic_join("c2", group="mix"), beat("n1", -1, group="mix"), describe("mix"),
    (DESCRIBE, 6, {"groups": ["mix"], "includeAuthorizedOperations": False}),
    join("v0", ["t"], group="v0")[:1] + (0, {k: v for k, v in join("", ["t"], group="v0")[2].items()
                                             if k != "subscribedTopicRegex"}),
    # The classic protocol alone: bad input first.
    classic_join("", group=""), classic_join("nobody", group="c"), classic_join("", group="c", version=3,
        sessionTimeoutMs=1),
    classic_join("", group="c", sessionTimeoutMs=1), classic_join("", group="c", sessionTimeoutMs=99999999),
    classic_join("", group="c", protocols=[]), classic_join("", group="c", protocolType=""),
    classic_join("", group="c-empty", instance=""), classic_sync("nobody", 1, group="c"), classic_heartbeat("nobody",
        1, group="c"),
    classic_heartbeat("nobody", 1, group=""), classic_leave("c", "nobody"), classic_leave("", "nobody"),
    (LEAVE, 1, {"groupId": "c", "memberId": "nobody"}), (LEAVE, 4, classic_leave("c", "a", "b")[2]),
    # Two static members: their ids are the broker's, renamed by the order in which they come.
    classic_join("", group="c", instance="i1", version=5),
    classic_heartbeat("nobody", 1, group="c", instance="i1"), classic_heartbeat("nobody", 1, group="c", instance="i9"),
    classic_sync("nobody", 1, group="c", instance="i1"), classic_join("", group="c", protocolType="connect"),
    classic_join("", group="c", protocols=[{"name": "other", "metadata": SUBSCRIPTION_T}]),
    classic_commit("nobody", 1, instance="i1"), classic_commit("nobody", 1), classic_commit("", -1),
    (DELETE, 2, {"groupsNames": ["c"]}), (DELETE, 0, {"groupsNames": ["c", "c", "nobody", ""]}),
    *[(DESCRIBE, version, {"groups": ["c", "nobody", ""], "includeAuthorizedOperations": False} if version >= 3 else
       {"groups": ["c", "nobody", ""]}) for version in range(7)],
    (LEAVE, 5, {"groupId": "c", "members": [{"memberId": "", "groupInstanceId": "i9", "reason": None},
                                            {"memberId": "wrong", "groupInstanceId": "i1", "reason": None}]}),
    (LEAVE, 5, {"groupId": "c", "members": [{"memberId": "", "groupInstanceId": "i1", "reason": "done"}]}),
    (DESCRIBE, 6, {"groups": ["c"], "includeAuthorizedOperations": True}),
    # Offsets of a group without members.
    *[simple_commit("o", {0: version, 1: 100 + version}, version) for version in range(2, 10)],
    simple_commit("o", {0: -1}), simple_commit("o", {0: -5}), simple_commit("o", {9: 1}), simple_commit("o", {-1: 1}),
    simple_commit("o", {0: 1}, topic="nowhere"), simple_commit("o", {0: 1}, topic=""), simple_commit("", {0: 1}),
    simple_commit("o", {0: 1}, metadata="m" * 4097), simple_commit("o", {0: 1}, metadata="m" * 4096),
    simple_commit("o", {}), simple_commit("o", {0: 5, 1: 6}, metadata=""), simple_commit("o", {2: 77}, topic="t"),
    *[(OFFSET_FETCH, version, {"groupId": "o", "topics": [{"name": "t", "partitionIndexes": [0, 1, 3, 9]},
                                                          {"name": "nowhere", "partitionIndexes": [0]}]})
      for version in range(1, 7)],
    (OFFSET_FETCH, 2, {"groupId": "o", "topics": None}), (OFFSET_FETCH, 7, {"groupId": "o", "topics": None,
        "requireStable": True}),
    (OFFSET_FETCH, 5, {"groupId": "nobody", "topics": None}), (OFFSET_FETCH, 5, {"groupId": "", "topics": None}),
    *[(OFFSET_FETCH, version, {"groups": [
        {"groupId": group, "topics": topics, **({"memberId": None, "memberEpoch": -1} if version >= 9 else {})}
        for group, topics in (("o", None), ("nobody", None), ("o", [{"name": "t", "partitionIndexes": [2]}]))
    ], "requireStable": False}) for version in (8, 9)],
    (OFFSET_FETCH, 9, {"groups": [{"groupId": "o", "memberId": "m", "memberEpoch": 3, "topics": None}],
        "requireStable": False}),
    (OFFSET_FETCH, 9, {"groups": [], "requireStable": False}),
    (OFFSET_DELETE, 0, {"groupId": "o", "topics": [{"name": "t", "partitions": [{"partitionIndex": 0},
        {"partitionIndex": 3}]},
                                                   {"name": "nowhere", "partitions": [{"partitionIndex": 0}]}]}),
    (OFFSET_DELETE, 0, {"groupId": "nobody", "topics": [{"name": "t", "partitions": [{"partitionIndex": 0}]}]}),
    (OFFSET_DELETE, 0, {"groupId": "", "topics": []}), (OFFSET_DELETE, 0, {"groupId": "o", "topics": []}),
    (OFFSET_FETCH, 5, {"groupId": "o", "topics": None}),
    # Lists, finding, deleting.
    *[(LIST, version, {}) for version in range(4)], (LIST, 4, {"statesFilter": ["Empty", "Dead"]}),
    *[(LIST, 5, {"statesFilter": states, "typesFilter": types}) for states, types in
      ((["stable"], ["classic"]), (["nonsense"], []), ([], ["nonsense"]), (["Empty"], ["Classic", "consumer"]), ([""],
          [""]))],
    *[(FIND, version, {"key": "o", "keyType": 0} if version > 0 else {"key": "o"}) for version in range(4)],
    (FIND, 2, {"key": "o", "keyType": 9}), (FIND, 4, {"keyType": 0, "coordinatorKeys": []}),
    (FIND, 4, {"keyType": 9, "coordinatorKeys": ["o"]}), (FIND, 5, {"keyType": 0, "coordinatorKeys": ["o", ""]}),
    (FIND, 6, {"keyType": 0, "coordinatorKeys": ["o"]}),
    *[(DELETE, version, {"groupsNames": ["o"]}) for version in (2, 1)], (DELETE, 2, {"groupsNames": []}),
    (DELETE, 2, {"groupsNames": ["", "mix"]}), (LIST, 5, {"statesFilter": [], "typesFilter": []}),
]


def plain(broker, answer):
    """The answer with the broker's own ids renamed, and in one order."""
    text = json.dumps(answer)
    for name, topic_id in broker.ids.items():
        text = text.replace(topic_id, "{" + name + "}")
    text = re.sub(r'"port": [1-9]\d*', '"port": 1', text)
    for made in re.findall(r'"memberId": "([A-Za-z0-9_-]{22}|(?:[a-z0-9]*-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22})"',
        text):
        broker.names.setdefault(made, f"<made {len(broker.names)}>")
    for made, name in broker.names.items():
        text = text.replace(made, name)

    def ordered(value):
        if isinstance(value, dict):
            return {key: ordered(inner) for key, inner in sorted(value.items()) if key != "throttleTimeMs"}
        if isinstance(value, list):
            return sorted((ordered(inner) for inner in value), key=json.dumps)
        return value

    return ordered(json.loads(text))


def compare(address, kafka_address):
    """Returns (number of requests, list of differences)."""
    known = Known("groups")
    brokers = [Broker(kafka_address), Broker(address)]
    try:
        for broker in brokers:
            broker.prepare(TOPICS)
        for number, step in enumerate(SCRIPT):
            if isinstance(step, int):
                brokers[0].sleep(step)
                continue
            api, version, body = step
            answers = []
            for broker in brokers:
                text = json.dumps(body)
                for name, topic_id in broker.ids.items():
                    text = text.replace("{" + name + "}", topic_id)
                for made, name in broker.names.items():
                    text = text.replace(name, made)
                answers.append(plain(broker, broker.ask(api, version, json.loads(text))))
            known.compare(f"step {number}: api {api} v{version} {json.dumps(body)}", *answers)
    finally:
        for broker in brokers:
            broker.close()
    return sum(not isinstance(step, int) for step in SCRIPT), known.result()
