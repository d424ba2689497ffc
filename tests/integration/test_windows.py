"""Windows, levels, exemptions and zones, on the real control plane."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from stage import RunningOperator, Stage, eventually

from syncpause.domain.decision.policy import share_of_spread

SUMMER = [{"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}]
SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
JULY = "2027-07-01T12:00"


async def test_a_window_opens_and_closes(stage: Stage, operator: RunningOperator) -> None:
    stage.sync(startingDeadlineSeconds=600)
    stage.ingest(replicas=3)
    stage.policy(windows=SUMMER)
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")
    operator.jump_to("2027-06-14T23:59:58")
    assert stage.spec_of_sync() == (False, 600)
    await eventually(stage.is_paused, "the sync is paused at midnight")
    await eventually(lambda: stage.replicas() == 0, "no ingest replica")
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused is said")
    assert stage.items("pods") == []
    operator.jump_to("2027-08-09T23:59:58")
    await eventually(stage.is_syncing, "the sync is back")
    assert stage.spec_of_sync() == (False, 600)
    await eventually(lambda: stage.replicas() == 3, "three replicas as before")
    await eventually(lambda: stage.get("spp", "summer")["status"]["state"] == "Scheduled", "state")


async def test_own_dates_replace_the_default(stage: Stage, operator: RunningOperator) -> None:
    stage.sync("a", school="lincoln")
    stage.sync("b", school="roosevelt")
    stage.cluster_policy("default", windows=SUMMER)
    operator.jump_to(JULY)
    await eventually(lambda: stage.is_paused("a"), "lincoln pauses by default")
    await eventually(lambda: stage.is_paused("b"), "roosevelt pauses by default")
    stage.policy("own", schools=["lincoln"], windows=SPRING)
    await eventually(lambda: stage.is_syncing("a"), "lincoln syncs by its own dates")
    assert stage.is_paused("b") is True


async def test_one_application_is_exempt(stage: Stage, operator: RunningOperator) -> None:
    stage.sync("a", application="summer-rosters")
    stage.sync("b", application="grades")
    exemption = {"name": "x", "applications": ["summer-rosters"], "reason": "ticket 4711"}
    stage.policy(windows=SUMMER, exemptions=[exemption])
    operator.jump_to(JULY)
    await eventually(lambda: stage.is_paused("b"), "grades pauses")
    assert stage.is_syncing("a") is True
    counts = await eventually(
        lambda: stage.get("spp", "summer")["status"]["counts"]["cronJobs"]["exempt"] == 1, "one exempt"
    )
    assert counts


async def test_the_exempt_annotation_lets_one_workload_run(stage: Stage, operator: RunningOperator) -> None:
    stage.sync()
    stage.policy(windows=SUMMER)
    operator.jump_to(JULY)
    await eventually(stage.is_paused, "paused")
    stage.kubectl("annotate", "cronjob/rosters", "-n", stage.namespace, "syncpause.dev/exempt=summer school")
    await eventually(stage.is_syncing, "exempt")
    stage.kubectl("annotate", "cronjob/rosters", "-n", stage.namespace, "syncpause.dev/exempt-")
    await eventually(stage.is_paused, "paused again")


async def test_each_namespace_is_paused_at_its_own_midnight(stage: Stage, operator: RunningOperator) -> None:
    west = stage.add_namespace(f"{stage.namespace}-west", "America/Denver")
    stage.sync("east")
    stage.sync("west", namespace=west)
    stage.cluster_policy("default", timeZone="America/New_York", windows=SUMMER)
    operator.jump_to("2027-06-15T04:30")  # past midnight in New York, before it in Denver
    await eventually(lambda: stage.is_paused("east"), "east is paused")
    assert stage.is_syncing("west", namespace=west) is True
    operator.jump_to("2027-06-15T05:59:58")
    await eventually(lambda: stage.is_paused("west", namespace=west), "west at its own midnight")


async def test_a_freeze_beats_own_dates(stage: Stage, operator: RunningOperator) -> None:
    stage.sync()
    stage.policy("own", schools=["lincoln"], windows=[])
    await eventually(lambda: stage.condition("Ready", "spp/own").get("status") == "True", "Ready")
    freeze = stage.cluster_policy("freeze", enforcement="Enforced", windows=SPRING)
    await eventually(stage.is_paused, "frozen")
    stage.kubectl("delete", "cspp", freeze)
    await eventually(stage.is_syncing, "the freeze is lifted")


async def test_two_policies_of_one_level_add_up(stage: Stage, operator: RunningOperator) -> None:
    stage.sync()
    stage.policy("a", windows=SPRING)
    stage.policy("b", windows=SUMMER)
    await eventually(stage.is_paused, "paused by the first")
    operator.jump_to("2027-05-01T00:00")
    await eventually(stage.is_syncing, "between the two")
    operator.jump_to(JULY)
    await eventually(stage.is_paused, "paused by the second")


async def test_a_dry_run_governs_nothing_and_tells_what_it_would_pause(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=SPRING, mode="DryRun")

    def today() -> bool | str:
        told = stage.get("spp", "summer").get("status", {}).get("dryRun", {}).get("today")
        return told == {"schools": 1, "cronJobs": 1, "deployments": 0} or str(told)

    await eventually(today, "its report")
    assert stage.is_syncing() is True


async def test_a_name_that_no_workload_carries_is_named(stage: Stage, operator: RunningOperator) -> None:
    stage.sync()
    stage.policy(schools=["lincon"], windows=SPRING)
    ready = await eventually(
        lambda: (found := stage.condition("Ready")).get("status") == "True" and found, "Ready all the same"
    )
    assert "school lincon" in ready["message"]
    event = await eventually(
        lambda: [item for item in stage.items("events") if item["reason"] == "UnknownName"], "a warning event"
    )
    assert "lincon" in event[0]["message"]


async def test_a_spread_resumes_each_school_at_its_own_instant(
    stage: Stage, operator: RunningOperator
) -> None:
    shares = {
        name: share_of_spread(timedelta(days=1), stage.namespace, name)
        for name in (f"school-{number}" for number in range(8))
    }
    for school in shares:
        stage.sync(school, school=school)
    stage.policy(windows=SPRING, resumeSpread="24h")
    for school in shares:
        await eventually(lambda name=school: stage.is_paused(name), "paused")  # type: ignore[misc]
    before, after = max(pairwise(sorted(shares.values())), key=lambda pair: pair[1] - pair[0])
    between = datetime.fromisoformat("2027-04-01") + (before + after) / 2
    operator.jump_to(between.isoformat())
    due = {school for school, share in shares.items() if share <= before}

    def resumed() -> set[str]:
        return {item["metadata"]["name"] for item in stage.items("cronjobs") if not item["spec"]["suspend"]}

    await eventually(lambda: resumed() == due, f"those whose share is over have resumed: {due}")
    operator.jump_to("2027-04-02T00:00")
    await eventually(lambda: resumed() == set(shares), "all in the end")
