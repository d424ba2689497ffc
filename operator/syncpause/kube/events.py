"""Kubernetes Events: what happened to an object, for ``kubectl describe`` and for event collectors."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.errors import ApiError, NotFound

log = logging.getLogger(__name__)

MESSAGE_LENGTH = 1024
"""Bytes. The API server rejects a longer message."""
NAME_LENGTH = 253
REPEAT_SECONDS = 600.0
REMEMBERED = 1000
"""The number of Events whose repetitions are recognized."""

EventType = Literal["Normal", "Warning"]


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """The object that an Event is about; ``namespace`` is empty for a cluster-scoped one."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(slots=True)
class _Posted:
    path: str
    count: int
    at: float


_Signature = tuple[ObjectRef, str, str, str]


class Events:
    """Writes Events. A repetition within ten minutes increments the count of the first one."""

    def __init__(
        self,
        client: Client,
        component: str = "syncpause",
        *,
        instance: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._component = component
        self._instance = instance
        self._now = now
        self._posted: OrderedDict[_Signature, _Posted] = OrderedDict()

    async def post(self, *, regarding: ObjectRef, type: EventType | str, reason: str, message: str) -> bool:
        """Write an Event; ``reason`` is one CamelCase word. Returns whether that succeeded.

        Never raises ApiError, because no work may fail with its announcement. Calls for one object must not
        overlap.
        """
        message = _cut(message, MESSAGE_LENGTH)
        signature: _Signature = (regarding, type, reason, message)
        try:
            if not await self._repeat(signature):
                await self._create(signature)
        except ApiError as error:
            log.debug("event %s of %s/%s not written: %s", reason, regarding.kind, regarding.name, error)
            return False
        return True

    async def _repeat(self, signature: _Signature) -> bool:
        posted = self._posted.get(signature)
        if posted is None or self._now().timestamp() - posted.at >= REPEAT_SECONDS:
            return False
        body = {"count": posted.count + 1, "lastTimestamp": _stamp(self._now())}
        try:
            await self._client.patch(posted.path, body)
        except NotFound:
            return False  # the API server deletes Events after an hour (--event-ttl)
        posted.count += 1
        return True

    async def _create(self, signature: _Signature) -> None:
        regarding, type_, reason, message = signature
        # The API server requires the namespace "default" for the Event of a cluster-scoped object.
        namespace = regarding.namespace or "default"
        suffix = f".{time.time_ns():x}"
        name = regarding.name[: NAME_LENGTH - len(suffix)].rstrip("-.") + suffix
        now = self._now()
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(regarding),
            "type": type_,
            "reason": reason,
            "message": message,
            "source": {"component": self._component, "host": self._instance},
            "reportingComponent": self._component,
            "reportingInstance": self._instance,
            "count": 1,
            "firstTimestamp": _stamp(now),
            "lastTimestamp": _stamp(now),
        }
        await self._client.post(paths.events(namespace), body)
        self._remember(signature, _Posted(f"{paths.events(namespace)}/{name}", 1, now.timestamp()))

    def _remember(self, signature: _Signature, posted: _Posted) -> None:
        self._posted[signature] = posted
        self._posted.move_to_end(signature)
        while len(self._posted) > REMEMBERED:
            self._posted.popitem(last=False)


def _reference(regarding: ObjectRef) -> dict[str, Any]:
    fields = {
        "apiVersion": regarding.api_version,
        "kind": regarding.kind,
        "namespace": regarding.namespace,
        "name": regarding.name,
        "uid": regarding.uid,
    }
    return {name: value for name, value in fields.items() if value}


def _stamp(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _cut(text: str, length: int) -> str:
    """The text, cut to ``length`` bytes: the API server counts bytes."""
    encoded = text.encode()
    if len(encoded) <= length:
        return text
    return encoded[: length - 3].decode("utf-8", "ignore") + "…"
