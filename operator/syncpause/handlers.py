"""kopf's entry points: what it sees of policies and namespaces goes to the intake, and nothing else.

kopf runs in a thread with a loop of its own. It ends with an error at a watch ERROR that is not a 410,
and when it ends it cancels every task that began after it: neither may touch the work in the main loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import kopf
import structlog

from syncpause.api.names import GROUP, VERSION
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.controller.intake import Intake
from syncpause.kube.client import Client
from syncpause.logs import KOPF_THREAD

log = structlog.get_logger()

RESTART_SECONDS = 5.0


def build_registry(intake: Intake, client: Client, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
    """The handlers, bound to an intake whose loop is another one than kopf's."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return await connection_of(client)

    @kopf.on.event(GROUP, VERSION, SyncPausePolicy.PLURAL, registry=registry)
    @kopf.on.event(GROUP, VERSION, ClusterSyncPausePolicy.PLURAL, registry=registry)
    async def policy_seen(event: kopf.RawEvent, **_: Any) -> None:
        if event["type"] is None:  # a fresh list: deletions before it were missed
            loop.call_soon_threadsafe(intake.compare_soon)
        loop.call_soon_threadsafe(intake.policy_event, event["type"], event["object"])

    @kopf.on.event("v1", "namespaces", registry=registry)
    async def namespace_seen(event: kopf.RawEvent, **_: Any) -> None:
        loop.call_soon_threadsafe(intake.namespace_event, event["type"], event["object"])

    return registry


def settings() -> kopf.OperatorSettings:
    """kopf as a plain watcher: no events of its own, no peering, no finalizers."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.peering.standalone = True
    chosen.watching.server_timeout = 600
    chosen.watching.inactivity_timeout = 150
    chosen.networking.request_timeout = 30
    return chosen


async def connection_of(client: Client) -> kopf.ConnectionInfo:
    """The client's own way in, so that kopf reads with the same rights."""
    configuration = client.configuration
    setting = (await configuration.auth_settings()).get("BearerToken")
    bearer = str(setting["value"]) if setting else ""
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        token=bearer.split(" ", 1)[-1] or None,
    )


class Watcher:
    """Runs kopf in a thread until stopped; started again whenever it ends before.

    ``scope`` holds the namespaces whose policies are watched, as `Settings.scope`; ``identity`` is this
    replica's name. Without one, kopf asks for the user's name, and a uid without a passwd entry has none.
    """

    def __init__(self, intake: Intake, client: Client, scope: Sequence[str], identity: str) -> None:
        self._identity: Any = identity  # kopf's type for it is private
        self._scope = list(filter(None, scope))
        self._registry = build_registry(intake, client, asyncio.get_running_loop())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=KOPF_THREAD, daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    async def stop(self) -> None:
        """Stop watching; waits some seconds at most."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join, 2.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                kopf.run(
                    registry=self._registry,
                    settings=settings(),
                    clusterwide=not self._scope,
                    namespaces=self._scope,
                    standalone=True,
                    identity=self._identity,
                    stop_flag=self._stop,
                )
            except Exception as error:
                log.warning("the watch of policies ended; it is started again", error=str(error))
            self._stop.wait(RESTART_SECONDS)
