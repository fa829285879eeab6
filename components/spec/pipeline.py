"""The pipeline that deploys an environment: who it is, as the tokens of its CI system say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import AZURE_GROUP, BRANCH, HTTPS, REPOSITORY, STATE_KEY, STATE_URL, Frozen

System = Literal["github", "gitlab", "jenkins"]

RefName = Annotated[str, StringConstraints(pattern=BRANCH, max_length=120)]


class State(Frozen):
    """Where the engine keeps the states, and the key of their secrets: the identity for previews reads, the one for
    applies changes what belongs to this stack as well. Nothing there is made here."""

    url: Annotated[str, StringConstraints(pattern=STATE_URL, max_length=400)] = Field(
        description="What PULUMI_BACKEND_URL says: s3://BUCKET/PATH on aws-ecs, gs://BUCKET/PATH on gke, "
        "azblob://CONTAINER/PATH?storage_account=NAME on azure-aci."
    )
    key: Annotated[str, StringConstraints(pattern=STATE_KEY, max_length=400)] | None = Field(
        None,
        description="What the stack file's secretsprovider says: awskms:///ARN, gcpkms://NAME or "
        "azurekeyvault://VAULT/keys/NAME. Default: the states' secrets are under a passphrase, which a job is given.",
    )
    resource_group: Annotated[str, StringConstraints(pattern=AZURE_GROUP)] | None = Field(
        None,
        description="Resource group of the storage account, and of the vault, in the environment's subscription. "
        "Required on azure-aci, and only there.",
    )


class Pipeline(Frozen):
    """The pipeline that deploys this environment. It gets two identities without a stored key: one for previews, which
    reads, and one for applies, which changes what this environment declares."""

    system: System = Field(description="The CI system that vouches for the pipeline.")
    repository: Annotated[str, StringConstraints(pattern=REPOSITORY, max_length=200)] = Field(
        description="On GitHub owner/name, on GitLab the project with its groups, on Jenkins the multibranch job with "
        "its folders."
    )
    issuer: Annotated[str, StringConstraints(pattern=HTTPS)] | None = Field(
        None,
        description="Who issues the tokens. Default: https://token.actions.githubusercontent.com, or "
        "https://gitlab.com. Required on Jenkins: the plug-in's address, such as https://jenkins.example.org/oidc.",
    )
    branch: RefName = Field("main", description="The one branch whose pipelines may apply.")
    environment: RefName | None = Field(
        None,
        description="The environment of the CI system that a job must name to apply; Jenkins has none. "
        "Default: the stack's name.",
    )
    reviews: Annotated[int, Field(ge=0, le=20)] = Field(
        0,
        description="How many merge requests can have an environment at once (`caas review up`): a namespace is made "
        "for each beside the stack's own, and a third identity, for their jobs, acts there and nowhere else. Only on "
        "kubernetes, for a stack of tier dev. Default: none; reviews make their own, with rights of somebody else.",
    )
    state: State | None = Field(
        None,
        description="The states' backend, so that the identities get their rights on it. Default: whoever owns the "
        "backend gives them. None on kubernetes, where the pipeline is nobody outside of the cluster.",
    )
    provider: Literal["make", "existing"] = Field(
        "make",
        description="Whether the identity provider is made here. AWS has one per issuer and account: where another "
        "stack of the account makes it, it exists. Of the other platforms nothing is shared.",
    )
