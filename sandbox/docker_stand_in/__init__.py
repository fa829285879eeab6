"""A stand-in for the plug-in of pulumi-docker, which has no source to build from in a package registry.

It speaks the engine's real protocol and does one resource for real: a BuildKit builder that leads to the sandbox's
own daemon. Every other resource is refused.
"""
