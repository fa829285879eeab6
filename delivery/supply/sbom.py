"""syft: the list of what is in an image, as SPDX or CycloneDX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery import oci
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.supply import tools

TOOL = "syft"
KINDS = {"spdx": "spdxjson", "cyclonedx": "cyclonedx"}
"""Format -> its type of predicate, as cosign calls it."""
_OUTPUTS = {"spdx": "spdx-json", "cyclonedx": "cyclonedx-json"}


def make(image: str, form: str, file: Path) -> None:
    """Write the list of an image's packages to a file; of an image for several platforms, that of this machine's.

    DeliveryError where syft is not there or refuses.
    """
    variables = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    if oci.LOOPBACK.match(oci.Reference.of(image).host):
        variables["SYFT_REGISTRY_INSECURE_USE_HTTP"] = "true"
    done = tools.run([TOOL, "scan", f"registry:{image}", "--quiet", "--output", f"{_OUTPUTS[form]}={file}"], variables)
    if done.code != 0 or not file.is_file():
        raise DeliveryError(f"syft could not list what is in {image}: {done.words}.", Exit.NOT_PROVEN)


def is_one(predicate: Mapping[str, Any]) -> bool:
    """Is this an SBOM, and no empty document of that type?"""
    return "spdxVersion" in predicate or predicate.get("bomFormat") == "CycloneDX"
