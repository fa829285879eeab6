"""Draws what a dashboard shows, from the answers of a real Prometheus: for the documentation, without a Grafana.

    python docs/dashboards.py http://127.0.0.1:9090 dashboard.json docs/pictures/dashboard.svg --minutes 15

Every figure in the picture was answered; a panel without an answer says so, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import html
import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNIT_WIDTH, UNIT_HEIGHT, GAP = 46, 26, 4
"""Pixels of Grafana's grid."""
POINTS = 180
"""Of a line, at the most."""
COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff780a", "#f2495c", "#b877d9", "#8ab8ff", "#ffb357")
NAMED = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c"}
RATE = 60
"""Seconds over which rates are taken."""


@dataclass(frozen=True)
class Line:
    """One series: its name in the legend, and its points as (seconds of Unix time, value)."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Span:
    """What is looked at."""

    prometheus: str
    start: float
    end: float

    def lines(self, target: Mapping[str, Any], *, instant: bool) -> Iterator[Line]:
        """The answers to one question of a panel."""
        query = target["expr"].replace("$__rate_interval", f"{RATE}s")
        step = max(1, round((self.end - self.start) / POINTS))
        range_ = {"start": self.start, "end": self.end, "step": step}
        where = (
            f"query?{_encoded(query=query, time=self.end)}"
            if instant
            else f"query_range?{_encoded(query=query, **range_)}"
        )
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/{where}", timeout=30) as answer:  # noqa: S310 - the caller's own
            found = json.load(answer)["data"]["result"]
        for series in found:
            given = [series["value"]] if instant else series["values"]
            points = tuple((float(at), float(value)) for at, value in given if not math.isnan(float(value)))
            if points:
                yield Line(_legend(target.get("legendFormat", ""), series["metric"]), points)


def _encoded(**values: object) -> str:
    return urllib.parse.urlencode(values)


def _legend(template: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"{{\s*(\w+)\s*}}", lambda found: labels.get(found[1], ""), template)


def picture(document: Mapping[str, Any], span: Span) -> tuple[str, list[str]]:
    """The SVG of a dashboard, and the titles of the panels that had no answer."""
    drawn, empty = [], []
    for panel in document["panels"]:
        place = panel["gridPos"]
        x, y = place["x"] * UNIT_WIDTH, place["y"] * UNIT_HEIGHT + 40
        width, height = place["w"] * UNIT_WIDTH - GAP, place["h"] * UNIT_HEIGHT - GAP
        if panel["type"] == "row":
            drawn.append(_text(x + 4, y + 17, panel["title"], "#ccccdc", 14, weight="bold"))
            continue
        figure = panel["type"] == "stat"
        lines = [line for target in panel["targets"] for line in span.lines(target, instant=figure)]
        if not lines:
            empty.append(panel["title"])
        drawn.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" fill="#181b1f" stroke="#2c3235"/>'
        )
        drawn.append(_text(x + 8, y + 17, panel["title"], "#ccccdc", 12))
        body = _figure if figure else _graph
        drawn.append(body(panel, lines, span, (x + 8, y + 26, width - 16, height - 34)))
    bottom = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in document["panels"]) * UNIT_HEIGHT + 44
    whole = 24 * UNIT_WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {bottom}" '
        f'font-family="Inter, Helvetica, Arial, sans-serif">\n<rect width="100%" height="100%" fill="#111217"/>\n'
        + _text(8, 26, document["title"], "#ffffff", 17)
        + "\n"
        + "\n".join(drawn)
        + "\n</svg>\n",
        empty,
    )


Box = tuple[float, float, float, float]


def _figure(panel: Mapping[str, Any], lines: Sequence[Line], span: Span, box: Box) -> str:
    del span
    x, y, width, height = box
    defaults = panel["fieldConfig"]["defaults"]
    if not lines:
        return _text(
            x + width / 2, y + height / 2 + 8, defaults.get("noValue", "no data"), "#8e8e99", 16, anchor="middle"
        )
    value = lines[0].points[-1][1]
    steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
    shown = _written(defaults.get("unit", ""), defaults.get("decimals"))(value)
    return _text(x + width / 2, y + height / 2 + 10, shown, NAMED[steps[-1]["color"]], 26, anchor="middle")


@dataclass(frozen=True)
class Plot:
    """Where a graph's values lie in the picture."""

    span: Span
    left: float
    base: float
    width: float
    height: float
    top: float
    """The highest value."""

    def up(self, value: float) -> float:
        """How far down a value stands."""
        return self.base - value / self.top * self.height

    def at(self, seconds: float, value: float) -> str:
        """Where a point stands."""
        along = (seconds - self.span.start) / (self.span.end - self.span.start)
        return f"{self.left + along * self.width:.1f},{self.up(value):.1f}"

    def across(self, value: float, style: str) -> str:
        """A line at a value."""
        y, right = self.up(value), self.left + self.width
        return f'<line x1="{self.left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" {style}/>'


