"""The connections to one API server, with credentials that are renewed when the server refuses them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException
from multidict import CIMultiDict

from syncpause.kube.access import Access, ConfigError
from syncpause.kube.errors import ApiError, ConnectionLost, Forbidden, Redirected, redirected

RENEW_SECONDS = 10.0
"""Least seconds between two renewals of the credentials: a plugin that cannot help may be slow to fail."""
_ADOPTED = (
    "api_key", "refresh_api_key_hook", "cert_file", "key_file", "ca_cert_data", "verify_ssl",
    "tls_server_name", "proxy", "proxy_headers",
)  # fmt: skip
"""What a renewal replaces: all that comes from the kubeconfig, but the server, which is pinned."""
_TLS = ("cert_file", "ca_cert_data", "verify_ssl")


class Connection:
    """The configuration, the pool of connections made from it, and the headers of a request."""

    def __init__(self, access: Access, configuration: Configuration) -> None:
        self.configuration = configuration
        self._access = access
        self._api_client = ApiClient(configuration)
        self._renewing = asyncio.Lock()
        self._renewed_at = 0.0
        self._problem = ""
        self._retired: RESTClientObject | None = None

    @property
    def server(self) -> str:
        """The API server's address, with the path of a proxy such as Rancher's, without a last slash."""
        return str(self.configuration.host).rstrip("/")

    @property
    def request_options(self) -> dict[str, Any]:
        """``proxy``, ``proxy_headers`` and ``server_hostname``, where set: each request needs them."""
        options = {
            "proxy": self.configuration.proxy,
            "proxy_headers": self.configuration.proxy_headers,
            "server_hostname": self.configuration.tls_server_name,
        }
        return {name: value for name, value in options.items() if value}

    async def headers(self) -> CIMultiDict[str]:
        """Authorization and Impersonate-* for one request; may run in any loop. Raises ConnectionLost."""
        try:
            settings = await self.configuration.auth_settings()
        except (ConfigError, ConfigException, OSError) as error:
            raise ConnectionLost(f"the credentials cannot be got: {error}", reason="Credentials") from error
        headers = CIMultiDict(self._access.impersonation)
        bearer = settings.get("BearerToken")
        if bearer is not None and bearer["value"]:
            headers["Authorization"] = bearer["value"]
        return headers

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client library's own session, created at the first request, inside the running loop."""
        rest = self._api_client.rest_client
        if rest.pool_manager is None:
            rest.pool_manager = rest._create_pool_manager()
        if rest.pool_manager.closed:
            raise ConnectionLost("the client is closed")
        session: aiohttp.ClientSession = rest.pool_manager
        return session

    def new_session(self, **kwargs: Any) -> aiohttp.ClientSession:
        """A session of the running loop, with its own connections and TLS; the caller closes it."""
        connector = RESTClientObject(self.configuration)._create_connector()
        return aiohttp.ClientSession(
            connector=connector, **{"trust_env": False, "read_bufsize": 2**21} | kwargs
        )

    def explained(self, refusal: ApiError) -> ApiError:
        """The refusal with the user and context that it is about."""
        return self._access.explained(refusal)

    def redirect_error(self, response: aiohttp.ClientResponse) -> Redirected:
        """The error of a redirect: following it would send the token elsewhere."""
        return redirected(response.status, self.server, response.headers.get("Location", ""))

    async def close(self) -> None:
        """Close every connection."""
        await self._api_client.close()  # type: ignore[no-untyped-call]
        await self._retire(None)

    async def renew(self, refused_at: float) -> bool:
        """Load the credentials and certificates again, in the client's own loop; once in RENEW_SECONDS.

        Returns True where a request that began at ``refused_at`` (loop time) may be sent again. Raises
        Forbidden where the new ones cannot be loaded.
        """
        async with self._renewing:
            now = asyncio.get_running_loop().time()
            if self._renewed_at > refused_at and not self._problem:
                return True
            if self._renewed_at and now - self._renewed_at < RENEW_SECONDS:
                if self._problem:
                    raise Forbidden(self._problem, status=401, reason="Unauthorized")
                return False
            self._renewed_at = now
            try:
                fresh = await self._access.load()
            except ConfigError as error:
                self._problem = f"the credentials no longer work, and new ones cannot be got: {error}"
                raise Forbidden(self._problem, status=401, reason="Unauthorized") from error
            self._problem = ""
            await self._adopt(fresh)
            self._renewed_at = asyncio.get_running_loop().time()
            return True

    async def _adopt(self, fresh: Configuration) -> None:
        """Copy the new values into the configuration that others hold too."""
        current = self.configuration
        changed = any(getattr(current, name) != getattr(fresh, name) for name in _TLS)
        for name in _ADOPTED:
            setattr(current, name, getattr(fresh, name))
        # Only new connections use other certificates. Requests and watches of the old pool may end in peace;
        # it is closed at the next change.
        if changed:
            old, self._api_client.rest_client = self._api_client.rest_client, RESTClientObject(current)
            await self._retire(old)

    async def _retire(self, pool: RESTClientObject | None) -> None:
        older, self._retired = self._retired, pool
        if older is not None:
            await older.close()
