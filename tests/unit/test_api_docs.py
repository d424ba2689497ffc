"""The pages of the kinds in `docs/reference`: the examples are valid, and no field or refusal is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncpause.api.crd import definition
from syncpause.api.resources import KINDS, POLICY_KINDS, ClusterSyncPausePolicy, Resource, SyncPausePolicy

DOCS = Path(__file__).parents[2] / "docs" / "reference"
EXPLAINED_BY_EXAMPLE = "lastDay is before firstDay", "until is before from"


def page(kind: type[Resource]) -> str:
    return (DOCS / f"{kind.KIND.lower()}.md").read_text(encoding="utf-8")


def sentences(node: Any) -> set[str]:
    """Every sentence of refusal in a schema."""
    if isinstance(node, list):
        return {sentence for entry in node for sentence in sentences(entry)}
    if not isinstance(node, dict):
        return set()
    here = {rule["message"] for rule in node.get("x-kubernetes-validations", [])}
    return here.union(*(sentences(entry) for entry in node.values()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_are_accepted(kind: type[Resource]) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", page(kind), re.DOTALL)
    assert examples
    for example in examples:
        # kubectl, unlike a YAML 1.1 parser, takes a bare date for a string.
        kind.parse(yaml.load(example, Loader=yaml.BaseLoader))


@pytest.mark.parametrize("kind", POLICY_KINDS)
def test_every_field_of_the_spec_has_its_heading(kind: type[Resource]) -> None:
    pages = page(SyncPausePolicy) + page(kind)
    spec = kind.model_fields["spec"].annotation
    assert spec is not None
    for field in spec.model_fields.values():
        assert f"\n### {field.alias}\n" in pages


def test_every_sentence_of_refusal_is_on_a_page() -> None:
    pages = " ".join((page(SyncPausePolicy) + page(ClusterSyncPausePolicy)).split())
    missing = [
        sentence
        for kind in KINDS
        for sentence in sentences(definition(kind))
        if sentence not in pages and not sentence.startswith(EXPLAINED_BY_EXAMPLE)
    ]
    assert missing == []
