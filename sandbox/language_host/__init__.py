"""The engine's language host for Python: runs programs and policy packs in the interpreter that a project names.

Used where the official host cannot be had; the same Pulumi.yaml serves both. It knows the engine's protocol and
nothing of this project's components.
"""
