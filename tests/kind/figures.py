"""What real nodes showed, as the last section of docs/reliability.md."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

HEADING = "## On real nodes"


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

    def write(self, page: Path, seconds: float) -> None:
        """Replace the section of the page; the rest of it is another test's."""
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        before = text.split(HEADING, 1)[0].rstrip()
        when = datetime.now(UTC).date().isoformat()
        said = (
            "`make e2e-kind` installs the shipped manifests on a kind cluster and runs real pods. Last run:"
            f" {when}, {seconds / 60:.0f} min.\nAll figures are seconds, as kubectl sees them from outside;"
            " one look takes about 0.2 s."
        )
        page.write_text(f"{before}\n\n{HEADING}\n\n{said}\n\n{self.table()}\n", encoding="utf-8")
