"""A replica that cannot see the cluster says so, reads in other ways, and lets one that sees lead."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from stage import RunningOperator, Stage, eventually

import shipped
from controlplane.cluster import Cluster
from faults.proxy import Fault, FaultProxy
from syncpause.controller.operator import Operator
from syncpause.controller.schedule import scheduler
from syncpause.domain.school import School

SCHOOLS_CRD = Path(__file__).parents[2] / "crds/syncpause.dev_schoolsyncs.yaml"
MUTE = "is accepted, but nothing has come through it"
SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]


@pytest.fixture
async def far(operator_kubeconfig: str, proxy: FaultProxy, tmp_path: Path) -> AsyncIterator[RunningOperator]:
    """An operator behind the proxy, not started yet."""
    running = RunningOperator(await proxy.start(tmp_path))
    running.jump_to("2027-03-01T12:00")
    yield running
    await running.stop()


def parts_of(running: RunningOperator) -> Operator:
    assert running.operator is not None
    return running.operator


def shows(running: RunningOperator, words: str) -> Callable[[], Any]:
    """Whether the problem of the operator has these words, or what it is."""
    operator = parts_of(running)
    return lambda: [operator.problem] if words in operator.problem else operator.problem or "no problem"


def silence(watch: str) -> float:
    found = REGISTRY.get_sample_value("syncpause_watch_silence_seconds", {"watch": watch})
    assert found is not None
    return found


@pytest.mark.parametrize("plural", ["syncpausepolicies", "namespaces", "customresourcedefinitions"])
async def test_a_watch_that_never_opens_is_reported_and_policies_are_read_all_the_same(
    plural: str, stage: Stage, far: RunningOperator, proxy: FaultProxy
) -> None:
    proxy.inject(lambda seen: Fault(403) if seen.watch and seen.path.endswith(f"/{plural}") else None)
    await far.start(relist_interval=3600.0)
    await eventually(shows(far, f"the watch of {plural} has been closed for"), "the silence is reported")
    stage.sync()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "the policy is read within seconds", seconds=30)
    await eventually(lambda: silence(plural) > 30 or f"{silence(plural)}", "the metric")
    proxy.heal()
    await eventually(lambda: not parts_of(far).problem or parts_of(far).problem, "the watch is back")


TOUCHED = {
    "cronjobs": "cronjob/rosters",
    "deployments": "deployment/ingest",
    "schoolsyncs": "schoolsync/lincoln",
    "syncpausepolicies": "spp/summer",
    "namespaces": "namespace/{stage}",
    "customresourcedefinitions": "crd/schoolsyncs.syncpause.dev",
}
"""What brings an event to each watch."""


@pytest.mark.parametrize("plural", TOUCHED)
async def test_a_mute_watch_is_reported_and_what_it_withholds_is_found_all_the_same(
    plural: str, stage: Stage, far: RunningOperator, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API server accepts the watch, and no byte comes; the constants make two minutes a second."""
    monkeypatch.setattr("syncpause.kube.watch_state.FIRST_BYTE_SECONDS", 0.5)
    monkeypatch.setattr("syncpause.kube.watch_state.RELIST_SECONDS", 0.5)
    proxy.inject(lambda seen: Fault(mute=1.5) if seen.watch and seen.path.endswith(f"/{plural}") else None)
    await far.start(relist_interval=3600.0)
    await eventually(shows(far, f"the watch of {plural} {MUTE}"), "it is not ready")
    await eventually(lambda: silence(plural) > 1 or f"{silence(plural)}", "the metric")
    stage.sync()
    stage.ingest()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "the sync is paused")
    await eventually(lambda: stage.replicas() == 0 or stage.replicas(), "the ingest is paused")
    await eventually(lambda: stage.get("school", "lincoln").get("status"), "the school has a status")
    assert f"the watch of {plural} {MUTE}" in parts_of(far).problem, "no list and no new watch hides it"
    proxy.heal()
    number = itertools.count()

    def works_after_an_event() -> bool | str:
        what = TOUCHED[plural].format(stage=stage.namespace)
        stage.kubectl("annotate", what, "-n", stage.namespace, "--overwrite", f"test/event={next(number)}")
        return not parts_of(far).problem or parts_of(far).problem

    await eventually(works_after_an_event, "a byte came through")


