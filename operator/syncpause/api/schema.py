"""From a pydantic model to a structural OpenAPI v3 schema, as CustomResourceDefinitions want it.

Pydantic writes JSON Schema with references, unions with null, and titles; a structural schema has none of
these. Source of the form: Kubernetes, CustomResourceDefinitions, "Specifying a structural schema".
"""

from typing import Any

from pydantic import BaseModel

_FIRST_KEYS = ("description", "type", "format", "enum", "default")
_DROPPED = frozenset({"title", "$defs", "$ref", "anyOf"})

Schema = dict[str, Any]


def structural_schema(model: type[BaseModel]) -> Schema:
    """The schema of a model with every reference put in place."""
    root = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(root, root.get("$defs", {}))


def _convert(node: Schema, definitions: dict[str, Schema]) -> Schema:
    merged = _inline(node, definitions)
    converted: Schema = {}
    for key, value in merged.items():
        if key in _DROPPED or (key == "default" and not _is_default(value)):
            continue
        converted[key] = _convert_entry(key, value, definitions)
    if converted.get("additionalProperties") is False:
        del converted["additionalProperties"]
    if converted.get("type") == "integer":
        converted["format"] = "int64"
    return dict(sorted(converted.items(), key=_reading_order))


def _inline(node: Schema, definitions: dict[str, Schema]) -> Schema:
    """The node merged with what it refers to. The node's own entries win.

    An absent field is None in Python and is left out in JSON, so the null branch of a union goes.
    """
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        return {**_inline(definitions[name], definitions), **node}
    branches = [branch for branch in node.get("anyOf", []) if branch.get("type") != "null"]
    if len(branches) > 1:
        raise TypeError(f"a union has no structural schema: {node}")
    return {**_inline(branches[0], definitions), **node} if branches else node


def _convert_entry(key: str, value: Any, definitions: dict[str, Schema]) -> Any:
    match key:
        case "properties":
            return {name: _convert(node, definitions) for name, node in value.items()}
        case "items":
            return _convert(value, definitions)
        case "additionalProperties" if isinstance(value, dict):
            return _convert(value, definitions)
        case "description":
            return _paragraphs(value)
        case _:
            return value


def _is_default(value: Any) -> bool:
    """Only choices are filled in by the API server; an empty list or a zero would be noise in manifests."""
    return isinstance(value, str) and value != ""


def _paragraphs(text: str) -> str:
    """A docstring's lines joined; kubectl breaks them to the reader's terminal."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _reading_order(entry: tuple[str, Any]) -> tuple[int, str]:
    key = entry[0]
    return (_FIRST_KEYS.index(key) if key in _FIRST_KEYS else len(_FIRST_KEYS), key)
