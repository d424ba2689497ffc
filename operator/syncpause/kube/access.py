"""The API server's address and the credentials for it: from a kubeconfig, or a pod's service account."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from kubernetes.aio.client import Configuration
from multidict import CIMultiDict
from yarl import URL

from syncpause.kube import credentials
from syncpause.kube.certificates import CertificateFiles, read_authority, read_authority_file
from syncpause.kube.credentials import ConfigError, Credential, Renewed, token_of
from syncpause.kube.errors import ApiError, error_from, forbids_impersonation
from syncpause.kube.impersonation import impersonation
from syncpause.kube.kubeconfig import Login, choose
from syncpause.kube.login_methods import login_method
from syncpause.kube.printable import is_printable, one_line
from syncpause.kube.proxy import proxy_from_environment

__all__ = ["Access", "ConfigError"]

DEFAULT_KUBECONFIG = "~/.kube/config"
DEFAULT_NAMESPACE = "default"
POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_POD_ACCOUNT = "the service account of this pod"


class Access:
    """One way to one cluster, which can be loaded again because credentials change.

    The first load pins the context and the server. A later one never returns the credentials of another
    context, whatever the kubeconfig's current-context is then.
    """

    def __init__(self, kubeconfig: str | None = None, context: str | None = None, pod: Path = POD) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._pod = pod
        self._in_pod: bool | None = None
        self._server = ""
        self._first: Login | None = None
        self._certificates = CertificateFiles()
        self._whose = ""
        self.impersonation: tuple[tuple[str, str], ...] = ()
        """The Impersonate-* headers of the user that was loaded last, each value one pair."""

    async def load(self) -> Configuration:
        """Read the configuration: the given path, else $KUBECONFIG or ~/.kube/config, else in-cluster.

        Runs the exec plugin of the user, if there is one. Never changes the client library's process-wide
        default. Raises ConfigError.
        """
        paths = self._present()
        searched = " and ".join(map(str, self._paths()))
        if paths and not self._in_pod:
            login = self._first or choose(paths, self._context)
            self._first = None
            return await self._from_login(login)
        if self._kubeconfig or self._in_pod is False:
            raise ConfigError(f"there is no kubeconfig at {searched}")
        return self._from_pod(searched)

    def namespace(self) -> str:
        """The namespace of the context, as kubectl takes it: ``default`` where the context has none.

        The next load uses the same reading of the files.
        """
        paths = self._present()
        if not paths:
            try:
                return (self._pod / "namespace").read_text().strip() or DEFAULT_NAMESPACE
            except (OSError, ValueError):
                return DEFAULT_NAMESPACE
        try:
            self._first = choose(paths, self._context)
        except ConfigError:
            return DEFAULT_NAMESPACE  # ``load`` reports what is wrong with the file
        return self._first.namespace or DEFAULT_NAMESPACE

    def explained(self, refusal: ApiError) -> ApiError:
        """The same refusal with the user and context that it is about, which the API server does not know."""
        if refusal.status == 401:
            message = f"{refusal.message}: the API server refuses the credentials of {self._whose}"
        elif self.impersonation and forbids_impersonation(refusal):
            message = f"{refusal.message} ({self._whose}, has `as: {self.impersonation[0][1]}`)"
        else:
            return refusal
        return error_from(refusal.status, message, refusal.reason, refusal.retry_after)

    def _paths(self) -> list[Path]:
        given = self._kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
        # Unlike Path.expanduser this raises nothing where the user has no home.
        return [Path(os.path.expanduser(part)) for part in given.split(os.pathsep) if part]

    def _present(self) -> list[Path]:
        """Missing files are skipped, as by kubectl; those that may not be read are reported by ``choose``."""
        return [path for path in self._paths() if not _missing(path)]

    async def _from_login(self, login: Login) -> Configuration:
        cluster, whose = login.cluster, login.whose
        self._pin(_checked_server(cluster.server, whose), whose)
        self._context, self._in_pod = login.context, False
        headers = impersonation(login.user, whose)
        method = login_method(login)
        first = await asyncio.to_thread(method.current)
        configuration = self._configuration(cluster.proxy_url, method, first)
        configuration.tls_server_name = cluster.tls_server_name or None
        if configuration.host.startswith("https:"):
            self._set_tls(configuration, login, first)
        self.impersonation, self._whose = headers, whose
        return configuration

    def _from_pod(self, searched: str) -> Configuration:
        if self._context:
            raise ConfigError(
                f"there is no kubeconfig at {searched} in which to find context {one_line(self._context)}"
            )
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        if not host or not port:
            raise ConfigError(
                f"no cluster is configured: there is no kubeconfig at {searched}, and this process does not"
                " run in a pod (KUBERNETES_SERVICE_HOST and _PORT are not set). Set KUBECONFIG, or give"
                " --kubeconfig"
            )
        server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self._pin(_checked_server(server, _POD_ACCOUNT), _POD_ACCOUNT)
        self._in_pod = True
        method = Renewed(lambda: token_of(self._pod / "token", _POD_ACCOUNT), credentials.REREAD_SECONDS)
        configuration = self._configuration("", method, method.current())
        configuration.ca_cert_data = read_authority_file(self._pod / "ca.crt")
        self.impersonation, self._whose = (), _POD_ACCOUNT
        return configuration

    def _pin(self, server: str, whose: str) -> None:
        if self._server and server != self._server:
            raise ConfigError(
                f"{whose} now has the server {server}, and this process has started with {self._server}:"
                " restart it to change the cluster"
            )
        self._server = server

    def _configuration(self, proxy: str, method: Renewed, first: Credential) -> Configuration:
        configuration = Configuration()
        configuration.host = self._server
        if first.authorization:
            configuration.api_key["BearerToken"] = first.authorization
            configuration.refresh_api_key_hook = method.refresh  # type: ignore[assignment]
        _set_proxy(configuration, proxy or proxy_from_environment(self._server))
        return configuration

    def _set_tls(self, configuration: Configuration, login: Login, first: Credential) -> None:
        cluster = login.cluster
        authority = read_authority(cluster)
        if cluster.insecure_skip_tls_verify and authority:
            raise ConfigError(
                f"cluster {one_line(login.cluster_name)}: insecure-skip-tls-verify and a certificate"
                " authority exclude each other: remove one of them"
            )
        configuration.verify_ssl = not cluster.insecure_skip_tls_verify
        configuration.ca_cert_data = authority or None
        pair = self._certificates.of_user(login.user, login.whose)
        pair = self._certificates.of_credential(first, login.whose) or pair
        if pair is not None:
            configuration.cert_file, configuration.key_file = pair


def _missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute HTTP URL; None where it is none."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
        URL(url)
    except ValueError:
        return None
    return parts if valid and is_printable(url) and " " not in url else None


def _checked_server(server: str, whose: str) -> str:
    """The URL without a last slash. Raises ConfigError."""
    parts = _split(server)
    if parts is None or parts.username is not None or parts.query or parts.fragment:
        shown = server if parts is None or parts.username is None else "URL with a user name"
        raise ConfigError(
            f"{whose}: the server {one_line(shown)!r} is not the URL of an API server: write it as"
            " https://HOST:PORT, with a path where a proxy needs one"
        )
    return server.rstrip("/")


def _set_proxy(configuration: Configuration, proxy: str | None) -> None:
    """Set the proxy; its password becomes a header, because errors quote the URL. Raises ConfigError."""
    configuration.proxy = proxy
    if not proxy:
        return
    parts = _split(proxy)
    if parts is None:
        bare = one_line(proxy.rpartition("@")[2])
        raise ConfigError(
            f"the proxy {bare} is of no supported kind: name an http:// or https:// proxy in proxy-url"
            " or HTTPS_PROXY"
        )
    configuration.proxy = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        basic = base64.b64encode(pair.encode()).decode()
        configuration.proxy_headers = CIMultiDict({"Proxy-Authorization": f"Basic {basic}"})
