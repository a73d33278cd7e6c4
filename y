#!/usr/bin/env bash
# The one command. Each verb has --help. It installs what it needs with the system's package manager (as root or by sudo).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

build_packages=(cmake ninja-build clang-19 lld-19 ccache python3 libfmt-dev libgtest-dev zlib1g-dev liblz4-dev libzstd-dev
                libsnappy-dev libre2-dev librdkafka-dev nlohmann-json3-dev libssl-dev libsasl2-dev libcurl4-openssl-dev)
sanitizer_packages=(libclang-rt-19-dev llvm-19)
gcc_packages=(g++-12)
test_packages=(kcat strace)
jobs=${MOLDAU_JOBS:-$(nproc)}

usage() {
  cat <<'END'
usage: ./x VERB [options]      ./x VERB --help says more

  run       build and start a broker on 127.0.0.1:9092 with data in build/data
  build     build the release binary build/moldau
  test      build and run every test
  sim       run the deterministic simulator
  fuzz      run the fuzz targets
  bench     measure against Apache Kafka in the same run
  tidy      check layers, purity, sizes and names
  interop   run foreign clients and Apache Kafka's own tools against the broker
  e2e       run the end-to-end jobs
  docs      regenerate docs/reference from the tables in the code
  ci        what continuous integration runs
END
}

die() { echo "x: $*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || die "needs root to install packages: run as root, or install sudo"
    sudo "$@"
  fi
}

# need PACKAGE...: installs the Debian packages that are missing.
need() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "x: installing ${missing[*]}" >&2
  local log
  log=$(mktemp)
  if ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
         install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "could not install ${missing[*]}"
  fi
  rm -f "$log"
}

# need_command COMMAND PACKAGE: installs PACKAGE unless COMMAND is there already, from wherever it came.
need_command() {
  command -v "$1" >/dev/null || need "$2"
}

# What runs Apache Kafka and the foreign clients beside us. franz-go needs a newer Go than Debian 12 has: skipped without it.
need_peers() {
  need kcat iproute2 procps
  need_command java default-jdk-headless
  need_command mvn maven
  python3 -c 'import venv, ensurepip' 2>/dev/null || need python3-venv
}

# build PRESET [TARGET...]
build() {
  local preset=$1 folder=build
  shift
  [ "$preset" = release ] || folder=build-$preset
  [ -f "$folder/build.ninja" ] || cmake --preset "$preset" -Wno-dev >/dev/null
  ninja -C "$folder" -j "$jobs" "$@" | { grep -v -e '^ninja: Entering' -e '^\[' || true; }
}

run_ctest() {  # run_ctest FOLDER [ctest options]
  local folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure -j "$jobs" "$@"
}

cmd_build() {
  [ "${1:-}" != --help ] || { echo "usage: ./x build [PRESET]   PRESET: release (default), gcc, asan, tsan, fuzz"; return; }
  local preset=${1:-release}
  need "${build_packages[@]}"
  case $preset in
    gcc) need "${gcc_packages[@]}" ;;
    asan|tsan|fuzz) need "${sanitizer_packages[@]}" ;;
    release) ;;
    *) die "no preset '$preset': release, gcc, asan, tsan or fuzz" ;;
  esac
  build "$preset"
}

cmd_run() {
  [ "${1:-}" != --help ] || { echo "usage: ./x run [broker options]   starts build/moldau broker; default: --data build/data --listen 127.0.0.1:9092"; return; }
  need "${build_packages[@]}"
  build release moldau
  mkdir -p build/data
  case " $* " in *" --data "*) ;; *) set -- --data build/data "$@" ;; esac
  case " $* " in *" --listen "*) ;; *) set -- --listen 127.0.0.1:9092 "$@" ;; esac
  exec build/moldau broker "$@"
}

cmd_test() {
  [ "${1:-}" != --help ] || { echo "usage: ./x test [ctest options]   builds the release and runs every test"; return; }
  need "${build_packages[@]}" "${test_packages[@]}"
  build release
  run_ctest build "$@"
}

