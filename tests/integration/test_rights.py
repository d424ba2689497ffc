"""Who may do what with our kinds, asked of the real API server by impersonation."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from plugin import Plugin
from stage import Stage

from controlplane.cluster import Cluster
from controlplane.failure import KubectlError
from controlplane.process import wait_until

ROOT = Path(__file__).parents[2]
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")
OURS = ("syncpausepolicies", "schoolsyncs", "clustersyncpausepolicies")
NOT_OURS = ("cronjobs.batch", "deployments.apps", "jobs.batch", "pods", "secrets", "events", "configmaps")


class Staff:
    """A person with one role in one namespace."""

    def __init__(self, stage: Stage, role: str) -> None:
        self.stage = stage
        self.name = f"{role}-of-{stage.namespace}"
        binding = (self.name, f"--clusterrole={role}", f"--user={self.name}", "-n", stage.namespace)
        stage.kubectl("create", "rolebinding", *binding)
        wait_until(f"the rights of {role}", self._missing, seconds=30)

    def may(self, verb: str, resource: str, *more: str, namespace: str | None = None) -> bool:
        where = ("-n", namespace or self.stage.namespace, f"--as={self.name}")
        answer = self.stage.cluster.kubectl("auth", "can-i", verb, resource, *more, *where, check=False)
        return answer.splitlines()[0] == "yes"

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        return self.stage.kubectl(*args, f"--as={self.name}", stdin=stdin)

    def _missing(self) -> str | None:
        """Aggregation is the controller manager's work, and takes a moment."""
        return None if self.may("get", "syncpausepolicies.syncpause.dev") else "not yet"


@pytest.fixture
def other(stage: Stage) -> str:
    """Another school's namespace."""
    return stage.add_namespace(f"{stage.namespace}-other")


@pytest.fixture
def installed(cluster: Cluster) -> None:
    cluster.kubectl("apply", "--server-side", "-k", str(ROOT / "manifests/rbac"))


def policy(stage: Stage, namespace: str | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "SyncPausePolicy",
            "metadata": {"name": "own", "namespace": namespace or stage.namespace},
            "spec": {"timeZone": "UTC", "windows": [{"name": "s", "firstDay": "06-12", "lastDay": "08-14"}]},
        }
    )


@pytest.mark.parametrize("role", ["view", "edit", "admin", "syncpause-view", "syncpause-edit"])
def test_each_role_may_what_it_says_and_no_more(stage: Stage, installed: None, other: str, role: str) -> None:
    staff = Staff(stage, role)
    writes = "view" not in role
    reads_schools = role != "syncpause-edit"
    for verb in READ:
        assert staff.may(verb, "syncpausepolicies.syncpause.dev")
        assert staff.may(verb, "schoolsyncs.syncpause.dev") is reads_schools
    for verb in WRITE:
        assert staff.may(verb, "syncpausepolicies.syncpause.dev") is writes
        assert not staff.may(verb, "schoolsyncs.syncpause.dev")
    for verb in ("update", "patch"):
        for resource in OURS:
            assert not staff.may(verb, f"{resource}.syncpause.dev", "--subresource=status")
    for verb in READ + WRITE:
        assert not staff.may(verb, "clustersyncpausepolicies.syncpause.dev")
        assert not staff.may(verb, "syncpausepolicies.syncpause.dev", namespace=other)


@pytest.mark.parametrize("role", ["syncpause-view", "syncpause-edit"])
def test_our_roles_by_themselves_touch_nothing_that_is_not_ours(
    stage: Stage, installed: None, role: str
) -> None:
    staff = Staff(stage, role)
    allowed = [f"{verb} {what}" for verb in READ + WRITE for what in NOT_OURS if staff.may(verb, what)]
    assert allowed == []


def test_staff_change_their_schools_dates_and_nothing_else(
    cluster: Cluster, stage: Stage, installed: None, other: str
) -> None:
    staff = Staff(stage, "edit")
    staff.kubectl("apply", "-f", "-", stdin=policy(stage))
    staff.kubectl(
        "patch", "spp/own", "-n", stage.namespace, "--type=merge", "-p", '{"spec":{"missedRuns":"RunOnce"}}'
    )
    assert stage.get("spp", "own")["spec"]["missedRuns"] == "RunOnce"
    stage.apply(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "SchoolSync",
            "metadata": {"name": "lincoln", "namespace": stage.namespace},
        }
    )
    status = ("--subresource=status", "--type=merge", "-p", '{"status":{"state":"Paused"}}')
    refused = [
        ("apply", "-f", "-"),
        ("patch", "spp/own", "-n", stage.namespace, *status),
        ("patch", "school/lincoln", "-n", stage.namespace, *status),
        ("delete", "school/lincoln", "-n", stage.namespace),
        ("get", "cspp"),
        ("get", "schools", "-n", other),
    ]
    for args in refused:
        with pytest.raises(KubectlError, match="forbidden"):
            staff.kubectl(*args, stdin=policy(stage, other) if args[0] == "apply" else None)
    staff.kubectl("delete", "spp/own", "-n", stage.namespace)


def test_the_plugin_needs_no_more_than_its_user_has_and_names_what_is_missing(
    cluster: Cluster, stage: Stage, installed: None, tmp_path: Path
) -> None:
    stage.sync()
    stage.policy(windows=[])
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    stage.apply({**account, "metadata": {"name": "staff", "namespace": stage.namespace}})
    stage.apply({**account, "metadata": {"name": "nobody", "namespace": stage.namespace}})
    stage.kubectl(
        "create",
        "rolebinding",
        "staff",
        "--clusterrole=edit",
        f"--serviceaccount={stage.namespace}:staff",
        "-n",
        stage.namespace,
    )
    staff = Plugin(cluster, cluster.service_account_kubeconfig(stage.namespace, "staff"))
    where = ("-n", stage.namespace)
    wait_until("its rights", lambda: None if staff("status", *where).err == "" else "not yet", seconds=30)
    assert staff("status", *where).code == 0
    explained = staff("explain", "cronjob/rosters", *where)
    assert explained.code == 0
    assert "you may not list clustersyncpausepolicies.syncpause.dev in the whole cluster" in explained.err
    assert staff("set-dates", "lincoln", "06-12", "08-14", "--time-zone", "UTC", "-y", *where).code == 0
    everywhere = staff("calendar", "-A")
    assert everywhere.code == 3
    assert everywhere.err.startswith("Error: you may not list syncpausepolicies.syncpause.dev in the whole")
    nobody = Plugin(cluster, cluster.service_account_kubeconfig(stage.namespace, "nobody"))
    nothing = nobody("status", *where)
    assert (nothing.code, nothing.out) == (3, "")
    assert "you may not list schoolsyncs.syncpause.dev in namespace" in nothing.err
    assert "you may not list cronjobs.batch in namespace" in nothing.err
    refused = nobody("release", "lincoln", *where)
    assert (refused.code, "you may not list cronjobs.batch in namespace" in refused.err) == (3, True)
