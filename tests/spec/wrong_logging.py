"""Wrong settings of where lines are kept."""

from __future__ import annotations

from tests.spec.wrong_aws import AWS
from tests.spec.wrong_azure import NETWORK, REGISTRY
from tests.spec.wrong_azure import setting as on_azure
from tests.spec.wrong_case import DIGEST, MARKER, stack

AGENT = f"registry.example.org/collector@{DIGEST}"
URL = "https://logs.example.org"
ECS = {"agent": AGENT, "elasticsearch": URL}
PULLED = f"{REGISTRY}/collector@{DIGEST}"
ACI = {"agent": PULLED, "forwarder": PULLED, "elasticsearch": URL}

LOGGING = [
    stack(
        "logging-without-an-agent",
        "logging.agent",
        "required",
        "collector@sha256",
        {"logging": {"elasticsearch": URL}},
        line="logging",
    ),
    stack(
        "agent-by-tag",
        "logging.agent",
        "sha256",
        "sha256",
        {"logging": {"agent": "registry.example.org/collector:0.135.0", "elasticsearch": URL}},
    ),
    stack(
        "elasticsearch-with-a-path",
        "logging.elasticsearch",
        "a URL of scheme and host only",
        "write it like",
        {"logging": {"agent": AGENT, "elasticsearch": f"{URL}/logs"}},
    ),
    stack(
        "api-key-not-set",
        "logging.apiKey",
        "a key in caas:secrets that is set; set are: none",
        "pulumi config set --secret --path 'caas:secrets.logs'",
        {"logging": {"agent": AGENT, "elasticsearch": URL, "apiKey": MARKER}},
    ),
    stack(
        "size-of-an-elasticsearch-that-exists",
        "logging.storage",
        "only where Elasticsearch is declared here",
        "remove storage",
        {"logging": {"agent": AGENT, "elasticsearch": URL, "storage": 10}},
    ),
    stack(
        "elasticsearch-declared-without-a-password",
        "logging.password",
        "the password that the agent gets",
        "write password: logs",
        {"logging": {"agent": AGENT}},
        line="logging",
    ),
    stack(
        "no-key-in-prod",
        "logging.apiKey",
        "required in prod",
        "make a key that may add lines",
        {"logging": {"agent": AGENT, "elasticsearch": URL}},
        stack="prod",
        line="logging",
    ),
    stack(
        "snapshots-of-another-kind",
        "logging.snapshots.kind",
        "s3, gcs, azure",
        "one of",
        {"logging": {"agent": AGENT, "password": "logs", "snapshots": {"kind": "tape", "bucket": "logs"}}},
        line="tape",
    ),
    stack(
        "logging-on-ecs-without-an-elasticsearch",
        "logging.elasticsearch",
        "required on aws-ecs",
        "name one that exists",
        {**AWS, "logging": {"agent": AGENT, "addresses": ["10.0.0.0/16"]}},
        line="logging",
    ),
    stack(
        "logging-on-ecs-without-addresses",
        "logging.addresses",
        "required on aws-ecs",
        "write where elasticsearch is",
        {**AWS, "logging": ECS},
        line="logging",
    ),
    stack(
        "logging-on-ecs-to-the-whole-world",
        "logging.addresses[0]",
        "not the whole world",
        "write where elasticsearch is",
        {**AWS, "logging": {**ECS, "addresses": ["0.0.0.0/0"]}},
        line='"0.0.0.0/0"',
    ),
    stack(
        "logging-on-ecs-beyond-a-network-without-a-gateway",
        "logging.addresses[0]",
        "addresses inside the network",
        "aws.nat to single",
        {**AWS, "logging": {**ECS, "addresses": ["93.184.216.0/24"]}},
        line='"93.184.216.0/24"',
    ),
    stack(
        "addresses-on-kubernetes",
        "logging.addresses",
        "only on aws-ecs and azure-aci",
        "remove addresses",
        {"logging": {"agent": AGENT, "elasticsearch": URL, "addresses": ["10.0.0.0/16"]}},
    ),
    stack(
        "forwarder-on-kubernetes",
        "logging.forwarder",
        "only on azure-aci",
        "remove forwarder",
        {"logging": {"agent": AGENT, "elasticsearch": URL, "forwarder": AGENT}},
    ),
    on_azure(
        "logging-without-a-forwarder",
        "logging.forwarder",
        "required on azure-aci",
        "build components/logging/forwarder",
        {"logging": {"agent": PULLED, "elasticsearch": URL, "addresses": ["10.0.0.0/16"]}},
        line="logging",
    ),
    on_azure(
        "logging-by-an-image-elsewhere",
        "logging.agent",
        "an image in shopteam.azurecr.io",
        "az acr import --name shopteam",
        {"logging": {**ACI, "agent": AGENT, "addresses": ["10.0.0.0/16"]}},
    ),
    on_azure(
        "logging-without-an-elasticsearch",
        "logging.elasticsearch",
        "required on azure-aci",
        "name one that exists",
        {"logging": {"agent": PULLED, "forwarder": PULLED, "addresses": ["10.0.0.0/16"]}},
        line="logging",
    ),
    on_azure(
        "logging-without-addresses",
        "logging.addresses",
        "required on azure-aci",
        "write where elasticsearch is",
        {"logging": ACI},
        line="logging",
    ),
    on_azure(
        "logging-to-the-whole-world",
        "logging.addresses[0]",
        "not the whole world",
        "write where elasticsearch is",
        {"logging": {**ACI, "addresses": ["::/0"]}},
        line='"::/0"',
    ),
    on_azure(
        "logging-addresses-in-a-network-that-exists",
        "logging.addresses",
        "only where the network is made here",
        "open that network's rules",
        {**NETWORK, "logging": {**ACI, "addresses": ["10.0.0.0/16"]}},
    ),
    on_azure(
        "logging-beside-a-service-of-its-name",
        "services.log-forwarder",
        "another name than log-forwarder",
        "rename the service",
        {"logging": {**ACI, "addresses": ["10.0.0.0/16"]}},
        name="log-forwarder",
        file="Pulumi.yaml",
    ),
    stack(
        "logging-misspelt",
        "logging.elasticsaerch",
        "elasticsearch",
        "mean elasticsearch",
        {"logging": {"agent": AGENT, "elasticsaerch": URL}},
    ),
]
