"""The shipped role against what the operator asks for: nothing is denied, and nothing is granted in vain."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import yaml
from cron import run_by_hand
from stage import RunningOperator, Stage, eventually

from controlplane.audit import AuditLog, resource_of
from controlplane.cluster import Cluster

BASE = Path(__file__).parents[2] / "manifests/base"
OWN = "syncpause-system"
ALWAYS = [{"name": "whole-year", "firstDay": "01-01", "lastDay": "12-31"}]
HOLD = {"syncpause.test/hold": "true"}

BEFORE_1_35 = ("", "pods", "list")
"""Since then a Deployment's own status counts its pods that terminate, and nobody may ask for more."""

Right = tuple[str, str, str]
"""(API group, resource with its subresource, verb)"""


def granted(cluster: Cluster) -> set[Right]:
    """The rules of every role that is bound to the operator's ServiceAccount."""
    shipped = list(yaml.safe_load_all(cluster.kubectl("kustomize", str(BASE))))
    bound = {item["roleRef"]["name"] for item in shipped if item["kind"].endswith("RoleBinding")}
    roles = [i for i in shipped if i["kind"] in ("Role", "ClusterRole") and i["metadata"]["name"] in bound]
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


class Audit:
    """The API server's own record of what the operator asks, from now on."""

    def __init__(self, cluster: Cluster) -> None:
        self._log = AuditLog(cluster.audit_log)
        self._entries: set[tuple[Right, bool]] = set()

    def entries(self) -> set[tuple[Right, bool]]:
        """What was asked for, and whether RBAC allowed it."""
        for entry in self._log.fresh():
            if resource := resource_of(entry):
                right = (entry["objectRef"].get("apiGroup", ""), resource, entry["verb"])
                allowed = entry["annotations"]["authorization.k8s.io/decision"] == "allow"
                self._entries.add((right, allowed))
        return self._entries

    def used(self) -> set[Right]:
        return {right for right, allowed in self.entries() if allowed}

    def denied(self) -> set[Right]:
        return {right for right, allowed in self.entries() if not allowed}


async def test_every_right_is_needed_and_none_is_missing(
    cluster: Cluster, stage: Stage, operator_kubeconfig: str
) -> None:
    audit = Audit(cluster)
    running = RunningOperator(operator_kubeconfig)
    running.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    lease = {"leader_elect": True, "lease_namespace": OWN, "lease_name": stage.namespace}
    await running.start(**lease)
    try:
        await _a_whole_story(stage)
        wanted = granted(cluster) - ({BEFORE_1_35} if cluster.minor >= 35 else set())
        await eventually(
            lambda: wanted <= audit.used() or f"unused: {sorted(wanted - audit.used())}", "all used"
        )
        assert audit.denied() == set()
        assert (BEFORE_1_35 in audit.used()) == (cluster.minor < 35)
    finally:
        await running.stop()


def _states(stage: Stage) -> list[str]:
    return [item["status"]["state"] for item in stage.items("schools")]


def _scene(stage: Stage) -> None:
    stage.sync(podAnnotations=HOLD)
    stage.sync("foreign", podAnnotations=HOLD)
    stage.ingest()
    run_by_hand(stage, "rosters", "running")
    stage.policy(windows=ALWAYS, activeJobs="Suspend")
    stage.cluster_policy("everybody", windows=[])


async def _a_whole_story(stage: Stage) -> None:
    await asyncio.to_thread(_scene, stage)  # the lease is renewed meanwhile
    await eventually(stage.is_paused, "paused")
    await eventually(lambda: _states(stage) == ["Paused"], "and its line tells it")
    await eventually(lambda: stage.get("job", "running")["spec"].get("suspend") is True, "suspended")
    run_by_hand(stage, "rosters", "stray", scheduled=datetime.now(UTC))
    await eventually(
        lambda: stage.get("job", "stray")["spec"].get("suspend") is True, "the stray is suspended"
    )
    for name, kind in (("foreign", "cronjob"), ("ingest", "deployment")):
        stage.kubectl("label", kind, name, "-n", stage.namespace, "syncpause.dev/school-")
    await eventually(lambda: stage.replicas() == 3, "resumed without its label")
    stage.policy(windows=[])
    await eventually(stage.is_syncing, "resumed")
    stage.policy(windows=ALWAYS, activeJobs="Suspend")
    await eventually(stage.is_paused, "paused again: the same events")
    stage.policy(windows=[])
    await eventually(stage.is_syncing, "resumed")
    stage.kubectl("delete", "cronjob", "rosters", "-n", stage.namespace)
    await eventually(lambda: stage.items("schools") == [] or "a line is left", "no school, no line")
