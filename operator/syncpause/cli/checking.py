"""Checks policies by the API server's rules, offline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from syncpause.api.errors import Fault, faults
from syncpause.api.labels import DNS_LABEL
from syncpause.api.names import API_VERSION, GROUP
from syncpause.api.resources import POLICY_KINDS, Resource, SchoolSync
from syncpause.cli.manifests import Manifest

_FORMS = {
    "name": (
        re.compile(rf"(?=.{{1,253}}$){DNS_LABEL}(\.{DNS_LABEL})*"),
        "write lower-case letters, digits, '-' and '.', at most 253, a letter or digit at both ends",
    ),
    "namespace": (
        re.compile(rf"(?=.{{0,63}}$)({DNS_LABEL})?"),
        "write lower-case letters, digits and '-', at most 63, a letter or digit at both ends",
    ),
}
"""RFC 1123 subdomain and label, the API server's rules for names and namespaces."""


def is_ours(manifest: Manifest) -> bool:
    """Whether the object is of the group syncpause.dev, in any version."""
    return str(manifest.body.get("apiVersion", "")).split("/")[0] == GROUP


def check(manifest: Manifest) -> list[Fault]:
    """The mistakes that the API server would refuse in an object of our group."""
    kind, fault = _kind_of(manifest.body)
    if kind is None:
        return [fault]
    return [*_check_metadata(manifest.body.get("metadata"), kind), *check_fields(manifest.body, kind)]


def _kind_of(body: dict[str, Any]) -> tuple[type[Resource] | None, Fault]:
    kinds = {kind.KIND: kind for kind in POLICY_KINDS}
    fault = Fault((), "")
    if body.get("kind") == SchoolSync.KIND:
        fault = Fault(("kind",), "only the operator writes SchoolSyncs: remove it")
    elif body.get("kind") not in list(kinds):  # any value may stand there, also one without a hash
        fault = Fault(("kind",), f'"{body.get("kind")}": write {" or ".join(kinds)}')
    elif body.get("apiVersion") != API_VERSION:
        fault = Fault(("apiVersion",), f'"{body.get("apiVersion")}": write {API_VERSION}')
    return (None if fault.sentence else kinds[body["kind"]]), fault


def _check_metadata(metadata: Any, kind: type[Resource]) -> list[Fault]:
    if not isinstance(metadata, dict):
        sentence = (
            "required: add it, with a name" if metadata is None else "not a mapping: write a name below it"
        )
        return [Fault(("metadata",), sentence)]
    found = [
        Fault(("metadata", field), f'"{metadata[field]}": {sentence}')
        for field, (form, sentence) in _FORMS.items()
        if isinstance(metadata.get(field), str) and not form.fullmatch(metadata[field])
    ]
    if metadata.get("name") is None and metadata.get("generateName") is None:
        found.append(Fault(("metadata", "name"), "required: add it"))
    if metadata.get("namespace") and not kind.NAMESPACED:
        found.append(Fault(("metadata", "namespace"), f"a {kind.KIND} has none: remove it"))
    return found


def check_fields(body: Mapping[str, Any], kind: type[Resource]) -> list[Fault]:
    """The mistakes that the models find in an object of a kind, except in its metadata."""
    metadata = body.get("metadata")
    named = {"name": "unnamed", **metadata} if isinstance(metadata, dict) else {"name": "unnamed"}
    try:
        kind.parse({**body, "metadata": named, "status": {}})
    except ValidationError as error:
        return faults(error)
    return []
