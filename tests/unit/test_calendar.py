"""Days and windows as instants, exact across daylight saving changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ZONE, at, day
from syncpause.api.zones import known_zones, load_zone
from syncpause.domain.decision.windows import Calendar, MonthDay, Window, first_instant, parse_day

zones = st.sampled_from(sorted(known_zones())).map(load_zone)
days = st.dates(date(2000, 1, 2), date(2045, 12, 30))


def slow_first_instant(of: date, zone: object) -> datetime:
    """A slow oracle: the first minute whose local date is the day, or later if the zone skips the day."""
    instant = datetime(of.year, of.month, of.day, tzinfo=UTC) - timedelta(hours=30)
    while instant.astimezone(zone).date() < of:  # type: ignore[arg-type]
        instant += timedelta(minutes=1)
    return instant


@given(days, zones)
def test_the_first_instant_is_the_first_whose_local_date_is_the_day(of: date, zone: object) -> None:
    assert first_instant(of, zone) == slow_first_instant(of, zone)  # type: ignore[arg-type]


@given(days, zones)
def test_days_follow_each_other_without_gap_or_overlap(of: date, zone: object) -> None:
    assert first_instant(of, zone) < first_instant(of + timedelta(days=2), zone)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zone", "of", "expected"),
    [
        ("America/Chicago", "2027-06-12", "2027-06-12T05:00:00"),
        ("UTC", "2027-06-12", "2027-06-12T00:00:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00"),  # midnight does not exist: 00:00 -> 01:00
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00"),  # midnight happens twice: the first counts
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00"),  # the day was skipped: the next one's start
        ("Asia/Kathmandu", "2027-01-01", "2026-12-31T18:15:00"),
    ],
)
def test_known_midnights(zone: str, of: str, expected: str) -> None:
    assert first_instant(day(of), load_zone(zone)) == at(expected)


def calendar(first: str, last: str, zone: str = ZONE) -> Calendar:
    return Calendar((Window("w", parse_day(first), parse_day(last)),), load_zone(zone))


def test_a_window_is_open_from_its_first_instant_to_the_end_of_its_last_day() -> None:
    summer = calendar("2027-06-12", "2027-08-14")
    assert summer.open_span(at("2027-06-12T04:59:59")) is None
    assert summer.open_span(at("2027-06-12T05:00:00")) is not None
    assert summer.open_span(at("2027-08-15T04:59:59")) is not None
    assert summer.open_span(at("2027-08-15T05:00:00")) is None


def test_an_annual_window_that_wraps_the_year_end_is_open_on_both_sides_of_it() -> None:
    winter = calendar("12-20", "01-03")
    for inside in ("2026-12-20T12:00", "2027-01-01T12:00", "2027-01-03T12:00"):
        assert winter.open_span(at(inside)) is not None
    for outside in ("2026-12-19T12:00", "2027-01-04T12:00", "2027-07-01T12:00"):
        assert winter.open_span(at(outside)) is None


def test_an_annual_window_comes_again_every_year() -> None:
    summer = calendar("06-15", "08-09")
    for year in range(2020, 2046):
        assert summer.open_span(at(f"{year}-07-01T00:00")) is not None
        assert summer.next_span(at(f"{year}-09-01T00:00")).first_day == date(year + 1, 6, 15)  # type: ignore[union-attr]


def test_windows_that_touch_make_one_pause() -> None:
    both = Calendar(
        (
            Window("a", day("2027-06-01"), day("2027-06-10")),
            Window("b", day("2027-06-11"), day("2027-06-20")),
        ),
        load_zone("UTC"),
    )
    assert both.resumes_at(at("2027-06-05T00:00")) == at("2027-06-21T00:00")


def test_two_annual_windows_that_cover_the_year_never_resume() -> None:
    year = Calendar(
        (Window("a", MonthDay(1, 1), MonthDay(6, 30)), Window("b", MonthDay(7, 1), MonthDay(12, 31))),
        load_zone("UTC"),
    )
    resumes = year.resumes_at(at("2027-05-05T00:00"))
    assert resumes is None or resumes > at("2029-01-01T00:00")
