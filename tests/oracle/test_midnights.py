"""Every zone, every day from 2020 to 2045: our first instants and window edges against Go's."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chaos.conftest import FULL, TABLE
from controlplane.build import cache
from controlplane.failure import BuildError
from controlplane.progress import Progress
from controlplane.toolchain import choose
from syncpause.api.zones import known_zones, load_zone
from syncpause.domain.decision.windows import Calendar, Window, first_instant

HERE = Path(__file__).parent
FIRST, LAST = date(2020, 1, 1), date(2045, 12, 31)
DAYS = (LAST - FIRST).days + 1
ZONES = sorted(known_zones())[:: 1 if FULL else 29]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in main.go, built."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
        go = choose().ensure(cache(), Progress())
    except BuildError as error:
        pytest.skip(f"CONTROL PLANE MISSING: {error}")
    program = tmp_path_factory.mktemp("oracle") / "oracle"
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    subprocess.run([go, "build", "-o", program, "."], cwd=HERE, env=env, check=True)
    return program


def midnights(
    oracle: Path, zones: list[str], first: date, last: date
) -> Iterator[tuple[str, list[datetime]]]:
    """For each zone the first instants of all days, as Go sees them with the very same data."""
    data = str(resources.files("tzdata").joinpath("zoneinfo"))
    asked = subprocess.run(
        [oracle, first.isoformat(), last.isoformat()],
        input="\n".join(zones).encode(),
        env={**os.environ, "ZONEINFO": data},
        stdout=subprocess.PIPE,
        check=True,
    )
    count = (last - first).days + 1
    assert len(asked.stdout) == 8 * count * len(zones)
    for number, zone in enumerate(zones):
        seconds = struct.unpack_from(f"<{count}q", asked.stdout, 8 * count * number)
        yield zone, [EPOCH + timedelta(seconds=each) for each in seconds]


def test_go_and_we_agree_on_every_midnight(oracle: Path) -> None:
    wrong = []
    for name, expected in midnights(oracle, ZONES, FIRST, LAST):
        zone = load_zone(name)
        for number, instant in enumerate(expected):
            day = FIRST + timedelta(days=number)
            if first_instant(day, zone) != instant:
                wrong.append(f"{name} {day}: Go {instant}, we {first_instant(day, zone)}")
    TABLE.note("calendar", "first instant of a day, against Go's time package", len(ZONES) * DAYS, wrong)
    assert not wrong, wrong[:10]


def test_go_and_we_agree_on_the_edges_of_windows(oracle: Path) -> None:
    """Each month's window, in each year and zone: opens and ends."""
    wrong, tried = [], 0
    for name, expected in midnights(oracle, ZONES, FIRST, LAST):
        zone = load_zone(name)
        for first, last in _months():
            tried += 1
            opens, ends = (expected[(day - FIRST).days] for day in (first, last + timedelta(days=1)))
            if not _agree(zone, first, last, opens, ends):
                wrong.append(f"{name} {first} to {last}")
    TABLE.note("calendar", "edges of a window, against Go's time package", tried, wrong)
    assert not wrong, wrong[:10]


def _months() -> Iterator[tuple[date, date]]:
    first = date(2020, 1, 9)
    while first < date(2045, 11, 1):
        yield first, first + timedelta(days=24)
        first += timedelta(days=31)


def _agree(zone: ZoneInfo, first: date, last: date, opens: datetime, ends: datetime) -> bool:
    calendar = Calendar((Window("w", first, last),), zone)
    second = timedelta(seconds=1)
    span = calendar.open_span(opens)
    return (
        span is not None
        and (span.opens, span.ends) == (opens, ends)
        and calendar.open_span(opens - second) is None
        and calendar.open_span(ends - second) is not None
        and calendar.open_span(ends) is None
        and calendar.resumes_at(opens) == ends
    )


def test_the_oracle_knows_a_skipped_day_and_a_doubled_midnight(oracle: Path) -> None:
    """It is no echo of ours: these are from the zones' own rules."""
    ((_, skipped),) = midnights(oracle, ["Pacific/Apia"], date(2011, 12, 30), date(2011, 12, 31))
    assert skipped == [datetime(2011, 12, 30, 10, tzinfo=UTC)] * 2
    ((_, doubled),) = midnights(oracle, ["America/Havana"], date(2027, 11, 7), date(2027, 11, 7))
    assert doubled == [datetime(2027, 11, 7, 4, tzinfo=UTC)]
