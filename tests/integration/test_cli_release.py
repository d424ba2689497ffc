"""`kubectl syncpause release`: workloads go back with no operator and no policy."""

from __future__ import annotations

from plugin import Plugin
from stage import RunningOperator, Stage, eventually

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
    told = plugin.ok("release", "lincoln", "-n", stage.namespace, "--yes")
    assert f"cronjob {stage.namespace}/lincoln  released" in told
    assert stage.is_syncing("lincoln") is True
    assert stage.spec_of_sync("lincoln") == (False, 600)
    assert stage.is_paused("franklin") is True


def test_release_asks_what_to_release_and_whether(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    neither = plugin("release", "-n", stage.namespace)
    assert (neither.code, "a SCHOOL, or --all" in neither.err) == (2, True)
    nothing = plugin.ok("release", "--all", "-n", stage.namespace)
    assert nothing == f"nothing is paused in namespace {stage.namespace}\n"
