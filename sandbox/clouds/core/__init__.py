"""What every simulated cloud shares: the protocol, the world in a file, faults on demand, the SDK's own types.

No cloud's resource type, format or error code belongs here.
"""