async def test_a_replica_without_the_right_to_the_lease_is_not_ready_until_it_has_it(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    lease = {"leader_elect": True, "lease_namespace": stage.namespace, "lease_name": "syncpause"}
    await stopped_operator.start(lead=False, **lease)
    named = f"the Lease {stage.namespace}/syncpause cannot be "
    await eventually(shows(stopped_operator, f"{named}read, so this replica cannot lead"), "the Lease, named")
    problem = parts_of(stopped_operator).problem
    assert "is forbidden" in problem
    fix = "the verbs get, create and update on leases.coordination.k8s.io"
    assert f"{fix} in namespace {stage.namespace}, as manifests/rbac/role.yaml does" in problem
    account = f"--serviceaccount={shipped.NAMESPACE}:{shipped.ACCOUNT}"
    where = ("-n", stage.namespace)
    stage.kubectl("create", "role", "reader", "--verb=get", "--resource=leases", *where)
    stage.kubectl("create", "rolebinding", "reader", "--role=reader", account, *where)
    await eventually(
        shows(stopped_operator, f"{named}created, so this replica cannot lead"), "the next right"
    )
    verbs = "--verb=create,update"
    stage.kubectl("create", "role", "writer", verbs, "--resource=leases", *where)
    stage.kubectl("create", "rolebinding", "writer", "--role=writer", account, *where)
    operator = parts_of(stopped_operator)
    await eventually(operator.leading.is_set, "it leads")
    await eventually(lambda: not operator.problem or operator.problem, "it is ready")


async def test_a_replica_whose_lease_has_no_namespace_is_not_ready_until_there_is_one(
    cluster: Cluster, stage: Stage
) -> None:
    running = RunningOperator(str(cluster.kubeconfig))
    missing = f"{stage.namespace}-lease"
    await running.start(lead=False, leader_elect=True, lease_namespace=missing)
    try:
        fix = f"create namespace {missing}, or name an existing one by --lease-namespace"
        await eventually(shows(running, f"the Lease {missing}/syncpause cannot be created"), "the Lease")
        assert fix in parts_of(running).problem
        stage.add_namespace(missing)
        await eventually(parts_of(running).leading.is_set, "it leads")
        await eventually(lambda: not parts_of(running).problem or parts_of(running).problem, "it is ready")
    finally:
        await running.stop()


async def test_a_standby_is_ready(
    stage: Stage, far: RunningOperator, stopped_operator: RunningOperator
) -> None:
    lease = {"leader_elect": True, "lease_namespace": "syncpause-system", "lease_name": stage.namespace}
    await far.start(**lease, identity="far")
    await stopped_operator.start(lead=False, **lease, identity="near")
    near = parts_of(stopped_operator)
    await eventually(lambda: (near.synced and not near.problem) or near.problem, "the standby is ready")
    assert not near.leading.is_set()


async def test_without_the_schoolsync_crd_syncs_are_paused_and_resumed_all_the_same(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.kubectl("delete", "crd", "schoolsyncs.syncpause.dev")
    try:
        lease = {"leader_elect": True, "lease_namespace": "syncpause-system", "lease_name": stage.namespace}
        await stopped_operator.start(**lease, blind_timeout=2.0)
        operator = parts_of(stopped_operator)
        stage.sync()
        stage.policy(windows=SPRING)
        await eventually(stage.is_paused, "paused")
        await eventually(lambda: bool(operator.limitation), "the limitation")
        assert "no school's status is written: SchoolSyncs cannot be read" in operator.limitation
        fix = "kubectl apply -f crds/ installs the CustomResourceDefinition schoolsyncs.syncpause.dev"
        assert operator.limitation.endswith(fix)
        await eventually(lambda: REGISTRY.get_sample_value("syncpause_schools_readable") == 0, "the metric")
        assert operator.problem == ""
        stopped_operator.jump_to("2027-04-02T12:00")
        await eventually(stage.is_syncing, "resumed")
        assert operator.leading.is_set(), "it is not blind"
    finally:
        stage.kubectl("apply", "--server-side", "-f", str(SCHOOLS_CRD))
    await eventually(lambda: not operator.limitation or operator.limitation, "schools are read again")
    await eventually(
        lambda: [each for each in stage.items("schools") if each.get("status")], "the school has a status"
    )


async def test_a_blind_leader_lets_a_replica_that_sees_take_over(
    stage: Stage, far: RunningOperator, proxy: FaultProxy, stopped_operator: RunningOperator
) -> None:
    lease = {"leader_elect": True, "lease_namespace": "syncpause-system", "lease_name": stage.namespace}
    stage.sync()
    await far.start(**lease, identity="far", blind_timeout=2.0, relist_interval=1.0)
    await stopped_operator.start(lead=False, **lease, identity="near")
    near, blind = parts_of(stopped_operator), parts_of(far)
    proxy.inject(lambda seen: Fault(403) if "policies" in seen.path and seen.method == "GET" else None)
    await eventually(near.leading.is_set, "the one that sees leads")
    assert not blind.leading.is_set()
    assert "policies cannot be read" in blind.problem
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "its work goes on")
    holder = stage.get("lease", stage.namespace, namespace="syncpause-system")["spec"]["holderIdentity"]
    assert holder == "near"


async def test_a_blind_leader_leads_again_where_nobody_else_takes_over(
    stage: Stage, far: RunningOperator, proxy: FaultProxy
) -> None:
    lease = {"leader_elect": True, "lease_namespace": "syncpause-system", "lease_name": stage.namespace}
    await far.start(**lease, identity="far", blind_timeout=2.0, relist_interval=1.0)
    operator = parts_of(far)
    proxy.inject(lambda seen: Fault(403) if "policies" in seen.path and seen.method == "GET" else None)
    await eventually(lambda: not operator.leading.is_set(), "the Lease is given back")
    await eventually(operator.leading.is_set, "nobody took it")
    proxy.heal()
    stage.sync()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "it sees again, and pauses")


async def test_an_error_in_one_schools_edges_delays_no_other_and_is_reported(
    stage: Stage, operator: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = scheduler.next_edge

    def broken(policy_set: Any, namespace: str, school: str, now: Any) -> Any:
        if school == "lincoln":
            raise ArithmeticError("a defect of the calendar")
        return compute(policy_set, namespace, school, now)

    monkeypatch.setattr(scheduler, "next_edge", broken)
    stage.sync("rosters", school="lincoln")
    stage.sync("grades", school="franklin")
    stage.policy(windows=[{"name": "april", "firstDay": "2027-04-01", "lastDay": "2027-04-30"}])
    await eventually(shows(operator, "a defect of the calendar"), "it is reported")
    assert str(School(stage.namespace, "lincoln")) in parts_of(operator).problem
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "looked at")
    operator.jump_to("2027-04-02T12:00")
    await eventually(lambda: stage.is_paused("grades"), "the other school is paused at its edge")
