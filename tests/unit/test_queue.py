"""The work queue and the timer."""

import asyncio
from datetime import datetime, timedelta

from builders import at
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.schedule.timer import EdgeTimer
from syncpause.domain.workload import Key, Kind


def key(name: str) -> Key:
    return Key(Kind.CRON_JOB, "d9", name)


async def take(queue: WorkQueue) -> str:
    found = await asyncio.wait_for(queue.take(), 5)
    assert found is not None
    return found.name


async def with_a_in_hand() -> WorkQueue:
    queue = WorkQueue(WriteLimiter(8, 0))
    queue.add(key("a"))
    assert await take(queue) == "a"
    return queue


async def test_fresh_work_overtakes_bulk_work() -> None:
    queue = WorkQueue(WriteLimiter(8, 0))
    queue.add_bulk([key("a"), key("b")])
    queue.add(key("c"))
    assert [await take(queue) for _ in range(3)] == ["c", "a", "b"]


async def test_a_worker_that_was_cancelled_takes_no_wake_up_from_another() -> None:
    queue = WorkQueue(WriteLimiter(8, 0))
    gone, left = asyncio.create_task(queue.take()), asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    queue.add(key("a"))
    assert await asyncio.wait_for(left, 5) == key("a")


async def test_a_key_that_turns_urgent_comes_once() -> None:
    queue = WorkQueue(WriteLimiter(8, 0))
    queue.add_bulk([key("a"), key("b")])
    queue.add(key("b"))
    assert [await take(queue), await take(queue)] == ["b", "a"]
    queue.add(key("z"))
    assert await take(queue) == "z"


async def test_a_key_in_hand_comes_again_only_after_it_is_given_back() -> None:
    queue = await with_a_in_hand()
    queue.add(key("a"))
    queue.add(key("b"))
    assert await take(queue) == "b"
    queue.done(key("a"))
    assert await take(queue) == "a"


async def test_a_version_that_its_worker_comes_to_know_is_not_worked_on_again() -> None:
    queue = await with_a_in_hand()
    queue.add_seen(key("a"), 7)
    queue.done(key("a"), 7)
    queue.add(key("b"))
    assert await take(queue) == "b", "the watch told of the own write only"


async def test_a_version_that_its_worker_does_not_know_is_worked_on() -> None:
    queue = await with_a_in_hand()
    queue.add_seen(key("a"), 8)
    queue.done(key("a"), 7)
    assert await take(queue) == "a", "someone wrote after us"
    queue.add_seen(key("a"), 9)
    queue.done(key("a"))
    assert await take(queue) == "a", "its worker has failed"


async def test_what_is_asked_for_meanwhile_is_done_whatever_version_is_known() -> None:
    queue = await with_a_in_hand()
    queue.add_seen(key("a"), 7)
    queue.add_bulk([key("a")])
    queue.done(key("a"), 7)
    assert await take(queue) == "a", "a policy has changed"


async def test_back_off_grows_and_ends_with_success() -> None:
    queue = WorkQueue(WriteLimiter(8, 0))
    delays = [queue.retry(key("a")) for _ in range(12)]
    assert delays[0] <= 0.2
    assert delays[-1] >= 30
    queue.succeeded(key("a"))
    assert queue.retry(key("a")) <= 0.2
    assert queue.retry(key("a"), after=7.0) == 7.0


async def test_a_closed_queue_hands_out_nothing() -> None:
    queue = WorkQueue(WriteLimiter(8, 0))
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.close()
    assert await asyncio.wait_for(waiting, 5) is None


class Hands:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.due: list[str] = []
        self.stepped_back = 0

    def read(self) -> datetime:
        return self.now

    def back(self) -> None:
        self.stepped_back += 1


async def test_the_timer_fires_what_is_due_once_and_survives_a_clock_set_back() -> None:
    hands = Hands(at("2027-06-14T00:00"))
    timer: EdgeTimer[str] = EdgeTimer(hands.read, hands.due.extend, hands.back)
    timer.set("early", at("2027-06-15T00:00"))
    timer.set("late", at("2027-06-16T00:00"))
    timer.set("moved", at("2027-06-15T00:00"))
    timer.set("moved", at("2027-06-20T00:00"))
    timer.set("gone", at("2027-06-15T00:00"))
    timer.set("gone", None)
    running = asyncio.create_task(timer.run())
    await asyncio.sleep(0)
    assert hands.due == []
    hands.now += timedelta(days=1)
    timer.wake()
    await asyncio.sleep(0.01)
    assert hands.due == ["early"]
    hands.now -= timedelta(days=1)
    timer.wake()
    await asyncio.sleep(0.01)
    assert hands.stepped_back == 1
    running.cancel()
