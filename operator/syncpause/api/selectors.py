"""Label selectors, with Kubernetes' rules checked when they are written, not when they are used.

A selector that can't be evaluated would hold every workload in reach of its policy, so it never gets in.
Source of the rules: Kubernetes, `k8s.io/apimachinery/pkg/apis/meta/v1/validation`, `ValidateLabelSelector`.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from syncpause.api.base import SpecModel, without_nulls
from syncpause.api.labels import (
    KEY_FORM,
    LabelKey,
    SelectorValue,
    cel_label_key,
    check_label_key,
)
from syncpause.api.rules import ATOMIC, Rule, Rules, as_extension

MAX_LABELS = 16
MAX_EXPRESSIONS = 8
MAX_VALUES = 50
"""Bounds that keep the CEL rules within the API server's cost budget, also 64 times over in exemptions."""

VALUES_NEEDED = "operators In and NotIn need at least one value: add values"
NO_VALUES = "operators Exists and DoesNotExist compare the key alone: remove values"


class Operator(StrEnum):
    """How an expression compares a label."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"

    @property
    def takes_values(self) -> bool:
        return self in (Operator.IN, Operator.NOT_IN)


class LabelSelectorRequirement(SpecModel):
    """One condition on a label."""

    key: LabelKey
    """The label's key, such as `example.com/tier`."""
    operator: Operator
    """`In` or `NotIn` (the label's value is, or is not, among `values`), `Exists` or `DoesNotExist`."""
    values: Annotated[tuple[SelectorValue, ...], Field(max_length=MAX_VALUES), ATOMIC] = Field(
        default=(), validate_default=True
    )
    """The values to compare with. Required for `In` and `NotIn`, not allowed for the other two."""

    model_config = ConfigDict(
        json_schema_extra=as_extension(
            [
                Rule(
                    "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
                    VALUES_NEEDED,
                    path=".values",
                ),
                Rule(
                    "self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
                    NO_VALUES,
                    path=".values",
                ),
            ]
        )
    )

    @field_validator("values")
    @classmethod
    def _values_fit_the_operator(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        operator: Operator | None = info.data.get("operator")
        if operator is not None and operator.takes_values and not values:
            raise ValueError(VALUES_NEEDED)
        if operator is not None and not operator.takes_values and values:
            raise ValueError(NO_VALUES)
        return values


def _check_keys(labels: dict[str, Any]) -> dict[str, Any]:
    for key in labels:
        check_label_key(key)
    return labels


MatchLabels = Annotated[
    dict[str, SelectorValue],
    Field(max_length=MAX_LABELS),
    BeforeValidator(without_nulls),
    AfterValidator(_check_keys),
    Rules(Rule(f"self.all(key, {cel_label_key('key')})", KEY_FORM)),
]


class LabelSelector(SpecModel):
    """Chooses objects by their labels; everything given must be true. `{}` chooses every object."""

    match_labels: MatchLabels = Field(default_factory=dict)
    """Labels and the values they must have, such as `tier: sync`."""
    match_expressions: Annotated[
        tuple[LabelSelectorRequirement, ...], Field(max_length=MAX_EXPRESSIONS), ATOMIC
    ] = ()
    """Conditions that `matchLabels` can't express, such as `{key: tier, operator: NotIn, values: [test]}`."""

    @property
    def chooses_everything(self) -> bool:
        return not self.match_labels and not self.match_expressions
