"""What the cache of policies keeps of a policy that cannot be evaluated any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from builders import SUMMER, ZONE, at, sync
from syncpause.controller.cache.policies import PolicyCache
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import Namespace

JULY, MARCH = at("2027-07-01T12:00"), at("2027-03-01T12:00")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
D9 = Namespace("d9")


@pytest.fixture
def cache() -> PolicyCache:
    return PolicyCache(None, [""], lambda: JULY, lambda _: None, 1800.0)  # type: ignore[arg-type]


def body(version: int, zone: str = ZONE, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "own", "namespace": "d9", "resourceVersion": str(version)}
    return {"metadata": metadata, "spec": {"timeZone": zone, "windows": [SUMMER], **spec}}


def states(cache: PolicyCache) -> tuple[DesiredState, DesiredState]:
    """Outside and inside the window."""
    before, inside = (decide(cache.policy_set, sync(), when).desired_state for when in (MARCH, JULY))
    return before, inside


@pytest.mark.parametrize("by_list", [True, False], ids=["listed", "watched"])
def test_a_policy_that_became_invalid_goes_on_as_it_was_until_it_is_valid_again(
    by_list: bool, cache: PolicyCache
) -> None:
    def applied(policy: dict[str, Any]) -> None:
        if by_list:
            cache.listed([policy], [D9], SINCE)
        else:
            cache.policy_event("MODIFIED", policy)

    cache.listed([body(1)], [D9], SINCE)
    assert states(cache) == (DesiredState.SYNC, DesiredState.PAUSE)
    for version, zone in ((2, "Mars/Olympus"), (3, "Mars/Tharsis")):
        applied(body(version, zone, windows=[]))
        assert states(cache) == (DesiredState.HOLD, DesiredState.PAUSE)
    applied(body(4, windows=[]))
    assert states(cache) == (DesiredState.SYNC, DesiredState.SYNC)


def test_an_invalid_policy_whose_valid_form_is_unknown_holds(cache: PolicyCache) -> None:
    cache.listed([body(1, "Mars/Olympus")], [D9], SINCE)
    assert states(cache) == (DesiredState.HOLD, DesiredState.HOLD)
    assert cache.policy_set.before == ()
