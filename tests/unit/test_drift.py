"""The drift budget, and when a pause counts as contested."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncpause.domain.change.drift import (
    BURST,
    CONTESTED_AFTER,
    MIN_QUIET,
    SECONDS_PER_CORRECTION,
    DriftRecord,
    contested_message,
)


def corrected(*instants: float, by: str = "argocd-controller") -> DriftRecord:
    record = DriftRecord()
    for instant in instants:
        record.record_correction(instant, [by, "syncpause"])
    return record


def test_the_first_ten_corrections_come_at_once_and_then_one_every_ten_seconds() -> None:
    record = corrected(*[100.0] * BURST)
    assert record.delay(100.0) == SECONDS_PER_CORRECTION
    assert record.delay(104.0) == 6.0
    assert record.delay(110.0) == 0.0
    record.record_correction(110.0)
    assert record.delay(110.0) == SECONDS_PER_CORRECTION


@given(st.lists(st.floats(0.01, 60.0), min_size=1, max_size=300))
def test_whatever_the_rhythm_the_budget_is_kept(gaps: list[float]) -> None:
    record, now, corrections = DriftRecord(), 1000.0, 0
    for gap in gaps:
        now += gap
        if record.delay(now) == 0:
            record.record_correction(now)
            corrections += 1
    assert corrections <= BURST + (now - 1000.0) / SECONDS_PER_CORRECTION + 1


def test_a_pause_is_contested_after_three_corrections() -> None:
    assert corrected(5.0, 6.0).contested_for(6.0) == 0.0
    assert corrected(5.0, 6.0, 7.0).contested_for(7.0) == MIN_QUIET
    assert len((5.0, 6.0, 7.0)) == CONTESTED_AFTER


def test_a_pause_is_no_longer_contested_after_three_times_the_gap_without_a_correction() -> None:
    record = corrected(0.0, 600.0, 1200.0)  # Flux, every ten minutes
    assert record.contested_for(1200.0) == 1800.0
    assert record.contested_for(2999.0) == 1.0
    assert record.contested_for(3000.0) == 0.0


def test_three_corrections_in_a_summer_do_not_make_a_pause_contested() -> None:
    assert corrected(0.0, 90_000.0, 180_000.0).contested_for(180_000.0) == 0.0


def test_the_message_names_the_field_manager_and_the_fix() -> None:
    record = corrected(1.0, 2.0, 3.0)
    assert record.managers == {"argocd-controller"}
    record.record_correction(4.0)
    assert record.managers == {"argocd-controller"}, "a correction without managers keeps those known"
    sentence = contested_message([("cronjob a/rosters", record.managers)])
    assert sentence.startswith("argocd-controller undoes the pause of cronjob a/rosters again and again.")
    for fix in (
        "ignoreDifferences",
        "managedFieldsManagers: [syncpause]",
        "ssa: IfNotPresent",
        "the guard",
    ):
        assert fix in sentence
    assert contested_message([("cronjob a/rosters", ())]).startswith("a field manager that is not recorded")
