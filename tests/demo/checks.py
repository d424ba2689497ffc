"""What speaks against each promise of the story, as the API server has it at this moment. Empty is well."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from demo import facts
from demo.facts import OPERATOR, Workload
from demo.stage import Cluster


class Checks:
    """Compares the platform with what it was before the summer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._before: dict[str, Workload] = {}

    def remember(self) -> None:
        """Take the platform as it is for what it was before the summer."""
        self._before = facts.workloads(self._cluster)

    def schools(self, *names: str, applications: Collection[str] = ()) -> list[Workload]:
        """Workloads as before the summer: of these schools (or all), and of these applications (or all)."""
        return [
            each
            for each in self._before.values()
            if each.school is not None
            and (not names or each.school in names)
            and (not applications or each.application in applications)
        ]

    def strangers(self) -> list[Workload]:
        """Workloads that belong to no school, as before the summer."""
        return [each for each in self._before.values() if each.school is None]

    def not_rolled_out(self) -> list[str]:
        """Against: every pod of the platform is ready."""
        found = facts.workloads(self._cluster).values()
        return [why for each in found for why in each.why_not_rolled_out()]

    def not_paused(self, those: Collection[Workload]) -> list[str]:
        """Against: these are paused, and nothing of them runs."""
        now = facts.workloads(self._cluster)
        names = {each.name for each in those if each.is_cron_job}
        running = [job for job in facts.jobs(self._cluster) if job.cron_job in names and job.runs]
        return [why for each in those for why in now[each.key].why_not_paused()] + [
            f"Job {job.name}, due at {job.scheduled:%H:%M:%S}, runs" for job in running
        ]

    def not_as_before(self, those: Collection[Workload]) -> list[str]:
        """Against: everything that their owners wrote is as before, and their pods are ready."""
        now = facts.workloads(self._cluster)
        return [why for each in those for why in now[each.key].why_not_as(each)]

    def pods_of_ingest(self) -> list[str]:
        """Against: no pod of any school's ingest is there, not even a terminating one."""
        apps = ",".join(each.name for each in self.schools() if not each.is_cron_job)
        pods = self._cluster.kubectl("get", "pods", "-A", "-l", f"app in ({apps})", "--output=name").split()
        return [f"{pod} is there" for pod in pods]

    def started(self, those: Collection[Workload], since: datetime, until: datetime) -> list[str]:
        """Against: no Job of these was due between two instants."""
        return [f"{job.name}, due at {job.scheduled:%H:%M:%S}" for job in self._due(those, since, until)]

    def not_made_up_once(self, those: Collection[Workload], since: datetime, until: datetime) -> list[str]:
        """Against: each of these, if its owner lets it run, has one Job that was due between two instants."""
        due = self._due(those, since, until)
        runs = {each.key: sum(job.cron_job == each.name for job in due) for each in those if each.is_cron_job}
        wanted = {each.key: 0 if each.is_suspended else 1 for each in those if each.is_cron_job}
        return [
            f"{key} has {runs[key]} such runs, not {wanted[key]}" for key in runs if runs[key] != wanted[key]
        ]

    def not_witnessed(self, those: Collection[Workload], since: datetime) -> list[str]:
        """Against: a CronJob that nobody paused has started a Job since."""
        seen = any(
            job.cron_job == each.name
            for each in those
            for job in facts.jobs(self._cluster)
            if job.scheduled > since
        )
        return [] if seen else ["no Job of it yet"]

    def touched(self) -> list[str]:
        """Against: what belongs to no school was not written by the operator, nor by anyone who need not."""
        now = facts.workloads(self._cluster)
        found = []
        for each in self.strangers():
            seen = now[each.key]
            if OPERATOR in seen.managers:
                found.append(f"{each.key} has fields that {OPERATOR} wrote")
            if seen.owned != each.owned or seen.generation != each.generation:
                found.append(f"{each.key} was changed")
            # A CronJob's status changes with each run; a Deployment at rest is written by nobody.
            if not each.is_cron_job and seen.version != each.version:
                found.append(f"{each.key} has resourceVersion {seen.version}, before {each.version}")
        return found

    def not_condition(self, policy: str, condition: str) -> list[str]:
        """Against: a policy's condition is true, for its spec as it stands."""
        seen = self._get(policy)
        status = seen.get("status", {})
        for found in status.get("conditions", []):
            if found["type"] == condition:
                if (
                    found["status"] == "True"
                    and status.get("observedGeneration") == seen["metadata"]["generation"]
                ):
                    return []
                return [f"{policy} says {condition}={found['status']}: {found.get('message', '')}"]
        return [f"{policy} has no condition {condition} yet"]

    def not_school(self, school: str, state: str, applications: str = "") -> list[str]:
        """Against: a school shows as being in a state, with so many applications in which."""
        selector = f"syncpause.dev/school={school}"
        shown = self._cluster.kubectl("get", "schools", "-A", "-l", selector, "-o", "json")
        for item in json.loads(shown)["items"]:
            status = item.get("status", {})
            summary = status.get("summary", {}).get("applications", "")
            if status.get("state") == state and applications in summary:
                return []
        return [f"{school} does not show as {state} {applications}"]

    def not_counted(self, policy: str, kind: str, what: str, wanted: int) -> list[str]:
        """Against: a policy's status counts so many."""
        seen = self._get(policy).get("status", {}).get("counts", {}).get(kind, {})
        return [] if seen.get(what) == wanted else [f"{policy} counts {kind} {seen}"]

    def _due(self, those: Collection[Workload], since: datetime, until: datetime) -> list[facts.Job]:
        names = {each.name for each in those if each.is_cron_job}
        return [
            job
            for job in facts.jobs(self._cluster)
            if job.cron_job in names and since < job.scheduled < until
        ]

    def _get(self, policy: str) -> dict[str, Any]:
        return dict(json.loads(self._cluster.kubectl("get", *policy.split(), "--output=json")))
