"""`kubectl syncpause release`: workloads go back with no operator and no policy."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from plugin import Plugin
from stage import RunningOperator, Stage, eventually
from test_jobs import HOLD, run_by_hand, window

from controlplane.cluster import Cluster
from faults.proxy import Fault, FaultProxy


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


async def paused_stage(stage: Stage, operator: RunningOperator) -> None:
    """A CronJob with a deadline of 600 s and 5 replicas of ingest, paused, and the operator gone."""
    stage.sync(startingDeadlineSeconds=600)
    stage.ingest(replicas=5)
    stage.policy(windows=[{"name": "s", "firstDay": "06-15", "lastDay": "08-09"}])
    operator.jump_to("2027-07-01T12:00")
    await operator.start()
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused")
    await operator.stop()


MARKS = [f"syncpause.dev/{mark}-" for mark in ("restore-suspend", "restore-replicas", "paused-at")]


@pytest.mark.parametrize("lost", ["the label", "the annotations"])
async def test_release_restores_what_it_announces_where_marks_are_lost(
    cluster: Cluster, stage: Stage, stopped_operator: RunningOperator, lost: str
) -> None:
    plugin = Plugin(cluster)
    await paused_stage(stage, stopped_operator)
    for what in ("cronjob/rosters", "deployment/ingest"):
        change = (
            ["label", what, "syncpause.dev/state-"] if lost == "the label" else ["annotate", what, *MARKS]
        )
        stage.kubectl(*change, "-n", stage.namespace)
    shown = plugin.ok("release", "--all", "-n", stage.namespace, "--dry-run")
    assert "goes back to suspend=false, startingDeadlineSeconds=600" in shown
    assert "goes back to replicas=5" in shown
    plugin.ok("release", "--all", "-n", stage.namespace, "--yes")
    assert (stage.is_syncing(), stage.spec_of_sync(), stage.replicas()) == (True, (False, 600), 5)
    again = plugin.ok("release", "--all", "-n", stage.namespace)
    assert again == f"nothing is paused in {stage.namespace}\n"


async def test_an_error_of_one_object_is_told_by_name_and_a_second_run_finishes(
    cluster: Cluster, stage: Stage, stopped_operator: RunningOperator, tmp_path: Path
) -> None:
    await paused_stage(stage, stopped_operator)
    token = json.loads(cluster.kubeconfig.read_text())["users"][0]["user"]["token"]
    wire = FaultProxy(cluster, token)
    plugin = Plugin(cluster, Path(await wire.start(tmp_path)))
    where = ("release", "--all", "-n", stage.namespace, "-y")
    try:
        wire.inject(
            lambda seen: (
                Fault(403, message="no luck") if seen.method == "PATCH" and "cronjobs" in seen.path else None
            )
        )
        answer = await asyncio.to_thread(plugin, *where)
    finally:
        await wire.stop()
    assert (answer.code, stage.replicas()) == (3, 5)
    assert f"cronjob {stage.namespace}/rosters  not released: no luck" in answer.err
    assert "run release again" in answer.err
    assert stage.is_paused() is True
    Plugin(cluster).ok(*where)
    assert stage.is_syncing() is True


def test_a_workload_of_nobody_keeps_its_own_values(cluster: Cluster, stage: Stage) -> None:
    """Its state label came with a manifest that was copied and pasted."""
    stage.ingest("stopped", replicas=0)
    where = ("deployment", "stopped", "-n", stage.namespace)
    stage.kubectl("label", *where, "syncpause.dev/school-", "syncpause.dev/state=paused")
    Plugin(cluster).ok("release", "--all", "-n", stage.namespace, "-y")
    assert stage.replicas("stopped") == 0


async def test_a_suspended_job_with_some_completions_goes_on_with_its_cronjob(
    cluster: Cluster, stage: Stage, stopped_operator: RunningOperator
) -> None:
    await paused_stage(stage, stopped_operator)
    uid = stage.get("cronjob", "rosters")["metadata"]["uid"]
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "rosters", "uid": uid, "controller": True}
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "sync", "image": "sync"}]}}
    stage.apply(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": "half",
                "namespace": stage.namespace,
                "labels": {"syncpause.dev/state": "paused"},
                "annotations": {"syncpause.dev/restore-suspend": "false"},
                "ownerReferences": [owner],
            },
            "spec": {"suspend": True, "completions": 3, "template": pod},
        }
    )
    status = '{"status": {"succeeded": 1}}'
    patch = ("patch", "job", "half", "-n", stage.namespace, "--subresource=status", "--type=merge")
    stage.kubectl(*patch, "-p", status)
    told = await asyncio.to_thread(Plugin(cluster).ok, "release", "--all", "-n", stage.namespace, "-y")
    assert "and 1 suspended Job" in told
    assert stage.get("job", "half")["spec"]["suspend"] is False


def test_release_asks_what_to_release_and_whether(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    neither = plugin("release", "-n", stage.namespace)
    assert (neither.code, "a SCHOOL or --all" in neither.err) == (2, True)
    nothing = plugin.ok("release", "--all", "-n", stage.namespace)
    assert nothing == f"nothing is paused in {stage.namespace}\n"
    other = plugin.ok("release", "lincoln", "-n", stage.namespace)
    assert other == f"school lincoln is not paused in {stage.namespace}\n"
