"""Pods of paused Deployments that still terminate, where the Deployment's own status does not count them."""

from __future__ import annotations

from syncpause.domain.workload import Deployment
from syncpause.kube.errors import NotFound
from syncpause.kube.pods import Pods

RECHECK_SECONDS = 1.0
"""Pods are not watched, so their end is found by another list."""


class TerminatingPods:
    """Counts the Pods that remain of paused Deployments before each is called quiet.

    A Deployment of Kubernetes 1.35 and later reports them in ``status.terminatingReplicas``, and costs no
    request here. The presence of that field in a status that is of the newest spec decides, not the API
    server's version: an older controller manager, or a feature gate that is off, leaves it out too. What was
    counted holds for one version of the object; a restart begins anew.
    """

    def __init__(self, pods: Pods) -> None:
        self._pods = pods
        self._selectors: dict[str, str] = {}
        self._counted: dict[str, tuple[int, int]] = {}

    def still_running(self, deployment: Deployment) -> int:
        """How many of its Pods run or terminate; 1 while that is not known yet."""
        if not _uncounted(deployment):
            return deployment.running
        version, count = self._counted.get(deployment.uid, (0, 1))
        return count if version == deployment.resource_version else 1

    def forget(self, uid: str) -> None:
        """The Deployment is gone or no longer paused."""
        self._counted.pop(uid, None)
        self._selectors.pop(uid, None)

    async def settle(self, deployment: Deployment) -> float | None:
        """Count them if need be; returns seconds until they must be counted again.

        Raises ApiError, Forbidden where the operator may not list Pods: it is not called quiet then.
        """
        if not _uncounted(deployment):
            self.forget(deployment.uid)
            return None
        if self._counted.get(deployment.uid) == (deployment.resource_version, 0):
            return None
        try:
            count = await self._pods.count(deployment.key, await self._selector(deployment))
        except NotFound:  # deleted a moment ago, as the informer will report
            return RECHECK_SECONDS
        self._counted[deployment.uid] = (deployment.resource_version, count)
        return RECHECK_SECONDS if count else None

    async def _selector(self, deployment: Deployment) -> str:
        if deployment.uid not in self._selectors:
            self._selectors[deployment.uid] = await self._pods.selector(deployment.key)
        return self._selectors[deployment.uid]


def _uncounted(deployment: Deployment) -> bool:
    """Whether its status reports no Pod, and says nothing about those that terminate."""
    paused = deployment.marked and deployment.stopped
    return paused and not deployment.running and not deployment.counts_terminating
