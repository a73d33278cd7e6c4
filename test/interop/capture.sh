#!/usr/bin/env bash
# Makes the recorded frames of test/wire/ anew: capture.sh OUT
# Real Kafka advertises the port of the recording proxy; then each client, under its own name, creates, writes, reads,
# asks and deletes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/versions.env"
out=$1
cache=$("$here/peer.sh" cache)
scratch=$(mktemp -d)
proxy=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
broker=$("$here/peer.sh" start "$scratch/kafka" 0 --test num.partitions=3 \
  "advertised.listeners=PLAINTEXT://127.0.0.1:$proxy")
trap '"$here/peer.sh" stop "$scratch/kafka"; rm -rf "$scratch"' EXIT

record() {  # record SOURCE COMMAND...: run COMMAND with the proxy in front of the broker
  local source=$1 pid
  shift
  mkfifo "$scratch/hold.$source"
  python3 "$here/record_proxy.py" --listen "$proxy" --broker "${broker##*:}" --out "$out" --source "$source" \
    <"$scratch/hold.$source" 2>"$scratch/$source.err" &
  pid=$!
  exec 9>"$scratch/hold.$source"
  until grep -q ready "$scratch/$source.err"; do sleep 0.05; done
  "$@" >"$scratch/$source.out" 2>&1 || { cat "$scratch/$source.out"; echo "capture.sh: $source failed" >&2; }
  exec 9>&-
  wait "$pid" || true
  echo "captured $source"
}

kcat_session() {
  kcat -b "127.0.0.1:$proxy" -L
  for codec in none lz4 zstd; do
    echo "key|hello from kcat" | kcat -b "127.0.0.1:$proxy" -P -t "kcat-$codec" -K'|' -H h=1 -z "$codec" \
      -X enable.idempotence=true
  done
  kcat -b "127.0.0.1:$proxy" -C -t kcat-lz4 -e -o beginning
  kcat -b "127.0.0.1:$proxy" -Q -t kcat-lz4:0:-1 -t kcat-lz4:0:-2
}

java_session() {
  local at=127.0.0.1:$proxy
  "$here/peer.sh" tool topics --bootstrap-server "$at" --create --topic java-tools --partitions 3 \
    --config retention.ms=3600000
  echo "key:hello from the console" |
    "$here/peer.sh" tool console-producer --bootstrap-server "$at" --topic java-tools \
    --reader-property parse.key=true --reader-property key.separator=: --compression-codec gzip
  "$here/peer.sh" tool topics --bootstrap-server "$at" --describe --topic java-tools
  "$here/peer.sh" tool configs --bootstrap-server "$at" --describe --entity-type topics --entity-name java-tools
  "$here/peer.sh" tool get-offsets --bootstrap-server "$at" --topic java-tools --time -1
  "$here/peer.sh" tool get-offsets --bootstrap-server "$at" --topic java-tools --time -3
  "$here/peer.sh" tool cluster list-endpoints --bootstrap-server "$at"
  "$here/peer.sh" java Client produce "$at" 3 12 java-tools-2:none
  "$here/peer.sh" java Client consume "$at" 3 12 java-tools-2
  "$here/peer.sh" tool topics --bootstrap-server "$at" --delete --topic java-tools
}

matrix_session() {  # matrix_session TOPIC PROGRAM...
  local topic=$1
  shift
  "$@" produce "127.0.0.1:$proxy" 3 12 "$topic:none" "$topic-g:gzip"
  "$@" consume "127.0.0.1:$proxy" 3 12 "$topic"
}

python_session() {  # python_session ENVIRONMENT SCRIPT TOPIC
  matrix_session "$3" "$cache/python/$1/bin/python" "$here/python/$2"
}

record "kcat-1.7.1" kcat_session
record "kafka-tools-$KAFKA_VERSION" java_session
record "kafka-clients-$KAFKA_OLD_CLIENT" matrix_session java-old "$here/peer.sh" java-old Client
record "kafka-python-$KAFKA_PYTHON_OLD" python_session "kafka-python-$KAFKA_PYTHON_OLD" \
  client_kafka_python.py kafka-python-old
record "kafka-python-$KAFKA_PYTHON_NEW" python_session "kafka-python-$KAFKA_PYTHON_NEW" \
  client_kafka_python.py kafka-python-new
record "confluent-kafka-$CONFLUENT_KAFKA" python_session "confluent-kafka-$CONFLUENT_KAFKA" \
  client_confluent.py confluent
record "franz-go-${FRANZ_GO#v}" matrix_session franz "$cache/go/franz"
"$here/peer.sh" java CaptureJson "$out"
