"""Jobs as the CronJob controller makes them, without waiting for a minute to turn."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from stage import Object, Stage


def run_by_hand(
    stage: Stage, name: str, job: str, scheduled: datetime | None = None, *, named: bool = True
) -> None:
    """A Job as the CronJob controller makes it: owned by the CronJob, and (then) named in its status."""
    owner = stage.get("cronjob", name)
    uid = owner["metadata"]["uid"]
    due = scheduled or datetime.now(UTC) - timedelta(days=40)
    template = owner["spec"]["jobTemplate"]["spec"]
    reference = {"apiVersion": "batch/v1", "kind": "CronJob", "name": name, "uid": uid, "controller": True}
    annotations = {"batch.kubernetes.io/cronjob-scheduled-timestamp": f"{due:%Y-%m-%dT%H:%M:%SZ}"}
    metadata = {
        "name": job,
        "namespace": stage.namespace,
        "ownerReferences": [reference],
        "annotations": annotations,
    }
    stage.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template})
    if not named:
        return
    uid_of_job = stage.get("job", job)["metadata"]["uid"]
    active = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": job,
        "namespace": stage.namespace,
        "uid": uid_of_job,
    }
    patch_status(stage, name, {"active": [active]})


def patch_status(stage: Stage, name: str, status: Object) -> None:
    body = json.dumps({"status": status})
    stage.kubectl(
        "patch", f"cronjob/{name}", "-n", stage.namespace, "--subresource=status", "--type=merge", "-p", body
    )
