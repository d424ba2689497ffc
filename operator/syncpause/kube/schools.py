"""SchoolSyncs, as the API server has them: read whole, made and removed, written in their status only."""

from __future__ import annotations

from typing import Any

from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_objects
from syncpause.kube.paging import list_all

Objects = list[dict[str, Any]]


class SchoolSyncs:
    """The schools' lines on the dashboard. Every method raises ApiError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list(self, namespace: str = "") -> Objects:
        """Whole objects: of one namespace or of all."""
        return await list_all(self._client, paths.schools(namespace), decode_objects)
