"""What really runs, one module per platform behind one seam; judged by ``delivery/verdict.py``, never here."""

from delivery.observe.model import Answer, Container, Evidence, Instance, Observer, Snapshot, Target

__all__ = ["Answer", "Container", "Evidence", "Instance", "Observer", "Snapshot", "Target"]
