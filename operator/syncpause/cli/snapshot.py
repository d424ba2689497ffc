"""The cluster as one command sees it, read with the rights of the person who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from syncpause.api.names import SCHOOL_LABEL
from syncpause.api.resources import ClusterSyncPausePolicy, SchoolSync, SyncPausePolicy
from syncpause.cli.failure import about_login, missing_right, unknown
from syncpause.cli.options import Where
from syncpause.cli.output import warn
from syncpause.controller.cache.policy_objects import read_namespace, read_policy, ref_of
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.school import School
from syncpause.domain.workload import Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.errors import Forbidden, NotFound
from syncpause.kube.policies import Policies
from syncpause.kube.schools import SchoolSyncs
from syncpause.kube.workloads import Workloads

T = TypeVar("T")
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Policies (compiled, and as objects), workloads and SchoolSyncs of one namespace or of all.

    ``missing`` says in sentences what could not be read for want of a right: an answer is then incomplete.
    """

    policy_set: PolicySet = field(default_factory=PolicySet)
    policies: Mapping[PolicyRef, Object] = field(default_factory=dict)
    workloads: tuple[Workload, ...] = ()
    schools: Mapping[School, SchoolSync] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    _members: Mapping[School, list[Workload]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        members: dict[School, list[Workload]] = {}
        for item in self.workloads:
            members.setdefault(School(item.namespace, item.school), []).append(item)
        object.__setattr__(self, "_members", members)

    def of_school(self, school: School) -> list[Workload]:
        """A school's workloads."""
        return self._members.get(school, [])

    def find_schools(self, name: str, where: Where) -> list[School]:
        """The schools of that name, or all; sorted. Raises Failure where there is none of that name."""
        known = sorted(school for school in {*self._members, *self.schools} if school.name)
        found = [school for school in known if name in ("", school.name)]
        if name and not found:
            raise unknown("school", name, (school.name for school in known), where.words)
        return found


class Reader:
    """Reads what a person may read, and notes what they may not. Methods raise ApiError but for Forbidden."""

    def __init__(self, client: Client, namespace: str = "") -> None:
        self._policies = Policies(client)
        self._workloads = Workloads(client)
        self._schools = SchoolSyncs(client)
        self._namespace = namespace
        self._missing: list[str] = []
        self._objects: dict[PolicyRef, Object] = {}

    async def snapshot(self) -> Snapshot:
        """Policies and workloads. What is in a namespace must be readable (raises Forbidden); what is the
        whole cluster's need not be, and is noted as missing."""
        policy_set = await self.policy_set()
        workloads = await self._list_workloads()
        return Snapshot(policy_set, self._objects, tuple(workloads), missing=tuple(self._missing))

    async def dashboard(self) -> Snapshot:
        """SchoolSyncs and workloads, without what they follow from. Either may be missing, and is noted."""
        schools: dict[School, SchoolSync] = {}
        try:
            schools = await self.schools()
        except (Forbidden, NotFound) as error:
            if about_login(error):
                raise
            self._missing.append(f"{_why(error)}: schools are told by their workloads alone")
        workloads = await self._allowed(self._list_workloads(), "workloads are left out")
        return Snapshot(workloads=tuple(workloads), schools=schools, missing=tuple(self._missing))

    async def _list_workloads(self) -> list[Workload]:
        return [item for kind in Kind for item in await self._workloads.list_schools(kind, self._namespace)]

    async def policy_set(self) -> PolicySet:
        """The policies and namespaces."""
        policies = await self._policies.list(SyncPausePolicy.KIND, self._namespace)
        policies += await self._allowed(
            self._policies.list(ClusterSyncPausePolicy.KIND), "what cluster policies say is left out"
        )
        self._objects = {ref_of(item): item for item in policies}
        namespaces = [read_namespace(item) for item in await self._read_namespaces()]
        return PolicySet(
            {seen.ref: seen.policy for seen in map(read_policy, policies)},
            {namespace.name: namespace for namespace in namespaces},
        )

    async def schools(self) -> dict[School, SchoolSync]:
        """The SchoolSyncs."""
        parsed = [SchoolSync.parse(item) for item in await self._schools.list(self._namespace)]
        return {
            School(item.metadata.namespace or "", item.status.school or item.metadata.name): item
            for item in parsed
        }

    async def _read_namespaces(self) -> Sequence[Object]:
        if not self._namespace:
            return await self._policies.namespaces()
        unread = {"metadata": {"name": self._namespace}}
        found = await self._allowed(
            self._one_namespace(), "the labels and time zone that cluster policies go by are taken for none"
        )
        return found or [unread]

    async def _one_namespace(self) -> list[dict[str, Any]]:
        return [await self._policies.namespace(self._namespace)]

    async def _allowed(self, request: Awaitable[list[T]], otherwise: str) -> list[T]:
        try:
            return await request
        except Forbidden as error:
            if about_login(error):
                raise
            self._missing.append(f"{missing_right(error)}: {otherwise}")
            return []


def take(where: Where, read: Callable[[Reader], Awaitable[Snapshot]] = Reader.snapshot) -> Snapshot:
    """Read the cluster, and warn of what could not be read. Raises Failure."""
    snapshot = where.run(lambda client: read(Reader(client, where.namespace)))
    for sentence in snapshot.missing:
        warn(sentence)
    return snapshot


def no_school(where: Where) -> str:
    """What is said where nothing carries the label."""
    return f"There is no school {where.words}: no workload carries the label {SCHOOL_LABEL}."


def applied(
    policy_set: PolicySet, policies: Sequence[Object], namespaces: Sequence[Object] = ()
) -> PolicySet:
    """The policy set as if these objects had been applied: each replaces the one of its name."""
    read = [read_policy(item).policy for item in policies]
    return replace(
        policy_set,
        policies={**policy_set.policies, **{policy.ref: policy for policy in read}},
        namespaces={**policy_set.namespaces, **{item.name: item for item in map(read_namespace, namespaces)}},
    )


def deleted(policy_set: PolicySet, policies: Sequence[Object]) -> PolicySet:
    """The policy set as if these policies had been deleted."""
    gone = {ref_of(item) for item in policies}
    return policy_set.with_policies(policy for ref, policy in policy_set.policies.items() if ref not in gone)


def _why(error: Forbidden | NotFound) -> str:
    return missing_right(error) if isinstance(error, Forbidden) else "there is no kind SchoolSync here"
