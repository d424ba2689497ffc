"""Policies, their status and their definitions, on the real API server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import Room

from syncpause.kube import paths
from syncpause.kube.errors import Conflict
from syncpause.kube.policies import Policies, Unreadable, status_patch

KIND = "SyncPausePolicy"


@pytest.fixture
def policies(room: Room) -> Policies:
    return Policies(room.client)


@pytest.fixture
async def policy(room: Room) -> dict[str, Any]:
    body = {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": KIND,
        "metadata": {"name": "summer"},
        "spec": {"timeZone": "UTC", "windows": []},
    }
    made: dict[str, Any] = json.loads(await room.client.post(paths.policies(KIND, room.name), body))
    return made


async def test_policies_and_namespaces_are_listed_whole(
    room: Room, policies: Policies, policy: dict[str, Any]
) -> None:
    ours = [item for item in await policies.list(KIND) if item["metadata"]["namespace"] == room.name]
    assert [item["spec"] for item in ours] == [policy["spec"]]
    assert isinstance(await policies.list("ClusterSyncPausePolicy"), list)
    assert room.name in {item["metadata"]["name"] for item in await policies.namespaces()}


async def test_fields_that_vanish_from_a_status_vanish_from_the_object(
    room: Room, policies: Policies, policy: dict[str, Any]
) -> None:
    full = {"state": "Active", "next": "Resume tomorrow", "observedGeneration": 1}
    less = {"state": "Ended", "observedGeneration": 1}
    written = await policies.patch_status(KIND, room.name, "summer", before={}, after=full)
    assert written["status"] == full
    written = await policies.patch_status(KIND, room.name, "summer", before=full, after=less)
    assert written["status"] == less
    assert written["spec"] == policy["spec"]
    again = await policies.patch_status(KIND, room.name, "summer", before=less, after=less)
    assert again["metadata"]["resourceVersion"] == written["metadata"]["resourceVersion"]


async def test_a_status_can_have_a_precondition(
    room: Room, policies: Policies, policy: dict[str, Any]
) -> None:
    version = policy["metadata"]["resourceVersion"]
    await policies.patch_status(KIND, room.name, "summer", before={}, after={"state": "Active"})
    with pytest.raises(Conflict):
        await policies.patch_status(
            KIND, room.name, "summer", before={}, after={"state": "Ended"}, resource_version=version
        )


async def test_the_definitions_are_alive_since_they_were_made(policies: Policies) -> None:
    since = await policies.crds()
    assert timedelta() < datetime.now(UTC) - since < timedelta(hours=1)


async def test_a_missing_definition_makes_policies_unreadable(
    policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "crds", lambda: [f"{paths.CRDS}/none.syncpause.dev"])
    with pytest.raises(Unreadable, match=r"none.syncpause.dev is missing"):
        await policies.crds()


async def test_a_definition_that_is_being_deleted_makes_policies_unreadable(
    room: Room, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = f"{room.name}.example.com"
    path = f"{paths.CRDS}/things.{group}"
    await room.client.post(paths.CRDS, definition(group))
    monkeypatch.setattr(paths, "crds", lambda: [path])
    await room.client.delete(path)
    with pytest.raises(Unreadable, match=f"things.{group} is being deleted"):
        await policies.crds()
    await room.client.patch(path, {"metadata": {"finalizers": None}})


def definition(group: str) -> dict[str, Any]:
    """A throwaway one, which a finalizer keeps in the state of being deleted."""
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}", "finalizers": ["example.com/keep"]},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


STATUSES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), STATUSES, max_size=3)


@settings(deadline=None)
@given(OBJECTS, OBJECTS)
def test_a_patch_applied_to_the_old_status_is_the_new_one(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert merged(before, status_patch(before, after)) == after
    assert status_patch(after, after) == {}


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386, as it is written there."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
