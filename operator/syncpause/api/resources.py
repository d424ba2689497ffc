"""The kinds of the API as whole objects, as the API server sends them."""

from typing import Annotated, Any, ClassVar, Literal, Self

from syncpause.api.base import ApiModel
from syncpause.api.policy import ClusterPolicySpec, PolicySpec
from syncpause.api.rules import ONE_OWNER
from syncpause.api.school import SchoolStatus
from syncpause.api.status import PolicyStatus


class ObjectMeta(ApiModel):
    """The metadata that the operator reads. It ignores the rest."""

    name: str
    namespace: str | None = None
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None


class Resource(ApiModel):
    """What all kinds share."""

    KIND: ClassVar[str]
    PLURAL: ClassVar[str]
    SHORTS: ClassVar[tuple[str, ...]]
    NAMESPACED: ClassVar[bool]

    metadata: ObjectMeta

    @classmethod
    def parse(cls, obj: dict[str, Any]) -> Self:
        """Reads an object from the API server. Raises pydantic's ValidationError; see `explain_errors`."""
        return cls.from_json(obj)


class SyncPausePolicy(Resource):
    """Pauses the roster syncs of schools in its namespace from the first day of a window through its last."""

    KIND: ClassVar[str] = "SyncPausePolicy"
    PLURAL: ClassVar[str] = "syncpausepolicies"
    SHORTS: ClassVar[tuple[str, ...]] = ("spp",)
    NAMESPACED: ClassVar[bool] = True

    api_version: Literal["syncpause.dev/v1alpha1"] = "syncpause.dev/v1alpha1"
    kind: Literal["SyncPausePolicy"] = "SyncPausePolicy"
    spec: PolicySpec
    """Which schools are paused, when, and how."""
    status: PolicyStatus = PolicyStatus()
    """What the operator observes and does about this policy. The operator alone writes it."""


class ClusterSyncPausePolicy(Resource):
    """Pauses the roster syncs of schools in every namespace it selects: everybody's default dates, or an
    emergency freeze."""

    KIND: ClassVar[str] = "ClusterSyncPausePolicy"
    PLURAL: ClassVar[str] = "clustersyncpausepolicies"
    SHORTS: ClassVar[tuple[str, ...]] = ("cspp",)
    NAMESPACED: ClassVar[bool] = False

    api_version: Literal["syncpause.dev/v1alpha1"] = "syncpause.dev/v1alpha1"
    kind: Literal["ClusterSyncPausePolicy"] = "ClusterSyncPausePolicy"
    spec: ClusterPolicySpec
    """Which schools are paused, when, and how."""
    status: PolicyStatus = PolicyStatus()
    """What the operator observes and does about this policy. The operator alone writes it."""


class SchoolSync(Resource):
    """The status of one school: whether its roster syncs run or are paused, until when and why.

    The operator alone writes it, one for each school and namespace. To change what it reports, change
    policies.
    """

    KIND: ClassVar[str] = "SchoolSync"
    PLURAL: ClassVar[str] = "schoolsyncs"
    SHORTS: ClassVar[tuple[str, ...]] = ("school", "schools")
    NAMESPACED: ClassVar[bool] = True

    api_version: Literal["syncpause.dev/v1alpha1"] = "syncpause.dev/v1alpha1"
    kind: Literal["SchoolSync"] = "SchoolSync"
    status: Annotated[SchoolStatus, ONE_OWNER] = SchoolStatus()
    """What the operator observes and does about this school. The operator alone writes it."""


POLICY_KINDS: tuple[type[SyncPausePolicy] | type[ClusterSyncPausePolicy], ...] = (
    SyncPausePolicy,
    ClusterSyncPausePolicy,
)
KINDS: tuple[type[Resource], ...] = (*POLICY_KINDS, SchoolSync)
