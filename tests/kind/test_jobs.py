"""A sync that runs at the first day finishes, or is suspended and goes on after the last day."""

from __future__ import annotations

from typing import Any

from kind.figures import Figures
from kind.school import LATER, School, eventually


def ended(job: dict[str, Any]) -> bool:
    return bool(job["status"].get("succeeded") == 1)


def test_a_running_sync_finishes_before_paused_is_said(school: School, figures: Figures) -> None:
    name = school.until_a_sync_runs()
    school.pause(30, activeJobs="Finish")

    def paused() -> bool | str:
        state, job = school.state(), school.job(name)
        assert not job["spec"].get("suspend")
        assert state != "Paused" or ended(job), "Paused is said while a sync runs"
        return state == "Paused" or f"{state}, {job['status']}"

    figures.add("sync of 10 s running (Finish): the school is Paused", eventually(paused, "Paused"))
    assert ended(school.job(name))
    school.assert_nothing_began_while_paused()


def test_a_running_sync_is_suspended_and_goes_on_after_the_pause(school: School, figures: Figures) -> None:
    name = school.until_a_sync_runs()
    school.pause(30, activeJobs="Suspend")
    eventually(lambda: school.job(name)["spec"].get("suspend") is True, "the Job is suspended", 30)
    took = eventually(school.is_state("Paused"), "Paused")
    figures.add("sync of 10 s running (Suspend): the school is Paused", took)
    assert not ended(school.job(name))
    assert not school.pods("sync") or all(
        pod["status"]["phase"] in ("Succeeded", "Failed") for pod in school.pods("sync")
    )
    school.policy(LATER, activeJobs="Suspend")
    school.until_resumed(30)
    eventually(lambda: ended(school.job(name)) or str(school.job(name)["status"]), "it goes on and ends")
    school.assert_nothing_began_while_paused()
