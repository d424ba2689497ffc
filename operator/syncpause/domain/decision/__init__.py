"""Which policy decides about a workload, and what its desired state is at an instant."""
