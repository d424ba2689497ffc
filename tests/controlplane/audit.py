"""The API server's audit log of the operator's ServiceAccount, from a given moment on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class AuditLog:
    """Audit entries since this object was created. Each entry is returned once."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = log.stat().st_size if log.exists() else 0

    def fresh(self) -> Iterator[dict[str, Any]]:
        """Entries that have not been read yet."""
        return map(json.loads, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The unread lines as written. The last line can be incomplete."""
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
    """The requested resource with its subresource, such as ``cronjobs/status``. Empty for other requests."""
    where = entry.get("objectRef") or {}
    return "/".join(filter(None, (where.get("resource"), where.get("subresource"))))
