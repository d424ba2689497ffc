"""Whether a namespace exists: the API server answers 403, not 404, where rights are bound per namespace."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_objects
from syncpause.kube.errors import ApiError, Forbidden

T = TypeVar("T")


async def is_missing(client: Client, namespace: str) -> bool:
    """Whether the API server confirms that there is no such namespace; False where it cannot be asked.

    A list needs no other right than the operator's watch of namespaces has; a GET would.
    """
    params = {"fieldSelector": f"metadata.name={namespace}"}
    try:
        return not decode_objects(await client.get(paths.NAMESPACES, params)).items
    except ApiError:
        return False


async def list_in(client: Client, namespace: str, listing: Awaitable[list[T]]) -> list[T]:
    """The items of a list; none where it is forbidden because its namespace does not exist.

    An empty ``namespace`` stands for the whole cluster. Raises ApiError.
    """
    try:
        return await listing
    except Forbidden:
        if namespace and await is_missing(client, namespace):
            return []
        raise
