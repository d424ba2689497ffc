"""The change that takes a workload to its desired state, the restore state that undoes it, and drift."""
