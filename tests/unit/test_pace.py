"""How hard the API server is written to."""

from __future__ import annotations

import asyncio

import pytest

from syncpause.controller.schedule.limiter import AT_FIRST, BURST_SECONDS, FEW, MANY, Pace


def answer(pace: Pace, seconds: float, times: int = 1000) -> None:
    for _ in range(times):
        pace.answered(seconds)


def test_more_at_once_while_the_answers_come_as_fast_as_ever() -> None:
    pace = Pace(64, 0)
    assert pace.limit == AT_FIRST
    answer(pace, 0.010, times=10_000)
    assert pace.limit == 64


def test_no_more_at_once_than_the_server_works_on_and_a_few() -> None:
    """A server that works on four at a time: what is more waits in its queue."""
    pace = Pace(64, 0)
    for _ in range(5000):
        pace.answered(0.010 * max(1.0, pace.limit / 4))
    assert 4 + FEW <= pace.limit + 1 <= 4 + MANY + 2


def test_fewer_at_once_when_the_server_grows_slow() -> None:
    pace = Pace(64, 0)
    answer(pace, 0.010, times=10_000)
    for _ in range(10_000):
        pace.answered(0.010 * max(1.0, pace.limit / 2))
    assert pace.limit <= 2 + MANY + 1


def test_half_as_many_when_the_server_has_too_much_to_do_but_never_none() -> None:
    pace = Pace(64, 0)
    answer(pace, 0.010, times=10_000)
    pace.refused()
    assert pace.limit == 32
    for _ in range(10):
        pace.refused()
    assert pace.limit == 1


async def test_no_more_than_the_limit_are_at_work() -> None:
    pace = Pace(64, 0)
    at_work = most = 0

    async def worker() -> None:
        nonlocal at_work, most
        for _ in range(20):
            await pace.enter()
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1
            pace.leave()

    await asyncio.wait_for(asyncio.gather(*(worker() for _ in range(16))), 10)
    assert most == AT_FIRST


async def test_a_slot_that_is_given_back_wakes_whoever_waits() -> None:
    pace = Pace(1, 0)
    await pace.enter()
    waiting = [asyncio.create_task(pace.enter()) for _ in range(2)]
    await asyncio.sleep(0)
    for task in waiting:
        assert not task.done()
        pace.leave()
        await asyncio.wait_for(task, 5)


@pytest.mark.parametrize("requests", [1, 2])
async def test_no_more_writes_a_second_than_allowed(requests: int) -> None:
    pace, loop = Pace(64, 200), asyncio.get_running_loop()
    began = loop.time()
    for _ in range(60):
        await pace.token()
        pace.answered(0.001, requests)
    assert loop.time() - began >= (requests * 59) / 200 - BURST_SECONDS - 0.01


async def test_what_is_not_needed_is_given_back() -> None:
    pace = Pace(64, 1)

    async def many() -> None:
        for _ in range(1000):
            await pace.token()
            pace.unused()

    await asyncio.wait_for(many(), 5)
