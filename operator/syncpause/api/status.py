"""The status of a policy: what the operator reports, in words for people and in values for tools.

The operator alone writes it. Every field is optional, because the status is empty until the operator has seen
the object.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from syncpause.api.base import ApiModel
from syncpause.api.rules import keyed_by


class PolicyState(StrEnum):
    """The state of a policy: whether one of its windows is open, to come or over."""

    SCHEDULED = "Scheduled"
    ACTIVE = "Active"
    ENDED = "Ended"
    INVALID = "Invalid"


class WindowStatus(ApiModel):
    """A window on the calendar: also one of every year has the days of one year here."""

    name: str
    """The window's name in the spec."""
    first_day: str
    """First day, inclusive, as `2027-06-12`."""
    last_day: str
    """Last day, inclusive, as `2027-08-14`."""


class Transition(ApiModel):
    """The next instant at which the policy changes what runs."""

    action: Literal["Pause", "Resume"]
    """`Pause` or `Resume`."""
    at: str
    """The instant, RFC 3339 with the zone's offset, as `2027-08-15T00:00:00-05:00`."""
    time_zone: str
    """The zone of that midnight, as `America/Chicago`."""


class Counts(ApiModel):
    """How many of one kind the policy decides about, by their state."""

    governed: int = 0
    """Those that this policy decides about."""
    paused: int = 0
    """Those that are paused: nothing of them runs any more."""
    pausing: int = 0
    """Those that are being paused, and of which something still runs."""
    exempt: int = 0
    """Those that an exemption leaves running."""
    held: int = 0
    """Those that keep their state, because the operator can't decide what to do."""


class WorkloadCounts(ApiModel):
    """Counts of schools, and of the workloads of each kind."""

    schools: Counts = Counts()
    """Schools."""
    cron_jobs: Counts = Counts()
    """Sync CronJobs."""
    deployments: Counts = Counts()
    """SFTP-ingest Deployments."""


class Summary(ApiModel):
    """The counts as `kubectl get` shows them."""

    schools: str
    """Schools governed, as `2`."""
    cron_jobs: str
    """CronJobs paused, of those to pause, as `6/6`."""
    deployments: str
    """Deployments paused, of those to pause, as `2/2`."""


class WouldPause(ApiModel):
    """What a policy in mode `DryRun` would pause."""

    schools: int = 0
    """Schools."""
    cron_jobs: int = 0
    """Sync CronJobs."""
    deployments: int = 0
    """SFTP-ingest Deployments."""


class DryRunStatus(ApiModel):
    """What the policy would do if its mode were `Enforce`."""

    today: WouldPause = WouldPause()
    """What would be paused now."""
    next_transition: WouldPause = WouldPause()
    """What would be paused after the next transition."""


class Condition(ApiModel):
    """One aspect of the policy's state, in the form of all Kubernetes conditions."""

    type: Annotated[str, Field(max_length=316)]
    """`Ready`, `Reconciling` or `Stalled` (as kstatus defines them), `Paused` or `Contested`."""
    status: Literal["True", "False", "Unknown"]
    """`True`, `False` or `Unknown`."""
    reason: Annotated[str, Field(max_length=1024)]
    """Why, as one CamelCase word for tools."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """Why, as a sentence for people, with the fix where one is needed."""
    observed_generation: int | None = None
    """The `metadata.generation` that the condition was found for."""
    last_transition_time: str
    """When `status` last changed, RFC 3339."""


class PolicyStatus(ApiModel):
    """What the operator observes and does about this policy. The operator alone writes it."""

    observed_generation: int | None = None
    """The `metadata.generation` that this status was found for."""
    state: PolicyState | None = None
    """`Scheduled` (a window is to come), `Active` (one is open), `Ended` (none is to come) or `Invalid`."""
    window: WindowStatus | None = None
    """The open window, or else the next one."""
    next_transition: Transition | None = None
    """The next instant at which the policy pauses or resumes."""
    next: str | None = None
    """The same for people, in the policy's time zone, as `Resume 2027-08-15 00:00`."""
    counts: WorkloadCounts | None = None
    """How many schools and workloads the policy decides about, by their state."""
    summary: Summary | None = None
    """The counts as `kubectl get` shows them."""
    dry_run: DryRunStatus | None = None
    """What the policy would pause; only while its mode is `DryRun`."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=32), keyed_by("type")] | None = None
    """The policy's conditions. Being paused on schedule is healthy: `Ready=True`, `Paused=True`."""
