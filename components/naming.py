"""Names that fit: readable, stable, within a platform's limit. Pure; knows nothing of resources."""

from __future__ import annotations

import hashlib
import re

DNS_LIMIT = 63
"""Characters of a DNS label, the shortest limit that most platforms have."""

_HASH = 8


def name(*parts: str, limit: int = DNS_LIMIT) -> str:
    """The parts joined by ``-``, as a DNS label of at most `limit` characters.

    The same parts give the same name for ever. Where characters must be changed or cut, the name keeps a
    readable head and ends in eight hexadecimal digits of a hash over the whole, so that two long names which
    begin alike stay two. Raises `ValueError` if there is nothing to name, or no room for head and hash.
    """
    if limit < _HASH + 2:
        raise ValueError(f"a name needs a limit of at least {_HASH + 2} characters, not {limit}")
    whole = "-".join(part for part in parts if part)
    if not whole:
        raise ValueError("a name needs at least one part that is not empty")
    plain = re.sub(r"[^a-z0-9-]+", "-", whole.lower()).strip("-")
    if not plain[:1].isalpha():
        plain = f"x-{plain}".rstrip("-")
    if plain == whole and len(plain) <= limit:
        return plain
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_HASH]
    return f"{plain[: limit - _HASH - 1].rstrip('-')}-{digest}"
