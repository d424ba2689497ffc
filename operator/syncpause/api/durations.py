"""A duration as people write it to Kubernetes: whole hours, minutes and seconds, such as 1h30m."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from syncpause.api.rules import Rule, Rules

_PATTERN = "([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?"
MAX_SECONDS = 24 * 3600

DURATION_FORM = "write whole hours, minutes and seconds, such as 45s, 30m or 1h30m, of at most 24h"


def seconds_of(duration: str) -> int:
    """Length in seconds. Raises ValueError with the fix."""
    match = re.fullmatch(_PATTERN, duration)
    if match is None or not duration:
        raise ValueError(DURATION_FORM)
    hours, minutes, seconds = (int(part[:-1]) if part else 0 for part in match.groups())
    length = hours * 3600 + minutes * 60 + seconds
    if length > MAX_SECONDS:
        raise ValueError(DURATION_FORM)
    return length


def check_duration(duration: str) -> str:
    """Returns a duration of 0s to 24h; raises ValueError with the fix."""
    seconds_of(duration)
    return duration


Duration = Annotated[
    str,
    Field(max_length=18),
    AfterValidator(check_duration),
    Rules(
        Rule(
            f"self != '' && self.matches('^{_PATTERN}$') && duration(self) <= duration('{MAX_SECONDS}s')",
            DURATION_FORM,
        )
    ),
]
"""A duration from 0s to 24h."""
