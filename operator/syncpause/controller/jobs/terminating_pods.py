"""Pods of paused Deployments that still terminate, where the Deployment's own status does not count them."""

from __future__ import annotations

from syncpause.domain.workload import Deployment
from syncpause.kube.errors import NotFound
from syncpause.kube.pods import Pods

RECHECK_SECONDS = 1.0
"""Pods are not watched, so their end is found by another list."""


class TerminatingPods:
    """Counts the Pods that remain of a paused Deployment, before its school is reported as Paused.

    A Deployment of Kubernetes 1.35 and later reports them in ``status.terminatingReplicas``, and costs no
    request here. The presence of that field in a status of the newest spec decides, not the API server's
    version: an older controller manager, or a feature gate that is off, leaves it out too. A count holds for
    one version of the object. Counts do not outlive the process.
    """

    def __init__(self, api: Pods) -> None:
        self._api = api
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

    async def recount(self, deployment: Deployment) -> float | None:
        """List the Pods where the Deployment does not report them.

        Returns the seconds until the next list is needed, None where it is not. Raises ApiError; Forbidden
        where the operator may not list Pods: the Deployment counts as running then.
        """
        if not _uncounted(deployment):
            self.forget(deployment.uid)
            return None
        if self._counted.get(deployment.uid) == (deployment.resource_version, 0):
            return None
        try:
            count = await self._api.count(deployment.key, await self._selector(deployment))
        except NotFound:  # deleted a moment ago, as the informer will report
            return RECHECK_SECONDS
        self._counted[deployment.uid] = (deployment.resource_version, count)
        return RECHECK_SECONDS if count else None

    async def _selector(self, deployment: Deployment) -> str:
        if deployment.uid not in self._selectors:
            self._selectors[deployment.uid] = await self._api.selector(deployment.key)
        return self._selectors[deployment.uid]


def _uncounted(deployment: Deployment) -> bool:
    """Whether its status reports no running Pod, and does not report those that terminate."""
    paused = deployment.marked and deployment.stopped
    return paused and not deployment.running and not deployment.counts_terminating
