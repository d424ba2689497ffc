"""What every model of the API shares: camelCase outside, snake_case inside, frozen, fields documented."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

WIRE = "wire"
"""Validation context: the object came as JSON from the API server, where null is not "left out"."""

NULL_GIVEN = "null is not a value: leave the field out"


class ApiModel(BaseModel):
    """A frozen value of the API; the docstring below each field is what `kubectl explain` prints."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        extra="ignore",
    )

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Reads what the API server sent: camelCase only. Raises pydantic's ValidationError."""
        return cls.model_validate(value, by_alias=True, by_name=False, context={WIRE: True})

    def to_json(self) -> dict[str, Any]:
        """The value as JSON for the API server: camelCase, nothing that is absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class SpecModel(ApiModel):
    """A value that a person writes: unknown fields are refused, as by the API server under strict validation.

    An explicit null is treated as the API server treats it: a field with a default in the schema takes the
    default, any other is refused. Python callers may pass None for "left out".
    Source: Kubernetes, CustomResourceDefinitions, "Defaulting and Nullable".
    """

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_not_absent(cls, value: object, info: ValidationInfo) -> object:
        if value is not None or not (info.context or {}).get(WIRE):
            return value
        field = cls.model_fields[info.field_name or ""]
        if isinstance(field.default, str):
            return field.default
        raise ValueError(NULL_GIVEN)
