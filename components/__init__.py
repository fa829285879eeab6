"""Reusable Pulumi components: one service description, several container platforms.

Nothing here imports ``delivery``, ``policies`` or ``sandbox``; a test holds that.
"""
