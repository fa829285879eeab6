"""A Kubernetes of one node from its own programs, where neither Docker nor images can be had.

Each module is one concern: keys (``pki``), processes, control groups, the mount namespace, links
and sysctls (``network``), and one per program. ``cluster`` puts them in order. Building the programs
belongs to ``sandbox.toolchain``.
"""

from sandbox.source.cluster import SourceDriver

__all__ = ["SourceDriver"]
