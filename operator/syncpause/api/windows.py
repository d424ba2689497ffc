"""A window: the days of a pause, from the first through the last, both inclusive."""

from pydantic import ConfigDict, ValidationInfo, field_validator

from syncpause.api.base import SpecModel
from syncpause.api.days import Day, is_annual
from syncpause.api.labels import Name
from syncpause.api.rules import Rule, as_extension

ONE_FORM = "firstDay and lastDay are in different forms: write both as YYYY-MM-DD or both as MM-DD"
LATER_LAST = "lastDay is before firstDay: put the later day last"

_FORMS = "[self.firstDay.size(), self.lastDay.size()]"
_DATED = f"{_FORMS} == [10, 10]"


class Window(SpecModel):
    """The days of a pause. Syncs stop at the start of `firstDay` and start again at the end of `lastDay`."""

    name: Name
    """What people call this window, such as `summer`: it is shown in the status. Unique in the policy."""
    first_day: Day
    """The first day of the pause, inclusive: the last day of the old school year. Either `2027-06-12` (once)
    or `06-12` (every year), like `lastDay`."""
    last_day: Day
    """The last day of the pause, inclusive: the day before the new year's data is active in the SIS. Active
    on 2027-08-15 means `2027-08-14`. A window of every year may go past New Year: `12-20` to `01-03`."""

    model_config = ConfigDict(
        json_schema_extra=as_extension(
            [
                Rule(f"!({_FORMS} in [[5, 10], [10, 5]])", ONE_FORM, path=".lastDay"),
                Rule(
                    f"{_DATED} ? self.firstDay <= self.lastDay : true",
                    LATER_LAST,
                    "self.lastDay + ' is before firstDay ' + self.firstDay + ': put the later day last'",
                    path=".lastDay",
                ),
            ]
        )
    )

    @field_validator("last_day")
    @classmethod
    def _fits_the_first_day(cls, last: str, info: ValidationInfo) -> str:
        first: str | None = info.data.get("first_day")
        if first is None:
            return last
        if is_annual(first) != is_annual(last):
            raise ValueError(ONE_FORM)
        if not is_annual(first) and last < first:
            raise ValueError(f"{last} is before firstDay {first}: put the later day last")
        return last

    @property
    def annual(self) -> bool:
        """Whether the window comes every year."""
        return is_annual(self.first_day)
