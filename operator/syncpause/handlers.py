"""kopf's entry points: they pass what kopf sees of policies and namespaces to the policy cache.

kopf runs in a thread with a loop of its own. A watch ERROR other than 410 ends it with an exception, and at
its end it cancels every task that was created after its start: neither may affect the main loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import kopf
import structlog

from syncpause.api.names import GROUP, VERSION
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.metrics import WATCH_RESTARTS
from syncpause.kube import paths
from syncpause.kube.client import RENEW_SECONDS, Client
from syncpause.kube.errors import ApiError
from syncpause.kube.watch_session import watch_session
from syncpause.kube.watch_state import StreamState
from syncpause.logs import KOPF_THREAD
from syncpause.settings import Settings
from syncpause.unhandled import UNHANDLED

log = structlog.get_logger()

RESTART_SECONDS = 5.0
CHECK_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
"""How long kopf may take to open its watches before it is restarted."""
BACKOFFS = (0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0)
"""Seconds between attempts at one request. kopf's defaults go up to 21, and a pause may begin meanwhile."""

Watches = dict[str, StreamState]
"""The watches that kopf reads, by the path of their collection."""


def watches(settings: Settings) -> Watches:
    """One state for each watch that kopf has to keep open."""
    named = [paths.policies(SyncPausePolicy.KIND, namespace) for namespace in settings.scope]
    whole = [paths.policies(ClusterSyncPausePolicy.KIND), paths.NAMESPACES, paths.CRDS]
    spaces = [*settings.scope, *("" for _ in whole)]
    return {
        path: StreamState(paths.short_name(path), settings.watch_timeout, namespace=namespace)
        for path, namespace in zip((*named, *whole), spaces, strict=True)
    }


def build_registry(
    policy_cache: PolicyCache, client: Client, states: Watches, loop: asyncio.AbstractEventLoop
) -> kopf.OperatorRegistry:
    """The handlers, bound to an policy cache whose loop is another one than kopf's."""
    registry = kopf.OperatorRegistry()
    logged_in_at: list[float] = []

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        asyncio.get_running_loop().set_exception_handler(_report)
        if logged_in_at:  # kopf asks again after a 401
            await _renew(client, logged_in_at[0], loop)
        logged_in_at[:] = [loop.time()]
        return kopf.AiohttpSession(aiohttp_session=watch_session(client, states), server=client.server)

    @kopf.on.event(GROUP, VERSION, SyncPausePolicy.PLURAL, registry=registry)
    @kopf.on.event(GROUP, VERSION, ClusterSyncPausePolicy.PLURAL, registry=registry)
    async def policy_seen(event: kopf.RawEvent, **_: Any) -> None:
        if event["type"] is None:  # from a list, which does not report what was deleted before it
            loop.call_soon_threadsafe(policy_cache.read_soon)
        loop.call_soon_threadsafe(policy_cache.policy_event, event["type"], event["object"])

    @kopf.on.event("v1", "namespaces", registry=registry)
    async def namespace_seen(event: kopf.RawEvent, **_: Any) -> None:
        loop.call_soon_threadsafe(policy_cache.namespace_event, event["type"], event["object"])

    return registry


def kopf_settings(watch_timeout: float) -> kopf.OperatorSettings:
    """Settings of kopf for nothing but watches: no Events of its own, no peering, no finalizers."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.peering.standalone = True
    chosen.watching.server_timeout = 600
    chosen.watching.inactivity_timeout = watch_timeout
    chosen.networking.request_timeout = 30
    chosen.networking.error_backoffs = BACKOFFS
    return chosen


async def _renew(client: Client, since: float, loop: asyncio.AbstractEventLoop) -> None:
    """Read the client's credentials again, in the main loop. Raises TemporaryError: kopf retries later."""
    try:
        renewed = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.renew(since), loop))
    except ApiError as error:
        raise kopf.TemporaryError(error.message, delay=RENEW_SECONDS) from error
    if not renewed:
        message = "the API server refuses the credentials of kopf's watches, although they are new"
        raise kopf.TemporaryError(message, delay=RENEW_SECONDS)


def _report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Count and log an error that nothing in kopf's loop awaits; a watch that it ends is noticed as such."""
    UNHANDLED.labels("kopf").inc()
    log.warning(
        "an error that kopf does not handle",
        message=context.get("message"),
        error=str(context.get("exception") or ""),
    )


class Watcher:
    """Runs kopf in a thread, and restarts it when it has ended or does not keep one of its watches open.

    kopf itself reopens a watch on which no byte comes for ``--watch-timeout``. ``states`` are what `watches`
    returns.
    """

    def __init__(
        self, policy_cache: PolicyCache, client: Client, settings: Settings, states: Watches
    ) -> None:
        self._namespaces = list(filter(None, settings.scope))
        # A uid without a passwd entry has no name, which kopf would otherwise look up. Its type is private.
        self._identity: Any = settings.name
        self._watch_timeout = settings.watch_timeout
        self._states = states
        self._registry: Callable[[asyncio.AbstractEventLoop], kopf.OperatorRegistry] = lambda loop: (
            build_registry(policy_cache, client, states, loop)
        )

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            stop = threading.Event()
            registry = self._registry(asyncio.get_running_loop())
            thread = threading.Thread(
                target=self._watch, args=(registry, stop), name=KOPF_THREAD, daemon=True
            )
            thread.start()
            try:
                problem = await self._until_stuck()
            finally:
                stop.set()
                await asyncio.to_thread(thread.join, 2.0)
            WATCH_RESTARTS.inc()
            log.warning("kopf is restarted", reason=problem)

    async def _until_stuck(self) -> str:
        """Returns what is wrong with a watch that kopf does not keep open, once it has had the time to."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            found = [state for state in self._states.values() if state.stuck]
            if found and loop.time() - began > PATIENCE_SECONDS:
                return found[0].problem

    def _watch(self, registry: kopf.OperatorRegistry, stop: threading.Event) -> None:
        while not stop.is_set():
            reason = "it returned"
            try:
                kopf.run(
                    registry=registry,
                    settings=kopf_settings(self._watch_timeout),
                    clusterwide=not self._namespaces,
                    namespaces=self._namespaces,
                    standalone=True,
                    identity=self._identity,
                    stop_flag=stop,
                )
            except BaseException as error:  # it ends the thread, so nothing else would report it
                reason = f"{type(error).__name__}: {error}"
            if not stop.is_set():
                WATCH_RESTARTS.inc()
                log.warning("kopf has ended and is restarted", error=reason)
            stop.wait(RESTART_SECONDS)
