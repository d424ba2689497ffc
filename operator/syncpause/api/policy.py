"""The spec of a policy: which schools are paused, when, and how they are paused and resumed."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from syncpause.api.base import SpecModel
from syncpause.api.durations import Duration, seconds_of
from syncpause.api.exemptions import Exemption
from syncpause.api.labels import LabelValue
from syncpause.api.rules import ATOMIC, Rule, Rules, check_unique_names, keyed_by, unique_names
from syncpause.api.selectors import LabelSelector
from syncpause.api.windows import Window
from syncpause.api.zones import TimeZone

MAX_SCHOOLS = 500
MAX_WINDOWS = 32
MAX_EXEMPTIONS = 64

NO_SCHOOLS = "an empty list is no school at all: leave the field out for every school"


class MissedRuns(StrEnum):
    """What happens at the resume to the sync that fell due during the pause."""

    SKIP = "Skip"
    RUN_ONCE = "RunOnce"


class ActiveJobs(StrEnum):
    """What happens to Jobs that are running when a window opens."""

    FINISH = "Finish"
    SUSPEND = "Suspend"


class Mode(StrEnum):
    """Whether a policy governs workloads, or only reports what it would do."""

    ENFORCE = "Enforce"
    DRY_RUN = "DryRun"


class Enforcement(StrEnum):
    """Whether a cluster policy gives way to the policies of a namespace."""

    DEFAULT = "Default"
    ENFORCED = "Enforced"


def _check_schools(schools: tuple[str, ...]) -> tuple[str, ...]:
    if not schools:
        raise ValueError(NO_SCHOOLS)
    return schools


def _check_windows(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    check_unique_names("windows", [window.name for window in windows])
    return windows


def _check_exemptions(exemptions: tuple[Exemption, ...]) -> tuple[Exemption, ...]:
    check_unique_names("exemptions", [exemption.name for exemption in exemptions])
    return exemptions


Schools = Annotated[
    tuple[LabelValue, ...],
    Field(max_length=MAX_SCHOOLS),
    AfterValidator(_check_schools),
    ATOMIC,
    Rules(Rule("self.size() > 0", NO_SCHOOLS)),
]
Windows = Annotated[
    tuple[Window, ...],
    Field(max_length=MAX_WINDOWS),
    AfterValidator(_check_windows),
    ATOMIC,  # of a keyed list, server-side apply of [] leaves nothing at all, and [] means "never paused"
    Rules(unique_names("windows")),
]
Exemptions = Annotated[
    tuple[Exemption, ...],
    Field(max_length=MAX_EXEMPTIONS),
    AfterValidator(_check_exemptions),
    keyed_by("name"),
    Rules(unique_names("exemptions")),
]


class PolicySpec(SpecModel):
    """Which schools are paused, when, and how."""

    time_zone: TimeZone
    """The zone whose midnight starts and ends a day, by its IANA name, such as `America/Chicago`."""
    schools: Schools | None = None
    """Schools to pause, by the value of their label `syncpause.dev/school`, such as `[lincoln-high]`. These
    are the schools' own dates: they replace those of policies that name no school. Left out: every school."""
    selector: LabelSelector | None = None
    """Narrows the policy to workloads with these labels, for what names can't express, such as
    `{matchLabels: {tier: sync}}`. Left out: every workload of the schools."""
    windows: Windows
    """When to pause, at most 32 windows, such as `[{name: summer, firstDay: "06-15", lastDay: "08-09"}]`. An
    empty list means "never paused", and still replaces the dates of less specific policies."""
    exemptions: Exemptions = ()
    """What goes on syncing while a window is open (summer school), at most 64 exemptions."""
    missed_runs: MissedRuns = MissedRuns.SKIP
    """What to do at the resume about a sync that fell due during the pause: `Skip` it and wait for the next
    scheduled run (the default), or `RunOnce`, one catch-up run of each CronJob."""
    active_jobs: ActiveJobs = ActiveJobs.FINISH
    """What to do about Jobs that are running when a window opens: let them `Finish` (the default), or
    `Suspend` them and let them go on at the resume."""
    resume_spread: Duration = "0s"
    """Spreads the resume of the schools evenly over this time, so that they don't all sync at once: `30m`,
    `1h30m`, at most `24h`. Default `0s`: all at once."""
    mode: Mode = Mode.ENFORCE
    """`Enforce` (the default), or `DryRun`: report in the status what the policy would pause, and pause
    nothing."""

    @property
    def resume_spread_seconds(self) -> int:
        """`resumeSpread` in seconds."""
        return seconds_of(self.resume_spread)


class ClusterPolicySpec(PolicySpec):
    """Which schools are paused, when and how, in the namespaces of the whole cluster."""

    time_zone: TimeZone
    """The zone whose midnight starts and ends a day, by its IANA name, such as `America/Chicago`. A Namespace
    annotated `syncpause.dev/time-zone: America/Denver` is paused at its own midnight instead."""
    namespace_selector: LabelSelector | None = None
    """Narrows the policy to Namespaces with these labels, such as `{matchLabels: {district: north}}`. Left
    out: every Namespace."""
    enforcement: Enforcement = Enforcement.DEFAULT
    """`Default` (the default): policies in a namespace replace this one. `Enforced`: an emergency freeze,
    which no other policy and no annotation lifts; only an exemption in this same policy does."""
