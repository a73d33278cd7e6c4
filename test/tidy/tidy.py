#!/usr/bin/env python3
"""Checks what STYLE.md and layers.txt promise: layers, purity, sizes, comments, coroutine rules. Prints one line for each
finding and exits with 1 when there is any. test/tidy/ratchet.txt lists what is allowed to exceed a size, and by how much: a
listed number may only fall."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120

# Folders of effects: the raw system may be used in these only.
RAW_ALLOWED = ("src/io/posix/", "src/app/", "src/cli/", "bench/")
# Pure files with a mutable static on purpose: the trace sink, and the choice of a CRC implementation.
STATIC_ALLOWED = ("src/base/trace.cc", "src/base/crc32c.cc")

PURITY_BANS = [
    (re.compile(r"std::chrono|\bclock_gettime\b|\bgettimeofday\b|\btime\(nullptr\)"), "reads a clock"),
    (re.compile(r"#include <(thread|mutex|condition_variable|shared_mutex|future)>"), "uses threads"),
    (re.compile(r"#include <random>|\brand\(\)|random_device"), "uses <random>"),
    (re.compile(r"#include <(fstream|iostream|filesystem)>|\bfopen\("), "touches files"),
    (re.compile(r"\bgetenv\b"), "reads the environment"),
    (re.compile(r"\bco_await\b"), "co_awaits"),
]
RAW_BANS = [
    (re.compile(r"#include <(thread|mutex|condition_variable)>|std::thread\b"), "uses threads outside io/posix"),
    (re.compile(r"#include <(sys/socket|sys/epoll|fcntl|unistd|netinet/in)\.h>"), "uses the raw system outside io/posix"),
    (re.compile(r"std::chrono::\w+_clock::now|\bclock_gettime\b|\bgettimeofday\b"), "reads a clock outside io/posix"),
]
STATIC_MUTABLE = re.compile(r"^\s*(inline\s+)?(static|thread_local)\s+(?!const\b|constexpr\b|constinit const\b|_assert)"
                            r"[\w:<>,&*\s]+\s+\w+\s*(=[^=].*|\{.*\})?;")
FUNCTION_START = re.compile(r"^(?!\s*(namespace|struct|class|enum|union|if|for|while|switch|else|do|try|catch|extern)\b)"
                            r".*\)[\w\s&:<>,*\->]*\{\s*$")
NAMESPACE_OPEN = re.compile(r"^\s*(inline\s+)?(namespace\b.*|extern \"C\")\s*\{\s*$")
TYPE_OPEN = re.compile(r"^\s*(template\s*<.*>\s*)?(struct|class|enum|union)\b[^;()]*\{\s*$")


def source_files():
    for top in ("src", "sim", "bench", "test", "fuzz"):
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".cc", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def read_layers():
    layers, pure = {}, set()
    for line in open(os.path.join(ROOT, "layers.txt")):
        line = line.split("#")[0].strip()
        if not line:
            continue
        left, right = line.split(":")
        words = left.split()
        layers[words[0]] = set(right.split())
        if "pure" in words[1:]:
            pure.add(words[0])
    return layers, pure


def folder_of(path, layers):
    """The layer that a file or an include path (without src/) belongs to: the longest match."""
    best = ""
    for layer in layers:
        if path.startswith(layer + "/") and len(layer) > len(best):
            best = layer
    return best


def strip_code(line):
    """The line without string literals and line comment."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0]


def check_includes(path, lines, layers, findings):
    inner = path[4:] if path.startswith("src/") else path
    layer = folder_of(inner, layers)
    if not layer:
        if path.startswith("src/"):
            findings.append(f"{path}: folder is not in layers.txt")
        return layer
    test = path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc", "test_kit.h", "_for_test.h"))
    for number, line in enumerate(lines, 1):
        found = re.match(r'#include "([^"]+)"', line)
        if not found:
            continue
        target = folder_of(found.group(1), layers)
        if not target:
            findings.append(f"{path}:{number}: include is not written from src/: {found.group(1)}")
        elif target != layer and target not in layers[layer] and not (test and target in ("io", "io/sim", "io/posix")):
            findings.append(f"{path}:{number}: {layer} may not include {target}")
    return layer


def check_purity(path, lines, findings):
    unordered = set()
    for number, line in enumerate(lines, 1):
        code = strip_code(line) if not line.startswith("#include") else line
        for pattern, what in PURITY_BANS:
            if pattern.search(code):
                findings.append(f"{path}:{number}: pure folder {what}")
        if path not in STATIC_ALLOWED and STATIC_MUTABLE.match(code):
            findings.append(f"{path}:{number}: pure folder keeps a mutable static")
        for name in re.findall(r"std::unordered_(?:map|set)<.*>\s+(\w+)", code):
            unordered.add(name)
        found = re.search(r"for \(.*:\s*(?:\w+[.\->]+)*(\w+)\)", code)
        if found and found.group(1) in unordered and "order-free" not in line + lines[max(0, number - 2)]:
            findings.append(f"{path}:{number}: iterates over an unordered container (say 'order-free' if it cannot show)")


