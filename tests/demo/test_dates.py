"""The demo's summer contains today in every zone, on every day of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from demo.dates import ZONES, Dates, every_year, moved

SAMPLES = sorted((Path(__file__).parents[2] / "manifests/samples/policies").glob("*.yaml"))
MOMENTS = [datetime(2027, 12, 1, 5, 30, tzinfo=UTC) + timedelta(hours=11 * step) for step in range(900)]


def test_today_lies_inside_and_yesterday_is_over_in_every_zone() -> None:
    for now in MOMENTS:
        dates = Dates.about(now)
        for zone in ZONES:
            today = now.astimezone(ZoneInfo(zone)).date()
            assert dates.first < dates.yesterday < today < dates.last, (now, zone)


def test_no_day_is_one_that_an_annual_window_refuses() -> None:
    about = [Dates.about(now) for now in MOMENTS]
    days = [day for dates in about for day in (dates.first, dates.last, dates.yesterday)]
    assert "02-29" not in map(every_year, days)
    assert "02-28" in map(every_year, days)  # 2028 is a leap year, so the rule was at work


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_moved_sample_differs_in_its_days_alone(sample: Path) -> None:
    wanted = yaml.safe_load(sample.read_text())
    wanted["spec"]["windows"][0] |= {"firstDay": "11-02", "lastDay": "12-14"}
    text = moved(sample, "11-02", "12-14")
    assert yaml.safe_load(text) == wanted
    assert "#" not in text
