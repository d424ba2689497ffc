"""Fluent builders of test objects: domain values with sensible defaults."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from msgspec.structs import replace

from syncpause.api import names
from syncpause.api.policy import ClusterPolicySpec, PolicySpec
from syncpause.api.zones import load_zone
from syncpause.domain.change.plan import Change
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import Namespace, PolicySet
from syncpause.domain.workload import CronJob, Deployment, Key, Kind, Workload, label_fields

SUMMER = {"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}
ZONE = "America/Chicago"


def at(text: str) -> datetime:
    """An instant, UTC, from ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def sync(
    name: str = "rosters", *, school: str = "lincoln", application: str = "rosters", **fields: Any
) -> CronJob:
    """A sync CronJob."""
    labels = {names.SCHOOL_LABEL: school, names.APPLICATION_LABEL: application, **fields.pop("labels", {})}
    return CronJob(
        **_identity(Kind.CRON_JOB, name, fields),
        **label_fields({key: value for key, value in labels.items() if value}),
    )


def ingest(name: str = "ingest", *, school: str = "lincoln", **fields: Any) -> Deployment:
    """An SFTP-ingest Deployment."""
    labels = {names.SCHOOL_LABEL: school, **fields.pop("labels", {})}
    return Deployment(
        **_identity(Kind.DEPLOYMENT, name, fields),
        **label_fields({key: value for key, value in labels.items() if value}),
    )


def _identity(kind: Kind, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    key = Key(kind, fields.pop("namespace", "d9"), name)
    return {"key": key, "uid": f"uid-{name}", "resource_version": 1, **fields}


def policy(name: str = "own", namespace: str = "d9", **spec: Any) -> Policy:
    """A namespaced policy; fields of the spec as in YAML."""
    full = {"timeZone": ZONE, "windows": [SUMMER], **spec}
    return Policy.of(PolicyRef(namespace, name), PolicySpec.from_json(full), load_zone(full["timeZone"]))


def cluster_policy(name: str = "default", **spec: Any) -> Policy:
    """A cluster policy; fields of the spec as in YAML."""
    full = {"timeZone": ZONE, "windows": [SUMMER], **spec}
    return Policy.of(PolicyRef("", name), ClusterPolicySpec.from_json(full), load_zone(full["timeZone"]))


def policy_set(*policies: Policy, **namespaces: str | None) -> PolicySet:
    """A policy set of some policies; namespaces by name, with the time zone of their annotation."""
    known = {"d9": None, **namespaces}
    return PolicySet(
        {item.ref: item for item in policies},
        {name: Namespace(name, {"kubernetes.io/metadata.name": name}, zone) for name, zone in known.items()},
    )


def patched(workload: Workload, change: Change | None) -> Workload:
    """The workload after the API server applied a change, which is a JSON merge patch."""
    if change is None:
        return workload
    annotations = {**workload.annotations, **change.annotations}
    labels = {**workload.labels, **change.labels}
    fields = {"suspend": "suspend", "startingDeadlineSeconds": "deadline", "replicas": "replicas"}
    return replace(
        workload,
        annotations={name: value for name, value in annotations.items() if value is not None},
        **label_fields({name: value for name, value in labels.items() if value is not None}),
        **{fields[name]: value for name, value in change.spec.items()},
    )
