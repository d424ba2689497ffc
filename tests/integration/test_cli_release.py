"""`kubectl syncpause release`: workloads go back with no operator and no policy."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from plugin import Plugin
from stage import RunningOperator, Stage, eventually
from test_jobs import HOLD, run_by_hand, window

from controlplane.cluster import Cluster


async def test_release_of_a_school_hands_back_its_workloads_alone(
    cluster: Cluster, stage: Stage, stopped_operator: RunningOperator
) -> None:
    plugin = Plugin(cluster)
    stage.policy(windows=[{"name": "s", "firstDay": "06-15", "lastDay": "08-09"}])
    stage.sync("lincoln", school="lincoln", startingDeadlineSeconds=600)
    stage.sync("franklin", school="franklin")
    stopped_operator.jump_to("2027-07-01T12:00")
    await stopped_operator.start()
    await eventually(lambda: stage.is_paused("lincoln"), "paused")
    await eventually(lambda: stage.is_paused("franklin"), "paused")
    await stopped_operator.stop()
    shown = plugin.ok("release", "lincoln", "-n", stage.namespace, "--dry-run")
    assert "goes back to suspend=false, startingDeadlineSeconds=600" in shown
    assert stage.is_paused("lincoln") is True
    unasked = plugin("release", "lincoln", "-n", stage.namespace)
    assert (unasked.code, stage.is_paused("lincoln")) == (1, True)
    told = plugin.ok("release", "lincoln", "-n", stage.namespace, "--yes")
    assert f"cronjob {stage.namespace}/lincoln  released" in told
    assert stage.is_syncing("lincoln") is True
    assert stage.spec_of_sync("lincoln") == (False, 600)
    assert stage.is_paused("franklin") is True


async def test_release_lets_suspended_jobs_go_on(
    cluster: Cluster, stage: Stage, operator: RunningOperator
) -> None:
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.sync(podAnnotations=HOLD)
    run_by_hand(stage, "rosters", "long")

    def job() -> Any:
        return stage.get("job", "long")

    await eventually(lambda: job().get("status", {}).get("active") == 1, "the Job runs")
    stage.policy(windows=window(-1, 1), activeJobs="Suspend")
    await eventually(lambda: job()["spec"]["suspend"] is True, "suspended")
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "nothing runs any more")
    await operator.stop()
    told = await asyncio.to_thread(Plugin(cluster).ok, "release", "--all", "-n", stage.namespace, "-y")
    assert "and 1 suspended Job" in told
    assert job()["spec"]["suspend"] is False
    assert stage.is_syncing() is True


def test_release_asks_what_to_release_and_whether(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    neither = plugin("release", "-n", stage.namespace)
    assert (neither.code, "a SCHOOL or --all" in neither.err) == (2, True)
    nothing = plugin.ok("release", "--all", "-n", stage.namespace)
    assert nothing == f"nothing is paused in {stage.namespace}\n"
    other = plugin.ok("release", "lincoln", "-n", stage.namespace)
    assert other == f"school lincoln is not paused in {stage.namespace}\n"
