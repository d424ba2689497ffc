"""The wall clock, passed in so that a test can stand anywhere in the year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current instant, in UTC."""


def wall_clock() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)
