#!/usr/bin/python3
"""page.py FOLDER: writes FOLDER/page.html, one file with all its pictures, of
what the benchmark has written to FOLDER/results.json."""

import html
import json
import math
import os
import statistics
import sys

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 62, 130, 14, 44

# One colour for a system wherever it is; ours is the darkest.
COLOURS = {
    "floor": "#999999", "open_port": "#2f7fc1", "system_cmd": "#7b4fa3",
    "proctor": "#111111", "frames": "#8a8a2a", "frames2": "#c0c060",
    "erlexec": "#d0342c", "erlexec_ours": "#f08a80", "muontrap": "#1d8a4e",
    "forcola": "#e08a00", "exile": "#00a0a0", "netrunner": "#b03a8c",
    "prx": "#6a4a2a"}
NAMES = {"system_cmd": "System.cmd", "muontrap": "MuonTrap",
         "forcola": "Forcola", "exile": "Exile", "netrunner": "NetRunner"}
# Who is no rival: what the kernel takes, and parts of ours.
OWN = {"floor", "proctor", "frames", "frames2", "erlexec_ours"}
# Nearer than that is level: rounds differ by more.
LEVEL = 1.03

# Title, task, what is drawn, axes, and the bases of the logarithmic ones.
PLOTS = [
    ("Latency of one command, as its users call it", "cmd", "quantiles",
     "percentile", "us", 0, 10),
    ("Latency of a run and the message of its end", "spawn", "quantiles",
     "percentile", "us", 0, 10),
    ("Latency of 100 bytes through cat", "echo", "quantiles", "percentile",
     "us", 0, 10),
    ("Throughput against callers", "callers", None, "callers at once",
     "runs a second", 2, 0),
    ("Cost of a run against idle children", "crowd", None, "idle children",
     "us", 0, 0),
    ("Throughput of output against its size", "sizes", None, "bytes", "MB/s",
     2, 0),
    ("Memory of the node against time, 2,000 children that write 1 MiB",
     "bulk", "memory", "ms", "MB", 0, 0)]

STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 1200px;
       padding: 0 1em; color: #111; background: #fff }
