"""The API server's own record of what was asked of it, with its own clock: the same for whoever asks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from controlplane.audit import AuditLog, resource_of

NO_WRITE = re.compile(rb'"verb":"(get|list|watch)"|"resource":"leases"')


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the operator's ServiceAccount. Instants are in seconds since the epoch."""

    verb: str
    resource: str
    namespace: str
    name: str
    received: float
    answered: float
    code: int

    @property
    def to_workload(self) -> bool:
        """Refused ones, such as for a conflict, do not count."""
        written = self.verb == "patch" and self.code == 200
        return written and self.resource.split("/")[0] in ("cronjobs", "deployments")

    @property
    def to_status(self) -> bool:
        """Of a school or a policy."""
        return self.resource.endswith("/status") and not self.to_workload and self.verb in ("patch", "update")


class Audit:
    """Requests from now on."""

    def __init__(self, log: Path) -> None:
        self._log = AuditLog(log)
        self._lines: list[bytes] = []
        self.requests: list[Request] = []

    def read(self) -> list[Request]:
        """All until now."""
        self._gather()
        self.requests += map(_request, map(json.loads, self._lines))
        self._lines.clear()
        return self.requests

    def count(self, of: Callable[[Request], bool]) -> int:
        return sum(of(each) for each in self.read())

    async def until(self, number: int) -> None:
        """Wait until so many writes to workloads were answered."""
        for _ in range(6_000):
            if self.count(lambda each: each.to_workload) >= number:
                return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"there were no {number} writes to workloads within five minutes")

    async def quiet(self, seconds: float = 3.0, most: float = 900.0) -> None:
        """Wait until nothing was written for some seconds.

        The entries are made out afterwards: that takes CPU which the measured one would miss.
        """
        end, last = time.monotonic() + most, time.monotonic()
        while time.monotonic() - last < seconds:
            if time.monotonic() > end:
                raise TimeoutError(f"the operator still writes after {most:g} s")
            if self._gather():
                last = time.monotonic()
            await asyncio.sleep(0.25)

    def _gather(self) -> bool:
        """Take what has been logged since; tells whether any of it changed something beside the lease."""
        fresh = list(self._log.lines())
        self._lines += fresh
        return not all(NO_WRITE.search(line) for line in fresh)


def kinds(requests: Iterable[Request]) -> Counter[str]:
    return Counter(f"{each.verb} {each.resource}" for each in requests)


def span(requests: Sequence[Request]) -> tuple[float, float]:
    """First received, last answered."""
    if not requests:
        raise ValueError("nothing was asked at all")
    return min(each.received for each in requests), max(each.answered for each in requests)


def _request(entry: dict[str, Any]) -> Request:
    where = entry.get("objectRef") or {}
    return Request(
        verb=entry["verb"],
        resource=resource_of(entry),
        namespace=where.get("namespace", ""),
        name=where.get("name", ""),
        received=_instant(entry["requestReceivedTimestamp"]),
        answered=_instant(entry["stageTimestamp"]),
        code=(entry.get("responseStatus") or {}).get("code", 0),
    )


def _instant(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()
