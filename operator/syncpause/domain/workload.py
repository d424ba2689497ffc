"""Workloads as the operator keeps them: slim records of CronJobs and Deployments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from sys import intern
from typing import Any, TypeVar

import msgspec

from syncpause.api import names

ValueT = TypeVar("ValueT", int | None, datetime | None)


class Kind(StrEnum):
    """The kinds of object that are ever paused."""

    CRON_JOB = "CronJob"
    DEPLOYMENT = "Deployment"


class Key(msgspec.Struct, frozen=True, order=True, gc=False):
    """What names a workload in a cluster. Half of what a tuple takes: there are tens of thousands."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.namespace}/{self.name}"


class Workload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What both kinds share. ``annotations`` holds those of the group ``syncpause.dev`` only.

    ``school`` it syncs is empty if it lost the label, ``application`` where it names none; ``label_fields``
    makes them and ``other_labels``. There are tens of thousands, so each keeps its key for all who need one,
    and what many have alike is shared: annotations, and labels other than these two. Resource versions of one
    kind can be compared as numbers (Kubernetes 1.35, KEP-5504), and as such take half of what text does.
    """

    key: Key
    uid: str
    resource_version: int
    school: str = ""
    application: str = ""
    other_labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    @property
    def kind(self) -> Kind:
        """CronJob or Deployment."""
        return self.key.kind

    @property
    def namespace(self) -> str:
        """The namespace it is in."""
        return self.key.namespace

    @property
    def name(self) -> str:
        """Its name there."""
        return self.key.name

    @property
    def short_name(self) -> str:
        """What people and kubectl call it within its namespace, as ``cronjob/rosters``."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """All of its labels."""
        own = {names.SCHOOL_LABEL: self.school, names.APPLICATION_LABEL: self.application}
        return {**self.other_labels, **{name: value for name, value in own.items() if value}}

    @property
    def marked(self) -> bool:
        """Whether it carries any trace of a pause."""
        return names.STATE_LABEL in self.other_labels or not self.annotations.keys().isdisjoint(RESTORE_MARKS)

    @property
    def paused_at(self) -> datetime | None:
        """When the pause was written (UTC), if that can be read."""
        try:
            instant = datetime.fromisoformat(self.annotations.get(names.PAUSED_AT, ""))
        except ValueError:
            return None
        return instant if instant.tzinfo else None

    @property
    def stopped(self) -> bool:
        """Whether its spec lets nothing new run."""
        raise NotImplementedError

    @property
    def running(self) -> int:
        """How many Jobs or Pods of it still run, as far as its own status tells."""
        raise NotImplementedError


class CronJob(Workload, frozen=True, kw_only=True, gc=False):
    """A sync. ``deadline`` is ``startingDeadlineSeconds``; ``active`` names its running Jobs."""

    suspend: bool = False
    deadline: int | None = None
    active: tuple[str, ...] = ()
    last_schedule: datetime | None = None

    @property
    def stopped(self) -> bool:
        return self.suspend and self.deadline == 0

    @property
    def running(self) -> int:
        return len(self.active)


class Deployment(Workload, frozen=True, kw_only=True, gc=False):
    """An SFTP ingest. ``pods`` counts those that run, and those that terminate if ``counts_terminating``."""

    replicas: int = 1
    pods: int = 0
    counts_terminating: bool = True
    observed: bool = True
    """Whether its controller has seen the newest spec; until then ``pods`` is of the one before."""

    @property
    def stopped(self) -> bool:
        return self.replicas == 0

    @property
    def running(self) -> int:
        return self.pods if self.observed else max(self.pods, 1)


def label_fields(labels: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a Workload that hold its labels."""
    others = dict(labels)
    # An empty value is a label too, and a selector may ask for it.
    school, application = (
        intern(others.pop(name)) if others.get(name) else ""
        for name in (names.SCHOOL_LABEL, names.APPLICATION_LABEL)
    )
    return {"school": school, "application": application, "other_labels": shared(tuple(others.items()))}


@lru_cache(maxsize=4096)
def shared(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """One dict for all that are alike. Nobody may change it."""
    return dict(items)


@lru_cache(maxsize=4096)
def same(value: ValueT) -> ValueT:
    """One object for all that are alike: most deadlines are, and thousands of syncs have one schedule."""
    return value


RESTORE_MARKS = (names.RESTORE_SUSPEND, names.RESTORE_DEADLINE, names.RESTORE_REPLICAS)
PAUSE_MARKS = (*RESTORE_MARKS, names.MISSED_RUNS, names.PAUSED_BY, names.PAUSED_AT)
