#!/usr/bin/env bash
# Real Apache Kafka as a peer for tests: fetched into the cache, started, stopped, and its command-line tools.
#
#   peer.sh fetch                        resolve Kafka (and the old Java client) through Maven into the cache; does
#                                        nothing when there
#   peer.sh format DIR PROPS [ARG...]    format the log.dirs named in PROPS (default --standalone); DIR/cluster.id keeps
#                                        the cluster id
#   peer.sh start DIR PORT [--test|--bench] [--static-voters] [key=value...]
#                                        one node (broker and controller) with its data in DIR/data; PORT 0 takes a free
#                                        one. Returns when it serves; prints HOST:PORT. DIR/server.properties is written
#                                        at the first start and kept; key=value pairs are appended (later keys win).
#                                        Formats a fresh folder, --standalone or (--static-voters) with
#                                        controller.quorum.voters.
#   peer.sh stop DIR                     SIGTERM, and wait until it has ended
#   peer.sh kill DIR                     kill -9, and wait until it has ended
#   peer.sh tool NAME ARG...             one of Kafka's tools, e.g. topics, dump-log, console-producer
#   peer.sh tool-old NAME ARG...         the same of the old client line (console-producer, console-consumer,
#                                        producer-perf-test)
#   peer.sh java FILE ARG...             run one of our single-file Java programs against Kafka's classes (compiled
#                                        once, cached)
#   peer.sh java-old FILE ARG...         the same against the old client line
#   peer.sh schemas | lib | cache        print where the message schemas, the jars, the cache are
#
# Pins: versions.env. Cache: ${MOLDAU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/moldau}. The marker file .complete is
# written last, for a half-done copy of jars looks like a whole one. Environment: PEER_TIMEOUT (seconds to wait for a
# start, default 120), PEER_JAVA_OPTS (flags in place of the default ones for tools and programs).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=versions.env
. "$here/versions.env"
cache=${MOLDAU_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/moldau}
home=$cache/kafka-$KAFKA_VERSION
lib=$home/lib
old_home=$cache/kafka-$KAFKA_OLD_CLIENT

test_flags=(-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC)
bench_flags=(-Xms1g -Xmx1g -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35
             -XX:+ExplicitGCInvokesConcurrent)

die() { echo "peer.sh: $*" >&2; exit 1; }

need() {  # need PROGRAM PACKAGE
  command -v "$1" >/dev/null 2>&1 || die "$1 is missing; hint: apt-get install $2"
}

