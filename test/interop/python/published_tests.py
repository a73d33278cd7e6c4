"""Kafka's own published integration tests (test/kafka-tests) as one check of this run."""

import os
import subprocess
import sys

from harness import MOLDAU, ROOT, Failed, tail

# Bounds of the slices. On an idle machine the fast one takes under half an hour; each class has a bound of its own.
SECONDS = {"fast": 3600, "long": 4 * 3600}


def check(control, part="fast"):
    """Runs a slice; in the place of a peer Kafka as published."""
    command = [sys.executable, os.path.join(ROOT, "test", "kafka-tests", "run.py"), f"--{part}", "--binary", MOLDAU]
    child = subprocess.Popen(command + (["--control"] if control else []), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        words, _ = child.communicate(timeout=SECONDS[part])
    except BaseException as error:
        # It ends its test JVM and brokers at SIGTERM, which are no children of this process.
        child.terminate()
        child.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failed(f"not done within {SECONDS[part]} s") from error
        raise
    if child.returncode != 0:
        raise Failed("\n" + tail(words, 40))
    return words.strip().splitlines()[-1]
