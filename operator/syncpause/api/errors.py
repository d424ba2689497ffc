"""Turns pydantic's errors into the sentences that the API server would have answered with."""

from typing import Any, NamedTuple

from pydantic import ValidationError

_LONGEST_QUOTE = 64


Location = tuple[int | str, ...]


class Fault(NamedTuple):
    """One thing that is wrong: where it is, as keys and indices, and the sentence with the fix."""

    location: Location
    sentence: str

    def __str__(self) -> str:
        return f"{field_path(self.location)}: {self.sentence}"


def faults(error: ValidationError) -> list[Fault]:
    """Every fault of an object."""
    return [Fault(fault["loc"], f"{_quote(fault)}{_sentence(fault)}") for fault in error.errors()]


def explain_errors(error: ValidationError) -> str:
    """One clause per fault, joined by "; ", each with the field's path and the fix, such as
    `spec.windows[0].lastDay: 2027-06-01 is before firstDay 2027-06-12: put the later day last`."""
    return "; ".join(map(str, faults(error)))


def field_path(loc: Location) -> str:
    """("spec", "windows", 0, "lastDay") as `spec.windows[0].lastDay`."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def _quote(fault: Any) -> str:
    """The value at fault, where it helps to see it and the sentence doesn't show it."""
    value = fault["input"]
    if not isinstance(value, str) or len(value) > _LONGEST_QUOTE or value in _sentence(fault):
        return ""
    return f'"{value}": ' if fault["type"] != "extra_forbidden" else ""


def _sentence(fault: Any) -> str:
    context: dict[str, Any] = fault.get("ctx", {})
    match fault["type"]:
        case "value_error":
            return str(context["error"])
        case "missing":
            return "required: add it"
        case "extra_forbidden":
            return "unknown field: correct its spelling or remove it"
        case "enum" | "literal_error":
            return f"write {context['expected']}"
        case "too_long" | "string_too_long":
            things = "characters" if fault["type"] == "string_too_long" else "entries"
            return f"too long: keep to {context['max_length']} {things}"
        case kind:
            return _TYPE_SENTENCES.get(kind, str(fault["msg"]))


_TYPE_SENTENCES = {
    "string_type": "not a string: put it in quotes",
    "tuple_type": "not a list: write it as one, such as [a, b]",
    "dict_type": "not a mapping: write it as one, such as {a: b}",
    "model_type": "not a mapping: write its fields below it",
}
