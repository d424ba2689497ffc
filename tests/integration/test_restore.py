"""A workload comes back exactly as its owner wants it, whatever happened during the pause."""

from __future__ import annotations

import pytest
from stage import RunningOperator, Stage, eventually

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
APRIL = "2027-04-02T12:00"


@pytest.mark.parametrize("deadline", [None, 0, 600])
@pytest.mark.parametrize("suspend", [False, True])
async def test_suspension_and_deadline_come_back_as_they_were(
    stage: Stage, operator: RunningOperator, suspend: bool, deadline: int | None
) -> None:
    fields = {} if deadline is None else {"startingDeadlineSeconds": deadline}
    stage.sync(suspend=suspend, **fields)
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    operator.jump_to(APRIL)
    await eventually(lambda: "restore" not in str(stage.get("cronjob", "rosters")["metadata"]), "resumed")
    assert stage.spec_of_sync() == (suspend, deadline)


@pytest.mark.parametrize("replicas", [0, 1, 5])
async def test_replicas_come_back_as_they_were(
    stage: Stage, operator: RunningOperator, replicas: int
) -> None:
    stage.ingest(replicas=replicas)
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused")
    assert stage.replicas() == 0
    operator.jump_to(APRIL)
    await eventually(lambda: "restore" not in str(stage.get("deployment", "ingest")["metadata"]), "resumed")
    assert stage.replicas() == replicas


async def test_a_cronjob_born_inside_a_window_is_paused(stage: Stage, operator: RunningOperator) -> None:
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")
    stage.sync()
    await eventually(stage.is_paused, "the newborn is paused")


async def test_a_school_label_added_and_removed_inside_a_window(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync(startingDeadlineSeconds=60)
    label = ("label", "cronjob/rosters", "-n", stage.namespace)
    stage.kubectl(*label, "syncpause.dev/school-")
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")
    assert stage.is_syncing() is True
    stage.kubectl(*label, "syncpause.dev/school=lincoln")
    await eventually(stage.is_paused, "paused with the label")
    stage.kubectl(*label, "syncpause.dev/school-")
    await eventually(stage.is_syncing, "resumed without it")
    assert stage.spec_of_sync() == (False, 60)


async def test_a_label_lost_while_the_operator_was_down_strands_nothing(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=SPRING)
    await stopped_operator.start()
    await eventually(stage.is_paused, "paused")
    await stopped_operator.stop()
    stage.kubectl("label", "cronjob/rosters", "-n", stage.namespace, "syncpause.dev/school-")
    await stopped_operator.start()
    await eventually(stage.is_syncing, "resumed")


async def test_drift_by_kubectl_becomes_what_is_restored(stage: Stage, operator: RunningOperator) -> None:
    stage.sync(suspend=True)
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    drift = '{"spec": {"suspend": false, "startingDeadlineSeconds": 77}}'
    stage.kubectl("patch", "cronjob/rosters", "-n", stage.namespace, "--type=merge", "-p", drift)
    await eventually(stage.is_paused, "paused again")
    operator.jump_to(APRIL)
    await eventually(stage.is_syncing, "resumed")
    assert stage.spec_of_sync() == (False, 77)


async def test_drift_by_scale_becomes_what_is_restored(stage: Stage, operator: RunningOperator) -> None:
    stage.ingest(replicas=2)
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.replicas() == 0, "paused")
    stage.kubectl("scale", "deployment/ingest", "-n", stage.namespace, "--replicas=7")
    await eventually(lambda: stage.replicas() == 0, "paused again")
    operator.jump_to(APRIL)
    await eventually(lambda: stage.replicas() == 7, "resumed with what was asked for")


async def test_drift_by_server_side_apply_becomes_what_is_restored(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    manifest = stage.kubectl(
        "get", "cronjob/rosters", "-n", stage.namespace, "-o", "yaml", "--show-managed-fields=false"
    )
    assert "suspend: true" in manifest
    applied = f"""
apiVersion: batch/v1
kind: CronJob
metadata: {{name: rosters, namespace: {stage.namespace}}}
spec: {{suspend: false, startingDeadlineSeconds: 30}}
"""
    stage.kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=gitops", "-f", "-", stdin=applied
    )
    await eventually(stage.is_paused, "paused again")
    operator.jump_to(APRIL)
    await eventually(stage.is_syncing, "resumed")
    assert stage.spec_of_sync() == (False, 30)


async def test_stripped_annotations_are_put_back_from_memory(stage: Stage, operator: RunningOperator) -> None:
    stage.ingest(replicas=4)
    stage.kubectl("scale", "deployment/ingest", "-n", stage.namespace, "--replicas=6")
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.replicas() == 0, "paused")
    stage.kubectl("annotate", "deployment/ingest", "-n", stage.namespace, "syncpause.dev/restore-replicas-")
    await eventually(
        lambda: (
            stage.get("deployment", "ingest")["metadata"]["annotations"].get("syncpause.dev/restore-replicas")
            == "6"
        ),
        "the annotation is back",
    )


async def test_lost_restore_state_falls_back_to_the_last_applied_configuration(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.ingest(replicas=4)
    stage.policy(windows=SPRING)
    await stopped_operator.start()
    await eventually(lambda: stage.replicas() == 0, "paused")
    await stopped_operator.stop()
    stage.kubectl(
        "annotate",
        "deployment/ingest",
        "-n",
        stage.namespace,
        "syncpause.dev/restore-replicas=broken",
        "--overwrite",
    )
    stage.kubectl("delete", "schools", "--all", "-n", stage.namespace)
    stopped_operator.jump_to(APRIL)
    await stopped_operator.start()
    await eventually(lambda: stage.replicas() == 4, "the applied replicas")
    warnings = [item for item in stage.items("events") if item["reason"] == "RestoreStateLost"]
    assert "last-applied" in (await eventually(lambda: warnings or _lost(stage), "a warning"))[0]["message"]


def _lost(stage: Stage) -> list[dict[str, str]]:
    return [item for item in stage.items("events") if item["reason"] == "RestoreStateLost"]
