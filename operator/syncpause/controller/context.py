"""What the parts of the operator share."""

from __future__ import annotations

from dataclasses import dataclass

from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.cache.schools import SchoolCache
from syncpause.controller.cache.workload_states import WorkloadStates
from syncpause.controller.cache.workloads import WorkloadCache
from syncpause.controller.clock import Clock
from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.controller.schedule.queue import WorkQueue
from syncpause.controller.stale import StaleStatuses
from syncpause.domain.decision.decide import Decision
from syncpause.domain.decision.edges import decide_with_care
from syncpause.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Context:
    """The caches, the queue and its limiter, the clock, and what must be reported."""

    clock: Clock
    limiter: WriteLimiter
    queue: WorkQueue
    workloads: WorkloadCache
    policies: PolicyCache
    schools: SchoolCache
    states: WorkloadStates
    stale: StaleStatuses

    def decide(self, workload: Workload) -> Decision:
        """The decision about a workload now, by the policies as last read."""
        return decide_with_care(self.policies.policy_set, workload, self.clock())
