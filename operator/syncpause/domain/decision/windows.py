"""Converts days and windows to instants, exactly across daylight saving changes.

A local day begins at its first instant. That is midnight. If midnight does not exist (a DST change at
midnight, as in Cairo or Santiago), it is the first instant after the gap. If midnight happens twice
(Havana), it is the earlier one. All instants are UTC.
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
    """Return the instant (UTC) at which the local day begins in the zone.

    A day that the zone skips (Samoa, 2011-12-30) begins when the next day does.
    """
    midnight = datetime.combine(day, time())
    candidate = midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if candidate.astimezone(zone).replace(tzinfo=None) == midnight:
        return candidate
    return _end_of_gap(midnight, candidate, zone)


def _end_of_gap(midnight: datetime, candidate: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) after the gap that contains the local midnight."""
    before, after = candidate - 2 * ONE_DAY, candidate + ONE_DAY
    while after - before > ONE_SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) < midnight:
            before = middle
        else:
            after = middle
    return after


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the local day of the instant in the zone."""
    return instant.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of every year."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """Return the day in one year. Raises ValueError for 02-29, which the API rejects."""
        return date(year, self.month, self.day)


Day = date | MonthDay


def parse_day(text: str) -> Day:
    """Parse ``YYYY-MM-DD`` or ``MM-DD``. Raises ValueError for other text, which the API rejects."""
    if len(text) == len("MM-DD"):
        month, day = text.split("-")
        return MonthDay(int(month), int(day))
    return date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Span:
    """One occurrence of a window in one zone.

    The local days are inclusive. ``opens`` is inside the window, ``ends`` is the first instant after it
    (both UTC).
    """

    window: str
    first_day: date
    last_day: date
    opens: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """A window from its first to its last local day, inclusive: both dates, or both days of every year."""

    name: str
    first_day: Day
    last_day: Day

    def spans(self, zone: ZoneInfo, years: range) -> Iterator[Span]:
        """Yield the occurrences that begin in the local years; a dated window yields its only one always."""
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
    """Return the instant (UTC) at which the local day ends."""
    return first_instant(day + ONE_DAY, zone)


@lru_cache(maxsize=4096)
def _spans(windows: tuple[Window, ...], zone: ZoneInfo, year: int) -> tuple[Span, ...]:
    years = range(year - 2, year + 3)
    found = (span for window in windows for span in window.spans(zone, years))
    return tuple(sorted(found, key=lambda span: (span.opens, span.ends)))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The windows of one policy in one zone, for one school.

    ``delay`` is the share of the school in ``resumeSpread``. It delays each end, and no opening.
    """

    windows: tuple[Window, ...]
    zone: ZoneInfo
    delay: timedelta = timedelta()

    def spans(self, now: datetime) -> tuple[Span, ...]:
        """Return the spans of dated windows, and of annual ones within two years of ``now``, sorted."""
        return _spans(self.windows, self.zone, local_day(now, self.zone).year)

    def open_span(self, now: datetime) -> Span | None:
        """Return the span that is open at ``now``, of several the one that ends last; None without one."""
        open_spans = [span for span in self.spans(now) if span.opens <= now < span.ends + self.delay]
        return max(open_spans, key=lambda span: span.ends, default=None)

    def next_span(self, now: datetime) -> Span | None:
        """Return the first span that opens after ``now``; None without one."""
        return next((span for span in self.spans(now) if span.opens > now), None)

    def edges(self, now: datetime) -> Iterator[datetime]:
        """Yield the instants (UTC) at which a span opens or ends, with the delay."""
        for span in self.spans(now):
            yield span.opens
            yield span.ends + self.delay

    def resumes_at(self, now: datetime) -> datetime | None:
        """Return the first instant (UTC) after ``now`` that is outside of every window.

        Windows that touch or overlap make one pause. None if no window is open, or if no end is within
        `spans`.
        """
        instant = now
        for _ in range(len(self.spans(now)) + 1):
            span = self.open_span(instant)
            if span is None:
                return instant if instant > now else None
            instant = span.ends + self.delay
        return None
