"""The way of a full line of JSON through an agent, made for its price: it is most of what a node has to carry.

What a node does with a line costs that node's services; what Elasticsearch does, it does elsewhere. So the agent takes
out credentials and gives the line its id, and sends it as the container runtime wrote it, beside one text with the
fields that all lines of its container share. Elasticsearch takes both apart (``templates.py``).

Parts of an OpenTelemetry Collector's configuration. Operators of a receiver are preferred over statements of a
processor where both can: a statement costs about a microsecond for each line, an operator a tenth. None may be a
``filter`` or a ``router``, which end a receiver's batches.
"""

from __future__ import annotations

from typing import Any

from components.logging.names import COMMON
from components.logging.processing import DOCUMENT, LINE, PREFIX, redaction, stands_after_the_time
from components.logging.redaction import SIGNS

MESSAGE = 'body["message"]'
OFFSET = 'body["log.offset"]'
LOOK = 'attributes["look"]'
"""There for each line that an expression must look at: one that is no full line of JSON, or has the sign of a
credential. Most have neither, and cost one search for each sign."""
_ID = 'log.attributes["elasticsearch.document_id"]'
_SENT_BEFORE = f"{_ID} != nil"
"""A batch that comes again after a failure has its documents already."""


def operators() -> list[dict[str, Any]]:
    """Of the receiver: the mark, then the line as a document's first fields."""
    signs = " or ".join(f'line contains "{sign}"' for sign in SIGNS)
    return [
        {
            "type": "add",
            "field": LOOK,
            "value": "yes",
            "if": f"{LINE}not ({stands_after_the_time('F {')}) or {signs}",
            # A line that could not be looked at stays where it is.
            "on_error": "drop",
        },
        {"type": "move", "from": "body", "to": MESSAGE},
        {"type": "move", "from": 'attributes["log.file.record_offset"]', "to": OFFSET},
    ]


def others() -> str:
    """The condition of a ``filter`` processor: this line goes another way."""
    return f'{LOOK} != nil and not IsMatch({MESSAGE}, "^{PREFIX} F \\\\{{")'


def shared() -> list[str]:
    """Statements that make one text of the resource's ``document``; once for each batch.

    It stands in each line as a value, where a quote would be written as two characters, one by one. So it has
    apostrophes for quotes; an apostrophe of its own is written as JSON lets it be written.
    """
    text = f'resource.attributes["{COMMON}"]'
    return [
        f"set({text}, String({DOCUMENT}))",
        f"""replace_pattern({text}, "'", "\\\\u0027")""",
        f"""replace_pattern({text}, "\\"", "'")""",
    ]


def redacted() -> dict[str, Any]:
    """Credentials are taken out of the raw line. A second time would find the first one's mark."""
    return redaction(f"log.{MESSAGE}", [f"log.{LOOK} != nil and not ({_SENT_BEFORE})"])


def document() -> dict[str, Any]:
    """The rest of the document. Its id is made from where the line stands and when it was written: what is read twice
    has one id."""
    time = f'Substring(log.{MESSAGE}, 0, Index(log.{MESSAGE}, " "))'
    return {
        "context": "log",
        "conditions": [f"not ({_SENT_BEFORE})"],
        "statements": [
            f'set(log.body["{COMMON}"], resource.attributes["{COMMON}"])',
            f'set({_ID}, Murmur3Hash128(Concat([resource.attributes["source"], {time}, log.{OFFSET}], "/")))',
        ],
    }
