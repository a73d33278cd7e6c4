"""Kafka's own published integration tests (test/kafka-tests) as one check of this run."""

import os
import subprocess
import sys

from harness import MOLDAU, ROOT, Failed, tail

# The fast slice takes under half an hour on an idle machine; each class has a bound of its own inside.
SECONDS = 3600


def check(control):
    """Runs the fast slice; in the place of a peer Kafka as published."""
    command = [sys.executable, os.path.join(ROOT, "test", "kafka-tests", "run.py"), "--fast", "--binary", MOLDAU]
    child = subprocess.Popen(command + (["--control"] if control else []), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        words, _ = child.communicate(timeout=SECONDS)
    except BaseException as error:
        # It ends its test JVM and brokers at SIGTERM, which are no children of this process.
        child.terminate()
        child.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failed(f"not done within {SECONDS} s") from error
        raise
    if child.returncode != 0:
        raise Failed("\n" + tail(words, 40))
    return words.strip().splitlines()[-1]
