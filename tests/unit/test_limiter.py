"""How hard the API server is written to."""

from __future__ import annotations

import asyncio

import pytest

from syncpause.controller.schedule.limiter import AT_FIRST, BURST_SECONDS, FEW, MANY, WriteLimiter


def answer(limiter: WriteLimiter, seconds: float, times: int = 1000) -> None:
    for _ in range(times):
        limiter.completed(seconds)


def test_more_at_once_while_the_answers_come_as_fast_as_ever() -> None:
    limiter = WriteLimiter(64, 0)
    assert limiter.limit == AT_FIRST
    answer(limiter, 0.010, times=10_000)
    assert limiter.limit == 64


def test_no_more_at_once_than_the_server_works_on_and_a_few() -> None:
    """A server that works on four at a time: what is more waits in its queue."""
    limiter = WriteLimiter(64, 0)
    for _ in range(5000):
        limiter.completed(0.010 * max(1.0, limiter.limit / 4))
    assert 4 + FEW <= limiter.limit + 1 <= 4 + MANY + 2


def test_fewer_at_once_when_the_server_grows_slow() -> None:
    limiter = WriteLimiter(64, 0)
    answer(limiter, 0.010, times=10_000)
    for _ in range(10_000):
        limiter.completed(0.010 * max(1.0, limiter.limit / 2))
    assert limiter.limit <= 2 + MANY + 1


def test_half_as_many_when_the_server_has_too_much_to_do_but_never_none() -> None:
    limiter = WriteLimiter(64, 0)
    answer(limiter, 0.010, times=10_000)
    limiter.throttled()
    assert limiter.limit == 32
    for _ in range(10):
        limiter.throttled()
    assert limiter.limit == 1


async def test_no_more_than_the_limit_are_at_work() -> None:
    limiter = WriteLimiter(64, 0)
    at_work = most = 0

    async def worker() -> None:
        nonlocal at_work, most
        for _ in range(20):
            await limiter.acquire()
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1
            limiter.release()

    await asyncio.wait_for(asyncio.gather(*(worker() for _ in range(16))), 10)
    assert most == AT_FIRST


async def test_a_slot_that_is_given_back_wakes_whoever_waits() -> None:
    limiter = WriteLimiter(1, 0)
    await limiter.acquire()
    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    for task in waiting:
        assert not task.done()
        limiter.release()
        await asyncio.wait_for(task, 5)


@pytest.mark.parametrize("requests", [1, 2])
async def test_no_more_writes_a_second_than_allowed(requests: int) -> None:
    limiter, loop = WriteLimiter(64, 200), asyncio.get_running_loop()
    began = loop.time()
    for _ in range(60):
        await limiter.token()
        limiter.completed(0.001, requests)
    assert loop.time() - began >= (requests * 59) / 200 - BURST_SECONDS - 0.01


async def test_what_is_not_needed_is_given_back() -> None:
    limiter = WriteLimiter(64, 1)

    async def many() -> None:
        for _ in range(1000):
            await limiter.token()
            limiter.return_token()

    await asyncio.wait_for(many(), 5)
