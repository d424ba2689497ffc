"""The one write that takes a workload to its desired state, and how to undo it."""
