"""What people do to policies, workloads, marks, and to the product itself, in the middle of a window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.api import collection
from chaos.stage import ALWAYS, NEVER, OWNER, Stage, until
from controlplane.cluster import Cluster

CRDS = Path(__file__).parents[2] / "crds"
SYNC, INGEST = ("cronjobs", "sync-0-0"), ("deployments", "ingest-0")
PREFIX = "syncpause.dev/"


@pytest.fixture
async def paused(stage: Stage) -> Stage:
    await stage.schools(2)
    stage.operator(None, relist_interval=3.0)
    await stage.pause()
    await until(lambda: _has_copies(stage), "the copies of the restore state")
    return stage


def _has_copies(stage: Stage) -> bool:
    # The lines are not among what the observer follows: read them as a person would.
    names = stage.cluster.kubectl(
        "get", "schools", "-n", stage.namespace, "-o", "jsonpath={..status.restore}"
    )
    return names.count("sync-") == 8 and names.count("ingest-") == 2


async def annotate(stage: Stage, key: tuple[str, str], **marks: str | None) -> None:
    annotations = {f"{PREFIX}{name.replace('_', '-')}": value for name, value in marks.items()}
    stage.observer.tampered.add((key[0], stage.namespace, key[1]))
    await stage.api.patch(stage.path(*key), {"metadata": {"annotations": annotations}}, "a-person")


async def test_a_policy_is_deleted(paused: Stage, record: Callable[..., None]) -> None:
    paused.observer.closing(paused.namespace)
    await paused.api.delete(f"{collection('syncpausepolicies', paused.namespace)}/summer")
    await paused.back()
    record("people", "policy deleted in mid-window", 1)


async def test_restore_annotations_are_stripped(paused: Stage, record: Callable[..., None]) -> None:
    await annotate(paused, SYNC, restore_suspend=None, restore_starting_deadline_seconds=None)
    await annotate(paused, INGEST, restore_replicas=None)
    await paused.resume()
    record("people", "restore annotations stripped", 2)


async def test_all_marks_are_stripped_while_nobody_watches(
    paused: Stage, record: Callable[..., None]
) -> None:
    paused.children[-1].kill()
    for kind, name in (SYNC, INGEST):
        paused.observer.tampered.add((kind, paused.namespace, name))
        found = paused.workloads()[kind, name]["metadata"]["annotations"]
        gone = {mark: None for mark in found if mark.startswith(PREFIX)}
        body = {"metadata": {"annotations": gone, "labels": {f"{PREFIX}state": None}}}
        await paused.api.patch(paused.path(kind, name), body, "a-person")
    paused.operator(None, relist_interval=3.0)
    await until(paused.all_paused, "marked again")
    await paused.resume()
    record("people", "every mark stripped while no operator ran", 2)


@pytest.mark.parametrize(
    "nonsense", ["", "yes", "-1", "99999999999999999999", "1e3", "٣", "\u0000"[:0] + "no\nne"]
)
async def test_restore_annotations_are_corrupted(
    nonsense: str, paused: Stage, record: Callable[..., None]
) -> None:
    await annotate(paused, SYNC, restore_suspend=nonsense, restore_starting_deadline_seconds=nonsense)
    await annotate(paused, INGEST, restore_replicas=nonsense)
    await paused.resume()
    record("people", "restore annotations corrupted", 2)


async def test_annotations_of_a_future_version(paused: Stage, record: Callable[..., None]) -> None:
    """What this version does not know it leaves alone."""
    await annotate(paused, SYNC, restore_parallelism="3")
    paused.observer.closing(paused.namespace)
    await paused.policy(NEVER)
    left = f"{PREFIX}restore-parallelism"
    await until(lambda: "such as sync-0-0 still has " + left in str(paused.all_back()), "back")
    await annotate(paused, SYNC, restore_parallelism=None)
    await paused.back()
    record("people", "restore annotation of a future version", 1)


async def test_a_school_label_is_removed(paused: Stage, record: Callable[..., None]) -> None:
    body = {"metadata": {"labels": {f"{PREFIX}school": None}}}
    paused.observer.closing(paused.namespace)
    for key in (SYNC, INGEST):
        paused.observer.tampered.add((key[0], paused.namespace, key[1]))
        await paused.api.patch(paused.path(*key), body, OWNER)
    await until(lambda: _free(paused), "both resumed")
    await paused.resume()
    record("people", "school label removed", 2)


def _free(stage: Stage) -> bool:
    return all(not stage._differences(key, stage.workloads()[key]) for key in (SYNC, INGEST))


async def test_deleted_and_made_anew(paused: Stage, record: Callable[..., None]) -> None:
    """As `kubectl replace --force` does, under the same name."""
    await paused.remove(*SYNC)
    await paused.remove(*INGEST)
    await until(lambda: len(paused.workloads()) == 8, "gone")
    await paused.sync("sync-0-0", schedule="* * * * *", startingDeadlineSeconds=77)
    await paused.ingest("ingest-0", replicas=4)
    await until(lambda: len(paused.workloads()) == 10, "made anew")
    await until(paused.all_paused, "the new ones are paused too")
    await paused.resume()
    record("people", "workload deleted and made anew (replace --force)", 2)


async def test_renamed(paused: Stage, record: Callable[..., None]) -> None:
    """Kubernetes renames nothing: the owner deletes it and makes another, from what is in the cluster now."""
    found = paused.workloads()
    for kind, name in (SYNC, INGEST):
        spec, marks = found[kind, name]["spec"], found[kind, name]["metadata"]
        wanted = paused.wanted(kind, name)
        await paused.remove(kind, name)
        metadata = {"name": f"{name}-renamed", "labels": marks["labels"], "annotations": marks["annotations"]}
        await paused.api.create(
            collection(kind, paused.namespace), {"metadata": metadata, "spec": spec}, OWNER
        )
        paused.owned(kind, f"{name}-renamed", wanted)
    await until(lambda: len(paused.workloads()) == 10, "renamed")
    await paused.resume()
    record("people", "workload renamed by delete and create, marks and all", 2)


async def test_two_owners(paused: Stage, record: Callable[..., None]) -> None:
    """Two people who do not talk to each other: the last wish counts, whoever has it."""
    for number in range(10):
        await paused.api.patch(paused.path(*SYNC), {"spec": {"suspend": False}}, f"owner-{number % 2}")
        await paused.api.patch(
            paused.path(*INGEST), {"spec": {"replicas": 2 + number % 2}}, f"owner-{number % 2}"
        )
        await asyncio.sleep(0.1)
        paused.noted(*INGEST, replicas=2 + number % 2)
    await until(paused.all_paused, "paused in the end", 40)
    await paused.resume()
    record("people", "two owners at odds", 20)


async def test_the_crds_are_deleted(cluster: Cluster, paused: Stage, record: Callable[..., None]) -> None:
    """Which deletes every policy, and must resume nothing; nor must their return."""
    await asyncio.to_thread(cluster.kubectl, "delete", "-k", str(CRDS))
    try:
        await asyncio.sleep(8)
        assert paused.all_paused() is True
    finally:
        await asyncio.to_thread(cluster.kubectl, "apply", "--server-side", "-k", str(CRDS))
        established = ("wait", "--for=condition=Established", "crd", "--all")
        await asyncio.to_thread(cluster.kubectl, *established)
    await asyncio.sleep(8)
    assert paused.all_paused() is True
    await paused.policy(ALWAYS)
    await asyncio.sleep(2)
    await paused.resume()
    record("people", "CRDs deleted and applied again", 1)


async def test_the_operator_is_uninstalled_and_installed_again(
    cluster: Cluster, paused: Stage, record: Callable[..., None]
) -> None:
    paused.children[-1].kill()
    rbac = str(CRDS.parent / "manifests/rbac/cluster-role-bindings.yaml")
    await asyncio.to_thread(cluster.kubectl, "delete", "-f", rbac)
    child = paused.operator(None, relist_interval=3.0)
    await until(lambda: "orbidden" in child.output, "without its rights it says so")
    assert paused.all_paused() is True
    await asyncio.to_thread(cluster.kubectl, "apply", "-f", rbac)
    await paused.resume()
    record("people", "uninstalled and installed again, rights missing meanwhile", 1)


async def test_the_namespace_is_deleted(paused: Stage, record: Callable[..., None]) -> None:
    paused.observer.closing(paused.namespace)
    gone = ("delete", "namespace", paused.namespace, "--timeout=60s")
    await asyncio.to_thread(paused.cluster.kubectl, *gone)
    assert paused.children[-1].alive
    await paused.open()
    record("people", "namespace deleted in mid-window", 1)
