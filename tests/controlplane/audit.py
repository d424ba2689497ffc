"""The API server's own record of what the operator's ServiceAccount asks, from some moment on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class AuditLog:
    """Entries since this was made; each is read once."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = log.stat().st_size if log.exists() else 0

    def fresh(self) -> Iterator[dict[str, Any]]:
        """Entries that have not been read yet."""
        return map(json.loads, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The same as they were written; the last line may still be in the making."""
        if not self._log.exists():
            return
        with self._log.open("rb") as log:
            log.seek(self._at)
            for line in log:
                if not line.endswith(b"\n"):
                    return
                self._at += len(line)
                yield line


def resource_of(entry: dict[str, Any]) -> str:
    """What was asked for, with its subresource: ``cronjobs/status``; empty where it was no resource."""
    where = entry.get("objectRef") or {}
    return "/".join(filter(None, (where.get("resource"), where.get("subresource"))))
