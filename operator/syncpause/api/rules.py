"""A CEL rule beside the equal Python check: one sentence, refused in two places."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

EXTENSION = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `x-kubernetes-validations`: an object is refused when `cel` is not true.

    The API server puts the path of the field in front of the sentence. `path` (such as ".lastDay") moves a
    rule about a whole object to the field that must be fixed. `expression` is a CEL string that names the
    values at fault; `message` stands in where it can't be evaluated.
    Source: Kubernetes, "Extend the Kubernetes API with CustomResourceDefinitions", validation rules.
    """

    cel: str
    message: str
    expression: str | None = None
    path: str | None = None

    def as_json(self) -> dict[str, str]:
        entry = {"rule": self.cel, "message": self.message}
        if self.expression is not None:
            entry["messageExpression"] = self.expression
        if self.path is not None:
            entry["fieldPath"] = self.path
        return entry


def as_extension(rules: Iterable[Rule]) -> dict[str, Any]:
    """The rules as a fragment of an OpenAPI schema, for `json_schema_extra` of a model."""
    return {EXTENSION: [rule.as_json() for rule in rules]}


class Rules:
    """Annotation of a type: these rules go into its schema, after those it carries already."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core)
        present: list[Any] = schema.get(EXTENSION, [])
        return {**schema, EXTENSION: present + as_extension(self.rules)[EXTENSION]}


class Extensions:
    """Annotation of a type: these `x-kubernetes-*` entries go into its schema."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self.entries = entries

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(core), **self.entries}


ATOMIC = Extensions({"x-kubernetes-list-type": "atomic"})
"""A list that is written as one: whoever applies it owns all of it."""


ONE_OWNER = Extensions({"x-kubernetes-map-type": "atomic"})
"""An object that is written as one. Its fields are not listed in `managedFields`, which for a status of many
lists would be as long as the status itself."""


def keyed_by(key: str) -> Extensions:
    """A list whose entries are merged by `key` under server-side apply, and are unique by it."""
    return Extensions({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]})


def same_name(what: str) -> str:
    """The sentence about two entries of a list of `what` ("windows") that share a name."""
    return f"two {what} have the same name: give each its own"


def unique_names(what: str) -> Rule:
    """No two entries of a list of `what` carry one name.

    A CEL expression that finds which name it is costs a hundred times the budget. For a list that is merged
    by name, the API server itself reports "Duplicate value".
    """
    return Rule("self.all(a, self.exists_one(b, b.name == a.name))", same_name(what))


def check_unique_names(what: str, names: list[str]) -> None:
    """The Python side of `unique_names`. Raises ValueError with the sentence."""
    if len(set(names)) < len(names):
        raise ValueError(same_name(what))
