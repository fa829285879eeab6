"""The model that every part of the spec derives from, and the types that several parts share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel


class Frozen(BaseModel):
    """A value that cannot change and refuses keys that it does not know.

    Keys are camelCase in YAML, as Pulumi's own are, and snake_case in Python. Numbers are strict:
    ``"8080"`` is text, not a port, and is refused rather than converted.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        strict=True,
    )


DNS_LABEL = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
"""RFC 1035 label: what every platform accepts as a service's name."""

HOST_NAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""RFC 1123 host name, lower case."""

DIGEST_REFERENCE = r"^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$"
"""``repository@sha256:…``: an image that cannot change under its name."""

ENVIRONMENT_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""What POSIX shells and every platform accept as an environment variable's name."""

ServiceName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=40)]
"""At most 40 characters, so that the names derived from it fit the shortest limit (63)."""

EnvironmentName = Annotated[str, StringConstraints(pattern=ENVIRONMENT_NAME)]

HostName = Annotated[str, StringConstraints(pattern=HOST_NAME, max_length=253)]

UrlPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$")]
"""An absolute URL path without a query."""

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/[^\x00]*$")]
"""An absolute path inside a container."""
