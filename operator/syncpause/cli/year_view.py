"""A year in a terminal and in an SVG: the look of each state, and its description."""

from __future__ import annotations

from calendar import month_abbr
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from syncpause.domain.preview.year import STRENGTH, DayState, Run, SchoolYear, days_in
from syncpause.domain.sentences import plural


@dataclass(frozen=True, slots=True)
class Look:
    """The look of a state: character and style in a terminal, which may lack colour, and fill in an SVG."""

    character: str
    style: str
    fill: str


LOOKS = {
    DayState.PAUSED: Look("█", "blue", "#2563eb"),
    DayState.PARTLY_EXEMPT: Look("▓", "blue", "#93c5fd"),
    DayState.MIXED: Look("▒", "yellow", "#fcd34d"),
    DayState.EXEMPT: Look("░", "magenta", "#e9a8f5"),
    DayState.HELD: Look("?", "red", "#fca5a5"),
    DayState.SYNCING: Look("·", "green", "#dcfce7"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """Schools of one namespace with the same year: more than one where there are too many to list."""

    year: SchoolYear
    count: int = 1

    @property
    def title(self) -> str:
        """As ``roosevelt``, or ``roosevelt and 41 more``."""
        return self.year.school if self.count == 1 else f"{self.year.school} and {self.count - 1} more"


def rows(years: Sequence[SchoolYear], most: int) -> list[Row]:
    """One row for each school; where they are more than ``most``, one for all with the same year."""
    if len(years) <= most:
        return [Row(year) for year in years]
    groups: dict[tuple[str, tuple[Run, ...]], list[SchoolYear]] = {}
    for year in years:
        groups.setdefault((year.namespace, year.runs), []).append(year)
    return [Row(group[0], len(group)) for group in groups.values()]


def cells(year: SchoolYear, width: int) -> list[DayState]:
    """The year in ``width`` cells. Where days share a cell, it shows the strongest state."""
    states = [day.state for day in year.days()]
    found = []
    for cell in range(width):
        first = cell * len(states) // width
        after = max(first + 1, (cell + 1) * len(states) // width)
        found.append(max(states[first:after], key=STRENGTH.__getitem__))
    return found


def cell_of(day: date, width: int) -> int:
    """The last cell that shows a day."""
    return (day.timetuple().tm_yday * width - 1) // days_in(day.year)


def months(year: int) -> Iterator[tuple[date, str]]:
    """The first day of each month, and its name."""
    for month in range(1, 13):
        yield date(year, month, 1), month_abbr[month]


def describe_year(year: SchoolYear) -> list[str]:
    """All but plain syncing, as ``paused 2027-06-12 to 2027-08-14 by spp/summer``."""
    return [describe_run(run) for run in year.runs if run.day.state is not DayState.SYNCING] or [
        "syncs all year"
    ]


def describe_run(run: Run) -> str:
    """A run of days with one state."""
    days = (run.last_day - run.first_day).days + 1
    span = f"{run.first_day} to {run.last_day}" if days > 1 else f"{run.first_day}"
    by = f" by {run.day.policy}, {run.day.window}" if run.day.policy else ""
    exempt = f", exempt: {run.day.exempt}" if run.day.exempt else ""
    return f"{run.day.state} {span} ({plural(days, 'day')}){by}{exempt}"
