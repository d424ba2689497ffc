"""The two kinds of policy as whole objects, as the API server sends them."""

from typing import Any, ClassVar, Literal, Self

from syncpause.api.base import ApiModel
from syncpause.api.policy import ClusterPolicySpec, PolicySpec
from syncpause.api.status import PolicyStatus


class ObjectMeta(ApiModel):
    """The metadata that the operator looks at; the rest is ignored."""

    name: str
    namespace: str | None = None
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None


class Resource(ApiModel):
    """What both kinds share."""

    KIND: ClassVar[str]
    PLURAL: ClassVar[str]
    SHORT: ClassVar[str]
    NAMESPACED: ClassVar[bool]

    metadata: ObjectMeta
    status: PolicyStatus = PolicyStatus()
    """What the operator sees and does about this policy. Written by the operator alone."""

    @classmethod
    def parse(cls, obj: dict[str, Any]) -> Self:
        """Reads an object from the API server. Raises pydantic's ValidationError; see `explain_errors`."""
        return cls.from_json(obj)


class SyncPausePolicy(Resource):
    """Pauses the roster syncs of schools in its namespace from the first day of a window through its last."""

    KIND: ClassVar[str] = "SyncPausePolicy"
    PLURAL: ClassVar[str] = "syncpausepolicies"
    SHORT: ClassVar[str] = "spp"
    NAMESPACED: ClassVar[bool] = True

    api_version: Literal["syncpause.dev/v1alpha1"] = "syncpause.dev/v1alpha1"
    kind: Literal["SyncPausePolicy"] = "SyncPausePolicy"
    spec: PolicySpec
    """Which schools are paused, when, and how."""


class ClusterSyncPausePolicy(Resource):
    """Pauses the roster syncs of schools in every namespace it selects: everybody's default dates, or an
    emergency freeze."""

    KIND: ClassVar[str] = "ClusterSyncPausePolicy"
    PLURAL: ClassVar[str] = "clustersyncpausepolicies"
    SHORT: ClassVar[str] = "cspp"
    NAMESPACED: ClassVar[bool] = False

    api_version: Literal["syncpause.dev/v1alpha1"] = "syncpause.dev/v1alpha1"
    kind: Literal["ClusterSyncPausePolicy"] = "ClusterSyncPausePolicy"
    spec: ClusterPolicySpec
    """Which schools are paused, when, and how."""
