"""What gives a secret away in plain configuration: the name under which it stands, or the text itself.

The same judgement as that of components/spec, which a pack must not import: it judges programs of every kind.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

_WORDS = {
    "APIKEY", "CREDENTIAL", "CREDENTIALS", "PASSPHRASE", "PASSWD", "PASSWORD", "PRIVATEKEY", "PWD", "SECRET",
    "SECRETS", "TOKEN",
}  # fmt: skip
_PAIRS = {("ACCESS", "KEY"), ("API", "KEY"), ("PRIVATE", "KEY"), ("SIGNING", "KEY"), ("ENCRYPTION", "KEY")}
_HARMLESS = {
    "AGE", "ALGORITHM", "BYTES", "COUNT", "DAYS", "ENABLED", "ENDPOINT", "EXPIRY", "FIELD", "FILE", "FORMAT",
    "HEADER", "HOURS", "ID", "ISSUER", "LENGTH", "LIFETIME", "LIMIT", "MAX", "MIN", "MINUTES", "NAME", "PATH",
    "POLICY", "PREFIX", "REQUIRED", "SECONDS", "SIZE", "TIMEOUT", "TTL", "TYPE", "URI", "URL",
}  # fmt: skip
"""A name that ends so tells something about a secret, not the secret: TOKEN_TTL, PASSWORD_FILE."""

_SHAPES = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"  # a password in a URL
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|(?i:password|passwd|passphrase|secret|token|api[-_]?key)[= ](?!\$)\S"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # an access key of AWS
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bglpat-[A-Za-z0-9_-]{20,}"  # a token of GitHub, of GitLab
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"  # a JSON Web Token
    r"|AccountKey=[A-Za-z0-9+/=]{40,}"  # a connection string of Azure
)


def secret_name(name: Any) -> bool:
    """Whether a variable of this name holds a secret, by its words: ``DB_PASSWORD``, ``apiKey``."""
    if not isinstance(name, str):
        return False
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper().replace("-", "_").split("_")
    if words[-1] in _HARMLESS:
        return False
    return bool(_WORDS.intersection(words) or _PAIRS.intersection(pairwise(words)))


def secret_value(value: Any) -> bool:
    """Whether the text itself gives a secret away: a password in a URL, a private key, a token of a known form."""
    return isinstance(value, str) and _SHAPES.search(value) is not None
