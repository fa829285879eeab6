"""The variables with which the engine finds simulated clouds, and only where somebody asked for them.

The plug-ins have the names of the real ones, so their directory is on the PATH of no ordinary command. A simulation
takes two things that nobody sets by accident: that directory on the PATH, and the cloud's name in ``CAAS_CLOUDS``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError

CLOUDS = "CAAS_CLOUDS"
"""Names of the clouds that are simulated, with commas between them."""

WORLDS = "CAAS_CLOUDS_DIR"
"""Where their worlds and faults lie; ``clouds`` in the sandbox's own directory unless set."""

PLUGINS = Path(__file__).parent / "plugins"

KNOWN = ("aws", "gcp", "azure")


GKE_KUBECONFIG = "CAAS_GKE_KUBECONFIG"
"""The real cluster behind every simulated one of GKE; that of ``KUBECONFIG`` unless set."""

GOOGLE_CREDENTIALS = (
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
)


AZURE_CREDENTIALS = ("ARM_CLIENT_SECRET", "ARM_OIDC_TOKEN", "ARM_OIDC_REQUEST_TOKEN", "AZURE_CLIENT_SECRET")
"""What proves who somebody is; ids alone do not, and Azure's own client takes no empty ones."""


def asked(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The clouds that the environment asks for. Raises `SandboxError` for one that is not simulated."""
    names = tuple(name for name in variables.get(CLOUDS, "").split(",") if name)
    for name in names:
        if name not in KNOWN:
            raise SandboxError(f"{CLOUDS}: there is no simulated {name!r}; there is {', '.join(KNOWN)}.")
    return names


def directory(variables: Mapping[str, str]) -> Path:
    """Where worlds and faults lie."""
    return Path(variables.get(WORLDS) or paths.home() / "clouds")


def variables(clouds: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """What to lay over an environment so that its engine meets simulated clouds.

    The account's own credentials are taken away: nothing that runs beside the engine reaches a real cloud with them.
    """
    names = asked({CLOUDS: ",".join(clouds)})
    behind = given.get(GKE_KUBECONFIG) or given.get("KUBECONFIG")
    return {
        CLOUDS: ",".join(names),
        "PATH": f"{PLUGINS}:{given.get('PATH', '')}",
        "CAAS_PYTHON": given.get("CAAS_PYTHON") or sys.executable,
        **({"AWS_REGION": given.get("AWS_REGION") or "eu-central-1"} if "aws" in names else {}),
        **({name: "simulated" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")} if "aws" in names else {}),
        **({GKE_KUBECONFIG: behind} if "gcp" in names and behind else {}),
        **(dict.fromkeys(GOOGLE_CREDENTIALS, "") if "gcp" in names else {}),
        **(dict.fromkeys(AZURE_CREDENTIALS, "") if "azure" in names else {}),
    }
