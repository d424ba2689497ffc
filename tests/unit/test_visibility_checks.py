"""What the check of the watches does with what it finds."""

from __future__ import annotations

from syncpause.controller.visibility import Visibility
from syncpause.kube.watch_state import StreamState, WatchState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class View:
    """An operator that sees everything but what a test takes away."""

    unseen = ""
    limitation = ""


class Policies:
    """A cache of policies that counts how often it is asked to read."""

    def __init__(self) -> None:
        self.read_at = 0.0
        self.missing = ""
        self.reads = 0

    def has_namespace(self, name: str) -> bool:
        return name != self.missing

    def read_soon(self) -> None:
        self.reads += 1


def test_a_process_that_stood_still_blames_no_watch() -> None:
    clock, policies = Clock(), Policies()
    informer, stream = WatchState("cronjobs", 150.0, clock), StreamState("namespaces", 150.0, clock)
    for state in (informer, stream):
        state.opened()
        state.received()
    visibility = Visibility(View(), policies, informers=[informer], kopf_watches=[stream])
    clock.now += 600
    visibility.check(late=598.0)
    assert visibility.problems(with_policies=True) == []
    clock.now += 600
    visibility.check(late=1.0)
    assert len(visibility.problems(with_policies=True)) == 2


def test_policies_are_listed_while_one_of_their_watches_has_a_problem() -> None:
    clock, policies = Clock(), Policies()
    visibility = Visibility(
        View(), policies, informers=[], kopf_watches=[StreamState("namespaces", 150.0, clock)]
    )
    visibility.check()
    assert policies.reads == 0
    clock.now += 31
    visibility.check()
    assert policies.reads == 1


def test_policies_are_listed_after_a_watch_of_them_that_ended_without_a_byte() -> None:
    clock, policies = Clock(), Policies()
    state = StreamState("namespaces", 150.0, clock)
    visibility = Visibility(View(), policies, informers=[], kopf_watches=[state])
    state.opened()
    clock.now += 61
    visibility.check()
    assert policies.reads == 0
    state.opened()
    clock.now += 1
    visibility.check()
    assert (policies.reads, state.problem) == (1, "")
    policies.read_at = 1.0
    visibility.check()
    assert not state.list_due


def test_no_watch_is_expected_in_a_namespace_that_does_not_exist() -> None:
    clock, policies = Clock(), Policies()
    south = StreamState("south/syncpausepolicies", 150.0, clock, namespace="south")
    visibility = Visibility(View(), policies, informers=[], kopf_watches=[south])
    policies.missing = "south"
    policies.read_at = 1.0
    visibility.check()
    clock.now += 1000
    visibility.check()
    assert visibility.problems(with_policies=True) == []
    policies.missing = ""
    visibility.check()
    assert visibility.problems(with_policies=True) == []
    clock.now += 31
    assert "has been closed for 31 s" in visibility.problems(with_policies=True)[0]


def test_a_problem_of_the_schools_alone_blinds_nobody() -> None:
    view = View()
    visibility = Visibility(view, Policies(), informers=[], kopf_watches=[])
    view.limitation = "no school's status is written"
    visibility.check()
    assert visibility.blind_for == 0
    view.unseen = "CronJobs cannot be read"
    visibility.check()
    assert visibility.blind_for > 0
