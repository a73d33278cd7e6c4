// The flags of the topic verbs, and their longer help. Only commands.cc includes it.
#pragma once

#include "cli/flags_common.h"

namespace moldau::cli {

inline constexpr Flag create_flags[] = {
    {"topic-config", 'c', FlagKind::texts, "", "A setting of the topics, key=value; may stand several times"},
    {"dry", 'd', FlagKind::boolean, "false", "Ask whether the topics could be created, create nothing"},
    {"if-not-exists", 0, FlagKind::boolean, "false", "Topics that exist are no error"},
    {"partitions", 'p', FlagKind::integer, "-1", "Partitions of each topic; -1: the cluster's num.partitions", "", -1,
     int32_max},
    {"replicas", 'r', FlagKind::integer, "-1",
     "Replicas of each partition; -1: the cluster's default.replication.factor", "", -1, 32767},
};
inline constexpr Flag list_flags[] = {
    {"detailed", 'd', FlagKind::boolean, "false", "Print a line for each partition"},
    output_format,
    {"internal", 'i', FlagKind::boolean, "false", "Include internal topics"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
};
inline constexpr Flag describe_flags[] = {
    output_format,
    {"print-all", 'a', FlagKind::boolean, "false", "Print all sections"},
    {"print-configs", 'c', FlagKind::boolean, "false", "Print the settings"},
    {"print-partitions", 'p', FlagKind::boolean, "false", "Print the partitions"},
    {"print-summary", 's', FlagKind::boolean, "false", "Print the summary"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
    {"stable", 0, FlagKind::boolean, "false", "Include last stable offsets, which transactions hold back"},
};
inline constexpr Flag delete_flags[] = {
    output_format,
    {"regex", 'r', FlagKind::boolean, "false",
     "The names are regular expressions, each for a whole name; internal topics are spared"},
};
inline constexpr Flag consume_flags[] = {
    {"balancer", 'b', FlagKind::text, "", "How the group shares partitions; uniform with --group-protocol consumer",
     "range|uniform"},
    {"fetch-max-bytes", 0, FlagKind::integer, "52428800", "Most bytes of a fetch", "", 1, int32_max},
    {"fetch-max-partition-bytes", 0, FlagKind::integer, "1048576", "Most bytes of one partition in a fetch", "", 1,
     int32_max},
    {"fetch-max-wait", 0, FlagKind::duration, "", "How long a broker waits for records before it answers (default 5s)"},
    {"format", 'f', FlagKind::text, "json", "How to print a record: json, or a format of percent verbs"},
    {.name = "group",
     .letter = 'g',
     .kind = FlagKind::text,
     .help = "Consume as a member of this group, and commit what was printed",
     .names = ArgumentKind::groups},
    {"group-protocol", 0, FlagKind::text, "",
     "How to be a member; consumer is KIP-848 (default: group.protocol, classic)", "classic|consumer"},
    {"meta-only", 0, FlagKind::boolean, "false", "Leave values out (with json)"},
    {"num", 'n', FlagKind::integer, "0", "End after so many records; 0: never", "", 0},
    {"offset", 'o', FlagKind::text, "start",
     "Where to begin and end: start, end, 47, +2, -3, 5:10, :end, @-1h, @2024-02-14:1h"},
    {"partitions", 'p', FlagKind::integers, "", "Only these partitions, with commas between", "", 0, int32_max},
    {"pretty-print", 0, FlagKind::boolean, "true", "Print each record over several lines (with json)"},
    {"print-control-records", 0, FlagKind::boolean, "false", "Print control records too"},
    {"rack", 0, FlagKind::text, "", "Where this client is, to read from a replica nearby"},
    {"read-committed", 0, FlagKind::boolean, "false", "Leave out records of transactions that are open or aborted"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
    {"use-schema-registry", 0, FlagKind::text, "", "Decode keys and values with the schema registry"},
};
inline constexpr Flag analyze_flags[] = {
    {"batches", 0, FlagKind::integer, "10", "Read no more of a partition once it gave so many batches", "", 1, 1000000},
    output_format,
    {"print-all", 'a', FlagKind::boolean, "false", "Print all sections"},
    {"print-partition-batch-rate", 0, FlagKind::boolean, "false", "Print the batches of each partition in a second"},
    {"print-partition-batch-size", 0, FlagKind::boolean, "false", "Print the sizes of each partition's batches"},
    {"print-summary", 's', FlagKind::boolean, "false", "Print the summary"},
    {"print-topics", 0, FlagKind::boolean, "false", "Print a line for each topic"},
    {"regex", 'r', FlagKind::boolean, "false", "The names are regular expressions, each for a whole name"},
    {"time-range", 't', FlagKind::text, "-1m:end", "What to read, T1:T2: -24h:end, -48h:-24h, 2024-02-14:1h"},
    {"timeout", 0, FlagKind::duration, "10s", "How long to read"},
};
inline constexpr Flag produce_flags[] = {
    {"acks", 0, FlagKind::integer, "-1", "Who must have a record: -1 all replicas in sync, 1 the leader, 0 nobody", "",
     -1, 1},
    {"allow-auto-topic-creation", 0, FlagKind::boolean, "false", "Let the broker create topics that do not exist"},
    {"compression", 'z', FlagKind::text, "snappy", "Codec of the batches", "none|gzip|snappy|lz4|zstd"},
    {"delivery-timeout", 0, FlagKind::duration, "0", "How long a record is tried; at least 1s; 0: 5 minutes"},
    {"format", 'f', FlagKind::text, "%v\\n", "How to cut the input into records"},
    {"header", 'H', FlagKind::texts, "", "A header of each record, key:value; may stand several times"},
    {"key", 'k', FlagKind::text, "", "The key of records whose input has none"},
    {"max-message-bytes", 0, FlagKind::integer, "-1", "Largest batch before compression; -1: 1000000", "", -1,
     1'000'000'000},
    {"output-format", 'o', FlagKind::text, "Produced to partition %p at offset %o with timestamp %d.\\n",
     "What to print of a record that is stored; '' for nothing"},
    {"partition", 'p', FlagKind::integer, "-1", "The partition for all records; %p in the format goes before it", "",
     -1, int32_max},
    {"schema-id", 0, FlagKind::text, "", "Encode values with this schema of the registry"},
    {"schema-key-id", 0, FlagKind::text, "", "Encode keys with this schema of the registry"},
    {"schema-key-type", 0, FlagKind::text, "", "Message type within a protobuf schema of keys"},
    {"schema-type", 0, FlagKind::text, "", "Message type within a protobuf schema of values"},
    {"tombstone", 'Z', FlagKind::boolean, "false", "Empty values become null"},
};
inline constexpr Flag alter_config_flags[] = {
    {"append", 0, FlagKind::texts, "", "Add a value to a setting that is a list, key=value; may stand several times"},
    {"delete", 'd', FlagKind::texts, "", "Reset a setting to its default; may stand several times"},
    {"dry", 0, FlagKind::boolean, "false", "Ask whether the settings could be changed, change nothing"},
    output_format,
    {"no-confirm", 0, FlagKind::boolean, "false", "Ask nothing; there is nothing to ask here"},
    {"set", 's', FlagKind::texts, "", "Set a setting, key=value; may stand several times"},
    {"subtract", 0, FlagKind::texts, "", "Take a value out of a setting that is a list, key=value"},
};
inline constexpr Flag add_partitions_flags[] = {
    {"force", 'f', FlagKind::boolean, "false", "Change internal topics too"},
    output_format,
    {"num", 'n', FlagKind::integer, "0", "How many partitions to add to each topic", "", 1, int32_max},
};
inline constexpr Flag trim_prefix_flags[] = {
    output_format,
    {"from-file", 'f', FlagKind::text, "", "A file with a line TOPIC PARTITION OFFSET for each; - is standard input"},
    {"no-confirm", 0, FlagKind::boolean, "false", "Do not ask whether to go on"},
    {"offset", 'o', FlagKind::text, "", "Where the log shall begin: end, an offset, or a time: @-1h, @2024-02-14"},
    {"partitions", 'p', FlagKind::integers, "", "Only these partitions, with commas between", "", 0, int32_max},
};

inline constexpr std::string_view trim_prefix_details =
    R"(What is before the offset is gone for good. A file may also hold JSON:
  [{"topic": "t", "partition": 0, "offset": 5}]

Examples:
  moldau topic trim-prefix orders -o 120 -p 1
  moldau topic trim-prefix orders -o @-24h --no-confirm
)";
inline constexpr std::string_view consume_details =
    R"(Formats (-f): text with percent verbs.
  %t %k %v     topic, key, value                 %T %K %V   their sizes
  %h{%k=%v }   each header                       %H         how many
  %p %o %e %d  partition, offset, epoch, time    %x %y      producer id and epoch
  %[ %| %]     log start, stable offset, end     %i         count of records
  %a{...}      compression, timestamp-type, transactional-bit, control-bit; also %a{NAME;NUMBER}
  numbers      %p{hex8} ascii hex hex64 ... hex4, big64 ... big8, little64 ... little8, byte, bool
  texts        %v{hex} {base64} {base64raw} {unpack[>IqS...]}
  times        %d{go[2006-01-02T15:04:05Z07:00]} %d{strftime[%F]}
  \t \n \r \\ \xNN and %% %{ %} stand for characters.

Offsets (-o): where to begin, and behind a colon where to end (not included).
  start end        the first record; what comes from now on
  47 +2 -3         an offset; 2 after the start; 3 before the end
  5:10 5:end :end  ranges
  @T @T1:T2 @:T2   times: 13 digits (ms), 10 digits (s), 2024-02-14, 2024-02-14T08:00:00Z, or durations: @-48h:-24h

Examples:
  moldau topic consume orders -o :end -f '%k %v\n'      all there is, then end
  moldau topic consume orders -o @-1h -n 10             ten records of the last hour
  moldau topic consume orders -p 0 -o -1 -n 1           the last record of partition 0

Groups (-g): partitions are shared with the group's other members. It begins where the group has committed,
and at -o where it has not; ends of -o hold for the partitions that are given to this member. What was
printed is committed every five seconds and at the end, also after Ctrl-C.
  moldau topic consume orders -g billing -o :end -f '%v\n'   what the group has not seen yet, then end
)";

inline constexpr std::string_view analyze_details =
    R"(Reads batches of a span of time, and tells how many came in a second and how large they were: small batches
are the usual reason for slow producers. Without a choice of sections: summary and topics.

Examples:
  moldau topic analyze orders
  moldau topic analyze -r 'orders-.*' -t -24h:end --batches 1000 -a
)";
inline constexpr std::string_view produce_details =
    R"(Formats (-f): percent verbs, and the text between them. The default is '%v\n': a value on each line.
  %t %k %v     topic, key, value                 %T %K %V   their sizes, to stand before them
  %h{%k=%v }   each header                       %H         how many, to stand before them
  %p           partition (needs -p)              %d         timestamp in milliseconds
  texts        %v{hex} {base64} {json} {re[a-z]*}
  numbers      digits; %V{big32} hex64 ... hex4, big64 ... big8, little64 ... little8, byte, bool; %V{8}: always 8

Examples:
  printf 'k1 v1\nk2 v2\n' | moldau topic produce orders -f '%k %v\n'
  moldau topic produce orders -f '%v{json}' < values.json
  moldau topic produce orders -k key -H source:shell -z zstd -o ''
)";

}  // namespace moldau::cli
