"""Who asks a registry: the login of Docker's own configuration, and Amazon's own way for ECR.

Docker's configuration (``DOCKER_CONFIG``) is read as Docker reads it, credential helpers included: ``docker login``,
``gcloud auth configure-docker`` and ``az acr login`` all leave a login there.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from docker import auth
from docker.errors import DockerException

ECR = re.compile(r"^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$")
IDENTITY = "<token>"
"""Docker's word for a user whose password is an identity token."""


@dataclass(frozen=True)
class Credential:
    """A user and what proves it."""

    user: str
    password: str = field(repr=False)

    @property
    def is_identity_token(self) -> bool:
        """Is it a refresh token, to be traded for an access token, and no password?"""
        return self.user == IDENTITY

    @property
    def basic(self) -> str:
        """The header's value."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def find(host: str) -> Credential | None:
    """The login for a registry's host; None where there is none, which is enough for what anybody may read."""
    return _of_docker(host) or _of_amazon(host)


def _of_docker(host: str) -> Credential | None:
    directory = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser()
    if not (directory / "config.json").is_file():
        return None
    try:
        found = auth.load_config(str(directory / "config.json")).resolve_authconfig(host)
    except DockerException:  # A helper that is named and not there, or refuses: as if there were no login.
        return None
    if not found:
        return None
    if token := found.get("IdentityToken") or found.get("identitytoken"):
        return Credential(IDENTITY, token)
    user, password = found.get("username") or found.get("Username"), found.get("password") or found.get("Password")
    return Credential(user, password) if user and password else None


def _of_amazon(host: str) -> Credential | None:
    match = ECR.match(host)
    if match is None:
        return None
    import boto3  # here, since no other registry needs it and it takes long to import
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("ecr", region_name=match[2]).get_authorization_token(registryIds=[match[1]])
    except (BotoCoreError, ClientError):
        return None
    user, _, password = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode().partition(":")
    return Credential(user, password)
