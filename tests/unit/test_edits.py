"""Edits of a policy: what a person in a hurry means by them, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ZONE
from syncpause.api.policy import PolicySpec
from syncpause.domain.preview.edits import copy_for_school, with_dates, with_exemption, without_exemptions

SPEC: dict[str, Any] = {"timeZone": ZONE, "schools": ["lincoln"], "missedRuns": "RunOnce"}


def window(name: str, first: str, last: str) -> dict[str, str]:
    return {"name": name, "firstDay": first, "lastDay": last}


def days(spec: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(item["name"], item["firstDay"], item["lastDay"]) for item in spec["windows"]]


def test_an_only_window_is_replaced_whatever_its_days() -> None:
    before = {**SPEC, "windows": [window("break", "06-15", "08-09")]}
    after = with_dates(before, "2027-06-12", "2027-08-14")
    assert days(after) == [("break", "2027-06-12", "2027-08-14")]
    assert after["missedRuns"] == "RunOnce"
    assert days(before) == [("break", "06-15", "08-09")]


def test_of_several_windows_the_ones_that_overlap_are_replaced() -> None:
    summer, winter = window("summer", "06-15", "08-09"), window("winter", "12-20", "01-03")
    before = {**SPEC, "windows": [summer, winter]}
    assert days(with_dates(before, "2027-06-12", "2027-08-14")) == [
        ("winter", "12-20", "01-03"),
        ("summer", "2027-06-12", "2027-08-14"),
    ]
    assert days(with_dates(before, "01-02", "01-05"))[1] == ("winter", "01-02", "01-05")
    assert days(with_dates(before, "03-01", "03-05"))[2] == ("summer-2", "03-01", "03-05")
    two = {
        **SPEC,
        "windows": [window("a", "2027-06-01", "2027-06-30"), window("b", "2028-06-01", "2028-06-30")],
    }
    assert days(with_dates(two, "2028-06-05", "2028-07-01"))[0][0] == "a"


def test_an_exemption_is_added_once_and_then_changed() -> None:
    once = with_exemption(SPEC, "lincoln", ["rosters"], first=None, until="2027-07-20", reason="ticket 1")
    assert once["exemptions"] == [
        {
            "name": "lincoln-rosters",
            "schools": ["lincoln"],
            "applications": ["rosters"],
            "until": "2027-07-20",
            "reason": "ticket 1",
        }
    ]
    again = with_exemption(
        once, "lincoln", ["rosters"], first="2027-07-01", until="2027-07-25", reason="ticket 2"
    )
    assert len(again["exemptions"]) == 1
    assert again["exemptions"][0]["from"] == "2027-07-01"
    whole = with_exemption(again, "lincoln", [], first=None, until="2027-07-20", reason="all")
    assert [item["name"] for item in whole["exemptions"]] == ["lincoln-rosters", "lincoln"]


def test_only_exemptions_of_the_school_alone_are_taken_out() -> None:
    mine = {"name": "a", "schools": ["lincoln"], "reason": "r"}
    rosters = {"name": "b", "schools": ["lincoln"], "applications": ["rosters"], "reason": "r"}
    ours = {"name": "c", "schools": ["lincoln", "roosevelt"], "reason": "r"}
    picky = {"name": "d", "schools": ["lincoln"], "selector": {"matchLabels": {"a": "b"}}, "reason": "r"}
    spec = {**SPEC, "exemptions": [mine, rosters, ours, picky]}
    assert without_exemptions(spec, "lincoln", [])[1] == [mine, rosters]
    assert without_exemptions(spec, "lincoln", ["rosters"])[1] == [rosters]
    assert without_exemptions(spec, "roosevelt", [])[1] == []
    assert without_exemptions({}, "lincoln", [])[1] == []


def test_a_copy_for_a_school_keeps_what_concerns_it() -> None:
    district = {
        "timeZone": "UTC",
        "schools": None,
        "mode": "Enforce",
        "enforcement": "Default",
        "namespaceSelector": {},
        "windows": [window("summer", "06-15", "08-09")],
        "exemptions": [
            {"name": "all", "applications": ["x"], "reason": "r"},
            {"name": "other", "schools": ["roosevelt"], "reason": "r"},
        ],
        "missedRuns": "RunOnce",
        "resumeSpread": "1h",
    }
    own = copy_for_school(district, "lincoln", ZONE)
    assert set(own) == {"timeZone", "schools", "windows", "missedRuns", "resumeSpread", "exemptions"}
    assert (own["timeZone"], own["schools"]) == (ZONE, ["lincoln"])
    assert [item["name"] for item in own["exemptions"]] == ["all"]
    PolicySpec.from_json(own)


labels = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True)


@given(st.lists(st.tuples(labels, st.lists(labels, max_size=2, unique=True)), max_size=6))
def test_any_exemptions_make_a_spec_that_the_api_takes(wishes: list[tuple[str, list[str]]]) -> None:
    spec: dict[str, Any] = {**SPEC, "windows": []}
    for school, applications in wishes:
        spec = with_exemption(spec, school, applications, first=None, until="2027-07-20", reason="日本 'x'")
    assert len(PolicySpec.from_json(spec).exemptions) == len(
        {(school, tuple(sorted(names))) for school, names in wishes}
    )


@pytest.mark.parametrize("existing", [[], [("w", "2027-06-12", "2027-08-14")]])
def test_setting_the_same_dates_twice_changes_nothing_more(existing: list[tuple[str, str, str]]) -> None:
    spec = {**SPEC, "windows": [window(*item) for item in existing]}
    once = with_dates(spec, "2027-06-01", "2027-08-20")
    assert with_dates(once, "2027-06-01", "2027-08-20") == once
