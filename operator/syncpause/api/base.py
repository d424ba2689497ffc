"""What every model of the API shares: camelCase outside, snake_case inside, frozen, fields documented."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


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
        return cls.model_validate(value, by_alias=True, by_name=False)

    def to_json(self) -> dict[str, Any]:
        """The value as JSON for the API server: camelCase, nothing that is absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class SpecModel(ApiModel):
    """A value that a person writes: unknown fields are refused, as by the API server under strict validation.

    A field of null counts as left out: the API server drops it before any validation (measured on
    1.37; no field of ours is `nullable`).
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, value: Any) -> Any:
        return without_nulls(value)


def without_nulls(value: Any) -> Any:
    """A mapping without what is null in it; anything else as it is, for pydantic to judge."""
    if not isinstance(value, dict):
        return value
    return {key: given for key, given in value.items() if given is not None}
