"""Whole lists in chunks, so that neither side ever holds ten thousand objects in one answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

from syncpause.kube.client import Client
from syncpause.kube.decoding import Page
from syncpause.kube.errors import Gone

T = TypeVar("T")

PAGE_SIZE = 500
RESTARTS = 3


async def pages(
    client: Client, path: str, decode: Callable[[bytes], Page[T]], params: Mapping[str, str], size: int
) -> AsyncIterator[Page[T]]:
    """The chunks of one list, all of the same moment: that of the last one's ``resource_version``.

    No resourceVersion is asked for, which means the most recent state, never what a lagging API server's
    cache holds; and "0" would let it ignore the limit. Raises Gone where a continue token outlived etcd's
    compaction (5 minutes by default): the list must begin anew.
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
    """All items of a list, begun anew if a continue token expires. Raises ApiError."""
    for _ in range(RESTARTS):
        try:
            return [
                item async for page in pages(client, path, decode, params or {}, size) for item in page.items
            ]
        except Gone:
            continue
    return [item async for page in pages(client, path, decode, params or {}, size) for item in page.items]
