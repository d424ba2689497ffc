"""A policy that comes, changes and goes after the operator's start is obeyed, by real pods."""

from __future__ import annotations

from kind.figures import Figures
from kind.school import LATER, OPEN, STOP_SECONDS, School, eventually

GRACE_SECONDS = 30
"""A deletion counts after this time, for tools delete and apply again."""


def test_a_policy_is_obeyed_when_it_is_created_edited_and_deleted(school: School, figures: Figures) -> None:
    school.until_a_sync_runs()
    figures.add("policy created: both workloads paused", school.pause(30))
    figures.add("then: the school is Paused", eventually(school.is_state("Paused"), "Paused"))
    school.policy(LATER)
    figures.add("window moved away: both workloads as before", school.until_resumed(30))
    eventually(school.is_state("Syncing"), "Syncing")
    school.policy(OPEN)
    figures.add("window moved back: both workloads paused", school.until_paused(30))
    school.delete_policy()
    figures.add("policy deleted: both workloads as before", school.until_resumed(GRACE_SECONDS + 30))
    school.until_a_sync_runs()
    school.assert_nothing_began_while_paused()


def test_paused_is_said_only_when_the_last_ingest_pod_is_gone(school: School, figures: Figures) -> None:
    ready = "jsonpath={.status.readyReplicas}=2"
    school.kubectl("wait", "deployment/ingest", f"--for={ready}", "--timeout=90s")
    school.pause(30)
    left: list[int] = []

    def paused() -> bool | str:
        state, pods = school.state(), school.pods("ingest")
        phases = [pod["status"]["phase"] for pod in pods]
        left.append(len(pods))
        # A pod whose containers have all ended stays for a moment until the kubelet removes it.
        assert state != "Paused" or not {"Pending", "Running"} & set(phases), f"Paused is said: {phases}"
        return state == "Paused" or f"{state}, pods: {phases}"

    took = eventually(paused, "Paused")
    assert left[0] > 0, "the ingest was gone before anybody looked"
    assert took > STOP_SECONDS / 2, "the pods' grace period was not honoured"
    figures.add(f"ingest of {STOP_SECONDS} s to stop: the school is Paused", took)
    school.assert_nothing_began_while_paused()
