#!/usr/bin/env python3
"""Runs Kafka's own published integration tests against Moldau.

  run.py [--fast | --long] [--class NAME]... [--jar clients|tools|core] [--control] [--list] [--record] [--keep]
         [--binary FILE] [--limit SECONDS]

The classes are those of classes.tsv: the slice `fast`, or with --long the slice `long`, which is the rest. --class
takes a simple or full name, also one that is not in the list, and NAME#METHOD for one test. --control runs them as
published, on Kafka's own servers inside the test's JVM, and leaves the shim out. --record writes the counts of this run
into classes.tsv. One line per class; exit code 1 when a test failed that differences.tsv does not list, when a listed
one passed, or when a class gave other counts than classes.tsv says.

The jars come from the registry through Maven (pom.xml) into the cache, as ../interop/peer.sh has it; nothing of them is
in the tree. One JVM at a time, each in a process group of its own that is ended with everything in it.
"""

import argparse
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
INTEROP = os.path.join(ROOT, "test", "interop")
COLUMNS = ("class", "jar", "slice", "control", "moldau", "reason")
JARS = {"clients": "kafka-clients-integration-tests", "tools": "kafka-tools", "core": "kafka_2.13"}
# The bound of a single test; the longest published ones wait a minute for one thing.
TEST_SECONDS = 180


def versions():
    with open(os.path.join(INTEROP, "versions.env")) as lines:
        return dict(line.strip().split("=", 1) for line in lines if re.match(r"[A-Z0-9_]+=", line))


def cache_folder():
    cache = os.environ.get("MOLDAU_CACHE")
    if not cache:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        cache = os.path.join(base, "moldau")
    return os.path.join(cache, f"kafka-tests-{versions()['KAFKA_VERSION']}")


def checksum(files, words=""):
    value = zlib.crc32(words.encode())
    for name in sorted(files):
        with open(name, "rb") as content:
            value = zlib.crc32(content.read(), value)
    return f"{value:08x}"


def fetch():
    """The folder of jars; the marker is written last, for a half-done copy of jars looks like a whole one."""
    pins = versions()
    pom = os.path.join(HERE, "pom.xml")
    home = os.path.join(cache_folder(), checksum([pom], pins["KAFKA_SCALA"] + " " + pins["LOG4J_VERSION"]))
    lib = os.path.join(home, "lib")
    if os.path.exists(os.path.join(home, ".complete")):
        return home
    for program, package in (("java", "default-jre-headless"), ("mvn", "maven")):
        if not shutil.which(program):
            sys.exit(f"run.py: {program} is missing; hint: apt-get install {package}")
    print("# fetching the published tests through Maven", flush=True)
    os.makedirs(home, exist_ok=True)
    part = os.path.join(home, f"lib.part.{os.getpid()}")
    subprocess.run(
        ["mvn", "-q", "-B", "-f", pom, f"-Dkafka.version={pins['KAFKA_VERSION']}",
         f"-Dkafka.scala={pins['KAFKA_SCALA']}", f"-Dlog4j.version={pins['LOG4J_VERSION']}",
         "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}"],
        check=True, timeout=900)
    shutil.rmtree(lib, ignore_errors=True)
    os.rename(part, lib)
    open(os.path.join(home, ".complete"), "w").close()
    return home


def compiled(home, part):
    """Compiles the sources of one folder of ours, once per content; the compiler is the one in the run-time image."""
    folder = os.path.join(HERE, part)
    sources = glob.glob(os.path.join(folder, "**", "*.java"), recursive=True)
    classes = os.path.join(home, f"{part}-{checksum(sources)}")
    if not os.path.exists(os.path.join(classes, ".complete")):
        shutil.rmtree(classes, ignore_errors=True)
        os.makedirs(classes)
        subprocess.run(
            ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-m", "jdk.compiler/com.sun.tools.javac.Main", "-nowarn",
             "-XDsuppressNotes", "-proc:none", "-d", classes, "-cp",
             ":".join(sorted(glob.glob(os.path.join(home, "lib", "*.jar")))), *sources],
            check=True, timeout=300)
        services = os.path.join(folder, "META-INF")
        if os.path.isdir(services):
            shutil.copytree(services, os.path.join(classes, "META-INF"))
        open(os.path.join(classes, ".complete"), "w").close()
    return classes


def read_tsv(name, columns):
    rows = []
    with open(os.path.join(HERE, name)) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                cells = line.rstrip("\n").split("\t")
                rows.append(dict(zip(columns, cells + [""] * (len(columns) - len(cells)))))
    return rows