# The class path in a fixed order: a class-data archive is only used with the very path it was made with.
class_path() { printf '%s:' "$1"/*.jar; }

# The archive depends on the JVM build as well, so its name does too.
archive_path() {
  echo "$home/kafka-$(java -Xinternalversion 2>/dev/null | cksum | cut -d' ' -f1).jsa"
}

fetch_profile() {  # fetch_profile PROFILE HOME VERSION
  [ -e "$2/.complete" ] && return 0
  need java default-jre-headless
  need mvn maven
  mkdir -p "$2"
  local part="$2/lib.part.$$"
  echo "peer.sh: fetching Apache Kafka $3 ($1) through Maven" >&2
  mvn -q -B -f "$here/kafka/pom.xml" -P "$1" \
    -Dkafka.version="$3" -Dkafka.scala="$KAFKA_SCALA" -Dlog4j.version="$LOG4J_VERSION" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$part" >&2 ||
    die "Maven could not resolve Kafka $3"
  rm -rf "$2/lib"
  mv "$part" "$2/lib"
  if [ "$1" = peer ]; then
    need python3 python3
    python3 "$here/extract_schemas.py" "$2/lib" "$2/schemas"
  fi
  : >"$2/.complete"
}

fetch() {
  fetch_profile peer "$home" "$KAFKA_VERSION"
  fetch_profile old-client "$old_home" "$KAFKA_OLD_CLIENT"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

run_tool_class() {  # run_tool_class MAIN ARG...
  local flags=("${test_flags[@]}") archive
  archive=$(archive_path)
  [ -e "$archive" ] && flags+=(-XX:SharedArchiveFile="$archive" -Xlog:cds=off -Xlog:cds+dynamic=off)
  # shellcheck disable=SC2206
  [ -n "${PEER_JAVA_OPTS:-}" ] && flags=($PEER_JAVA_OPTS)
  exec java "${flags[@]}" -Dlog4j2.configurationFile="$here/kafka/log4j2-tool.properties" \
    -cp "$(class_path "$lib")" "$@"
}

property() {  # property FILE KEY: the last value of KEY
  sed -n "s/^$2=//p" "$1" | tail -n 1
}

cluster_id() {  # cluster_id DIR: 16 random bytes in URL-safe base64, kept; never with a leading dash
  if [ ! -s "$1/cluster.id" ]; then
    local id=-
    while [ "${id#-}" != "$id" ]; do id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 1-22); done
    echo "$id" >"$1/cluster.id"
  fi
  cat "$1/cluster.id"
}

format() {  # format DIR PROPS [ARG...]
  local dir=$1 props=$2
  shift 2
  if [ $# -eq 0 ] && [ -z "$(property "$props" controller.quorum.voters)" ]; then set -- --standalone; fi
  (run_tool_class kafka.tools.StorageTool format -t "$(cluster_id "$dir")" -c "$props" "$@") >"$dir/format.log" 2>&1 ||
    { cat "$dir/format.log" >&2; die "format failed"; }
}

write_properties() {  # write_properties DIR PORT CONTROLLER_PORT
  cat >"$1/server.properties" <<PROPS
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:$3
log.dirs=$1/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
PROPS
}

# One poll: Metadata v1 for no topics; serving when it names one broker. A port that accepts is not yet a broker that
# serves.
serves() {  # serves PORT
  local count
  count=$( (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf '\0\0\0\x0e\0\x03\0\x01\0\0\0\x01\xff\xff\0\0\0\0' >&3 &&
    timeout 5 head -c 12 <&3 | od -An -tu1 | awk '{ print $12 }') 2>/dev/null) || return 1
  [ "$count" = 1 ]
}

await_ready() {  # await_ready DIR PORT PID
  local deadline=$((SECONDS + ${PEER_TIMEOUT:-120}))
  until serves "$2"; do
    kill -0 "$3" 2>/dev/null || { tail -n 30 "$1/server.log" >&2; die "the broker ended at start"; }
    [ $SECONDS -lt $deadline ] || { kill "$3"; tail -n 30 "$1/server.log" >&2; die "not ready in time"; }
    sleep 0.1
  done
}

launch() {  # launch DIR JAVA_FLAG...: starts in the background, leaves DIR/pid
  local dir=$1
  shift
  setsid java "$@" -Dlog4j2.configurationFile="$here/kafka/log4j2.properties" -cp "$(class_path "$lib")" \
    kafka.Kafka "$dir/server.properties" </dev/null >>"$dir/server.log" 2>&1 &
  echo $! >"$dir/pid"
}

# Start and stop once with class-data dumping: later starts of the test flavour take half the CPU.
make_archive() {
  local archive scratch port
  archive=$(archive_path)
  [ -e "$archive" ] && return 0
  echo "peer.sh: making the class-data archive (once)" >&2
  scratch=$(mktemp -d)
  port=$(free_port)
  write_properties "$scratch" "$port" "$(free_port)"
  format "$scratch" "$scratch/server.properties"
  launch "$scratch" "${test_flags[@]}" -XX:ArchiveClassesAtExit="$archive.part"
  await_ready "$scratch" "$port" "$(cat "$scratch/pid")"
  end "$scratch" TERM 120
  [ -e "$archive.part" ] && mv "$archive.part" "$archive"
  rm -rf "$scratch"
}

start() {  # start DIR PORT [FLAVOUR] [key=value...]
  [ $# -ge 2 ] || die "usage: peer.sh start DIR PORT [--test|--bench] [key=value...]"
  mkdir -p "$1"
  local dir port=$2 flavour=--test flags pair controller static=no
  dir=$(cd "$1" && pwd)
  shift 2
  case ${1:-} in --test | --bench) flavour=$1; shift ;; esac
  if [ "${1:-}" = --static-voters ]; then static=yes; shift; fi
  if [ -e "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; then die "$dir is running already"; fi
  if [ ! -e "$dir/server.properties" ]; then
    [ "$port" != 0 ] || port=$(free_port)
    controller=$(free_port)
    write_properties "$dir" "$port" "$controller"
    if [ $static = yes ]; then
      sed -i "s/^controller.quorum.bootstrap.servers=.*/controller.quorum.voters=1@127.0.0.1:$controller/" \
        "$dir/server.properties"
    fi
  fi
  for pair in "$@"; do
    case $pair in *=*) echo "$pair" >>"$dir/server.properties" ;; *) die "not key=value: $pair" ;; esac
  done
  port=$(property "$dir/server.properties" listeners | sed -n 's/.*PLAINTEXT:\/\/[^:]*:\([0-9]*\).*/\1/p')
  if [ "$flavour" = --bench ]; then
    flags=("${bench_flags[@]}")
  else
    make_archive
    flags=("${test_flags[@]}" -XX:SharedArchiveFile="$(archive_path)")
  fi
  [ -e "$(property "$dir/server.properties" log.dirs)/meta.properties" ] || format "$dir" "$dir/server.properties"
  : >"$dir/server.log"
  launch "$dir" "${flags[@]}"
  await_ready "$dir" "$port" "$(cat "$dir/pid")"
  echo "127.0.0.1:$port"
}

end() {  # end DIR SIGNAL SECONDS: signal the process of DIR/pid and wait until it is gone
  local pid deadline=$((SECONDS + $3))
  [ -s "$1/pid" ] || return 0
  pid=$(cat "$1/pid")
  # A process id may have been given to somebody else: only end what still is a Kafka of this folder.
  if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "kafka.Kafka $1/server.properties"; then
    kill -s "$2" "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && [ "$(awk '{ print $3 }' "/proc/$pid/stat" 2>/dev/null)" != Z ]; do
      [ $SECONDS -lt $deadline ] || die "process $pid did not end"
      sleep 0.1
    done
  fi
  rm -f "$1/pid"
}

