"""Label selectors, as Kubernetes evaluates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncpause.api.selectors import LabelSelector


@dataclass(frozen=True, slots=True)
class Requirement:
    """One ANDed condition on a label."""

    key: str
    operator: str
    values: frozenset[str]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels satisfy it; NotIn also holds where the label is absent."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class Selector:
    """A LabelSelector made ready to match; an empty one matches everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def of(cls, selector: LabelSelector | None) -> Selector:
        """Compile the API's form."""
        if selector is None:
            return cls()
        equal = [Requirement(key, "In", frozenset({value})) for key, value in selector.match_labels.items()]
        other = [
            Requirement(item.key, str(item.operator), frozenset(item.values or ()))
            for item in selector.match_expressions
        ]
        return cls((*equal, *other))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether every requirement holds."""
        return all(requirement.matches(labels) for requirement in self.requirements)


EVERYTHING = Selector()
