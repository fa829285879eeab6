"""Supply chain: what an image is signed, listed and scanned by, and how that is read again.

Everything is recorded in the registry, by the image's digest, as cosign keeps it. docs/adr/0028-attestations.md.
"""
