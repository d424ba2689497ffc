"""Days and instants as people type them: ISO, strictly, and said back with weekday and zone."""

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
    """YYYY-MM-DD, or MM-DD too where every year is meant; kept as text, for that is what a policy holds."""

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
    """A day, whose first instant in the school's own zone is meant, or an instant with its offset."""

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
    """The instant that is meant, for a school of that zone."""
    return moment if isinstance(moment, datetime) else first_instant(moment, zone)


def say_instant(instant: datetime, zone: ZoneInfo) -> str:
    """As ``Saturday 2027-06-12 00:00 MDT``."""
    return f"{instant.astimezone(zone):%A %Y-%m-%d %H:%M %Z}"


def say_moment(moment: date | datetime) -> str:
    """The moment without a school: an instant in UTC, or a day in each school's zone."""
    if isinstance(moment, datetime):
        return say_instant(moment, ZoneInfo("UTC"))
    return f"{moment:%A %Y-%m-%d}, at its first instant in each school's own zone"


def say_days(first: str, last: str, zone: ZoneInfo) -> str:
    """First through last day, with weekdays where a year is named, and the instants where one is."""
    if is_annual(first):
        return f"every year from {first} through {last}, {zone.key}"
    opens, ends = date.fromisoformat(first), date.fromisoformat(last)
    return (
        f"from {say_instant(first_instant(opens, zone), zone)} through {ends:%A %Y-%m-%d}"
        f" (syncs again {say_instant(day_after(ends, zone), zone)}, {zone.key})"
    )
