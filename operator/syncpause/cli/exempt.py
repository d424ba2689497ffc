"""``exempt``: exempts a school, or some of its applications, from pauses."""

from __future__ import annotations

from datetime import date

import click

from syncpause.cli.dates import DayType
from syncpause.cli.editing import (
    Edit,
    EditContext,
    EditRequest,
    copied,
    edit,
    editing_options,
    school_argument,
)
from syncpause.cli.failure import WrongInput, unknown
from syncpause.domain.preview.edits import with_exemption


@click.command()
@school_argument
@click.option("--application", "applications", multiple=True, help="Only this application. Repeatable.")
@click.option("--from", "first", type=DayType(), help="First day, inclusive. Default: no first day.")
@click.option("--until", type=DayType(), required=True, help="Last day, inclusive.")
@click.option("--reason", required=True, help="Why, and who agreed.")
@editing_options
def exempt(
    applications: tuple[str, ...], first: str | None, until: str, reason: str, request: EditRequest
) -> None:
    """Let SCHOOL, or some of its applications, sync through a pause until a day.

    Edits the school's own policy, or creates one with the current dates of the school.
    """
    if first and until < first:
        raise WrongInput(f"--until {until} is before --from {first}: put the later day in --until")
    edit(request, lambda context: _propose(context, applications, first, until, reason))


def _propose(
    context: EditContext, applications: tuple[str, ...], first: str | None, until: str, reason: str
) -> Edit:
    school = context.request.school
    _check_applications(context, applications)
    if until < context.today.isoformat():
        raise WrongInput(f"--until {until} is in the past: today is {context.today} in {context.zone.key}")
    base = Edit(dict(context.target["spec"])) if context.target else copied(context)
    spec = with_exemption(base.spec, school, applications, first=first, until=until, reason=reason)
    what = f"{', '.join(applications)} of {school}" if applications else school
    since = f"from {date.fromisoformat(first):%A %Y-%m-%d} " if first else ""
    note = f"{what} syncs {since}through {date.fromisoformat(until):%A %Y-%m-%d}, {base.spec['timeZone']}"
    return Edit(spec, [*base.notes, note])


def _check_applications(context: EditContext, applications: tuple[str, ...]) -> None:
    known = {workload.application for workload in context.workloads if workload.application}
    for name in applications:
        if context.workloads and name not in known:
            raise unknown("application", name, known, f"of school {context.request.school}")