def record(name, column, words):
    """Writes one result into classes.tsv, read again: another run may have written meanwhile."""
    path = os.path.join(HERE, "classes.tsv")
    with open(path) as lines:
        head = [line for line in lines if line.startswith("#")]
    rows = read_tsv("classes.tsv", COLUMNS)
    for row in rows:
        if row["class"] == name:
            row[column] = words
    with open(path + ".new", "w") as out:
        out.writelines(head)
        out.writelines("\t".join(row[column] for column in COLUMNS).rstrip() + "\n" for row in rows)
    os.rename(path + ".new", path)


class Java:
    """How tests are run: class path, flags, the child process and its end."""

    def __init__(self, arguments, scratch):
        home = fetch()
        path = [compiled(home, "listener"), os.path.join(home, "lib", "*")]
        self.control = arguments.control
        if not self.control:
            path.insert(0, compiled(home, "shim"))
        self.path = ":".join(path)
        self.binary = os.path.abspath(arguments.binary)
        self.scratch = scratch
        self.keep = arguments.keep
        self.limit = arguments.limit

    def run(self, name, method, left_out):
        """Runs a class, or one test of it; returns ([state, test, reason], seconds, was it cut)."""
        folder = os.path.join(self.scratch, name + (f"#{method}" if method else ""))
        os.makedirs(os.path.join(folder, "tmp"))
        results = os.path.join(folder, "results.tsv")
        command = [
            "java", "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
            f"-Dlog4j2.configurationFile={INTEROP}/kafka/log4j2-tool.properties", f"-Djava.io.tmpdir={folder}/tmp",
            f"-Dmoldau.kafkatests.results={results}", f"-Dmoldau.kafkatests.work={folder}/brokers",
            f"-Dmoldau.kafkatests.binary={self.binary}", f"-Dmoldau.kafkatests.keep={str(self.keep).lower()}",
            f"-Dmoldau.kafkatests.one-layout={str(self.control).lower()}",
            "-cp", self.path, "org.junit.platform.console.ConsoleLauncher", "execute", "--disable-banner",
            "--disable-ansi-colors", "--details=none",
            f"--config=junit.jupiter.execution.timeout.testable.method.default={TEST_SECONDS} s",
            *(["-m", f"{name}#{method}"] if method else ["-c", name]),
            *([f"--exclude-methodname={name}#({'|'.join(left_out)})"] if left_out and not method else [])]
        began = time.monotonic()
        with open(os.path.join(folder, "log"), "w") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                     cwd=folder)
            cut = not self.wait(child)
        return self.read(results, folder), time.monotonic() - began, cut

    def wait(self, child):
        """True when the child ended by itself. Its group holds the JVM and its brokers, and goes in any case."""
        try:
            child.wait(self.limit)
            return True
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                pass
            return False
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()

    @staticmethod
    def read(results, folder):
        """The listener's lines: tests that began and did not end were under way when the JVM ended."""
        found, under_way = [], []
        if os.path.exists(results):
            with open(results) as lines:
                for line in lines:
                    state, test, _, reason = line.rstrip("\n").split("\t", 3)
                    if state == "begin":
                        under_way.append(test)
                        continue
                    if test in under_way:
                        under_way.remove(test)
                    found.append((state, test, reason))
        found += [("cut", test, "under way at the end of the time") for test in under_way]
        if not found:
            with open(os.path.join(folder, "log")) as log:
                found.append(("fail", "(class)", "no test ran: " + log.read()[-600:].replace("\n", "\\n")))
        return found


def counts(results):
    """P passed, F failed, I aborted, and C cut; twins (a test's second run in the other layout) count nowhere."""
    letters = {"pass": "P", "fail": "F", "abort": "I", "skip": "I", "cut": "C"}
    number = {letter: 0 for letter in "PFIC"}
    for state, _, reason in results:
        if not reason.startswith("twin:"):
            number[letters[state]] += 1
    return " ".join(f"{letter}{value}" for letter, value in number.items() if value)


def listed_as(known, name, test):
    """The line of differences.tsv of a test, whatever its invocation."""
    return known.get((name, re.sub(r"\[\d+\]$", "", test)))


def steady(results, known, name):
    """The results with those failures as passed that differences.tsv says to come sometimes: what counts compare."""
    def settled(state, test):
        listed = listed_as(known, name, test)
        return "pass" if state in ("fail", "cut") and listed and "sometimes" in listed["reason"] else state
    return [(settled(state, test), test, reason) for state, test, reason in results]


