"""Wrong settings of the pipeline that deploys an environment."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_aws import AWS
from tests.spec.wrong_azure import AZURE
from tests.spec.wrong_case import Case, stack

GITHUB = {"pipeline.system": "github", "pipeline.repository": "team/shop"}
JENKINS = {
    "pipeline.system": "jenkins",
    "pipeline.repository": "team/shop",
    "pipeline.issuer": "https://jenkins.example.org/oidc",
}


def pipeline(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A stack whose pipeline is known, but for what the changes do."""
    more.setdefault("engine", False)
    return stack(id, f"pipeline.{key}", limit, remedy, {**GITHUB, **changes}, **more)


PIPELINES = [
    pipeline("unknown-ci-system", "system", "github, gitlab, jenkins", "one of these", {"pipeline.system": "travis"}),
    pipeline(
        "repository-of-anybody",
        "repository",
        "one repository by its whole name, without wildcards",
        "write it like team/shop",
        {"pipeline.repository": "team/*"},
        engine=True,
    ),
    pipeline("repository-without-owner", "repository", "owner/name", "team/shop", {"pipeline.repository": "shop"}),
    pipeline(
        "project-without-group",
        "repository",
        "a project with its groups",
        "team/shop",
        {"pipeline.system": "gitlab", "pipeline.repository": "shop"},
    ),
    pipeline("any-branch", "branch", "one name, without wildcards", "write it like main", {"pipeline.branch": "*"}),
    pipeline(
        "any-environment", "environment", "one name, without wildcards", "like main", {"pipeline.environment": "prod*"}
    ),
    pipeline(
        "issuer-without-tls",
        "issuer",
        "the https:// URL of an issuer",
        "https://gitlab.example.org",
        {"pipeline.issuer": "http://git.example.org"},
    ),
    pipeline(
        "jenkins-nowhere",
        "issuer",
        "required on Jenkins",
        "https://jenkins.example.org/oidc",
        {"pipeline.system": "jenkins"},
        line="pipeline",
    ),
    pipeline(
        "jenkins-without-its-plug-in",
        "issuer",
        "Jenkins' own address and /oidc",
        "https://jenkins.example.org/oidc",
        {**JENKINS, "pipeline.issuer": "https://jenkins.example.org"},
    ),
    pipeline(
        "jenkins-branch-with-a-slash",
        "branch",
        "a branch without '/' on Jenkins",
        "a branch like main",
        {**JENKINS, "pipeline.branch": "release/1"},
    ),
    pipeline(
        "jenkins-has-no-environments",
        "environment",
        "no environment on Jenkins",
        "remove it",
        {**JENKINS, "pipeline.environment": "live"},
    ),
    pipeline("more-reviews-than-fit", "reviews", "20", "20", {"pipeline.reviews": 21}),
    pipeline(
        "reviews-beside-a-prometheus-of-one-s-own",
        "reviews",
        "0 beside caas:monitoring",
        "another stack of tier dev, without caas:monitoring",
        {"pipeline.reviews": 1, "monitoring.operator": "existing"},
        engine=False,
    ),
    pipeline(
        "reviews-on-a-cloud",
        "reviews",
        "0 where the platform is aws-ecs",
        "an administrator, or a pipeline of your own",
        {**AWS, "pipeline.reviews": 2},
    ),
    stack(
        "a-namespace-that-exists-has-a-name",
        "kubernetes.namespaceExists",
        "beside kubernetes.namespace",
        "add namespace",
        {"kubernetes.namespaceExists": True},
    ),
    pipeline(
        "provider-that-nobody-shares",
        "provider",
        "make where the platform is kubernetes",
        "remove it",
        {"pipeline.provider": "existing"},
    ),
    stack(
        "operator-that-a-pipeline-would-install",
        "monitoring.operator",
        "existing where a pipeline applies",
        "let an administrator install it, and write existing",
        {**GITHUB, "monitoring.operator": "install"},
        engine=False,
    ),
    pipeline("pipeline-misspelt", "repo", "", "", {"pipeline.repo": "team/shop"}),
    pipeline(
        "provider-misspelt-on-aws", "provider", "make, existing", "one of these", {**AWS, "pipeline.provider": "yes"}
    ),
    pipeline(
        "state-of-anybody",
        "state.url",
        "without wildcards",
        "s3://shop-states/team",
        {**AWS, "pipeline.state.url": "s3://shop-states/*"},
    ),
    pipeline(
        "state-at-another-cloud",
        "state.url",
        "a backend of the platform's own cloud, s3://, where the platform is aws-ecs",
        "s3://shop-states/team",
        {**AWS, "pipeline.state.url": "gs://shop-states/team"},
        engine=True,
    ),
    pipeline(
        "state-outside-of-a-cluster",
        "state",
        "no state where the platform is kubernetes",
        "whoever owns the backend",
        {"pipeline.state.url": "s3://shop-states/team"},
    ),
    pipeline(
        "state-key-by-an-alias",
        "state.key",
        "one key by the engine's URL, not an alias",
        "awskms:///arn:aws:kms:",
        {**AWS, "pipeline.state.url": "s3://shop-states/team", "pipeline.state.key": "awskms://alias/states"},
    ),
    pipeline(
        "state-key-at-another-cloud",
        "state.key",
        "a key of the platform's own cloud, awskms://",
        "give the rights where the key is",
        {
            **AWS,
            "pipeline.state.url": "s3://shop-states/team",
            "pipeline.state.key": "azurekeyvault://shop.vault.azure.net/keys/states",
        },
    ),
    pipeline(
        "state-in-a-resource-group-of-aws",
        "state.resourceGroup",
        "nothing where the platform is aws-ecs",
        "remove it",
        {**AWS, "pipeline.state.url": "s3://shop-states/team", "pipeline.state.resourceGroup": "shop"},
    ),
    pipeline(
        "state-of-no-storage-account",
        "state.url",
        "the storage account, which the URL's query names",
        "storage_account=shopstates",
        {**AZURE, "pipeline.state.url": "azblob://states/team", "pipeline.state.resourceGroup": "shop"},
    ),
    pipeline(
        "state-in-no-resource-group",
        "state.resourceGroup",
        "required on azure-aci",
        "name the group",
        {**AZURE, "pipeline.state.url": "azblob://states/team?storage_account=shopstates"},
        line="state",
    ),
]
