"""A strict reader of the Prometheus text format, version 0.0.4, and what `promtool check metrics` objects to, so that a
test needs no promtool. `check(text)` returns the complaints; `parse(text)` the families.

Stricter than the format asks for: HELP and TYPE before the first sample, HELP first; a family's lines together; no
sample twice; counters that are no negative numbers; histograms whose buckets ascend, end with +Inf and agree with their
count; no family without samples."""
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
KINDS = {"counter", "gauge", "histogram", "summary", "untyped"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count", "")}
# promtool's units: what a name may not have as a word, and what to use.
BASE_UNITS = {"amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "moles", "seconds", "volts"}
OTHER_UNITS = {"minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "kelvins": "celsius",
               "fahrenheit": "celsius", "rankine": "celsius", "inches": "meters", "yards": "meters", "miles": "meters",
               "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams"}
UNITS = {**{unit: unit for unit in BASE_UNITS}, **OTHER_UNITS}
PREFIXES = ("", "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga", "gibi",
            "tera", "tebi", "peta", "pebi")
ABBREVIATIONS = {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}
KIND_WORDS = ("counter", "gauge", "histogram", "summary", "untyped")


class Family:
    def __init__(self, name):
        self.name = name
        self.kind = None
        self.help = None
        self.samples = {}  # (name, labels as a sorted tuple) -> value

    def value(self, **labels):
        return self.samples[(self.name, tuple(sorted(labels.items())))]


def read_labels(line, at):
    """Labels behind a brace at line[at - 1]; the position behind the closing one."""
    labels = []
    while line[at] != "}":
        found = LABEL.match(line, at)
        if not found or line[found.end():found.end() + 2] != '="':
            raise ValueError("a label without a name or a quoted value")
        at, value = found.end() + 2, ""
        while line[at] != '"':
            if line[at] == "\\":
                at += 1
                if line[at] not in '\\"n':
                    raise ValueError("an escape that is none")
                value += "\n" if line[at] == "n" else line[at]
            else:
                value += line[at]
            at += 1
        labels.append((found.group(), value))
        at += 1
        if line[at] == ",":
            at += 1
        elif line[at] != "}":
            raise ValueError("no comma between labels")
    if len({name for name, _ in labels}) != len(labels):
        raise ValueError("a label twice")
    return tuple(sorted(labels)), at + 1


def read_sample(line):
    found = NAME.match(line)
    if not found:
        raise ValueError("no name")
    labels, at = (), found.end()
    if line[at:at + 1] == "{":
        labels, at = read_labels(line, at + 1)
    if line[at:at + 1] != " " or not re.fullmatch(r"[-+0-9.eE]+|[+-]?Inf|NaN", line[at + 1:]):
        raise ValueError("no number behind one blank")
    return found.group(), labels, float(line[at + 1:])


def family_of(name, families):
    """The family that a sample of this name belongs to, by the types that were declared."""
    for family in families.values():
        if name == family.name and family.kind != "histogram":
            return family
    for family in families.values():
        for suffix in SUFFIXES.get(family.kind, ()):
            if name == family.name + suffix:
                return family
    return None


def parse(text, complaints=None):
    families, current = {}, None
    complaints = [] if complaints is None else complaints
    if text and not text.endswith("\n"):
        complaints.append("the last line has no end")
    known = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            if line.startswith("# "):
                _, what, name, rest = line.split(" ", 3)
                if what == "HELP":
                    if name in families:
                        raise ValueError(f"{name} comes twice")
                    current = families[name] = Family(name)
                    current.help = rest
                elif what == "TYPE":
                    if current is None or current.name != name or current.kind is not None or current.samples:
                        raise ValueError("TYPE does not follow HELP")
                    if rest not in KINDS:
                        raise ValueError(f"kind {rest}")
                    current.kind = rest
                    for suffix in SUFFIXES.get(rest, ("",)):
                        known[name + suffix] = current
                else:
                    raise ValueError("a comment that is neither HELP nor TYPE")
                continue
            name, labels, value = read_sample(line)
            if known.get(name) is not current or current is None:
                raise ValueError("a sample outside of its family")
            if (name, labels) in current.samples:
                raise ValueError("a sample twice")
            current.samples[(name, labels)] = value
        except (ValueError, IndexError) as error:
            complaints.append(f"line {number}: {error}: {line[:200]}")
    return families


def check_histogram(family, complaints):
    series = {}
    for (name, labels), value in family.samples.items():
        bare = tuple(label for label in labels if label[0] != "le")
        one = series.setdefault(bare, {"buckets": []})
        if name.endswith("_bucket"):
            one["buckets"].append((float(dict(labels)["le"]), value))
        else:
            one[name[len(family.name):]] = value
    for labels, one in series.items():
        buckets = one["buckets"]
        if not buckets or sorted(buckets) != buckets or buckets[-1][0] != math.inf:
            complaints.append(f"{family.name}{labels}: buckets that do not ascend to +Inf")
        elif any(low[1] > high[1] for low, high in zip(buckets, buckets[1:])):
            complaints.append(f"{family.name}{labels}: buckets that are not cumulative")
        elif one.get("_count") != buckets[-1][1] or "_sum" not in one:
            complaints.append(f"{family.name}{labels}: count {one.get('_count')} is not that of the last bucket, or no sum")


def lint(family, complaints):
    """What promtool check metrics says."""
    name, kind, words = family.name, family.kind, family.name.split("_")
    if not family.help:
        complaints.append(f"{name}: no help")
    if (kind == "counter") != name.endswith("_total") and kind != "untyped":
        complaints.append(f"{name}: {kind}, and _total or not")
    if kind != "untyped":
        for suffix, kinds in (("_bucket", ("histogram",)), ("_count", ("histogram", "summary")), ("_sum", ("histogram", "summary"))):
            if name.endswith(suffix) and kind not in kinds:
                complaints.append(f"{name}: {suffix} of a {kind}")
        labels = {label for _, pairs in family.samples for label, _ in pairs}
        if "le" in labels and kind != "histogram" or "quantile" in labels and kind != "summary":
            complaints.append(f"{name}: a label of histograms or summaries")
    for word in words:
        for unit, base in UNITS.items():
            if word != base and word in [prefix + unit for prefix in PREFIXES]:
                complaints.append(f"{name}: use {base}, not {word}")
        if word in ABBREVIATIONS:
            complaints.append(f"{name}: {word} is an abbreviation")
        if word in KIND_WORDS:
            complaints.append(f"{name}: has its kind in its name")
    if ":" in name:
        complaints.append(f"{name}: has a colon")
    for _, pairs in family.samples:
        for label, _ in pairs:
            if label != label.lower():
                complaints.append(f"{name}: label {label} is in camel case")


def check(text):
    complaints = []
    for family in parse(text, complaints).values():
        if family.kind is None:
            complaints.append(f"{family.name}: no TYPE")
            continue
        if not family.samples:
            complaints.append(f"{family.name}: no samples")
        if family.kind == "counter" and any(not value >= 0 for value in family.samples.values()):
            complaints.append(f"{family.name}: a counter below zero")
        if family.kind == "histogram":
            check_histogram(family, complaints)
        lint(family, complaints)
    return complaints
