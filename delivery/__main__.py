"""``python -m delivery`` is ``caas``."""

from delivery.cli import main

main()