def is_left_out(listed):
    return listed["reason"].startswith("left out: ")


def first_line(reason):
    return reason.split("\\n")[0][:220]


def report(name, results, known, is_control):
    """Prints what did not pass; returns the number of surprises."""
    surprises = 0
    aborted = {}
    for state, test, reason in results:
        listed = None if is_control else listed_as(known, name, test)
        if state in ("abort", "skip") and not reason.startswith("twin:"):
            aborted.setdefault(first_line(reason), []).append(test)
        elif state in ("fail", "cut") and listed:
            listed["seen"] = True
            print(f"     known {test}: {listed['reason']}", flush=True)
        elif state in ("fail", "cut"):
            surprises += 1
            print(f"     {state.upper()} {test}: {first_line(reason)}", flush=True)
    for reason, tests in sorted(aborted.items()):
        print(f"     not run ({len(tests)}): {reason}", flush=True)
    return surprises


def choose(arguments, rows):
    chosen = []
    for row in rows:
        if arguments.jar and row["jar"] != arguments.jar:
            continue
        if row["slice"] == ("long" if arguments.long else "fast"):
            chosen.append((row, None))
    if arguments.classes:
        chosen = []
        for asked in arguments.classes:
            name, _, method = asked.partition("#")
            found = [row for row in rows if name in (row["class"], row["class"].rsplit(".", 1)[-1])]
            if not found and "." not in name:
                sys.exit(f"run.py: classes.tsv has no class {name}; a class outside of it needs its full name")
            chosen.append((found[0] if found else {"class": name, "jar": "", "slice": ""}, method or None))
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="the slice fast; the default")
    parser.add_argument("--long", action="store_true", help="the slice long")
    parser.add_argument("--class", action="append", default=[], dest="classes", metavar="NAME[#METHOD]")
    parser.add_argument("--jar", choices=sorted(JARS), help="only classes of this jar")
    parser.add_argument("--control", action="store_true", help="as published, on Kafka's own servers")
    parser.add_argument("--list", action="store_true", help="print what would run")
    parser.add_argument("--record", action="store_true", help="write the counts of this run into classes.tsv")
    parser.add_argument("--keep", action="store_true", help="keep brokers' folders and logs")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "moldau"), help="the broker")
    parser.add_argument("--limit", type=int, default=600, metavar="SECONDS", help="bound per class (default 600)")
    arguments = parser.parse_args()
    rows = read_tsv("classes.tsv", COLUMNS)
    chosen = choose(arguments, rows)
    if arguments.list:
        print("\n".join(row["class"] for row, _ in chosen))
        return 0
    if not arguments.control and not os.access(arguments.binary, os.X_OK):
        sys.exit(f"run.py: no broker at {arguments.binary}; build it, or name one with --binary")
    known = {(row["class"], row["test"]): row for row in read_tsv("differences.tsv", ("class", "test", "reason"))}

    # SIGTERM takes the way of an error: the child's group is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: ended by SIGTERM"))
    # A JVM and a broker, or several brokers in a JVM: the machine may be shared.
    os.nice(15)
    scratch = tempfile.mkdtemp(prefix="moldau-kafka-tests-")
    column = "control" if arguments.control else "moldau"
    bad = total = 0
    try:
        java = Java(arguments, scratch)
        for row, method in chosen:
            name = row["class"]
            left_out = [] if arguments.control else [
                test for (owner, test), listed in known.items() if owner == name and is_left_out(listed)]
            results, seconds, cut = java.run(name, method, left_out)
            number = counts(results if arguments.control else steady(results, known, name))
            total += sum(state == "pass" for state, _, _ in results)
            surprises = report(name, results, known, arguments.control)
            words = ""
            if cut:
                words = f", cut after {arguments.limit} s"
            expected = row.get(column, "")
            if not method and not arguments.record and expected and number != expected:
                words += f", expected {expected}"
                surprises += 1
            if not arguments.control and not method:
                for key, listed in known.items():
                    if (key[0] == name and not listed.get("seen") and not is_left_out(listed)
                            and "sometimes" not in listed["reason"]):
                        words += f", {key[1]} is listed as a difference and passed"
                        surprises += 1
            bad += bool(surprises)
            print(f"{'FAIL' if surprises else 'ok  '} {name} ({seconds:.0f} s): {number}{words}", flush=True)
            if arguments.record and not method:
                record(name, column, number)
    finally:
        if arguments.keep or bad:
            print(f"# logs: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    print(f"{len(chosen) - bad} classes as expected, {bad} not; {total} tests passed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
