"""The requests of differential_admin.py, as (API key, version, body)."""

TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


def incremental(kind, name, *changes, only_check=False, version=1):
    resource = {
        "resourceType": kind,
        "resourceName": name,
        "configs": [{"name": key, "configOperation": how, "value": value} for key, how, value in changes],
    }
    return 44, version, {"resources": [resource], "validateOnly": only_check}


def replace(kind, name, *settings, only_check=False, version=2):
    resource = {
        "resourceType": kind,
        "resourceName": name,
        "configs": [{"name": key, "value": value} for key, value in settings],
    }
    return 33, version, {"resources": [resource], "validateOnly": only_check}


def grow(name, count, assignments=None, only_check=False, timeout=30000, version=3):
    topic = {
        "name": name,
        "count": count,
        "assignments": None if assignments is None else [{"brokerIds": brokers} for brokers in assignments],
    }
    return 37, version, {"topics": [topic], "timeoutMs": timeout, "validateOnly": only_check}


def delete_records(name, offset, partition=0, version=2, timeout=30000):
    topic = {"name": name, "partitions": [{"partitionIndex": partition, "offset": offset}]}
    return 21, version, {"topics": [topic], "timeoutMs": timeout}


def log_dirs(topics, version=4):
    return 35, version, {"topics": topics}


def end_of_epoch(name, epoch, partition=0, current=-1, version=4):
    part = {"partition": partition, "currentLeaderEpoch": current, "leaderEpoch": epoch}
    return 23, version, {"replicaId": -1, "topics": [{"topic": name, "partitions": [part]}]}


def quorum(name="__cluster_metadata", partition=0, version=2):
    return 55, version, {"topics": [{"topicName": name, "partitions": [{"partitionIndex": partition}]}]}


def elect(partitions, kind=0, version=2, timeout=30000):
    topics = None if partitions is None else [{"topic": name, "partitions": parts} for name, parts in partitions]
    return 43, version, {"electionType": kind, "topicPartitions": topics, "timeoutMs": timeout}


def reassign(name, partition, replicas, version=1, **more):
    topic = {"name": name, "partitions": [{"partitionIndex": partition, "replicas": replicas}]}
    return 45, version, {"timeoutMs": 30000, "allowReplicationFactorChange": True, "topics": [topic], **more}


def reassignments(topics):
    named = None if topics is None else [{"name": name, "partitionIndexes": parts} for name, parts in topics]
    return 46, 0, {"timeoutMs": 30000, "topics": named}


def features(*updates, version=2, only_check=False, **more):
    wanted = [
        {"feature": name, "maxVersionLevel": level, "upgradeType": how, "allowDowngrade": how > 1}
        for name, level, how in updates
    ]
    return 57, version, {"timeoutMs": 30000, "featureUpdates": wanted, "validateOnly": only_check, **more}


def quota(entity, *ops, only_check=False, version=1):
    parts = [{"entityType": kind, "entityName": name} for kind, name in entity]
    changes = [{"key": key, "value": 0.0 if value is None else value, "remove": value is None} for key, value in ops]
    return 49, version, {"entries": [{"entity": parts, "ops": changes}], "validateOnly": only_check}


def quotas(*components, strict=False, version=1):
    wanted = [{"entityType": kind, "matchType": how, "match": name} for kind, how, name in components]
    return 48, version, {"components": wanted, "strict": strict}


def scram(upserts=(), removes=()):
    password = "c2FsdGVkLXBhc3N3b3Jk"
    return 51, 0, {
        "deletions": [{"name": name, "mechanism": mechanism} for name, mechanism in removes],
        "upsertions": [
            {"name": name, "mechanism": mechanism, "iterations": rounds, "salt": "c2FsdA==", "saltedPassword": password}
            for name, mechanism, rounds in upserts
        ],
    }


def scrams(users):
    return 50, 0, {"users": None if users is None else [{"name": name} for name in users]}


def producers(name, *partitions):
    return 61, 0, {"topics": [{"name": name, "partitionIndexes": list(partitions)}]}


def move(path, name, *partitions, version=2):
    return 34, version, {"dirs": [{"path": path, "topics": [{"name": name, "partitions": list(partitions)}]}]}
