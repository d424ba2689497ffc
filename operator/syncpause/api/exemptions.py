"""Exemptions: what goes on syncing while a window is open (summer school)."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from syncpause.api.base import SpecModel
from syncpause.api.days import DatedDay
from syncpause.api.labels import LabelValue, Name
from syncpause.api.rules import ATOMIC, Rule, Rules, as_extension
from syncpause.api.selectors import LabelSelector

MAX_NAMES = 100
MAX_REASON = 256

TARGET_NEEDED = "the exemption names nothing: add schools, applications or selector"
EMPTY_SELECTOR = "an empty selector would exempt everything: say what it chooses, or leave it out"
EMPTY_NAMES = "an empty list names nothing: add a name, or leave the field out"
REASON_NEEDED = "say why it is exempt and who agreed, such as: summer school, ticket 4711"
LATER_UNTIL = "until is before from: put the later day in until"


def _check_reason(reason: str) -> str:
    if not re.search(r"[^ \t\r\n]", reason):
        raise ValueError(REASON_NEEDED)
    return reason


def check_names(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Returns a list that is absent or names something; raises ValueError with the fix."""
    if names is not None and not names:
        raise ValueError(EMPTY_NAMES)
    return names


Names = Annotated[
    tuple[LabelValue, ...],
    Field(max_length=MAX_NAMES),
    AfterValidator(check_names),
    ATOMIC,
    Rules(Rule("self.size() > 0", EMPTY_NAMES)),
]
Reason = Annotated[
    str,
    Field(max_length=MAX_REASON),
    AfterValidator(_check_reason),
    Rules(Rule(r"self.matches('[^ \\t\\r\\n]')", REASON_NEEDED)),
]

_CHOOSES = "[has(self.selector.matchLabels) && self.selector.matchLabels.size() > 0, " + (
    "has(self.selector.matchExpressions) && self.selector.matchExpressions.size() > 0]"
)
_RULES = [
    Rule("has(self.schools) || has(self.applications) || has(self.selector)", TARGET_NEEDED),
    Rule(f"!has(self.selector) || {_CHOOSES}.exists(given, given)", EMPTY_SELECTOR, path=".selector"),
    Rule(
        "!has(self.from) || !has(self.until) || self.from <= self.until",
        LATER_UNTIL,
        "self.until + ' is before from ' + self.from + ': put the later day in until'",
        path=".until",
    ),
]


class Exemption(SpecModel):
    """What goes on syncing while a window of the policy is open. Needs at least one of `schools`,
    `applications` and `selector`; a workload is exempt when all that is given fits it."""

    name: Name
    """What people call this exemption, such as `summer-roster`. Unique in the policy."""
    schools: Names | None = None
    """Schools that are exempt, by the value of their label `syncpause.dev/school`: `[lincoln-high]`."""
    applications: Names | None = None
    """Applications that are exempt, by the value of the label `syncpause.dev/application`: `[rosters]`."""
    selector: LabelSelector | None = None
    """Workloads that are exempt, by their labels, for what names can't express. It can't be empty."""
    from_: DatedDay | None = Field(default=None, alias="from")
    """The first day of the exemption, inclusive, such as `2027-06-20`. Left out: from the beginning."""
    until: DatedDay | None = None
    """The last day of the exemption, inclusive, such as `2027-07-20`. Left out: without an end."""
    reason: Reason
    """Why, and who agreed, for whoever reads this next summer: `summer school, ticket 4711`."""

    model_config = ConfigDict(json_schema_extra=as_extension(_RULES))

    @field_validator("selector")
    @classmethod
    def _selector_chooses(cls, selector: LabelSelector | None) -> LabelSelector | None:
        if selector is not None and selector.chooses_everything:
            raise ValueError(EMPTY_SELECTOR)
        return selector

    @field_validator("until")
    @classmethod
    def _until_is_not_before_from(cls, until: str | None, info: ValidationInfo) -> str | None:
        first: str | None = info.data.get("from_")
        if until is not None and first is not None and until < first:
            raise ValueError(f"{until} is before from {first}: put the later day in until")
        return until

    @model_validator(mode="after")
    def _has_a_target(self) -> Self:
        if self.schools is None and self.applications is None and self.selector is None:
            raise ValueError(TARGET_NEEDED)
        return self
