"""Reading and writing CronJobs and Deployments on the real API server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from wire import Room, until

from syncpause.api import names
from syncpause.domain.workload import CronJob, Deployment, Key, Kind
from syncpause.kube.errors import Conflict, NotFound
from syncpause.kube.workloads import Workloads

MARKS = {"spec": {"suspend": True, "startingDeadlineSeconds": 0}, "labels": {names.STATE_LABEL: "paused"}}


@pytest.fixture
def workloads(room: Room) -> Workloads:
    return Workloads(room.client)


async def cron_job(workloads: Workloads, key: Key) -> CronJob:
    found = await workloads.get(key)
    assert isinstance(found, CronJob)
    return found


async def test_a_cron_job_is_read_with_the_fields_that_matter(room: Room, workloads: Workloads) -> None:
    made = await room.cron_job("sync", startingDeadlineSeconds=600)
    found = await cron_job(workloads, room.key("sync"))
    assert found == CronJob(
        key=room.key("sync"),
        uid=made["metadata"]["uid"],
        resource_version=int(made["metadata"]["resourceVersion"]),
        school="lincoln",
        deadline=600,
    )


async def test_a_deployments_pods_count_until_they_are_gone(room: Room, workloads: Workloads) -> None:
    await room.deployment("ingest", replicas=2)
    key = room.key("ingest", Kind.DEPLOYMENT)
    await deployment_with(workloads, key, pods=2)
    stopped = await scaled_to_zero(workloads, key)
    assert stopped.stopped
    assert not stopped.observed
    assert stopped.running == 2
    await deployment_with(workloads, key, pods=0)


async def scaled_to_zero(workloads: Workloads, key: Key) -> Deployment:
    """Once nobody else has written in between: the Deployment controller writes its status several times."""
    async with asyncio.timeout(30):
        while True:
            try:
                stopped = await workloads.patch(
                    await workloads.get(key), spec={"replicas": 0}, annotations={}, labels={}
                )
            except Conflict:
                continue
            assert isinstance(stopped, Deployment)
            return stopped


async def deployment_with(workloads: Workloads, key: Key, pods: int) -> None:
    async def counted() -> bool:
        found = await workloads.get(key)
        assert isinstance(found, Deployment)
        return found.observed and found.pods == pods

    await until(counted, f"{pods} pods")


async def test_one_patch_changes_spec_marks_and_label_and_answers_the_new_record(
    room: Room, workloads: Workloads
) -> None:
    await room.cron_job("sync")
    before = await workloads.get(room.key("sync"))
    paused = await workloads.patch(before, annotations={names.RESTORE_SUSPEND: "false"}, **MARKS)
    assert isinstance(paused, CronJob)
    assert paused.stopped
    assert paused.marked
    assert paused == await workloads.get(room.key("sync"))
    resumed = await workloads.patch(
        paused,
        spec={"suspend": False, "startingDeadlineSeconds": None},
        annotations={names.RESTORE_SUSPEND: None},
        labels={names.STATE_LABEL: None},
    )
    assert isinstance(resumed, CronJob)
    assert not resumed.marked
    assert (resumed.suspend, resumed.deadline) == (False, None)


async def test_foreign_annotations_are_neither_kept_nor_touched(room: Room, workloads: Workloads) -> None:
    await room.cron_job("sync")
    foreign = {"example.com/note": "mine", names.EXEMPT: "summer school"}
    await room.change("cronjobs", "sync", {"metadata": {"annotations": foreign}})
    before = await workloads.get(room.key("sync"))
    assert before.annotations == {names.EXEMPT: "summer school"}
    await workloads.patch(before, annotations={names.RESTORE_SUSPEND: "false"}, **MARKS)
    whole = await workloads.get_object(before.key)
    assert whole["metadata"]["annotations"] == foreign | {names.RESTORE_SUSPEND: "false"}


async def test_a_patch_never_overwrites_what_the_plan_has_not_seen(room: Room, workloads: Workloads) -> None:
    await room.cron_job("sync")
    before = await cron_job(workloads, room.key("sync"))
    await room.change("cronjobs", "sync", {"spec": {"startingDeadlineSeconds": 77}})
    with pytest.raises(Conflict):
        await workloads.patch(before, annotations={names.RESTORE_DEADLINE: "none"}, **MARKS)
    with pytest.raises(Conflict):
        await workloads.set_last_schedule(before, datetime(2027, 1, 1, tzinfo=UTC))
    after = await cron_job(workloads, room.key("sync"))
    assert (after.suspend, after.deadline, after.marked) == (False, 77, False)


async def test_a_patch_of_a_workload_that_was_made_anew_is_refused(room: Room, workloads: Workloads) -> None:
    await room.cron_job("sync")
    before = await workloads.get(room.key("sync"))
    await room.remove("cronjobs", "sync")
    with pytest.raises(NotFound):
        await workloads.patch(before, annotations={}, **MARKS)
    await room.cron_job("sync")
    with pytest.raises(Conflict):
        await workloads.patch(before, annotations={}, **MARKS)


async def test_the_last_schedule_time_is_moved_in_whole_seconds(room: Room, workloads: Workloads) -> None:
    await room.cron_job("sync")
    before = await cron_job(workloads, room.key("sync"))
    after = await workloads.set_last_schedule(before, datetime(2027, 8, 9, 23, 59, 59, 999_999, tzinfo=UTC))
    assert after.last_schedule == datetime(2027, 8, 9, 23, 59, 59, tzinfo=UTC)
    assert after.resource_version != before.resource_version


async def test_orphans_are_paused_workloads_without_a_school(room: Room, workloads: Workloads) -> None:
    marked = {"metadata": {"labels": {names.STATE_LABEL: names.STATE_PAUSED}}}
    for name, school in (("orphan", None), ("paused", "lincoln"), ("syncing", "lincoln")):
        await room.cron_job(name, school=school)
    await room.change("cronjobs", "orphan", marked)
    await room.change("cronjobs", "paused", marked)

    def ours(found: list[Any]) -> list[str]:
        return [workload.name for workload in found if workload.namespace == room.name]

    assert ours(await workloads.list_unlabeled(Kind.CRON_JOB)) == ["orphan"]
    assert ours(await workloads.list_marked(Kind.CRON_JOB)) == ["orphan", "paused"]
    assert ours(await workloads.list_marked(Kind.DEPLOYMENT)) == []
