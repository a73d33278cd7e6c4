"""./x bench --row NAME --profile: where the broker's time goes in a row, by perf. A profiled round is slower than it would be
alone, so its figures are not kept."""
import collections
import contextlib
import os
import re
import signal
import subprocess
import time

from brokers import OUT

SHOWN = 8  # parts of a profile that are kept
SAMPLE = re.compile(r"^\s*(.+?)\s+(\d+)/(\d+)\s*$")
CALL = re.compile(r"^(?:__x64_sys_|__do_sys_|__se_sys_|__arm64_sys_)(\w+)$")
DISPATCH = re.compile(r"^(?:do_syscall_64|x64_sys_call|entry_SYSCALL\w*|syscall_\w+|exit_to_user_mode\w*|\w*srso\w*|\w*retbleed\w*)$")
FRAME = re.compile(r"^\s+[0-9a-f]+ (.*?)(?: \([^()]*\))?$")


def samples(lines):
    """(comm, pid, tid, [functions, innermost first]) of each sample in what `perf script -F comm,pid,tid,ip,sym` prints."""
    head, stack = None, []
    for line in [*lines, ""]:
        line = line.rstrip("\n")
        if not line.strip():
            if head:
                yield (*head, stack)
            head, stack = None, []
        elif head is None:
            found = SAMPLE.match(line)
            head = (found.group(1), int(found.group(2)), int(found.group(3))) if found else None
        elif found := FRAME.match(line):
            stack.append(found.group(1))


def part_of(stack):
    """The call into the kernel that a sample lies below, else the function itself. A kernel that jumps from its dispatch
    into the work leaves no frame of the call: it is named by the function of the C library that entered, then."""
    for function in reversed(stack):
        if found := CALL.match(function):
            return f"kernel: {found.group(1)}"
    if any(function.startswith("asm_") for function in stack):
        return "kernel: interrupts and page faults"
    entered = next((at for at, function in enumerate(stack) if function.startswith("entry_SYSCALL")), None)
    if entered is None:
        return re.sub(r"\(.*", "", stack[0]) if stack else "?"
    if all(DISPATCH.match(function) for function in stack[:entered]):
        return "kernel: entry and exit of calls"
    caller = stack[entered + 1] if entered + 1 < len(stack) else "?"
    return "kernel: " + re.sub(r"^(?:__GI_)?_*(?:libc_)?|(?<=[a-z])64(?:v2)?$", "", caller)


def parts(lines, comm):
    """({process that is named `comm`}, [[part, percent of their samples], the largest first])"""
    all_samples = list(samples(lines))
    processes = {pid for name, pid, tid, _ in all_samples if name == comm and pid == tid}
    counted = collections.Counter(part_of(stack) for _, pid, _, stack in all_samples if pid in processes)
    total = counted.total()
    return processes, [[part, round(100 * count / total, 1)] for part, count in counted.most_common(SHOWN)]


@contextlib.contextmanager
def of(broker, name, keep):
    """Samples the machine, with call chains; leaves OUT/NAME.BROKER.perf.txt of the processes that are named as the
    broker's, also those that the row itself starts, and calls keep() with their parts."""
    comm = open(f"/proc/{broker.pid}/comm").read().strip()
    data = os.path.join(OUT, f"{name}.{broker.name}.perf")
    record = subprocess.Popen(["perf", "record", "-q", "-F", "1999", "-g", "-a", "-o", data], stdout=subprocess.DEVNULL)
    deadline = time.time() + 30
    while not os.path.exists(data) and record.poll() is None and time.time() < deadline:
        time.sleep(0.1)  # it makes its file before it samples
    time.sleep(0.5)
    try:
        yield
    finally:
        record.send_signal(signal.SIGINT)
        record.wait(60)
        script = subprocess.run(["perf", "script", "-F", "comm,pid,tid,ip,sym", "-i", data], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, errors="replace", check=True).stdout
        processes, found = parts(script.splitlines(), comm)
        keep(found)
        with open(data + ".txt", "w") as out:
            subprocess.run(["perf", "report", "--stdio", "--no-children", "-g", "caller,0.5,callee", "--percent-limit", "0.5",
                            "--pid", ",".join(map(str, processes)), "-i", data], stdout=out, stderr=subprocess.DEVNULL,
                           check=True)
        os.remove(data)
        print(f"  profile: {data}.txt", flush=True)
