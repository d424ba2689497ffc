"""Figures with their targets, as a table for people and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = 110
"""Width of a line in the documentation."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to be: at least or at most a number."""

    sign: str
    value: float

    def met(self, figure: float) -> bool:
        """Whether a figure is as it should be."""
        return figure >= self.value if self.sign == "≥" else figure <= self.value

    def __str__(self) -> str:
        return f"{self.sign} {self.value:,g}"


def at_least(value: float) -> Target:
    return Target("≥", value)


def at_most(value: float) -> Target:
    return Target("≤", value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing, of a story, on a day. ``binding`` is set where a miss fails the run: for ratios and
    counted work, which the load of the machine does not move."""

    section: str
    name: str
    value: float
    unit: str = ""
    target: Target | None = None
    binding: bool = False
    note: str = ""
    story: str = ""
    day: str = ""

    @classmethod
    def of(cls, row: dict[str, Any]) -> Figure:
        """From JSON."""
        target = Target(**row["target"]) if row["target"] else None
        return cls(**{name: row[name] for name in cls.__slots__ if name != "target"}, target=target)

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "met" if self.target.met(self.value) else "MISSED"

    @property
    def shown(self) -> str:
        digits = 0 if abs(self.value) >= 100 or self.value == int(self.value) else 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()


@dataclass(slots=True)
class Report:
    """Figures in the order in which they were measured; ``tell`` is called with each. ``story`` is what is
    being measured, ``failed`` names what could not be."""

    tell: Callable[[Figure], None]
    story: str = ""
    figures: list[Figure] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(
        self,
        section: str,
        name: str,
        value: float,
        unit: str = "",
        *,
        target: Target | None = None,
        binding: bool = False,
        note: str = "",
    ) -> None:
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        figure = Figure(section, name, value, unit, target, binding, note, self.story, day)
        self.figures.append(figure)
        self.tell(figure)

    @property
    def missed(self) -> list[Figure]:
        """Misses that count."""
        return [each for each in self.figures if each.binding and each.verdict == "MISSED"]

    def show(self, console: Console) -> None:
        table = Table("", "figure", "value", "target", "verdict", "", box=None, pad_edge=False)
        for section, each in self._rows():
            table.add_row(section, each.name, each.shown, str(each.target or ""), each.verdict, each.note)
        console.print(table)

    def markdown(self) -> str:
        """A section with a table for each section of figures, in lines of at most COLUMNS."""
        sections: dict[str, list[Figure]] = {}
        for each in self.figures:
            sections.setdefault(each.section, []).append(each)
        return "\n\n".join(_section(title, rows) for title, rows in sections.items())

    def keep(self, path: Path, stories: Sequence[str]) -> None:
        """Take over from JSON what was measured before of other stories, in the order of these."""
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        fresh = {each.story for each in self.figures}
        kept = [Figure.of(row) for row in before if row["story"] in stories and row["story"] not in fresh]
        self.figures = sorted([*kept, *self.figures], key=lambda each: stories.index(each.story))

    def write_json(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{**asdict(each), "verdict": each.verdict} for each in self.figures]
        path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def _rows(self) -> list[tuple[str, Figure]]:
        """Each section is named in its first row only."""
        before = [""] + [each.section for each in self.figures]
        return [
            ("" if each.section == last else each.section, each)
            for each, last in zip(self.figures, before, strict=False)
        ]


def _section(title: str, figures: Sequence[Figure]) -> str:
    lines = [f"## {title}", "", "| figure | value | target | verdict |", "|---|---:|---:|---|"]
    for each in figures:
        cells = (each.name, each.shown, str(each.target or ""), each.verdict)
        lines.append(f"| {' | '.join(cells)} |")
    notes = [f"- {each.name}: {each.note}" for each in figures if each.note]
    wrapped = ["\n".join(textwrap.wrap(note, COLUMNS, subsequent_indent="  ")) for note in notes]
    return "\n".join([*lines, *([""] if wrapped else []), *wrapped])
