"""The summer, step by step. Each step shows what a person would look at, and checks what was promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from demo.checks import Checks
from demo.dates import Dates, every_year, moved
from demo.expect import comes_true, holds, stays_true
from demo.stage import Place, Stage
from demo.telling import Teller

POLICIES = Path("manifests/samples/policies")
DEFAULT = "cspp default-summer"
LINCOLN = "spp lincoln-high --namespace=district-9"
ROOSEVELT = "spp roosevelt --namespace=district-9"
SUMMER_SCHOOL = ("summer-rosters",)
SCHOOLS = ("lincoln-high", "roosevelt", "franklin")
OURS = "get cronjobs,deployments -A -l syncpause.dev/school -L syncpause.dev/application,syncpause.dev/state"
# A CronJob starts its run within a second or so of the minute; this is for a busy machine.
LATE_SECONDS = 20
# A pod whose containers have ended is there until its kubelet has reported that.
PODS_SECONDS = 5


def _due_about_now() -> list[str]:
    """Every sync is due each minute. One that starts in the second of the pause is a stray, which the
    operator suspends and deletes: another story than this one."""
    second = datetime.now(UTC).second
    return [f"second {second} of the minute"] if second >= 56 or second < 5 else []


class Story:
    """One summer, from installation to the new school year."""

    def __init__(self, stage: Stage, teller: Teller) -> None:
        self._stage = stage
        self._teller = teller
        self._checks = Checks(stage.cluster)
        self._dates = Dates.now()
        self._paused_at = datetime.now(UTC)

    def prepare(self, place: Place) -> None:
        """Install what the operator needs, and the platform that it will look after."""
        self._teller.heading("A roster platform: three schools in two districts, and more that is not ours")
        place.install(self._stage)
        self._stage.kubectl("apply -k manifests/samples/platform")
        self._stage.kubectl("wait --for=condition=Established --timeout=30s crd --all")
        took = comes_true("every pod of the platform is ready", self._checks.not_rolled_out, seconds=180)
        self._checks.remember()
        self._stage.kubectl(OURS)
        self._teller.checked(
            f"{len(self._checks.schools())} workloads of schools; pods ready after {took:.1f} s"
        )

    def tell(self) -> None:
        """The summer itself."""
        self.default_pause()
        self.a_minute_goes_by()
        self.own_dates()
        self.summer_school()
        self.summer_ends()
        self.never_ours()

    def default_pause(self) -> None:
        """Every school is paused: nothing runs any more."""
        self._teller.heading("1. The default pause for all schools, moved so that today lies in it")
        days = every_year(self._dates.first), every_year(self._dates.last)
        self._stage.kubectl("syncpause preview -f -", stdin=moved(POLICIES / "1-default-summer.yaml", *days))
        comes_true("no sync is due this very second", _due_about_now)
        self._apply("1-default-summer.yaml", *days)
        everyone = self._checks.schools()
        took = comes_true("every school is paused", lambda: self._checks.not_paused(everyone))
        self._says(DEFAULT, "Paused")
        self._show_as("Paused", *SCHOOLS)
        self._paused_at = datetime.now(UTC)
        comes_true("no ingest pod is left", self._checks.pods_of_ingest, seconds=PODS_SECONDS)
        self._show()
        self._teller.checked(
            f"every school is paused, after {took:.1f} s: no Job is active, no ingest pod left"
        )

    def a_minute_goes_by(self) -> None:
        """A whole minute in which every sync would have been due: none starts."""
        witness = [each for each in self._checks.strangers() if each.is_cron_job]
        minute = self._paused_at.replace(second=0, microsecond=0) + timedelta(minutes=1)

        def not_yet() -> list[str]:
            left = (minute - datetime.now(UTC)).total_seconds()
            self._teller.waiting(f"every sync is due in {left:.0f} s …")
            return [f"{left:.0f} s to go"] if left > 0 else []

        if self._teller.is_log:
            self._teller.say(f"waiting until {minute:%H:%M:%S} UTC, when every sync is due")
        comes_true("the minute comes", not_yet, seconds=70)
        comes_true(
            "a CronJob that is not ours runs at the minute",
            lambda: self._checks.not_witnessed(witness, self._paused_at),
            seconds=LATE_SECONDS,
        )
        stays_true("no sync starts in the pause", self._started_in_pause, seconds=3)
        self._stage.kubectl("get jobs -A --sort-by=.metadata.creationTimestamp")
        self._teller.checked(
            f"all were due at {minute:%H:%M} UTC: {witness[0].name}, not ours, ran; no sync did"
        )

    def own_dates(self) -> None:
        """Lincoln High sets dates that don't contain today: it alone syncs."""
        self._teller.heading("2. Lincoln High sets its own dates, for later: it alone syncs")
        first, last = (self._dates.last + timedelta(days=days) for days in (10, 60))
        applied = datetime.now(UTC)
        self._apply("2-lincoln-high-own-dates.yaml", f"{first}", f"{last}")
        its, others = self._checks.schools("lincoln-high"), self._checks.schools("roosevelt", "franklin")
        took = comes_true("Lincoln High is as before", lambda: self._checks.not_as_before(its))
        runs = comes_true(
            "each missed sync of Lincoln High that is not suspended by its owner starts once",
            lambda: self._checks.not_made_up_once(its, self._paused_at, applied),
        )
        self._says(LINCOLN, "Ready")
        self._show_as("Syncing", "lincoln-high")
        self._show()
        holds("every other school stays paused", self._checks.not_paused(others))
        self._teller.checked(f"Lincoln High alone syncs, after {took:.1f} s, and its ingest pods are back")
        self._teller.checked(f"missedRuns: RunOnce: each of its syncs ran once, after {took + runs:.1f} s")
        self._teller.checked("lincoln-high-library-cards stays suspended, as its owner left it")

    def summer_school(self) -> None:
        """One application of Roosevelt is exempt: it alone syncs."""
        self._teller.heading("3. Summer school at Roosevelt: one application is exempt, and it alone syncs")
        applied = datetime.now(UTC)
        self._apply("3-roosevelt-summer-school.yaml", f"{self._dates.first}", f"{self._dates.last}")
        exempt = self._checks.schools("roosevelt", applications=SUMMER_SCHOOL)
        others = [each for each in self._checks.schools("roosevelt", "franklin") if each not in exempt]
        took = comes_true("summer-rosters is as before", lambda: self._checks.not_as_before(exempt))
        runs = comes_true(
            "its missed sync starts once",
            lambda: self._checks.not_made_up_once(exempt, self._paused_at, applied),
        )
        self._says(ROOSEVELT, "Ready")
        comes_true(
            "it counts an exemption", lambda: self._checks.not_counted(ROOSEVELT, "cronJobs", "exempt", 1)
        )
        self._show_as("Paused", "roosevelt", applications="1 exempt")
        self._show()
        self._stage.kubectl("syncpause status roosevelt -n district-9")
        self._stage.kubectl("syncpause explain cronjob/roosevelt-summer-rosters -n district-9")
        holds("the rest of Roosevelt, and Franklin, stay paused", self._checks.not_paused(others))
        self._teller.checked(f"summer-rosters alone syncs, after {took:.1f} s; its run: {took + runs:.1f} s")
        self._teller.checked(
            "Roosevelt's other applications and its ingest, and all of Franklin, stay paused"
        )

    def summer_ends(self) -> None:
        """The windows end: everything is as it was, and no missed run starts."""
        self._teller.heading("4. The summer ends: its last day was yesterday")
        yesterday, ended = self._dates.yesterday, datetime.now(UTC)
        self._end(DEFAULT, every_year(self._dates.first), every_year(yesterday))
        self._end(ROOSEVELT, f"{self._dates.first}", f"{yesterday}")
        everyone = self._checks.schools()
        took = comes_true("every school is as before", lambda: self._checks.not_as_before(everyone))
        self._says(DEFAULT, "Ready")
        self._says(ROOSEVELT, "Ready")
        self._show_as("Syncing", *SCHOOLS)
        self._show()
        self._stage.kubectl("syncpause calendar -A")
        self._teller.checked(
            f"every school syncs, after {took:.1f} s; each spec, label and annotation as before"
        )
        made_up = [*self._checks.schools("lincoln-high"), *self._checks.schools(applications=SUMMER_SCHOOL)]
        skipped = [each for each in everyone if each not in made_up]
        stays_true(
            "no run that was missed in the summer starts",
            lambda: self._checks.started(skipped, self._paused_at, ended),
            seconds=5,
        )
        self._teller.checked("missedRuns: Skip: no run that fell due inside the pause was made up for")

    def never_ours(self) -> None:
        """What carries no school label was not written once."""
        self._teller.heading("5. What was never ours")
        self._stage.kubectl("get cronjobs,deployments -A -l !syncpause.dev/school")
        holds("what is not ours is untouched", self._checks.touched())
        quiet = sorted(each.name for each in self._checks.strangers() if not each.is_cron_job)
        self._teller.checked(f"{', '.join(quiet)}: the resourceVersion of before the summer")
        self._teller.checked("usage-report went on all the time, and no field of it is the operator's")

    def _apply(self, sample: str, first: str, last: str) -> None:
        self._stage.kubectl("apply -f -", stdin=moved(POLICIES / sample, first, last))

    def _end(self, policy: str, first: str, last: str) -> None:
        window = f'{{"name":"summer","firstDay":"{first}","lastDay":"{last}"}}'
        patch = f'{{"spec":{{"missedRuns":"Skip","windows":[{window}]}}}}'
        self._stage.kubectl(f"patch {policy} --type=merge -p '{patch}'")

    def _says(self, policy: str, condition: str) -> None:
        promise = f"{policy} says {condition}=True"
        comes_true(promise, lambda: self._checks.not_condition(policy, condition))

    def _started_in_pause(self) -> list[str]:
        return self._checks.started(self._checks.schools(), self._paused_at, datetime.now(UTC))

    def _show_as(self, state: str, *schools: str, applications: str = "") -> None:
        for school in schools:
            promise = f"{school} shows as {state} {applications}".rstrip()
            comes_true(promise, partial(self._checks.not_school, school, state, applications))

    def _show(self) -> None:
        self._stage.kubectl("get schools -A")
        self._stage.kubectl("get spp,cspp -A")
        self._stage.kubectl(OURS)