def _graph(panel: Mapping[str, Any], lines: Sequence[Line], span: Span, box: Box) -> str:
    x, y, width, height = box
    if not lines:
        return _text(x + width / 2, y + height / 2, "no data", "#8e8e99", 14, anchor="middle")
    defaults = panel["fieldConfig"]["defaults"]
    stacked = defaults["custom"].get("stacking", {}).get("mode") == "normal"
    lines = _stacked(lines) if stacked else list(lines)
    limits = [step["value"] for step in defaults.get("thresholds", {}).get("steps", []) if step["value"] is not None]
    top = max(value for line in lines for _, value in line.points) or 1.0
    if limits and limits[0] <= 4 * top:
        top = max(top, limits[0])
    plot = Plot(span, left=x + 54, base=y + height - 34, width=width - 58, height=height - 34, top=1.08 * top)
    parts = [_grid(plot, _written(defaults.get("unit", ""), None))]
    if limits and limits[0] <= plot.top:
        parts.append(plot.across(limits[0], 'stroke="#f2495c" stroke-dasharray="6 4"'))
    order = list(enumerate(lines))
    parts += [_drawn(line, COLOURS[number % len(COLOURS)], plot, stacked) for number, line in reversed(order)]
    parts.append(_legends(lines, x, y + height - 2, width))
    return "".join(parts)


def _grid(plot: Plot, written: Callable[[float], str]) -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = share * plot.top
        parts.append(plot.across(value, 'stroke="#2c3235"'))
        parts.append(_text(plot.left - 5, plot.up(value) + 4, written(value), "#8e8e99", 10, anchor="end"))
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        when = time.strftime("%H:%M:%S", time.gmtime(plot.span.start + share * (plot.span.end - plot.span.start)))
        parts.append(_text(plot.left + share * plot.width, plot.base + 13, when, "#8e8e99", 10, anchor=anchor))
    return "".join(parts)


def _drawn(line: Line, colour: str, plot: Plot, stacked: bool) -> str:
    path = " ".join(plot.at(*point) for point in line.points)
    if len(line.points) == 1:
        along, up = path.split(",")
        return f'<circle cx="{along}" cy="{up}" r="3" fill="{colour}"/>'
    if not stacked:
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
    first, last = line.points[0][0], line.points[-1][0]
    around = f"{plot.at(first, 0)} {path} {plot.at(last, 0)}"
    return f'<polygon points="{around}" fill="{colour}" fill-opacity="0.35" stroke="{colour}"/>'


def _stacked(lines: Sequence[Line]) -> list[Line]:
    """Each line on top of those before it."""
    below: dict[float, float] = {}
    made = []
    for line in lines:
        points = []
        for at, value in line.points:
            below[at] = below.get(at, 0.0) + value
            points.append((at, below[at]))
        made.append(Line(line.name, tuple(points)))
    return made


def _legends(lines: Sequence[Line], x: float, y: float, width: float) -> str:
    parts, along = [], x
    for number, line in enumerate(lines):
        needed = 14 + 5.6 * len(line.name)
        if along + needed > x + width:
            parts.append(_text(along, y, f"+{len(lines) - number}", "#8e8e99", 10))
            break
        parts.append(
            f'<rect x="{along:.1f}" y="{y - 6}" width="8" height="3" fill="{COLOURS[number % len(COLOURS)]}"/>'
        )
        parts.append(_text(along + 11, y, line.name, "#ccccdc", 10))
        along += needed + 6
    return "".join(parts)


def _written(unit: str, decimals: int | None) -> Callable[[float], str]:
    """How values of a unit are written."""

    def share(value: float) -> str:
        return f"{value * 100:.{decimals if decimals is not None else 1}f} %"

    def scaled(steps: Sequence[tuple[float, str]]) -> Callable[[float], str]:
        def write(value: float) -> str:
            size, name = next(((s, n) for s, n in steps if abs(value) >= s), steps[-1])
            return f"{value / size:.3g} {name}".strip()

        return write

    if unit == "percentunit":
        return share
    if unit == "bytes":
        return scaled(((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")))
    if unit == "s":
        return scaled(((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms")))
    if unit == "reqps":
        return lambda value: f"{value:.3g}/s"
    return lambda value: f"{value:.{decimals}f}" if decimals is not None else f"{value:.3g}"


def _text(
    x: float, y: float, text: str, colour: str, size: int, *, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{html.escape(text)}</text>'
    )


def main() -> int:
    """Draw one dashboard into one file."""
    parser = argparse.ArgumentParser(description="Draw what a dashboard shows, from a real Prometheus.")
    parser.add_argument("prometheus", help="URL of the Prometheus")
    parser.add_argument("dashboard", type=Path, help="the dashboard's JSON")
    parser.add_argument("picture", type=Path, help="the SVG to write")
    parser.add_argument("--minutes", type=float, default=15.0, help="how far it looks back (15)")
    chosen = parser.parse_args()
    now = time.time()
    span = Span(chosen.prometheus.rstrip("/"), now - 60 * chosen.minutes, now)
    drawn, empty = picture(json.loads(chosen.dashboard.read_text(encoding="utf-8")), span)
    chosen.picture.parent.mkdir(parents=True, exist_ok=True)
    chosen.picture.write_text(drawn, encoding="utf-8")
    for title in empty:
        print(f"no data: {title}", file=sys.stderr)
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
