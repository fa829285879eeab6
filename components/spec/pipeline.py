"""The pipeline that deploys an environment: who it is, as the tokens of its CI system say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import BRANCH, HTTPS, REPOSITORY, Frozen

System = Literal["github", "gitlab", "jenkins"]

RefName = Annotated[str, StringConstraints(pattern=BRANCH, max_length=120)]


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
    provider: Literal["make", "existing"] = Field(
        "make",
        description="Whether the identity provider is made here. AWS has one per issuer and account: where another "
        "stack of the account makes it, it exists. Of the other platforms nothing is shared.",
    )
