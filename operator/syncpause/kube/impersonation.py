"""The Impersonate-* headers of a kubeconfig's user, as client-go sends them."""

from __future__ import annotations

import re

from syncpause.kube.credentials import ConfigError
from syncpause.kube.kubeconfig_fields import User
from syncpause.kube.printable import is_printable

_ILLEGAL = re.compile(rb"[^!#$&'*+\-.0-9A-Z^_`a-z|~]")


def impersonation(user: User, whose: str) -> tuple[tuple[str, str], ...]:
    """Each header with one value; a header with several values comes several times. Raises ConfigError."""
    if not user.as_ and (user.as_uid or user.as_groups or user.as_user_extra):
        raise ConfigError(f"{whose}: as-uid, as-groups and as-user-extra need `as`: add it or remove them")
    pairs = [("Impersonate-User", user.as_)] if user.as_ else []
    pairs += [("Impersonate-Uid", user.as_uid)] if user.as_uid else []
    pairs += [("Impersonate-Group", group) for group in user.as_groups]
    pairs += [
        (f"Impersonate-Extra-{_escaped(key)}", value)
        for key, values in user.as_user_extra.items()
        for value in values
    ]
    for header, value in pairs:
        if not is_printable(value):
            raise ConfigError(
                f"{whose}: the value {value!r} for {header} is not one line of text: correct it"
            )
    return tuple(pairs)


def _escaped(key: str) -> str:
    """The key in lower case, as the API server reads it; what no header name may have becomes %XX."""
    return _ILLEGAL.sub(lambda found: b"%%%02X" % found[0][0], key.lower().encode()).decode()
