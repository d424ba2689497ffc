"""``release``: restores workloads from their own annotations, without the operator and its policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from syncpause.api import names
from syncpause.cli.completion import complete_school
from syncpause.cli.failure import CLUSTER, about_login, missing_right
from syncpause.cli.options import Where, cluster_options
from syncpause.cli.output import confirm, echo, warn
from syncpause.cli.wording import goes_back_to
from syncpause.domain.change import restore
from syncpause.domain.change.plan import plan
from syncpause.domain.decision.decide import Decision, DesiredState
from syncpause.domain.sentences import plural
from syncpause.domain.workload import Key, Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.errors import ApiError, Forbidden, NotFound
from syncpause.kube.jobs import Job, Jobs
from syncpause.kube.workloads import Workloads

_RELEASED = Decision(DesiredState.UNGOVERNED, "released by kubectl syncpause release")
_SUSPENDED = f"{names.STATE_LABEL}={names.STATE_PAUSED}"


@dataclass(frozen=True, slots=True)
class Paused:
    """A paused workload, and its Jobs that were suspended with it."""

    workload: Workload
    jobs: Sequence[Job] = ()

    def __str__(self) -> str:
        jobs = f", and {plural(len(self.jobs), 'suspended Job')}" if self.jobs else ""
        school = self.workload.school or "?"
        return f"{self.workload.key}  school {school}, goes back to {goes_back_to(self.workload)}{jobs}"


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
    """Show, ask, restore; returns how many could not be restored."""
    found = await _paused(client, namespace, school)
    for item in found:
        echo(str(item))
    if not found:
        what = f"school {school}" if school else "nothing"
        echo(f"{what} is{' not' if school else ''} paused in {namespace or 'any namespace'}")
        return 0
    if dry_run:
        return 0
    if not yes:
        confirm(f"restore these {len(found)} workloads on {client.server}?")
    failures = 0
    async for key, problem in _release(client, found, datetime.now(UTC)):
        echo(f"{key}  {problem or 'released'}", err=bool(problem))
        failures += bool(problem)
    return failures


async def _paused(client: Client, namespace: str, school: str) -> list[Paused]:
    workloads = Workloads(client)
    found = [workload for kind in Kind for workload in await workloads.list_marked(kind, namespace)]
    jobs = await _suspended_jobs(client, namespace)
    return [
        Paused(workload, jobs.get(workload.uid, ())) for workload in found if school in ("", workload.school)
    ]


async def _suspended_jobs(client: Client, namespace: str) -> dict[str, list[Job]]:
    """Jobs that were suspended by a pause, by the UID of their CronJob."""
    jobs: dict[str, list[Job]] = defaultdict(list)
    try:
        for job in await Jobs(client).unfinished(namespace, _SUSPENDED):
            if job.restore_suspend is not None:
                jobs[job.owner].append(job)
    except Forbidden as error:
        if about_login(error):
            raise
        warn(f"{missing_right(error)}: Jobs that were suspended by a pause stay suspended")
    return jobs


async def _release(client: Client, found: list[Paused], now: datetime) -> AsyncIterator[tuple[Key, str]]:
    """Restore each; yields its key and an error or "". A failure does not stop the others."""
    for item in found:
        try:
            await _release_one(client, item, now)
        except NotFound:
            yield item.workload.key, ""
        except ApiError as error:
            yield item.workload.key, error.message
        else:
            yield item.workload.key, ""


async def _release_one(client: Client, item: Paused, now: datetime) -> None:
    """Restores the Jobs first, so that a crash in between leaves no Job suspended for ever."""
    workload = item.workload
    for job in item.jobs:
        await Jobs(client).hand_back(job, workload.annotations.get(names.MISSED_RUNS, ""))
    fallback = restore.DEFAULTS[workload.kind] if restore.is_incomplete(workload) else None
    change = plan(workload, _RELEASED, now, fallback=fallback)
    if change is not None:
        await Workloads(client).apply(workload, change)
