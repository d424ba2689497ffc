"""The generated CRDs: the ones in `crds/` are these, and every field of theirs teaches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncpause.api.crd import crd_files, definition
from syncpause.api.resources import KINDS, POLICY_KINDS, Resource

CRDS = Path(__file__).parents[2] / "crds"
NOT_STRUCTURAL = {"$ref", "$defs", "anyOf", "allOf", "oneOf", "title", "const", "prefixItems"}


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field below a schema, with its path."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from fields(field, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from fields(schema["items"], f"{path}[]")


def whole(kind: type[Resource]) -> dict[str, Any]:
    schema: dict[str, Any] = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def test_the_files_in_crds_are_the_generated_ones() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in CRDS.glob("syncpause.dev_*.yaml")}
    assert on_disk == crd_files(), "run `make generate`"


def test_the_kustomization_installs_all_of_them() -> None:
    listed = yaml.safe_load((CRDS / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(listed) == sorted(crd_files())


def test_the_text_is_the_definition() -> None:
    assert [yaml.safe_load(text) for text in crd_files().values()] == [definition(kind) for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_description_of_one_sentence_or_more(kind: type[Resource]) -> None:
    silent = [
        path
        for path, field in fields(whole(kind))
        if path != ".metadata" and not field.get("description", "").endswith(".")
    ]
    assert silent == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_structural(kind: type[Resource]) -> None:
    for path, field in fields(whole(kind)):
        assert not NOT_STRUCTURAL & field.keys(), path
        assert "type" in field, path


@pytest.mark.parametrize("kind", POLICY_KINDS)
def test_every_list_and_string_of_the_spec_is_bounded(kind: type[Resource]) -> None:
    for path, field in fields(whole(kind)["properties"]["spec"]):
        bounded = field.keys() & {"maxItems", "maxLength", "enum", "maxProperties"}
        assert bounded or field["type"] == "object", path
        if field["type"] == "array":
            assert "x-kubernetes-list-type" in field, path


@pytest.mark.parametrize("kind", POLICY_KINDS)
def test_every_rule_has_a_sentence_with_the_fix_and_no_semicolon(kind: type[Resource]) -> None:
    rules = [rule for _, field in fields(whole(kind)) for rule in field.get("x-kubernetes-validations", [])]
    assert rules
    for rule in rules:
        assert ";" not in rule["message"], "explain_errors joins with it"
        assert any(
            word in rule["message"]
            for word in ("write", "use", "give", "add", "put", "correct", "say", "leave", "remove")
        )


@pytest.mark.parametrize("kind", POLICY_KINDS)
def test_only_choices_have_defaults(kind: type[Resource]) -> None:
    defaults = {path: field["default"] for path, field in fields(whole(kind)) if "default" in field}
    expected = {
        ".spec.missedRuns": "Skip",
        ".spec.activeJobs": "Finish",
        ".spec.resumeSpread": "0s",
        ".spec.mode": "Enforce",
    }
    cluster = {} if kind.NAMESPACED else {".spec.enforcement": "Default"}
    assert defaults == {**expected, **cluster}
