"""``exempt``: summer school for a school, or for some of its applications."""

from __future__ import annotations

from datetime import date

import click

from syncpause.cli.dates import DayType
from syncpause.cli.editing import Proposal, Situation, Wish, copied, edit, editing_options, school_argument
from syncpause.cli.failure import WrongInput, unknown
from syncpause.domain.preview.edits import with_exemption


@click.command()
@school_argument
@click.option("--application", "applications", multiple=True, help="Only this application; may be repeated.")
@click.option("--from", "first", type=DayType(), help="First day, inclusive. Default: since ever.")
@click.option("--until", type=DayType(), required=True, help="Last day, inclusive.")
@click.option("--reason", required=True, help="Why, and who agreed.")
@editing_options
def exempt(applications: tuple[str, ...], first: str | None, until: str, reason: str, wish: Wish) -> None:
    """Let SCHOOL, or some of its applications, sync through a pause until a day.

    Edits the school's own policy, or makes one with the dates that hold for the school now.
    """
    if first and until < first:
        raise WrongInput(f"--until {until} is before --from {first}: put the later day in --until")
    edit(wish, lambda situation: _propose(situation, applications, first, until, reason))


def _propose(
    situation: Situation, applications: tuple[str, ...], first: str | None, until: str, reason: str
) -> Proposal:
    school = situation.wish.school
    _check_applications(situation, applications)
    if until < situation.today.isoformat():
        raise WrongInput(
            f"--until {until} is over already: today is {situation.today} in {situation.zone.key}"
        )
    base = Proposal(dict(situation.target["spec"])) if situation.target else copied(situation)
    spec = with_exemption(base.spec, school, applications, first=first, until=until, reason=reason)
    what = f"{', '.join(applications)} of {school}" if applications else school
    since = f"from {date.fromisoformat(first):%A %Y-%m-%d} " if first else ""
    says = f"{what} syncs {since}through {date.fromisoformat(until):%A %Y-%m-%d}, {base.spec['timeZone']}"
    return Proposal(spec, [*base.says, says])


def _check_applications(situation: Situation, applications: tuple[str, ...]) -> None:
    known = {workload.application for workload in situation.workloads if workload.application}
    for name in applications:
        if situation.workloads and name not in known:
            raise unknown("application", name, known, f"of school {situation.wish.school}")
