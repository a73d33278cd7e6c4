"""Lets kafka-dump-log of real Kafka read every file of a data folder; a line that is not on the short list of good ones
is a complaint."""

import glob
import os
import re
import shutil
import tempfile

from harness import Failed, peer

GOOD = re.compile(
    r"(Dumping \S+"
    r"|Log starting offset: \d+"
    r"|Snapshot end offset: \d+, epoch: \d+"
    r"|KRaft bootstrap snapshot"
    r"|baseOffset: .* magic: 2 .* isvalid: true"
    r"|\| offset: .*"
    r"|offset: \d+ position: \d+"
    r"|timestamp: -?\d+ offset: \d+"
    r"|producerId: .*"
    r"|\S+ is empty\."
    r"|\S+ passed sanity check\."
    r"|)"
)
# What a decoded metadata record may not say.
METADATA_BAD = re.compile(r"Error at|Could not decode|UNKNOWN|skipping", re.IGNORECASE)


def _dump(arguments, files, accept=GOOD):
    """Returns (complaints, number of lines)."""
    if not files:
        return [], 0
    out, err = peer("tool", "dump-log", *arguments, "--files", ",".join(files), timeout=1800, check=False)
    complaints, lines = [], 0
    for stream in (out, err):
        heading = None
        for line in stream.decode(errors="replace").splitlines():
            lines += stream is out
            # A quirk of the tool: with --deep-iteration it takes -1 for the offset before each file, so it finds a gap
            # before the first record of every segment but those that begin at 0. Only this gap passes, and only at the
            # segment's own base.
            if line.startswith("Non-consecutive offsets in "):
                heading = line
                continue
            gap = re.fullmatch(r"\s+(-?\d+) is followed by (\d+)", line)
            if heading and gap:
                base = int(os.path.basename(heading.split()[-1])[:20])
                if not (gap[1] == "-1" and int(gap[2]) == base):
                    complaints.append(f"{heading}: {line.strip()}")
                continue
            heading = None
            decoder_error = "--cluster-metadata-decoder" in arguments and METADATA_BAD.search(line)
            if decoder_error or not (
                accept.fullmatch(line) if stream is out else "OpenJDK" in line or not line.strip()
            ):
                complaints.append(line[:300])
    return complaints, lines


def _files(data, *endings):
    found = []
    for ending in endings:
        found += glob.glob(os.path.join(glob.escape(data), "*", "*" + ending))
    return sorted(path for path in found if not os.path.dirname(path).endswith(("-delete", "-stray")))


def check_folder(data):
    """The folder must belong to a stopped broker. Returns what was read, in words; raises Failed with the first
    complaints."""
    metadata = os.path.join(data, "__cluster_metadata-0")
    logs = [path for path in _files(data, ".log") if os.path.dirname(path) != metadata]
    indexes = _files(data, ".index", ".timeindex")
    partitioned = [path for path in indexes if os.path.dirname(path) != metadata]
    snapshots = _files(data, ".snapshot")
    meta_files = sorted(
        glob.glob(os.path.join(glob.escape(metadata), "*.log"))
        + glob.glob(os.path.join(glob.escape(metadata), "*.checkpoint"))
    )
    bootstrap = os.path.join(data, "bootstrap.checkpoint")
    if os.path.exists(bootstrap):
        meta_files.append(bootstrap)
    if not any(path.endswith(".log") for path in meta_files):
        raise Failed("no metadata log in the folder")
    lines = 0
    for arguments, files in (
        (["--deep-iteration"], logs),
        ([], partitioned),  # compares every entry with the log beside it
        (["--index-sanity-check"], indexes),
        (["--verify-index-only"], partitioned),
        ([], snapshots),
        (["--cluster-metadata-decoder", "--deep-iteration"], meta_files),
    ):
        complaints, count = _dump(arguments, files)
        lines += count
        if complaints:
            raise Failed(
                f"kafka-dump-log {' '.join(arguments)}: {len(complaints)} complaints, the first:\n"
                + "\n".join("    " + line for line in complaints[:8])
            )
        if files and not count:
            raise Failed(f"kafka-dump-log {' '.join(arguments)} said nothing of {len(files)} files")
    counts = f"{len(logs)} logs, {len(indexes)} indexes, {len(snapshots)} snapshots, {len(meta_files)} metadata files"
    return f"{counts}, {lines} lines"


def check_that_damage_is_seen(data):
    """The check of the check: a flipped byte in a copied log, a wrong entry in a copied index must each bring a
    complaint."""
    log = next(
        (path for path in _files(data, ".log") if "__cluster_metadata" not in path and os.path.getsize(path) > 200),
        None,
    )
    if log is None:
        raise Failed("no log to damage")
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, os.path.basename(os.path.dirname(log)))
        shutil.copytree(os.path.dirname(log), folder)
        copy = os.path.join(folder, os.path.basename(log))
        with open(copy, "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))
        if not _dump([], [copy])[0]:
            raise Failed("a flipped byte in a log brought no complaint: the check is blind")
        shutil.copyfile(log, copy)
        index = copy[:-4] + ".index"
        with open(index, "wb") as file:
            file.write(b"\x00\x00\x00\x07\x00\x00\x00\x01" + b"\x00\x00\x00\x09\x00\x00\x00\x02")
        if not _dump([], [index])[0]:
            raise Failed("a wrong index entry brought no complaint: the check is blind")
