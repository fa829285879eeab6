"""Clouds that are simulated on this machine, behind the real engine and the real plug-in protocol.

What every cloud shares is in ``core``; a cloud's own resource types, formats and rules are in a room of its name.
Nothing here opens a connection to a cloud, and nothing of the components belongs here.
"""
