"""``release``: put workloads back from their own annotations, with no operator and no policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import click

from syncpause.cli.failure import CLUSTER
from syncpause.cli.options import Where, cluster_options
from syncpause.domain import restore
from syncpause.domain.governance import Stand, Verdict
from syncpause.domain.plan import plan
from syncpause.domain.workload import Key, Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.errors import ApiError, NotFound
from syncpause.kube.workloads import Workloads

_RELEASED = Verdict(Stand.UNGOVERNED, "released by hand")


@click.command()
@click.argument("school", default="")
@click.option("--all", "everything", is_flag=True, help="Every school: of the cluster, or of -n's namespace.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@cluster_options()
def release(school: str, *, everything: bool, yes: bool, where: Where) -> None:
    """Put paused workloads back from their own annotations.

    Needs neither the operator nor its CRDs. A running operator pauses again what a policy still governs.
    """
    if bool(school) == everything:
        raise click.UsageError("say what to release: a SCHOOL, or --all")
    namespace = "" if everything and not where.named else where.namespace
    failures = where.run(lambda client: _run(client, namespace, school, yes=yes))
    if failures:
        raise SystemExit(CLUSTER)


async def _run(client: Client, namespace: str, school: str, *, yes: bool) -> int:
    """Show, ask, put back; returns how many could not be put back."""
    found = await _paused(client, namespace, school)
    for workload in found:
        click.echo(f"{workload.key}  school {workload.school or '?'}")
    if not found:
        click.echo(f"nothing is paused in {f'namespace {namespace}' if namespace else 'the cluster'}")
        return 0
    if not yes:
        click.confirm(f"put these {len(found)} workloads back on {client.server}?", abort=True)
    failures = 0
    async for key, problem in _release(client, found, datetime.now(UTC)):
        click.echo(f"{key}  {problem or 'released'}", err=bool(problem))
        failures += bool(problem)
    return failures


async def _paused(client: Client, namespace: str, school: str) -> list[Workload]:
    workloads = Workloads(client)
    found = [workload for kind in Kind for workload in await workloads.list_marked(kind, namespace)]
    return [workload for workload in found if school in ("", workload.school)]


async def _release(client: Client, found: list[Workload], now: datetime) -> AsyncIterator[tuple[Key, str]]:
    """Put each back; yields its key and "" or what went wrong. One failure stops no other."""
    workloads = Workloads(client)
    for workload in found:
        try:
            await _release_one(workloads, workload, now)
        except NotFound:
            yield workload.key, ""
        except ApiError as error:
            yield workload.key, error.message
        else:
            yield workload.key, ""


async def _release_one(workloads: Workloads, workload: Workload, now: datetime) -> None:
    fallback = restore.DEFAULTS[workload.kind] if restore.missing(workload) else None
    change = plan(workload, _RELEASED, now, fallback=fallback)
    if change is not None:
        await workloads.apply(workload, change)
