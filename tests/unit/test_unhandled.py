"""An error that nothing awaits ends the process, wherever it is raised."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from syncpause.unhandled import UNHANDLED, UnhandledErrors


@pytest.fixture(autouse=True)
def excepthook() -> Iterator[None]:
    before = threading.excepthook
    yield
    threading.excepthook = before


def fail() -> None:
    raise ValueError("a defect")


async def ended(errors: UnhandledErrors) -> None:
    await asyncio.wait_for(errors.ended(), 5)


async def test_an_error_in_a_callback_ends_the_process() -> None:
    errors = UnhandledErrors()
    errors.install()
    asyncio.get_running_loop().call_soon(fail)
    with pytest.raises(ValueError, match="a defect"):
        await ended(errors)


async def test_an_error_in_a_callback_from_another_thread_ends_the_process() -> None:
    errors = UnhandledErrors()
    errors.install()
    loop = asyncio.get_running_loop()
    threading.Thread(target=loop.call_soon_threadsafe, args=(fail,)).start()
    with pytest.raises(ValueError, match="a defect"):
        await ended(errors)


async def test_an_error_in_a_thread_ends_the_process() -> None:
    errors = UnhandledErrors()
    errors.install()
    threading.Thread(target=fail).start()
    with pytest.raises(ValueError, match="a defect"):
        await ended(errors)


async def test_an_error_of_a_connection_is_counted_and_ends_nothing() -> None:
    errors = UnhandledErrors()
    errors.install()
    counter = UNHANDLED.labels("connection")
    before = counter._value.get()
    error = ConnectionResetError("reset")
    asyncio.get_running_loop().call_exception_handler({"message": "m", "exception": error, "transport": 1})
    waiting = asyncio.ensure_future(errors.ended())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert counter._value.get() == before + 1
    waiting.cancel()
