"""What `kubectl get` and `describe` print, word for word, once ages are masked."""

from __future__ import annotations

import re

import pytest
from stage import RunningOperator, Stage, eventually

SUMMER = [{"name": "summer", "firstDay": "2027-06-12", "lastDay": "2027-08-14"}]
ROSTERS = {
    "name": "summer-rosters",
    "applications": ["summer-rosters"],
    "until": "2027-07-20",
    "reason": "ticket 4711",
}


def masked(text: str) -> str:
    """Without ages, and without the spaces at the end of lines."""
    lines = [re.sub(r"\b\d+[smh](\d+[smh])?\b", "AGE", line).rstrip() for line in text.splitlines()]
    return "\n".join(re.sub(r" {2,}", "  ", line) for line in lines)


@pytest.fixture
async def district(stage: Stage, operator: RunningOperator) -> Stage:
    """Lincoln High by its own dates and with an exempt application; Roosevelt by the default."""
    stage.add_namespace(stage.namespace, zone="America/Denver")
    stage.sync("attendance", school="lincoln-high", application="attendance")
    stage.sync("grades", school="lincoln-high", application="grades")
    stage.sync("summer-rosters", school="lincoln-high", application="summer-rosters")
    stage.ingest(school="lincoln-high")
    stage.sync("roosevelt", school="roosevelt", application="grades")
    stage.policy(
        "summer", timeZone="America/Denver", schools=["lincoln-high"], windows=SUMMER, exemptions=[ROSTERS]
    )
    stage.cluster_policy(
        "default",
        timeZone="America/Chicago",
        windows=[{"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}],
    )
    await eventually(lambda: len(stage.items("schools")) == 2, "the schools")
    operator.jump_to("2027-07-01T12:00")
    states = ("-o", "jsonpath={.items[*].status.state}")
    await eventually(
        lambda: stage.kubectl("get", "schools", "-n", stage.namespace, *states) == "Paused Paused", "paused"
    )
    for policy in ("spp/summer", f"cspp/default-{stage.namespace}"):
        await eventually(
            lambda named=policy: stage.condition("Paused", named).get("status") == "True",  # type: ignore[misc]
            "its policy says so too",
        )
    return stage


async def test_get_schools(district: Stage) -> None:
    shown = masked(district.kubectl("get", "schools", "-n", district.namespace))
    default = f"cspp/default-{district.namespace}"
    assert shown == masked(
        "NAME  SCHOOL  STATE  SINCE  UNTIL  POLICY  APPLICATIONS  NEXT\n"
        "lincoln-high  lincoln-high  Paused  2027-07-01  2027-08-14  spp/summer  "
        "3 paused, 1 exempt  Pause 2027-07-21 00:00 MDT\n"
        f"roosevelt  roosevelt  Paused  2027-07-01  2027-08-09  {default}  "
        "1 paused  Resume 2027-08-10 00:00 MDT"
    )


async def test_get_schools_wide_names_the_applications(district: Stage) -> None:
    shown = masked(district.kubectl("get", "school/lincoln-high", "-n", district.namespace, "-o", "wide"))
    header, line = shown.splitlines()
    assert header.endswith("NEXT  BY NAME  REASON")
    assert line.endswith(
        "(none) Paused, attendance Paused, grades Paused, summer-rosters Exempt  "
        "paused by spp/summer, window summer: 2027-06-12 to 2027-08-14"
    )


async def test_get_policies(district: Stage) -> None:
    shown = masked(district.kubectl("get", "spp", "-n", district.namespace))
    assert shown == masked(
        "NAME  READY  STATE  WINDOW  FIRST DAY  LAST DAY  NEXT  SCHOOLS  CRONJOBS  DEPLOYMENTS  AGE\n"
        "summer  True  Active  summer  2027-06-12  2027-08-14  Resume 2027-08-15 00:00  1  2/2  1/1  AGE"
    )
    wide = masked(district.kubectl("get", "cspp", f"default-{district.namespace}", "-o", "wide"))
    assert wide == masked(
        "NAME  READY  STATE  WINDOW  FIRST DAY  LAST DAY  NEXT  SCHOOLS  CRONJOBS  DEPLOYMENTS  AGE  "
        "TIME ZONE  MODE  ENFORCEMENT  MESSAGE\n"
        f"default-{district.namespace}  True  Active  summer  2027-06-15  2027-08-09  "
        "Resume 2027-08-10 00:00  1  1/1  0/0  AGE  America/Chicago  Enforce  Default  "
        "1 CronJob of 1 school paused"
    )


async def test_get_workloads_with_their_state(district: Stage) -> None:
    shown = masked(
        district.kubectl("get", "cronjobs,deployments", "-n", district.namespace, "-L", "syncpause.dev/state")
    )
    states = {line.split("  ")[0]: line.split("  ")[-1] for line in shown.splitlines() if "/" in line}
    assert states == {
        "cronjob.batch/attendance": "paused",
        "cronjob.batch/grades": "paused",
        "cronjob.batch/summer-rosters": "AGE",
        "cronjob.batch/roosevelt": "paused",
        "deployment.apps/ingest": "paused",
    }


async def test_describe_reads_as_a_story(district: Stage) -> None:
    def told_of_lincoln() -> set[str]:
        events = district.items("events")
        return {item["reason"] for item in events if item["involvedObject"]["name"] == "lincoln-high"}

    await eventually(lambda: {"Paused", "ApplicationExempt"} <= told_of_lincoln(), "Events come last")
    school = masked(district.kubectl("describe", "school/lincoln-high", "-n", district.namespace))
    assert "Reason:  ticket 4711" in school
    assert "no Job or Pod runs" in school
    assert "Normal  Paused  AGE  syncpause  paused by spp/summer, window summer: 2027-06-12 to" in school
    assert "Normal  ApplicationExempt  AGE  syncpause  summer-rosters is exempt by spp/summer" in school
    told = masked(district.kubectl("describe", "spp/summer", "-n", district.namespace))
    assert "Normal  WindowOpened  AGE  syncpause  window summer is open: 2027-06-12 to 2027-08-14" in told
    assert "Message:  2 CronJobs and 1 Deployment of 1 school paused" in told
