"""The words of an error about one value: what may stand there, and what to write instead.

One entry per kind of fault that pydantic tells apart; its own wording never reaches a user. Rules that need
more than one value, and their words, live in ``checks*.py``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from components.spec import base, monitoring
from components.spec.fields import Shape, children
from components.spec.quantities import convert

Words = tuple[str, str]
"""The limit and the remedy."""

PATTERNS: Mapping[str, Words] = {
    base.DNS_LABEL: (
        "lower-case letters, digits and '-', beginning with a letter, at most 40 characters (a DNS label)",
        "rename it, for example my-service",
    ),
    base.HOST_NAME: ("a host name in lower case, without scheme, port or path", "write it like hello.example.org"),
    base.DIGEST_REFERENCE: (
        "an image by digest, repository@sha256:<64 hex digits>; a tag can change under its name",
        "look the digest up with `docker buildx imagetools inspect IMAGE` and write repository@sha256:…",
    ),
    base.ENVIRONMENT_NAME: (
        "a variable's name: letters, digits and '_', not beginning with a digit",
        "rename the variable, for example LOG_LEVEL",
    ),
    base.LABEL_VALUE: (
        "at most 63 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit: it becomes a label",
        "write it like payments-team",
    ),
    base.KEY_OF_SECRET: (
        "a key in caas:secrets (letters, digits, '_' and '-', beginning with a letter), never the secret itself",
        "store the value with `pulumi config set --secret --path 'caas:secrets.KEY'` and write that KEY here",
    ),
    base.SIGNING_KEY: (
        "a key's path, or its URI in a KMS; never the key itself",
        "write it like cosign.pub or awskms:///alias/caas",
    ),
    base.BUILD_PLATFORM: ("os/architecture, such as linux/amd64", "write linux/amd64 or linux/arm64"),
    base.URL_PATH: ("a URL path that begins with '/', without host or query", "write it like /healthz"),
    base.ABSOLUTE_PATH: ("an absolute path that begins with '/'", "write it like /var/cache/app"),
    base.REGISTRY_ADDRESS: (
        "host[:port][/path] in lower case, without a scheme",
        "write it like registry.example.org/team",
    ),
    base.HTTPS: (
        "the https:// URL of an issuer, without a slash at its end",
        "write it as its /.well-known/openid-configuration does, like https://gitlab.example.org",
    ),
    base.STATE_BUCKET: ("a bucket's name, without a scheme or a path", "write it like shop-terraform"),
    base.OBJECT_PATH: ("a path in the bucket, without '/' at its beginning", "write it like network/terraform.tfstate"),
    base.TERRAFORM_NAME: ("letters, digits, '_' and '-', at most 90", "write it like shop"),
    base.AZURE_STORAGE: ("a storage account's name: 3 to 24 lower-case letters and digits", "write it like shopstates"),
    base.AZURE_CONTAINER: (
        "a container's name: 3 to 63 lower-case letters, digits and single '-'",
        "write it like tfstate",
    ),
    base.STATE_ADDRESS: (
        "a state's https:// address, without user, password or query (http:// on this machine only)",
        "write it like https://gitlab.example.org/api/v4/projects/7/terraform/state/network, and set TF_HTTP_USERNAME "
        "and TF_HTTP_PASSWORD",
    ),
    base.REPOSITORY: ("one repository by its whole name, without wildcards", "write it like team/shop"),
    base.STATE_URL: (
        "a bucket or container and a path in it, by the engine's URL, without wildcards",
        "write it like s3://shop-states/team, gs://shop-states/team or azblob://states/team?storage_account=shopstates",
    ),
    base.STATE_KEY: (
        "one key by the engine's URL, not an alias",
        "write it like awskms:///arn:aws:kms:eu-central-1:123456789012:key/ID, "
        "gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K or azurekeyvault://NAME.vault.azure.net/keys/K",
    ),
    base.BRANCH: ("one name, without wildcards: letters, digits, '.', '_', '-' and '/'", "write it like main"),
    base.CIDR: ("a range of addresses: address/prefix length", "write it like 10.20.0.0/16, or 10.20.0.7/32 for one"),
    base.AWS_REGION: ("an AWS region", "write it like eu-central-1"),
    base.AWS_ZONE: ("an availability zone: a region and a letter", "write it like eu-central-1a"),
    base.AWS_ACCOUNT: ("an AWS account: twelve digits", 'write it in quotes, like "123456789012"'),
    base.AWS_VPC: ("the id of a VPC", "write it like vpc-0123456789abcdef0"),
    base.AWS_SUBNET: ("the id of a subnet", "write it like subnet-0123456789abcdef0"),
    base.AWS_SECURITY_GROUP: ("the id of a security group", "write it like sg-0123456789abcdef0"),
    base.AWS_PREFIX_LIST: ("the id of a prefix list", "write it like pl-0123456789abcdef0"),
    base.AWS_CERTIFICATE: (
        "the ARN of a certificate in AWS Certificate Manager",
        "write it like arn:aws:acm:REGION:ACCOUNT:certificate/ID",
    ),
    base.AWS_KEY: ("the ARN of a KMS key, not of an alias", "write it like arn:aws:kms:REGION:ACCOUNT:key/ID"),
    base.AWS_CLUSTER: ("the name or the ARN of an ECS cluster", "write it like shared"),
    base.AWS_BALANCER: (
        "the ARN of an Application Load Balancer",
        "write it like arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID",
    ),
    base.AWS_LISTENER: (
        "the ARN of a listener of an Application Load Balancer",
        "write it like arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID",
    ),
    base.AWS_WEB_ACL: (
        "managed, none, or the ARN of a regional web ACL of WAFv2",
        "write managed, or arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID",
    ),
    base.GCP_PROJECT: (
        "the id of a project: 6 to 30 lower-case letters, digits and -",
        "write it like shop-prod-1234, not the project's name or number",
    ),
    base.GCP_REGION: ("a region of Google Cloud", "write it like europe-west3"),
    base.GCP_NAME: ("lower-case letters, digits and -, at most 63, a letter first", "write it like shared-network"),
    base.GCP_CLUSTER: ("the name of a cluster: lower-case letters, digits and -, at most 40", "write it like shared"),
    base.GCP_MACHINE: ("a machine type of Compute Engine", "write it like e2-standard-4"),
    base.GCP_KEY: (
        "the name of a key in Cloud KMS",
        "write it like projects/P/locations/europe-west3/keyRings/R/cryptoKeys/K",
    ),
    base.AZURE_SUBSCRIPTION: (
        "the id of a subscription: a UUID in lower case",
        "write it like 00000000-0000-0000-0000-000000000000; `az account show --query id` tells it",
    ),
    base.AZURE_LOCATION: ("a location of Azure by its short name", "write it like westeurope"),
    base.AZURE_GROUP: ("the name of a resource group, at most 90 characters", "write it like shop-prod"),
    base.AZURE_REGISTRY: (
        "the id of a container registry",
        "write it like /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.ContainerRegistry/registries/NAME",
    ),
    base.AZURE_SUBNET: (
        "the id of a subnet",
        "write it like /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME/"
        "subnets/NAME",
    ),
    base.AZURE_VAULT: (
        "the id of a Key Vault",
        "write it like /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/NAME",
    ),
    base.AZURE_CERTIFICATE: ("the name of a certificate: letters, digits and -", "write it like wildcard-example-com"),
    base.AWS_TOPIC: ("the ARN of an SNS topic", "write it like arn:aws:sns:eu-central-1:123456789012:alerts"),
    base.AWS_HOSTED_ZONE: ("the id of a Route 53 zone", "write it like Z0123456789ABCDEFGHIJ"),
    base.NAMESPACED: ("namespace/name of an object in the cluster", "write it like ingress/front"),
    base.BALANCER_CLASS: ("[prefix/]name, as the balancer's controller calls it", "write it like service.k8s.aws/nlb"),
    base.METRIC_NAME: (
        "a name that Prometheus knows: letters, digits, '_' and ':', not beginning with a digit",
        "look it up at the service's metrics path, for example http_requests_total",
    ),
    base.URL: (
        "a URL of http or https without credentials, query or fragment",
        "write it like https://grafana.example.org",
    ),
    monitoring.ADDRESS: ("an address of e-mail", "write it like team@example.org"),
    monitoring.FOLDER: ("letters, digits, spaces and ._-, 100 at the most", "write it like Shop staging"),
    monitoring.SMARTHOST: ("host:port of a mail server", "write it like smtp.example.org:587"),
    base.BUCKET: ("the name of a bucket: 3 to 223 of a-z, 0-9, '.', '_' and '-'", "write it like logs-snapshots"),
    base.ORIGIN: ("a URL of scheme and host only", "write it like http://127.0.0.1:18080"),
}


def words(kind: str, shape: Shape | None, value: Any, context: Mapping[str, Any]) -> Words:
    """The limit and the remedy for a fault of pydantic's `kind` at a place of that `shape`.

    `value` serves to propose what to write instead; `Shown.HIDDEN` stands for a secret.
    """
    writer = _WRITERS.get(kind)
    if writer is None or shape is None:
        return "a value of the documented kind", "see docs/reference/configuration.md for what this key takes"
    limit, remedy = writer(shape, value, context)
    if value is None and kind.endswith("_type"):
        remedy = "give it a value" if shape.required else "give it a value, or remove the key to get its default"
    return limit, remedy


def number_limit(shape: Shape) -> str:
    """What a number may be, with its unit: ``a whole number from 16 to 524288 (MiB)``."""
    low, high = shape.bounds
    kind = "a number" if shape.annotation is float else "a whole number"
    unit = f" ({shape.unit})" if shape.unit else ""
    if low is not None and high is not None:
        return (
            f"{kind} from {low:g} to {high}{unit}"
            if shape.annotation is float
            else f"{kind} from {low} to {high}{unit}"
        )
    return f"{kind} of at least {low}{unit}" if low is not None else f"{kind}{unit}"


def _number(shape: Shape, value: Any, _: Mapping[str, Any]) -> Words:
    number = convert(value, shape.unit)
    limit = number_limit(shape)
    if number is not None and within(shape, number):
        unit = f": the unit is {shape.unit}" if shape.unit else ""
        return f"{limit}, without quotes or unit", f"write {number}{unit}"
    return limit, f"write {number_limit(shape)}"


def within(shape: Shape, number: str) -> bool:
    """Whether a proposed number would be accepted."""
    low, high = shape.bounds
    return (low is None or float(number) >= low) and (high is None or float(number) <= high)


def _bound(shape: Shape, value: Any, _: Mapping[str, Any]) -> Words:
    low, high = shape.bounds
    too_low = low is not None and isinstance(value, int | float) and value < low
    nearest = low if too_low else high
    unit = f" {shape.unit}" if shape.unit else ""
    return number_limit(shape), f"write {nearest:g}{unit} or {'more' if too_low else 'less'}, as a plain number"


def _text(_: Shape, value: Any, __: Mapping[str, Any]) -> Words:
    if isinstance(value, bool | int | float):
        literal = json.dumps(value)
        return "text", f'put it in quotes: "{literal}"'
    return "text", "write one line of text"


def _pattern(_: Shape, __: Any, context: Mapping[str, Any]) -> Words:
    return PATTERNS.get(str(context.get("pattern")), ("text of the documented form", "see the reference page"))


def _too_long(_: Shape, __: Any, context: Mapping[str, Any]) -> Words:
    most = context.get("max_length")
    return f"at most {most} characters, so that the names derived from it fit", f"shorten it to {most} characters"


def _empty(_: Shape, __: Any, ___: Mapping[str, Any]) -> Words:
    return "text that is not empty", "write a value, or remove the key to get its default"


def _boolean(_: Shape, value: Any, __: Mapping[str, Any]) -> Words:
    meant = {"yes": "true", "on": "true", "1": "true", "true": "true", "no": "false", "off": "false"}
    proposal = meant.get(str(value).lower())
    return "true or false, without quotes", f"write {proposal}" if proposal else "write true or false"


def _choice(_: Shape, __: Any, context: Mapping[str, Any]) -> Words:
    expected = str(context.get("expected", "")).replace("'", "")
    return f"one of: {expected.replace(' or ', ', ')}", "write one of these"


def _model(shape: Shape, _: Any, __: Mapping[str, Any]) -> Words:
    keys = children(shape.model) if shape.model else {}
    limit = f"a mapping with the keys {', '.join(key for key in keys if key != 'name')}"
    required = [key for key, child in keys.items() if child.required and key != "name"]
    return limit, f"indent {' and '.join(required) or 'these keys'} below it"


def _mapping(_: Shape, value: Any, __: Mapping[str, Any]) -> Words:
    if isinstance(value, list):
        return "a mapping of names to values, not a list", "write NAME: value, without '-', one per line"
    return "a mapping of names to values", "write NAME: value, indented, one per line"


def _list(_: Shape, value: Any, __: Mapping[str, Any]) -> Words:
    if isinstance(value, str):
        try:
            parts = shlex.split(value)
        except ValueError:  # an unbalanced quote: the proposal is then the text as it stands
            parts = [value]
        return "a list", f"write {json.dumps(parts, ensure_ascii=False)}"
    return "a list", "write a list: - one line per entry"


def _unreadable(_: Shape, __: Any, ___: Mapping[str, Any]) -> Words:
    return "plain, valid Unicode text, nested at most 100 deep", "look for broken characters, and write them anew"


_WRITERS: Mapping[str, Callable[[Shape, Any, Mapping[str, Any]], Words]] = {
    "bool_type": _boolean,
    "dict_type": _mapping,
    "finite_number": _number,
    "float_type": _number,
    "greater_than_equal": _bound,
    "int_from_float": _number,
    "int_parsing_size": _number,
    "int_type": _number,
    "json_invalid": _unreadable,
    "less_than_equal": _bound,
    "literal_error": _choice,
    "model_type": _model,
    "string_pattern_mismatch": _pattern,
    "string_too_long": _too_long,
    "string_too_short": _empty,
    "string_type": _text,
    "string_unicode": _unreadable,
    "tuple_type": _list,
}
KINDS = frozenset(_WRITERS) | {"missing", "extra_forbidden"}
"""Every kind of fault that the models can produce; a test holds that none is without words."""
