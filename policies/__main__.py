"""The policy pack that ``pulumi preview --policy-pack policies`` runs: it wires rules to the engine."""

import sys
from pathlib import Path

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

# The engine starts a pack in its own directory; the rules are imported as everywhere else.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.rule import Resource, Setting, Violation
from policies.supply_chain import RULES

IMAGE_DIGEST = next(rule for rule in RULES if rule.id == "image-digest")


def _image_by_digest(args: ResourceValidationArgs, report: ReportViolation) -> None:
    resource = Resource(args.resource_type, args.name, args.props)
    if args.resource_type in IMAGE_DIGEST.types:
        for answer in IMAGE_DIGEST.check(resource, Setting()):
            if isinstance(answer, Violation):
                report(answer.message, None)


PolicyPack(
    name="caas",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(
            name="image-digest",
            description="An image is named by digest, so that what was tested is what runs.",
            validate=_image_by_digest,
        ),
    ],
)
