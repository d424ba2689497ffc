"""What a transition took of the machine's memory is given back after it."""

from __future__ import annotations

import asyncio
import ctypes
from asyncio import sslproto

TLS_READ = 64 * 1024
"""Bytes, for asyncio's own 256 KiB. It keeps as much for each connection, of which a transition takes dozens,
and allocates as much for each read, of which most bring a single event."""
GIVE_BACK_SECONDS = 30.0
"""aiohttp closes connections that nobody needs within this, too."""


def bound_tls_buffers() -> None:
    """For connections that are opened from now on, by any event loop of the process."""
    sslproto.SSLProtocol.max_size = TLS_READ


async def give_back() -> None:
    """Let go of what is free, for ever; it takes milliseconds.

    By itself glibc lets go only of what lies above everything that is in use, which is next to nothing. A C
    library without malloc_trim is left to itself.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) or (lambda _: None)
    while True:
        await asyncio.sleep(GIVE_BACK_SECONDS)
        trim(0)
