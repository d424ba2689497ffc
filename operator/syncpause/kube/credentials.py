"""Credentials, and when they are obtained again."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

REREAD_SECONDS = 60.0
"""How old the content of a token file may be. Projected tokens live for an hour at most."""


class ConfigError(Exception):
    """No usable way to the cluster is configured; the sentence names the cause and the fix."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, a name with a password, or a client certificate with its key (PEM); ``expires`` is in UTC."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: datetime | None = None
    basic: str = ""

    @property
    def authorization(self) -> str:
        """The Authorization header; empty where a certificate or nothing logs in."""
        if self.token:
            return f"Bearer {self.token}"
        return f"Basic {base64.b64encode(self.basic.encode()).decode()}" if self.basic else ""


class Renewed:
    """A credential that is obtained again once it is stale. Safe to use from several loops and threads.

    ``get`` raises ConfigError. ``stale_after`` is in seconds; None: only its expiry makes a credential stale.
    """

    def __init__(self, get: Callable[[], Credential], stale_after: float | None = None) -> None:
        self._get, self._stale_after = get, stale_after
        self._lock = threading.Lock()
        self._current: Credential | None = None
        self._obtained_at = 0.0
        self._failure: tuple[float, str] | None = None

    def current(self) -> Credential:
        """The credential, obtained again if it is stale. Blocks. Raises ConfigError.

        A caller that waits while another call fails gets that failure, so that a plugin that hangs does not
        run once for each request.
        """
        asked_at = monotonic()
        with self._lock:
            if self._current is not None and not self._stale(self._current):
                return self._current
            if self._failure is not None and self._failure[0] >= asked_at:
                raise ConfigError(self._failure[1])
            self._current = None
            try:
                self._current = self._get()
            except ConfigError as error:
                self._failure = (monotonic(), str(error))
                raise
            self._obtained_at = monotonic()
            return self._current

    async def refresh(self, configuration: Any) -> None:
        """The hook of the client library's Configuration, which the library calls before each request."""
        fresh = self._current
        if fresh is None or self._stale(fresh):
            fresh = await asyncio.to_thread(self.current)
        if fresh.authorization:
            configuration.api_key["BearerToken"] = fresh.authorization

    def _stale(self, credential: Credential) -> bool:
        if credential.expires is not None and datetime.now(UTC) >= credential.expires:
            return True
        return self._stale_after is not None and monotonic() - self._obtained_at >= self._stale_after


def token_of(path: Path, whose: str) -> Credential:
    """The token in a file. Raises ConfigError."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{whose}: the token file {path} cannot be read: {reason_of(error)}; write a token into it"
        ) from error
    if not token:
        raise ConfigError(f"{whose}: the token file {path} is empty: write a token into it")
    return Credential(check_token(token, f"{whose}: the token in the file {path}"))


def check_token(token: str, what: str) -> str:
    """The token without white space around it. Raises ConfigError where no header can hold it."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{what} has characters that no token has: replace it with the whole token alone")
    return token


def reason_of(error: Exception) -> str:
    """The cause of an error of the operating system, without its number and path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
