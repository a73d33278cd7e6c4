"""./x bench --row NAME --profile: where the broker's time goes in a row, by perf. A profiled round is slower than it would be
alone, so its figures are not kept."""
import contextlib
import os
import signal
import subprocess
import time

from brokers import OUT


@contextlib.contextmanager
def of(broker, name):
    """Samples the broker that runs now, with call chains; leaves OUT/NAME.BROKER.perf.txt. A broker that the row itself
    starts anew is not in it."""
    data = os.path.join(OUT, f"{name}.{broker.name}.perf")
    record = subprocess.Popen(["perf", "record", "-q", "-F", "999", "-g", "-p", str(broker.pid), "-o", data],
                              stdout=subprocess.DEVNULL)
    deadline = time.time() + 30
    while not os.path.exists(data) and record.poll() is None and time.time() < deadline:
        time.sleep(0.1)  # it makes its file before it samples
    time.sleep(0.5)
    try:
        yield
    finally:
        record.send_signal(signal.SIGINT)
        record.wait(60)
        with open(data + ".txt", "w") as out:
            subprocess.run(["perf", "report", "--stdio", "--no-children", "-g", "caller,0.5,callee", "--percent-limit", "0.5",
                            "-i", data], stdout=out, stderr=subprocess.DEVNULL, check=True)
        os.remove(data)
        print(f"  profile: {data}.txt", flush=True)
