"""Sequences of what people and tools do around a window's edges, against the caches and the decision alone.

The oracle knows one thing: on which days the owner wants the school to be paused. It shares no code with the
operator.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from builders import patched, sync
from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.cache.policy_objects import read_namespace
from syncpause.domain.change.plan import Change, plan
from syncpause.domain.change.restore import PAUSED, current
from syncpause.domain.decision.edges import decide_with_care, pause_ended
from syncpause.domain.workload import Workload
from syncpause.kube.errors import ConnectionLost

Body = dict[str, Any]
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
WITHIN, AFTER = 0.0, float("inf")
"""When a read begins that ends no grace, and one that ends every grace."""
FIRST, LAST = date(2027, 6, 15), date(2027, 8, 9)
ZONE = "UTC"


@dataclass
class School:
    """What the API server has, what the owner wants, and an operator that sees the one and not the other."""

    chance: random.Random
    now: datetime = datetime(2027, 6, 1, tzinfo=UTC)
    first: date = FIRST
    last: date = LAST
    cluster: bool = False
    policies: dict[str, Body] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=lambda: {"tier": "a"})
    zone: str | None = ZONE
    version: int = 0
    readable: bool = True
    blank: bool = False
    """Whether the operator started while something was missing: it cannot know what it never saw."""
    workload: Workload = field(default_factory=lambda: sync(deadline=600))
    said: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    cache: PolicyCache = field(init=False)

    def __post_init__(self) -> None:
        self.restart()
        self.apply("summer")
        self.look(AFTER)

    def body(self, name: str, **spec: Any) -> Body:
        """The policy that the owner wants, with some fields changed."""
        self.version += 1
        window = {"name": "w", "firstDay": self.first.isoformat(), "lastDay": self.last.isoformat()}
        whole: Body = {"timeZone": ZONE, "windows": [window], **spec}
        metadata: Body = {"name": name, "resourceVersion": str(self.version)}
        if self.cluster:
            whole["namespaceSelector"] = {"matchLabels": {"tier": "a"}}
        else:
            metadata["namespace"] = "d9"
        return {"metadata": metadata, "spec": whole}

    def apply(self, name: str, **spec: Any) -> None:
        """Apply the policy; most often the watch brings it before the next list."""
        body = self.policies[name] = self.body(name, **spec)
        if self.readable and self.chance.random() < 0.7:
            self.cache.policy_event("MODIFIED", body)

    def namespace(self, **changes: Any) -> None:
        """Change the Namespace."""
        for name, value in changes.items():
            setattr(self, name, value)
        if self.chance.random() < 0.7:
            self.cache.namespace_event("MODIFIED", self._namespace())

    def _namespace(self) -> Body:
        annotations = {} if self.zone is None else {"syncpause.dev/time-zone": self.zone}
        return {"metadata": {"name": "d9", "labels": self.labels, "annotations": annotations}}

    def restart(self) -> None:
        """A new process, which knows nothing."""
        self.cache = PolicyCache(
            None,  # type: ignore[arg-type]
            [""],
            lambda: self.now,
            lambda _: None,
            interval=1800.0,
            grace=30.0,
        )

    def look(self, began: float = WITHIN) -> None:
        """The operator reads, decides and writes; then what the owner wants is compared."""
        self.cache.begin()
        if self.readable:
            bodies, namespace = list(self.policies.values()), read_namespace(self._namespace())
            self.cache.listed(bodies, [namespace], SINCE, began)
        else:
            self.cache.failed(ConnectionLost("it does not answer"))
        policy_set = self.cache.policy_set
        for _ in range(2):
            decision = decide_with_care(policy_set, self.workload, self.now)
            ended = pause_ended(policy_set, self.workload, self.now)
            self.workload = patched(self.workload, plan(self.workload, decision, self.now, ended=ended))
        self._check()

    def wants_pause(self) -> bool:
        """The oracle: the days of the window, in a zone whose days are those of UTC."""
        opens = datetime.combine(self.first, time(), UTC)
        return opens <= self.now < datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    def _check(self) -> None:
        if not self.wants_pause():
            self.was_paused = False
            return
        if not self.blank and not self.workload.stopped:
            self.violations.append(f"runs at {self.now} in the window, after {self.said}")
        if self.was_paused and not self.workload.stopped:
            self.violations.append(f"resumed at {self.now} in the window, after {self.said}")
        self.was_paused = self.workload.stopped

    was_paused: bool = False

    def settle(self) -> None:
        """Nothing is missing, and every grace is over: what the owner wants is so, field for field."""
        self.blank = False
        self.look(AFTER)
        self.look(AFTER)
        wanted = {"suspend": False, "startingDeadlineSeconds": 600}
        paused = PAUSED[self.workload.kind]
        if current(self.workload) != (paused if self.wants_pause() else wanted):
            self.violations.append(f"{current(self.workload)} at {self.now}, after {self.said}")
        if not self.wants_pause() and self.workload.marked:
            self.violations.append(f"marks are left at {self.now}, after {self.said}")


EVERYWHERE = ("delete", "rename", "invalid", "unreadable", "drift")
OF_NAMESPACES: dict[str, Body] = {
    "label off": {"labels": {}},
    "label changed": {"labels": {"tier": "b"}},
    "zone off": {"zone": None},
    "zone unknown": {"zone": "Mars/Olympus"},
    "zone huge": {"zone": "x" * 40_000},
}


def disturb(school: School) -> Callable[[], None]:
    """Something that a tool does on the way, or a mistake; returns what undoes it."""
    name = next(iter(school.policies))
    kind = school.chance.choice([*EVERYWHERE, *(OF_NAMESPACES if school.cluster else ())])
    school.said.append(kind)
    match kind:
        case "delete" | "rename":
            del school.policies[name]
        case "invalid":
            school.apply(name, timeZone="Mars/Olympus", windows=school.chance.choice([[], [{"name": "?"}]]))
        case "unreadable":
            school.readable = False
        case "drift":
            school.workload = patched(school.workload, _woken(school.workload))
        case _:
            school.namespace(**OF_NAMESPACES[kind])
    return lambda: _undo(school, kind, name)


def _undo(school: School, kind: str, name: str) -> None:
    school.said.append(f"undo {kind}")
    school.readable = True
    school.namespace(labels={"tier": "a"}, zone=ZONE)
    if not school.policies:
        school.apply("renamed" if kind == "rename" else name)
    elif kind == "invalid":
        school.apply(name)


def _woken(workload: Workload) -> Change | None:
    """Somebody sets it running."""
    decided = {"suspend": False, "startingDeadlineSeconds": 600}
    return Change(action=None, spec=decided) if workload.marked else None  # type: ignore[arg-type]


def play(seed: int, steps: int = 6) -> list[str]:
    """One sequence; returns what was wrong."""
    chance = random.Random(seed)
    school = School(chance, cluster=chance.random() < 0.5)
    for _ in range(steps):
        edge = datetime.combine(chance.choice([school.first, school.last + timedelta(days=1)]), time(), UTC)
        middle = datetime.combine(school.first, time(12), UTC) + timedelta(days=1)
        school.now = max(school.now, chance.choice([edge, edge, middle]) - timedelta(seconds=10))
        school.settle()
        undo = disturb(school)
        for _ in range(chance.randrange(4)):
            if chance.random() < 0.2:
                school.said.append("restart")
                school.restart()
                school.blank = True
            school.now += timedelta(seconds=chance.randrange(8))
            school.look(WITHIN)
        undo()
        school.look(WITHIN)
        school.settle()
        if chance.random() < 0.3:  # a wish
            school.said.append("edit")
            school.last += timedelta(days=chance.randrange(-5, 6))
            school.apply(next(iter(school.policies)))
            school.settle()
    school.now = max(school.now, datetime.combine(school.last, time(), UTC) + timedelta(days=2))
    school.settle()
    return school.violations
