"""A sealed plan: what a preview found and what it rested on, in one file that an apply can be bound to.

What it protects against, and what not: docs/adr/0021-sealed-plan.md. Entry points: ``saving.save`` and
``checking.check``.
"""
