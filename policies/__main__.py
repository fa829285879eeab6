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

from policies.supply_chain import image_by_digest


def _image_by_digest(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for violation in image_by_digest(args.resource_type, args.props):
        report(violation, None)


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
