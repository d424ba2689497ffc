"""``set-dates``: a school's own first and last day."""

from __future__ import annotations

import click

from syncpause.api.days import is_annual
from syncpause.api.zones import load_zone
from syncpause.cli.dates import DayType, say_days
from syncpause.cli.editing import Proposal, Situation, Wish, copied, edit, editing_options, school_argument
from syncpause.cli.failure import WrongInput
from syncpause.domain.preview.edits import with_dates


@click.command()
@school_argument
@click.argument("first", type=DayType(annual=True))
@click.argument("last", type=DayType(annual=True))
@click.option("--time-zone", default="", help="Zone of a policy that is made anew, as America/Denver.")
@editing_options
def set_dates(first: str, last: str, time_zone: str, wish: Wish) -> None:
    """Pause SCHOOL from FIRST through LAST, both inclusive, in place of the district's or the default dates.

    Days are YYYY-MM-DD, or MM-DD for every year. Edits the school's own policy, or makes one.
    """
    if is_annual(first) != is_annual(last):
        raise WrongInput(f"{first} and {last}: write both as YYYY-MM-DD, or both as MM-DD for every year")
    if not is_annual(first) and last < first:
        raise WrongInput(f"{last} is before {first}: put the later day last")
    edit(wish, lambda situation: _propose(situation, first, last, time_zone))


def _propose(situation: Situation, first: str, last: str, time_zone: str) -> Proposal:
    wish = situation.wish
    if situation.target is not None:
        spec = situation.target["spec"]
        others = [name for name in spec["schools"] if name != wish.school]
        if others:
            name = situation.target["metadata"]["name"]
            raise WrongInput(
                f"spp/{name} is for {', '.join(others)} too: edit it, or take {wish.school} out of it first"
            )
        proposal = Proposal(with_dates(spec, first, last))
    else:
        proposal = _new(situation, first, last, time_zone)
    zone = load_zone(proposal.spec["timeZone"])
    proposal.says.append(f"{wish.school} is paused {say_days(first, last, zone)}")
    if not is_annual(first):
        if last < situation.today.isoformat():
            proposal.says.append("these days are over already")
        proposal.says.append(f"after {last} no window of its own comes: MM-DD would be every year's")
    return proposal


def _new(situation: Situation, first: str, last: str, time_zone: str) -> Proposal:
    """A policy with this window alone; what decides now gives all but the dates."""
    wish = situation.wish
    if len(situation.deciding) == 1 and not situation.snapshot.missing:
        like = copied(situation)
        zone = time_zone or like.spec["timeZone"]
        return Proposal(with_dates({**like.spec, "timeZone": zone, "windows": []}, first, last), like.says)
    annotated = situation.snapshot.world.namespaces.get(wish.where.namespace)
    zone = time_zone or (annotated.time_zone if annotated and annotated.time_zone else "")
    if not zone:
        raise WrongInput(f"in which zone are {wish.school}'s days? Add --time-zone, as America/Denver")
    spec = {"timeZone": _known(zone), "schools": [wish.school]}
    return Proposal(
        with_dates(spec, first, last), [f"{wish.school} has no policy of its own yet: it gets one"]
    )


def _known(zone: str) -> str:
    try:
        return load_zone(zone).key
    except ValueError as error:
        raise WrongInput(f"--time-zone {zone}: it is {error}") from None
