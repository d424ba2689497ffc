"""Events on the real API server: written once, counted after that, and never in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from wire import Proxy, Room

from controlplane.cluster import Cluster
from syncpause.kube.client import connect
from syncpause.kube.events import Events, ObjectRef


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2027, 6, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def events(room: Room, clock: Clock) -> Events:
    return Events(room.client, instance="replica-1", now=clock)


def policy(room: Room, name: str = "summer") -> ObjectRef:
    return ObjectRef("syncpause.dev/v1alpha1", "SyncPausePolicy", room.name, name, "uid-1")


async def paused(events: Events, room: Room, message: str = "7 of 7 paused", name: str = "summer") -> bool:
    return await events.post(regarding=policy(room, name), type="Normal", reason="Paused", message=message)


async def written(room: Room) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await room.get("events"))["items"]
    return found


async def test_an_event_tells_who_said_what_of_which_object(room: Room, events: Events) -> None:
    assert await paused(events, room)
    (event,) = await written(room)
    assert event["involvedObject"] == {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": "SyncPausePolicy",
        "namespace": room.name,
        "name": "summer",
        "uid": "uid-1",
    }
    assert (event["type"], event["reason"], event["message"]) == ("Normal", "Paused", "7 of 7 paused")
    assert event["source"] == {"component": "syncpause", "host": "replica-1"}
    assert event["firstTimestamp"] == "2027-06-15T00:00:00Z"


async def test_the_same_event_again_is_counted(room: Room, events: Events, clock: Clock) -> None:
    for _ in range(3):
        assert await paused(events, room)
        clock.now += timedelta(minutes=3)
    (event,) = await written(room)
    assert event["count"] == 3
    assert event["firstTimestamp"] == "2027-06-15T00:00:00Z"
    assert event["lastTimestamp"] == "2027-06-15T00:06:00Z"


async def test_the_same_event_ten_minutes_later_is_a_new_one(
    room: Room, events: Events, clock: Clock
) -> None:
    await paused(events, room)
    clock.now += timedelta(minutes=10)
    await paused(events, room)
    assert [event["count"] for event in await written(room)] == [1, 1]


async def test_other_words_or_another_object_make_another_event(room: Room, events: Events) -> None:
    await paused(events, room)
    await paused(events, room, message="6 of 7 paused")
    await paused(events, room, name="winter")
    assert len(await written(room)) == 3


async def test_an_event_that_was_deleted_meanwhile_is_written_anew(room: Room, events: Events) -> None:
    await paused(events, room)
    (event,) = await written(room)
    await room.remove("events", event["metadata"]["name"])
    assert await paused(events, room)
    assert [event["count"] for event in await written(room)] == [1]


async def test_a_long_message_is_cut_and_a_long_name_too(room: Room, events: Events) -> None:
    assert await paused(events, room, message="é" * 2000, name="n" * 253)
    (event,) = await written(room)
    assert event["message"].endswith("é…")
    assert len(event["message"].encode()) <= 1024
    assert event["involvedObject"]["name"] == "n" * 253


async def test_the_event_of_a_cluster_scoped_object_stands_in_default(room: Room, events: Events) -> None:
    regarding = ObjectRef("syncpause.dev/v1alpha1", "ClusterSyncPausePolicy", "", room.name, "uid-2")
    assert await events.post(regarding=regarding, type="Warning", reason="Contested", message="again")
    selector = {"fieldSelector": f"involvedObject.name={room.name}"}
    assert b'"reason":"Contested"' in await room.client.get("/api/v1/namespaces/default/events", selector)


async def test_a_failure_is_told_and_not_raised(cluster: Cluster, room: Room, tmp_path: Path) -> None:
    async with Proxy(cluster) as proxy, await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client:
        proxy.refuse()
        assert not await paused(Events(client, instance="replica-1"), room)
