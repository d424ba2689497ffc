"""``release``: restores workloads from their own annotations, without the operator and its policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from syncpause.api import names
from syncpause.cli.completion import complete_school
from syncpause.cli.failure import CLUSTER, about_login, missing_right
from syncpause.cli.options import Where, cluster_options
from syncpause.cli.output import confirm, echo, warn
from syncpause.cli.wording import in_words
from syncpause.controller.reconcile.restore_recovery import recover
from syncpause.domain.change import restore
from syncpause.domain.change.plan import Change, plan
from syncpause.domain.change.restore import Values
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.sentences import plural
from syncpause.domain.workload import Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.errors import ApiError, Conflict, Forbidden, NotFound
from syncpause.kube.jobs import Job, Jobs
from syncpause.kube.schools import SchoolSyncs
from syncpause.kube.workloads import Workloads

_RELEASED = Decision(DesiredState.UNGOVERNED, "released by kubectl syncpause release")
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Paused:
    """A paused workload, what releasing it writes, its values after that, and its Jobs of the pause."""

    workload: Workload
    change: Change
    jobs: Sequence[Job] = ()
    source: str = ""
    """Where the restore values come from if the workload has lost them."""

    @property
    def values(self) -> Values:
        """What the workload has once it is released: what someone has set during the pause stays."""
        return {**restore.current(self.workload), **self.change.spec}

    def __str__(self) -> str:
        jobs = f", and {plural(len(self.jobs), 'suspended Job')}" if self.jobs else ""
        school = self.workload.school or "?"
        source = f" (from {self.source})" if self.source else ""
        return f"{self.workload.key}  school {school}, goes back to {in_words(self.values)}{source}{jobs}"


@click.command()
@click.argument("school", default="", shell_complete=complete_school)
@click.option(
    "--all", "everything", is_flag=True, help="Every school of the cluster, or of the namespace of -n."
)
@click.option("--dry-run", is_flag=True, help="Only show what would be restored.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@cluster_options()
def release(school: str, *, everything: bool, dry_run: bool, yes: bool, where: Where) -> None:
    """Restore paused workloads from their own annotations.

    Needs neither the operator nor its CRDs. A running operator pauses workloads again that a policy governs.
    """
    if bool(school) == everything:
        raise click.UsageError("give either a SCHOOL or --all")
    namespace = "" if everything and not where.named else where.namespace
    failures = where.run(lambda client: _run(client, namespace, school, yes=yes, dry_run=dry_run))
    if failures:
        raise SystemExit(CLUSTER)


async def _run(client: Client, namespace: str, school: str, *, yes: bool, dry_run: bool) -> int:
    """Show, ask, restore; returns how many may be left."""
    found, failures = await _paused(client, namespace, school)
    for item in found:
        echo(str(item))
    if not found:
        if not failures:
            what = f"school {school}" if school else "nothing"
            echo(f"{what} is{' not' if school else ''} paused in {namespace or 'any namespace'}")
        return failures
    if dry_run:
        return failures
    if not yes:
        confirm(f"restore these {len(found)} workloads on {client.server}?")
    for item in found:
        problem = await _release(client, item)
        echo(f"{item.workload.key}  {problem or 'released'}", err=bool(problem))
        failures += bool(problem)
    if failures:
        echo(f"{plural(failures, 'object')} may be left paused: run release again", err=True)
    return failures


async def _paused(client: Client, namespace: str, school: str) -> tuple[list[Paused], int]:
    """The paused workloads, and how many could not be read; an error is shown for each of those."""
    workloads = Workloads(client)
    listed = [workload for kind in Kind for workload in await workloads.list_marked(kind, namespace)]
    unique = {workload.key: workload for workload in listed if school in ("", workload.school)}
    wanted = list(unique.values())
    jobs = await _suspended_jobs(client, namespace)
    copies = await _copies(client, namespace) if any(map(_needs_copy, wanted)) else {}
    found, failures = [], 0
    for workload in wanted:
        try:
            item = await _planned(workloads, workload, jobs.get(workload.uid, ()), copies)
        except ApiError as error:
            echo(f"{workload.key}  {error.message}", err=True)
            failures += 1
        else:
            found += [item] if item else []
    return found, failures


def _needs_copy(workload: Workload) -> bool:
    return restore.is_incomplete(workload) or not workload.marked


async def _planned(
    api: Workloads, workload: Workload, jobs: Sequence[Job], copies: Mapping[tuple[str, str], str]
) -> Paused | None:
    """What releases a workload; None if it is not paused. Raises ApiError."""

    async def copy() -> str:
        return copies.get((workload.namespace, workload.short_name), "")

    fallback, source = await recover(api, workload, copy) or (None, "")
    change = plan(workload, _RELEASED, datetime.now(UTC), fallback=fallback)
    return Paused(workload, change, jobs, source) if change else None


async def _copies(client: Client, namespace: str) -> dict[tuple[str, str], str]:
    """The copies of restore state in SchoolSyncs, by namespace and workload; none if they are unreadable."""
    try:
        found = await SchoolSyncs(client).list(namespace)
    except ApiError as error:
        if about_login(error):
            raise
        warn(
            f"SchoolSyncs cannot be read, so their copies of the restore state are not used: {error.message}"
        )
        return {}
    copies: dict[tuple[str, str], str] = {}
    for item in found:
        status = item.get("status")
        restored = status.get("restore") if isinstance(status, dict) else None
        for name, text in restored.items() if isinstance(restored, dict) else ():
            copies[item["metadata"]["namespace"], name] = text
    return copies


async def _suspended_jobs(client: Client, namespace: str) -> dict[str, list[Job]]:
    """Jobs that were suspended by a pause, by the UID of their CronJob."""
    jobs: dict[str, list[Job]] = defaultdict(list)
    try:
        for job in await Jobs(client).marked(namespace):
            jobs[job.owner].append(job)
    except Forbidden as error:
        if about_login(error):
            raise
        warn(f"{missing_right(error)}: Jobs that were suspended by a pause stay suspended")
    return jobs


async def _release(client: Client, item: Paused) -> str:
    """Restore a workload and its Jobs; returns an error or "".

    The Jobs come first, so that a crash in between leaves no Job suspended for ever. If one of them fails,
    its CronJob stays paused, because it holds what becomes of the Job.
    """
    for job in item.jobs:
        try:
            await Jobs(client).hand_back(job, item.workload.annotations.get(names.MISSED_RUNS, ""))
        except NotFound:
            continue
        except ApiError as error:
            return f"not released, because of its Job {job.name}: {error.message}"
    try:
        return await _restore(Workloads(client), item)
    except ApiError as error:
        return f"not released: {error.message}"


async def _restore(api: Workloads, item: Paused) -> str:
    """Write what was announced and nothing else; returns an error or "". Raises ApiError."""
    announced = item.values
    for _ in range(ATTEMPTS):
        try:
            values = restore.current(await api.apply(item.workload, item.change))
        except Conflict:
            fresh = await api.get(item.workload.key)
            if not fresh.marked and restore.current(fresh) == announced:
                return ""  # another client has released it
            item = _planned_again(item, fresh)
            if item.values != announced:
                return f"not released: it has changed, and goes back to {in_words(item.values)} now"
        else:
            changed = f"released, but the API server made it {in_words(values)}"
            return "" if values == announced else changed
    return "not released: other clients keep changing it"


def _planned_again(item: Paused, fresh: Workload) -> Paused:
    """The same for a workload that another client has changed; what that client removed is still known."""
    known = {**item.values, **restore.stored(item.workload)}
    change = plan(fresh, _RELEASED, datetime.now(UTC), fallback=known)
    return replace(item, workload=fresh, change=change or item.change)
