"""The ``caas`` command: what a pipeline and a person run.

Validates, applies through Pulumi's Automation API, and proves by observation that what runs is what was
declared. Nothing here declares a resource: that is ``components/``; and nothing in ``components/`` imports this.
"""
