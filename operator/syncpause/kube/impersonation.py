"""The Impersonate-* headers of a kubeconfig's user, as client-go sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from syncpause.kube.credentials import ConfigError

_ILLEGAL = re.compile(rb"[^!#$&'*+\-.0-9A-Z^_`a-z|~]")


def impersonation(user: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    """Each header with one value; a header of several values comes several times. Raises ConfigError."""
    groups, extra = user.get("as-groups") or [], user.get("as-user-extra") or {}
    uid, who = user.get("as-uid") or "", user.get("as") or ""
    lists = [groups, *extra.values()] if isinstance(extra, dict) else [None]
    if not all(isinstance(item, list) for item in lists):
        raise ConfigError(f"user {name}: as-groups is a list, and as-user-extra a map of lists: correct them")
    if not who and (uid or groups or extra):
        raise ConfigError(
            f"user {name}: as-uid, as-groups and as-user-extra need `as`: add it or remove them"
        )
    pairs = [("Impersonate-User", who)] if who else []
    pairs += [("Impersonate-Uid", uid)] if uid else []
    pairs += [("Impersonate-Group", group) for group in groups]
    pairs += [
        (f"Impersonate-Extra-{_escaped(str(key))}", value)
        for key, values in extra.items()
        for value in values
    ]
    for header, value in pairs:
        if not isinstance(value, str) or re.search(r"[\r\n\0]", value):
            raise ConfigError(
                f"user {name}: the value {value!r} for {header} is no text of one line: correct it"
            )
    return tuple(pairs)


def _escaped(key: str) -> str:
    """Lower case, for the API server lowers header names anyway, and what no header name may hold as %XX."""
    return _ILLEGAL.sub(lambda found: b"%%%02X" % found[0][0], key.lower().encode()).decode()
