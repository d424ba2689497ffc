"""Pages of which different runs write different parts: a `##` heading begins a section."""

from __future__ import annotations

import re
from pathlib import Path


def write_beginning(page: Path, text: str) -> None:
    """Replace all before the first section. Raises ValueError if the text has a section itself."""
    if _sections(text)[1:]:
        raise ValueError("the beginning of a page has no section")
    _write(page, [text, *_of(page)[1:]])


def write_section(page: Path, text: str) -> None:
    """Replace the section that has the text's heading, or add it. Raises ValueError without a heading."""
    heading, _, _ = text.partition("\n")
    if not heading.startswith("## "):
        raise ValueError(f"no heading of a section: {heading!r}")
    parts = _of(page)
    at = [number for number, part in enumerate(parts) if part.partition("\n")[0] == heading]
    parts[slice(at[0], at[0] + 1) if at else slice(len(parts), None)] = [text]
    _write(page, parts)


def _of(page: Path) -> list[str]:
    return _sections(page.read_text(encoding="utf-8")) if page.exists() else [""]


def _sections(text: str) -> list[str]:
    """The beginning, then each section; the beginning may be empty."""
    return re.split(r"^(?=## )", text, flags=re.MULTILINE)


def _write(page: Path, parts: list[str]) -> None:
    page.write_text("\n\n".join(filter(None, (part.strip() for part in parts))) + "\n", encoding="utf-8")
