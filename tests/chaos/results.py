"""What was tried and what came of it: the table of docs/reliability.md."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Row:
    """One kind of fault."""

    area: str
    fault: str
    tried: int = 0
    violations: list[str] = field(default_factory=list)
    figure: str = ""


@dataclass(slots=True)
class Table:
    """Rows in the order in which they were first tried, and the tests that failed."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def note(self, area: str, fault: str, tried: int, violations: list[str], figure: str = "") -> None:
        """Add tries to a row."""
        row = self.rows.setdefault((area, fault), Row(area, fault))
        row.tried += tried
        row.violations += violations
        row.figure = figure or row.figure

    def markdown(self) -> str:
        """The table, for a person and for the documentation."""
        lines = ["| | fault | tried | violations | figure |", "|---|---|---:|---:|---|"]
        area = ""
        for row in self.rows.values():
            shown = row.area if row.area != area else ""
            area = row.area
            lines.append(f"| {shown} | {row.fault} | {row.tried:,} | {len(row.violations)} | {row.figure} |")
        tried = sum(row.tried for row in self.rows.values())
        broken = sum(len(row.violations) for row in self.rows.values())
        lines.append(f"| **in all** | | **{tried:,}** | **{broken}** | |")
        lines += [f"| **failed** | {name} | | | |" for name in self.failed]
        return "\n".join(lines)
