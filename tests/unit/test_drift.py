"""The drift budget, and when undoing a pause becomes a contest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncpause.domain.change.drift import AT_ONCE, LEAST_QUIET, SECONDS_EACH, UNDONE, DriftRecord, in_words


def fought(*instants: float, by: str = "argocd-controller") -> DriftRecord:
    drift = DriftRecord()
    for instant in instants:
        drift.corrected(instant, [by, "syncpause"])
    return drift


def test_the_first_ten_corrections_come_at_once_and_then_one_every_ten_seconds() -> None:
    drift = fought(*[100.0] * AT_ONCE)
    assert drift.patience(100.0) == SECONDS_EACH
    assert drift.patience(104.0) == 6.0
    assert drift.patience(110.0) == 0.0
    drift.corrected(110.0)
    assert drift.patience(110.0) == SECONDS_EACH


@given(st.lists(st.floats(0.01, 60.0), min_size=1, max_size=300))
def test_whatever_the_rhythm_the_budget_is_kept(gaps: list[float]) -> None:
    drift, now, corrections = DriftRecord(), 1000.0, 0
    for gap in gaps:
        now += gap
        if drift.patience(now) == 0:
            drift.corrected(now)
            corrections += 1
    assert corrections <= AT_ONCE + (now - 1000.0) / SECONDS_EACH + 1


def test_undone_twice_is_a_mistake_and_three_times_a_contest() -> None:
    assert fought(5.0, 6.0).lasts(6.0) == 0.0
    assert fought(5.0, 6.0, 7.0).lasts(7.0) == LEAST_QUIET
    assert len((5.0, 6.0, 7.0)) == UNDONE


def test_a_contest_is_over_when_nothing_is_undone_for_three_times_the_gap() -> None:
    drift = fought(0.0, 600.0, 1200.0)  # Flux, every ten minutes
    assert drift.lasts(1200.0) == 1800.0
    assert drift.lasts(2999.0) == 1.0
    assert drift.lasts(3000.0) == 0.0


def test_three_mistakes_in_a_summer_are_no_contest() -> None:
    assert fought(0.0, 90_000.0, 180_000.0).lasts(180_000.0) == 0.0


def test_it_names_who_it_is_and_the_remedy() -> None:
    drift = fought(1.0, 2.0, 3.0)
    assert drift.managers == {"argocd-controller"}
    drift.corrected(4.0)
    assert drift.managers == {"argocd-controller"}, "a correction that was not looked into forgets nobody"
    sentence = in_words([("cronjob a/rosters", drift.managers)])
    assert sentence.startswith("argocd-controller undoes the pause of cronjob a/rosters again and again.")
    for remedy in (
        "ignoreDifferences",
        "managedFieldsManagers: [syncpause]",
        "ssa: IfNotPresent",
        "the guard",
    ):
        assert remedy in sentence
    assert in_words([("cronjob a/rosters", ())]).startswith("someone whose name is not recorded")
