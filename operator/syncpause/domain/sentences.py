"""Counts and lists as parts of sentences."""

from __future__ import annotations

from collections.abc import Iterable


def plural(number: int, noun: str, many: str = "") -> str:
    """Return ``1 school`` or ``2 schools``; ``many`` is the plural of a noun that takes no s."""
    return f"{number} {noun if number == 1 else many or f'{noun}s'}"


def first_few(items: Iterable[str], limit: int = 3) -> str:
    """Return the first ``limit`` items in alphabetical order, and how many more there are."""
    found = sorted(items)
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more
