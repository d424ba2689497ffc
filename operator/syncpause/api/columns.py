"""What `kubectl get` shows of each kind. A column shows one value: what people must see is a string."""

from typing import NamedTuple

from syncpause.api.resources import ClusterSyncPausePolicy, Resource, SchoolSync

_READY = '.status.conditions[?(@.type=="Ready")]'


class Column(NamedTuple):
    """One printer column; a wide one is shown by `-o wide` only."""

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False


def columns_of(kind: type[Resource]) -> tuple[Column, ...]:
    """The columns of a kind, in the order of `kubectl get`."""
    if kind is SchoolSync:
        return _SCHOOL
    if kind is ClusterSyncPausePolicy:
        return (*_POLICY[:-1], _ENFORCEMENT, _POLICY[-1])
    return _POLICY


_POLICY = (
    Column("Ready", f"{_READY}.status", "Whether the policy is in force as written."),
    Column("State", ".status.state", "Scheduled, Active, Ended or Invalid."),
    Column("Window", ".status.window.name", "The open window, or else the next one."),
    Column("First Day", ".status.window.firstDay", "First day of that window, inclusive."),
    Column("Last Day", ".status.window.lastDay", "Last day of that window, inclusive."),
    Column("Next", ".status.next", "What happens next, and when, in the policy's time zone."),
    Column("Schools", ".status.summary.schools", "Schools that the policy decides about."),
    Column("CronJobs", ".status.summary.cronJobs", "Sync CronJobs paused, of those to pause."),
    Column("Deployments", ".status.summary.deployments", "Ingest Deployments paused, of those to pause."),
    Column("Age", ".metadata.creationTimestamp", "Time since the policy was made.", "date"),
    Column("Time Zone", ".spec.timeZone", "The zone whose midnight starts and ends a day.", wide=True),
    Column("Mode", ".spec.mode", "Enforce or DryRun.", wide=True),
    Column("Message", f"{_READY}.message", "Why the policy is ready, or what to fix.", wide=True),
)
_ENFORCEMENT = Column("Enforcement", ".spec.enforcement", "Default or Enforced.", wide=True)

_SCHOOL = (
    Column("School", ".status.school", "The school's name, as its workloads carry it."),
    Column("State", ".status.state", "Syncing, Pausing, Paused, Resuming, Exempt or Mixed."),
    Column("Since", ".status.since", "The day since which it has been in that state."),
    Column("Until", ".status.until", "Last day of the open window, inclusive."),
    Column("Policy", ".status.policy", "The policy that decides."),
    Column("Applications", ".status.summary.applications", "How many applications are in which state."),
    Column("Next", ".status.next", "What happens next, and when, in the school's time zone."),
    Column("By Name", ".status.summary.byName", "Each application and its state.", wide=True),
    Column("Reason", ".status.reason", "Why, as a sentence.", wide=True),
)
