"""What one command reads from the cluster, with the rights of its user."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from syncpause.api.errors import explain_errors
from syncpause.api.names import SCHOOL_LABEL
from syncpause.api.resources import ClusterSyncPausePolicy, SchoolSync, SyncPausePolicy
from syncpause.cli.failure import Failure, about_login, incomplete, missing_right, unknown
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

    ``missing`` has a sentence for each part that could not be read, with its cause and effect. ``hidden`` has
    the same where workloads are among them, so that a school may exist which is not found.
    """

    policy_set: PolicySet = field(default_factory=PolicySet)
    policies: Mapping[PolicyRef, Object] = field(default_factory=dict)
    workloads: tuple[Workload, ...] = ()
    schools: Mapping[School, SchoolSync] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    _members: Mapping[School, list[Workload]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        members: dict[School, list[Workload]] = {}
        for item in self.workloads:
            members.setdefault(School(item.namespace, item.school), []).append(item)
        object.__setattr__(self, "_members", members)

    def of_school(self, school: School) -> list[Workload]:
        """The workloads of a school."""
        return self._members.get(school, [])

    def warn(self) -> None:
        """Print a warning for each missing part."""
        for sentence in self.missing:
            warn(sentence)

    def find_schools(self, name: str, where: Where) -> list[School]:
        """The schools of that name, or all; sorted.

        Raises Failure where there is none of that name, and where none is found but workloads are hidden.
        """
        known = sorted(school for school in {*self._members, *self.schools} if school.name)
        found = [school for school in known if name in ("", school.name)]
        if not found and self.hidden:
            raise incomplete(
                f"school {name} {where.words}" if name else f"schools {where.words}", self.hidden
            )
        if name and not found:
            raise unknown("school", name, (school.name for school in known), where.words)
        return found


class Reader:
    """Reads what the user may read, and notes the rest as missing. Methods raise ApiError and Failure."""

    def __init__(self, client: Client, namespace: str = "") -> None:
        self._policies = Policies(client)
        self._workloads = Workloads(client)
        self._schools = SchoolSyncs(client)
        self._namespace = namespace
        self._missing: list[str] = []
        self._objects: dict[PolicyRef, Object] = {}

    async def snapshot(self) -> Snapshot:
        """Policies and workloads.

        Raises Forbidden where objects of a namespace may not be read; cluster-wide ones are noted as missing.
        """
        policy_set = await self.policy_set()
        workloads = [item for kind in Kind for item in await self._list_workloads(kind)]
        return Snapshot(policy_set, self._objects, tuple(workloads), missing=tuple(self._missing))

    async def dashboard(self) -> Snapshot:
        """SchoolSyncs and workloads, without policies. Each kind may be missing, and is noted then.

        Raises Failure where nothing is found because the namespace does not exist.
        """
        schools: dict[School, SchoolSync] = {}
        try:
            schools = await self.schools()
        except (Forbidden, NotFound) as error:
            if about_login(error):
                raise
            self._missing.append(f"{_why(error)}: only workloads are shown, without the operator's status")
        workloads: list[Workload] = []
        before = len(self._missing)
        for kind in Kind:
            workloads += await self._allowed(self._list_workloads(kind), f"{kind}s are not shown")
        hidden = tuple(self._missing) if len(self._missing) > before else ()
        if not schools and not workloads and not hidden:
            await self._check_namespace()
        return Snapshot(
            workloads=tuple(workloads), schools=schools, missing=tuple(self._missing), hidden=hidden
        )

    async def _list_workloads(self, kind: Kind) -> list[Workload]:
        return await self._workloads.list_schools(kind, self._namespace)

    async def _check_namespace(self) -> None:
        if self._namespace:
            await self._allowed(self._one_namespace(), f"namespace {self._namespace} may not exist")

    async def policy_set(self) -> PolicySet:
        """The policies and namespaces."""
        policies = await self._policies.list(SyncPausePolicy.KIND, self._namespace)
        policies += await self._allowed(
            self._policies.list(ClusterSyncPausePolicy.KIND), "cluster policies are not considered"
        )
        self._objects = {ref_of(item): item for item in policies}
        namespaces = [read_namespace(item) for item in await self._read_namespaces()]
        return PolicySet(
            {seen.ref: seen.policy for seen in map(read_policy, policies)},
            {namespace.name: namespace for namespace in namespaces},
        )

    async def schools(self) -> dict[School, SchoolSync]:
        """The SchoolSyncs."""
        parsed = [_parsed(item) for item in await self._schools.list(self._namespace)]
        return {
            School(item.metadata.namespace or "", item.status.school or item.metadata.name): item
            for item in parsed
        }

    async def _read_namespaces(self) -> Sequence[Object]:
        if not self._namespace:
            return await self._policies.namespaces()
        unread = {"metadata": {"name": self._namespace}}
        found = await self._allowed(
            self._one_namespace(), "its labels and time zone, which cluster policies use, are not considered"
        )
        return found or [unread]

    async def _one_namespace(self) -> list[dict[str, Any]]:
        try:
            return [await self._policies.namespace(self._namespace)]
        except NotFound:
            raise Failure(f"there is no namespace {self._namespace}: name another one with -n") from None

    async def _allowed(self, request: Awaitable[list[T]], otherwise: str) -> list[T]:
        try:
            return await request
        except Forbidden as error:
            if about_login(error):
                raise
            self._missing.append(f"{missing_right(error)}: {otherwise}")
            return []


def take(where: Where) -> Snapshot:
    """Read policies and workloads, and print a warning for each missing part. Raises Failure."""
    snapshot = where.run(lambda client: Reader(client, where.namespace).snapshot())
    snapshot.warn()
    return snapshot


def no_school(where: Where) -> str:
    """The sentence where no workload has the label."""
    return f"There is no school {where.words}: no CronJob or Deployment has the label {SCHOOL_LABEL}."


def applied(
    policy_set: PolicySet, policies: Sequence[Object], namespaces: Sequence[Object] = ()
) -> PolicySet:
    """The policy set after these objects are applied: each replaces the one of its name."""
    read = [read_policy(item).policy for item in policies]
    return replace(
        policy_set,
        policies={**policy_set.policies, **{policy.ref: policy for policy in read}},
        namespaces={**policy_set.namespaces, **{item.name: item for item in map(read_namespace, namespaces)}},
    )


def deleted(policy_set: PolicySet, policies: Sequence[Object]) -> PolicySet:
    """The policy set after these policies are deleted."""
    gone = {ref_of(item) for item in policies}
    return policy_set.with_policies(policy for ref, policy in policy_set.policies.items() if ref not in gone)


def _parsed(item: dict[str, Any]) -> SchoolSync:
    try:
        return SchoolSync.parse(item)
    except ValidationError as error:
        name = item.get("metadata", {}).get("name", "?")
        raise Failure(
            f"SchoolSync {name} cannot be read: {explain_errors(error)};"
            " use the plugin of the operator's version"
        ) from None


def _why(error: Forbidden | NotFound) -> str:
    if isinstance(error, Forbidden):
        return missing_right(error)
    return "the cluster does not know the kind SchoolSync (kubectl apply -f crds/)"
