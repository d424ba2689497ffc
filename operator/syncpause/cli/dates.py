"""Days and instants: parsed strictly as ISO 8601, and printed with weekday and zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from syncpause.api.days import check_dated_day, check_day, is_annual
from syncpause.domain.decision.windows import day_after, first_instant

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})")


class DayType(click.ParamType[str]):
    """YYYY-MM-DD; with ``annual`` also MM-DD for every year. The value stays text, as in a policy."""

    name = "day"

    def __init__(self, *, annual: bool = False) -> None:
        self._check = check_day if annual else check_dated_day

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self._check(value)
        except ValueError as error:
            self.fail(f'"{value}": {error}', param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:  # noqa: ARG002
        return "YYYY-MM-DD" if isinstance(param, click.Option) else None


class MomentType(click.ParamType[Any]):
    """A day, which stands for its first instant in the school's zone, or an instant with its offset."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | datetime:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            if _INSTANT.fullmatch(value):
                return datetime.fromisoformat(value).astimezone(UTC)
            return date.fromisoformat(check_dated_day(value))
        except ValueError:
            example = "a day as 2027-06-12, or an instant as 2027-06-12T08:00:00-06:00"
            self.fail(f'"{value}": write {example}', param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        return "DAY|INSTANT"


def instant_of(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """The instant of a moment, for a school in that zone."""
    return moment if isinstance(moment, datetime) else first_instant(moment, zone)


def format_instant(instant: datetime, zone: ZoneInfo) -> str:
    """As ``Saturday 2027-06-12 00:00 MDT``."""
    return f"{instant.astimezone(zone):%A %Y-%m-%d %H:%M %Z}"


def format_moment(moment: date | datetime) -> str:
    """A moment for all schools: an instant in UTC, or a day in the zone of each school."""
    if isinstance(moment, datetime):
        return format_instant(moment, ZoneInfo("UTC"))
    return f"{moment:%A %Y-%m-%d}, at its first instant in each school's own zone"


def format_days(first: str, last: str, zone: ZoneInfo) -> str:
    """First through last day; with a year also the weekdays and the first and last instant."""
    if is_annual(first):
        return f"every year from {first} through {last}, {zone.key}"
    opens, ends = date.fromisoformat(first), date.fromisoformat(last)
    return (
        f"from {format_instant(first_instant(opens, zone), zone)} through {ends:%A %Y-%m-%d}"
        f" (syncs again {format_instant(day_after(ends, zone), zone)}, {zone.key})"
    )
