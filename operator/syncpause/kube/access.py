"""Where the cluster is and who we are there: kubeconfig, or the pod's own service account."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config_from_dict
from multidict import CIMultiDict

from syncpause.kube.credentials import REREAD_SECONDS, ConfigError, Credential, Renewed, run_plugin, token_of
from syncpause.kube.errors import ApiError, error_from, forbids_impersonation
from syncpause.kube.impersonation import impersonation
from syncpause.kube.kubeconfig import Chosen, choose
from syncpause.kube.proxy import proxy_from_environment

__all__ = ["Access", "ConfigError"]

DEFAULT_KUBECONFIG = "~/.kube/config"
DEFAULT_NAMESPACE = "default"
_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_POD_ACCOUNT = "service account of this pod"


class Access:
    """One way to the cluster. It can be read again, for credentials change while the operator runs."""

    def __init__(self, kubeconfig: str | None = None, context: str | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self.impersonation: tuple[tuple[str, str], ...] = ()
        """The Impersonate-* headers of the user that was loaded last, each value one pair."""
        self._whose = ""

    async def load(self) -> Configuration:
        """Read the configuration: the given path, else $KUBECONFIG or ~/.kube/config, else in-cluster.

        Runs the exec plugin of the user, if there is one. Never touches the client library's process-wide
        default. Raises ConfigError.
        """
        paths = self._paths()
        present = [path for path in paths if path.exists()]
        tried = " and ".join(str(path) for path in paths)
        if present:
            configuration = await self._from_files(present)
        elif self._kubeconfig:
            raise ConfigError(f"there is no kubeconfig at {tried}")
        else:
            configuration = self._from_pod(tried)
        _set_proxy(configuration, configuration.proxy or proxy_from_environment(configuration.host))
        _check_tls(configuration)
        return configuration

    def explained(self, refusal: ApiError) -> ApiError:
        """The same refusal, with the user and context that it is about: the API server does not know them."""
        if refusal.status == 401:
            message = f"{refusal.message}: the API server refuses the credentials of {self._whose}"
        elif self.impersonation and forbids_impersonation(refusal):
            message = f"{refusal.message} ({self._whose}, has `as: {self.impersonation[0][1]}`)"
        else:
            return refusal
        return error_from(refusal.status, message, refusal.reason, refusal.retry_after)

    def namespace(self) -> str:
        """The namespace that the context names, as kubectl takes it: ``default`` where it names none."""
        present = [path for path in self._paths() if path.exists()]
        if not present:
            own = _POD / "namespace"
            return own.read_text().strip() if own.is_file() else DEFAULT_NAMESPACE
        try:
            return choose(present, self._context).namespace or DEFAULT_NAMESPACE
        except ConfigError:
            return DEFAULT_NAMESPACE  # ``load`` reports what is wrong with the file

    def _paths(self) -> list[Path]:
        given = self._kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
        # Unlike Path.expanduser this raises nothing where the user has no home.
        return [Path(os.path.expanduser(part)) for part in given.split(os.pathsep) if part]

    async def _from_files(self, paths: list[Path]) -> Configuration:
        chosen = choose(paths, self._context)
        whose = f"context {chosen.context}, user {chosen.user_name}"
        headers = impersonation(chosen.user, chosen.user_name)
        source = _source(chosen, whose)
        first = await asyncio.to_thread(source.current) if source else None
        configuration = Configuration()
        try:
            await load_kube_config_from_dict(  # type: ignore[no-untyped-call]
                _resolved(chosen, first), client_configuration=configuration
            )
        except Exception as error:  # its loader does not check types, and OIDC fails in many ways
            where = ":".join(map(str, paths))
            raise ConfigError(f"the kubeconfig {where}, {whose}, cannot be used: {error}") from error
        if source is not None and first is not None and first.token:
            configuration.refresh_api_key_hook = source.refresh  # type: ignore[assignment]
        self.impersonation, self._whose = headers, whose
        return configuration

    def _from_pod(self, tried: str) -> Configuration:
        if self._context:
            raise ConfigError(f"there is no kubeconfig at {tried} in which to find context {self._context}")
        configuration = Configuration()
        try:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError, ValueError) as error:
            raise ConfigError(
                f"no way to a cluster: there is no kubeconfig at {tried}, and no service account of a pod"
                f" either ({error}). Set KUBECONFIG, or give --kubeconfig"
            ) from error
        # Projected tokens live for an hour: the file is read again each minute.
        source = Renewed(lambda: token_of(_POD / "token", _POD_ACCOUNT), REREAD_SECONDS)
        source.current()
        configuration.refresh_api_key_hook = source.refresh  # type: ignore[assignment]
        self.impersonation, self._whose = (), _POD_ACCOUNT
        return configuration


def _source(chosen: Chosen, whose: str) -> Renewed | None:
    """What gets the user's credentials anew; None where they stand in the file. Raises ConfigError.

    As for client-go, ``tokenFile`` goes before ``token``, and both before ``exec``.
    """
    user = chosen.user
    provider = user.get("auth-provider")
    if isinstance(provider, dict) and provider.get("name") != "oidc":
        raise ConfigError(
            f"{whose}: the auth-provider {provider.get('name')} was removed from Kubernetes clients:"
            " use its exec plugin (gke-gcloud-auth-plugin for gcp, kubelogin for azure)"
        )
    if user.get("tokenFile"):
        if not isinstance(user["tokenFile"], str):
            raise ConfigError(f"{whose}: tokenFile must be a path: correct the kubeconfig")
        return Renewed(lambda: token_of(Path(user["tokenFile"]), whose), REREAD_SECONDS)
    plugin = user.get("exec")
    if not plugin or user.get("token"):
        return None
    if not isinstance(plugin, dict) or provider:
        raise ConfigError(f"{whose}: exec must be a map, and cannot stand beside auth-provider")
    cluster = _cluster_info(chosen)
    return Renewed(lambda: run_plugin(plugin, chosen.folder, cluster, whose))


def _cluster_info(chosen: Chosen) -> dict[str, Any]:
    """``spec.cluster`` of an ExecCredential. Raises ConfigError."""
    cluster = chosen.cluster
    names = (
        "server",
        "tls-server-name",
        "insecure-skip-tls-verify",
        "certificate-authority-data",
        "proxy-url",
    )
    info = {name: cluster[name] for name in names if cluster.get(name)}
    authority = cluster.get("certificate-authority")
    if authority and "certificate-authority-data" not in info:
        try:
            info["certificate-authority-data"] = base64.b64encode(Path(authority).read_bytes()).decode()
        except OSError as error:
            raise ConfigError(
                f"the certificate-authority {authority} cannot be read: {error.strerror}"
            ) from error
    for extension in cluster.get("extensions") or []:
        if extension.get("name") == "client.authentication.k8s.io/exec":
            info["config"] = extension.get("extension")
    return info


def _resolved(chosen: Chosen, first: Credential | None) -> dict[str, Any]:
    """A kubeconfig of one context, with the credential in place of what gets it, for the library's loader."""
    user = {key: value for key, value in chosen.user.items() if key not in ("exec", "tokenFile")}
    if first is not None and first.token:
        user["token"] = first.token
    if first is not None and first.certificate:
        user["client-certificate-data"] = base64.b64encode(first.certificate.encode()).decode()
        user["client-key-data"] = base64.b64encode(first.key.encode()).decode()
    context = {"cluster": "chosen", "user": "chosen"}
    return {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": context}],
        "clusters": [{"name": "chosen", "cluster": dict(chosen.cluster)}],
        "users": [{"name": "chosen", "user": user}],
    }


