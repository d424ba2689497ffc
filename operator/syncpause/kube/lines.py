"""The lines of a response that does not end, read in batches while they come fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from syncpause.kube.errors import ConnectionLost

BUSY_SECONDS, SEVERAL, GATHER_SECONDS = 0.02, 3, 0.05
"""After two reads within BUSY_SECONDS, or SEVERAL lines in one read, the next data stay in the socket for
GATHER_SECONDS, because a wake-up for one event costs ten times as much as its decoding. No event waits longer
than that. Events that come twenty times a second never wait: a new workload would be paused 0.2 s later."""
FULL_BYTES = 32 * 1024
"""After a read of so many bytes the socket may hold more than one read takes: a wait would fall behind."""


async def lines_of(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """Complete lines that are not empty. Raises ConnectionLost where the response ends within a line."""
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
    """asyncio's TLS reads ahead from the socket, and wakes up for it, while nobody reads: prevent that."""
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
