"""The policy pack that ``pulumi preview --policy-pack policies`` runs."""

import gc
import sys
from pathlib import Path

# The engine starts a pack in its own directory; the rules are imported as everywhere else.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies import catalogue
from policies.server import serve

rules = catalogue.load()
# What was loaded stays until the end, and one operation leaves nothing behind that is worth a search through it.
gc.freeze()
gc.disable()
serve(rules)
