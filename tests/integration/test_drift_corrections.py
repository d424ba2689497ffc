"""A tool undoes a pause again and again: corrected within a budget, and named."""

from __future__ import annotations

import asyncio

import pytest
from stage import RunningOperator, Stage, eventually

from syncpause.domain.change import drift

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
APRIL = "2027-04-02T12:00"


def undo(stage: Stage) -> None:
    patch = ("--field-manager=gitops", "--type=merge", "-p", '{"spec":{"suspend":false}}')
    stage.kubectl("patch", "cronjob", "rosters", "-n", stage.namespace, *patch)


def generation(stage: Stage) -> int:
    return int(stage.get("cronjob", "rosters")["metadata"]["generation"])


def school_condition(stage: Stage, type_: str) -> str:
    conditions = stage.get("school", "lincoln")["status"]["conditions"]
    return str({item["type"]: item["status"] for item in conditions}[type_])


def told_of_contest(stage: Stage) -> set[str]:
    return {item["involvedObject"]["kind"] for item in stage.items("events") if item["reason"] == "Contested"}


async def test_a_tool_that_undoes_a_pause_is_corrected_within_a_budget_and_named(
    stage: Stage, operator: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "SECONDS_PER_CORRECTION", 20.0)  # the budget is used up on a slow machine too
    stage.sync(startingDeadlineSeconds=600)
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    await eventually(lambda: stage.condition("Contested")["status"] == "False", "no contest yet")
    before = generation(stage)
    undone = 0
    for _ in range(drift.BURST):
        await asyncio.to_thread(undo, stage)
        undone += 1
        await eventually(stage.is_paused, "paused again, at once", seconds=5)
    contested = await eventually(
        lambda: (found := stage.condition("Contested")).get("status") == "True" and found, "Contested"
    )
    assert contested["message"].startswith(f"gitops undoes the pause of cronjob {stage.namespace}/rosters")
    assert "managedFieldsManagers: [syncpause]" in contested["message"]
    await asyncio.to_thread(undo, stage)
    await eventually(lambda: not stage.spec_of_sync()[0], "undone beyond the budget")
    await eventually(stage.is_paused, "paused again, when the budget allows it", seconds=40)
    assert generation(stage) - before == 2 * (undone + 1), "one write undoes, one corrects, and no other"
    await eventually(lambda: school_condition(stage, "Contested") == "True", "its school says so too")
    await eventually(lambda: told_of_contest(stage) == {"SyncPausePolicy", "SchoolSync"}, "Events of both")
    operator.jump_to(APRIL)
    await eventually(stage.is_syncing, "resumed")
    await eventually(lambda: stage.condition("Contested").get("status") == "False", "over with the pause")
    assert stage.spec_of_sync() == (False, 600)
