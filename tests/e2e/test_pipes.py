"""Whatever the product prints for a pipe, piped into the real tool by a real shell."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.cluster import Cluster, start

ROOT = Path(__file__).parents[2]
SYNC = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: rosters, labels: {syncpause.dev/school: lincoln, syncpause.dev/application: rosters}}
spec:
  schedule: "0 3 29 2 *"
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: sync, image: sync}]}}}
"""
KINDS = {"syncpausepolicies", "clustersyncpausepolicies", "schoolsyncs"}


def shell(cluster: Cluster, line: str) -> str:
    """What bash printed, with kubectl and our commands on the PATH; each part of a pipe must succeed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"pipes-{uuid.uuid4().hex[:6]}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("apply", "-n", name, "-f", "-", input=SYNC)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def spec(cluster: Cluster, namespace: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        cluster.kubectl("get", "spp/lincoln", "-n", namespace, "-o", "json")
    )["spec"]
    return found


def test_crds_into_kubectl_apply_installs_every_crd_on_an_empty_cluster() -> None:
    with start() as empty:
        shell(empty, "syncpause crds | kubectl apply -f -")
        shell(empty, "kubectl wait --for=condition=Established --timeout=30s crd --all")
        names = shell(empty, "kubectl get crd -o name").split()
    assert {name.rpartition("/")[2].partition(".")[0] for name in names} == KINDS


@pytest.mark.parametrize("option", ["-f crds/", "-k crds/"])
def test_the_folder_of_crds_is_applied_as_people_type_it(cluster: Cluster, option: str) -> None:
    printed = shell(cluster, f"cd {ROOT} && kubectl apply --dry-run=server {option}")
    assert len(printed.splitlines()) == len(KINDS)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_an_edit_that_is_only_printed_is_taken_by_kubectl_apply(
    cluster: Cluster, namespace: str, form: str
) -> None:
    where = f"-n {namespace} --dry-run=client -o {form}"
    into = "| kubectl apply -f -"
    shell(
        cluster, f"kubectl syncpause set-dates lincoln 2035-06-12 2035-08-14 --time-zone UTC {where} {into}"
    )
    assert spec(cluster, namespace)["schools"] == ["lincoln"]
    shell(
        cluster, f"kubectl syncpause exempt lincoln --until 2035-07-01 --reason 'a: \"b\" # c' {where} {into}"
    )
    (exemption,) = spec(cluster, namespace)["exemptions"]  # type: ignore[misc]
    assert exemption["reason"] == 'a: "b" # c'
    shell(cluster, f"kubectl syncpause unexempt lincoln {where} {into}")
    assert not spec(cluster, namespace).get("exemptions")


def test_a_printed_edit_can_be_validated_and_previewed_from_stdin(cluster: Cluster, namespace: str) -> None:
    edit = f"kubectl syncpause set-dates lincoln 2035-06-12 2035-08-14 --time-zone UTC -n {namespace}"
    edit += " --dry-run=client -o yaml"
    shell(cluster, f"{edit} | kubectl syncpause validate -")
    shell(cluster, f"{edit} | kubectl syncpause preview -f - -n {namespace}")


def test_all_crds_can_be_validated_by_the_api_server_from_the_pipe(cluster: Cluster) -> None:
    printed = shell(cluster, "syncpause crds | kubectl apply --dry-run=server -f -")
    assert len(printed.splitlines()) == len(KINDS)


@pytest.mark.parametrize("command", ["status", "calendar", "explain cronjob/rosters"])
def test_what_is_printed_for_a_program_is_one_document(
    cluster: Cluster, namespace: str, command: str
) -> None:
    read = "python3 -c 'import json, sys; json.load(sys.stdin)'"
    shell(cluster, f"kubectl syncpause {command} -n {namespace} -o json | {read}")


def test_the_completion_script_completes_in_bash(cluster: Cluster) -> None:
    line = (
        "source <(kubectl-syncpause completion bash); COMP_WORDS=(kubectl-syncpause cal); COMP_CWORD=1;"
        ' _kubectl_syncpause_completion kubectl-syncpause cal kubectl-syncpause; echo "${COMPREPLY[@]}"'
    )
    assert shell(cluster, line).split() == ["calendar"]


def test_the_exports_of_the_cluster_are_what_a_shell_evaluates(cluster: Cluster) -> None:
    from controlplane.__main__ import exports  # noqa: PLC0415

    printed = exports(cluster)
    assert "kube-system" in shell(
        cluster, f"unset KUBECONFIG; eval '{printed}'; kubectl get namespaces -o name"
    )
