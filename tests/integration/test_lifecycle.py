"""Policies, namespaces and the operator itself come and go inside a window."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from stage import RunningOperator, Stage, eventually

from controlplane.failure import KubectlError
from syncpause.domain.school import School

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
AUTUMN = [{"name": "autumn", "firstDay": "2027-10-01", "lastDay": "2027-10-31"}]


async def test_a_policy_edited_deleted_and_recreated_inside_a_window(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    stage.policy(windows=AUTUMN)
    await eventually(stage.is_syncing, "the edit resumes")
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "the edit pauses")
    stage.kubectl("delete", "spp", "summer", "-n", stage.namespace)
    await eventually(stage.is_syncing, "the deletion resumes")
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "the new one pauses")


async def test_ready_can_be_waited_for_after_every_change(stage: Stage, operator: RunningOperator) -> None:
    for number in range(10):
        stage.sync(f"sync-{number}")
    lincoln = School(stage.namespace, "lincoln")
    await eventually(
        lambda: len(operator.operator.context.workloads.members(lincoln)) == 10, "its syncs are seen"
    )
    for windows in (SPRING, AUTUMN, SPRING):
        stage.policy(windows=windows)
        await asyncio.to_thread(
            stage.kubectl,
            "wait",
            "--for=condition=Ready",
            "spp/summer",
            "-n",
            stage.namespace,
            "--timeout=30s",
        )
        paused = {item["spec"]["suspend"] for item in stage.items("cronjobs")}
        assert paused == {windows is SPRING}


async def test_a_first_day_that_passed_while_the_operator_was_down_is_made_good(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=AUTUMN)
    await stopped_operator.start()
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")
    await stopped_operator.stop()
    stopped_operator.jump_to("2027-10-05T00:00")
    await stopped_operator.start()
    await eventually(stage.is_paused, "paused late")


async def test_a_last_day_that_passed_while_the_operator_was_down_is_made_good(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.sync(startingDeadlineSeconds=9)
    stage.ingest(replicas=2)
    stage.policy(windows=SPRING)
    await stopped_operator.start()
    await eventually(stage.is_paused, "paused")
    await stopped_operator.stop()
    stopped_operator.jump_to("2027-04-05T00:00")
    await stopped_operator.start()
    await eventually(stage.is_syncing, "resumed late")
    await eventually(lambda: stage.replicas() == 2, "replicas")
    assert stage.spec_of_sync() == (False, 9)


async def test_a_policy_deleted_while_the_operator_was_down_resumes(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=SPRING)
    await stopped_operator.start()
    await eventually(stage.is_paused, "paused")
    await stopped_operator.stop()
    stage.kubectl("delete", "spp", "summer", "-n", stage.namespace)
    await stopped_operator.start()
    await eventually(stage.is_syncing, "resumed")


async def test_a_namespace_deleted_while_paused_does_not_hang(
    stage: Stage, operator: RunningOperator
) -> None:
    other = stage.add_namespace(f"{stage.namespace}-gone")
    stage.sync("leaving", namespace=other)
    stage.sync("staying")
    stage.cluster_policy("all", windows=SPRING)
    await eventually(lambda: stage.is_paused("leaving", namespace=other), "paused")
    await asyncio.to_thread(stage.kubectl, "delete", "namespace", other, "--timeout=30s")
    assert stage.is_paused("staying") is True


async def test_a_wrong_zone_on_a_namespace_pauses_and_resumes_nothing_and_the_policy_says_why(
    stage: Stage, operator: RunningOperator
) -> None:
    operator.jump_to("2027-02-20T12:00")
    broken = stage.add_namespace(f"{stage.namespace}-broken", "Mars/Olympus")
    stage.sync("held", namespace=broken)
    name = stage.cluster_policy("all", windows=SPRING)
    ready = await eventually(
        lambda: "Mars/Olympus" in (found := stage.condition("Ready", f"cspp/{name}"))["message"] and found,
        "the zone is named",
    )
    assert ready["reason"] == "Held"
    assert stage.is_syncing("held", namespace=broken) is True
    operator.jump_to("2027-03-01T12:00")
    await eventually(lambda: stage.is_paused("held", namespace=broken), "paused by the policy's own zone")
    operator.jump_to("2027-04-02T12:00")
    stage.sync("later", namespace=broken)
    await eventually(lambda: stage.get("school", "lincoln", namespace=broken)["status"], "reported")
    assert stage.is_paused("held", namespace=broken) is True
    stage.add_namespace(broken, "America/Denver")
    await eventually(lambda: stage.is_syncing("held", namespace=broken), "fixed, so resumed")


async def test_what_is_not_ours_is_never_touched(stage: Stage, operator: RunningOperator) -> None:
    stage.sync("ours")
    stage.sync("foreign")
    stage.kubectl("label", "cronjob/foreign", "-n", stage.namespace, "syncpause.dev/school-")
    before = stage.get("cronjob", "foreign")["metadata"]["resourceVersion"]
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.is_paused("ours"), "ours is paused")
    operator.jump_to("2027-04-02T12:00")
    await eventually(lambda: stage.is_syncing("ours"), "ours is back")
    assert stage.get("cronjob", "foreign")["metadata"]["resourceVersion"] == before


async def test_a_tenants_policy_reaches_no_other_namespace(stage: Stage, operator: RunningOperator) -> None:
    """Neither by a name, nor by a selector that fits all, nor by a field that only cluster policies have."""
    neighbour = stage.add_namespace(f"{stage.namespace}-neighbour")
    stage.sync()
    stage.sync(namespace=neighbour)
    before = stage.get("cronjob", "rosters", namespace=neighbour)["metadata"]["resourceVersion"]
    stage.policy(windows=SPRING, schools=["lincoln"], selector={})
    stage.policy("everybody", windows=SPRING)
    with pytest.raises(KubectlError, match="namespaceSelector"):
        stage.policy("greedy", windows=SPRING, namespaceSelector={})
    with pytest.raises(KubectlError, match="enforcement"):
        stage.policy("greedy", windows=SPRING, enforcement="Enforced")
    await eventually(stage.is_paused, "paused at home")
    for policy in ("spp/summer", "spp/everybody"):
        ready = partial(stage.condition, "Ready", policy)
        await eventually(lambda ready=ready: ready().get("status") == "True", "all of its reach is written")
    assert stage.get("cronjob", "rosters", namespace=neighbour)["metadata"]["resourceVersion"] == before


async def test_a_refused_write_is_told_on_the_policy_and_stops_no_other(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync("good")
    stage.sync("guarded")
    name = f"keep-out-{stage.namespace}"
    refusal = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"stage": stage.namespace}},
                "resourceRules": [
                    {
                        "apiGroups": ["batch"],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["cronjobs"],
                        "resourceNames": ["guarded"],
                    }
                ],
            },
            "validations": [{"expression": "false", "message": "the district says no"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    stage.apply(refusal, binding)
    try:
        await eventually(lambda: _is_guarded(stage), "the guard is in force")
        stage.policy(windows=SPRING)
        await eventually(lambda: stage.is_paused("good"), "the other one is paused")
        ready = await eventually(
            lambda: (found := stage.condition("Ready")).get("reason") == "WriteRefused" and found, "told"
        )
        assert "the district says no" in ready["message"]
        assert "guarded" in ready["message"]
    finally:
        stage.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)
    await eventually(lambda: stage.is_paused("guarded"), "paused once it is allowed", seconds=90)


def _is_guarded(stage: Stage) -> bool | str:
    try:
        stage.kubectl("annotate", "cronjob/guarded", "-n", stage.namespace, "probe=1", "--overwrite")
    except Exception as error:
        return "says no" in str(error)
    return "not yet"


def _reason(stage: Stage, part: str) -> bool | str:
    reason = stage.get("school", "lincoln").get("status", {}).get("reason", "no reason yet")
    return part in reason or reason


async def test_a_policy_that_is_deleted_and_applied_again_leaves_no_gap_also_across_a_restart(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    await stopped_operator.start(deletion_grace=600.0)
    stage.ingest(replicas=3)
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.replicas() == 0, "paused")
    before = stage.get("deployment", "ingest")["metadata"]["generation"]
    stage.kubectl("delete", "spp", "summer", "-n", stage.namespace)
    await eventually(lambda: _reason(stage, "spp/summer was deleted, which counts"), "the school reports it")
    await eventually(
        lambda: _condition(stage, "Reconciling")["status"] == "True", "and that it waits for nobody"
    )
    stage.policy("renamed", windows=SPRING)
    await eventually(lambda: stage.condition("Ready", "spp/renamed").get("status") == "True", "in force")
    stage.kubectl("delete", "spp", "renamed", "-n", stage.namespace)
    await eventually(lambda: _reason(stage, "was deleted"), "deleted again")
    await stopped_operator.stop()
    await stopped_operator.start(deletion_grace=600.0)
    await eventually(lambda: _reason(stage, "has just started"), "the new operator waits, too")
    stage.policy(windows=SPRING)
    await eventually(lambda: _reason(stage, "paused by spp/summer, window spring"), "paused as ever")
    assert stage.get("deployment", "ingest")["metadata"]["generation"] == before, "nothing ran in between"


async def test_a_deletion_that_nobody_takes_back_resumes_after_the_grace(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    await stopped_operator.start(deletion_grace=3.0)
    stage.sync(startingDeadlineSeconds=9)
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    stage.kubectl("delete", "spp", "summer", "-n", stage.namespace)
    await eventually(stage.is_syncing, "resumed")
    assert stage.spec_of_sync() == (False, 9)


async def test_a_label_that_is_taken_off_a_namespace_and_put_back_leaves_no_gap(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    await stopped_operator.start(deletion_grace=600.0)
    stage.ingest(replicas=3)
    stage.cluster_policy("all", windows=SPRING)
    await eventually(lambda: stage.replicas() == 0, "paused")
    before = stage.get("deployment", "ingest")["metadata"]["generation"]
    stage.kubectl("label", "namespace", stage.namespace, "stage-")
    await eventually(lambda: _reason(stage, f"namespace {stage.namespace} was changed"), "reported")
    stage.kubectl("label", "namespace", stage.namespace, f"stage={stage.namespace}")
    await eventually(lambda: _reason(stage, "was changed") is not True, "taken back")
    assert stage.get("deployment", "ingest")["metadata"]["generation"] == before, "nothing ran in between"


def _condition(stage: Stage, type_: str) -> dict[str, str]:
    conditions = stage.get("school", "lincoln")["status"]["conditions"]
    return next(dict(item) for item in conditions if item["type"] == type_)