table { border-collapse: collapse; font-size: 13px }
th, td { padding: 3px 8px; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left; white-space: pre }
th { border-bottom: 2px solid #333 }
td.why { text-align: left; color: #555; border-bottom: 1px solid #999 }
td.best { font-weight: bold }
td.met { color: #0a6b2d } td.missed { color: #b00020 }
.wide { overflow-x: auto }
.plots { display: flex; flex-wrap: wrap; gap: 1.5em }
figure { margin: 0 } figcaption { font-weight: bold; margin-bottom: 4px }
svg { background: #fff; border: 1px solid #ddd; max-width: 100% }
"""


def name(system):
    return NAMES.get(system, system)


def text(string):
    return html.escape(str(string))


def number(value):
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


# What is drawn


def points(rounds, system, what):
    """Of a curve that each round has as pairs, or as keys that are numbers,
    the median of all rounds at each place; of memory the last round that went
    well, as no two take the same time."""
    seen = {}
    for values in (r.get(system) for r in rounds):
        if not isinstance(values, dict):
            continue
        if what is None:
            pairs = [(int(k), v) for k, v in values.items() if k.isdigit()]
        else:
            pairs = values.get(what, [])
        if what == "memory":
            seen = {}
        for x, y in pairs:
            seen.setdefault(x, []).append(y)
    return sorted((x, statistics.median(ys)) for x, ys in seen.items())


def ticks(low, high, logarithmic):
    if logarithmic == 2:
        powers = range(math.ceil(math.log2(low)),
                       math.floor(math.log2(high)) + 1)
        return [2 ** n for n in powers[::len(powers) // 8 + 1]]
    if logarithmic:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [m * 10 ** n for n in range(first, last + 1)
                for m in ((1,) if last - first > 3 else (1, 2, 5))
                if low <= m * 10 ** n <= high]
    step = 10 ** math.floor(math.log10((high - low) or 1))
    step = next(step * m for m in (0.1, 0.2, 0.5, 1, 2, 5)
                if (high - low) / (step * m) <= 7)
    return [step * n for n in range(math.ceil(low / step),
                                    math.floor(high / step) + 1)]


def tick_text(value, logarithmic):
    if logarithmic != 2:
        return f"{value:,.6g}"
    for size, unit in ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")):
        if value >= size and value % size == 0:
            return f"{value // size:.0f}{unit}"
    return str(value)


class Axis:
    """Numbers from low to high, on a line from one pixel to another."""

    def __init__(self, values, logarithmic, begin, end):
        self.log = logarithmic if min(values) > 0 else 0
        self.low = min(values) if self.log else min(0, *values)
        self.high = max(values)
        if self.low == self.high:
            self.high = self.low + 1
        self.begin, self.end = begin, end

    def at(self, value):
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        part = (value - low) / (high - low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        return ticks(self.low, self.high, self.log)


def plot(lines, x_title, y_title, logarithmic):
    """The picture, of {system: [(x, y)]}."""
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line]
    across = Axis(xs, logarithmic[0], LEFT, WIDTH - RIGHT)
    up = Axis(ys, logarithmic[1], HEIGHT - BOTTOM, TOP)
    out = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
           f'height="{HEIGHT}" '
           'font-family="sans-serif" font-size="11">']
    for tick in across.ticks():
        x = across.at(tick)
        out.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" '
                   'stroke="#eee"/>'
                   f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" '
                   'text-anchor="middle">'
                   f'{tick_text(tick, across.log)}</text>')
    for tick in up.ticks():
        y = up.at(tick)
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#eee"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{tick_text(tick, up.log)}</text>')
    out.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" '
               'fill="none" stroke="#333"/>'
               f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" '
               f'text-anchor="middle">{text(x_title)}</text>'
               f'<text transform="translate(13 {(TOP + HEIGHT - BOTTOM) / 2}) '
               f'rotate(-90)" text-anchor="middle">{text(y_title)}</text>')
    for i, (system, line) in enumerate(lines.items()):
        colour = COLOURS[system]
        path = "L".join(f"{across.at(x):.1f} {up.at(y):.1f}" for x, y in line)
        width = 2.5 if system == "proctor" else 1.5
        y = TOP + 10 + 16 * i
        x = WIDTH - RIGHT + 12
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" '
                   f'stroke-width="{width}"/>'
                   f'<path d="M{x} {y - 4}h16" stroke="{colour}" '
                   f'stroke-width="{width}"/>'
                   f'<text x="{x + 21}" y="{y}">{text(name(system))}</text>')
    out.append("</svg>")
    return "".join(out)


def plots(runs):
    for title, task, what, x_title, y_title, *logarithmic in PLOTS:
        rounds = next((r["rounds"] for r in runs if r["task"] == task), [])
        lines = {s: points(rounds, s, what) for s in COLOURS}
        lines = {s: line for s, line in lines.items() if len(line) > 1}
        if lines:
            yield (f"<figure><figcaption>{text(title)}</figcaption>"
                   f"{plot(lines, x_title, y_title, logarithmic)}</figure>")


# The table


def higher_is_better(figure):
    return figure["unit"].endswith("/s") or figure["goal"].startswith(">=")


def behind(figure):
    """The rivals that proctor is behind, and by what factor."""
    medians = figure["medians"]
    own = medians.get("proctor")
    found = []
    for system, value in medians.items():
        if own and value and system not in OWN:
            factor = value / own if higher_is_better(figure) else own / value
            if factor > LEVEL:
                found.append((factor, name(system)))
    return sorted(found, reverse=True)


def verdict(figure):
    if not figure["goal"]:
        return "<td></td>"
    word = figure["verdict"]
    kind = word if word in ("met", "missed") else ""
    return f'<td class="{kind}">{text(figure["goal"])}: {text(word)}</td>'


def row(figure, systems):
    medians = figure["medians"]
    rivals = [v for s, v in medians.items() if s == "proctor" or s not in OWN]
    best = (max if higher_is_better(figure) else min)(rivals, default=None)
    cells = "".join(
        f'<td class={"best" if medians.get(s, 0) == best else "more"}>'
        f"{number(medians.get(s))}</td>" for s in systems)
    out = (f"<tr><td>{text(figure['text'])}, {text(figure['unit'])}</td>"
           f"{cells}{verdict(figure)}</tr>")
    slower = behind(figure)
    if slower or figure["verdict"] == "missed":
        who = ", ".join(f"{n} by {f:.2f}" for f, n in slower)
        words = [f"Behind {who}." if who else "Behind its goal.",
                 figure.get("why", "")]
        out += (f'<tr><td class="why" colspan="{len(systems) + 2}">'
                f'{text(" ".join(filter(None, words)))}</td></tr>')
    return out


def table(figures):
    systems = [s for s in COLOURS if any(s in f["medians"] for f in figures)]
    head = "".join(f"<th>{text(name(s))}</th>" for s in systems)
    rows = "".join(row(figure, systems) for figure in figures)
    return (f'<div class="wide"><table><tr><th>median of the rounds</th>{head}'
            f"<th>goal</th></tr>{rows}</table></div>")


def page(results):
    machine = results["machine"]
    about = ", ".join(f"{key} {machine[key]}" for key in
                      ("processor", "cpus", "kernel", "otp", "date", "commit"))
    return ("<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>"
            f"<title>proctor: the benchmark</title><style>{STYLE}</style>"
            f"<h1>proctor: the benchmark</h1><p>{text(about)}.</p>"
            "<p>Each figure is the median of rounds in which all systems ran "
            "one after the other; a goal that compares two is judged by the "
            "quotients within the rounds. <code>floor</code> is the same from "
            "C with nothing between, <code>frames</code> our port program "
            "before a bare loop. Bold is the best but those two.</p>"
            f"{table(results['figures'])}<h2>Curves</h2>"
            '<div class="plots">'
            f'{"".join(plots(results["runs"]))}</div></html>\n')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    with open(os.path.join(folder, "results.json"), encoding="utf-8") as file:
        results = json.load(file)
    path = os.path.join(folder, "page.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(results))
    print(f"bench: {path}")


if __name__ == "__main__":
    main()
