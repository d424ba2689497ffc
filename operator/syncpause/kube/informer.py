"""Reports which objects exist: a list, then a watch, and the difference whenever a list is repeated."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from syncpause.api.names import SCHOOL_LABEL
from syncpause.domain.workload import Kind, Workload
from syncpause.kube import paths
from syncpause.kube.backoff import Backoff
from syncpause.kube.client import Client
from syncpause.kube.decoding import Event, Page, RecordT, decode_event, decode_list, decode_one
from syncpause.kube.errors import (
    ApiError,
    ConnectionLost,
    Forbidden,
    Gone,
    NotFound,
    error_of_status,
)
from syncpause.kube.namespaces import is_missing
from syncpause.kube.paging import PAGE_SIZE, pages
from syncpause.kube.watch_state import SHORT_SECONDS, WatchState

log = logging.getLogger(__name__)

HandledT_contra = TypeVar("HandledT_contra", contravariant=True)

READ_TIMEOUT = 150.0
"""Seconds without a byte until a watch is reopened. The API server sends a bookmark about once a minute
(measured on 1.37: the first one after up to 120 s)."""
WATCH_SECONDS = (300, 600)
"""The API server ends a watch after a random time in this range, as client-go requests it: so watches that
were opened together end apart."""


@dataclass(frozen=True, slots=True)
class Source(Generic[RecordT]):
    """What an informer watches: a kind, the path of its collection, a label selector, and the decoders.

    ``namespace`` is that of the path, empty where it covers the whole cluster.
    """

    kind: str
    path: str
    selector: str
    namespace: str
    decode_list: Callable[[bytes], Page[RecordT]]
    decode_one: Callable[[bytes | msgspec.Raw], RecordT]


def workloads_of(kind: Kind, namespace: str = "") -> Source[Workload]:
    """The workloads of one kind that carry the school label, in one namespace or in all."""
    path = paths.workloads(kind, namespace)
    return Source(kind, path, SCHOOL_LABEL, namespace, partial(decode_list, kind), partial(decode_one, kind))


class Handler(Protocol[HandledT_contra]):
    """Receives every change, in its order. Called in the event loop; must not block.

    After a list, or a PATCH of the operator's own, a record may be older than what the handler knows from the
    response: compare resource versions, which are numbers per collection.
    """

    def upsert(self, record: HandledT_contra, /) -> None:
        """An object is new or changed."""

    def removed(self, key: Any, uid: str, /) -> None:
        """An object was deleted, or lost the label: a watch with a selector reports both as DELETED."""

    def relisted(self, kind: Any, /) -> None:
        """Every record of a complete list has been passed on."""


class Informer(Generic[RecordT]):
    """Watches the objects of one source.

    ``synced`` is set once the first list is complete. ``problem`` is a sentence while the objects cannot be
    read, and empty otherwise. ``served`` is false while the API server does not know the kind. A namespace
    that does not exist has no objects, which is no problem. ``page_size`` is objects per page of a list;
    ``read_timeout``, ``backoff_first`` and ``backoff_most`` are seconds.
    """

    def __init__(
        self,
        client: Client,
        source: Source[RecordT],
        handler: Handler[RecordT],
        *,
        page_size: int = PAGE_SIZE,
        read_timeout: float = READ_TIMEOUT,
        backoff_first: float = 0.5,
        backoff_most: float = 30.0,
    ) -> None:
        self.kind = source.kind
        self.synced = asyncio.Event()
        self.problem = ""
        self.served = True
        self.watch = WatchState(paths.short_name(source.path), read_timeout, namespace=source.namespace)
        self._client = client
        self._source = source
        self._handler = handler
        self._page_size = page_size
        self._read_timeout = read_timeout
        self._backoff = Backoff(backoff_first, backoff_most)
        self._known: dict[Hashable, RecordT] = {}
        self._version = ""
        self._failures = 0
        self._namespace_missing = False
        self._readable_timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """List and watch for ever; no error of the API server or the network ends this."""
        while True:
            try:
                if not self._version or self.watch.needs_list:
                    await self._list()
                await self._watch()
            except Gone as error:
                # The resource version of a watch, or the continue token of a list, has expired.
                log.info("%ss are listed again: %s", self.kind, error)
                self._version = ""
                await asyncio.sleep(self._backoff.delay(error.retry_after))
            except ApiError as error:
                await self._failed(error)
                await asyncio.sleep(self._backoff.delay(error.retry_after))

    async def _list(self) -> None:
        """Read every object, and pass on the difference from what is known. Raises ApiError."""
        seen: set[Hashable] = set()
        source = self._source
        params = {"labelSelector": source.selector}
        version = ""
        async for page in pages(self._client, source.path, source.decode_list, params, self._page_size):
            self.watch.listed()
            version = page.resource_version
            for record in page.items:
                seen.add(record.key)
                self._upsert(record)
        self._keep_only(seen)
        self._version = version
        self._namespace_missing = False
        self._readable()
        self._reset_failures()
        self._handler.relisted(self.kind)
        self.synced.set()

    async def _watch(self) -> None:
        """Follow the changes since the last version until the API server ends the watch. Raises ApiError."""
        params = {
            "watch": "true",
            "labelSelector": self._source.selector,
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(random.randint(*WATCH_SECONDS)),
        }
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with aclosing(
                self._client.stream(self._source.path, params, self._read_timeout, self._opened)
            ) as lines:
                async for line in lines:
                    self.watch.received()
                    self._handle(decode_event(self._source.decode_one, line))
                    self._readable()
                    self._reset_failures()
        finally:
            self._closed()
        if loop.time() - began < SHORT_SECONDS:
            raise ConnectionLost(f"the watch ended after less than {SHORT_SECONDS:g} s")

    def _opened(self) -> None:
        self.watch.opened()
        # A watch that lasts is evidence that the objects can be read; its first byte may take two minutes.
        self._readable_timer = asyncio.get_running_loop().call_later(SHORT_SECONDS, self._readable)

    def _closed(self) -> None:
        self.watch.closed()
        if self._readable_timer is not None:
            self._readable_timer.cancel()

    def _handle(self, event: Event[RecordT]) -> None:
        if event.error is not None:
            raise error_of_status(event.error)
        if event.record is not None:
            if event.type == "DELETED":
                self._remove(event.record.key)
            else:
                self._upsert(event.record)
        self._version = event.resource_version or self._version

    def _upsert(self, record: RecordT) -> None:
        known = self._known.get(record.key)
        if known is not None and known.uid != record.uid:
            self._remove(known.key)
        elif known is not None and known.resource_version == record.resource_version:
            return
        self._known[record.key] = record
        self._handler.upsert(record)

    def _remove(self, key: Hashable) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._handler.removed(key, known.uid)

    def _keep_only(self, keys: set[Hashable]) -> None:
        for key in self._known.keys() - keys:
            self._remove(key)

    def _readable(self) -> None:
        if self.problem:
            log.info("%ss can be read again", self.kind)
        self.problem = ""
        self.served = True

    def _reset_failures(self) -> None:
        """The next failure is a first one again."""
        self._failures = 0
        self._backoff.reset()

    async def _failed(self, error: ApiError) -> None:
        namespace = self._source.namespace
        if namespace and isinstance(error, Forbidden) and await is_missing(self._client, namespace):
            self._no_namespace()
            return
        self.served = not isinstance(error, NotFound)
        self.watch.expect(self.served)
        if not self.served:
            self._version = ""
        self._report(error)

    def _no_namespace(self) -> None:
        """Take the objects of a namespace that does not exist as read: there are none."""
        self._version = ""
        self.watch.expect(False)
        self.problem = ""
        if self._namespace_missing:
            return
        self._namespace_missing = True
        log.warning("there is no namespace %s, so it has no %ss", self._source.namespace, self.kind)
        self._keep_only(set())
        self._handler.relisted(self.kind)
        self.synced.set()

    def _report(self, error: ApiError) -> None:
        """Set and log the problem. One lost connection is routine: a server or a load balancer restarted."""
        self._failures += 1
        sentence = f"{self.kind}s cannot be read: {error}"
        if isinstance(error, ConnectionLost) and self._failures == 1:
            log.info("%s", sentence)
            return
        if sentence != self.problem:
            log.warning("%s", sentence)
        self.problem = sentence
