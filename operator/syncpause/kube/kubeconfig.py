"""Kubeconfig files, merged by client-go's rules: the first entry of a name wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from syncpause.kube.credentials import ConfigError

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a context names. Its paths are absolute; ``folder`` is that of the user's kubeconfig."""

    context: str
    namespace: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    user_name: str
    folder: Path


@dataclass(slots=True)
class _Merged:
    current: str = ""
    entries: dict[tuple[str, str], tuple[dict[str, Any], Path]] = field(default_factory=dict)


def choose(paths: Sequence[Path], context: str | None) -> Chosen:
    """The named context, or the current one. Raises ConfigError."""
    merged = _Merged()
    for path in paths:
        _merge(merged, path)
    where = ":".join(map(str, paths))
    name = context or merged.current
    if not name:
        raise ConfigError(f"the kubeconfig {where} has no current-context: set one, or give --context")
    chosen, _ = _entry(merged, "context", name, where)
    cluster, _ = _entry(merged, "cluster", str(chosen.get("cluster") or ""), where)
    who = str(chosen.get("user") or "")
    user, folder = _entry(merged, "user", who, where) if who else ({}, paths[0].parent)
    if not isinstance(cluster.get("server"), str) or not cluster["server"]:
        raise ConfigError(f"the kubeconfig {where}: cluster {chosen['cluster']} has no server: add its URL")
    return Chosen(name, str(chosen.get("namespace") or ""), cluster, user, who, folder)


def _merge(merged: _Merged, path: Path) -> None:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"the kubeconfig {path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(read, dict):
        raise ConfigError(f"the kubeconfig {path} is not a valid one: it must be a map")
    merged.current = merged.current or str(read.get("current-context") or "")
    folder = path.absolute().parent
    for kind in ("cluster", "context", "user"):
        items = read.get(f"{kind}s") or []
        if not isinstance(items, list):
            raise ConfigError(f"the kubeconfig {path} is not a valid one: {kind}s must be a list")
        for item in items:
            content = (item.get(kind) or {}) if isinstance(item, dict) else None
            if not isinstance(content, dict) or not item.get("name"):
                raise ConfigError(
                    f"the kubeconfig {path} is not a valid one: an entry of {kind}s has no name"
                )
            merged.entries.setdefault((kind, str(item["name"])), (_absolute(content, folder), folder))


def _entry(merged: _Merged, kind: str, name: str, where: str) -> tuple[dict[str, Any], Path]:
    found = merged.entries.get((kind, name))
    if found is None:
        known = ", ".join(sorted(known for of, known in merged.entries if of == kind)) or "none"
        raise ConfigError(f"the kubeconfig {where} has no {kind} {name!r}; there is {known}")
    return found


def _absolute(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {
        key: str(folder / value) if key in _PATHS and isinstance(value, str) and value else value
        for key, value in content.items()
    }
