"""``set-dates``: sets a school's own first and last day."""

from __future__ import annotations

import click

from syncpause.api.days import is_annual
from syncpause.api.zones import load_zone
from syncpause.cli.dates import DayType, format_days
from syncpause.cli.editing import (
    Edit,
    EditContext,
    EditRequest,
    copied,
    edit,
    editing_options,
    school_argument,
)
from syncpause.cli.failure import WrongInput
from syncpause.domain.preview.edits import with_dates


@click.command()
@school_argument
@click.argument("first", type=DayType(annual=True))
@click.argument("last", type=DayType(annual=True))
@click.option("--time-zone", default="", help="Time zone of a new policy, such as America/Denver.")
@editing_options
def set_dates(first: str, last: str, time_zone: str, request: EditRequest) -> None:
    """Pause SCHOOL from FIRST through LAST, both inclusive, in place of the district's or the default dates.

    Days are YYYY-MM-DD, or MM-DD for every year. Edits the school's own policy, or creates one.
    """
    if is_annual(first) != is_annual(last):
        raise WrongInput(f"{first} and {last}: write both as YYYY-MM-DD, or both as MM-DD for every year")
    if not is_annual(first) and last < first:
        raise WrongInput(f"{last} is before {first}: put the later day last")
    edit(request, lambda context: _propose(context, first, last, time_zone))


def _propose(context: EditContext, first: str, last: str, time_zone: str) -> Edit:
    request = context.request
    if context.target is not None:
        spec = context.target["spec"]
        others = [name for name in spec["schools"] if name != request.school]
        if others:
            name = context.target["metadata"]["name"]
            raise WrongInput(
                f"spp/{name} is for {', '.join(others)} too: edit it, "
                f"or take {request.school} out of it first"
            )
        proposal = Edit(with_dates(spec, first, last))
    else:
        proposal = _new(context, first, last, time_zone)
    zone = load_zone(proposal.spec["timeZone"])
    proposal.notes.append(f"{request.school} is paused {format_days(first, last, zone)}")
    if not is_annual(first):
        if last < context.today.isoformat():
            proposal.notes.append("these days are in the past")
        proposal.notes.append(
            f"after {last} the school has no window of its own: MM-DD sets days for every year"
        )
    return proposal


def _new(context: EditContext, first: str, last: str, time_zone: str) -> Edit:
    """A new policy with this window alone; the policy that decides now gives all but the dates."""
    request = context.request
    if len(context.deciding) == 1 and not context.snapshot.missing:
        like = copied(context)
        zone = time_zone or like.spec["timeZone"]
        return Edit(with_dates({**like.spec, "timeZone": zone, "windows": []}, first, last), like.notes)
    annotated = context.snapshot.policy_set.namespaces.get(request.where.namespace)
    zone = time_zone or (annotated.time_zone if annotated and annotated.time_zone else "")
    if not zone:
        raise WrongInput(
            f"the time zone of {request.school} is not known: add --time-zone, such as America/Denver"
        )
    spec = {"timeZone": _known(zone), "schools": [request.school]}
    return Edit(
        with_dates(spec, first, last), [f"{request.school} has no policy of its own yet: it gets one"]
    )


def _known(zone: str) -> str:
    try:
        return load_zone(zone).key
    except ValueError as error:
        raise WrongInput(f"--time-zone {zone} is {error}") from None
