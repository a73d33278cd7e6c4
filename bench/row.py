"""What a row of ./x bench is, and when its bars are met."""
import statistics
from typing import Callable, NamedTuple

PAGE_CACHE = {"moldau": ["write.caching.default=true"]}
# Kafka syncs before it acknowledges only so; Moldau as it comes. Without the smaller index the first entry of each of
# Kafka's partitions makes a machine with much read-ahead zero 16 MiB.
SYNC = {"kafka": ["log.flush.interval.messages=1", "log.index.size.max.bytes=262144"], "roofline": ["sync=1"]}
BOTH = ("kafka", "moldau")
WITH_ROOFLINE = ("kafka", "moldau", "roofline")


class Options:
    """Of this run: filled in by bench.py before the first row."""
    scale = 1.0
    warm = 15_000_000
    profile = False
    smoke = False  # whether the rows work: nothing waits for a quiet machine, nothing is kept

    @classmethod
    def scaled(cls, number):
        return max(1, int(cls.scale * number))

    @classmethod
    def many(cls, number):
        """Of partitions or connections: what a smoke test need not wait for."""
        return min(number, 40) if cls.smoke else number


class Row(NamedTuple):
    """A row is run once per round and broker: run(broker, round) -> {figure: value}."""
    kind: str                  # durability class
    what: str                  # what is measured, with its parameters
    run: Callable
    settings: object = ()      # of Moldau, or {broker: settings}
    bars: dict = {}            # figure -> one bar or a list of them; a bar: (how, bound), or ("either", [bars])
    brokers: tuple = BOTH
    load: bool = False         # writes gigabytes: warms up first, and takes the memory from the host before each round

    def settings_of(self, broker):
        if isinstance(self.settings, dict):
            return self.settings.get(broker, [])
        return list(self.settings) if broker == "moldau" else []

    def bars_of(self, figure):
        bars = self.bars.get(figure, [])
        return bars if isinstance(bars, list) else [bars]


def summary(figures):
    """{broker: [figures of a round, ...]} -> {figure: medians, ranges and ratios}; ratios are taken within a round."""
    rows = {}
    for figure in figures["moldau"][0]:
        values = {name: [one[figure] for one in rounds if figure in one] for name, rounds in figures.items()}
        entry = {"values": values}
        for name, list_ in values.items():
            entry[name] = statistics.median(list_) if list_ else None
        entry["moldau_range"] = [min(values["moldau"]), max(values["moldau"])]
        for other, key in (("kafka", "ratio"), ("roofline", "roofline_ratio")):
            ratios = [m / o for m, o in zip(values["moldau"], values.get(other, [])) if o]
            entry[key] = statistics.median(ratios) if ratios else None
            entry[key + "_range"] = [min(ratios), max(ratios)] if ratios else None
        rows[figure] = entry
    return rows


def is_met(bar, entry):
    how, bound = bar
    if how == "either":
        return any(is_met(one, entry) for one in bound)
    of, compare = how.split()
    value = entry.get({"value": "moldau", "ratio": "ratio", "roofline": "roofline_ratio"}[of])
    if value is None:
        return False
    return value <= bound if compare == "<=" else value >= bound


def text_of(bar):
    how, bound = bar
    return " or ".join(text_of(one) for one in bound) if how == "either" else f"{how} {bound:.3g}"


def judged(row, result):
    """[(figure, bar as text, met)] of every bar of `row`; a row that failed, or lacks a figure, misses its bars."""
    verdicts = []
    for figure in row.bars:
        entry = result.get("figures", {}).get(figure)
        for bar in row.bars_of(figure):
            verdicts.append((figure, text_of(bar), entry is not None and is_met(bar, entry)))
    return verdicts
