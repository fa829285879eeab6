"""What an apply would change, before it does: the engine's preview, read, priced and put into words.

``events.py`` reads what the engine reports, ``text.py`` and ``markdown.py`` say it to people, ``run.py`` asks for it.
What binds an apply to a preview is in ``delivery/seal``.
"""
