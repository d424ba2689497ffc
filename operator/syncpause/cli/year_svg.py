"""A year as an SVG: one file without scripts, which loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from syncpause.cli.year_view import LOOKS, Row, describe_run, describe_year, months
from syncpause.domain.preview.year import DayState, days_in

_LEFT, _TOP, _BAR, _ROW, _WIDTH, _MARGIN = 210, 76, 18, 42, 730, 20
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif"
_INK, _FAINT, _RED = "#1f2937", "#6b7280", "#dc2626"


def draw(rows: Sequence[Row], year: int, today: date | None) -> str:
    """The SVG as text; equal input gives equal text."""
    height = _TOP + len(rows) * _ROW + 50
    svg = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_LEFT + _WIDTH + _MARGIN} {height}",
        role="img",
    )
    svg.set("font-family", _FONT)
    svg.set("font-size", "12")
    SubElement(svg, "title").text = f"Sync pauses in {year}"
    SubElement(svg, "desc").text = ". ".join(
        f"{row.title}: {'; '.join(describe_year(row.year))}" for row in rows
    )
    SubElement(svg, "rect", width="100%", height="100%", fill="#ffffff")
    _text(svg, _MARGIN, 32, f"Sync pauses in {year}", size="18")
    _months(svg, year, height)
    for number, row in enumerate(rows):
        _row(svg, row, _TOP + number * _ROW)
    if today is not None and today.year == year:
        _today(svg, today, height)
    _legend(svg, rows, height - 22)
    ElementTree.indent(svg)
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _months(svg: Element, year: int, height: int) -> None:
    for day, name in months(year):
        x = _x(day)
        SubElement(svg, "path", d=f"M{x} {_TOP - 18}V{height - 44}", stroke="#e5e7eb")
        _text(svg, x + 4, _TOP - 8, name, fill=_FAINT)


def _row(svg: Element, row: Row, y: int) -> None:
    _text(svg, _MARGIN, y + 13, _short(row.title))
    _text(svg, _MARGIN, y + 27, _short(row.year.namespace), fill=_FAINT, size="10")
    for run in row.year.runs:
        x, after = _x(run.first_day), _x(run.last_day, 1)
        rect = SubElement(
            svg,
            "rect",
            x=f"{x}",
            y=f"{y}",
            width=f"{round(max(after - x, 1.0), 1)}",
            height=f"{_BAR}",
            fill=LOOKS[run.day.state].fill,
        )
        SubElement(rect, "title").text = describe_run(run)
    _text(svg, _LEFT, y + 31, _short("; ".join(describe_year(row.year)), 125), fill=_FAINT, size="10")


def _today(svg: Element, today: date, height: int) -> None:
    x = _x(today)
    SubElement(svg, "path", d=f"M{x} {_TOP - 24}V{height - 44}", stroke=_RED)
    _text(svg, x + 4, _TOP - 24, f"today, {today}", fill=_RED, size="10")


def _legend(svg: Element, rows: Sequence[Row], y: int) -> None:
    shown = {run.day.state for row in rows for run in row.year.runs}
    x = _LEFT
    for state in reversed(DayState):
        if state in shown:
            SubElement(svg, "rect", x=f"{x}", y=f"{y - 10}", width="12", height="12", fill=LOOKS[state].fill)
            _text(svg, x + 18, y, str(state))
            x += 32 + 7 * len(state)


def _text(svg: Element, x: float, y: float, text: str, *, fill: str = _INK, size: str = "12") -> None:
    element = SubElement(svg, "text", x=f"{x}", y=f"{y}", fill=fill)
    element.set("font-size", size)
    element.text = text


def _x(day: date, after: int = 0) -> float:
    return round(_LEFT + (day.timetuple().tm_yday - 1 + after) * _WIDTH / days_in(day.year), 1)


def _short(text: str, most: int = 26) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
