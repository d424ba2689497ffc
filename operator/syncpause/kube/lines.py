"""The lines of an endless answer, read in batches while they come fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from syncpause.kube.errors import ConnectionLost

BUSY_SECONDS, SEVERAL, GATHER_SECONDS = 0.02, 3, 0.05
"""Where something came twice within the first, or several lines at once, what comes next is left in the
socket for the last: to wake up for one event costs ten times what its decoding does, and no event waits
longer. What comes twenty times a second never waits, or a new workload would wait 0.2 s for its pause."""
FULL_BYTES = 32 * 1024
"""After so much there may be more in the socket than one read takes: who waited then would fall behind."""


async def lines_of(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """Whole lines, without empty ones. Raises ConnectionLost where the answer ends in the middle of one."""
    loop = asyncio.get_running_loop()
    _read_no_further_than_asked(response)
    rest, last = b"", 0.0
    async for chunk in response.content.iter_any():
        now = loop.time()
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
        if len(chunk) < FULL_BYTES and (now - last < BUSY_SECONDS or len(lines) >= SEVERAL):
            await _gather(response)
        last = now
    if rest.strip():
        raise ConnectionLost(f"{response.url.origin()} ended a watch in the middle of a line")


def _read_no_further_than_asked(response: aiohttp.ClientResponse) -> None:
    """asyncio's TLS would go on reading the socket, and wake up for that, while nobody reads from it."""
    transport = response.connection.transport if response.connection else None
    limit = getattr(transport, "set_read_buffer_limits", None)  # TLS has it; plain TCP needs none
    if limit is not None:
        limit(high=1)


async def _gather(response: aiohttp.ClientResponse) -> None:
    connection = response.connection
    if connection is None or connection.protocol is None:  # it has ended
        return
    connection.protocol.pause_reading()
    try:
        await asyncio.sleep(GATHER_SECONDS)
    finally:
        connection.protocol.resume_reading()
