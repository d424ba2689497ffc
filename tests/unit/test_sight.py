"""What the check of the watches does with what it finds."""

from __future__ import annotations

from syncpause.controller.sight import Sight
from syncpause.kube.watch_state import StreamState, WatchState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class View:
    """An operator that sees everything but what a test takes away."""

    def __init__(self) -> None:
        self.unseen = ""
        self.limitation = ""
        self.policies_read_at = 0.0
        self.missing = ""
        self.compared = 0

    def has_namespace(self, name: str) -> bool:
        return name != self.missing

    def compare_soon(self) -> None:
        self.compared += 1


def test_a_process_that_stood_still_blames_no_watch() -> None:
    clock, view = Clock(), View()
    informer, policies = WatchState("cronjobs", 150.0, clock), StreamState("namespaces", 150.0, clock)
    for state in (informer, policies):
        state.opened()
        state.received()
    sight = Sight(view, informers=[informer], policies=[policies])
    clock.now += 600
    sight.check(late=598.0)
    assert sight.problems(with_policies=True) == []
    clock.now += 600
    sight.check(late=1.0)
    assert len(sight.problems(with_policies=True)) == 2


def test_policies_are_listed_while_one_of_their_watches_has_a_problem() -> None:
    clock, view = Clock(), View()
    sight = Sight(view, informers=[], policies=[StreamState("namespaces", 150.0, clock)])
    sight.check()
    assert view.compared == 0
    clock.now += 31
    sight.check()
    assert view.compared == 1


def test_policies_are_listed_after_a_watch_of_them_that_ended_without_a_byte() -> None:
    clock, view = Clock(), View()
    state = StreamState("namespaces", 150.0, clock)
    sight = Sight(view, informers=[], policies=[state])
    state.opened()
    clock.now += 61
    sight.check()
    assert view.compared == 0
    state.opened()
    clock.now += 1
    sight.check()
    assert (view.compared, state.problem) == (1, "")
    view.policies_read_at = 1.0
    sight.check()
    assert not state.list_due


def test_no_watch_is_expected_in_a_namespace_that_does_not_exist() -> None:
    clock, view = Clock(), View()
    south = StreamState("south/syncpausepolicies", 150.0, clock, namespace="south")
    sight = Sight(view, informers=[], policies=[south])
    view.missing = "south"
    view.policies_read_at = 1.0
    sight.check()
    clock.now += 1000
    sight.check()
    assert sight.problems(with_policies=True) == []
    view.missing = ""
    sight.check()
    assert sight.problems(with_policies=True) == []
    clock.now += 31
    assert "has been closed for 31 s" in sight.problems(with_policies=True)[0]


def test_a_problem_of_the_schools_alone_blinds_nobody() -> None:
    view = View()
    sight = Sight(view, informers=[], policies=[])
    view.limitation = "no school's status is written"
    sight.check()
    assert sight.blind_for == 0
    view.unseen = "CronJobs cannot be read"
    sight.check()
    assert sight.blind_for > 0
