"""What every plug-in of the sandbox needs to speak with a Pulumi engine: messages, a server, an end.

No plug-in's own behaviour belongs here, and nothing of the components.
"""
