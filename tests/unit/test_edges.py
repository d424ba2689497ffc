"""Edges: no decision changes between them, and one of them ended a pause."""

from hypothesis import given

from builders import at, cluster_policy, policy_set, sync
from strategies import instants, policies
from syncpause.domain.decision.decide import decide
from syncpause.domain.decision.edges import next_edge, pause_ended


def test_a_late_resume_knows_when_the_pause_ended() -> None:
    paused = sync(annotations={"syncpause.dev/paused-at": "2027-06-15T05:00:00Z"})
    found = pause_ended(policy_set(cluster_policy()), paused, at("2027-08-20T00:00"))
    assert found == at("2027-08-10T05:00")


def test_a_window_that_ended_before_the_pause_began_did_not_end_it() -> None:
    paused = sync(annotations={"syncpause.dev/paused-at": "2027-10-01T00:00:00Z"})
    assert pause_ended(policy_set(cluster_policy()), paused, at("2027-10-05T00:00")) is None


@given(policies, instants)
def test_nothing_changes_before_the_next_edge(found: list, now: object) -> None:  # type: ignore[type-arg]
    here = policy_set(*found)
    edge = next_edge(here, "d9", "lincoln", now)  # type: ignore[arg-type]
    end = edge or at("2028-06-01T00:00")
    middle = now + (end - now) / 2  # type: ignore[operator]
    assert decide(here, sync(), now).desired_state is decide(here, sync(), middle).desired_state  # type: ignore[arg-type]
