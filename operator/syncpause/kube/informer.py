"""Keeps telling what objects there are: list, watch, and the difference whenever the watch was lost."""

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
from syncpause.kube.errors import ApiError, ConnectionLost, Gone, error_of_status
from syncpause.kube.paging import PAGE_SIZE, pages
from syncpause.kube.watch_state import WatchState

log = logging.getLogger(__name__)

HandledT_contra = TypeVar("HandledT_contra", contravariant=True)

READ_TIMEOUT = 90.0
"""The API server sends each watch a bookmark a minute (measured on 1.37: the first one after up to 120 s)."""
WATCH_SECONDS = (300, 600)
"""The server ends a watch after a random time in this range, as client-go asks, so that they spread out."""
SHORT_WATCH_SECONDS = 1.0
"""A watch that ends sooner counts as a failure: something on the way does not let it live."""


@dataclass(frozen=True, slots=True)
class Source(Generic[RecordT]):
    """What is watched: a kind, where its objects live, which of them, and how they are read."""

    kind: str
    path: str
    selector: str
    decode_list: Callable[[bytes], Page[RecordT]]
    decode_one: Callable[[bytes | msgspec.Raw], RecordT]


def workloads_of(kind: Kind, namespace: str = "") -> Source[Workload]:
    """The workloads of one kind that carry the school label, in one namespace or in all."""
    path = paths.workloads(kind, namespace)
    return Source(kind, path, SCHOOL_LABEL, partial(decode_list, kind), partial(decode_one, kind))


class Handler(Protocol[HandledT_contra]):
    """Is told, in the order it happened, what objects there are. Called in the event loop; must not block.

    After a relist, and after an own PATCH, a record may be older than what the handler already knows from an
    answer: compare resourceVersions (numbers, per collection) before believing it.
    """

    def upsert(self, record: HandledT_contra, /) -> None:
        """An object is new or has changed."""

    def removed(self, key: Any, uid: str, /) -> None:
        """An object is deleted, or has lost the label: to a watch with a selector both are DELETED."""

    def relisted(self, kind: Any, /) -> None:
        """A complete list has been told."""


class Informer(Generic[RecordT]):
    """Watches the objects of one source.

    ``synced`` is set once the first list is complete. ``problem`` is a sentence while they cannot be read,
    and empty while they can. ``page_size`` is objects per chunk, ``read_timeout`` seconds without a byte.
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
        self.watch = WatchState(paths.short_name(source.path), read_timeout)
        self._client = client
        self._source = source
        self._handler = handler
        self._page_size = page_size
        self._read_timeout = read_timeout
        self._backoff = Backoff(backoff_first, backoff_most)
        self._known: dict[Hashable, RecordT] = {}
        self._version = ""
        self._failures = 0

    async def run(self) -> None:
        """List and watch for ever; no error of the API server or the network ends it."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch()
            except Gone as error:
                # In a watch the version, in a list the continue token, is older than the server remembers.
                log.info("%ss are listed anew: %s", self.kind, error)
                self._version = ""
                await asyncio.sleep(self._backoff.delay(error.retry_after))
            except ApiError as error:
                self._tell(error)
                await asyncio.sleep(self._backoff.delay(error.retry_after))

    async def _list(self) -> None:
        """Tell the difference between what is known and what there is."""
        seen: set[Hashable] = set()
        source = self._source
        params = {"labelSelector": source.selector}
        version = ""
        async for page in pages(self._client, source.path, source.decode_list, params, self._page_size):
            self.watch.beat()
            version = page.resource_version
            for record in page.items:
                seen.add(record.key)
                self._learn(record)
        for key in self._known.keys() - seen:
            self._forget(key)
        self._version = version
        self._opened()
        self._settle()
        self._handler.relisted(self.kind)
        self.synced.set()

    async def _watch(self) -> None:
        """Follow from the last version until the server ends the watch."""
        params = {
            "watch": "true",
            "labelSelector": self._source.selector,
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(random.randint(*WATCH_SECONDS)),
        }
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with aclosing(
            self._client.stream(self._source.path, params, self._read_timeout, on_open=self._opened)
        ) as lines:
            async for line in lines:
                self.watch.beat()
                self._take(decode_event(self._source.decode_one, line))
                self._settle()
        if loop.time() - began < SHORT_WATCH_SECONDS:
            raise ConnectionLost(f"the watch ended after less than {SHORT_WATCH_SECONDS:g} s")

    def _take(self, event: Event[RecordT]) -> None:
        if event.error is not None:
            raise error_of_status(event.error)
        if event.record is not None:
            if event.type == "DELETED":
                self._forget(event.record.key)
            else:
                self._learn(event.record)
        self._version = event.resource_version or self._version

    def _learn(self, record: RecordT) -> None:
        known = self._known.get(record.key)
        if known is not None and known.uid != record.uid:
            self._forget(known.key)
        elif known is not None and known.resource_version == record.resource_version:
            return
        self._known[record.key] = record
        self._handler.upsert(record)

    def _forget(self, key: Hashable) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._handler.removed(key, known.uid)

    def _opened(self) -> None:
        """The server has accepted the watch; a lost one has been made good."""
        self.watch.beat()
        if self.problem:
            log.info("%ss can be read again", self.kind)
        self.problem = ""

    def _settle(self) -> None:
        """Something came through: the next failure is a first one again."""
        self._failures = 0
        self._backoff.reset()

    def _tell(self, error: ApiError) -> None:
        """A connection that is lost once is routine: a load balancer or an API server was replaced."""
        self._failures += 1
        sentence = f"{self.kind}s cannot be read: {error}"
        if isinstance(error, ConnectionLost) and self._failures == 1:
            log.info("%s", sentence)
            return
        if sentence != self.problem:
            log.warning("%s", sentence)
        self.problem = sentence
