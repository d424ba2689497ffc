"""The guard: with it no update sets a paused workload running, and what its owner wants is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
import yaml
from plugin import Plugin
from stage import Object, RunningOperator, Stage, eventually

from controlplane.cluster import Cluster, start
from controlplane.failure import KubectlError
from controlplane.process import wait_until
from guarding import FIRST_MINOR, GUARD, guard_for

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
APRIL = "2027-04-02T12:00"
PAUSED = "syncpause.dev/state=paused"


@pytest.fixture
def guard(stage: Stage) -> Iterator[None]:
    """The guard as shipped, for this stage's namespaces alone."""
    guard = guard_for(stage.cluster, {"stage": stage.namespace})
    if stage.cluster.minor < FIRST_MINOR:
        with pytest.raises(KubectlError, match='no matches for kind "MutatingAdmissionPolicy"'):
            stage.kubectl("apply", "-f", "-", stdin=guard)
        pytest.skip(f"Kubernetes 1.{stage.cluster.minor} refused the guard, as the docs say: it needs 1.36")
    stage.kubectl("apply", "-f", "-", stdin=guard)
    wait_until("the guard to be in force", lambda: _not_in_force(stage), seconds=30)
    yield
    stage.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=guard)


def _not_in_force(stage: Stage) -> str | None:
    """Policies reach the API server's admission through a watch of its own."""
    put_marks_by_hand(stage, "probe")
    set_running(stage, "probe")
    off = stage.spec_of_sync("probe") == (True, 0) and stage.replicas("probe") == 0
    stage.kubectl("delete", "cronjob,deployment", "probe", "-n", stage.namespace)
    return None if off else "a paused workload was not kept paused"


def put_marks_by_hand(
    stage: Stage, name: str, suspend: str = "false", deadline: str = "none", replicas: str = "1"
) -> None:
    """A CronJob and a Deployment as the operator leaves them in a pause."""
    stage.sync(name, suspend=True, startingDeadlineSeconds=0)
    stage.ingest(name, replicas=0)
    for kind, marks in (
        ("cronjob", [f"restore-suspend={suspend}", f"restore-starting-deadline-seconds={deadline}"]),
        ("deployment", [f"restore-replicas={replicas}"]),
    ):
        written = [f"syncpause.dev/{mark}" for mark in marks if not mark.endswith("=")]
        if written:
            stage.kubectl("annotate", kind, name, *written, "-n", stage.namespace)
        stage.kubectl("label", kind, name, PAUSED, "-n", stage.namespace)


def set_running(stage: Stage, name: str) -> None:
    by_patch(stage, f"cronjob/{name}", {"spec": {"suspend": False, "startingDeadlineSeconds": 9}})
    by_patch(stage, f"deployment/{name}", {"spec": {"replicas": 2}})


def manifest(stage: Stage, what: str) -> Object:
    """An object as git has it: without anything of the operator's or the cluster's."""
    found = stage.get(*what.split("/"))
    labels = {
        name: value for name, value in found["metadata"]["labels"].items() if name != "syncpause.dev/state"
    }
    metadata = {"name": found["metadata"]["name"], "namespace": stage.namespace, "labels": labels}
    return {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": metadata,
        "spec": found["spec"],
    }


def by_patch(stage: Stage, what: str, body: Object) -> None:
    patch = yaml.safe_dump({"spec": body["spec"]})
    stage.kubectl("patch", *what.split("/"), "-n", stage.namespace, "--type=merge", "-p", patch)


def by_server_side_apply(stage: Stage, what: str, body: Object) -> None:
    tool = ("apply", "--server-side", "--force-conflicts", "--field-manager=gitops")
    stage.kubectl(*tool, "-f", "-", stdin=yaml.safe_dump(body))


def by_client_side_apply(stage: Stage, what: str, body: Object) -> None:
    stage.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(body))


def by_replace(stage: Stage, what: str, body: Object) -> None:
    """It knows nothing of our label and annotations, and drops them all."""
    stage.kubectl("replace", "-f", "-", stdin=yaml.safe_dump(body))


Write = Callable[[Stage, str, Object], None]
WRITES = [by_patch, by_server_side_apply, by_client_side_apply, by_replace]


@pytest.mark.parametrize("write", WRITES)
async def test_whoever_applies_what_nothing_runs_and_the_wish_comes_back(
    write: Write, stage: Stage, operator: RunningOperator, guard: None
) -> None:
    stage.sync(startingDeadlineSeconds=600)
    stage.ingest(replicas=3)
    cronjob, deployment = manifest(stage, "cronjob/rosters"), manifest(stage, "deployment/ingest")
    stage.policy(windows=SPRING)
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused")
    cronjob["spec"] |= {"suspend": False, "startingDeadlineSeconds": 77, "schedule": "5 4 29 2 *"}
    deployment["spec"] |= {"replicas": 5}
    for _ in range(3):
        await asyncio.to_thread(write, stage, "cronjob/rosters", cronjob)
        await asyncio.to_thread(write, stage, "deployment/ingest", deployment)
        seen = stage.get("cronjob", "rosters")
        assert (seen["spec"]["suspend"], seen["spec"]["startingDeadlineSeconds"]) == (True, 0)
        assert seen["spec"]["schedule"] == "5 4 29 2 *", "an unrelated field is its owner's"
        assert stage.replicas() == 0
    operator.jump_to(APRIL)
    await eventually(stage.is_syncing, "resumed")
    await eventually(lambda: stage.replicas() == 5, "the last wish")
    assert stage.spec_of_sync() == (False, 77)
    left = stage.get("cronjob", "rosters")["metadata"]
    assert [name for name in left.get("annotations", {}) if name.startswith("syncpause.dev/")] == []


