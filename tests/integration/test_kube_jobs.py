"""Jobs suspended, resumed and deleted on the real API server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from wire import Room, until

from syncpause.api.names import STATE_LABEL
from syncpause.kube.errors import Conflict, NotFound
from syncpause.kube.jobs import Job, Jobs


@pytest.fixture
def jobs(room: Room) -> Jobs:
    return Jobs(room.client)


async def fresh(jobs: Jobs, room: Room, name: str) -> Job:
    return await jobs.get(room.name, name)


async def suspended(jobs: Jobs, room: Room, *, stray: bool = False) -> Job:
    """Once nobody else has written in between: the Job's controller writes its status all the time."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await jobs.suspend(await fresh(jobs, room, "run"), stray=stray)
            except Conflict:
                continue


async def resumed(jobs: Jobs, room: Room) -> Job:
    async with asyncio.timeout(30):
        while True:
            try:
                return await jobs.resume(await fresh(jobs, room, "run"))
            except Conflict:
                continue


async def test_a_jobs_origin_is_read_from_its_annotations(room: Room, jobs: Jobs) -> None:
    scheduled = {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2027-07-01T03:00:00-05:00"}
    await room.job("scheduled", scheduled, suspend=True)
    await room.job("manual", {"cronjob.kubernetes.io/instantiate": "manual"}, suspend=True)
    job = await fresh(jobs, room, "scheduled")
    assert job.scheduled == datetime(2027, 7, 1, 8, tzinfo=UTC)
    assert job.suspended
    assert not job.manual
    manual = await fresh(jobs, room, "manual")
    assert manual.manual
    assert manual.scheduled is None


async def test_a_suspended_job_ends_its_pods_and_goes_on_later(room: Room, jobs: Jobs) -> None:
    await room.job("run")
    held = await suspended(jobs, room, stray=True)
    assert held.suspended
    assert held.stray
    assert held.restore_suspend == "false"
    whole = await room.get("jobs", "run")
    assert whole["metadata"]["labels"][STATE_LABEL] == "paused"

    async def quiet() -> bool:
        return not (await fresh(jobs, room, "run")).active

    await until(quiet, "no pod is left")
    job = await resumed(jobs, room)
    assert not job.suspended
    assert not job.stray
    assert job.restore_suspend is None
    whole = await room.get("jobs", "run")
    assert not [key for key in whole["metadata"].get("annotations", {}) if "syncpause.dev" in key]
    assert STATE_LABEL not in whole["metadata"].get("labels", {})


async def test_a_job_that_its_owner_had_suspended_stays_suspended(room: Room, jobs: Jobs) -> None:
    await room.job("run", suspend=True)
    assert (await suspended(jobs, room)).restore_suspend == "true"
    again = await suspended(jobs, room)
    assert again.restore_suspend == "true"
    assert (await resumed(jobs, room)).suspended


async def test_someone_elses_write_is_a_conflict(room: Room, jobs: Jobs) -> None:
    await room.job("run", suspend=True)
    before = await suspended(jobs, room)
    await room.change("jobs", "run", {"spec": {"parallelism": 2}})
    with pytest.raises(Conflict):
        await jobs.resume(before)


async def test_only_the_job_that_was_meant_is_deleted(room: Room, jobs: Jobs) -> None:
    await room.job("run", suspend=True)
    old = await fresh(jobs, room, "run")
    await jobs.delete(old)
    with pytest.raises(NotFound):
        await jobs.get(room.name, "run")
    await room.job("run", suspend=True)
    with pytest.raises(Conflict):
        await jobs.delete(old)
    await jobs.get(room.name, "run")
