"""Days as people write them: the Python check, the CEL patterns and the calendar agree on every one."""

from __future__ import annotations

import re
from calendar import isleap

from hypothesis import given
from hypothesis import strategies as st

from syncpause.api.days import _IN_EVERY_YEAR, _LEAP_YEAR, check_dated_day, check_day, is_annual

MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def accepted(check: object, text: str) -> bool:
    try:
        return callable(check) and check(text) == text
    except ValueError:
        return False


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_a_day_of_one_year_is_accepted_when_the_calendar_has_it(year: int, month: int, day: int) -> None:
    length = 29 if month == 2 and isleap(year) else MONTHS[month - 1] if 1 <= month <= 12 else 0
    exists = 2000 <= year <= 2999 and 1 <= day <= length
    text = f"{year:04}-{month:02}-{day:02}"
    assert accepted(check_day, text) == exists
    assert accepted(check_dated_day, text) == exists


def test_a_day_of_every_year_is_accepted_when_every_year_has_it() -> None:
    for month in range(100):
        for day in range(100):
            length = MONTHS[month - 1] if 1 <= month <= 12 else 0
            assert accepted(check_day, f"{month:02}-{day:02}") == (1 <= day <= length)
            assert bool(re.fullmatch(_IN_EVERY_YEAR, f"{month:02}-{day:02}")) == (1 <= day <= length)


def test_the_pattern_of_leap_years_is_the_calendars() -> None:
    for year in range(2000, 3000):
        assert bool(re.fullmatch(_LEAP_YEAR, str(year))) == isleap(year)


@given(st.text(max_size=11))
def test_any_other_text_is_refused(text: str) -> None:
    if not re.fullmatch(r"([0-9]{4}-)?[0-9]{2}-[0-9]{2}", text, re.ASCII):
        assert not accepted(check_day, text)


def test_the_two_forms_are_told_apart() -> None:
    assert is_annual("06-12")
    assert not is_annual("2027-06-12")
