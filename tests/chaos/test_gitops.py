"""A GitOps tool that applies its own idea of suspend and replicas every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from chaos.api import Object, collection
from chaos.conftest import size
from chaos.observer import is_paused
from chaos.stage import POD, SYNC_TEMPLATE, Stage, until
from guarding import FIRST_MINOR, guard_for

SECONDS = size(600, 15)
AT_ONCE, EACH = 10, 10
"""The drift budget: ten corrections at once, then one every ten seconds."""
TOOL = "gitops-controller"


def git(stage: Stage, *, deadline: bool) -> dict[tuple[str, str], Object]:
    """What git says: everything but the pause."""
    labels = {"syncpause.dev/school": "school-0"}
    spec = {
        "schedule": "* * * * *",
        "suspend": False,
        "jobTemplate": {"spec": {"template": SYNC_TEMPLATE}},
        **({"startingDeadlineSeconds": 200} if deadline else {}),
    }
    pod = {"metadata": {"labels": {"app": "ingest"}}, "spec": {"containers": POD["containers"]}}
    ingest = {"replicas": 3, "selector": {"matchLabels": {"app": "ingest"}}, "template": pod}
    return {
        ("cronjobs", "sync"): _object("batch/v1", "CronJob", "sync", labels, spec),
        ("deployments", "ingest"): _object("apps/v1", "Deployment", "ingest", labels, ingest),
    }


def _object(version: str, kind: str, name: str, labels: dict[str, str], spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec}


async def sync_with_git(stage: Stage, manifests: dict[tuple[str, str], Object], seconds: float) -> int:
    end, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for (kind, name), body in manifests.items():
            await stage.api.apply(stage.path(kind, name), body, TOOL)
        rounds += 1
        await asyncio.sleep(1)
    return rounds


async def install(stage: Stage, manifests: dict[tuple[str, str], Object]) -> None:
    for (kind, name), body in manifests.items():
        made = await stage.api.apply(stage.path(kind, name), body, TOOL)
        stage.owned(kind, name, made["spec"])
    await until(lambda: len(stage.workloads()) == 2, "the observer sees them")


async def condition(stage: Stage, type_: str) -> Object:
    found = await stage.api.get(f"{collection('syncpausepolicies', stage.namespace)}/summer")
    conditions = {item["type"]: item for item in found.get("status", {}).get("conditions", [])}
    return dict(conditions.get(type_, {}))


async def fight(stage: Stage, *, deadline: bool) -> tuple[int, str]:
    """How often the tool applied what git says, and what that led to."""
    manifests = git(stage, deadline=deadline)
    await install(stage, manifests)
    proxy = await stage.wire()
    stage.operator(proxy)
    await stage.pause()
    before = len(proxy.written)
    rounds = await sync_with_git(stage, manifests, SECONDS)
    paths = [seen.path for seen in proxy.written[before:]]
    most = max(paths.count(stage.path(kind, name)) for kind, name in manifests)
    allowed = AT_ONCE + SECONDS / EACH + 1
    assert 0 < most <= allowed
    contested = await condition(stage, "Contested")
    assert contested["status"] == "True"
    assert contested["message"].startswith(f"{TOOL} undoes the pause of cronjob")
    assert "ignoreDifferences" in contested["message"]
    await until(stage.all_paused, "paused once the tool is silent", 30)
    await _contest_is_over(stage)
    await stage.resume()
    return rounds, f"{most} corrections of a workload at most, budget {allowed:.0f}"


async def test_a_tool_that_undoes_the_pause_every_second(
    make_stage: Callable[[], Awaitable[Stage]], record: Callable[..., None]
) -> None:
    """The stories run side by side, for each takes its time. One needs the guard, which some minors lack."""
    first, second, third = [await make_stage() for _ in range(3)]
    stories = [fight(first, deadline=False), fight(second, deadline=True)]
    what = ["suspend and replicas applied each second", "these and the deadline"]
    if third.cluster.minor >= FIRST_MINOR:
        stories.append(guarded(third))
        what.append("these and the deadline, with the guard")
    told = await asyncio.gather(*stories)
    for name, (rounds, figure) in zip(what, told, strict=True):
        record("GitOps", f"{name} for {SECONDS} s", rounds, figure)


async def _contest_is_over(stage: Stage) -> None:
    for _ in range(60):
        if (await condition(stage, "Contested"))["status"] == "False":
            return
        await asyncio.sleep(1)
    pytest.fail("Contested is still True a minute after the fight")


async def guarded(stage: Stage) -> tuple[int, str]:
    """The same with the guard as shipped, for one stage."""
    text = guard_for(stage.cluster, {"stage": stage.namespace})
    await asyncio.to_thread(stage.cluster.kubectl, "apply", "-f", "-", input=text)
    try:
        return await no_fight(stage)
    finally:
        await asyncio.to_thread(stage.cluster.kubectl, "delete", "-f", "-", input=text)


async def no_fight(stage: Stage) -> tuple[int, str]:
    """With the guard there is no drift at all, and the owner's last wish comes back."""
    manifests = git(stage, deadline=True)
    await install(stage, manifests)
    proxy = await stage.wire()
    stage.operator(proxy)
    await stage.pause()
    await until_guarded(stage, manifests)
    before = len(proxy.written)
    manifests["cronjobs", "sync"]["spec"]["startingDeadlineSeconds"] = 300
    manifests["deployments", "ingest"]["spec"]["replicas"] = 5
    awake = []
    applying = asyncio.create_task(sync_with_git(stage, manifests, SECONDS))
    while not applying.done():
        awake += [key for key, item in stage.workloads().items() if not is_paused(key[0], item)]
        await asyncio.sleep(0.05)
    assert awake == []
    corrections = sum("/jobs/" not in seen.path for seen in proxy.written[before:])
    assert corrections == 0
    stage.noted("cronjobs", "sync", startingDeadlineSeconds=300)
    stage.noted("deployments", "ingest", replicas=5)
    await stage.resume()
    return await applying, f"{len(awake)} drifts, {corrections} corrections"


async def until_guarded(stage: Stage, manifests: dict[tuple[str, str], Object]) -> None:
    """Admission policies reach the API server's admission through a watch of its own."""
    for _ in range(60):
        seen = [await stage.api.apply(stage.path(*key), body, TOOL) for key, body in manifests.items()]
        if all(is_paused(key[0], item) for key, item in zip(manifests, seen, strict=True)):
            break
        await asyncio.sleep(0.5)
    else:
        pytest.fail("the guard is not in force")
    await stage.paused()
