"""Sends requests to the API server: bytes in, bytes out, errors as types.

Requests use the aiohttp session of the client library, which has TLS, proxies and credentials, and not its
generated methods, which cost 1.2 to 2.0 ms of CPU for a PATCH against 0.25 ms. Nothing here repeats a PATCH
or POST after a lost connection: it may have taken effect, and the caller, who has the precondition, can read
the object again. (aiohttp repeats only GET, PUT and DELETE, and only when a kept connection is closed.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Self

import aiohttp
import msgspec
from kubernetes.aio.client import Configuration
from multidict import CIMultiDict

from syncpause import __version__
from syncpause.api.names import FIELD_MANAGER
from syncpause.kube.access import Access, ConfigError
from syncpause.kube.connection import RENEW_SECONDS, Connection
from syncpause.kube.errors import ConnectionLost, error_of, lost
from syncpause.kube.lines import lines_of

__all__ = ["RENEW_SECONDS", "Client", "ConfigError", "connect"]

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
CONNECT_SECONDS = 10.0
RENEWALS = 2
"""How often one request may renew the credentials before its error is returned."""


async def connect(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    access: Access | None = None,
    request_timeout: float = 30.0,
    connections: int = 64,
    manager: str = FIELD_MANAGER,
) -> Client:
    """A client for the configured cluster; sends nothing yet.

    ``access`` replaces ``kubeconfig`` and ``context``. ``request_timeout`` is in seconds; ``connections``
    bounds the open sockets, watches included; ``manager`` is the field manager of each write. Raises
    ConfigError.
    """
    access = access or Access(kubeconfig, context)
    configuration = await access.load()
    configuration.connection_pool_maxsize = connections
    # Trusting the environment costs aiohttp two hops to a thread for every request (measured: 0.9 against
    # 0.4 ms of CPU a PATCH), to look for a proxy and a ~/.netrc. `Access` has looked up the proxy, once.
    configuration.client_session_kwargs = {"trust_env": False}
    return Client(access, configuration, request_timeout=request_timeout, manager=manager)


class Client:
    """A connection pool to one API server. Closed by ``close`` or at the end of ``async with``."""

    def __init__(
        self,
        access: Access,
        configuration: Configuration,
        *,
        request_timeout: float,
        manager: str = FIELD_MANAGER,
    ) -> None:
        self.connection = Connection(access, configuration)
        self._limits = aiohttp.ClientTimeout(total=request_timeout, sock_connect=CONNECT_SECONDS)
        self._managed = {"fieldManager": manager}
        self._agent = f"syncpause/{__version__}"
        self.may_write: Callable[[], bool] | None = None
        """Called before each write; where it returns False, nothing is sent. None: always."""

    @property
    def server(self) -> str:
        """The API server's address, with the path of a proxy such as Rancher's, without a last slash."""
        return self.connection.server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self.connection.close()

    async def renew(self, refused_at: float) -> bool:
        """See `Connection.renew`."""
        return await self.connection.renew(refused_at)

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, *, within: float | None = None
    ) -> bytes:
        """GET. Raises ApiError, as do all others; ``within`` replaces the client's own timeout (seconds)."""
        return await self._exchange("GET", path, params=params, within=within)

    async def patch(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        content_type: str = MERGE_PATCH,
        within: float | None = None,
    ) -> bytes:
        """PATCH as the client's field manager; returns the new object."""
        data = msgspec.json.encode(body)
        return await self._write(
            "PATCH", path, params=self._managed, data=data, content_type=content_type, within=within
        )

    async def post(
        self, path: str, body: Mapping[str, Any], *, within: float | None = None, fenced: bool = True
    ) -> bytes:
        """POST; returns the created object. ``fenced`` as for ``put``."""
        send = self._write if fenced else self._exchange
        return await send("POST", path, params=self._managed, data=msgspec.json.encode(body), within=within)

    async def put(
        self, path: str, body: Mapping[str, Any], *, within: float | None = None, fenced: bool = True
    ) -> bytes:
        """PUT; returns the new object. ``fenced=False`` skips ``may_write``: for the Lease alone."""
        send = self._write if fenced else self._exchange
        return await send("PUT", path, params=self._managed, data=msgspec.json.encode(body), within=within)

    async def delete(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """DELETE; ``body`` is a DeleteOptions."""
        return await self._write("DELETE", path, data=None if body is None else msgspec.json.encode(body))

    async def stream(
        self,
        path: str,
        params: Mapping[str, str],
        read_timeout: float,
        on_open: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """The lines of a watch, until the server ends it; ``on_open`` is called at the 2xx response.

        Raises ConnectionLost after ``read_timeout`` seconds without a byte: a half-open connection (a NAT
        entry that expired, a node that lost power) is silent for ever.
        """
        limits = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=read_timeout)
        try:
            async with await self._open("GET", path, params=params, limits=limits) as response:
                if on_open is not None:
                    on_open()
                async with aclosing(lines_of(response)) as lines:
                    async for line in lines:
                        yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(error, self.server, read_timeout) from error

    async def _write(self, method: str, path: str, **request: Any) -> bytes:
        self._fence()
        return await self._exchange(method, path, **request)

    def _fence(self) -> None:
        if self.may_write is not None and not self.may_write():
            raise ConnectionLost("nothing is written: another replica may lead by now", reason="LeadLost")

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        content_type: str = JSON,
        within: float | None = None,
    ) -> bytes:
        limits = self._limits if within is None else aiohttp.ClientTimeout(total=within)
        try:
            async with await self._open(
                method, path, params=params, data=data, content_type=content_type, limits=limits
            ) as response:
                return await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(error, self.server, limits.total) from error

    async def _open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        limits: aiohttp.ClientTimeout,
        data: bytes | None = None,
        content_type: str = JSON,
    ) -> aiohttp.ClientResponse:
        """Send a request; returns a 2xx response.

        Renews the credentials after a 401, and after a certificate that is not accepted: the authority is
        loaded with them, and in a pod it is replaced in place.
        """
        for attempt in range(RENEWALS + 1):
            asked_at = asyncio.get_running_loop().time()
            try:
                response = await self.connection.session.request(
                    method,
                    self.server + path,
                    params=params,
                    data=data,
                    headers=await self._headers(content_type),
                    timeout=limits,
                    allow_redirects=False,
                    **self.connection.request_options,
                )
            except aiohttp.ClientConnectorCertificateError:  # nothing was sent
                if attempt == RENEWALS or not await self.renew(asked_at):
                    raise
                continue
            if response.status < 300:
                return response
            async with response:
                if response.status < 400:
                    raise self.connection.redirect_error(response)
                body = await response.read()
            if response.status != 401 or attempt == RENEWALS or not await self.renew(asked_at):
                refusal = error_of(response.status, body, response.headers, response.reason or "")
                raise self.connection.explained(refusal)
        raise AssertionError("the last attempt returns or raises")

    async def _headers(self, content_type: str) -> CIMultiDict[str]:
        headers = await self.connection.headers()
        headers.update({"Accept": JSON, "Content-Type": content_type, "User-Agent": self._agent})
        return headers
