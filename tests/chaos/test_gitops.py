"""A GitOps tool that applies its own idea of suspend and replicas every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import yaml

from chaos.api import Object, collection
from chaos.conftest import size
from chaos.observer import is_paused
from chaos.stage import POD, Stage, until

GUARD = Path(__file__).parents[2] / "manifests/components/guard"
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
        "jobTemplate": {"spec": {"template": {"spec": POD}}},
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
        stage._wanted[kind, name] = made["spec"]
    await until(lambda: len(stage.workloads()) == 2, "the observer sees them")


async def condition(stage: Stage, type_: str) -> Object:
    found = await stage.api.get(f"{collection('syncpausepolicies', stage.namespace)}/summer")
    conditions = {item["type"]: item for item in found.get("status", {}).get("conditions", [])}
    return dict(conditions.get(type_, {}))


@pytest.mark.parametrize("deadline", [False, True], ids=["suspend and replicas", "the deadline too"])
async def test_a_tool_that_undoes_the_pause_every_second(
    deadline: bool, stage: Stage, verdict: Callable[..., None]
) -> None:
    manifests = git(stage, deadline=deadline)
    await install(stage, manifests)
    proxy = await stage.wire()
    stage.operator(proxy)
    await stage.pause()
    before = len(proxy.written)
    rounds = await sync_with_git(stage, manifests, SECONDS)
    corrections = {
        key: sum(seen.path.endswith(f"/{kind}/{name}") for seen in proxy.written[before:])
        for key in manifests
        for kind, name in [key]
    }
    allowed = AT_ONCE + SECONDS / EACH + 1
    assert max(corrections.values()) <= allowed, corrections
    contested = await condition(stage, "Contested")
    assert contested["status"] == "True"
    assert contested["message"].startswith(f"{TOOL} undoes the pause of cronjob")
    assert "ignoreDifferences" in contested["message"]
    await until(stage.all_paused, "paused once the tool is silent", 30)
    await _contest_is_over(stage)
    await stage.resume()
    most = max(corrections.values())
    figure = f"{most} corrections of a workload, budget {allowed:.0f}"
    verdict(
        "GitOps",
        f"applied each second for {SECONDS} s: {'with' if deadline else 'no'} deadline",
        rounds,
        figure,
    )


async def _contest_is_over(stage: Stage) -> None:
    for _ in range(60):
        if (await condition(stage, "Contested"))["status"] == "False":
            return
        await asyncio.sleep(1)
    pytest.fail("Contested is still True a minute after the fight")


@pytest.fixture
async def guard(stage: Stage) -> AsyncIterator[None]:
    objects = list(yaml.safe_load_all(stage.cluster.kubectl("kustomize", str(GUARD))))
    for item in objects:
        if item["kind"] == "MutatingAdmissionPolicyBinding":
            selector = {"matchLabels": {"stage": stage.namespace}}
            item["spec"]["matchResources"] = {"namespaceSelector": selector}
    text = yaml.safe_dump_all(objects)
    await asyncio.to_thread(stage.cluster.kubectl, "apply", "-f", "-", input=text)
    yield
    await asyncio.to_thread(stage.cluster.kubectl, "delete", "-f", "-", input=text)


async def test_with_the_guard_there_is_no_drift_at_all(
    stage: Stage, guard: None, verdict: Callable[..., None]
) -> None:
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
    rounds = await applying
    assert awake == []
    assert len(proxy.written) == before, "the operator had nothing to correct"
    stage.noted("cronjobs", "sync", startingDeadlineSeconds=300)
    stage.noted("deployments", "ingest", replicas=5)
    await stage.resume()
    verdict(
        "GitOps", f"applied each second for {SECONDS} s, with the guard", rounds, "0 drifts, 0 corrections"
    )


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
