"""Brings one workload to its desired state."""
