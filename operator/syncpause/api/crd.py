"""The CustomResourceDefinitions, generated from the models: `crds/` holds what these functions return."""

from typing import Any

import yaml

from syncpause.api.columns import Column, columns_of
from syncpause.api.names import GROUP, VERSION
from syncpause.api.resources import KINDS, Resource
from syncpause.api.schema import structural_schema

CATEGORY = "syncpause"
HEADER = "# Generated from operator/syncpause/api by `make generate`: change the models, not this file.\n"


class _Plain(yaml.SafeDumper):
    """YAML without anchors: a reader finds each rule where it applies."""

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
                "shortNames": list(kind.SHORTS),
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
        "additionalPrinterColumns": [_column(column) for column in columns_of(kind)],
        "schema": {"openAPIV3Schema": _whole_object(kind)},
    }


def _column(column: Column) -> dict[str, Any]:
    found = {
        "name": column.name,
        "type": column.type,
        "description": column.description,
        "jsonPath": column.path,
    }
    return {**found, "priority": 1} if column.wide else found


def _whole_object(kind: type[Resource]) -> dict[str, Any]:
    """The schema of the kind, where `apiVersion`, `kind` and `metadata` are the API server's own business."""
    schema = structural_schema(kind)
    properties = schema["properties"]
    ours = {name: properties[name] for name in ("spec", "status") if name in properties}
    return {
        "description": schema["description"],
        "type": "object",
        **({"required": ["spec"]} if "spec" in ours else {}),
        "properties": {
            "apiVersion": {
                "description": f"Version of this kind of object: `{GROUP}/{VERSION}`.",
                "type": "string",
            },
            "kind": {"description": f"Kind of the object: `{kind.KIND}`.", "type": "string"},
            "metadata": {"type": "object"},
            **ours,
        },
    }
