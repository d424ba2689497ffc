"""``unexempt``: removes exemptions of a school."""

from __future__ import annotations

import click

from syncpause.cli.editing import Edit, EditContext, EditRequest, edit, editing_options, school_argument
from syncpause.cli.failure import ANSWER_IS_NO, Failure
from syncpause.domain.preview.edits import without_exemptions


class NothingToRemove(Failure):
    """The school's own policy has no exemption for this school alone."""

    exit_code = ANSWER_IS_NO


@click.command()
@school_argument
@click.option("--application", "applications", multiple=True, help="Only the exemption of this application.")
@editing_options
def unexempt(applications: tuple[str, ...], request: EditRequest) -> None:
    """Remove the exemptions of SCHOOL from its own policy. Exits with 1 where there is none."""
    edit(request, lambda context: _propose(context, applications))


def _propose(context: EditContext, applications: tuple[str, ...]) -> Edit:
    spec, gone = without_exemptions(
        context.target["spec"] if context.target else {}, context.request.school, applications
    )
    if not gone:
        raise NothingToRemove(_why_not(context, applications))
    names = ", ".join(item["name"] for item in gone)
    return Edit(spec, [f"{context.request.school} is no longer exempt by {names}"])


def _why_not(context: EditContext, applications: tuple[str, ...]) -> str:
    school = context.request.school
    others = sorted({decision.exemption.by for decision in context.decisions if decision.exemption})
    of = f" of {', '.join(applications)}" if applications else ""
    sentence = f"there is no exemption{of} for {school} alone in a policy of its own"
    return f"{sentence}; it is exempt by {' and '.join(others)}: edit that" if others else sentence
