"""What real nodes showed, as the last section of docs/explanation/reliability.md."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sections

SECTION = """## On real nodes

`make e2e-kind` installs the shipped manifests on a kind cluster and runs real Pods. Last run: {day},
{minutes:.0f} minutes, Kubernetes {version}, {nodes} nodes on one machine. All figures are seconds,
measured with kubectl; one request takes about 0.2 s.

{table}
"""


class Figures:
    """Seconds by what was measured, in the order in which they came."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}

    def add(self, what: str, seconds: float) -> None:
        """Keep one measurement."""
        self._seconds.setdefault(what, []).append(seconds)

    def table(self) -> str:
        """The measurements as a Markdown table."""
        rows = [
            f"| {what} | {len(seconds)} | {min(seconds):.1f} | {max(seconds):.1f} |"
            for what, seconds in self._seconds.items()
        ]
        return "\n".join(["| what | times | least | most |", "|---|---|---|---|", *rows])

    def write(self, page: Path, seconds: float, version: str, nodes: int) -> None:
        """Replace the section of the page; the rest of it is another run's."""
        day = datetime.now(UTC).date()
        text = SECTION.format(day=day, minutes=seconds / 60, version=version, nodes=nodes, table=self.table())
        sections.write_section(page, text)
