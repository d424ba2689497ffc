"""A day as a person writes it: YYYY-MM-DD (once) or MM-DD (every year).

Years run from 2000 to 2999: a typing error such as 0227 is refused, and the day after the last one exists in
every library that has to compute with it.
"""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from syncpause.api.rules import Rule, Rules

DATED = "2[0-9]{3}-[0-9]{2}-[0-9]{2}"
ANNUAL = "[0-9]{2}-[0-9]{2}"
_LEAP_YEAR = "2([0-9](0[48]|[2468][048]|[13579][26])|[048]00)"
_IN_EVERY_YEAR = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)

DAY_FORM = "write the day as YYYY-MM-DD (once, years 2000 to 2999) or MM-DD (every year)"
DATED_FORM = "write the day as YYYY-MM-DD (years 2000 to 2999)"
NO_SUCH_DAY = "the calendar has no such day: correct the month or the day"
LEAP_DAY = "02-29 is missing from most years: write 02-28 or 03-01"


def is_annual(day: str) -> bool:
    """Whether a valid day stands for every year (MM-DD) and not for one (YYYY-MM-DD)."""
    return len(day) == len("MM-DD")


def check_day(day: str) -> str:
    """Returns a day that exists, in either form; raises ValueError with the fix."""
    if re.fullmatch(ANNUAL, day):
        if day == "02-29":
            raise ValueError(LEAP_DAY)
        _check_exists(f"2000-{day}")
        return day
    if re.fullmatch(DATED, day):
        _check_exists(day)
        return day
    raise ValueError(DAY_FORM)


def check_dated_day(day: str) -> str:
    """Returns a YYYY-MM-DD that exists; raises ValueError with the fix."""
    if not re.fullmatch(DATED, day):
        raise ValueError(DATED_FORM)
    _check_exists(day)
    return day


def _check_exists(dated: str) -> None:
    try:
        date.fromisoformat(dated)
    except ValueError:
        raise ValueError(NO_SUCH_DAY) from None


def _exists_in_cel(form: str) -> Rule:
    """CEL's own `timestamp()` would do, but it fails with Go's words in front of the sentence."""
    exists = f"^((2[0-9]{{3}}-)?{_IN_EVERY_YEAR}|{_LEAP_YEAR}-02-29|02-29)$"
    return Rule(f"!self.matches('^({form})$') || self.matches('{exists}')", NO_SUCH_DAY)


Day = Annotated[
    str,
    Field(max_length=10),
    AfterValidator(check_day),
    Rules(
        Rule(f"self.matches('^({DATED}|{ANNUAL})$')", DAY_FORM),
        _exists_in_cel(f"{DATED}|{ANNUAL}"),
        Rule("self != '02-29'", LEAP_DAY),
    ),
]
"""A day in either form, of at most 10 characters."""

DatedDay = Annotated[
    str,
    Field(max_length=10),
    AfterValidator(check_dated_day),
    Rules(Rule(f"self.matches('^{DATED}$')", DATED_FORM), _exists_in_cel(DATED)),
]
"""A day of one year."""
