"""Where the cluster is and who we are there: kubeconfig, or the pod's own service account."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)

log = logging.getLogger(__name__)

DEFAULT_KUBECONFIG = "~/.kube/config"
DEFAULT_NAMESPACE = "default"
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def proxy_from_environment(server: str) -> str | None:
    """The proxy that HTTPS_PROXY and its kin name for a server, unless NO_PROXY exempts it."""
    where = urlsplit(server)
    if proxy_bypass(where.netloc):
        return None
    return getproxies().get(where.scheme)


class ConfigError(Exception):
    """No way to the cluster is configured, or the one that is cannot be read; says what was tried."""


class Access:
    """One way to the cluster. It can be read again, for credentials change while the operator runs."""

    def __init__(self, kubeconfig: str | None = None, context: str | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self.impersonation: tuple[tuple[str, str], ...] = ()
        """The Impersonate-* headers of the user that was loaded last, each value one pair."""

    async def load(self) -> Configuration:
        """Read the configuration: the given path, else $KUBECONFIG or ~/.kube/config, else in-cluster.

        Never touches the client library's process-wide default. Raises ConfigError.
        """
        paths = self._paths()
        present = [path for path in paths if path.is_file()]
        if present:
            return await self._from_files(present)
        tried = " and ".join(str(path) for path in paths)
        if self._kubeconfig:
            raise ConfigError(f"there is no kubeconfig at {tried}")
        return self._from_pod(tried)

    def namespace(self) -> str:
        """The namespace that the context names, as kubectl takes it: ``default`` where it names none."""
        present = [str(path) for path in self._paths() if path.is_file()]
        if not present:
            return _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.is_file() else DEFAULT_NAMESPACE
        try:
            contexts, current = list_kube_config_contexts(config_file=os.pathsep.join(present))  # type: ignore[no-untyped-call]
        except (ConfigException, OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
            return DEFAULT_NAMESPACE  # what is wrong with it, ``load`` tells
        if self._context:
            current = next((item for item in contexts or () if item["name"] == self._context), None)
        return (current or {}).get("context", {}).get("namespace") or DEFAULT_NAMESPACE

    def _paths(self) -> list[Path]:
        given = self._kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
        return [Path(part).expanduser() for part in given.split(os.pathsep) if part]

    async def _from_files(self, paths: list[Path]) -> Configuration:
        configuration = Configuration()
        joined = os.pathsep.join(map(str, paths))
        try:
            # Not persisted: a kubeconfig is its owner's file, and an operator has no business writing it.
            await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=joined,
                context=self._context,
                client_configuration=configuration,
                persist_config=False,
            )
        except ConfigException as error:
            raise ConfigError(f"the kubeconfig {joined} cannot be used: {error}") from error
        except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
            # The loader walks the file without checking it: a wrong type anywhere in it surfaces like this.
            raise ConfigError(f"the kubeconfig {joined} is not a valid one: {error}") from error
        return configuration

    def _from_pod(self, tried: str) -> Configuration:
        if self._context:
            raise ConfigError(f"there is no kubeconfig at {tried} in which to find context {self._context}")
        configuration = Configuration()
        try:
            # Brings a hook that reads the token anew each minute: projected tokens live for an hour.
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError) as error:
            raise ConfigError(
                f"no way to a cluster: there is no kubeconfig at {tried}, and no service account of a pod"
                f" either ({error}). Set KUBECONFIG, or give --kubeconfig"
            ) from error
        return configuration
