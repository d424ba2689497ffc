"""The errors of a request to the API server, as types, with the server's own message."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
import msgspec

from syncpause.kube.printable import printable


class _Details(msgspec.Struct):
    retry_after: float | None = msgspec.field(name="retryAfterSeconds", default=None)


class Status(msgspec.Struct):
    """``meta/v1 Status``: the body of an error response, and the object of a watch's ERROR event."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None


class ApiError(Exception):
    """A request that the API server refused or that never reached it.

    ``message`` is the API server's sentence, ``reason`` its CamelCase word, ``status`` the HTTP status (0
    without a response), ``retry_after`` the seconds to wait, where the server names them.
    """

    def __init__(
        self, message: str, *, status: int = 0, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class NotFound(ApiError):
    """404: no such object, or no such resource."""


class Conflict(ApiError):
    """409: the object has changed since it was read, or already exists."""


class Gone(ApiError):
    """410: the resourceVersion or continue token is older than what the server keeps."""


class TooManyRequests(ApiError):
    """429: the API server's priority and fairness rejects the request for now."""


class Forbidden(ApiError):
    """401 or 403: the credentials are refused, or a right is missing."""


class Invalid(ApiError):
    """400, 422 and every other 4xx: the request itself is wrong, or admission refuses it."""


class ServerError(ApiError):
    """5xx: the API server or its storage failed."""


class Redirected(ServerError):
    """3xx: something in front of the API server, such as a login page, answers in its place."""


class ConnectionLost(ApiError):
    """No whole response: refused, reset, timed out, or cut. The request may have taken effect."""


def forbids_impersonation(error: ApiError) -> bool:
    """Whether the user lacks the right to act as another one.

    From Kubernetes 1.36 on the verb may be ``impersonate-on:user-info:list``.
    """
    return isinstance(error, Forbidden) and "cannot impersonate" in error.message


def error_of(status: int, body: bytes, headers: Mapping[str, str], reason: str = "") -> ApiError:
    """The error of an HTTP response.

    Priority and fairness, and proxies on the way, answer with plain text or HTML instead of a Status.
    """
    try:
        said = msgspec.json.decode(body, type=Status)
    except msgspec.DecodeError:
        said = Status(message=body[:500].decode("utf-8", "replace").strip())
    after = headers.get("Retry-After", "")
    details = said.details or _Details()
    return error_from(
        status,
        said.message or f"HTTP {status} {reason}".strip(),
        said.reason or reason,
        float(after) if after.isdecimal() else details.retry_after,
    )


def error_of_status(said: Status) -> ApiError:
    """The error of a Status inside a watch, which comes after an HTTP 200."""
    details = said.details or _Details()
    return error_from(said.code or 500, said.message or "the watch failed", said.reason, details.retry_after)


def error_from(status: int, message: str, reason: str, retry_after: float | None) -> ApiError:
    """An error of the type that the HTTP status has."""
    return _type_of(status)(message, status=status, reason=reason, retry_after=retry_after)


def _type_of(status: int) -> type[ApiError]:
    by_status: dict[int, type[ApiError]] = {
        401: Forbidden,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
        410: Gone,
        429: TooManyRequests,
    }
    return by_status.get(status) or (ServerError if status >= 500 else Invalid)


def redirected(status: int, server: str, location: str) -> Redirected:
    """The error of a redirect. It names the target's host alone: the rest may hold secrets."""
    try:
        target = urlsplit(location).netloc.rpartition("@")[2]
    except ValueError:
        target = ""
    where = f" to {printable(target)}" if target else ""
    return Redirected(
        f"{server} redirects{where} (HTTP {status}), and redirects are not followed: set the server in the"
        " kubeconfig to the API server's own address",
        status=status,
        reason="Redirected",
    )


def lost(error: Exception, server: str, timeout: float | None) -> ConnectionLost:
    """The error of a failed connection; several of aiohttp's errors have no text of their own."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = getattr(error.certificate_error, "verify_message", "") or error.certificate_error
        return ConnectionLost(
            f"the certificate of {server} is not accepted: {cause}; check the certificate authority, the"
            " server and tls-server-name in the kubeconfig",
            reason="Certificate",
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectionLost(f"no connection to {server} in time", reason="Timeout")
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"no response from {server} within {timeout:g} s", reason="Timeout")
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        reason = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror or cause
        direct = error.host == urlsplit(server).hostname
        way = "" if direct else f" through the proxy {error.host}:{error.port}"
        return ConnectionLost(f"no connection to {server}{way}: {reason}", reason="ConnectionLost")
    return ConnectionLost(
        f"the connection to {server} was lost: {error or type(error).__name__}", reason="ConnectionLost"
    )
