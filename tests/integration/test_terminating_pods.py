"""Paused is said only once the last ingest pod is gone, whether or not a Deployment's status counts it."""

from __future__ import annotations

import yaml
from stage import RunningOperator, Stage, eventually

SUMMER = [{"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}]
JULY = "2027-07-01T12:00"
LINGER = "syncpause.test/linger"


def ingest_that_lingers(stage: Stage, name: str, labels: dict[str, str]) -> None:
    """A Deployment of no school yet, whose one pod takes its time over SIGTERM."""
    container = {"name": "in", "image": "in"}
    template = {
        "metadata": {"labels": {"app": "shared"}, "annotations": {LINGER: "true"}},
        "spec": {"containers": [container]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "shared"}}, "template": template}
    metadata = {"name": name, "namespace": stage.namespace, "labels": labels}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    stage.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(body))


def pods(stage: Stage, deployment: str) -> list[str]:
    names = [item["metadata"]["name"] for item in stage.items("pods")]
    return [name for name in names if name.rsplit("-", 2)[0] == deployment]


def state(stage: Stage) -> str:
    return str(stage.items("schools")[0]["status"]["state"])


def is_scaled_down(stage: Stage) -> bool | str:
    """Whether the Deployment counts no pod any more, one that terminates aside."""
    found = stage.get("deployment", "ingest")
    status = found["status"]
    observed = status["observedGeneration"] >= found["metadata"]["generation"]
    return (observed and not found["spec"]["replicas"] and not status.get("replicas")) or str(status)


async def test_a_school_is_pausing_until_its_last_terminating_pod_is_gone(
    stage: Stage, stopped_operator: RunningOperator
) -> None:
    ingest_that_lingers(stage, "ingest", {"syncpause.dev/school": "lincoln"})
    ingest_that_lingers(stage, "ingest-other", {})  # the same selector, and nobody's to pause
    await eventually(lambda: len(pods(stage, "ingest") + pods(stage, "ingest-other")) == 2, "both pods")
    stage.policy(windows=SUMMER)
    stopped_operator.jump_to(JULY)
    await stopped_operator.start()
    await eventually(lambda: is_scaled_down(stage), "scaled down")
    await stopped_operator.stop()
    await stopped_operator.start()  # what the first one knew is lost
    await eventually(lambda: stage.condition("Ready").get("status") == "True", "the policy is reported")
    await eventually(lambda: state(stage) == "Pausing" or state(stage), "the pod still terminates", 10)
    (name,) = pods(stage, "ingest")
    stage.kubectl("annotate", "pod", name, "-n", stage.namespace, f"{LINGER}-")
    await eventually(lambda: state(stage) == "Paused" or f"{state(stage)} {pods(stage, 'ingest')}", "paused")
    assert pods(stage, "ingest") == []
    assert len(pods(stage, "ingest-other")) == 1
