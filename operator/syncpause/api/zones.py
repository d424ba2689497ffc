"""Time zones by their IANA names, from the `tzdata` package alone, so that every image agrees.

The API server checks a name with Go's `time.LoadLocation`, which also finds what a system's zoneinfo
directory happens to hold (`posix/...`, `right/...`, `localtime`, `posixrules`), and gives `""` and `Local` a
meaning of their own. The pattern keeps to the names that both sides know: every part of every name in
`tzdata` begins with a capital, and none of those does. `Factory` (a placeholder for "not set up") is in both,
and means nothing.
"""

import re
from functools import cache
from importlib import resources
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from syncpause.api.rules import Rule, Rules

_PART = "[A-Z][A-Za-z0-9_+-]*"
_PATTERN = f"{_PART}(/{_PART}){{0,2}}"
_NO_ZONE = ("Local", "Factory")

UNKNOWN_ZONE = (
    "not a known time zone: write an IANA name such as America/Chicago, "
    "not an offset, Local or an abbreviation such as CDT"
)


@cache
def known_zones() -> frozenset[str]:
    """Every name that `load_zone` takes."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed).difference(_NO_ZONE)


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of that name, the same object each time. Raises ValueError with the fix."""
    check_zone(name)
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def check_zone(name: str) -> str:
    """Returns a name that both the API server and this process know; raises ValueError with the fix."""
    if not re.fullmatch(_PATTERN, name) or name not in known_zones():
        raise ValueError(UNKNOWN_ZONE)
    return name


_KNOWN_TO_GO = "timestamp('2000-01-01T12:00:00Z').getFullYear(self) == 2000"
_IS_NAME = f"self.matches('^{_PATTERN}$') && !(self in {list(_NO_ZONE)})"

TimeZone = Annotated[
    str,
    Field(max_length=64),
    AfterValidator(check_zone),
    Rules(Rule(f"{_IS_NAME} && {_KNOWN_TO_GO}", UNKNOWN_ZONE)),
]
"""An IANA time zone name."""