cmd_tidy() {
  [ "${1:-}" != --help ] || { echo "usage: ./x tidy   checks layers, purity, sizes, names and coroutine rules"; return; }
  python3 test/tidy/tidy.py
}

cmd_sim() {
  [ "${1:-}" != --help ] || { echo "usage: ./x sim [--scenario groups] [--seconds N | --seeds N] [--seed S] [--mutant NAME]"; return; }
  need "${build_packages[@]}"
  build release moldau-sim
  build/moldau-sim "$@"
}

cmd_fuzz() {
  [ "${1:-}" != --help ] || { echo "usage: ./x fuzz [--seconds N] [TARGET...]   each target for N seconds (default 60)"; return; }
  local seconds=60
  [ "${1:-}" != --seconds ] || { seconds=$2; shift 2; }
  need "${build_packages[@]}" "${sanitizer_packages[@]}"
  build fuzz
  local target failed=0 passed=0 targets=("$@")
  [ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(find build-fuzz -type f -name 'fuzz_*' -perm -u+x -printf '%f\n' | sort)
  for target in "${targets[@]}"; do
    local program corpus=build-fuzz/corpus/$target
    program=$(find build-fuzz -type f -name "$target" -perm -u+x | head -n 1)
    [ -n "$program" ] || die "no fuzz target '$target'"
    mkdir -p "$corpus"
    if "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=0 \
        -artifact_prefix="build-fuzz/$target-" "$corpus" >"build-fuzz/$target.log" 2>&1; then
      passed=$((passed + 1)); echo "$target ok"
    else
      failed=$((failed + 1)); tail -n 30 "build-fuzz/$target.log"; echo "$target FAILED"
    fi
  done
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

cmd_bench() {
  [ "${1:-}" != --help ] || { exec python3 bench/bench.py --help; }
  need "${build_packages[@]}"
  if [ "${1:-}" = --instructions ]; then
    shift
    need valgrind binutils
    build release moldau moldau-raw
    python3 bench/instructions.py "$@"
    return
  fi
  need_peers
  build release
  python3 bench/bench.py "$@"
}

cmd_interop() {
  [ "${1:-}" != --help ] || { exec python3 test/interop/run.py --help; }
  need "${build_packages[@]}"
  need_peers
  build release
  python3 test/interop/run.py "$@"
}

cmd_e2e() {
  [ "${1:-}" != --help ] || { echo "usage: ./x e2e [NAME...]   runs the end-to-end jobs of test/e2e"; return; }
  need "${build_packages[@]}" "${test_packages[@]}"
  [ -n "$(apt-cache dumpavail 2>/dev/null | head -n 1)" ] || as_root apt-get update -qq
  build release
  python3 test/e2e/run.py "$@"
}

cmd_docs() {
  [ "${1:-}" != --help ] || { echo "usage: ./x docs   writes docs/reference from the tables in the code"; return; }
  need "${build_packages[@]}"
  build release moldau
  python3 docs/generate.py
}

cmd_ci() {
  local part=${1:---rest}
  case $part in
    --help) echo "usage: ./x ci [--rest | --full]   --rest: what follows ./x test on every change; --full: also gcc, tsan, fuzz targets and fresh seeds"; return ;;
    --rest|--full) ;;
    *) die "ci knows --rest and --full" ;;
  esac
  cmd_tidy
  cmd_build asan
  run_ctest build-asan
  cmd_sim --seeds 1500
  cmd_sim --scenario groups --seeds 100
  cmd_e2e
  cmd_interop --fast
  if [ "$part" = --full ]; then
    cmd_build gcc
    run_ctest build-gcc
    cmd_build tsan
    run_ctest build-tsan
    cmd_fuzz --seconds 5
    cmd_sim --seconds 60 --from "$(($(date +%s) % 1000000000))"  # seeds that nobody has run yet
  fi
}

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
  run|build|test|sim|fuzz|bench|tidy|interop|e2e|docs|ci) "cmd_$verb" "$@" ;;
  ''|help|--help|-h) usage ;;
  *) usage >&2; die "no verb '$verb'" ;;
esac
