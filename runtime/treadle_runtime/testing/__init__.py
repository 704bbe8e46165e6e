"""Public tools for testing code that is made of tasks: `VirtualCluster`, and `start(engine="inline")`."""

from .virtual import VirtualCluster

__all__ = ["VirtualCluster"]
