"""The command line that every client program of the matrix has (Python side):

expect  PARTITIONS RECORDS TOPIC...                        print the sums of what would be written
produce BOOTSTRAP PARTITIONS RECORDS TOPIC:CODEC...         write, and print the sums of what was written
consume BOOTSTRAP PARTITIONS RECORDS TOPIC...               read RECORDS records of each topic by assign(), print the
sums
"""

import sys

import content


def run(produce, consume):
    verb, *rest = sys.argv[1:]
    if verb == "expect":
        partitions, records, *topics = rest
        for topic in topics:
            print("\n".join(content.expected(topic, int(partitions), int(records))))
        return
    bootstrap, partitions, records, *topics = rest
    for topic in topics:
        if verb == "produce":
            name, codec = topic.rsplit(":", 1)
            sums = produce(bootstrap, name, codec, int(partitions), int(records))
        elif verb == "consume":
            name = topic
            sums = consume(bootstrap, name, int(partitions), int(records))
        else:
            sys.exit(f"no verb {verb}")
        for partition, one in enumerate(sums):
            print(one.line(name, partition), flush=True)


def records_of_partition(partition, partitions, records):
    return (records - partition + partitions - 1) // partitions
