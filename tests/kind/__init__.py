"""The operator as it is installed: its image, in pods, on the nodes of a kind cluster."""

from kind.cluster import Kind, attach
from kind.tools import MissingTool

__all__ = ["Kind", "MissingTool", "attach"]
