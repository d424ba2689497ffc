"""The SchoolSyncs as last seen or written, and what they remember of workloads' restore state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import force_setattr

from syncpause.controller.cache.workloads import School
from syncpause.domain.status.school_names import object_name
from syncpause.kube.schools import Line, LineKey

FIRST_LIST_SECONDS = 10.0
"""How long a lost restore state may wait for the SchoolSyncs to be read: they may be unreadable for ever."""


def key_of(school: School) -> LineKey:
    """What names the SchoolSync of a school."""
    return LineKey(school.namespace, object_name(school.name))


class SchoolCache:
    """Is told by an informer what SchoolSyncs there are.

    ``on_change`` is told of a line that someone else wrote or deleted, or that belongs to no school known.
    """

    def __init__(self, on_change: Callable[[LineKey], None]) -> None:
        self._on_change = on_change
        self._lines: dict[LineKey, Line] = {}
        self._listed = asyncio.Event()
        self._given_up = False

    def upsert(self, line: Line) -> None:
        """A line was listed or seen to change. Of two of one version this stays: the informer keeps it."""
        newer = self._newer(line)
        if newer >= 0:
            self._lines[line.key] = line
        if newer > 0:
            self._on_change(line.key)

    def removed(self, key: LineKey, uid: str) -> None:
        """A line was deleted."""
        if key in self._lines and self._lines[key].uid == uid:
            del self._lines[key]
            self._on_change(key)

    def relisted(self, kind: str) -> None:  # noqa: ARG002 - there is but one
        """A list is complete."""
        self._listed.set()

    def put(self, line: Line) -> None:
        """Keep a line that has just been written, where the informer has not told of it already."""
        if self._newer(line) > 0:
            self._lines[line.key] = line

    def drop(self, line: Line) -> None:
        """Forget a line that is gone."""
        self._lines.pop(line.key, None)

    def line(self, key: LineKey) -> Line | None:
        """A line, if there is one."""
        return self._lines.get(key)

    async def copy_of(self, school: School, name: str) -> str:
        """What a school's line remembers of the restore state of its workload ``name``; "" for nothing.

        Waits for the first list, but not for ever and not again.
        """
        if not self._listed.is_set() and not self._given_up:
            try:
                await asyncio.wait_for(self._listed.wait(), FIRST_LIST_SECONDS)
            except TimeoutError:
                self._given_up = True
        line = self._lines.get(key_of(school))
        return (line.said().get("restore") or {}).get(name, "") if line else ""

    def _newer(self, line: Line) -> int:
        """Above 0 where it is newer than what is kept, or of another object; equal ones share their key."""
        known = self._lines.get(line.key)
        if known is None or known.uid != line.uid:
            return 1
        force_setattr(line, "key", known.key)
        return line.resource_version - known.resource_version
