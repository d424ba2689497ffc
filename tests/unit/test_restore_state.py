"""Restore state: annotations, the copy in a school's status, and marks that were stripped."""

import pytest
from msgspec.structs import replace as with_fields

from builders import at, cluster_policy, ingest, patched, policy_set
from syncpause.api import names
from syncpause.domain.change import restore
from syncpause.domain.change.plan import plan
from syncpause.domain.decision.decide import decide
from syncpause.domain.workload import Kind, Workload, label_fields

JULY, AUTUMN = at("2027-07-01T12:00"), at("2027-09-01T12:00")


def after_plan(workload: Workload, now: object = JULY, fallback: restore.Values | None = None) -> Workload:
    """The workload after the change that the default policy makes."""
    decision = decide(policy_set(cluster_policy()), workload, now)  # type: ignore[arg-type]
    return patched(workload, plan(workload, decision, now, fallback=fallback))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.5", "99999999999", "٣", "True", "0x10"])
def test_an_unreadable_restore_annotation_counts_as_lost(text: str) -> None:
    paused = after_plan(ingest(replicas=5))
    spoilt = with_fields(paused, annotations={**paused.annotations, names.RESTORE_REPLICAS: text})
    assert restore.is_incomplete(spoilt)


def test_stripped_marks_are_distinguished_from_an_owners_own_stop() -> None:
    paused = after_plan(ingest(replicas=5))
    copy = restore.from_copy(Kind.DEPLOYMENT, restore.as_copy(paused))
    bare = with_fields(paused, annotations={}, **label_fields({names.SCHOOL_LABEL: "lincoln"}))
    assert restore.was_stripped(bare, copy, {"replicas": {names.FIELD_MANAGER}})
    assert not restore.was_stripped(bare, copy, {"replicas": {"kubectl"}})
    assert not restore.was_stripped(bare, copy, {})
    assert not restore.was_stripped(bare, {}, {"replicas": {names.FIELD_MANAGER}})
    assert not restore.was_stripped(paused, copy, {"replicas": {names.FIELD_MANAGER}})
    resumed = after_plan(bare, AUTUMN, copy)
    assert restore.current(resumed) == {"replicas": 5}


@pytest.mark.parametrize("copy", ["", "replicas", "replicas=", "replicas=x", "suspend=false", "a=1 b=2", "="])
def test_a_copy_that_cannot_be_read_is_none(copy: str) -> None:
    assert restore.from_copy(Kind.DEPLOYMENT, copy) == {}
    assert restore.from_copy(Kind.CRON_JOB, copy) == {}


def test_the_last_applied_configuration_gives_the_owners_values() -> None:
    applied = '{"spec": {"schedule": "* * * * *", "startingDeadlineSeconds": 30}}'
    assert restore.from_last_applied(Kind.CRON_JOB, applied) == {
        "suspend": False,
        "startingDeadlineSeconds": 30,
    }
    assert restore.from_last_applied(ingest().kind, "{not json") == {}
    assert restore.from_last_applied(ingest().kind, '{"spec": {"replicas": "many"}}') == {}
