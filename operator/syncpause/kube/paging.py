"""Complete lists, read in pages, so that no response holds ten thousand objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

from syncpause.kube.client import Client
from syncpause.kube.decoding import Page
from syncpause.kube.errors import Gone

T = TypeVar("T")

PAGE_SIZE = 500
RESTARTS = 3
"""How often a list starts again because its continue token has expired, before that is an error."""


async def pages(
    client: Client, path: str, decode: Callable[[bytes], Page[T]], params: Mapping[str, str], size: int
) -> AsyncIterator[Page[T]]:
    """The pages of one list, ``size`` items each. All show the state at the last page's resource version.

    Without a resourceVersion in the request the API server returns the most recent state, never that of a
    lagging watch cache; with "0" it would ignore the limit. Raises ApiError, and Gone where the continue
    token has expired by etcd's compaction (every 5 minutes by default): the list must start again.
    """
    token = ""
    while True:
        more = {"continue": token} if token else {}
        page = decode(await client.get(path, {**params, "limit": str(size), **more}))
        yield page
        token = page.continue_token
        if not token:
            return


async def list_all(
    client: Client,
    path: str,
    decode: Callable[[bytes], Page[T]],
    params: Mapping[str, str] | None = None,
    size: int = PAGE_SIZE,
) -> list[T]:
    """All items of a list, which starts again where a continue token has expired. Raises ApiError."""
    for _ in range(RESTARTS):
        try:
            return [
                item async for page in pages(client, path, decode, params or {}, size) for item in page.items
            ]
        except Gone:
            continue
    return [item async for page in pages(client, path, decode, params or {}, size) for item in page.items]
