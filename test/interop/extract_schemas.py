#!/usr/bin/env python3
"""Extracts the JSON message schemas that Kafka publishes inside its own jars: extract_schemas.py LIB OUT

They are data for tests only (the wire tests compare our field tables with them) and stay in the cache, outside the
tree. OUT gets one folder per jar: message (client protocol and control records), metadata (KRaft records), raft,
storage, group, transaction, share (records of the internal topics).
"""

import glob
import os
import re
import sys
import zipfile

JARS = (
    ("kafka-clients", "message"),
    ("kafka-metadata", "metadata"),
    ("kafka-raft", "raft"),
    ("kafka-storage", "storage"),
    ("kafka-group-coordinator", "group"),
    ("kafka-transaction-coordinator", "transaction"),
    ("kafka-share-coordinator", "share"),
)


def main(lib, out):
    for jar, folder in JARS:
        paths = [
            p
            for p in glob.glob(os.path.join(lib, jar + "-*.jar"))
            if re.match(re.escape(jar) + r"-\d", os.path.basename(p))
        ]
        if len(paths) != 1:
            sys.exit(f"extract_schemas.py: expected one {jar} jar in {lib}, found {len(paths)}")
        target = os.path.join(out, folder)
        os.makedirs(target, exist_ok=True)
        count = 0
        with zipfile.ZipFile(paths[0]) as archive:
            for name in archive.namelist():
                if re.search(r"(^|/)(message|metadata)/[A-Za-z]+\.json$", name):
                    with open(os.path.join(target, os.path.basename(name)), "wb") as file:
                        file.write(archive.read(name))
                    count += 1
        if count == 0:
            sys.exit(f"extract_schemas.py: no schemas in {paths[0]}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
