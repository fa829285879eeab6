"""What was verified of the images is handed to the policy pack, whose rule ``image-attested`` judges it in prod."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from components.spec import Environment
from delivery import oci, tiers
from delivery.output import Output
from delivery.preview.values import flat
from delivery.stack import ProgramStack
from delivery.supply import read
from delivery.supply.read import Facts
from delivery.supply.sign import Cosign

RULE = "image-attested"
TIER = "prod"
"""Where the rule asks for attestations."""
NOT_READ = "Attestations are not read: caas:supplyChain is not set, so prod refuses every image."


@contextlib.contextmanager
def handed_over(
    stack: ProgramStack,
    environment: Environment,
    state: Callable[[], Mapping[str, Any]],
    output: Output,
    *,
    asked: bool = True,
    more: Iterable[str] = (),
) -> Iterator[tuple[Facts, ...]]:
    """Read what the images of an environment are attested by, and let every preview of the stack within the block hand
    it to the policy pack. Reads and hands over nothing where the rule asks for nothing or no pack is asked.

    :param state: Asks for the deployment as it is stored, where that is needed.
    :param more: Images that are about to be released and stand in neither.
    """
    if tiers.judged(environment) != TIER or not asked:
        yield ()
        return
    if environment.supply_chain is None:
        output.warn(NOT_READ)
        yield ()
        return
    cosign = Cosign(environment.supply_chain, stack.directory)
    found = tuple(read.facts(cosign, sorted({*images(environment, state()), *more})))
    for line in remarks(found):
        output.warn(line)
    with tempfile.TemporaryDirectory(prefix="caas-attestations-") as directory:
        file = Path(directory) / "policy.json"
        file.write_text(json.dumps(configuration(found)), encoding="utf-8")
        stack.pack_config = file
        try:
            yield found
        finally:
            stack.pack_config = None


def images(environment: Environment, state: Mapping[str, Any]) -> list[str]:
    """Every image by digest that the environment names, or that the stack's state does: what a preview can know."""
    named = [one.image for one in environment.services if one.image is not None]
    inputs = flat([resource.get("inputs") for resource in state.get("resources") or ()])
    return sorted({text for text in (*named, *inputs.values()) if oci.REFERENCE.match(text)})


def configuration(found: Iterable[Facts]) -> dict[str, Any]:
    """For ``--policy-pack-config``. One digest in two registries counts by what it has least of."""
    known: dict[str, dict[str, Any]] = {}
    for one in found:
        before = known.get(one.digest)
        known[one.digest] = one.option() if before is None else _least(before, one.option())
    return {RULE: {"attestations": known}}


def remarks(found: Iterable[Facts]) -> list[str]:
    """Why something is missing, each reason once."""
    reasons: dict[str, list[str]] = {}
    for one in found:
        for remark in one.remarks:
            reasons.setdefault(remark, []).append(one.image)
    return [f"Attestations of {', '.join(of)}: {reason}." for reason, of in reasons.items()]


def _least(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    least = {"signed": one["signed"] and other["signed"], "sbom": one["sbom"] and other["sbom"]}
    if "critical" in one and "critical" in other:
        least["critical"] = max(one["critical"], other["critical"])
    return least
