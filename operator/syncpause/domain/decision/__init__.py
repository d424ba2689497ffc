"""Which policies govern a workload, and what its desired state is at an instant."""
