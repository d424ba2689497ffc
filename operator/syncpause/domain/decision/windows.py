"""Days and windows to instants, exact across daylight saving changes.

A local day begins at its first instant: at midnight; where midnight does not exist
(a DST change at midnight, as in Cairo or Santiago), at the first instant that does;
where it happens twice (Havana), at the first of the two. All instants are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=65536)
def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The UTC instant at which the local day begins in the zone.

    A day that a zone skipped altogether (Samoa, 2011-12-30) begins where the next one does.
    """
    midnight = datetime.combine(day, time())
    candidate = midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if candidate.astimezone(zone).replace(tzinfo=None) == midnight:
        return candidate
    return _end_of_gap(midnight, candidate, zone)


def _end_of_gap(midnight: datetime, candidate: datetime, zone: ZoneInfo) -> datetime:
    """The first instant whose local time is at or past a midnight that does not exist."""
    before, after = candidate - 2 * ONE_DAY, candidate + ONE_DAY
    while after - before > ONE_SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) < midnight:
            before = middle
        else:
            after = middle
    return after


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day in which the instant lies in the zone."""
    return instant.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of every year."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """That day of one year; 02-29 never gets here, the API refuses it."""
        return date(year, self.month, self.day)


Day = date | MonthDay


def parse_day(text: str) -> Day:
    """Read ``YYYY-MM-DD`` or ``MM-DD``, as the API has already checked it."""
    if len(text) == len("MM-DD"):
        month, day = text.split("-")
        return MonthDay(int(month), int(day))
    return date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Span:
    """One occurrence of a window in one zone: days inclusive, instants half-open (UTC)."""

    window: str
    first_day: date
    last_day: date
    opens: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """First day to last day, inclusive, once or every year."""

    name: str
    first_day: Day
    last_day: Day

    def spans(self, zone: ZoneInfo, years: range) -> Iterator[Span]:
        """The occurrences that begin in the given local years; a dated window has one, always."""
        if isinstance(self.first_day, MonthDay):
            for year in years:
                yield self._span(*self._annual_days(year), zone)
        elif isinstance(self.last_day, date):
            yield self._span(self.first_day, self.last_day, zone)

    def _annual_days(self, year: int) -> tuple[date, date]:
        assert isinstance(self.first_day, MonthDay)
        assert isinstance(self.last_day, MonthDay)
        first, last = self.first_day.in_year(year), self.last_day.in_year(year)
        return (first, last) if last >= first else (first, self.last_day.in_year(year + 1))

    def _span(self, first: date, last: date, zone: ZoneInfo) -> Span:
        return Span(self.name, first, last, first_instant(first, zone), day_after(last, zone))


def day_after(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day, the last of something, is over."""
    return first_instant(day + ONE_DAY, zone)


@lru_cache(maxsize=4096)
def _spans(windows: tuple[Window, ...], zone: ZoneInfo, year: int) -> tuple[Span, ...]:
    years = range(year - 2, year + 3)
    found = (span for window in windows for span in window.spans(zone, years))
    return tuple(sorted(found, key=lambda span: (span.opens, span.ends)))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The windows of one policy as one zone sees them.

    ``delay`` moves each end, never an opening: the share of ``resumeSpread`` that falls to one school.
    """

    windows: tuple[Window, ...]
    zone: ZoneInfo
    delay: timedelta = timedelta()

    def spans(self, now: datetime) -> tuple[Span, ...]:
        """All dated spans, and the annual ones from two years before to two years after."""
        return _spans(self.windows, self.zone, local_day(now, self.zone).year)

    def open_span(self, now: datetime) -> Span | None:
        """The span that is open; of several, the one that ends last."""
        open_ = [span for span in self.spans(now) if span.opens <= now < span.ends + self.delay]
        return max(open_, key=lambda span: span.ends, default=None)

    def next_span(self, now: datetime) -> Span | None:
        """The first span that has yet to open."""
        return next((span for span in self.spans(now) if span.opens > now), None)

    def edges(self, now: datetime) -> Iterator[datetime]:
        """Every instant at which a span opens or ends."""
        for span in self.spans(now):
            yield span.opens
            yield span.ends + self.delay

    def resumes_at(self, now: datetime) -> datetime | None:
        """When it is first outside of every window, if it is inside one now.

        Windows that touch or overlap make one pause. None where no end is in sight.
        """
        instant = now
        for _ in range(len(self.spans(now)) + 1):
            span = self.open_span(instant)
            if span is None:
                return instant if instant > now else None
            instant = span.ends + self.delay
        return None