def check_coroutines(path, lines, findings):
    allowed = re.compile(r"^\s*(co_return\s+)?(\([^()]*\)\s*)?co_await\s|^\s*[\w:<>,&*\s\[\]]+=\s*co_await\s"
                         r"|^\s*(const\s+)?auto\s+\w+\s*=\s*co_await\s|=\s*$")
    for number, line in enumerate(lines, 1):
        code = strip_code(line)
        if "co_await" not in code:
            continue
        if not allowed.match(code) or "?" in code:
            findings.append(f"{path}:{number}: co_await only as a statement, an initializer or a co_return operand")
        if re.search(r"co_await.*(\[[^\]]*\]\s*[({]|\w\s*\{)", code):
            findings.append(f"{path}:{number}: no lambda or braces inside a co_await expression")


def check_sizes(path, lines, ratchet, findings, seen):
    limit = ratchet.get(path, FILE_LINES_MAX)
    if len(lines) > limit:
        findings.append(f"{path}: {len(lines)} lines, allowed {limit}")
    if len(lines) > FILE_LINES_MAX:
        seen[path] = len(lines)
    depth_stack, start, depth = [], None, 0
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            findings.append(f"{path}:{number}: {len(line)} columns")
        code = strip_code(line)
        if start is None and FUNCTION_START.match(code) and not TYPE_OPEN.match(code) and not NAMESPACE_OPEN.match(code):
            start, depth = number, 0
        if start is not None:
            depth += code.count("{") - code.count("}")
            if depth <= 0:
                length = number - start + 1
                key = f"{path}:{re.sub(r'[^A-Za-z0-9_:~].*', '', lines[start - 1].strip().split('(')[0].split()[-1])}"
                if length > FUNCTION_LINES_MAX:
                    seen[key] = length
                    if length > ratchet.get(key, FUNCTION_LINES_MAX):
                        findings.append(f"{path}:{start}: function of {length} lines ({key})")
                start = None


def read_ratchet():
    ratchet = {}
    try:
        for line in open(os.path.join(ROOT, "test/tidy/ratchet.txt")):
            line = line.split("#")[0].strip()
            if line:
                name, number = line.rsplit(" ", 1)
                ratchet[name] = int(number)
    except FileNotFoundError:
        pass
    return ratchet


def main():
    layers, pure = read_layers()
    ratchet, seen, findings = read_ratchet(), {}, []
    for layer, may in layers.items():
        for other in may:
            if other not in layers:
                findings.append(f"layers.txt: {layer} lists {other}, which is not there")
            elif layer in pure and other not in pure and (layer, other) != ("io/sim", "io"):
                findings.append(f"layers.txt: pure folder {layer} lists {other}, which is not pure")
    count = 0
    for path in source_files():
        count += 1
        text = open(os.path.join(ROOT, path), encoding="utf-8").read()
        lines = text.split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        layer = check_includes(path, lines, layers, findings)
        test = path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc")) or "/tools/" in path or "/conformance/" in path
        own_header = path.endswith(".cc") and lines and os.path.exists(os.path.join(ROOT, path[:-3] + ".h"))
        if not lines or not (lines[0].startswith("//") or own_header):
            findings.append(f"{path}:1: a file opens with a comment that says what it is")
        if path.endswith(".h") and not any(line.startswith("#pragma once") for line in lines):
            findings.append(f"{path}: no #pragma once")
        if layer in pure and not test:
            check_purity(path, lines, findings)
        if path.startswith("src/") and not path.startswith(RAW_ALLOWED) and not test:
            for number, line in enumerate(lines, 1):
                for pattern, what in RAW_BANS:
                    if pattern.search(line):
                        findings.append(f"{path}:{number}: {what}")
        check_coroutines(path, lines, findings)
        check_sizes(path, lines, ratchet, findings, seen)
    for name in sorted(set(ratchet) - set(seen)):
        findings.append(f"test/tidy/ratchet.txt: {name} is within the limits now: remove the line")
    for name in sorted(seen):
        if name in ratchet and seen[name] < ratchet[name]:
            findings.append(f"test/tidy/ratchet.txt: {name} is {seen[name]} now: lower the number")
    for finding in findings:
        print(finding)
    print(f"tidy: {count} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
