"""Plans: idempotent, and a resume undoes a pause."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from builders import at, cluster_policy, ingest, patched, policy_set, sync
from syncpause.api import names
from syncpause.domain.change import restore
from syncpause.domain.change.plan import Action, Change, plan
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.workload import Workload, label_fields

JULY, AUTUMN = at("2027-07-01T12:00"), at("2027-09-01T12:00")
DEFAULT = policy_set(cluster_policy())


def step(workload: Workload, now=JULY, here=DEFAULT, **more) -> tuple[Workload, Change | None]:  # type: ignore[no-untyped-def]
    change = plan(workload, decide(here, workload, now), now, **more)
    return patched(workload, change), change


specs = st.one_of(
    st.builds(
        lambda suspend, deadline: sync(suspend=suspend, deadline=deadline),
        st.booleans(),
        st.none() | st.integers(0, 2**31 - 1),
    ),
    st.builds(lambda replicas: ingest(replicas=replicas), st.integers(0, 2**31 - 1)),
)


@given(specs)
def test_restore_after_pause_is_the_identity(workload: Workload) -> None:
    paused, _ = step(workload)
    resumed, _ = step(paused, AUTUMN)
    assert paused.stopped
    assert resumed == workload


@given(specs)
def test_plans_are_idempotent(workload: Workload) -> None:
    paused, _ = step(workload)
    assert step(paused)[1] is None
    resumed, _ = step(paused, AUTUMN)
    assert step(resumed, AUTUMN)[1] is None


@given(specs, specs)
def test_what_the_owner_sets_during_a_pause_is_what_comes_back(before: Workload, edit: Workload) -> None:
    paused, _ = step(before)
    if type(before) is not type(edit):
        return
    wanted = restore.current(edit)
    target = restore.PAUSED[before.kind]
    drifted = patched(paused, Change(Action.PAUSE, wanted))
    repaused, change = step(drifted)
    assert repaused.stopped
    assert change is None or change.action is Action.REPAUSE
    back = restore.current(step(repaused, AUTUMN)[0])
    for field, value in wanted.items():
        expected = value if value != target[field] else restore.current(before)[field]
        assert back[field] == expected


@given(specs)
def test_a_hold_changes_no_running_workload_and_keeps_a_paused_one_paused(workload: Workload) -> None:
    held = PolicySet(unreadable="policies cannot be read")
    assert step(workload, here=held)[1] is None
    paused, _ = step(workload)
    assert step(paused, AUTUMN, held)[1] is None
    woken = patched(paused, Change(Action.PAUSE, restore.DEFAULTS[workload.kind]))
    assert step(woken, AUTUMN, held)[0].stopped


def test_a_pause_sets_both_locks_and_what_undoes_them_in_one_change() -> None:
    _, change = step(sync(deadline=600))
    assert change == Change(
        Action.PAUSE,
        {"suspend": True, "startingDeadlineSeconds": 0},
        {
            "syncpause.dev/restore-suspend": "false",
            "syncpause.dev/restore-starting-deadline-seconds": "600",
            "syncpause.dev/missed-runs": "Skip",
            "syncpause.dev/paused-by": "cspp/default",
            "syncpause.dev/paused-at": "2027-07-01T12:00:00Z",
        },
        {"syncpause.dev/state": "paused"},
    )


def test_an_edited_policy_rewrites_no_paused_workload() -> None:
    paused, _ = step(sync())
    edited = policy_set(cluster_policy("another", missedRuns="RunOnce"))
    assert step(paused, at("2027-07-02T00:00"), edited)[1] is None


def test_a_stripped_label_is_put_back() -> None:
    paused, _ = step(sync())
    bare = with_fields(paused, **label_fields({names.SCHOOL_LABEL: "lincoln"}))
    assert step(bare)[0].labels[names.STATE_LABEL] == "paused"


def test_lost_restore_state_needs_a_fallback() -> None:
    paused, _ = step(ingest(replicas=5))
    stripped = with_fields(paused, annotations={})
    with pytest.raises(LookupError, match="replicas"):
        step(stripped)
    repaired, _ = step(stripped, fallback={"replicas": 4})
    assert restore.stored(repaired) == {"replicas": 4}
    assert restore.current(step(repaired, AUTUMN)[0]) == {"replicas": 4}


def test_skip_moves_the_last_schedule_to_one_second_before_the_pause_ended() -> None:
    paused, _ = step(sync())
    ended = at("2027-08-10T05:00")
    _, change = step(paused, AUTUMN, ended=ended)
    assert change is not None
    assert change.last_schedule == ended - timedelta(seconds=1)


def test_skip_never_moves_it_backwards() -> None:
    paused = with_fields(step(sync())[0], last_schedule=at("2027-08-30T00:00"))
    assert step(paused, AUTUMN, ended=at("2027-08-10T05:00"))[1].last_schedule is None  # type: ignore[union-attr]


def test_an_edited_resume_catches_up_no_run_of_its_own_second() -> None:
    """With no edge between, it was paused until now: what fell due in this second was missed."""
    paused, _ = step(sync())
    change = step(paused, AUTUMN, policy_set())[1]
    assert change is not None
    assert change.last_schedule == AUTUMN.replace(microsecond=0)


def test_run_once_leaves_the_last_schedule() -> None:
    here = policy_set(cluster_policy(missedRuns="RunOnce"))
    paused, _ = step(sync(), here=here)
    assert step(paused, AUTUMN, here)[1].last_schedule is None  # type: ignore[union-attr]
    ungoverned = Decision(DesiredState.UNGOVERNED, "its policy was deleted")
    assert plan(paused, ungoverned, JULY).last_schedule is None  # type: ignore[union-attr]
