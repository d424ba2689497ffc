"""``explain``: the desired state of a workload, the rule behind it, the next change, and every policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import click
from rich.table import Table

from syncpause.cli.dates import MomentType, format_instant, instant_of
from syncpause.cli.failure import WrongInput, unknown
from syncpause.cli.options import Where, cluster_options, output_option
from syncpause.cli.output import console, write_structured
from syncpause.cli.snapshot import Snapshot, take
from syncpause.cli.wording import describe
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.preview.explanation import Considered, Explanation
from syncpause.domain.preview.explanation import explain as explain_one
from syncpause.domain.status.transition import NextTransition, next_transition, zone_of
from syncpause.domain.workload import Kind, Workload

_KINDS = {
    **dict.fromkeys(("cronjob", "cronjobs", "cj", "cronjob.batch", "cronjobs.batch"), Kind.CRON_JOB),
    **dict.fromkeys(("deployment", "deployments", "deploy", "deployments.apps"), Kind.DEPLOYMENT),
    **dict.fromkeys(("school", "schools", "schoolsync", "schoolsyncs"), None),
}
_DESIRED_STATES = {
    DesiredState.PAUSE: "Paused",
    DesiredState.SYNC: "Syncing",
    DesiredState.EXEMPT: "Syncing (exempt)",
    DesiredState.UNGOVERNED: "Syncing",
    DesiredState.HOLD: "Unchanged",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One explanation, and the workloads that share it."""

    workloads: tuple[Workload, ...]
    explanation: Explanation
    next: NextTransition | None


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="KIND/NAME")
@click.option("--at", type=MomentType(), help="The moment to explain. Default: now.")
@cluster_options(all_namespaces=False)
@output_option()
def explain(what: tuple[str, ...], *, at: date | datetime | None, where: Where, output: str) -> None:
    """Explain why cronjob/NAME, deployment/NAME or school/NAME is paused or not, and what changes next."""
    kind, name = _target(what)
    snapshot = take(where)
    workloads = _find(snapshot, kind, name, where)
    answers = _answers(snapshot, workloads, at or datetime.now(UTC))
    if output != "table":
        write_structured([_structured(answer) for answer in answers], output)
        return
    for answer in answers:
        _show(answer)


def _target(what: Sequence[str]) -> tuple[Kind | None, str]:
    """The kind (None: a school) and the name."""
    parts = what[0].split("/", 1) if len(what) == 1 else list(what)
    if len(parts) != 2 or parts[0].lower() not in _KINDS or not parts[1]:
        raise WrongInput(f"{' '.join(what)}: write cronjob/NAME, deployment/NAME or school/NAME")
    return _KINDS[parts[0].lower()], parts[1]


def _find(snapshot: Snapshot, kind: Kind | None, name: str, where: Where) -> list[Workload]:
    if kind is None:
        found = [item for item in snapshot.workloads if item.school == name]
        known = [item.school for item in snapshot.workloads]
    else:
        found = [item for item in snapshot.workloads if (item.kind, item.name) == (kind, name)]
        known = [item.name for item in snapshot.workloads if item.kind is kind]
    if not found:
        what = "school" if kind is None else f"{kind} with the label syncpause.dev/school called"
        raise unknown(what, name, known, where.words)
    return sorted(found, key=lambda item: item.key)


def _answers(snapshot: Snapshot, workloads: Sequence[Workload], moment: date | datetime) -> list[Answer]:
    """One answer for all workloads that have the same explanation."""
    policy_set = snapshot.policy_set
    zone = zone_of(policy_set, workloads[0].namespace, [decide(policy_set, workloads[0], datetime.now(UTC))])
    at = instant_of(moment, zone)
    groups: dict[tuple[str, tuple[Considered, ...]], list[Workload]] = {}
    explained = {item.key: explain_one(policy_set, item, at) for item in workloads}
    for item in workloads:
        explanation = explained[item.key]
        groups.setdefault((explanation.decision.reason, explanation.considered), []).append(item)
    return [
        _answer(policy_set, group, [explained[item.key] for item in group], at) for group in groups.values()
    ]


def _answer(
    policy_set: PolicySet, group: Sequence[Workload], explanations: Sequence[Explanation], at: datetime
) -> Answer:
    decisions = [explanation.decision for explanation in explanations]
    return Answer(tuple(group), explanations[0], next_transition(policy_set, group, decisions, at))


def _show(answer: Answer) -> None:
    out = console()
    for item in answer.workloads:
        of = f"school {item.school}" + (f", application {item.application}" if item.application else "")
        out.print(f"{item.short_name} ({of}): {describe(item)}")
    decision = answer.explanation.decision
    facts = Table.grid(padding=(0, 2, 0, 0))
    for label, value in (
        ("Desired state", _DESIRED_STATES[decision.desired_state]),
        ("Reason", decision.reason),
        ("No resume", decision.doubt),
        ("Rule", answer.explanation.rule),
        ("Next", _next_change(answer.next)),
    ):
        if value:
            facts.add_row(f"  {label}:", value)
    out.print(facts)
    if not answer.explanation.considered:
        out.print("  Considered policies: none")
    else:
        out.print("  Considered policies (* decides):")
        considered = Table.grid(padding=(0, 2, 0, 0))
        for policy in answer.explanation.considered:
            considered.add_row("    *" if policy.decides else "     ", str(policy.ref), policy.sentence)
        out.print(considered)
    out.print()


def _next_change(transition: NextTransition | None) -> str:
    if transition is None:
        return "no change is planned"
    return f"{transition.action} on {format_instant(transition.at, transition.zone)} ({transition.zone.key})"


def _structured(answer: Answer) -> dict[str, Any]:
    decision = answer.explanation.decision
    return {
        "workloads": [item.short_name for item in answer.workloads],
        "desiredState": str(decision.desired_state),
        "reason": decision.reason,
        "rule": answer.explanation.rule,
        "consideredPolicies": [
            {"policy": str(item.ref), "decides": item.decides, "evaluation": item.sentence}
            for item in answer.explanation.considered
        ],
        "nextTransition": answer.next.status.to_json() if answer.next else None,
    }
