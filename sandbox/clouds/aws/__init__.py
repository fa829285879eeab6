"""The simulated AWS: its resource types with their formats and rules, service by service.

What holds for every cloud is in ``sandbox/clouds/core``.
"""
