"""The summer, moved so that today lies in it: the demo can't wait for June."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONES = ("America/New_York", "America/Chicago", "America/Denver")


@dataclass(frozen=True, slots=True)
class Dates:
    """Days about a moment; each is what it says in every zone of the platform, also around a midnight."""

    first: date
    """Three weeks ago."""
    last: date
    """In three weeks."""
    yesterday: date
    """A day that is over everywhere."""

    @classmethod
    def about(cls, now: datetime) -> Dates:
        """The days about `now` (aware)."""
        local = [now.astimezone(ZoneInfo(zone)).date() for zone in ZONES]
        return cls(
            _never_leap_day(min(local) - timedelta(days=21)),
            _never_leap_day(max(local) + timedelta(days=21)),
            _never_leap_day(min(local) - timedelta(days=1)),
        )

    @classmethod
    def now(cls) -> Dates:
        """The days about this moment."""
        return cls.about(datetime.now(UTC))


def every_year(day: date) -> str:
    """A day as an annual window writes it."""
    return f"{day:%m-%d}"


def moved(sample: Path, first: str, last: str) -> str:
    """The sample policy with its window on other days, and without its comments."""
    text = re.sub(r"(firstDay:) .*", rf'\1 "{first}"', sample.read_text())
    text = re.sub(r"(lastDay:) .*", rf'\1 "{last}"', text)
    return re.sub(r"\s*#.*", "", text).strip() + "\n"


def _never_leap_day(day: date) -> date:
    # An annual window refuses 02-29, which most years don't have.
    return day - timedelta(days=1) if (day.month, day.day) == (2, 29) else day
