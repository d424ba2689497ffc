"""`kubectl syncpause status` and `explain`: no question about a school needs the operator's log."""

from __future__ import annotations

import asyncio

import yaml
from plugin import Plugin
from stage import RunningOperator, Stage, eventually

from controlplane.cluster import Cluster

SUMMER = [{"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}]
JULY = "2027-07-01T12:00"


async def paused_district(stage: Stage, operator: RunningOperator) -> None:
    """One school with an exempt application, one that syncs by its own dates."""
    stage.sync("grades", application="grades", startingDeadlineSeconds=600)
    stage.sync("summer-rosters", application="summer-rosters")
    stage.ingest(replicas=2)
    stage.sync("roosevelt", school="roosevelt", suspend=True)
    exemption = {"name": "summer", "applications": ["summer-rosters"], "reason": "Sommerschule [A] 日本"}
    stage.policy(windows=SUMMER, exemptions=[exemption])
    stage.policy("own", schools=["roosevelt"], windows=[])
    operator.jump_to(JULY)
    paused = "{.items[*].status.state}"
    where = ("-n", stage.namespace, "-o", f"jsonpath={paused}")
    await eventually(lambda: stage.kubectl("get", "schools", *where) == "Paused Syncing", "paused")


async def test_status_is_a_tree_of_schools_applications_and_workloads(
    cluster: Cluster, stage: Stage, operator: RunningOperator
) -> None:
    await paused_district(stage, operator)
    plugin = Plugin(cluster)
    told = await asyncio.to_thread(plugin.ok, "status", "-n", stage.namespace)
    lines = told.splitlines()
    assert lines[0] == stage.namespace
    first = (
        "lincoln  Paused since 2027-07-01, until 2027-08-09, by spp/summer, next: Resume 2027-08-10 00:00 UTC"
    )
    assert lines[1] == f"├── {first}"
    assert lines[2] == "│   paused by spp/summer, window summer: 2027-06-15 to 2027-08-09"
    assert "│   │   └── cronjob/grades  paused since 2027-07-01 12:00 UTC by spp/summer; goes back to" in told
    assert "suspend=false, startingDeadlineSeconds=600" in told
    assert "summer-rosters  Exempt by spp/summer, summer: Sommerschule [A] 日本" in told
    assert "goes back to replicas=2" in told
    assert "cronjob/roosevelt  suspended by its owner" in told
    one = await asyncio.to_thread(plugin.ok, "status", "roosevelt", "-n", stage.namespace)
    assert "lincoln" not in one
    data = yaml.safe_load(await asyncio.to_thread(plugin.ok, "status", "-n", stage.namespace, "-o", "yaml"))
    states = {item["school"]: item["state"] for item in data}
    assert states == {"lincoln": "Paused", "roosevelt": "Syncing"}
    assert {item["name"] for item in data[0]["workloads"]} == {"grades", "ingest", "summer-rosters"}
    everywhere = await asyncio.to_thread(plugin.ok, "status", "-A")
    assert stage.namespace in everywhere


def test_status_without_operator_schools_or_the_right_name(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    none = plugin.ok("status", "-n", stage.namespace)
    assert none.startswith(f"There is no school in namespace {stage.namespace}")
    stage.sync()
    told = plugin.ok("status", "-n", stage.namespace)
    assert "lincoln  without a status of the operator: does it run?" in told
    assert "cronjob/rosters  syncs on its schedule" in told
    wrong = plugin("status", "linclon", "-n", stage.namespace)
    assert wrong.code == 3
    assert wrong.err == f"Error: there is no school linclon in namespace {stage.namespace}; is it lincoln?\n"


def test_a_cluster_that_cannot_be_reached_is_told_in_one_line(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    missing = plugin("status", "--kubeconfig", "/nonexistent")
    assert (missing.code, missing.err) == (3, "Error: there is no kubeconfig at /nonexistent\n")
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    nowhere = plugin("status", "--kubeconfig", "/dev/stdin", stdin=yaml.safe_dump(config))
    assert nowhere.code == 3
    assert len(nowhere.err.splitlines()) == 1
    both = plugin("status", "-A", "-n", "x")
    assert (both.code, "either --namespace or --all-namespaces" in both.err) == (2, True)


async def test_explain_names_rule_policies_and_what_comes_next(
    cluster: Cluster, stage: Stage, operator: RunningOperator
) -> None:
    await paused_district(stage, operator)
    plugin = Plugin(cluster)
    at = ("-n", stage.namespace, "--at", "2027-07-01")
    told = await asyncio.to_thread(plugin.ok, "explain", "cronjob/grades", *at)
    assert "Desired state:  Paused" in told
    assert "Reason:         paused by spp/summer, window summer: 2027-06-15 to 2027-08-09" in told
    assert "Rule:           policies of its namespace are the district's dates" in told
    assert "Next:           Resume on Tuesday 2027-08-10 00:00 UTC (UTC)" in told
    assert "    *  spp/summer  its window summer is open" in told
    assert "       spp/own     it applies only to roosevelt" in told
    school = await asyncio.to_thread(plugin.ok, "explain", "school", "lincoln", *at)
    assert school.count("Rule:") == 2
    assert "Sommerschule [A] 日本" in school
    data = await asyncio.to_thread(plugin, "explain", "deploy/ingest", *at, "-o", "json")
    assert data.data[0]["desiredState"] == "Pause"
    wrong = await asyncio.to_thread(plugin, "explain", "cronjob/grade", "-n", stage.namespace)
    assert (wrong.code, "is it grades?" in wrong.err) == (3, True)
    usage = await asyncio.to_thread(plugin, "explain", "pod/x", "-n", stage.namespace)
    assert (usage.code, "write cronjob/NAME, deployment/NAME or school/NAME" in usage.err) == (2, True)


def test_kubectl_completes_commands_options_and_schools(cluster: Cluster, stage: Stage) -> None:
    stage.apply(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "SchoolSync",
            "metadata": {"name": "lincoln", "namespace": stage.namespace},
        }
    )
    plugin = Plugin(cluster)
    assert "status\tShow schools" in plugin.kubectl("__complete", "syncpause", "st")
    schools = plugin.kubectl("__complete", "syncpause", "status", "-n", stage.namespace, "lin")
    assert schools.splitlines()[0] == "lincoln"
    assert schools.splitlines()[1].startswith(":4")
    assert "--kubeconfig" in plugin.kubectl("__complete", "syncpause", "status", "--kube")
    nowhere = plugin.kubectl("__complete", "syncpause", "status", "--kubeconfig", "/nonexistent", "lin")
    assert nowhere.splitlines()[0].startswith(":")
    for shell in ("bash", "zsh", "fish"):
        assert "kubectl-syncpause" in plugin.ok("completion", shell)
