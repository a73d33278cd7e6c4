#!/usr/bin/env python3
"""One script of consumer group requests (KIP-848; JoinGroup and its kin beside it) against two brokers, compared answer
by answer: real Kafka first, Moldau second. Topic ids are renamed by topic, ids that a broker makes by the order in which
they come. Prints every difference, and exits with 1 if there is any.

    consumer_group_diff.py HOST:PORT HOST:PORT

Both brokers are fresh, with group.consumer.assignment.interval.ms=0 (targets are computed at once)."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
JOIN, HEARTBEAT, LEAVE, SYNC, CREATE_TOPICS, METADATA, FIND = 11, 12, 13, 14, 19, 3, 10
COMMIT, CONSUMER_HEARTBEAT, CONSUMER_DESCRIBE, DESCRIBE, LIST, DELETE = 8, 68, 69, 15, 16, 42
TIMEOUT_S = 180


class Broker:
    def __init__(self, address):
        self.process = subprocess.Popen([os.path.join(HERE, "peer.sh"), "java", "RawRequest", address, "-"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.names = {}

    def ask(self, api, version, body):
        self.process.stdin.write(f"{api} {version} {json.dumps(body)}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def sleep(self, milliseconds):
        self.process.stdin.write(f"sleep {milliseconds}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=TIMEOUT_S)

    def prepare(self, topics):
        """Creates topics, waits for them and for the coordinator; learns the topics' ids."""
        self.ask(CREATE_TOPICS, 7, {"topics": [{"name": name, "numPartitions": count, "replicationFactor": 1, "assignments": [],
                                                "configs": []} for name, count in topics.items()],
                                    "timeoutMs": 10000, "validateOnly": False})
        self.ids = {}
        for _ in range(100):
            answer = self.ask(METADATA, 12, {"topics": [{"topicId": "AAAAAAAAAAAAAAAAAAAAAA", "name": name} for name in topics],
                                             "allowAutoTopicCreation": False, "includeTopicAuthorizedOperations": False})
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
        sys.exit("the coordinator does not come up")


def beat(member, epoch, group="g", **fields):
    body = {"groupId": group, "memberId": member, "memberEpoch": epoch, "instanceId": None, "rackId": None,
            "rebalanceTimeoutMs": -1, "subscribedTopicNames": None, "subscribedTopicRegex": None, "serverAssignor": None,
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


def classic_join(member, group="g", instance=None, version=9):
    return JOIN, version, {"groupId": group, "sessionTimeoutMs": 30000, "rebalanceTimeoutMs": 30000, "memberId": member,
                           "groupInstanceId": instance, "protocolType": "consumer",
                           "protocols": [{"name": "range", "metadata": SUBSCRIPTION_T}], "reason": None}


def classic_sync(member, generation, group="g"):
    return SYNC, 5, {"groupId": group, "generationId": generation, "memberId": member, "groupInstanceId": None,
                     "protocolType": "consumer", "protocolName": "range", "assignments": []}


def classic_heartbeat(member, generation, group="g"):
    return HEARTBEAT, 4, {"groupId": group, "generationId": generation, "memberId": member, "groupInstanceId": None}


def classic_leave(group, *members):
    return LEAVE, 5, {"groupId": group, "members": [{"memberId": member, "groupInstanceId": None, "reason": None}
                                                    for member in members]}


def commit(member, epoch, partition, group="g", version=9):
    return COMMIT, version, {"groupId": group, "generationIdOrMemberEpoch": epoch, "memberId": member, "groupInstanceId": None,
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
    beat("m1", 3, topicPartitions=[]), beat("m2", 3, topicPartitions=[]), beat("m1", 4, topicPartitions=[]), describe("g"),
    beat("m2", 4, serverAssignor="range"), describe("g"),
    # Leaving.
    beat("m2", -1), beat("m2", -1), beat("m1", 4, topicPartitions=[]), describe("g"), beat("m1", -1), describe("g"),
    (LIST, 5, {"statesFilter": [], "typesFilter": ["consumer"]}), (LIST, 5, {"statesFilter": ["empty"], "typesFilter": []}),
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
    classic_sync("c1", 3, group="mix"), classic_heartbeat("c1", 3, group="mix"), classic_heartbeat("c1", 1, group="mix"),
    classic_heartbeat("n1", 3, group="mix"), beat("n1", 2, group="mix", topicPartitions=[]),
    classic_heartbeat("c1", 3, group="mix"), classic_join("c1", group="mix"), classic_sync("c1", 3, group="mix"),
    classic_heartbeat("c1", 3, group="mix"), describe("mix"), commit("c1", 3, 3, group="mix", version=7),
    commit("c1", 4, 3, group="mix", version=7), classic_leave("mix", "nobody"), classic_leave("mix", "c1"), describe("mix"),
    # And back: the last member of the new protocol leaves.
    classic_join("c2", group="mix"), beat("n1", -1, group="mix"), describe("mix"),
    (DESCRIBE, 6, {"groups": ["mix"], "includeAuthorizedOperations": False}),
    join("v0", ["t"], group="v0")[:1] + (0, {k: v for k, v in join("", ["t"], group="v0")[2].items()
                                             if k != "subscribedTopicRegex"}),
]


def plain(broker, answer):
    """The answer with the broker's own ids renamed, and in one order."""
    text = json.dumps(answer)
    for name, topic_id in broker.ids.items():
        text = text.replace(topic_id, "{" + name + "}")
    for made in re.findall(r'"memberId": "((?=[A-Za-z0-9_-]{22}"|[0-9a-f-]{36}").[^"]+)"', text):
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


def main():
    brokers = [Broker(address) for address in sys.argv[1:3]]
    for broker in brokers:
        broker.prepare(TOPICS)
    different = 0
    for number, step in enumerate(SCRIPT):
        if isinstance(step, int):
            for broker in brokers:
                broker.sleep(step)
            continue
        api, version, body = step
        answers = []
        for broker in brokers:
            text = json.dumps(body)
            for name, topic_id in broker.ids.items():
                text = text.replace("{" + name + "}", topic_id)
            answers.append(plain(broker, broker.ask(api, version, json.loads(text))))
        if answers[0] != answers[1]:
            different += 1
            print(f"step {number}: api {api} v{version} {json.dumps(body)}\n  first:  {json.dumps(answers[0])}\n"
                  f"  second: {json.dumps(answers[1])}")
    for broker in brokers:
        broker.close()
    asked = sum(not isinstance(step, int) for step in SCRIPT)
    print(f"{asked} requests, {different} differences")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
