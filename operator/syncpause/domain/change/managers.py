"""The field managers of a spec, from ``metadata.managedFields``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

_PREFIX = "f:"


def managers_of_spec(obj: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the names of the managers of each top-level field of an object's spec, as a defaultdict.

    A field without a recorded manager is missing.
    Source of the form: Kubernetes, Server-Side Apply, "Field management".
    """
    managers: dict[str, set[str]] = defaultdict(set)
    for entry in obj.get("metadata", {}).get("managedFields") or ():
        for field in (entry.get("fieldsV1") or {}).get("f:spec", {}):
            if field.startswith(_PREFIX):
                managers[field.removeprefix(_PREFIX)].add(entry.get("manager", ""))
    return managers
