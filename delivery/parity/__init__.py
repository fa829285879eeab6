"""Are the environments the same but for what may differ? What each would declare, compared resource by resource.

``graph.py`` is what a stack would declare, with the words of its own environment taken out; ``compare.py`` finds what
differs; ``allowed.py`` knows what may, and why; ``previews.py`` asks the engine. What may be set in a stack's file at
all is the matter of ``components/spec``. docs/adr/0027-parity.md.
"""
