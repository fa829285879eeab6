"""A program of its own: it reads containers' lines out of a Log Analytics workspace and hands them to the Collector.

docs/adr/0044-logs-of-container-instances.md says why there is one. It runs in a container of its own image (see the
Dockerfile beside this module) and knows Python's standard library only: nothing of the other rooms is imported here.
"""
