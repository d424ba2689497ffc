"""SchoolSyncs: each school's line on the dashboard, as the operator writes it and kubectl shows it."""

from __future__ import annotations

from typing import Any

from stage import Object, RunningOperator, Stage, eventually

SUMMER = [{"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}]


def school(stage: Stage, name: str = "lincoln") -> Object:
    """The status of a school; {} while there is none."""
    found = stage.items("schools", "-l", f"syncpause.dev/school={name}")
    return dict(found[0].get("status", {})) if found else {}


def shows(stage: Stage, name: str = "lincoln", **wanted: Any) -> bool | str:
    """Whether the school's status says all of this."""
    status = school(stage, name)
    return all(status.get(field) == value for field, value in wanted.items()) or str(status)


async def pause_and_stop(stage: Stage, operator: RunningOperator) -> None:
    """A summer begins, and then nobody watches."""
    stage.policy(windows=SUMMER)
    operator.jump_to("2027-07-01T12:00")
    await operator.start()
    await eventually(lambda: shows(stage, state="Paused"), "paused")
    await operator.stop()


def strip(stage: Stage, what: str) -> None:
    """Take every mark of a pause off a workload."""
    marks = [key for key in stage.get(what)["metadata"]["annotations"] if key.startswith("syncpause.dev/")]
    stage.kubectl("annotate", what, "-n", stage.namespace, *(f"{key}-" for key in marks))
    stage.kubectl("label", what, "-n", stage.namespace, "syncpause.dev/state-")


async def test_a_schools_line_tells_the_pause_and_what_comes_next(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.add_namespace(stage.namespace, zone="America/Denver")
    stage.sync("grades", application="grades", startingDeadlineSeconds=600)
    stage.sync("rosters", application="summer-rosters")
    stage.ingest(replicas=2)
    exemption = {
        "name": "summer-rosters",
        "applications": ["summer-rosters"],
        "until": "2027-07-20",
        "reason": "summer school, Schüler 日本",
    }
    stage.policy(windows=SUMMER, timeZone="America/Denver", exemptions=[exemption])
    await eventually(lambda: shows(stage, state="Syncing", next="Pause 2027-06-15 00:00 MDT"), "in March")
    assert school(stage)["since"] == "2027-03-01"
    assert "until" not in school(stage)
    operator.jump_to("2027-07-01T12:00")
    await eventually(lambda: shows(stage, state="Paused"), "in July")
    status = school(stage)
    assert status["school"] == "lincoln"
    assert (status["since"], status["until"], status["policy"]) == ("2027-07-01", "2027-08-09", "spp/summer")
    assert status["reason"] == "paused by spp/summer, window summer: 2027-06-15 to 2027-08-09"
    assert status["next"] == "Pause 2027-07-21 00:00 MDT"
    assert status["summary"]["applications"] == "2 paused, 1 exempt"
    assert status["restore"]["cronjob/grades"] == "suspend=false startingDeadlineSeconds=600"
    rosters = next(item for item in status["applications"] if item["name"] == "summer-rosters")
    assert rosters["state"] == "Exempt"
    assert rosters["exemption"] == {
        "by": "spp/summer, summer-rosters",
        "reason": "summer school, Schüler 日本",
        "until": "2027-07-20",
    }
    conditions = {item["type"]: item["status"] for item in status["conditions"]}
    assert conditions == {
        "Ready": "True",
        "Reconciling": "False",
        "Stalled": "False",
        "Paused": "True",
        "Contested": "False",
    }
    stage.kubectl("wait", "--for=condition=Paused", "school/lincoln", "-n", stage.namespace, "--timeout=5s")
    stage.kubectl(
        "wait",
        "--for=jsonpath={.status.state}=Paused",
        "school/lincoln",
        "-n",
        stage.namespace,
        "--timeout=5s",
    )
    operator.jump_to("2027-08-10T06:00")
    await eventually(lambda: shows(stage, state="Syncing", since="2027-08-10"), "in August")
    assert "restore" not in school(stage)
    assert "until" not in school(stage)


async def test_a_line_comes_with_the_first_workload_and_goes_with_the_last(
    stage: Stage, operator: RunningOperator
) -> None:
    for number, name in enumerate(("lincoln", "Lincoln", "lincoln.high", "LINCOLN_high")):
        stage.sync(f"sync-{number}", name)

    def lines() -> dict[str, str]:
        return {item["metadata"]["name"]: item["status"]["school"] for item in stage.items("schools")}

    names = await eventually(lambda: len(found := lines()) == 4 and found, "a line for each")
    assert names["lincoln"] == "lincoln"
    assert sorted(names.values()) == ["LINCOLN_high", "Lincoln", "lincoln", "lincoln.high"]
    assert sorted(name.split(".")[0] for name in names) == [
        "lincoln",
        "lincoln",
        "lincoln-high",
        "lincoln-high",
    ]
    stage.kubectl("delete", "cronjob", "--all", "-n", stage.namespace)
    await eventually(lambda: stage.items("schools") == [], "no line is left")


async def test_a_line_that_someone_deletes_or_edits_is_put_right(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync()
    await eventually(lambda: shows(stage, state="Syncing"), "there")
    stage.kubectl("delete", "school", "lincoln", "-n", stage.namespace)
    await eventually(lambda: shows(stage, state="Syncing"), "made again")
    stage.kubectl(
        "patch",
        "school/lincoln",
        "-n",
        stage.namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        '{"status":{"state":"Paused","reason":"says who"}}',
    )
    await eventually(lambda: shows(stage, state="Syncing"), "put right")


async def test_a_line_without_a_school_is_removed_at_the_start(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.apply(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "SchoolSync",
            "metadata": {"name": "gone", "namespace": stage.namespace},
        }
    )
    await stopped_operator.start()
    await eventually(lambda: stage.items("schools") == [], "removed")


async def test_marks_stripped_while_nobody_watched_come_back_from_the_schools_line(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    """At the start after the summer: the copy still tells what its owner wants, with and without marks."""
    stage.ingest(replicas=5)
    stage.sync(startingDeadlineSeconds=600)
    await pause_and_stop(stage, stopped_operator)
    strip(stage, "deployment/ingest")
    strip(stage, "cronjob/rosters")
    stopped_operator.jump_to("2027-09-01T12:00")
    await stopped_operator.start()
    await eventually(lambda: stage.replicas() == 5, "as its owner wants it")
    await eventually(lambda: stage.spec_of_sync() == (False, 600), "as its owner wants it")
    await eventually(
        lambda: "the copy in its school's status" in stage.kubectl("get", "events", "-n", stage.namespace),
        "told by an event",
    )


async def test_who_scaled_it_to_zero_after_the_pause_keeps_it_at_zero(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    stage.ingest(replicas=5)
    await pause_and_stop(stage, stopped_operator)
    strip(stage, "deployment/ingest")
    for replicas in ("5", "0"):
        stage.kubectl("scale", "deployment/ingest", "-n", stage.namespace, f"--replicas={replicas}")
    stopped_operator.jump_to("2027-09-01T12:00")
    await stopped_operator.start()
    await eventually(lambda: shows(stage, state="Syncing"), "syncing")
    assert stage.replicas() == 0


def _told(stage: Stage) -> list[tuple[str, int]]:
    """Of the Events about schools, each reason and how often it was given."""
    return sorted(
        (item["reason"], item.get("count", 1))
        for item in stage.items("events")
        if item["involvedObject"]["kind"] == "SchoolSync"
    )


async def test_a_line_is_written_once_per_change_and_events_tell_the_transitions(
    stage: Stage, operator: RunningOperator
) -> None:
    stage.sync()
    stage.policy(windows=SUMMER)
    await eventually(lambda: shows(stage, state="Syncing"), "there")
    operator.jump_to("2027-07-01T12:00")
    await eventually(lambda: shows(stage, state="Paused"), "paused")
    before = stage.get("school/lincoln")["metadata"]["resourceVersion"]
    stage.kubectl("annotate", "cronjob/rosters", "-n", stage.namespace, "syncpause.dev/probe=look-again")
    stage.policy("other", schools=["nobody"], windows=SUMMER)
    await eventually(
        lambda: stage.condition("Ready", "spp/other").get("status") == "True", "it was looked at"
    )
    assert stage.get("school/lincoln")["metadata"]["resourceVersion"] == before
    operator.jump_to("2027-08-10T00:00")
    await eventually(lambda: shows(stage, state="Syncing"), "resumed")
    await eventually(lambda: len(_told(stage)) > 1, "an event a moment after the line")
    assert _told(stage) == [("Paused", 1), ("Resumed", 1)]
    described = stage.kubectl("describe", "school/lincoln", "-n", stage.namespace)
    assert (
        "paused by spp/summer, window summer: 2027-06-15 to 2027-08-09; next: Resume 2027-08-10" in described
    )
