"""What the plugin prints to users who may read nothing, or only a part: never an empty answer."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from plugin import Answer, Plugin
from stage import Stage

from controlplane.cluster import Cluster
from controlplane.process import wait_until
from faults.proxy import Fault, FaultProxy

LISTS = {
    "cronjobs": "cronjobs.batch",
    "deployments": "deployments.apps",
    "schools": "schoolsyncs.syncpause.dev",
    "policies": "syncpausepolicies.syncpause.dev",
}
POLICY = """
apiVersion: syncpause.dev/v1alpha1
kind: SyncPausePolicy
metadata: {name: summer}
spec: {timeZone: UTC, windows: [{name: s, firstDay: 06-12, lastDay: 08-14}]}
"""
COMMANDS = (
    ("status",),
    ("status", "-o", "json"),
    ("status", "lincoln"),
    ("explain", "school/lincoln"),
    ("calendar",),
    ("calendar", "-o", "yaml"),
    ("preview", "-f", "-"),
    ("set-dates", "lincoln", "06-12", "08-14", "--time-zone", "UTC", "-y"),
    ("exempt", "lincoln", "--until", "2999-01-01", "--reason", "r", "-y"),
    ("unexempt", "lincoln", "-y"),
    ("release", "lincoln", "-y"),
)


class Person:
    """A service account that may list some resources of the stage's namespace."""

    def __init__(self, stage: Stage, *resources: str) -> None:
        self.stage = stage
        name = "person"
        metadata = {"name": name, "namespace": stage.namespace}
        stage.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        where = ("-n", stage.namespace)
        for resource in resources:
            role = resource.replace(".", "-")
            stage.kubectl("create", "role", role, "--verb=get,list", f"--resource={resource}", *where)
            account = f"--serviceaccount={stage.namespace}:{name}"
            stage.kubectl("create", "rolebinding", role, f"--role={role}", account, *where)
            wait_until(
                f"the right to {resource}", lambda resource=resource: self._missing(resource), seconds=30
            )
        self.plugin = Plugin(stage.cluster, stage.cluster.service_account_kubeconfig(stage.namespace, name))

    def __call__(self, *args: str) -> Answer:
        return self.plugin(*args, "-n", self.stage.namespace, stdin=POLICY if "-" in args else "")

    def _missing(self, resource: str) -> str | None:
        user = f"--as=system:serviceaccount:{self.stage.namespace}:person"
        answer = self.stage.cluster.kubectl(
            "auth", "can-i", "list", resource, "-n", self.stage.namespace, user, check=False
        )
        return None if answer.startswith("yes") else "not yet"


def is_one_sentence(answer: Answer, *words: str) -> None:
    lines = answer.err.splitlines()
    assert (answer.code, len(lines), answer.out) == (3, 1, ""), answer
    assert lines[0].startswith("Error: ")
    for word in words:
        assert word in lines[0]


def test_who_may_read_nothing_is_told_the_missing_right_by_each_command(stage: Stage) -> None:
    stage.sync()
    person = Person(stage)
    for command in COMMANDS:
        answer = person(*command)
        is_one_sentence(answer, "you may not list", f"in namespace {stage.namespace}", "bind the ClusterRole")
    both = "you may not list cronjobs.batch", "you may not list deployments.apps"
    is_one_sentence(person("status"), *both, "schools in namespace", "ClusterRole view")


@pytest.mark.parametrize("hidden", ["cronjobs", "deployments", "schools"])
def test_status_shows_what_may_be_read_and_warns_of_the_rest(stage: Stage, hidden: str) -> None:
    stage.sync("rosters")
    stage.ingest()
    person = Person(stage, *(resource for kind, resource in LISTS.items() if kind != hidden))
    answer = person("status")
    assert answer.code == 0
    assert f"warning: you may not list {LISTS[hidden]} in namespace {stage.namespace}" in answer.err
    assert ("cronjob/rosters" in answer.out) == (hidden != "cronjobs")
    assert ("deployment/ingest" in answer.out) == (hidden != "deployments")
    if hidden != "schools":
        is_one_sentence(person("status", "roosevelt"), "school roosevelt", "could not be read", LISTS[hidden])


def test_who_may_read_all_but_the_namespace_gets_an_answer_with_a_warning(stage: Stage) -> None:
    stage.sync()
    stage.policy(windows=[])
    person = Person(stage, *LISTS.values())
    for command in (("explain", "school/lincoln"), ("calendar",), ("preview", "-f", "-")):
        answer = person(*command)
        assert answer.code == 0, answer
        assert f"you may not get namespaces in namespace {stage.namespace}" in answer.err
        assert "you may not list clustersyncpausepolicies.syncpause.dev in the whole cluster" in answer.err
    is_one_sentence(person.plugin("calendar", "-A"), "in the whole cluster: name a namespace with -n")


def test_a_namespace_without_schools_and_one_that_is_missing_differ(stage: Stage) -> None:
    person = Person(stage, *LISTS.values())
    answer = person("status")
    assert (answer.code, answer.out.startswith("There is no school in namespace")) == (0, True)
    assert "may not exist" in answer.err
    admin = Plugin(stage.cluster)
    for command in (("status",), ("status", "-o", "json"), ("explain", "school/lincoln"), ("calendar",)):
        is_one_sentence(admin(*command, "-n", "no-such"), "there is no namespace no-such: name another one")


async def test_a_cluster_without_our_kinds_is_named(stage: Stage, tmp_path: Path) -> None:
    stage.sync()
    token = json.loads(stage.cluster.kubeconfig.read_text())["users"][0]["user"]["token"]
    wire = FaultProxy(stage.cluster, token)
    plugin = Plugin(stage.cluster, Path(await wire.start(tmp_path)))
    unknown = Fault(404, message="404 page not found")
    try:
        wire.inject(lambda seen: unknown if "syncpause.dev" in seen.path else None)
        for command in COMMANDS:
            stdin = POLICY if "-" in command else ""
            where = ("-n", stage.namespace)
            answer = await asyncio.to_thread(plugin, *command, *where, stdin=stdin)
            if command[0] == "release":  # it needs no policies
                assert answer.code == 0, answer
            elif command[0] == "status":
                assert answer.code == 0, answer
                assert "does not know the kind SchoolSync (kubectl apply -f crds/)" in answer.err
            else:
                is_one_sentence(
                    answer, "does not know the kinds of syncpause.dev: kubectl apply -f crds/ first"
                )
    finally:
        await wire.stop()


def test_a_pipe_that_is_closed_is_no_traceback(cluster: Cluster, stage: Stage) -> None:
    for number in range(40):
        stage.sync(f"rosters-{number}", school=f"school-{number}")
    for command in ("status", "status -o json", "calendar", "completion bash"):
        where = "" if command.startswith("completion") else f"-n {stage.namespace}"
        done = subprocess.run(
            ["bash", "-c", f"kubectl syncpause {command} {where} | true; exit ${{PIPESTATUS[0]}}"],
            env=Plugin(cluster).env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert done.stderr == ""
