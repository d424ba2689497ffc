"""The next transition of a school: the first edge that changes anything."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from builders import at, cluster_policy, policy, policy_set, sync
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.status.transition import MAX_EDGES, NextTransition, next_transition

MARCH = at("2027-03-01T12:00")


def following(here: PolicySet, now: Any) -> NextTransition | None:
    """The next transition of one sync of the school."""
    return next_transition(here, [sync()], [decide(here, sync(), now)], now)


def test_the_next_transition_skips_edges_that_change_nothing() -> None:
    """The default's edges mean nothing to a school with its own dates."""
    own = policy("own", schools=["lincoln"], windows=[{"name": "w", "firstDay": "07-01", "lastDay": "07-31"}])
    found = following(policy_set(policy("district"), own), MARCH)
    assert found is not None
    assert str(found) == "Pause 2027-07-01 00:00 CDT"
    never = following(policy_set(policy("district"), policy("own", schools=["lincoln"], windows=[])), MARCH)
    assert never is None
    assert next_transition(policy_set(), [], [], MARCH) is None


def test_the_search_for_a_transition_ends_after_a_few_years() -> None:
    """A window of the whole year has an edge each New Year that changes nothing; a far one is still found."""
    whole_year = [{"name": "w", "firstDay": "01-01", "lastDay": "12-31"}]
    assert following(policy_set(policy(windows=whole_year)), MARCH) is None
    far = [{"name": "w", "firstDay": "2041-07-01", "lastDay": "2041-07-31"}]
    assert str(following(policy_set(policy(windows=far)), MARCH)) == "Pause 2041-07-01 00:00 CDT"


days = st.dates(min_value=at("2026-01-01T00:00").date(), max_value=at("2028-12-31T00:00").date())


@given(st.lists(st.tuples(days, days), max_size=4), days)
def test_nothing_changes_before_the_next_transition(pairs: list[tuple[Any, Any]], today: Any) -> None:
    windows = [
        {"name": f"w{n}", "firstDay": min(pair).isoformat(), "lastDay": max(pair).isoformat()}
        for n, pair in enumerate(pairs)
    ]
    here, now = policy_set(policy("p", windows=windows)), at(f"{today}T12:00")

    def desired_state(instant: Any) -> DesiredState:
        return decide(here, sync(), instant).desired_state

    found = following(here, now)
    edges = sorted({span for window in windows for span in (window["firstDay"], window["lastDay"])})
    assert len(edges) < MAX_EDGES
    later = [at(f"{edge}T12:00") for edge in edges]
    if found is None:
        assert all(desired_state(instant) is desired_state(now) for instant in later if instant > now)
    else:
        assert desired_state(found.at) is not desired_state(now)
        assert all(
            desired_state(instant) is desired_state(now) for instant in later if now < instant < found.at
        )


def test_a_pause_in_doubt_is_planned_and_its_resume_is_not() -> None:
    unknown = policy_set(cluster_policy(), d9="Mars/Olympus")
    found = following(unknown, MARCH)
    assert str(found) == "Pause 2027-06-15 00:00 CDT"
    assert following(unknown, at("2027-07-01T12:00")) is None
