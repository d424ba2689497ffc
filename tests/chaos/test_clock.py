"""The clock is stepped, the process is suspended across an edge, and midnights that are none."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chaos.conftest import size
from chaos.operators import SetClock
from chaos.stage import Stage, until

DAY = 86_400.0
LEAD = 6.0
"""Seconds before an edge at which the operator is started: it must have synced by then."""


def july(first: int = 10, last: int = 20) -> list[dict[str, str]]:
    return [{"name": "july", "firstDay": f"2027-07-{first}", "lastDay": f"2027-07-{last}"}]


def set_to(stage: Stage, instant: datetime) -> SetClock:
    clock = SetClock(stage.clock)
    clock.offset = (instant - datetime.now(UTC)).total_seconds()
    return clock


async def test_stepped_by_a_day_forwards_and_back(stage: Stage, record: Callable[..., None]) -> None:
    await stage.schools(3)
    clock = set_to(stage, datetime(2027, 7, 9, 12, tzinfo=UTC))
    await stage.policy(july())
    stage.operator()
    await until(lambda: "synced and leading" in stage.children[-1].output, "synced")
    rounds = size(4, 1)
    for _ in range(rounds):
        assert stage.all_back() is True
        clock.offset += DAY
        await until(stage.all_paused, "paused after a step forwards", 40)
        clock.offset -= DAY
        await stage.back(40)
    record("clock", "stepped by a day, forwards and back", 2 * rounds)


async def test_suspended_across_an_edge(stage: Stage, record: Callable[..., None]) -> None:
    """As a virtual machine that is saved in the evening and woken in the morning."""
    await stage.schools(3)
    edges = [datetime(2027, 7, 10, tzinfo=UTC), datetime(2027, 7, 21, tzinfo=UTC)]
    await stage.policy(july())
    for edge in edges:
        set_to(stage, edge - timedelta(seconds=LEAD))
        child = stage.operator()
        await until(lambda child=child: "synced and leading" in child.output, "synced")
        child.signal(signal.SIGSTOP)
        await asyncio.sleep(size(120, 8))
        child.signal(signal.SIGCONT)
        await until(stage.all_paused if edge is edges[0] else stage.all_back, "made good", 40)
        child.kill()
    record("clock", f"process suspended for {size(120, 8)} s across an edge", len(edges))


NIGHTS = {
    "Africa/Cairo 2027-04-30: there is no midnight": ("Africa/Cairo", "2027-04-30", "2027-04-29T22:00:00"),
    "America/Havana 2027-11-07: midnight comes twice": (
        "America/Havana",
        "2027-11-07",
        "2027-11-07T04:00:00",
    ),
    "America/Santiago 2027-09-05: there is no midnight": (
        "America/Santiago",
        "2027-09-05",
        "2027-09-05T04:00:00",
    ),
    "Asia/Beirut 2027-03-28: there is no midnight": ("Asia/Beirut", "2027-03-28", "2027-03-27T22:00:00"),
}
"""Zone, day, and its first instant (UTC) as worked out by hand from the zones' rules."""


@pytest.mark.parametrize("night", list(NIGHTS)[: size(4, 2)])
async def test_a_night_on_which_the_clocks_change(
    night: str, stage: Stage, record: Callable[..., None]
) -> None:
    zone, day, first = NIGHTS[night]
    edge = datetime.fromisoformat(first).replace(tzinfo=UTC)
    await stage.schools(2)
    await stage.policy([{"name": "one-day", "firstDay": day, "lastDay": day}], timeZone=zone)
    clock = set_to(stage, edge - timedelta(seconds=LEAD))
    stage.operator()
    await until(lambda: "synced and leading" in stage.children[-1].output, "synced")
    while True:
        early = stage.all_back()
        if clock() >= edge:
            break
        assert early is True, f"paused too early, before {clock()}"
        await asyncio.sleep(0.05)
    await until(stage.all_paused, "paused at the day's first instant", 10)
    late = (clock() - edge).total_seconds()
    assert late < 10
    record("clock", night, 1, f"all paused {late:.1f} s after it")
