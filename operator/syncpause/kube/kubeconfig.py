"""Kubeconfig files, merged by client-go's rules: the first entry of a name wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from syncpause.kube.credentials import ConfigError
from syncpause.kube.kubeconfig_fields import Cluster, Context, Kubeconfig, User, read_file
from syncpause.kube.printable import one_line

EntryT = TypeVar("EntryT", Cluster, Context, User)

_PATHS = ("certificate_authority", "client_certificate", "client_key", "token_file")


@dataclass(frozen=True, slots=True)
class Login:
    """What a context names. Its paths are absolute; ``folder`` is that of the user's kubeconfig."""

    context: str
    namespace: str
    cluster: Cluster
    cluster_name: str
    user: User
    user_name: str
    folder: Path

    @property
    def whose(self) -> str:
        """Context and user, as every error about the credentials names them."""
        return f"context {one_line(self.context)}, user {one_line(self.user_name) or '(none)'}"


@dataclass(frozen=True, slots=True)
class _Source:
    """One file."""

    folder: Path
    content: Kubeconfig


def choose(paths: Sequence[Path], context: str | None) -> Login:
    """The login that the named context stands for, or the current context. Raises ConfigError."""
    sources = [_Source(path.absolute().parent, read_file(path)) for path in paths]
    where = ":".join(map(str, paths))
    if all(source.content == Kubeconfig() for source in sources):
        raise ConfigError(
            f"the kubeconfig {where} is empty: name another one with --kubeconfig or KUBECONFIG, or write"
            " a cluster, a user and a context into it"
        )
    name = context or next(filter(None, (source.content.current_context for source in sources)), "")
    if not name:
        raise ConfigError(f"the kubeconfig {where} has no current-context: set one, or give --context")
    chosen = _entry("context", name, _contexts(sources), where)[0]
    if not chosen.cluster:
        raise ConfigError(f"the kubeconfig {where}: context {one_line(name)} has no cluster: add it")
    cluster = _entry("cluster", chosen.cluster, _clusters(sources), where)[0]
    user, folder = User(), sources[0].folder
    if chosen.user:
        user, folder = _entry("user", chosen.user, _users(sources), where)
    if not cluster.server:
        raise ConfigError(
            f"the kubeconfig {where}: cluster {one_line(chosen.cluster)} has no server: add its URL"
        )
    return Login(name, chosen.namespace, cluster, chosen.cluster, user, chosen.user, folder)


def _clusters(sources: Iterable[_Source]) -> dict[str, tuple[Cluster, Path]]:
    return _first((item.name, item.cluster, source) for source in sources for item in source.content.clusters)


def _contexts(sources: Iterable[_Source]) -> dict[str, tuple[Context, Path]]:
    return _first((item.name, item.context, source) for source in sources for item in source.content.contexts)


def _users(sources: Iterable[_Source]) -> dict[str, tuple[User, Path]]:
    return _first((item.name, item.user, source) for source in sources for item in source.content.users)


def _first(entries: Iterable[tuple[str, EntryT, _Source]]) -> dict[str, tuple[EntryT, Path]]:
    found: dict[str, tuple[EntryT, Path]] = {}
    for name, entry, source in entries:
        found.setdefault(name, (_absolute(entry, source.folder), source.folder))
    return found


def _entry(
    kind: str, name: str, entries: Mapping[str, tuple[EntryT, Path]], where: str
) -> tuple[EntryT, Path]:
    found = entries.get(name)
    if found is None:
        known = ", ".join(sorted(map(one_line, entries))) or "none"
        raise ConfigError(
            f"the kubeconfig {where} has no {kind} {one_line(name)!r}: add it, or use another one"
            f" (there is {known})"
        )
    return found


def _absolute(entry: EntryT, folder: Path) -> EntryT:
    """Relative paths are relative to the file that names them."""
    paths = {field: str(folder / value) for field in _PATHS if (value := getattr(entry, field, ""))}
    return msgspec.structs.replace(entry, **paths)
