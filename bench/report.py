"""What ./x bench --report writes: docs/performance.md and its plots, out of what was measured and nothing else."""
import json
import os
import platform
import re
import shutil
import subprocess

import svg
from brokers import MOLDAU, OUT, ROOT
from row import judged

DOCS = os.path.join(ROOT, "docs")
PLOTS = os.path.join(DOCS, "performance")
DATA = os.path.join(PLOTS, "rows.json")  # what the page was written from

METHOD = """\
## Method

`./x bench` runs Moldau and Apache Kafka {kafka} side by side on one machine and prints what follows; `./x bench --row NAME`
one row of it, `--list` all rows with their bars, `--report` writes this page. Ratios carry over to other machines, times do
not.

- All brokers, and the programs that load them, run in a network namespace of their own, over its loopback with `reno`:
  a congestion control that paces would measure itself.
- Rounds are interleaved (Kafka, Moldau, Kafka, Moldau, ...), each after a wait for a quiet machine. A figure is the median
  over its rounds, a ratio the median of the ratios within a round, with the smallest and largest.
- Durability classes are never mixed without being named. *Page cache*: Moldau with `write.caching.default=true`, Kafka as it
  comes. *Sync*: Moldau as it comes, Kafka with `flush.messages=1`; rows with Moldau's sync against Kafka's page cache say so.
- Kafka has a heap of 1 GB, its own G1 flags, and {warm} of warm-up before rows of load.
- Foreign CPU is the share of the machine that neither the brokers nor their load took, in the worst round of a row; what
  the kernel does in its own name, as writing back, counts as foreign. Rows that restart brokers do not have it.
- CPU is that of the broker's process, user and system; memory is what is resident of it.
- The load generators send batches that were encoded before. Latencies of rows that say *open loop* count from when a
  message was due, so that a broker that stands still is charged for everything that it kept waiting.
- *Roofline* is a program that does the least that any broker must: receive, check CRC-32C, append, answer; in the class
  *sync* with a journal that is overwritten in place, one sync for all that came meanwhile, and no checkpoint ever.
"""


NOTES = """\
One round of each such row was sampled with `perf` (`./x bench --row NAME --profile`): *kernel: NAME* is all that is done below
that call, everything else is the broker's own function. Waiting is no part of it.
"""


def first_match(pattern, text, default):
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else default


