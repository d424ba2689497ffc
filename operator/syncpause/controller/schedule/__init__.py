"""When to look at which workload: the next edges, the work queue, and the write limiter."""
