"""The status of a SchoolSync: what the operator reports about one school.

The operator alone writes it. Every field is optional, because the status is empty until the operator has seen
the object.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from syncpause.api.base import ApiModel
from syncpause.api.rules import keyed_by
from syncpause.api.status import Condition, Transition, WindowStatus


class SchoolState(StrEnum):
    """The state of a school or of one of its applications."""

    SYNCING = "Syncing"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    RESUMING = "Resuming"
    EXEMPT = "Exempt"
    MIXED = "Mixed"


NO_APPLICATION = "(none)"
"""How workloads that name no application are listed; no label value can be spelled like this."""


class ExemptionStatus(ApiModel):
    """Who leaves an application running while a window is open, and why."""

    by: str
    """The policy and its exemption, as `spp/summer, summer-rosters`, or the workload that is annotated."""
    reason: str
    """The reason that was given."""
    until: str | None = None
    """Last day of the exemption, inclusive, as `2027-07-20`; absent where it ends with the window."""


class ApplicationStatus(ApiModel):
    """One application of the school."""

    name: str
    """The value of the label `syncpause.dev/application`; `(none)` for workloads without it."""
    state: SchoolState
    """As the school's own state, of this application alone."""
    cron_jobs: int = 0
    """Sync CronJobs."""
    deployments: int = 0
    """SFTP-ingest Deployments."""
    paused: int = 0
    """Workloads of both kinds that are paused, with nothing of them left running."""
    running: int = 0
    """Jobs and Pods that still run although their workload is being paused."""
    exemption: ExemptionStatus | None = None
    """What leaves it running although a window is open."""


class SchoolSummary(ApiModel):
    """The applications as `kubectl get` shows them."""

    applications: str
    """How many are in which state, as `3 paused, 1 exempt`."""
    by_name: str
    """Each with its state, as `grades Paused, summer-rosters Exempt`."""


class SchoolStatus(ApiModel):
    """What the operator observes and does about this school. The operator alone writes it."""

    observed_generation: int | None = None
    """The `metadata.generation` that this status was found for."""
    school: str | None = None
    """The school's true name, the value of the label `syncpause.dev/school`; the object's own name stands for
    it where it is no valid object name."""
    state: SchoolState | None = None
    """`Syncing`, `Pausing` (being paused, something still runs), `Paused` (nothing runs), `Resuming`,
    `Exempt` (a window is open, and all of the school is exempt from it) or `Mixed` (some of it is paused,
    some syncs). A school is paused when all but its exempt applications are."""
    since: str | None = None
    """The day, in the school's time zone, since which it has been in that state, as `2027-06-12`."""
    until: str | None = None
    """The last day, inclusive, of the open window, as `2027-08-14`."""
    policy: str | None = None
    """The policy that decides, as `spp/summer` (a SyncPausePolicy) or `cspp/default-summer` (a cluster's)."""
    window: WindowStatus | None = None
    """The open window of that policy."""
    time_zone: str | None = None
    """The zone whose midnights start and end the school's days, as `America/Denver`."""
    reason: str | None = None
    """Why, as a sentence."""
    next_transition: Transition | None = None
    """The next instant at which any workload of the school pauses or resumes."""
    next: str | None = None
    """The same for people, as `Resume 2027-08-15 00:00 MDT`."""
    applications: Annotated[tuple[ApplicationStatus, ...], keyed_by("name")] | None = None
    """The school's applications."""
    summary: SchoolSummary | None = None
    """The applications as `kubectl get` shows them."""
    restore: dict[str, str] | None = None
    """A copy of the restore state of paused workloads, used if their own annotations are lost: by workload,
    as `cronjob/rosters: suspend=false startingDeadlineSeconds=600`."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=32), keyed_by("type")] | None = None
    """The school's conditions. Being paused on schedule is healthy: `Ready=True`, `Paused=True`."""
