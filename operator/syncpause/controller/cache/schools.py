"""The SchoolSyncs as last seen or written, and the copies of restore state in their statuses."""

from __future__ import annotations

import asyncio

from msgspec.structs import force_setattr

from syncpause.controller.stale import StaleSet, key_of
from syncpause.domain.school import School
from syncpause.kube.schools import SchoolKey, SchoolRecord

FIRST_LIST_SECONDS = 10.0
"""How long a lost restore state waits for the first list of SchoolSyncs: they may stay unreadable."""


class SchoolCache:
    """Records of SchoolSyncs, fed by an informer and by the answers to writes.

    Those that someone else wrote or deleted are added to ``stale``.
    """

    def __init__(self, stale: StaleSet[SchoolKey]) -> None:
        self._stale = stale
        self._records: dict[SchoolKey, SchoolRecord] = {}
        self._listed = asyncio.Event()
        self._given_up = False

    def upsert(self, record: SchoolRecord) -> None:
        """The informer listed a SchoolSync or saw it change.

        Of two records of one version the informer's stays, because the informer keeps it anyway.
        """
        newer = self._newer(record)
        if newer >= 0:
            self._records[record.key] = record
        if newer > 0:
            self._stale.add(record.key)

    def removed(self, key: SchoolKey, uid: str) -> None:
        """The informer saw a SchoolSync deleted."""
        if key in self._records and self._records[key].uid == uid:
            del self._records[key]
            self._stale.add(key)

    def relisted(self, kind: str) -> None:  # noqa: ARG002 - there is but one
        """A list is complete."""
        self._listed.set()

    def put(self, record: SchoolRecord) -> None:
        """Keep the answer to a write, unless the informer has already brought that version."""
        if self._newer(record) > 0:
            self._records[record.key] = record

    def drop(self, record: SchoolRecord) -> None:
        """Forget a SchoolSync that is gone."""
        self._records.pop(record.key, None)

    def get(self, key: SchoolKey) -> SchoolRecord | None:
        """The record, if there is one."""
        return self._records.get(key)

    async def restore_copy(self, school: School, name: str) -> str:
        """The copy of the restore state of the workload ``name`` in its school's status; "" for none.

        Waits for the first list, at most `FIRST_LIST_SECONDS` and only once.
        """
        if not self._listed.is_set() and not self._given_up:
            try:
                await asyncio.wait_for(self._listed.wait(), FIRST_LIST_SECONDS)
            except TimeoutError:
                self._given_up = True
        record = self._records.get(key_of(school))
        return (record.status().get("restore") or {}).get(name, "") if record else ""

    def _newer(self, record: SchoolRecord) -> int:
        """Above 0 where it is newer than what is kept, or of another object; equal ones share their key."""
        known = self._records.get(record.key)
        if known is None or known.uid != record.uid:
            return 1
        force_setattr(record, "key", known.key)
        return record.resource_version - known.resource_version
