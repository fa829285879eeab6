"""Shows a preview: to the person, as the comment of a merge request, and as a document for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.spec import Environment
from delivery import named_file, tiers
from delivery.output import Output
from delivery.preview import document, markdown, text
from delivery.preview.model import Preview
from delivery.prices.estimate import estimate
from delivery.prices.table import load


def show(
    environment: Environment, found: Preview, output: Output, *, comment: Path | None, limit: int = markdown.LIMIT
) -> dict[str, Any]:
    """Print it, write the comment, answer the document. DeliveryError where the file cannot be written.

    :param comment: The file that gets the comment; None for none.
    :param limit: Characters that a comment may have.
    """
    stack, cost = environment.stack, estimate(found, load(), _regions(environment))
    prod = tiers.judged(environment) == "prod"
    for line in text.lines(stack, found, cost, prod=prod):
        output.result(line)
    if comment is not None:
        written = markdown.preview(environment.project, stack, found, cost, prod=prod, limit=limit)
        named_file.write(comment, output.masker(written))
    return document.preview(stack, found, cost)


def _regions(environment: Environment) -> dict[str, str]:
    """Cloud -> where the stack's resources are."""
    found: dict[str, str] = {}
    if environment.aws is not None:
        found["aws"] = environment.aws.region
    if environment.azure is not None:
        found["azure"] = environment.azure.location
    if environment.gcp is not None:
        found["gcp"] = environment.gcp.region
    return found
