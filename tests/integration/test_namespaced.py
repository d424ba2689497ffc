"""An operator for some namespaces only: it needs no rights anywhere else, and touches nothing there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from stage import RunningOperator, Stage, eventually

MANIFESTS = Path(__file__).parents[2] / "manifests/namespaced"
SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
APRIL = "2027-04-02T12:00"


@pytest.fixture
def second(stage: Stage) -> str:
    return stage.add_namespace(f"{stage.namespace}-second")


@pytest.fixture
def elsewhere(stage: Stage) -> str:
    return stage.add_namespace(f"{stage.namespace}-elsewhere")


@pytest.fixture
async def scoped(
    stage: Stage, second: str, elsewhere: str, operator_kubeconfig: str
) -> AsyncIterator[RunningOperator]:
    """As the manifests install it, under a ServiceAccount in this stage's own namespace."""
    stage.apply(*_as_shipped(stage, [stage.namespace, second]))
    kubeconfig = stage.cluster.service_account_kubeconfig(stage.namespace, "syncpause")
    running = RunningOperator(str(kubeconfig))
    running.jump_to("2027-03-01T12:00")
    await running.start(namespaces=f"{stage.namespace}, {second}")
    yield running
    await running.stop()
    stage.kubectl("delete", "clusterrolebinding", f"reader-{stage.namespace}")


def _as_shipped(stage: Stage, namespaces: list[str]) -> list[dict[str, object]]:
    shipped = list(yaml.safe_load_all(stage.kubectl("kustomize", str(MANIFESTS))))
    bindings = {item["metadata"]["name"]: item for item in shipped if item["kind"] == "ClusterRoleBinding"}
    assert list(bindings) == ["syncpause-cluster-reader"], "what it may write, it may in its namespaces only"
    reader = bindings["syncpause-cluster-reader"]
    reader["metadata"]["name"] = f"reader-{stage.namespace}"
    reader["subjects"][0]["namespace"] = stage.namespace
    one = next(item for item in shipped if item["kind"] == "RoleBinding" and "roosevelt" in str(item))
    one["subjects"][0]["namespace"] = stage.namespace
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    return [
        {**account, "metadata": {"name": "syncpause", "namespace": stage.namespace}},
        reader,
        *({**one, "metadata": {"name": "syncpause", "namespace": name}} for name in namespaces),
    ]


async def test_it_pauses_and_resumes_in_its_namespaces_and_nowhere_else(
    stage: Stage, scoped: RunningOperator, second: str, elsewhere: str
) -> None:
    stage.sync(startingDeadlineSeconds=9)
    stage.sync(namespace=second)
    stage.sync(namespace=elsewhere)
    before = stage.get("cronjob", "rosters", namespace=elsewhere)["metadata"]["resourceVersion"]
    stage.policy(windows=SPRING)
    everybody = stage.cluster_policy("everybody", windows=SPRING)
    await eventually(stage.is_paused, "paused by its namespace's policy")
    await eventually(lambda: stage.is_paused(namespace=second), "paused by a cluster policy")
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")
    await eventually(lambda: stage.items("schools", namespace=second), "a line for the school")
    scoped.jump_to(APRIL)
    await eventually(stage.is_syncing, "resumed")
    await eventually(lambda: stage.is_syncing(namespace=second), "resumed")
    assert stage.spec_of_sync() == (False, 9)
    assert stage.get("cronjob", "rosters", namespace=elsewhere)["metadata"]["resourceVersion"] == before
    assert stage.items("schools", namespace=elsewhere) == []
    assert "status" not in stage.get("cspp", everybody), "left to whoever sees the whole cluster"
    assert scoped.operator is not None
    assert scoped.operator.problem == ""


async def test_a_namespace_that_does_not_exist_is_empty_and_holds_nothing(
    stage: Stage, scoped: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With rights in each namespace of its own, the API server answers 403 for one that does not exist."""
    monkeypatch.setattr("syncpause.kube.watch_state.CLOSED_SECONDS", 1.0)
    await scoped.stop()
    missing = f"{stage.namespace}-missing"
    await scoped.start(namespaces=f"{missing},{stage.namespace}")
    operator = scoped.operator
    assert operator is not None
    stage.sync()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "no Job is waited for")
    await eventually(lambda: not operator.problem or operator.problem, "it is ready")
    stage.add_namespace(missing)
    role = next(item for item in _as_shipped(stage, [missing]) if item["kind"] == "RoleBinding")
    stage.apply(role)
    stage.sync(namespace=missing)
    stage.cluster_policy("everybody", windows=SPRING)
    await eventually(lambda: stage.is_paused(namespace=missing), "paused once it exists", 90)
    stage.kubectl("delete", "namespace", missing)
    scoped.jump_to(APRIL)
    await eventually(stage.is_syncing, "resumed")
    await eventually(lambda: not operator.problem or operator.problem, "it is ready without it", 90)


async def test_a_label_lost_while_it_was_down_strands_nothing(
    stage: Stage, scoped: RunningOperator, second: str
) -> None:
    stage.sync(namespace=second)
    stage.cluster_policy("everybody", windows=SPRING)
    await eventually(lambda: stage.is_paused(namespace=second), "paused")
    await scoped.stop()
    stage.kubectl("label", "cronjob/rosters", "-n", second, "syncpause.dev/school-")
    await scoped.start(namespaces=f"{stage.namespace},{second}")
    await eventually(lambda: stage.is_syncing(namespace=second), "resumed")
