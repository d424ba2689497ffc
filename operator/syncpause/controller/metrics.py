"""What the operator counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

WRITES = Counter("syncpause_writes_total", "Workloads written, by what was done", ["action"])
ERRORS = Counter("syncpause_errors_total", "Failed requests for workloads, by HTTP status", ["status"])
WORKLOADS = Gauge("syncpause_workloads", "Governed workloads, by phase", ["phase"])
READABLE = Gauge("syncpause_policies_readable", "1 while policies can be read; 0 while nothing is resumed")
DELETIONS_PENDING = Gauge(
    "syncpause_deletions_pending",
    "Deleted policies, changes of Namespaces and starts of the operator that still hold resumes",
)
SCHOOLS_READABLE = Gauge(
    "syncpause_schools_readable", "1 while SchoolSyncs can be read; 0 while no school's status is written"
)
WATCH_SILENCE = Gauge(
    "syncpause_watch_silence_seconds",
    "Seconds since a watch brought an event or a bookmark, or since its objects were listed instead",
    ["watch"],
)
WATCH_RESTARTS = Counter("syncpause_watch_restarts_total", "Times that kopf's watches were started anew")
PLANNING_ERRORS = Counter("syncpause_planning_errors_total", "Next edges that could not be computed")
LEADING = Gauge("syncpause_leading", "1 while this replica is the active one")
