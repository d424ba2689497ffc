"""What a row of the table is, and the pieces that rows are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncpause.api.names import API_VERSION
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy

Json = dict[str, Any]
Kind = type[SyncPausePolicy] | type[ClusterSyncPausePolicy]

NAMESPACED: tuple[Kind, ...] = (SyncPausePolicy,)
CLUSTER: tuple[Kind, ...] = (ClusterSyncPausePolicy,)
BOTH: tuple[Kind, ...] = NAMESPACED + CLUSTER


@dataclass(frozen=True)
class Good:
    """A spec that both sides accept."""

    name: str
    spec: Json
    kinds: tuple[Kind, ...] = BOTH


@dataclass(frozen=True)
class Bad:
    """A spec that both sides refuse, at the same field.

    `sentence` is part of the API server's answer; `ours` is part of the models', where that is another one.
    `server_path` is the field as the API server writes it, where it is not the same as the models'.
    """

    name: str
    spec: Json
    path: str
    sentence: str
    ours: str | None = None
    server_path: str | None = None
    kinds: tuple[Kind, ...] = BOTH


def spec(**changes: Any) -> Json:
    """A spec that is good, with some fields changed."""
    return {"timeZone": "America/Chicago", "windows": [window()], **changes}


def spec_without(field: str) -> Json:
    return {key: value for key, value in spec().items() if key != field}


def window(first: Any = "2027-06-12", last: Any = "2027-08-14", name: Any = "summer", **more: Any) -> Json:
    return {"name": name, "firstDay": first, "lastDay": last, **more}


def exemption(**changes: Any) -> Json:
    return {"name": "rosters", "applications": ["rosters"], "reason": "summer school, ticket 4711", **changes}


def exemption_without(field: str) -> Json:
    return {key: value for key, value in exemption().items() if key != field}


def selecting(*expressions: Json, **labels: Any) -> Json:
    return {"matchExpressions": list(expressions), "matchLabels": labels}


def manifest(kind: Kind, spec: Any, name: str = "table") -> Json:
    """The whole object, as for `kubectl apply -f`."""
    metadata = {"name": name, "namespace": "default"} if kind.NAMESPACED else {"name": name}
    return {"apiVersion": API_VERSION, "kind": kind.KIND, "metadata": metadata, "spec": spec}


def cases(rows: list[Any]) -> list[tuple[Any, Kind]]:
    """Every row with every kind that it is for."""
    return [(row, kind) for row in rows for kind in row.kinds]


def case_id(value: object) -> str:
    """The name of a row or the short name of a kind, for pytest's test ids."""
    return getattr(value, "SHORT", None) or getattr(value, "name", str(value)).replace(" ", "-")


def as_large_as_can_be() -> Json:
    """A spec of 1.4 MB, the most that etcd takes, with nearly every list and string at its bound.

    It has to fit the API server's CEL cost budget.
    """
    names = [f"{number:063}" for number in range(500)]
    expression = {"key": f"{'a' * 253}/{'b' * 63}", "operator": "In", "values": names[:50]}
    selector = selecting(expression, **{f"{'a' * 253}/{number:063}": names[0] for number in range(16)})
    exempt = exemption(schools=names[:100], applications=names[:100], selector=selector, reason="x" * 256)
    return spec(
        schools=names,
        selector=selector,
        windows=[window(name=name) for name in names[:32]],
        exemptions=[{**exempt, "name": name} for name in names[:64]],
    )
