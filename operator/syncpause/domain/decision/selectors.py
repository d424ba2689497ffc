"""Label selectors, as Kubernetes evaluates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncpause.api.selectors import LabelSelector


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of a selector. ``operator`` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: frozenset[str]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it. NotIn also matches labels without the key."""
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
    """A compiled LabelSelector. It matches if all requirements do, and everything if it has none."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def of(cls, selector: LabelSelector | None) -> Selector:
        """Compile a LabelSelector of the API; None matches everything."""
        if selector is None:
            return cls()
        equal = [Requirement(key, "In", frozenset({value})) for key, value in selector.match_labels.items()]
        other = [
            Requirement(item.key, str(item.operator), frozenset(item.values or ()))
            for item in selector.match_expressions
        ]
        return cls((*equal, *other))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)


EVERYTHING = Selector()
