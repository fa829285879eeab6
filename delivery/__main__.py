"""``python -m delivery`` is ``caas``."""

import gc

# Nothing that is loaded goes away again, and searching through it while it comes takes a fifth of every start.
gc.disable()

from delivery.cli import main  # noqa: E402 -- after what is above

gc.freeze()
gc.enable()
main()
