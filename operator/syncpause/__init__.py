"""Sync pause: a Kubernetes operator that pauses roster syncs while schools rebuild their SIS."""

__version__ = "0.1.0"
