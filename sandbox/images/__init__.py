"""Container images made without pulling any: from files of this machine, pushed to the sandbox's registry.

Which images the cluster needs is not decided here.
"""
