"""What is taken out of a line before it leaves its node: credentials that stand in it.

Each expression begins with fixed text. An agent looks for these texts first, and for the expressions only where it has
found one: most lines have none, and cost one search for each word. The syntax is RE2's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = "[redacted]"

STEMS = (
    "uthorization",
    "UTHORIZATION",
    "ookie",
    "assword",
    "ASSWORD",
    "asswd",
    "assphrase",
    "ecret",
    "ECRET",
    "oken",
    "OKEN",
    "redential",
    "redentials",
    "api_key",
    "api-key",
    "apikey",
    "apiKey",
    "Api-Key",
    "API_KEY",
    "private_key",
    "privateKey",
    "access_key",
    "accessKey",
    "ACCESS_KEY",
)
"""Ends of the names whose value is taken out. The first letter is left away where it may be large or small."""

_VALUE = (
    r"(\\?[\"']?\s*[:=]\s*\[?\s*)"
    r"(?:(\\\")(?:[^\"\\]|\\[^\"])*|(\")(?:[^\"\\]|\\.)*|(')[^']*"
    r"|(?:(?:Bearer|bearer|Basic|basic|Digest|Token|token) +)?"
    r"(?:[^\s\"',;&{}\[\]\\ntf][^\s\"',;&{}\[\]\\]*|[ntf][^\s\"',;&{}\[\]\\]{5,}))"
)
"""What follows a name: a sign, a quote where there is one, then the value, with its scheme where it has one. A quote
that opened it stays and is closed as before, so that JSON stays JSON; ``null``, ``true`` and ``false`` are no values. A
number in JSON is taken out all the same, and its line is then one of text."""


@dataclass(frozen=True)
class Redaction:
    """One expression, and what takes the place of what it finds."""

    pattern: str
    replacement: str
    """``$1`` is what the first group found, or nothing."""


def redactions() -> tuple[Redaction, ...]:
    """All of them, in the order in which they are applied."""
    named = (Redaction(stem + _VALUE, f"{stem}$1$2$3$4{MARK}") for stem in STEMS)
    return (*named, *_FORMS)


_FORMS = (
    Redaction(r"Bearer +[A-Za-z0-9._~+/=-]{8,}", f"Bearer {MARK}"),
    Redaction(r"bearer +[A-Za-z0-9._~+/=-]{8,}", f"bearer {MARK}"),
    Redaction(r"Basic +[A-Za-z0-9+/=]{8,}", f"Basic {MARK}"),
    Redaction(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", MARK),
    Redaction(r"AKIA[0-9A-Z]{16}", MARK),
    Redaction(r"ASIA[0-9A-Z]{16}", MARK),
    Redaction(r"AIza[0-9A-Za-z_-]{35}", MARK),
    Redaction(r"ghp_[0-9A-Za-z]{30,}", MARK),
    Redaction(r"glpat-[0-9A-Za-z_-]{20,}", MARK),
    Redaction(r"xoxb-[0-9A-Za-z-]{10,}", MARK),
    Redaction(r"sk_live_[0-9A-Za-z]{16,}", MARK),
    Redaction(r"://[^/\s:@\"']*:[^/\s@\"']+@", f"://{MARK}@"),
    Redaction(r'-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*', MARK),
)
"""Credentials that are known by their form, whatever name they have."""


SIGNS = (
    "://", "AIza", "AKIA", "ASIA", "ASSWORD", "BEGIN", "Basic", "Bearer", "ECRET", "KEY", "Key", "OKEN", "UTHORIZ",
    "ass", "bearer", "ecret", "ghp_", "glpat-", "horiz", "k_live_", "key", "oken", "ookie", "redential", "xoxb-", "yJ",
)  # fmt: skip
"""Every line that holds a credential has one of these, for each of which every line is searched. A search stops at
every place of the first letter: one that is rare costs a tenth of one like ``e``."""


def redact(text: str) -> str:
    """What an agent makes of a line: the same expressions, for tests and for what is not an agent."""
    for each in redactions():
        text = re.sub(each.pattern, re.sub(r"\$(\d)", r"\\\1", each.replacement), text)
    return text
