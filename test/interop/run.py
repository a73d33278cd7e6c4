#!/usr/bin/env python3
"""Runs the interop checks: foreign clients, tools and folders against a broker.

  run.py [--list] [--only NAME]... [--peer moldau|kafka] [--records N] [--fast | --long] [--keep]
         [--strict]

The broker under test is build/moldau; with --peer kafka real Kafka takes its place, which proves the checks themselves.
One line per check, and a last line `N passed, N failed, N skipped`; the exit code is non-zero when a check failed (with
--strict, also when one was skipped). --only takes a name or the part before its slash (`--only consume`, `--only
codecs/kcat`, `--only matrix`). --fast is a slice of two minutes: three clients write and read, few records, no kills, and
the feature matrix of the Java, Python and kcat clients; its table client x feature is printed at the end. --long adds
what takes hours: the rest of Kafka's published tests. Versions: versions.env. Only Python's own library is used here.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "python"))
sys.dont_write_bytecode = True

import checks  # noqa: E402
from harness import Failed, Skipped, tail  # noqa: E402


def selected(name, only):
    return not only or any(name == one or name.startswith(one + "/") for one in only)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="run only this check or group of checks"
    )
    parser.add_argument("--peer", choices=("moldau", "kafka"), default="moldau", help="the broker under test")
    parser.add_argument(
        "--records", type=int, metavar="N", help="records per client and codec (default 100000, with --fast 2000)"
    )
    parser.add_argument("--fast", action="store_true", help="a slice that takes two minutes")
    parser.add_argument("--long", action="store_true", help="also the checks that take hours")
    parser.add_argument("--keep", action="store_true", help="keep the data folders")
    parser.add_argument("--strict", action="store_true", help="a skipped check fails the run")
    arguments = parser.parse_args()
    if arguments.records is None:
        arguments.records = 2000 if arguments.fast else 100000

    # Java, Go and pip are heavy and the machine may be shared.
    os.nice(5)
    scratch = tempfile.mkdtemp(prefix="moldau-interop-")
    state = checks.Run(arguments, scratch)
    every = checks.all_checks(state)
    if arguments.list:
        print("\n".join(name for name, _ in every))
        shutil.rmtree(scratch)
        return 0
    chosen = [(name, check) for name, check in every if selected(name, arguments.only)]
    state.chosen = {name for name, _ in chosen}
    if not chosen:
        sys.exit(f"run.py: no check is called {' or '.join(arguments.only)}; see --list")

    passed = failed = skipped = 0
    try:
        for name, check in chosen:
            began = time.monotonic()
            try:
                words = check()
            except Skipped as reason:
                skipped += 1
                print(f"skip {name}: {reason}", flush=True)
            except Failed as reason:
                failed += 1
                print(f"FAIL {name}: {reason}", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL {name}: an error in the check itself or an answer that it did not expect:", flush=True)
                print(tail(traceback.format_exc()), flush=True)
            else:
                passed += 1
                print(f"ok   {name} ({time.monotonic() - began:.1f} s): {words}", flush=True)
    finally:
        try:
            words = state.end()
            if words:
                print(f"\n{words}\n")
        except Failed as reason:
            failed += 1
            print(f"FAIL stop: {reason}")
        if arguments.keep or failed:
            print(f"# data folders: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or (arguments.strict and skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
