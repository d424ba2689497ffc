"""What the operator counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

WRITES = Counter("syncpause_writes_total", "Workloads written, by what was done", ["action"])
ERRORS = Counter("syncpause_errors_total", "Failed requests for workloads, by HTTP status", ["status"])
WORKLOADS = Gauge("syncpause_workloads", "Governed workloads, by phase", ["phase"])
READABLE = Gauge("syncpause_policies_readable", "1 while policies can be read; 0 while everything holds")
LEADING = Gauge("syncpause_leading", "1 while this replica is the active one")
