#!/usr/bin/env python3
"""The end-to-end jobs: what the README promises, typed as it stands there, against a broker of its own.

usage: run.py [NAME...]      jobs: readme"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "recovery"))
import raw_client  # noqa: E402

ROOT = raw_client.ROOT


def readme_lines():
    """The commands of the README's second block, with build/moldau replaced by the binary under test."""
    text = open(os.path.join(ROOT, "README.md")).read()
    block = re.findall(r"```sh\n(.*?)```", text, re.S)[1]
    return [line for line in block.splitlines() if line.strip()]


def job_readme():
    folder = tempfile.mkdtemp(prefix="moldau-e2e-")
    broker = raw_client.Broker(os.path.join(folder, "data")).start()
    environment = {**os.environ, "MOLDAU_BROKERS": f"127.0.0.1:{broker.port}"}
    try:
        packages = int(subprocess.run("apt-cache dumpavail | grep -c '^Package:'", shell=True, text=True,
                                      stdout=subprocess.PIPE).stdout)
        assert packages > 60_000, f"apt-cache knows {packages} packages: run apt-get update first"
        output = ""
        for line in readme_lines():
            done = subprocess.run(line.replace("build/moldau", broker.binary), shell=True, text=True, env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
            output = done.stdout
        lines = output.splitlines()
        assert lines[0] == "bash" and any(line.startswith("Version: ") for line in lines), lines[:5]
        assert lines[-1] == f"{packages} records", f"{lines[-1]}, and apt-cache knows {packages}"
        assert broker.stop() == 0
        return f"{packages} packages loaded and read back, bash among them"
    finally:
        if broker.process.poll() is None:
            broker.kill()
        shutil.rmtree(folder)


JOBS = {"readme": job_readme}


def main():
    failed = 0
    names = sys.argv[1:] or list(JOBS)
    for name in names:
        if name not in JOBS:
            sys.exit(f"e2e: no job '{name}': {', '.join(JOBS)}")
        try:
            print(f"ok   {name}: {JOBS[name]()}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"FAIL {name}: {error}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