tool() {  # tool NAME ARG...
  local name=$1 main t=org.apache.kafka.tools
  shift
  case $name in
    storage) main=kafka.tools.StorageTool ;;
    configs) main=kafka.admin.ConfigCommand ;;
    topics) main=$t.TopicCommand ;;
    acls) main=$t.AclCommand ;;
    console-producer) main=$t.ConsoleProducer ;;
    console-consumer) main=$t.consumer.ConsoleConsumer ;;
    consumer-groups) main=$t.consumer.group.ConsumerGroupCommand ;;
    share-groups) main=$t.consumer.group.ShareGroupCommand ;;
    streams-groups) main=$t.streams.StreamsGroupCommand ;;
    producer-perf-test) main=$t.ProducerPerformance ;;
    consumer-perf-test) main=$t.ConsumerPerformance ;;
    e2e-latency) main=$t.EndToEndLatency ;;
    verifiable-producer) main=$t.VerifiableProducer ;;
    verifiable-consumer) main=$t.VerifiableConsumer ;;
    groups) main=$t.GroupsCommand ;;
    reassign-partitions) main=$t.reassign.ReassignPartitionsCommand ;;
    leader-election) main=$t.LeaderElectionCommand ;;
    delete-records) main=$t.DeleteRecordsCommand ;;
    get-offsets) main=$t.GetOffsetShell ;;
    transactions) main=$t.TransactionsCommand ;;
    features) main=$t.FeatureCommand ;;
    dump-log) main=$t.DumpLogSegments ;;
    log-dirs) main=$t.LogDirsCommand ;;
    cluster) main=$t.ClusterTool ;;
    metadata-quorum) main=$t.MetadataQuorumCommand ;;
    broker-api-versions) main=$t.BrokerApiVersionsCommand ;;
    log-compaction-tester) main=$t.LogCompactionTester ;;
    *) die "no tool named $name" ;;
  esac
  run_tool_class "$main" "$@"
}

tool_old() {  # tool_old NAME ARG...
  local name=$1 main
  shift
  case $name in
    console-producer) main=kafka.tools.ConsoleProducer ;;
    console-consumer) main=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    producer-perf-test) main=org.apache.kafka.tools.ProducerPerformance ;;
    *) die "no old tool named $name" ;;
  esac
  exec java "${test_flags[@]}" -cp "$(class_path "$old_home/lib")" "$main" "$@"
}

# A program is compiled once per content and library (single-file launch would compile it at every run); the compiler is
# the one inside the run-time image, so no JDK is needed.
run_program() {  # run_program HOME FILE ARG...
  local base=$1 file=$2 name classes flags=("${test_flags[@]}")
  shift 2
  [ -e "$file" ] || file=$here/java/$file.java
  [ -e "$file" ] || die "no program $file"
  name=$(basename "$file" .java)
  classes=$base/programs/$name-$(cksum <"$file" | cut -d' ' -f1)
  if [ ! -e "$classes/.complete" ]; then
    mkdir -p "$classes"
    java -Xmx512m -XX:TieredStopAtLevel=1 -m jdk.compiler/com.sun.tools.javac.Main -nowarn -XDsuppressNotes -proc:none \
      -d "$classes" -cp "$(class_path "$base/lib")" "$file" >&2 || die "cannot compile $file"
    : >"$classes/.complete"
  fi
  # shellcheck disable=SC2206
  [ -n "${PEER_JAVA_OPTS:-}" ] && flags=($PEER_JAVA_OPTS)
  exec java "${flags[@]}" -Dlog4j2.configurationFile="$here/kafka/log4j2-tool.properties" \
    -cp "$(class_path "$base/lib")$classes" "$name" "$@"
}

verb=${1:-}
[ $# -gt 0 ] && shift
case $verb in
  fetch) fetch ;;
  schemas) fetch; echo "$home/schemas" ;;
  lib) fetch; echo "$lib" ;;
  cache) echo "$cache" ;;
  format) fetch; [ $# -ge 2 ] || die "usage: peer.sh format DIR PROPS"; mkdir -p "$1"; format "$@" ;;
  start) fetch; start "$@" ;;
  stop) [ $# -eq 1 ] || die "usage: peer.sh stop DIR"; end "$(cd "$1" && pwd)" TERM 120 ;;
  kill) [ $# -eq 1 ] || die "usage: peer.sh kill DIR"; end "$(cd "$1" && pwd)" KILL 20 ;;
  tool) fetch; [ $# -ge 1 ] || die "usage: peer.sh tool NAME ARG..."; tool "$@" ;;
  tool-old) fetch; [ $# -ge 1 ] || die "usage: peer.sh tool-old NAME ARG..."; tool_old "$@" ;;
  java) fetch; run_program "$home" "$@" ;;
  java-old) fetch; run_program "$old_home" "$@" ;;
  *) sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; [ "$verb" = --help ] || exit 2 ;;
esac
