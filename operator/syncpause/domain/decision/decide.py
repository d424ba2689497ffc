"""Which policy governs a workload, and what that means for it now.

An Enforced cluster policy with an open window comes first. Otherwise the most specific level that
has a policy for the workload decides, and replaces the levels below: the school's own dates, the
district's, everybody's default. Several policies of one level add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from syncpause.api import names
from syncpause.api.policy import ActiveJobs, MissedRuns
from syncpause.domain.decision.policy import ALWAYS, Policy
from syncpause.domain.decision.policy_set import Unevaluable, World
from syncpause.domain.decision.windows import Span
from syncpause.domain.workload import Workload


class Stand(StrEnum):
    """What a workload should be doing."""

    PAUSE = "Pause"
    SYNC = "Sync"
    EXEMPT = "Exempt"
    UNGOVERNED = "Ungoverned"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class Exempted:
    """Who leaves a workload running: a policy's exemption, or the workload's own annotation; and why."""

    by: str
    reason: str
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one answer for a workload at an instant, with a reason that a person understands.

    ``policies`` are those of the deciding level; ``policy`` and ``span`` are of the open window that
    pauses it or that it is exempt from; ``exemption`` is what it is exempt by.
    """

    stand: Stand
    reason: str
    policies: tuple[Policy, ...] = ()
    policy: Policy | None = None
    span: Span | None = None
    exemption: Exempted | None = None

    @property
    def missed_runs(self) -> MissedRuns | None:
        """The deciding policies' wish; where they differ the careful one wins. None where none decides."""
        if not self.policies:
            return None
        wishes = {policy.missed_runs for policy in self.policies}
        return MissedRuns.SKIP if MissedRuns.SKIP in wishes else MissedRuns.RUN_ONCE

    @property
    def active_jobs(self) -> ActiveJobs:
        """What becomes of running Jobs: as the policy with the open window says."""
        return self.policy.active_jobs if self.policy else ActiveJobs.FINISH


class Level(StrEnum):
    """How specific a policy is for the schools it is for; a freeze stands above all."""

    FREEZE = "Freeze"
    SCHOOL = "School"
    NAMESPACE = "Namespace"
    CLUSTER = "Cluster"


def level_of(policy: Policy) -> Level:
    """The level on which a policy decides."""
    if policy.enforced:
        return Level.FREEZE
    if policy.ref.cluster:
        return Level.CLUSTER
    return Level.NAMESPACE if policy.schools is None else Level.SCHOOL


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one policy says of a workload at an instant: an open window, what lifts it, or why it holds."""

    policy: Policy
    span: Span | None = None
    exempt: Exempted | None = None
    held: str = ""


def decide(world: World, workload: Workload, now: datetime) -> Verdict:
    """The verdict for a workload. Total: every workload gets exactly one.

    A freeze that cannot be evaluated holds, unless the rules below it pause anyway.
    """
    if world.unreadable:
        return Verdict(Stand.HOLD, world.unreadable)
    if not workload.school:
        return Verdict(Stand.UNGOVERNED, f"it carries no label {names.SCHOOL_LABEL}: nothing governs it")
    if workload.namespace not in world.namespaces and world.cluster():
        return Verdict(Stand.HOLD, f"namespace {workload.namespace} has not been read yet")
    reach = [p for p in world.over(workload.namespace) if not p.dry_run and p.covers(workload)]
    freezes = [ask(world, policy, workload, now) for policy in reach if policy.enforced]
    open_ = [freeze for freeze in freezes if freeze.span and not freeze.exempt]
    if open_:
        return _paused(open_, tuple(freeze.policy for freeze in open_))
    verdict = _by_level(world, reach, workload, now)
    held = next((freeze for freeze in freezes if freeze.held), None)
    if held is None or verdict.stand is Stand.PAUSE:
        return verdict
    return _held(held, (held.policy,))


def _by_level(world: World, reach: Sequence[Policy], workload: Workload, now: datetime) -> Verdict:
    """Rule 2: the most specific level that has a policy for it decides; rule 3: none."""
    for level in (Level.SCHOOL, Level.NAMESPACE, Level.CLUSTER):
        policies = tuple(policy for policy in reach if level_of(policy) is level)
        if policies:
            return _add_up([ask(world, policy, workload, now) for policy in policies], policies, workload)
    # Both are in whole seconds: a pause of the very second in which the CRD was made is older, too.
    if workload.paused_at is not None and workload.paused_at <= world.api_since:
        return Verdict(Stand.HOLD, OLDER_THAN_API)
    return Verdict(Stand.UNGOVERNED, f"no policy is for school {workload.school}: it is never paused")


OLDER_THAN_API = (
    "its pause is older than the policies' CRD, so its policy was wiped with the CRD rather than deleted: "
    "apply the policy again, or hand it back with: syncpause release"
)


def _add_up(opinions: list[Opinion], policies: tuple[Policy, ...], workload: Workload) -> Verdict:
    open_ = [opinion for opinion in opinions if opinion.span]
    exempted = exempt_annotation(workload)
    if open_ and exempted:
        reason = f"exempt by its annotation {names.EXEMPT}: {exempted}"
        who = Exempted(workload.short_name, exempted)
        return Verdict(Stand.EXEMPT, reason, policies, open_[0].policy, open_[0].span, who)
    pausing = [opinion for opinion in open_ if not opinion.exempt]
    if pausing:
        return _paused(pausing, policies)
    held = next((opinion for opinion in opinions if opinion.held), None)
    if held:
        return _held(held, policies)
    if open_:
        first = open_[0]
        assert first.exempt is not None
        reason = f"exempt by {first.exempt.by}: {first.exempt.reason}"
        return Verdict(Stand.EXEMPT, reason, policies, first.policy, first.span, first.exempt)
    by = " and ".join(str(policy.ref) for policy in policies)
    return Verdict(Stand.SYNC, f"no window of {by} is open", policies)


def exempt_annotation(workload: Workload) -> str:
    """The reason in the exempt annotation; "" without one. ``false`` and nothing at all exempt nobody."""
    reason = workload.annotations.get(names.EXEMPT, "").strip()
    return "" if reason.lower() == "false" else reason


def ask(world: World, policy: Policy, workload: Workload, now: datetime) -> Opinion:
    """What a policy that is for a workload says of it."""
    try:
        zone = world.zone_for(policy, workload.namespace)
    except Unevaluable as error:
        return Opinion(policy, held=f"{policy.ref} cannot be evaluated: {error}")
    span = policy.calendar(zone, workload.namespace, workload.school).open_span(now)
    if span is None:
        return Opinion(policy)
    exemption = policy.exemption_for(workload, now, zone)
    if exemption is None:
        return Opinion(policy, span)
    by = Exempted(f"{policy.ref}, {exemption.name}", exemption.reason, exemption.last_day)
    return Opinion(policy, span, by)


def _paused(opinions: list[Opinion], policies: tuple[Policy, ...]) -> Verdict:
    """Of several open windows, the one that ends last is named."""
    last = max(opinions, key=lambda opinion: opinion.span.ends if opinion.span else ALWAYS)
    assert last.span is not None
    kind = "frozen" if last.policy.enforced else "paused"
    reason = (
        f"{kind} by {last.policy.ref}, window {last.span.window}: "
        f"{last.span.first_day} to {last.span.last_day}"
    )
    return Verdict(Stand.PAUSE, reason, policies, last.policy, last.span)


def _held(opinion: Opinion, policies: tuple[Policy, ...]) -> Verdict:
    return Verdict(Stand.HOLD, opinion.held, policies, opinion.policy)
