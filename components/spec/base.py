"""The model that every part of the spec derives from, and the types that several parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel


@dataclass(frozen=True)
class Unit:
    """The unit of a number, beside its bounds: error messages convert to it and the reference names it."""

    name: str


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
        # A model prints itself in full into a traceback; what it holds is nobody's business there.
        hide_input_in_errors=True,
    )


DNS_LABEL = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
"""RFC 1035 label: what every platform accepts as a service's name."""

HOST_NAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""RFC 1123 host name, lower case."""

DIGEST_REFERENCE = r"^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$"
"""``repository@sha256:…``: an image that cannot change under its name."""

ENVIRONMENT_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""What POSIX shells and every platform accept as an environment variable's name."""

LABEL_VALUE = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
"""What Kubernetes takes as a label's value, and every cloud as a tag's."""

KEY_OF_SECRET = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"  # noqa: S105 - the form of a name, no secret
"""A key in caas:secrets: letters, digits, ``_`` and ``-``, so that it needs no quoting in a config path."""

SIGNING_KEY = r"^((awskms|gcpkms|azurekms|hashivault|k8s)://[^\s]+|[^\s:]+)$"
"""A path, or the URI of a key in a KMS as cosign writes it."""

BUILD_PLATFORM = r"^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$"
"""``os/architecture[/variant]``."""

URL_PATH = r"^/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$"

ABSOLUTE_PATH = r"^/[^\x00]*$"

REGISTRY_ADDRESS = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._/-]*)?$"

ORIGIN = r"^https?://[^/]+$"
"""A URL's scheme and host, without a path."""

URL = r"^https?://[^/?#@\s]+(/[^?#\s]*)?$"
"""A URL without credentials, query or fragment."""

HTTPS = r"^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$"
"""A URL by which a cloud knows an issuer of tokens: TLS, and no slash at its end."""

REPOSITORY = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"
"""A repository with what it lies in, such as team/shop; exactly one, so no wildcard."""

BRANCH = r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$"
"""One branch or environment of a CI system by its name."""

STATE_URL = r"^(s3|gs|azblob)://[a-z0-9][a-z0-9._-]{1,221}[a-z0-9](/[A-Za-z0-9._-]+)*/?(\?[A-Za-z0-9=&._-]+)?$"
"""A bucket or container that holds the engine's states, and a path in it, as PULUMI_BACKEND_URL names them."""

STATE_KEY = (
    r"^(awskms:///arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+"
    r"|gcpkms://projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+/cryptoKeys/[A-Za-z0-9_-]+"
    r"|azurekeyvault://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+)(\?[A-Za-z0-9=&._-]+)?$"
)
"""One key, as the engine names a provider of secrets; no alias, which rights cannot be given on."""

BUCKET = r"^[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]$"
"""Name of a place for files at a cloud."""

NAMESPACED = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
"""namespace/name of a Kubernetes object."""

BALANCER_CLASS = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
"""What Kubernetes takes as a Service's ``loadBalancerClass``: a label's name, with or without a prefix."""

METRIC_NAME = r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$"
"""Of a Prometheus metric or label."""

CIDR = r"^[0-9a-fA-F.:]+/[0-9]{1,3}$"
"""The look of a range of addresses; whether it is one is checked beside the other rules of a service."""

AWS_REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$"

AWS_ZONE = r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}[a-z]$"
"""An availability zone: a region and a letter."""

AWS_ACCOUNT = r"^[0-9]{12}$"

AWS_VPC = r"^vpc-[0-9a-f]{8,17}$"

AWS_SUBNET = r"^subnet-[0-9a-f]{8,17}$"

AWS_SECURITY_GROUP = r"^sg-[0-9a-f]{8,17}$"

AWS_PREFIX_LIST = r"^pl-[0-9a-f]{8,17}$"

AWS_CERTIFICATE = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$"

AWS_KEY = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"

AWS_CLUSTER = r"^(arn:aws[a-z-]*:ecs:[a-z0-9-]+:[0-9]{12}:cluster/)?[A-Za-z0-9][A-Za-z0-9_-]{0,254}$"

AWS_BALANCER = (
    r"^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$"
)

AWS_LISTENER = AWS_BALANCER.replace(":loadbalancer/", ":listener/").removesuffix("$") + "/[0-9a-f]{16}$"

AWS_WEB_ACL = r"^(managed|none|arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]+/[0-9a-f-]+)$"

AWS_TOPIC = r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"

AWS_HOSTED_ZONE = r"^Z[A-Z0-9]{1,31}$"

GCP_PROJECT = r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$"

GCP_REGION = r"^[a-z]+-[a-z]+[0-9]{1,2}$"

GCP_NAME = r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"

GCP_CLUSTER = r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"

GCP_MACHINE = r"^[a-z][a-z0-9]*-[a-z0-9]+(-[a-z0-9]+)*$"

GCP_KEY = r"^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$"

AZURE_SUBSCRIPTION = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

AZURE_LOCATION = r"^[a-z]+[a-z0-9]*$"

AZURE_GROUP = r"^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$"

_AZURE_ID = AZURE_SUBSCRIPTION.replace("^", "^/subscriptions/").removesuffix("$") + r"/resourceGroups/[^/]+/providers/"

AZURE_REGISTRY = _AZURE_ID + r"Microsoft\.ContainerRegistry/registries/[A-Za-z0-9]{5,50}$"

AZURE_SUBNET = _AZURE_ID + r"Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+$"

AZURE_VAULT = _AZURE_ID + r"Microsoft\.KeyVault/vaults/[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$"

AZURE_CERTIFICATE = r"^[0-9A-Za-z-]{1,127}$"

AZURE_STORAGE = r"^[a-z0-9]{3,24}$"

AZURE_CONTAINER = r"^[a-z0-9](-?[a-z0-9]){2,62}$"

STATE_BUCKET = r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$"
"""A bucket of S3 or of Google Cloud Storage, by its name alone."""

OBJECT_PATH = r"^[^/?#\s][^?#\s]{0,1022}$"
"""A key or a prefix in a bucket."""

TERRAFORM_NAME = r"^[A-Za-z0-9_-]{1,90}$"

STATE_ADDRESS = r"^(https://[^@?#\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^@?#\s]*)?)$"

ServiceName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=40)]
"""At most 40 characters, so that the names derived from it fit the shortest limit (63)."""

EnvironmentName = Annotated[str, StringConstraints(pattern=ENVIRONMENT_NAME)]

HostName = Annotated[str, StringConstraints(pattern=HOST_NAME, max_length=253)]

UrlPath = Annotated[str, StringConstraints(pattern=URL_PATH)]
"""An absolute URL path without a query."""

AbsolutePath = Annotated[str, StringConstraints(pattern=ABSOLUTE_PATH)]
"""An absolute path inside a container."""

LabelValue = Annotated[str, StringConstraints(pattern=LABEL_VALUE)]

SecretKey = Annotated[str, StringConstraints(pattern=KEY_OF_SECRET)]

BuildPlatform = Annotated[str, StringConstraints(pattern=BUILD_PLATFORM)]

RelativePath = Annotated[str, StringConstraints(min_length=1)]
"""A path relative to a directory that the field names; that it stays inside is checked beside the files."""
