"""Fills a cluster with schools: ten workloads each, spread over a hundred namespaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.api import Api, Object, Refused, collection

NAMESPACES = 100
EACH = 10
"""Workloads a school."""
AT_ONCE = 24
POD = {
    "containers": [{"name": "sync", "image": "registry.example/sync:1"}],
    "restartPolicy": "Never",
}
POLICY = "bench"
_TODAY = datetime.now(UTC).date()
OPEN = [
    {
        "name": "summer",
        "firstDay": f"{_TODAY - timedelta(days=7):%m-%d}",
        "lastDay": f"{_TODAY + timedelta(days=60):%m-%d}",
    }
]
"""Every year, and open now."""
SUMMER = {"timeZone": "America/New_York"}


def namespace_of(school: int) -> str:
    return f"district-{school % NAMESPACES}"


def cron_job(school: int, number: int) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": f"school-{school}-sync-{number}", "labels": labels(school, number)},
        "spec": {
            "schedule": "15 3 29 2 *",
            "startingDeadlineSeconds": 600,
            "jobTemplate": {"spec": {"template": {"spec": POD}}},
        },
    }


def deployment(school: int, number: int) -> Object:
    selector = {"matchLabels": {"app": f"ingest-{school}"}}
    pod = {"metadata": {"labels": selector["matchLabels"]}, "spec": {"containers": POD["containers"]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"school-{school}-ingest-{number}", "labels": labels(school, number)},
        "spec": {"replicas": 1, "selector": selector, "template": pod},
    }


def labels(school: int, number: int) -> dict[str, str]:
    return {"syncpause.dev/school": f"school-{school}", "syncpause.dev/application": f"app-{number}"}


async def namespaces(api: Api) -> None:
    for number in range(NAMESPACES):
        try:
            await api.create("/api/v1/namespaces", {"metadata": {"name": f"district-{number}"}})
        except Refused as error:
            if error.status != 409:
                raise


async def cron_jobs(api: Api, schools: range, numbers: range = range(EACH)) -> None:
    """The CronJobs of some schools."""
    await together(
        api.create(collection("cronjobs", namespace_of(school)), cron_job(school, number))
        for school in schools
        for number in numbers
    )


async def deployments(api: Api, schools: range, number: int) -> None:
    """One Deployment for each of some schools."""
    await together(
        api.create(collection("deployments", namespace_of(school)), deployment(school, number))
        for school in schools
    )


async def remove(api: Api, kind: str, schools: range, name: str) -> None:
    """One workload of each school, named by a pattern."""
    await together(
        api.delete(f"{collection(kind, namespace_of(school))}/{name.format(school)}") for school in schools
    )


async def policy(api: Api, windows: list[dict[str, str]], **more: Any) -> None:
    """Make the one cluster policy say this."""
    path = collection("clustersyncpausepolicies")
    body = {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": "ClusterSyncPausePolicy",
        "metadata": {"name": POLICY},
        "spec": {**SUMMER, "windows": windows, **more},
    }
    await api.apply(f"{path}/{POLICY}", body, "bench")


async def items(api: Api, kind: str, selector: str = "syncpause.dev/school") -> AsyncIterator[Object]:
    """Every workload of a kind, in pages."""
    token = ""
    while True:
        query = {"labelSelector": selector, "limit": "1000", **({"continue": token} if token else {})}
        page = await api.get(collection(kind), **query)
        for item in page["items"]:
            yield item
        token = page["metadata"].get("continue", "")
        if not token:
            return


async def paused(api: Api) -> int:
    """How many workloads are labelled and stopped."""
    found = 0
    async for item in items(api, "cronjobs", "syncpause.dev/state=paused"):
        found += item["spec"]["suspend"] is True and item["spec"]["startingDeadlineSeconds"] == 0
    async for item in items(api, "deployments", "syncpause.dev/state=paused"):
        found += item["spec"]["replicas"] == 0
    return found


async def settled(api: Api) -> None:
    """Wait until every Deployment has as many pods as it is to have, and its controller has said so."""
    for _ in range(600):
        found = [item async for item in items(api, "deployments") if not _is_settled(item)]
        if not found:
            return
        await asyncio.sleep(0.5)
    raise TimeoutError(f"{len(found)} Deployments are not settled after five minutes")


def _is_settled(deployment: Object) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    seen = status.get("observedGeneration") == deployment["metadata"]["generation"]
    return bool(seen and status.get("replicas", 0) == status.get("readyReplicas", 0) == wanted)


async def together(work: Iterable[Awaitable[Any]]) -> None:
    """Many requests, some at once."""
    waiting = iter(work)

    async def worker() -> None:
        for each in waiting:
            await each

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