def output_of(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def machine():
    """What a figure depends on besides the code; kept with every row."""
    pins = open(os.path.join(ROOT, "test", "interop", "versions.env")).read()
    return {"cpu": first_match(r"^model name\s*:(.*)$", open("/proc/cpuinfo").read(), platform.machine()),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "kernel": platform.release(),
            "file_system": output_of("findmnt", "-n", "-o", "FSTYPE", "-T", OUT),
            "kafka": first_match(r"^KAFKA_VERSION=(.*)$", pins, "?"),
            "java": first_match(r'version "([^"]*)"', output_of("java", "-version"), "?"),
            "moldau": output_of(MOLDAU, "version").split(" ")[-1] + " " + output_of(
                "git", "-C", ROOT, "log", "-1", "--format=%h", "--", "src")}


def distinct(rows, key):
    return sorted({str(row["machine"][key]) for row in rows.values() if "machine" in row})


def machine_text(rows):
    if not any("machine" in row for row in rows.values()):
        return "The machine was not recorded.\n"
    lines = ["| | |", "|---|---|"]
    for key, label in (("cpu", "CPU"), ("cores", "cores"), ("memory_gib", "memory, GiB"), ("kernel", "Linux"),
                       ("file_system", "file system"), ("kafka", "Apache Kafka"), ("java", "Java"), ("moldau", "Moldau")):
        lines.append(f"| {label} | {', '.join(distinct(rows, key))} |")
    days = sorted({row["measured"][:10] for row in rows.values() if "measured" in row})
    lines.append(f"| measured | {days[0]}{' to ' + days[-1] if days[-1] != days[0] else ''} |")
    return "\n".join(lines) + "\n"


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(entry, key):
    low_high = entry.get(key + "_range")
    return f"{number(entry[key])} ({number(low_high[0])}–{number(low_high[1])})" if low_high else "–"


def table(rows, definitions):
    """A line for each figure with a bar, and for the first figures of rows without any."""
    lines = ["| row | figure | Kafka | Moldau | roofline | Moldau / Kafka | Moldau / roofline | bar | |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, result in rows.items():
        verdicts = judged(definitions[name], result)
        if "failed" in result:
            lines.append(f"| {name} | failed | | | | | | {'; '.join(bar for _, bar, _ in verdicts)} | missed |")
            continue
        figures = list(dict.fromkeys(figure for figure, _, _ in verdicts)) or shown_without_bar(result)
        for figure in figures:
            entry = result["figures"].get(figure, {"moldau": None, "ratio": None})  # a bar without its figure is missed
            own = [(bar, met) for of, bar, met in verdicts if of == figure]
            lines.append(f"| {name} | {figure} | {number(entry.get('kafka'))} | {number(entry['moldau'])} | "
                         f"{number(entry.get('roofline'))} | {spread(entry, 'ratio')} | {spread(entry, 'roofline_ratio')} | "
                         f"{'; '.join(bar for bar, _ in own)} | {'; '.join('met' if met else '**missed**' for _, met in own)} |")
    return "\n".join(lines) + "\n"


def profiles(rows, definitions):
    """Of rows that miss a bar: where the broker's CPU time goes."""
    lines = ["| row | misses | where the broker's CPU time goes |", "|---|---|---|"]
    for name, result in rows.items():
        missed = list(dict.fromkeys(figure for figure, _, met in judged(definitions[name], result) if not met))
        if not missed:
            continue
        where = ", ".join(f"{part} {share:g} %" for part, share in result.get("profile", [])) or "not profiled"
        lines.append(f"| {name} | {', '.join(missed)} | {where} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else "None.\n"


def shown_without_bar(result):
    wanted = ("requests_per_second", "mb_per_second", "mb_per_cpu_second", "p50_us", "p99_us", "cpu_per_million")
    return [figure for figure in wanted if figure in result["figures"]][:3]


def row_list(rows, definitions):
    lines = ["| row | class | what | rounds | scale | foreign CPU, % |", "|---|---|---|---|---|---|"]
    for name, result in rows.items():
        foreign = [one for list_ in result.get("foreign_cpu_percent", {}).values() for one in list_ if one is not None]
        lines.append(f"| {name} | {result['class']} | {definitions[name].what} | {result['rounds']} | "
                     f"{result.get('scale', 1):g} | {f'{max(foreign):.0f}' if foreign else '–'} |")
    return "\n".join(lines) + "\n"


def ratio_entries(rows, definitions):
    """Every bar that compares with Kafka, turned so that more is better."""
    entries = []
    for name, result in rows.items():
        for figure, entry in result.get("figures", {}).items():
            bars = [bar for bar in definitions[name].bars_of(figure) if bar[0].startswith("ratio")]
            if not bars or not entry.get("ratio") or min(entry["ratio_range"]) <= 0:
                continue
            how, bound = bars[0]
            values = [entry["ratio"], *entry["ratio_range"], bound]
            if how.endswith("<="):
                values = [1 / value for value in values]
            entries.append((f"{name}: {figure}", values[0], sorted(values[1:3]), values[3], values[0] >= values[3]))
    return entries


def percentile_panels(rows):
    panels = []
    for name, result in rows.items():
        figures = result.get("figures", {})
        if not name.startswith("e2e-") or "p999_us" not in figures:
            continue
        names = [(label, figure) for label, figure in (("p50", "p50_us"), ("p90", "p90_us"), ("p99", "p99_us"),
                                                       ("p99.9", "p999_us"), ("max", "max_us")) if figure in figures]
        panels.append((name, {broker: [(label, figures[figure][broker]) for label, figure in names]
                              for broker in ("kafka", "moldau") if figures["p50_us"].get(broker)}))
    return panels


def group_entries(rows, prefix, figure):
    groups = []
    for name, result in rows.items():
        entry = result.get("figures", {}).get(figure)
        if not name.startswith(prefix) or entry is None or not entry.get("kafka") or "values" not in entry:
            continue
        groups.append((name, {broker: (entry[broker], min(values), max(values))
                              for broker, values in entry["values"].items() if values}))
    return groups


def plots(rows, definitions):
    """[(file, caption, svg)] of those for which there are figures."""
    found = []
    if entries := ratio_entries(rows, definitions):
        found.append(("ratios.svg", "How many times better than Kafka; the dashed mark is the bar, the thin line the spread "
                      "of the rounds.", svg.ratios("Moldau against Apache Kafka, times better", entries)))
    if panels := percentile_panels(rows):
        found.append(("latency.svg", "From when a message was due until it was read, at a fixed rate.",
                      svg.percentiles("End-to-end latency", panels)))
    for prefix, figure, file, unit, title in (
            ("sync-", "requests_per_second", "sync.svg", "requests a second", "Sync before acknowledgement"),
            ("raw-produce", "mb_per_second", "produce.svg", "MB a second", "Produce, page cache"),
            ("fan-out-", "mb_per_cpu_second", "fan-out.svg", "MB per second of the broker's CPU", "Fan-out")):
        if groups := group_entries(rows, prefix, figure):
            found.append((file, f"{title}: {unit}.", svg.grouped(title, unit, groups)))
    return found


def write(rows, definitions):
    """Rows that no longer exist are left out."""
    rows = {name: rows[name] for name in definitions if name in rows}
    if not rows:
        raise SystemExit("bench: nothing was measured yet")
    shutil.rmtree(PLOTS, ignore_errors=True)
    os.makedirs(PLOTS)
    pictures = plots(rows, definitions)
    for file, _, drawing in pictures:
        with open(os.path.join(PLOTS, file), "w") as out:
            out.write(drawing)
    verdicts = [met for name, result in rows.items() for _, _, met in judged(definitions[name], result)]
    missing = [name for name in definitions if name not in rows]
    text = ["# Performance\n", f"{len(rows)} rows, {len(verdicts)} bars, {verdicts.count(True)} met, "
            f"{verdicts.count(False)} missed." + (f" Not measured: {', '.join(missing)}." if missing else "") + "\n",
            machine_text(rows), "## Figures\n", table(rows, definitions)]
    text += [f"![{caption}](performance/{file})\n\n{caption}\n" for file, caption, _ in pictures]
    text += ["## Bars that are missed\n", NOTES, profiles(rows, definitions)]
    text += [METHOD.format(kafka=", ".join(distinct(rows, "kafka")) or "4.3.1", warm="15 million messages"),
             "## Rows\n", row_list(rows, definitions)]
    with open(DATA, "w") as out:
        json.dump(rows, out, indent=1)
    with open(os.path.join(DOCS, "performance.md"), "w") as out:
        out.write("\n".join(text))
    print(f"docs/performance.md: {len(rows)} rows, {len(pictures)} plots")
