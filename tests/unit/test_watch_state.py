"""A watch that is dead or mute can be told from one on which nothing happens."""

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


def watch(clock: Clock) -> WatchState:
    state = WatchState("cronjobs", 150.0, clock)
    state.opened()
    return state


def stream(clock: Clock) -> tuple[StreamState, Any]:
    state, response = StreamState("namespaces", 150.0, clock), Response()
    state.opened_stream(response)  # type: ignore[arg-type]
    return state, response


def reopen(state: StreamState) -> Any:
    response = Response()
    state.opened_stream(response)  # type: ignore[arg-type]
    return response


MUTE = (
    "the watch of cronjobs is accepted, but nothing has come through it for 150 s: "
    "make sure that no proxy before the API server buffers answers"
)


def test_a_watch_that_ends_without_a_byte_is_mute_until_one_comes_through_a_list_or_a_new_watch() -> None:
    clock = Clock()
    state = watch(clock)
    clock.now += 149
    assert state.problem == ""
    clock.now += 1
    state.closed()
    assert state.problem == MUTE
    state.listed()
    state.opened()
    clock.now += 100
    assert "for 250 s" in state.problem
    assert state.silence == 250
    state.received()
    assert state.problem == ""
    assert state.silence == 0


def test_no_number_of_accepted_watches_hides_that_nothing_comes_for_longer_than_300_seconds() -> None:
    """Not even with lists between them, as after each watch that ends without a byte."""
    clock = Clock()
    state = watch(clock)
    state.received()
    for _ in range(2):  # the first one brought a byte and then froze
        clock.now += 150
        state.closed()
        state.listed()
        state.opened()
    assert "is accepted, but nothing has come through it" in state.problem


def test_a_watch_that_is_reopened_every_few_seconds_without_a_byte_is_silent() -> None:
    clock = Clock()
    state = watch(clock)
    for _ in range(22):
        clock.now += 10
        state.closed()
        state.opened()
    assert state.problem == "the watch of cronjobs has brought nothing for 220 s"


def test_a_load_balancer_that_ends_idle_watches_is_no_problem_while_lists_are_answered() -> None:
    clock = Clock()
    state = watch(clock)
    for _ in range(100):
        clock.now += 35
        state.closed()
        if state.needs_list:
            state.listed()
        state.opened()
        assert state.problem == ""
        assert state.silence <= 70


def test_a_list_must_follow_a_watch_that_ended_without_a_byte_and_a_long_silence() -> None:
    clock = Clock()
    state = watch(clock)
    clock.now += 60
    assert not state.needs_list
    state.closed()
    assert state.needs_list
    state.listed()
    state.opened()
    state.received()
    clock.now += 60
    state.closed()
    assert not state.needs_list, "it brought bytes: the next watch continues from the last of them"
    clock.now += 65
    assert state.needs_list


def test_a_stream_that_brings_bytes_is_alive() -> None:
    clock = Clock()
    state, response = stream(clock)
    for _ in range(10):
        clock.now += 120
        response.content.total_bytes += 200
        assert state.problem == ""


def test_a_stream_that_kopf_reopens_without_a_byte_is_mute_and_not_stuck() -> None:
    clock = Clock()
    state, response = stream(clock)
    clock.now += 150
    response.closed = True
    response = reopen(state)
    assert "is accepted, but nothing has come through it for 150 s" in state.problem
    assert state.list_due
    assert not state.stuck, "to restart kopf would end the watch before its first bookmark"
    clock.now += 119
    response.content.total_bytes += 200
    assert state.problem == ""


def test_a_stream_that_kopf_does_not_reopen_is_stuck_whatever_lists_say() -> None:
    clock = Clock()
    state, response = stream(clock)
    response.content.total_bytes += 200
    assert state.problem == ""
    clock.now += 209
    assert not state.stuck
    state.listed()
    clock.now += 1
    assert state.stuck
    assert "for 210 s" in state.problem


def test_a_closed_stream_is_a_problem_sooner() -> None:
    clock = Clock()
    state, response = stream(clock)
    clock.now += 100
    response.closed = True
    assert state.problem == ""
    clock.now += 29
    assert state.problem == ""
    clock.now += 2
    assert state.problem == "the watch of namespaces has been closed for 31 s"
    assert state.stuck
    state.listed()
    assert state.silence == 31, "lists do not end it"
    reopen(state)
    clock.now += 1
    assert state.problem == ""


def test_a_stream_that_is_accepted_and_closed_again_and_again_counts_as_closed() -> None:
    clock = Clock()
    state, response = stream(clock)
    for _ in range(310):
        response.closed = True
        clock.now += 0.1
        response = reopen(state)
    assert state.problem == "the watch of namespaces has been closed for 31 s"


def test_a_stream_that_was_never_opened_is_a_problem() -> None:
    clock = Clock()
    state = StreamState("namespaces", 150.0, clock)
    clock.now += 31
    assert "has been closed for 31 s" in state.problem


def test_a_watch_that_should_not_exist_is_no_problem_and_starts_anew_when_it_should() -> None:
    clock = Clock()
    state = StreamState("south/syncpausepolicies", 150.0, clock, namespace="south")
    state.expect(False)
    clock.now += 1000
    assert (state.problem, state.silence, state.stuck) == ("", 0.0, False)
    state.expect(True)
    assert state.problem == ""
    clock.now += 31
    assert "has been closed for 31 s" in state.problem


def test_time_in_which_the_process_stood_still_is_no_silence() -> None:
    clock = Clock()
    state = watch(clock)
    state.received()
    clock.now += 10
    clock.now += 600
    state.discount(600)
    assert state.silence == 10
    assert state.problem == ""


def test_a_watch_is_named_as_people_name_the_collection() -> None:
    assert paths.short_name(paths.policies("SyncPausePolicy")) == "syncpausepolicies"
    assert paths.short_name(paths.policies("SyncPausePolicy", "south")) == "south/syncpausepolicies"
    assert paths.short_name(paths.NAMESPACES) == "namespaces"