async def test_with_the_guard_the_operator_has_nothing_to_correct(
    stage: Stage, operator: RunningOperator, guard: None
) -> None:
    stage.sync()
    stage.policy(windows=SPRING)
    await eventually(stage.is_paused, "paused")
    body = {"spec": {"suspend": False}}
    for _ in range(20):
        await asyncio.to_thread(by_patch, stage, "cronjob/rosters", body)
    metadata = stage.get("cronjob", "rosters")["metadata"]
    assert metadata["generation"] == 2, "made, paused, and never changed since"
    assert stage.condition("Contested")["status"] == "False"


async def test_it_locks_out_neither_a_release_nor_a_deletion_nor_an_owner(
    stage: Stage, stopped_operator: RunningOperator, guard: None
) -> None:
    """The operator is gone for good; its marks are not."""
    stage.sync(startingDeadlineSeconds=600)
    stage.sync("old")
    stage.ingest(replicas=3)
    stage.policy(windows=SPRING)
    await stopped_operator.start()
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused")
    await stopped_operator.stop()
    stage.kubectl("annotate", "cronjob", "rosters", "team=blue", "-n", stage.namespace)
    stage.kubectl("set", "image", "deployment/ingest", "in=in:2", "-n", stage.namespace)
    stage.kubectl("delete", "cronjob", "old", "-n", stage.namespace, "--timeout=10s")
    plugin = Plugin(stage.cluster, stage.cluster.kubeconfig)
    released = await asyncio.to_thread(plugin, "release", "lincoln", "-n", stage.namespace, "--yes")
    assert released.code == 0, released.err
    assert stage.is_syncing() is True
    assert (stage.spec_of_sync(), stage.replicas()) == ((False, 600), 3)
    assert stage.get("deployment", "ingest")["spec"]["template"]["spec"]["containers"][0]["image"] == "in:2"


def test_a_workload_that_is_not_paused_is_nobodys_business(stage: Stage, guard: None) -> None:
    stage.sync(suspend=True)
    by_patch(stage, "cronjob/rosters", {"spec": {"suspend": False, "startingDeadlineSeconds": 9}})
    assert stage.spec_of_sync() == (False, 9)
    annotations = stage.get("cronjob", "rosters")["metadata"].get("annotations", {})
    assert [name for name in annotations if name.startswith("syncpause.dev/")] == []


def test_a_copied_state_label_stops_nothing(stage: Stage, guard: None) -> None:
    """The label came with a manifest that was copied and pasted; the workload runs, and is its owner's."""
    stage.sync(startingDeadlineSeconds=600)
    stage.ingest(replicas=3)
    for what in ("cronjob/rosters", "deployment/ingest"):
        stage.kubectl("label", what, PAUSED, "-n", stage.namespace)
        stage.kubectl("annotate", what, "touched=again", "-n", stage.namespace)
    assert (stage.spec_of_sync(), stage.replicas()) == ((False, 600), 3)
    for what in ("cronjob/rosters", "deployment/ingest"):
        stage.kubectl("label", what, "syncpause.dev/state-", "-n", stage.namespace)
        assert "syncpause.dev/state" not in stage.get(*what.split("/"))["metadata"]["labels"]


@pytest.mark.parametrize(
    ("deadline", "replicas"),
    [("", ""), ("9" * 5000, "9" * 5000), ("-1", "-1"), ("many", "0x3"), ("1\n2", "1\n2")],
)
def test_marks_that_no_pause_has_written_bind_nobody(
    stage: Stage, guard: None, deadline: str, replicas: str
) -> None:
    put_marks_by_hand(stage, "odd", deadline=deadline, replicas=replicas)
    set_running(stage, "odd")
    assert (stage.spec_of_sync("odd"), stage.replicas("odd")) == ((False, 9), 2)


def test_an_owner_frees_a_workload_by_taking_the_school_label_off(stage: Stage, guard: None) -> None:
    put_marks_by_hand(stage, "freed")
    set_running(stage, "freed")
    assert (stage.spec_of_sync("freed"), stage.replicas("freed")) == ((True, 0), 0)
    stage.kubectl("label", "cronjob,deployment", "freed", "syncpause.dev/school-", "-n", stage.namespace)
    set_running(stage, "freed")
    assert (stage.spec_of_sync("freed"), stage.replicas("freed")) == ((False, 9), 2)


def test_a_value_that_kubernetes_refuses_is_refused_and_stored_nowhere(stage: Stage, guard: None) -> None:
    put_marks_by_hand(stage, "wrong")
    with pytest.raises(KubectlError, match="must be greater than or equal to 0"):
        by_patch(stage, "deployment/wrong", {"spec": {"replicas": -1}})
    annotations = stage.get("deployment", "wrong")["metadata"]["annotations"]
    assert annotations["syncpause.dev/restore-replicas"] == "1"


def test_a_cluster_that_is_too_old_says_which_version_it_takes(cluster: Cluster) -> None:
    """Before 1.36 there is no MutatingAdmissionPolicy v1; an API server told to serve none answers alike."""
    group = "admissionregistration.k8s.io/v1"
    kinds = ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings")
    without = [
        "--runtime-config=" + ",".join(f"{group}/{kind}=false" for kind in kinds),
        "--disable-admission-plugins=ServiceAccount,MutatingAdmissionPolicy",
    ]
    flags = without if cluster.minor >= FIRST_MINOR else []
    with start(apiserver_flags=flags) as older, pytest.raises(KubectlError) as refused:
        older.kubectl("apply", "-k", str(GUARD))
    assert 'no matches for kind "MutatingAdmissionPolicy"' in refused.value.stderr
    assert "syncpause-guard-cronjobs-needs-kubernetes-1.36" in refused.value.stderr
