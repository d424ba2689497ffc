"""What the operator knows of the cluster: workloads, policies with namespaces, and SchoolSyncs."""
