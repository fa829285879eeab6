"""The policy pack that ``pulumi preview --policy-pack policies`` runs."""

import sys
from pathlib import Path

# The engine starts a pack in its own directory; the rules are imported as everywhere else.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies import catalogue
from policies.server import serve

serve(catalogue.load())
