"""Faults on purpose on a real control plane, before an observer that knows nothing of the operator's code."""
