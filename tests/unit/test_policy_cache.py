"""What the cache of policies keeps of policies that are invalid or deleted, and of changed Namespaces."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from builders import SUMMER, ZONE, at, sync
from syncpause.controller.cache.policies import PolicyCache
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.edges import decide_with_care
from syncpause.domain.decision.policy_set import Namespace

JULY, MARCH = at("2027-07-01T12:00"), at("2027-03-01T12:00")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
D9 = Namespace("d9")
LATER = math.inf
"""When a read begins that ends every grace."""


@pytest.fixture
def cache() -> PolicyCache:
    return PolicyCache(None, [""], lambda: JULY, lambda _: None, interval=1800.0, grace=0.0)  # type: ignore[arg-type]


def body(version: int, zone: str = ZONE, name: str = "own", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "d9", "resourceVersion": str(version)}
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
            cache.listed([policy], [D9], SINCE, 0.0)
        else:
            cache.policy_event("MODIFIED", policy)

    cache.listed([body(1)], [D9], SINCE, 0.0)
    assert states(cache) == (DesiredState.SYNC, DesiredState.PAUSE)
    for version, zone in ((2, "Mars/Olympus"), (3, "Mars/Tharsis")):
        applied(body(version, zone, windows=[]))
        assert states(cache) == (DesiredState.HOLD, DesiredState.PAUSE)
    applied(body(4, windows=[]))
    assert states(cache) == (DesiredState.SYNC, DesiredState.SYNC)


def test_an_invalid_policy_whose_valid_form_is_unknown_holds(cache: PolicyCache) -> None:
    cache.listed([body(1, "Mars/Olympus")], [D9], SINCE, 0.0)
    assert states(cache) == (DesiredState.HOLD, DesiredState.HOLD)
    assert cache.policy_set.before == ()


@pytest.fixture
async def patient() -> PolicyCache:
    """A cache with a grace, whose start is over."""
    cache = PolicyCache(None, [""], lambda: JULY, lambda _: None, interval=1800.0, grace=30.0)  # type: ignore[arg-type]
    cache.listed([body(1)], [D9], SINCE, 0.0)
    cache.listed([body(1)], [D9], SINCE, LATER)
    assert cache.policy_set.starts_until is None
    return cache


async def test_a_deletion_counts_for_a_resume_only_after_its_grace(patient: PolicyCache) -> None:
    patient.listed([], [D9], SINCE, 0.0)
    decision = decide(patient.policy_set, sync(), JULY)
    assert decision.desired_state is DesiredState.PAUSE
    assert decision.waits == "spp/own was deleted, which counts for a resume at 12:00:30Z"
    assert decision.waits in decision.reason
    assert states(patient) == (DesiredState.UNGOVERNED, DesiredState.PAUSE), "its last day is no deletion"
    patient.listed([], [D9], SINCE, LATER)
    assert states(patient) == (DesiredState.UNGOVERNED, DesiredState.UNGOVERNED)
    assert patient.policy_set.before == ()


async def test_a_read_that_began_within_the_grace_does_not_end_it(patient: PolicyCache) -> None:
    """The operator may have stood still for as long, and not have seen that the policy is there again."""
    patient.listed([], [D9], SINCE, 0.0)
    patient.listed([], [D9], SINCE, time.monotonic())
    assert states(patient)[1] is DesiredState.PAUSE


async def test_a_policy_that_is_applied_again_ends_its_grace_and_counts_at_once(patient: PolicyCache) -> None:
    patient.listed([], [D9], SINCE, 0.0)
    patient.policy_event("ADDED", body(2, windows=[]))
    assert states(patient) == (DesiredState.SYNC, DesiredState.SYNC)


async def test_a_policy_that_is_invalid_when_it_is_applied_again_goes_on_as_it_was(
    patient: PolicyCache,
) -> None:
    patient.listed([], [D9], SINCE, 0.0)
    patient.policy_event("ADDED", body(2, "Mars/Olympus"))
    patient.listed([body(2, "Mars/Olympus")], [D9], SINCE, LATER)
    assert states(patient) == (DesiredState.HOLD, DesiredState.PAUSE)


async def test_a_policy_that_is_applied_under_another_name_leaves_no_gap(patient: PolicyCache) -> None:
    patient.listed([], [D9], SINCE, 0.0)
    patient.policy_event("ADDED", body(2, name="renamed"))
    patient.listed([body(2, name="renamed")], [D9], SINCE, LATER)
    assert states(patient) == (DesiredState.SYNC, DesiredState.PAUSE)


async def test_an_edit_counts_at_once_also_within_the_grace_of_another_policy(patient: PolicyCache) -> None:
    patient.policy_event("ADDED", body(2, name="other", schools=["roosevelt"]))
    patient.listed([body(1)], [D9], SINCE, 0.0)
    patient.policy_event("MODIFIED", body(3, windows=[]))
    assert states(patient) == (DesiredState.SYNC, DesiredState.SYNC)


def cluster_wide(labels: dict[str, str]) -> dict[str, Any]:
    spec = {"timeZone": ZONE, "windows": [SUMMER], "namespaceSelector": {"matchLabels": labels}}
    return {"metadata": {"name": "default", "resourceVersion": "1"}, "spec": spec}


def namespace(labels: dict[str, str], zone: str | None = None) -> dict[str, Any]:
    annotations = {} if zone is None else {"syncpause.dev/time-zone": zone}
    return {"metadata": {"name": "d9", "labels": labels, "annotations": annotations}}


@pytest.mark.parametrize("labels", [{}, {"tier": "b"}, {"other": "a"}], ids=str)
async def test_a_namespace_that_leaves_a_selector_counts_for_a_resume_only_after_its_grace(
    labels: dict[str, str], patient: PolicyCache
) -> None:
    patient.listed([cluster_wide({"tier": "a"})], [Namespace("d9", {"tier": "a"})], SINCE, LATER)
    patient.listed([cluster_wide({"tier": "a"})], [Namespace("d9", {"tier": "a"})], SINCE, LATER)
    patient.namespace_event("MODIFIED", namespace(labels))
    decision = decide(patient.policy_set, sync(), JULY)
    assert decision.desired_state is DesiredState.PAUSE
    assert "namespace d9 was changed, which counts for a resume at 12:00:30Z" in decision.reason
    patient.listed([cluster_wide({"tier": "a"})], [Namespace("d9", labels)], SINCE, LATER)
    assert states(patient)[1] is DesiredState.UNGOVERNED


async def test_a_zone_that_is_taken_off_a_namespace_counts_for_a_resume_only_after_its_grace(
    patient: PolicyCache,
) -> None:
    patient.listed([cluster_wide({})], [Namespace("d9", {}, "Pacific/Honolulu")], SINCE, LATER)
    patient.listed([cluster_wide({})], [Namespace("d9", {}, "Pacific/Honolulu")], SINCE, LATER)
    between = at("2027-08-10T07:00")  # the last day is over in Chicago, and not in Honolulu
    patient.namespace_event("MODIFIED", namespace({}))
    assert decide(patient.policy_set, sync(), between).desired_state is DesiredState.PAUSE
    patient.listed([cluster_wide({})], [D9], SINCE, LATER)
    assert decide(patient.policy_set, sync(), between).desired_state is DesiredState.SYNC


async def test_after_a_start_a_pause_that_no_edge_ended_is_held_for_the_grace() -> None:
    cache = PolicyCache(None, [""], lambda: JULY, lambda _: None, interval=1800.0, grace=30.0)  # type: ignore[arg-type]
    marks = {"syncpause.dev/restore-suspend": "false", "syncpause.dev/paused-at": "2027-06-15T05:00:00Z"}
    paused = sync(annotations=marks, suspend=True)
    cache.listed([], [D9], SINCE, 0.0)
    held = decide_with_care(cache.policy_set, paused, JULY)
    assert (held.desired_state, "12:00:30Z" in held.waits) == (DesiredState.HOLD, True)
    assert decide_with_care(cache.policy_set, sync(), JULY).desired_state is DesiredState.UNGOVERNED
    cache.listed([], [D9], SINCE, LATER)
    assert decide_with_care(cache.policy_set, paused, JULY).desired_state is DesiredState.UNGOVERNED


async def test_after_a_start_a_pause_that_an_edge_ended_is_not_held() -> None:
    cache = PolicyCache(None, [""], lambda: JULY, lambda _: None, interval=1800.0, grace=30.0)  # type: ignore[arg-type]
    marks = {"syncpause.dev/restore-suspend": "false", "syncpause.dev/paused-at": "2027-06-15T05:00:00Z"}
    cache.listed([body(1)], [D9], SINCE, 0.0)
    over = decide_with_care(cache.policy_set, sync(annotations=marks), at("2027-08-10T05:00"))
    assert over.desired_state is DesiredState.SYNC


@pytest.mark.parametrize(
    ("paused_by", "expected"), [("spp/own", DesiredState.SYNC), ("spp/gone", DesiredState.HOLD)]
)
async def test_after_a_start_an_edit_counts_at_once(paused_by: str, expected: DesiredState) -> None:
    cache = PolicyCache(None, [""], lambda: JULY, lambda _: None, interval=1800.0, grace=30.0)  # type: ignore[arg-type]
    marks = {"syncpause.dev/restore-suspend": "false", "syncpause.dev/paused-at": "2027-06-15T05:00:00Z"}
    paused = sync(annotations={**marks, "syncpause.dev/paused-by": paused_by}, suspend=True)
    cache.listed([body(1, windows=[])], [D9], SINCE, 0.0)
    assert decide_with_care(cache.policy_set, paused, JULY).desired_state is expected


async def test_without_a_grace_a_deletion_counts_at_once(cache: PolicyCache) -> None:
    cache.listed([body(1)], [D9], SINCE, 0.0)
    cache.listed([], [D9], SINCE, 0.0)
    assert states(cache)[1] is DesiredState.UNGOVERNED
