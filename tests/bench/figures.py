"""Figures with their targets, as a table for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


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
    """One measured thing. ``binding`` is set where a miss fails the run: for ratios and counted work, which
    the machine's mood does not move."""

    section: str
    name: str
    value: float
    unit: str = ""
    target: Target | None = None
    binding: bool = False
    note: str = ""

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
    """Figures in the order in which they were measured; ``tell`` is called with each. ``failed`` names what
    could not be measured."""

    tell: Callable[[Figure], None]
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
        figure = Figure(section, name, value, unit, target, binding, note)
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
        lines = ["| | figure | value | target | verdict | |", "|---|---|---:|---:|---|---|"]
        for section, each in self._rows():
            cells = (section, each.name, each.shown, str(each.target or ""), each.verdict, each.note)
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def write_json(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            {**asdict(each), "target": str(each.target or ""), "verdict": each.verdict}
            for each in self.figures
        ]
        path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def _rows(self) -> list[tuple[str, Figure]]:
        """Each section is named in its first row only."""
        before = [""] + [each.section for each in self.figures]
        return [
            ("" if each.section == last else each.section, each)
            for each, last in zip(self.figures, before, strict=False)
        ]
