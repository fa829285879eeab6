"""The embedded default: an engine, a Kubernetes, a registry and a builder on this machine.

It knows the protocols of what it starts and nothing of ``components``: the program that it runs
cannot tell it from a company's cluster.
"""
