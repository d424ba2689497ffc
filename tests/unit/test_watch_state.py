"""A watch that has died is told from one on which nothing happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from syncpause.kube import paths
from syncpause.kube.watch_state import StreamState, WatchState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Content:
    total_bytes: int = 0


@dataclass
class Response:
    """What is read of a response: how many bytes came, and whether it is over."""

    content: Content = field(default_factory=Content)
    closed: bool = False


def stream(clock: Clock) -> tuple[StreamState, Any]:
    state, response = StreamState("namespaces", 150.0, clock), Response()
    state.opened(response)  # type: ignore[arg-type]
    return state, response


def test_a_watch_is_silent_once_nothing_came_for_longer_than_its_own_timeout() -> None:
    clock = Clock()
    state = WatchState("cronjobs", 150.0, clock)
    clock.now += 179
    assert state.problem == ""
    clock.now += 2
    assert state.problem == "the watch of cronjobs has brought nothing for 181 s"
    state.beat()
    assert state.problem == ""
    assert state.silence == 0


def test_a_stream_that_brings_bytes_is_alive() -> None:
    clock = Clock()
    state, response = stream(clock)
    for _ in range(10):
        clock.now += 120
        response.content.total_bytes += 200
        assert state.problem == ""


def test_an_open_stream_without_bytes_is_silent_in_the_end() -> None:
    clock = Clock()
    state, _ = stream(clock)
    clock.now += 60
    assert state.problem == ""
    clock.now += 121
    assert "has brought nothing for 181 s" in state.problem


def test_a_closed_stream_is_a_problem_sooner() -> None:
    clock = Clock()
    state, response = stream(clock)
    response.closed = True
    clock.now += 29
    assert state.problem == ""
    clock.now += 2
    assert state.problem == "the watch of namespaces has been closed for 31 s"
    state.opened(Response())  # type: ignore[arg-type]
    assert state.problem == ""


def test_a_stream_that_was_never_opened_is_a_problem() -> None:
    clock = Clock()
    state = StreamState("namespaces", 150.0, clock)
    clock.now += 31
    assert "has been closed for 31 s" in state.problem


def test_a_watch_is_named_as_people_name_the_collection() -> None:
    assert paths.short_name(paths.policies("SyncPausePolicy")) == "syncpausepolicies"
    assert paths.short_name(paths.policies("SyncPausePolicy", "south")) == "south/syncpausepolicies"
    assert paths.short_name(paths.NAMESPACES) == "namespaces"
