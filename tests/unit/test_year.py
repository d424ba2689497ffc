"""The year of a school agrees with the operator's decision on each day, and the picture shows every day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ZONE, cluster_policy, policy, policy_set, sync
from syncpause.api.zones import load_zone
from syncpause.cli.year_svg import draw
from syncpause.cli.year_view import Row, cell_of, cells, describe_year, rows
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.preview.year import DayState, SchoolYear, year_of


def year(here: PolicySet, number: int = 2027, **fields: Any) -> SchoolYear:
    return year_of(here, [sync(**fields)], number)


def test_a_year_is_a_list_of_runs_of_days_in_the_schools_zone() -> None:
    found = year(policy_set(cluster_policy()))
    assert [(str(run.first_day), str(run.last_day), str(run.day.state)) for run in found.runs] == [
        ("2027-01-01", "2027-06-14", "syncing"),
        ("2027-06-15", "2027-08-09", "paused"),
        ("2027-08-10", "2027-12-31", "syncing"),
    ]
    assert describe_year(found) == ["paused 2027-06-15 to 2027-08-09 (56 days) by cspp/default, summer"]
    assert found.zone.key == ZONE


def test_a_window_over_new_year_shows_at_both_ends() -> None:
    winter = cluster_policy(windows=[{"name": "winter", "firstDay": "12-20", "lastDay": "01-03"}])
    states = [str(run.day.state) for run in year(policy_set(winter)).runs]
    assert states == ["paused", "syncing", "paused"]


def test_exemptions_are_part_of_the_picture() -> None:
    exemption = {"name": "e", "applications": ["rosters"], "reason": "r", "until": "2027-07-20"}
    here = policy_set(policy(exemptions=[exemption]))
    both = year_of(here, [sync(), sync("grades", application="grades")], 2027)
    assert describe_year(both) == [
        "paused, exempt in part 2027-06-15 to 2027-07-20 (36 days) by spp/own, summer, exempt: rosters",
        "paused 2027-07-21 to 2027-08-09 (20 days) by spp/own, summer",
    ]
    alone = year_of(here, [sync()], 2027)
    assert alone.runs[1].day.state is DayState.EXEMPT


def test_what_cannot_be_decided_is_unknown_and_no_policy_syncs() -> None:
    assert describe_year(year(PolicySet(unreadable="no rights"))) == [
        "unknown 2027-01-01 to 2027-12-31 (365 days)"
    ]
    assert describe_year(year(policy_set())) == ["syncs all year"]


days = st.dates(min_value=date(2028, 1, 1), max_value=date(2028, 12, 31)).map(date.isoformat)


@given(st.lists(st.tuples(days, days), max_size=4), st.sampled_from(["UTC", ZONE, "Asia/Beirut"]))
def test_each_day_is_as_the_operator_decides_it(pairs: list[tuple[str, str]], zone: str) -> None:
    windows = [{"name": f"w{n}", "firstDay": min(p), "lastDay": max(p)} for n, p in enumerate(pairs)]
    here = policy_set(policy(timeZone=zone, windows=windows))
    found = list(year(here, 2028).days())
    assert len(found) == 366
    for number, day in enumerate(found):
        noon = datetime.combine(date(2028, 1, 1) + timedelta(number), time(12), load_zone(zone))
        desired_state = decide(here, sync(), noon.astimezone(UTC)).desired_state
        assert (day.state is DayState.PAUSED) == (desired_state is DesiredState.PAUSE)


@given(days, st.integers(min_value=12, max_value=366))
def test_a_single_day_never_vanishes_from_the_bar(day: str, width: int) -> None:
    found = year(policy_set(policy(windows=[{"name": "w", "firstDay": day, "lastDay": day}])), 2028)
    bar = cells(found, width)
    assert len(bar) == width
    assert bar[cell_of(date.fromisoformat(day), width)] is DayState.PAUSED


def test_too_many_schools_with_one_year_share_a_row() -> None:
    here = policy_set(cluster_policy(), policy("own", schools=["s7"], windows=[]))
    years = [year(here, school=f"s{number}") for number in range(50)]
    assert len(rows(years, 50)) == 50
    assert [row.title for row in rows(years, 40)] == ["s0 and 48 more", "s7"]


def test_the_picture_is_well_formed_complete_and_reproducible() -> None:
    here = policy_set(cluster_policy())
    found = [Row(year(here, school="<lincoln> & sons"))]
    picture = draw(found, 2027, date(2027, 7, 1))
    assert picture == draw(found, 2027, date(2027, 7, 1))
    root = ElementTree.fromstring(picture)
    titles = [item.text for item in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "paused 2027-06-15 to 2027-08-09 (56 days) by cspp/default, summer" in titles
    assert "<lincoln> & sons" in "".join(root.itertext())
    assert "today, 2027-07-01" in "".join(root.itertext())
    assert "today" not in draw(found, 2027, date(2028, 7, 1))


@pytest.mark.parametrize("number", [2000, 2028, 2999])
def test_any_year_of_the_api_can_be_drawn(number: int) -> None:
    assert len(list(year(policy_set(cluster_policy()), number).days())) in (365, 366)
