"""Policies as an API user expects them: defaults by the API server, and no difference that never ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import RunningOperator, Stage, eventually

from controlplane.cluster import Cluster
from controlplane.failure import KubectlError

SAMPLES = sorted((Path(__file__).parents[2] / "manifests" / "samples" / "policies").glob("*.yaml"))
EVERY_FIELD: dict[str, Any] = {
    "timeZone": "America/Denver",
    "schools": ["lincoln", "roosevelt"],
    "selector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["test"]}]},
    "windows": [{"name": "summer", "firstDay": "2027-06-12", "lastDay": "2027-08-14"}],
    "exemptions": [
        {
            "name": "summer-school",
            "schools": ["lincoln"],
            "applications": ["rosters"],
            "selector": {"matchLabels": {"a": "b"}},
            "from": "2027-06-20",
            "until": "2027-07-20",
            "reason": "Sommerschule, 日本",
        }
    ],
    "missedRuns": "RunOnce",
    "activeJobs": "Suspend",
    "resumeSpread": "1h30m",
    "mode": "DryRun",
}


def whole(stage: Stage, spec: dict[str, Any]) -> str:
    metadata = {"name": "own", "namespace": stage.namespace}
    kinds = {"apiVersion": "syncpause.dev/v1alpha1", "kind": "SyncPausePolicy"}
    return yaml.safe_dump({**kinds, "metadata": metadata, "spec": spec}, allow_unicode=True)


def test_the_api_server_sets_the_defaults(stage: Stage) -> None:
    stage.policy("own", windows=[])
    spec = stage.get("spp", "own")["spec"]
    assert spec == {
        "timeZone": "UTC",
        "windows": [],
        "missedRuns": "Skip",
        "activeJobs": "Finish",
        "resumeSpread": "0s",
        "mode": "Enforce",
    }
    name = stage.cluster_policy("all", windows=[])
    assert json.loads(stage.kubectl("get", "cspp", name, "-o", "json"))["spec"]["enforcement"] == "Default"


@pytest.mark.parametrize("how", [[], ["--server-side"], ["--server-side", "--field-manager=argocd"]])
async def test_applying_again_makes_no_difference(
    stage: Stage, operator: RunningOperator, how: list[str]
) -> None:
    """Also while the operator writes status: `kubectl diff` exits with 0, and the generation stands still."""
    for spec in (EVERY_FIELD, {"timeZone": "UTC", "windows": EVERY_FIELD["windows"]}):
        text = whole(stage, spec)
        stage.kubectl("apply", "-f", "-", *how, stdin=text)
        await eventually(lambda: "state" in stage.get("spp", "own").get("status", {}), "a status")
        generation = stage.get("spp", "own")["metadata"]["generation"]
        assert stage.kubectl("diff", "-f", "-", *how, stdin=text) == ""
        stage.kubectl("apply", "-f", "-", *how, stdin=text)
        assert stage.get("spp", "own")["metadata"]["generation"] == generation
        stage.kubectl("delete", "spp/own", "-n", stage.namespace)


def test_never_paused_can_be_applied_over_windows_by_a_gitops_tool(stage: Stage) -> None:
    """Flux applies on the server's side, where the last entry of a list merged by key takes all of it."""
    tool = ("apply", "--server-side", "--field-manager=kustomize-controller", "-f", "-")
    for windows in (EVERY_FIELD["windows"], []):
        stage.kubectl(*tool, stdin=whole(stage, {"timeZone": "UTC", "windows": windows}))
    assert stage.get("spp", "own")["spec"]["windows"] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_samples_make_no_difference_once_applied(stage: Stage, sample: Path) -> None:
    bodies = [body for body in yaml.safe_load_all(sample.read_text()) if body]
    for body in bodies:
        body["metadata"]["name"] = f"{body['metadata']['name']}-{stage.namespace}"
        if body["kind"] == "SyncPausePolicy":
            body["metadata"]["namespace"] = stage.namespace
    text = yaml.safe_dump_all(bodies)
    stage.kubectl("apply", "-f", "-", stdin=text)
    assert stage.kubectl("diff", "-f", "-", stdin=text) == ""
    stage.kubectl("delete", "-f", "-", stdin=text)


def test_a_status_in_a_manifest_is_ignored(stage: Stage) -> None:
    body = yaml.safe_load(whole(stage, EVERY_FIELD))
    stage.apply({**body, "status": {"state": "Ended"}})
    assert "status" not in stage.get("spp", "own")


def test_replacing_an_older_version_is_a_conflict(stage: Stage) -> None:
    stage.policy("own", windows=[])
    old = stage.get("spp", "own")
    stage.policy("own", windows=EVERY_FIELD["windows"])
    with pytest.raises(KubectlError, match="the object has been modified"):
        stage.kubectl("replace", "-f", "-", stdin=yaml.safe_dump(old))


def test_the_category_lists_every_kind(cluster: Cluster, stage: Stage) -> None:
    stage.policy("own", windows=[])
    stage.apply(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "SchoolSync",
            "metadata": {"name": "lincoln", "namespace": stage.namespace},
        }
    )
    listed = cluster.kubectl("get", "syncpause", "-n", stage.namespace, "-o", "name")
    assert "syncpausepolicy.syncpause.dev/own" in listed
    assert "schoolsync.syncpause.dev/lincoln" in listed
