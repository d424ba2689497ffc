"""``unexempt``: the end of summer school."""

from __future__ import annotations

import click

from syncpause.cli.editing import Proposal, Situation, Wish, edit, editing_options, school_argument
from syncpause.cli.failure import ANSWER_IS_NO, Failure
from syncpause.domain.preview.edits import without_exemptions


class NothingToRemove(Failure):
    """No exemption of the school's own policy is for it alone."""

    exit_code = ANSWER_IS_NO


@click.command()
@school_argument
@click.option("--application", "applications", multiple=True, help="Only the exemption of this application.")
@editing_options
def unexempt(applications: tuple[str, ...], wish: Wish) -> None:
    """Take the exemptions of SCHOOL out of its own policy. Exits with 1 where there is none."""
    edit(wish, lambda situation: _propose(situation, applications))


def _propose(situation: Situation, applications: tuple[str, ...]) -> Proposal:
    spec, gone = without_exemptions(
        situation.target["spec"] if situation.target else {}, situation.wish.school, applications
    )
    if not gone:
        raise NothingToRemove(_why_not(situation, applications))
    names = ", ".join(item["name"] for item in gone)
    return Proposal(spec, [f"{situation.wish.school} is no longer exempt by {names}"])


def _why_not(situation: Situation, applications: tuple[str, ...]) -> str:
    school = situation.wish.school
    others = sorted({verdict.exemption.by for verdict in situation.verdicts if verdict.exemption})
    of = f" of {', '.join(applications)}" if applications else ""
    sentence = f"there is no exemption{of} for {school} alone in a policy of its own"
    return f"{sentence}; it is exempt by {' and '.join(others)}: edit that" if others else sentence
