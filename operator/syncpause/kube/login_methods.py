"""Which of the credentials of a kubeconfig's user are used, in client-go's order.

``tokenFile``, ``token``, user name with password and client certificate each go before ``exec`` (client-go:
plugin/pkg/client/auth/exec, UpdateTransportConfig), and tokens before ``auth-provider``.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from syncpause.kube import credentials
from syncpause.kube.certificates import read_authority
from syncpause.kube.credentials import ConfigError, Credential, Renewed, check_token, token_of
from syncpause.kube.exec_plugin import Plugin
from syncpause.kube.kubeconfig import Login
from syncpause.kube.kubeconfig_fields import AuthProvider, Cluster, User
from syncpause.kube.printable import one_line

_INSTEAD = {"gcp": " (gke-gcloud-auth-plugin)", "azure": " (kubelogin)"}
_INFO = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")


def login_method(login: Login) -> Renewed:
    """What obtains the user's credential, other than a client certificate of the file. Raises ConfigError."""
    user, whose = login.user, login.whose
    _check(user, whose)
    if user.token_file:
        return Renewed(lambda: _from_file(user, whose), credentials.REREAD_SECONDS)
    if user.token:
        token = check_token(user.token, f"{whose}: the token")
        return Renewed(lambda: Credential(token))
    if user.username or user.password:
        return Renewed(lambda: Credential(basic=f"{user.username}:{user.password}"))
    if user.auth_provider:
        token = _id_token(user.auth_provider, whose)
        return Renewed(lambda: Credential(token))
    if user.exec and not (user.client_certificate or user.client_certificate_data):
        return Renewed(Plugin(user.exec, login.folder, cluster_info(login.cluster), whose).run)
    return Renewed(Credential)


def cluster_info(cluster: Cluster) -> dict[str, Any]:
    """``spec.cluster`` of an ExecCredential. Raises ConfigError."""
    info = {
        name: value
        for name in _INFO
        if (value := getattr(cluster, name.replace("-", "_")))
    }  # fmt: skip
    if cluster.certificate_authority and "certificate-authority-data" not in info:
        authority = read_authority(cluster).encode()
        info["certificate-authority-data"] = base64.b64encode(authority).decode()
    for extension in cluster.extensions:
        if extension.name == "client.authentication.k8s.io/exec":
            info["config"] = extension.extension
    return info


def _from_file(user: User, whose: str) -> Credential:
    """The token file; where it cannot be read, the token beside it, as client-go does."""
    try:
        return token_of(Path(user.token_file), whose)
    except ConfigError:
        if not user.token:
            raise
        return Credential(check_token(user.token, f"{whose}: the token"))


def _check(user: User, whose: str) -> None:
    provider = user.auth_provider
    if provider is not None and provider.name != "oidc":
        instead = _INSTEAD.get(provider.name, "")
        raise ConfigError(
            f"{whose}: the auth-provider {one_line(provider.name)} was removed from Kubernetes clients:"
            f" use an exec plugin{instead}"
        )
    if provider is not None and user.exec is not None:
        raise ConfigError(f"{whose}: exec and auth-provider exclude each other: remove one of them")
    if (user.token or user.token_file) and (user.username or user.password):
        raise ConfigError(f"{whose}: a token and a user name exclude each other: remove one of them")


def _id_token(provider: AuthProvider, whose: str) -> str:
    """The ID token of an OIDC provider, which kubectl renews and writes into the kubeconfig."""
    token = provider.config.get("id-token", "")
    renewal = "run a kubectl command, which renews it, or use an exec plugin (kubectl oidc-login)"
    if not token:
        raise ConfigError(f"{whose}: the auth-provider oidc has no id-token: {renewal}")
    expires = _expiry(token)
    if expires is not None and expires <= datetime.now(UTC):
        raise ConfigError(
            f"{whose}: the id-token of the auth-provider oidc expired at {expires:%Y-%m-%d %H:%M} UTC:"
            f" {renewal}"
        )
    return check_token(token, f"{whose}: the id-token of the auth-provider oidc")


def _expiry(token: str) -> datetime | None:
    """The ``exp`` claim of a JWT; None where there is none: the API server has the last word."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None
