"""The API server refuses, stumbles, or its answer is lost: nothing is lost, and no workload stops another."""

from __future__ import annotations

import functools
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stage import RunningOperator, Stage, eventually

from faults.proxy import Fault, FaultProxy

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
AUTUMN = [{"name": "autumn", "firstDay": "2027-10-01", "lastDay": "2027-10-31"}]
APRIL = "2027-04-02T12:00"


@pytest.fixture
async def operator(
    operator_kubeconfig: str, proxy: FaultProxy, tmp_path: Path
) -> AsyncIterator[RunningOperator]:
    """An operator behind the proxy, with the rights of its ServiceAccount."""
    running = RunningOperator(await proxy.start(tmp_path))
    running.jump_to("2027-03-01T12:00")
    await running.start()
    yield running
    await running.stop()


def every_other_patch(fault: Fault):  # type: ignore[no-untyped-def]
    turns = itertools.cycle((fault, None))
    return lambda seen: next(turns) if seen.method == "PATCH" and "/cronjobs/" in seen.path else None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(409),
        Fault(429, {"Retry-After": "1"}),
        Fault(500),
        Fault(503),
        Fault(504),
        Fault(lose_answer=True),
    ],
    ids=["conflict", "too-many-requests", "500", "503", "504", "answer-lost"],
)
async def test_every_workload_is_paused_and_resumed_in_spite_of(
    fault: Fault, stage: Stage, operator: RunningOperator, proxy: FaultProxy
) -> None:
    for number in range(6):
        stage.sync(f"sync-{number}", startingDeadlineSeconds=100 + number)
    proxy.inject(every_other_patch(fault))
    stage.policy(windows=SPRING)
    for number in range(6):
        await eventually(lambda n=number: stage.is_paused(f"sync-{n}"), "paused")  # type: ignore[misc]
    assert proxy.faults >= 3
    operator.jump_to(APRIL)
    for number in range(6):
        await eventually(lambda n=number: stage.is_syncing(f"sync-{n}"), "resumed")  # type: ignore[misc]
        assert stage.spec_of_sync(f"sync-{number}") == (False, 100 + number)


async def test_a_workload_that_keeps_failing_stops_no_other(
    stage: Stage, operator: RunningOperator, proxy: FaultProxy
) -> None:
    for number in range(6):
        stage.sync(f"sync-{number}")
    proxy.inject(lambda seen: Fault(500) if seen.method == "PATCH" and seen.path.endswith("sync-3") else None)
    stage.policy(windows=SPRING)
    for number in (0, 1, 2, 4, 5):
        await eventually(lambda n=number: stage.is_paused(f"sync-{n}"), "paused")  # type: ignore[misc]
    assert stage.is_syncing("sync-3") is True
    await eventually(lambda: stage.condition("Reconciling").get("status") == "True", "still at it")
    proxy.heal()
    await eventually(lambda: stage.is_paused("sync-3"), "paused in the end")
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")


async def test_policies_that_cannot_be_read_pause_as_last_read_and_resume_nothing(
    stage: Stage, operator: RunningOperator, proxy: FaultProxy
) -> None:
    stage.sync()
    stage.sync("autumn", school="roosevelt")
    stage.policy("autumn", windows=AUTUMN, schools=["roosevelt"])
    ready = functools.partial(stage.condition, "Ready", "spp/autumn")
    await eventually(lambda: ready().get("status") == "True", "the other policy is read")
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    proxy.inject(lambda seen: Fault(403) if "syncpause.dev" in seen.path and seen.method == "GET" else None)
    assert operator.operator is not None
    running = operator.operator
    running.context.policies.read_soon()
    await eventually(lambda: "nothing is resumed" in running.problem and [running.problem], "it says so")
    operator.jump_to(APRIL)
    stage.sync("newborn")
    await eventually(lambda: len(running.context.workloads) >= 3, "the newborn is seen")
    operator.jump_to("2027-10-05T00:00")
    await eventually(lambda: stage.is_paused("autumn"), "paused at its edge all the same")
    assert stage.is_paused() is True
    proxy.heal()
    await eventually(stage.is_syncing, "readable again, so resumed")
    assert stage.is_paused("autumn") is True
    assert running.problem == ""


async def test_an_edit_that_only_the_answer_to_a_status_write_tells_is_not_lost(
    stage: Stage, operator_kubeconfig: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    """The operator writes the status of what it knows while someone edits the spec, and the watch is behind.

    Then the answer carries the edit, and the watch's event of it comes with an older version.
    """
    stage.sync()
    stage.policy(windows=SPRING)
    running = RunningOperator(await proxy.start(tmp_path))
    running.jump_to("2027-03-01T12:00")
    proxy.inject(lambda seen: Fault(hang=True) if seen.watch and "syncpausepolicies" in seen.path else None)
    await running.start(relist_interval=3600.0)
    try:
        await eventually(lambda: stage.condition("Ready").get("status") == "True", "paused, and told")
        stage.policy(windows=[])
        stage.sync("another")  # makes the counts in the status change
        await eventually(stage.is_syncing, "the edit is seen, though no watch tells it")
    finally:
        await running.stop()
