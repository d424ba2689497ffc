"""The CustomResourceDefinitions, generated from the models: `crds/` holds what these functions return."""

from typing import Any

import yaml

from syncpause.api.names import GROUP, VERSION
from syncpause.api.resources import ClusterSyncPausePolicy, Resource, SyncPausePolicy
from syncpause.api.schema import structural_schema

KINDS: tuple[type[Resource], ...] = (SyncPausePolicy, ClusterSyncPausePolicy)
CATEGORY = "syncpause"
HEADER = "# Generated from operator/syncpause/api by `make generate`: change the models, not this file.\n"

_READY = '.status.conditions[?(@.type=="Ready")]'
_COLUMNS = (
    ("Ready", f"{_READY}.status", "Whether the policy is in force as written."),
    ("State", ".status.state", "Scheduled, Active, Ended or Invalid."),
    ("Window", ".status.window.name", "The open window, or else the next one."),
    ("First Day", ".status.window.firstDay", "First day of that window, inclusive."),
    ("Last Day", ".status.window.lastDay", "Last day of that window, inclusive."),
    ("Next", ".status.next", "What happens next, and when, in the policy's time zone."),
    ("Schools", ".status.summary.schools", "Schools that the policy decides about."),
    ("CronJobs", ".status.summary.cronJobs", "Sync CronJobs paused, of those to pause."),
    ("Deployments", ".status.summary.deployments", "Ingest Deployments paused, of those to pause."),
)
_WIDE_COLUMNS = (
    ("Time Zone", ".spec.timeZone", "The zone whose midnight starts and ends a day."),
    ("Mode", ".spec.mode", "Enforce or DryRun."),
    ("Message", f"{_READY}.message", "Why the policy is ready, or what to mend."),
)


class _Plain(yaml.SafeDumper):
    """YAML without anchors: who reads a rule should find it where it applies."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def crd_files() -> dict[str, str]:
    """File name to text of every file in `crds/` that is generated; the same at every call."""
    return {f"{GROUP}_{kind.PLURAL}.yaml": render(kind) for kind in KINDS}


def render(kind: type[Resource]) -> str:
    """The CRD of a kind as YAML."""
    body = yaml.dump(definition(kind), Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True)
    return f"{HEADER}{body}"


def definition(kind: type[Resource]) -> dict[str, Any]:
    """The CRD of a kind as the API server takes it."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind.KIND,
                "listKind": f"{kind.KIND}List",
                "plural": kind.PLURAL,
                "singular": kind.KIND.lower(),
                "shortNames": [kind.SHORT],
                "categories": [CATEGORY],
            },
            "scope": "Namespaced" if kind.NAMESPACED else "Cluster",
            "versions": [_version(kind)],
        },
    }


def _version(kind: type[Resource]) -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": _columns(kind),
        "schema": {"openAPIV3Schema": _whole_object(kind)},
    }


def _columns(kind: type[Resource]) -> list[dict[str, Any]]:
    columns = [_column(*column) for column in _COLUMNS]
    columns.append(_column("Age", ".metadata.creationTimestamp", "Time since the policy was made.", "date"))
    wide = [_column(*column) for column in _WIDE_COLUMNS]
    if kind is ClusterSyncPausePolicy:
        wide.insert(2, _column("Enforcement", ".spec.enforcement", "Default or Enforced."))
    return columns + [{**column, "priority": 1} for column in wide]


def _column(name: str, path: str, description: str, type_: str = "string") -> dict[str, Any]:
    return {"name": name, "type": type_, "description": description, "jsonPath": path}


def _whole_object(kind: type[Resource]) -> dict[str, Any]:
    """The schema of the kind, where `apiVersion`, `kind` and `metadata` are the API server's own business."""
    schema = structural_schema(kind)
    properties = schema["properties"]
    return {
        "description": schema["description"],
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {
                "description": f"Version of this kind of object: `{GROUP}/{VERSION}`.",
                "type": "string",
            },
            "kind": {"description": f"Kind of the object: `{kind.KIND}`.", "type": "string"},
            "metadata": {"type": "object"},
            "spec": properties["spec"],
            "status": properties["status"],
        },
    }
