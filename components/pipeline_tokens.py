"""What the tokens of a CI system say: the one source for every platform's trust. Pure; knows no cloud.

GitHub's and GitLab's claims, and the subject of Jenkins' plug-in OpenID Connect Provider (a build's JOB_URL), as their
documentation has them. Nothing here is a pattern but the end of a preview's subject where the CI system writes the
merge request into it (GitLab: its branch; Jenkins: its number): any merge request of that one repository is meant then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from components.spec.checks_pipeline import JENKINS_SUFFIX
from components.spec.environment import Environment
from components.spec.pipeline import Pipeline, System

Purpose = Literal["preview", "apply"]
PURPOSES: tuple[Purpose, ...] = ("preview", "apply")

AUDIENCES: dict[Purpose, str] = {"preview": "caas-preview", "apply": "caas-apply"}
"""For whom a job asks its token to be: a token for a preview opens nothing that applies."""

REVIEW_AUDIENCE = "caas-review"
"""The same for the jobs of a merge request that make and remove its own environment."""

ISSUERS: dict[System, str] = {"github": "https://token.actions.githubusercontent.com", "gitlab": "https://gitlab.com"}


@dataclass(frozen=True)
class Token:
    """What a token has to say to be taken."""

    issuer: str
    audience: str
    subject: str
    """The subject; its beginning where it is not ``exact``."""
    exact: bool
    claims: tuple[tuple[str, str], ...]
    """Further claims and the one value that each must have, for clouds that look at more than the subject."""

    @property
    def host(self) -> str:
        """The issuer without its scheme, as AWS names providers."""
        return self.issuer.removeprefix("https://")


def pipeline_of(environment: Environment) -> Pipeline:
    """The environment's pipeline.

    :raises ValueError: It has none; nobody asks where none is described.
    """
    if environment.pipeline is None:
        raise ValueError("caas:pipeline is required where the pipeline gets an identity")
    return environment.pipeline


def token(environment: Environment, purpose: Purpose) -> Token:
    """What a job's token says: of a merge request where it previews, of the branch where it applies."""
    given = pipeline_of(environment)
    stage = given.environment or environment.stack
    issuer = given.issuer or ISSUERS[given.system]
    subject, exact, claims = {"github": _github, "gitlab": _gitlab, "jenkins": _jenkins}[given.system](
        given, issuer, stage, purpose
    )
    return Token(issuer, AUDIENCES[purpose], subject, exact, claims)


def review_token(environment: Environment) -> Token:
    """What the token of a merge request's job says that makes its environment: all but the audience is a preview's."""
    return replace(token(environment, "preview"), audience=REVIEW_AUDIENCE)


_Said = tuple[str, bool, tuple[tuple[str, str], ...]]


def _github(given: Pipeline, _issuer: str, stage: str, purpose: Purpose) -> _Said:
    """ "OpenID Connect reference", GitHub Actions. A job with an environment has it in its subject in place of the
    branch, so the environment's own rule has to name the branch where a cloud looks at the subject alone."""
    repository = ("repository", given.repository)
    if purpose == "preview":
        return f"repo:{given.repository}:pull_request", True, (repository, ("event_name", "pull_request"))
    claims = (repository, ("environment", stage), ("ref", f"refs/heads/{given.branch}"))
    return f"repo:{given.repository}:environment:{stage}", True, claims


def _gitlab(given: Pipeline, _issuer: str, stage: str, purpose: Purpose) -> _Said:
    """ "OpenID Connect (OIDC) authentication using ID tokens", GitLab."""
    project, head = ("project_path", given.repository), f"project_path:{given.repository}:ref_type:branch:ref:"
    if purpose == "preview":
        return head, False, (project, ("pipeline_source", "merge_request_event"))
    claims = (project, ("environment", stage), ("ref", given.branch), ("ref_type", "branch"))
    return f"{head}{given.branch}", True, claims


def _jenkins(given: Pipeline, issuer: str, _stage: str, purpose: Purpose) -> _Said:
    """The plug-in's default subject: the address of the job, which in a multibranch project ends in the branch."""
    steps = "".join(f"/job/{step}" for step in given.repository.split("/"))
    job = f"{issuer.removesuffix(JENKINS_SUFFIX)}{steps}/job/"
    return (f"{job}PR-", False, ()) if purpose == "preview" else (f"{job}{given.branch}/", True, ())
