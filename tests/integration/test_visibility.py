"""A replica that cannot see the cluster says so, reads in other ways, and lets one that sees lead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from stage import RunningOperator, Stage, eventually

from faults.proxy import Fault, FaultProxy
from syncpause.controller.operator import Operator
from syncpause.controller.schedule import scheduler
from syncpause.domain.school import School

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
