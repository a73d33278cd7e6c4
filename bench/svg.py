"""A small writer of SVG plots: what docs/performance.md shows. No library; the files are readable text."""
import math
from html import escape

COLOURS = {"kafka": "#8a8f98", "moldau": "#1f77b4", "roofline": "#c9a227", "met": "#2a8c4a", "missed": "#c0392b"}
STYLE = "font-family='sans-serif' font-size='12' fill='#222'"


class Canvas:
    """Elements in the order in which they are drawn; y grows downwards."""

    def __init__(self, width, height, title):
        self.size = (width, height)
        self.parts = [f"<title>{escape(title)}</title>", f"<rect width='{width}' height='{height}' fill='#fff'/>"]
        self.text(12, 20, title, weight="bold")

    def rect(self, x, y, width, height, colour):
        self.parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0.5):.1f}' height='{height:.1f}' "
                          f"fill='{colour}'/>")

    def line(self, x1, y1, x2, y2, colour="#bbb", width=1.0, dash=""):
        dashes = f" stroke-dasharray='{dash}'" if dash else ""
        self.parts.append(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' "
                          f"stroke-width='{width}'{dashes}/>")

    def dot(self, x, y, colour):
        self.parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>")

    def text(self, x, y, text, anchor="start", weight="normal"):
        self.parts.append(f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-weight='{weight}'>"
                          f"{escape(text)}</text>")

    def __str__(self):
        width, height = self.size
        return (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
                f"height='{height}' {STYLE}>\n" + "\n".join(self.parts) + "\n</svg>\n")


class LogScale:
    """Values to pixels, on decades that hold all of `values`."""

    def __init__(self, values, first_pixel, last_pixel):
        positive = [value for value in values if value > 0]
        self.low = math.floor(math.log10(min(positive)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(positive))))
        self.first, self.last = first_pixel, last_pixel

    def at(self, value):
        share = (math.log10(max(value, 10.0 ** self.low)) - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)

    def decades(self):
        return [10.0 ** exponent for exponent in range(self.low, self.high + 1)]


def plain(value):
    """A label: at most three digits that matter."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratios(title, entries):
    """`entries`: (label, median, (least, most), bound or None, met or None), each "times better than Kafka"."""
    left, right, top, step = 330, 760, 48, 20
    height = top + step * len(entries) + 34
    canvas = Canvas(900, height, title)
    scale = LogScale([1.0] + [v for _, middle, spread, bound, _ in entries
                              for v in (middle, *spread, *([bound] if bound else []))], left, right)
    for decade in scale.decades():
        canvas.line(scale.at(decade), top - 8, scale.at(decade), height - 30)
        canvas.text(scale.at(decade), height - 14, f"{plain(decade)}×", "middle")
    canvas.line(scale.at(1), top - 8, scale.at(1), height - 30, "#222", 1.5)
    for index, (label, middle, spread, bound, met) in enumerate(entries):
        y = top + index * step
        canvas.text(left - 8, y + 10, label, "end")
        colour = COLOURS["moldau"] if met is None else COLOURS["met" if met else "missed"]
        start, end = sorted((scale.at(1), scale.at(middle)))
        canvas.rect(start, y, end - start, 13, colour)
        canvas.line(scale.at(spread[0]), y + 6.5, scale.at(spread[1]), y + 6.5, "#222", 1.5)
        if bound is not None:
            canvas.line(scale.at(bound), y - 3, scale.at(bound), y + 16, "#222", 2.0, "3 2")
        canvas.text(right + 12, y + 11, f"{plain(middle)}× ({plain(spread[0])}–{plain(spread[1])})")
    return str(canvas)


def percentiles(title, panels):
    """`panels`: (label, {broker: [(percentile, microseconds), ...]}), one beside the other, on one scale."""
    width, height, top, bottom, first = 250, 330, 60, 280, 70
    canvas = Canvas(first + width * len(panels) + 20, height, title)
    everything = [value for _, series in panels for points in series.values() for _, value in points]
    scale = LogScale(everything, bottom, top)
    for decade in scale.decades():
        canvas.line(first, scale.at(decade), first + width * len(panels), scale.at(decade))
        canvas.text(first - 6, scale.at(decade) + 4, f"{plain(decade)} µs", "end")
    for number, (label, series) in enumerate(panels):
        x = first + number * width + 20
        canvas.text(x, top - 14, label)
        for broker, points in series.items():
            placed = [(x + i * (width - 60) / max(1, len(points) - 1), scale.at(value)) for i, (_, value) in enumerate(points)]
            for (x1, y1), (x2, y2) in zip(placed, placed[1:]):
                canvas.line(x1, y1, x2, y2, COLOURS[broker], 2.0)
            for place, (name, _) in zip(placed, points):
                canvas.dot(*place, COLOURS[broker])
                canvas.text(place[0], bottom + 18, name, "middle")
    legend(canvas, first, height - 12, sorted({broker for _, series in panels for broker in series}))
    return str(canvas)


def grouped(title, unit, groups):
    """`groups`: (label, {broker: (median, least, most)})."""
    left, right, top, bar = 200, 760, 44, 14
    brokers = [name for name in ("kafka", "moldau", "roofline") if any(name in series for _, series in groups)]
    step = bar * len(brokers) + 14
    height = top + step * len(groups) + 60
    canvas = Canvas(900, height, title)
    scale = LogScale([v for _, series in groups for triple in series.values() for v in triple], left, right)
    for decade in scale.decades():
        canvas.line(scale.at(decade), top - 6, scale.at(decade), height - 56)
        canvas.text(scale.at(decade), height - 40, plain(decade), "middle")
    canvas.text((left + right) / 2, height - 24, unit, "middle")
    for index, (label, series) in enumerate(groups):
        y = top + index * step
        canvas.text(left - 8, y + step / 2 - 2, label, "end")
        for broker in [name for name in brokers if name in series]:
            middle, least, most = series[broker]
            canvas.rect(left, y, scale.at(middle) - left, bar - 2, COLOURS[broker])
            canvas.line(scale.at(least), y + bar / 2 - 1, scale.at(most), y + bar / 2 - 1, "#222", 1.5)
            canvas.text(right + 12, y + 10, plain(middle))
            y += bar
    legend(canvas, left, height - 8, brokers)
    return str(canvas)


def legend(canvas, x, y, brokers):
    for broker in brokers:
        canvas.rect(x, y - 10, 12, 12, COLOURS[broker])
        canvas.text(x + 18, y, broker)
        x += 110