def _check_tls(configuration: Configuration) -> None:
    """Raises ConfigError where the certificates cannot be used."""
    named = [configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file]
    try:
        RESTClientObject(configuration)
    except (OSError, ValueError, ssl.SSLError) as error:
        files = ", ".join(str(path) for path in named if path)
        raise ConfigError(
            f"the certificates for {configuration.host} cannot be used ({files}): {error}; each must be"
            " readable PEM, and the client key must belong to the client certificate"
        ) from error


def _set_proxy(configuration: Configuration, proxy: str | None) -> None:
    """Set the proxy; its password becomes a header, for errors quote the URL. Raises ConfigError."""
    configuration.proxy = proxy
    if not proxy:
        return
    where = urlsplit(proxy)
    bare = where._replace(netloc=where.netloc.rpartition("@")[2]).geturl()
    if where.scheme not in ("http", "https"):
        raise ConfigError(
            f"the proxy {bare} is of no supported kind: name an http:// or https:// proxy in proxy-url"
            " or HTTPS_PROXY"
        )
    configuration.proxy = bare
    if where.username:
        pair = f"{unquote(where.username)}:{unquote(where.password or '')}"
        basic = base64.b64encode(pair.encode()).decode()
        configuration.proxy_headers = CIMultiDict({"Proxy-Authorization": f"Basic {basic}"})
