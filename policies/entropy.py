"""Whether a text is as random as only keys and passwords are. No rules here; no text is ever repeated."""

from __future__ import annotations

import math
import re
from collections import Counter

SHORTEST, LONGEST_PIECE = 24, 16
"""Characters of a text that is judged, and of its longest piece between separators: below them too many plain words,
paths and slugs look as random."""

DENSEST_WORDS = 4.2
"""Bits per character that letters and digits reach at random and words run together do not."""

HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
HEX_BITS = 3.0
"""The same for hexadecimal digits, of which there are but sixteen (4 bits at the most)."""

RANDOM = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
"""What base64, with either alphabet, and most generators of keys make: no dots, blanks or colons."""

SEPARATORS = re.compile(r"[+/_=-]")

FINGERPRINTS = frozenset(
    {"BUILD", "CHECKSUM", "COMMIT", "DIGEST", "ETAG", "FINGERPRINT", "HASH", "ID", "REVISION", "SHA", "SHA256"}
)
"""A name with one of these words is of a text that is random and no secret: GIT_COMMIT, IMAGE_DIGEST."""


def random_text(text: str, name: str = "") -> bool:
    """Whether a text is so random that nobody made it up.

    :param name: Of the variable that it is the value of.
    """
    words = re.split(r"[^A-Z0-9]", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper())
    if FINGERPRINTS.intersection(words):
        return False
    if HEX.fullmatch(text):
        return bits(text) >= HEX_BITS
    if len(text) < SHORTEST or not RANDOM.fullmatch(text):
        return False
    piece = max(SEPARATORS.split(text), key=len)
    return len(piece) >= LONGEST_PIECE and _mixed(piece) and bits(text) >= DENSEST_WORDS


def _mixed(text: str) -> bool:
    """Upper and lower case and digits: plain words lack one of them."""
    return any(map(str.isupper, text)) and any(map(str.islower, text)) and any(map(str.isdigit, text))


def bits(text: str) -> float:
    """Shannon's entropy of a text, in bits per character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
