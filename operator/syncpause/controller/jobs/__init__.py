"""Jobs and Pods of paused workloads that still run."""
