"""The HTTP session that kopf uses: configured as the client, with a state for each watch."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from yarl import URL

from syncpause.kube.client import Client
from syncpause.kube.watch_state import StreamState


def watch_session(client: Client, watches: Mapping[str, StreamState]) -> aiohttp.ClientSession:
    """A session for the running loop, which connects and authenticates as the client does.

    ``watches`` has the path of each collection as its key. Every request gets the current credentials,
    because a session outlives a token.
    """
    connection = client.connection
    prefix = URL(client.server).path.rstrip("/")
    options = connection.request_options

    async def send(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        request.headers.extend(await connection.headers())
        request.server_hostname = options.get("server_hostname")
        request.proxy_headers = options.get("proxy_headers")
        response = await handler(request)
        if 300 <= response.status < 400:  # aiohttp would follow it and send the token along
            response.close()
            raise aiohttp.ClientConnectionError(str(connection.redirect_error(response)))
        state = watches.get(request.url.path.removeprefix(prefix))
        if state is not None and response.status == 200 and request.url.query.get("watch") == "true":
            state.opened_stream(response)
        return response

    return connection.new_session(middlewares=(send,), proxy=options.get("proxy"))
