"""Jobs: those that run into a pause, those that were missed, those that never should have begun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cron import patch_status, run_by_hand
from stage import Object, RunningOperator, Stage, eventually

from syncpause.controller.jobs import untracked

EVERY_MINUTE = "* * * * *"
HOLD = {"syncpause.test/hold": "true"}


def today(shift: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(days=shift)).date().isoformat()


def window(first: int, last: int) -> list[dict[str, str]]:
    return [{"name": "now", "firstDay": today(first), "lastDay": today(last)}]


def jobs(stage: Stage, name: str) -> list[Object]:
    return [
        item
        for item in stage.items("jobs")
        if any(owner["name"] == name for owner in item["metadata"].get("ownerReferences", []))
    ]


async def test_an_active_job_finishes_before_paused_is_said(stage: Stage, operator: RunningOperator) -> None:
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.sync(podAnnotations=HOLD)
    run_by_hand(stage, "rosters", "long")
    await eventually(lambda: stage.get("job", "long").get("status", {}).get("active") == 1, "the Job runs")
    stage.policy(windows=window(-1, 1))
    await eventually(stage.is_paused, "the CronJob is paused")
    found = await eventually(
        lambda: (item := stage.condition("Paused")).get("reason") == "Pausing" and item, "Pausing is said"
    )
    assert found["status"] == "False"
    assert stage.get("job", "long")["spec"].get("suspend") is False
    pod = stage.items("pods")[0]["metadata"]["name"]
    stage.kubectl("annotate", "pod", pod, "-n", stage.namespace, "syncpause.test/hold-")
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused is said")


async def test_an_active_job_is_suspended_where_the_policy_says_so(
    stage: Stage, operator: RunningOperator
) -> None:
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.sync(podAnnotations=HOLD)
    run_by_hand(stage, "rosters", "long")
    await eventually(lambda: stage.get("job", "long").get("status", {}).get("active") == 1, "the Job runs")
    stage.policy(windows=window(-1, 1), activeJobs="Suspend")
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused is said")
    assert stage.get("job", "long")["spec"]["suspend"] is True
    assert stage.items("pods") == []
    stage.policy(windows=[], activeJobs="Suspend")
    await eventually(lambda: stage.get("job", "long")["spec"]["suspend"] is False, "the Job goes on")
    assert "syncpause" not in str(stage.get("job", "long")["metadata"].get("annotations", {}).keys())


async def test_missed_runs_start_once_under_run_once_and_never_under_skip(
    stage: Stage, operator: RunningOperator
) -> None:
    await _past_the_turn_of_the_minute()
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.policy("skip", schools=["skips"], windows=window(-1, 1))
    stage.policy("once", schools=["runs-once"], windows=window(-1, 1), missedRuns="RunOnce")
    for name, school in (("skips", "skips"), ("once", "runs-once")):
        stage.sync(name, school=school, schedule=EVERY_MINUTE, suspend=True)
        await eventually(lambda n=name: stage.is_paused(n), "paused at birth")  # type: ignore[misc]
        stage.kubectl(
            "patch",
            f"cronjob/{name}",
            "-n",
            stage.namespace,
            "--type=merge",
            "-p",
            '{"spec":{"suspend":false}}',
        )
        await eventually(
            lambda n=name: (
                stage.get("cronjob", n)["metadata"]["annotations"]["syncpause.dev/restore-suspend"]  # type: ignore[misc]
                == "false"
            ),
            "what its owner wants now",
        )
        missed = (datetime.now(UTC) - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        patch_status(stage, name, {"lastScheduleTime": missed})
    await _past_the_turn_of_the_minute()
    resumed_at = datetime.now(UTC)
    stage.policy("skip", schools=["skips"], windows=[])
    stage.policy("once", schools=["runs-once"], windows=[], missedRuns="RunOnce")
    await eventually(lambda: jobs(stage, "once"), "the catch-up run")
    await eventually(lambda: stage.is_syncing("skips"), "the other one has resumed too")
    before = [item for item in jobs(stage, "once") if scheduled_at(item) < resumed_at]
    assert len(before) == 1
    assert [item for item in jobs(stage, "skips") if scheduled_at(item) < resumed_at] == []


async def _past_the_turn_of_the_minute() -> None:
    """There a run falls due by itself."""
    await eventually(lambda: datetime.now(UTC).second < 40, "the turn of the minute is past")


def scheduled_at(job: Object) -> datetime:
    text = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    return datetime.fromisoformat(text)


async def test_a_cronjob_woken_inside_a_window_starts_nothing(
    stage: Stage, operator: RunningOperator
) -> None:
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.policy(windows=window(-1, 1))
    await _past_the_turn_of_the_minute()
    stage.sync(schedule=EVERY_MINUTE)
    await eventually(stage.is_paused, "paused at birth")
    missed = (datetime.now(UTC) - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch_status(stage, "rosters", {"lastScheduleTime": missed})
    for _ in range(5):
        stage.kubectl(
            "patch",
            "cronjob/rosters",
            "-n",
            stage.namespace,
            "--type=merge",
            "-p",
            '{"spec":{"suspend":false}}',
        )
        await eventually(stage.is_paused, "paused again")
    assert jobs(stage, "rosters") == []


async def test_a_stray_job_is_suspended_at_once_and_deleted_at_the_resume(
    stage: Stage, operator: RunningOperator
) -> None:
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.policy(windows=window(-1, 1))
    stage.sync(schedule="0 3 29 2 *", podAnnotations=HOLD)
    await eventually(stage.is_paused, "paused")
    run_by_hand(stage, "rosters", "stray")
    now = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.kubectl(
        "annotate",
        "job/stray",
        "-n",
        stage.namespace,
        "--overwrite",
        f"batch.kubernetes.io/cronjob-scheduled-timestamp={now}",
    )
    stage.kubectl("annotate", "cronjob/rosters", "-n", stage.namespace, "syncpause.dev/probe=look-again")
    await eventually(lambda: stage.get("job", "stray")["spec"].get("suspend") is True, "suspended")
    stage.policy(windows=[])
    await eventually(lambda: not jobs(stage, "rosters"), "deleted, for its run was missed")
    await eventually(stage.is_syncing, "resumed")


async def test_a_job_that_its_cronjob_forgot_is_found_and_suspended(
    stage: Stage, operator: RunningOperator
) -> None:
    """Created in the moment of the pause: in no status.active, for that write came too late."""
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.sync(podAnnotations=HOLD)
    stage.policy(windows=[])
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "Ready")
    run_by_hand(stage, "rosters", "forgotten", scheduled=datetime.now(UTC))
    patch_status(stage, "rosters", {"active": None})
    await eventually(lambda: stage.get("job", "forgotten").get("status", {}).get("active") == 1, "it runs")
    stage.policy(windows=window(-1, 1))
    await eventually(lambda: stage.get("job", "forgotten")["spec"].get("suspend") is True, "suspended")
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "and only then Paused")
    assert stage.items("pods") == []
    stage.policy(windows=[])
    await eventually(lambda: not jobs(stage, "rosters"), "deleted, for its run was missed")
    await eventually(stage.is_syncing, "resumed")


async def test_a_stray_job_of_the_last_moment_is_deleted_at_the_resume(
    stage: Stage, operator: RunningOperator
) -> None:
    """It began so late in the pause that nobody had suspended it yet."""
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.policy(windows=window(-1, 1))
    stage.sync(schedule="0 3 29 2 *", podAnnotations=HOLD)
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "paused, and looked back on")
    run_by_hand(stage, "rosters", "late", scheduled=datetime.now(UTC) + timedelta(seconds=1), named=False)
    woken = ("-n", stage.namespace, "--type=merge", "-p", '{"spec":{"suspend":false}}')
    stage.kubectl("patch", "cronjob/rosters", *woken)
    await eventually(stage.is_paused, "paused again, and not looked back on yet")
    stage.policy(windows=[])
    await eventually(stage.is_syncing, "resumed")
    await eventually(lambda: not jobs(stage, "rosters"), "deleted, for its run was missed", seconds=5)


async def test_a_job_that_is_created_late_is_found_by_a_second_look(
    stage: Stage, operator: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CronJob controller may have decided before the pause, and written seconds after it."""
    monkeypatch.setattr(untracked, "LATE_SECONDS", 10.0)
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.policy(windows=window(-1, 1))
    stage.sync(schedule="0 3 29 2 *", podAnnotations=HOLD)
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "paused, and looked back on")
    run_by_hand(stage, "rosters", "late", scheduled=datetime.now(UTC), named=False)
    await eventually(lambda: stage.get("job", "late")["spec"].get("suspend") is True, "suspended")
