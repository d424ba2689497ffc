"""What can go wrong between the operator and the API server, as types with the server's own words."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import msgspec


class _Details(msgspec.Struct):
    retry_after: float | None = msgspec.field(name="retryAfterSeconds", default=None)


class Status(msgspec.Struct):
    """``meta/v1 Status``: how the API server says no, in an error's body and in a watch's ERROR event."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None


class ApiError(Exception):
    """A request that the API server refused or that never reached it.

    ``message`` is the API server's sentence, ``reason`` its CamelCase word, ``status`` the HTTP status (0
    where there was no answer), ``retry_after`` the seconds it asked to wait, if it did.
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
    """410: the resourceVersion or continue token is older than what the server still remembers."""


class TooManyRequests(ApiError):
    """429: the API server's priority and fairness asks to come back later."""


class Forbidden(ApiError):
    """401 or 403: the credentials or the rights do not suffice."""


class Invalid(ApiError):
    """400, 422 and every other 4xx: the request itself is wrong, or admission refused it."""


class ServerError(ApiError):
    """5xx: the API server or its storage failed."""


class ConnectionLost(ApiError):
    """No whole answer: refused, reset, timed out, or cut in the middle. The request may have taken effect."""


def forbids_impersonation(error: ApiError) -> bool:
    """Whether the user lacks the right to act as another one.

    From Kubernetes 1.36 on the verb may be ``impersonate-on:user-info:list``.
    """
    return isinstance(error, Forbidden) and "cannot impersonate" in error.message


def error_of(status: int, body: bytes, headers: Mapping[str, str], reason: str = "") -> ApiError:
    """The error that an HTTP answer stands for.

    Answers of priority and fairness, and of proxies on the way, are plain text or HTML instead of a Status.
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
    """The error that a Status inside a watch stands for, which comes after an HTTP 200."""
    details = said.details or _Details()
    return error_from(said.code or 500, said.message or "the watch failed", said.reason, details.retry_after)


def error_from(status: int, message: str, reason: str, retry_after: float | None) -> ApiError:
    """The subclass that a status belongs to."""
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


def lost(error: Exception, server: str, timeout: float | None) -> ConnectionLost:
    """A sentence for what happened on the wire; several of aiohttp's errors have no text of their own."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectionLost(f"no connection to {server} in time", reason="Timeout")
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"no answer from {server} within {timeout:g} s", reason="Timeout")
    return ConnectionLost(
        f"the connection to {server} was lost: {error or type(error).__name__}", reason="ConnectionLost"
    )
