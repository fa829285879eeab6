"""What must not be shown: values that are secret, stand where secrets stand, or look like one.

The same judgement serves two ends: a secret in plain configuration is refused, and no error repeats it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from components.spec.errors import Path, Shown

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

_URL_PASSWORD = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")
_FLAG = re.compile(r"(?i)(password|passwd|passphrase|secret|token|api[-_]?key)[= ](?!\$)\S")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")

_SECRET_PLACES = {"secrets", "password", "webhook", "keySecret"}
_PLAIN_PLACES = {"environment", "args"}


def secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret, by its words: ``DB_PASSWORD``, ``apiKey``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper().replace("-", "_").split("_")
    if not words or words[-1] in _HARMLESS:
        return False
    pairs = set(pairwise(words))
    return bool(_WORDS.intersection(words) or _PAIRS & pairs)


def secret_value(value: str) -> bool:
    """Whether the text itself gives a secret away: a password in a URL, a private key, ``--token=…``."""
    return bool(_URL_PASSWORD.search(value) or _PRIVATE_KEY.search(value) or _FLAG.search(value))


def shown(path: Path, value: object) -> object:
    """The value as an error may hold it: hidden where it is, or could be, a secret."""
    if any(segment in _SECRET_PLACES for segment in path):
        return Shown.HIDDEN
    if isinstance(value, str) and secret_value(value):
        return Shown.HIDDEN
    for place, name in pairwise(path):
        if place in _PLAIN_PLACES and secret_name(str(name)):
            return Shown.HIDDEN
    return value
