"""Which forge a pipeline belongs to, from the variables that GitLab CI, GitHub Actions and Jenkins set."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.forge.github import GitHub
from delivery.forge.gitlab import GitLab
from delivery.forge.model import Forge
from delivery.masking import Masker

TOKEN = "CAAS_FORGE_TOKEN"  # noqa: S105 - its name
"""Environment variable of the token that comments; on GitHub the workflow's own GITHUB_TOKEN does as well."""
KIND, API, PROJECT = "CAAS_FORGE", "CAAS_FORGE_API", "CAAS_FORGE_PROJECT"
"""Environment variables that say it where a pipeline does not: gitlab or github, its API's address, the project."""
KINDS = ("gitlab", "github")

_GITLAB_CHANGE = re.compile(r"^(?P<host>https?://[^/]+)/(?P<project>.+?)/-/merge_requests/\d+")
_GITHUB_CHANGE = re.compile(r"^(?P<host>https?://[^/]+)/(?P<project>[^/]+/[^/]+)/pull/\d+")


def forge(variables: Mapping[str, str] | None = None) -> Forge:
    """The forge of this pipeline.

    Raises:
        DeliveryError: no pipeline tells of one, or there is no token for it; the message names the variables.
    """
    known = os.environ if variables is None else variables
    kind, api, project = _place(known)
    token = known.get(TOKEN) or (known.get("GITHUB_TOKEN") if kind == "github" else None)
    if not token:
        raise DeliveryError(
            f"There is no token for {'GitHub' if kind == 'github' else 'GitLab'}: {TOKEN} is not set.",
            Exit.BAD_INPUT,
            remedy="docs/pipelines.md says which token the job needs, and what it may do.",
        )
    made: Forge = GitHub(api, project, token, known) if kind == "github" else GitLab(api, project, token, known)
    return made


def masked(masker: Masker) -> None:
    """Let no token of this job be printed."""
    masker.add(value for name in (TOKEN, "GITHUB_TOKEN") if (value := os.environ.get(name)))


def _place(known: Mapping[str, str]) -> tuple[str, str, str]:
    """Kind, address of the API, project."""
    kind, api, project = _told(known)
    kind, api, project = known.get(KIND) or kind, known.get(API) or api, known.get(PROJECT) or project
    if kind not in KINDS:
        raise DeliveryError(
            f"{KIND} is {kind!r}." if kind else "No pipeline of GitLab, GitHub or Jenkins runs here.",
            Exit.BAD_INPUT,
            remedy=f"Set {KIND} (gitlab or github), {API} and {PROJECT}, or leave this to the pipeline.",
        )
    lacking = [name for name, value in ((API, api), (PROJECT, project)) if not value]
    if lacking:
        raise DeliveryError(f"It is not known where {kind} is: {' and '.join(lacking)} not set.", Exit.BAD_INPUT)
    return kind, api, project


def _told(known: Mapping[str, str]) -> tuple[str, str, str]:
    """What the pipeline itself says."""
    if known.get("GITLAB_CI"):
        return "gitlab", known.get("CI_API_V4_URL", ""), known.get("CI_PROJECT_ID") or known.get("CI_PROJECT_PATH", "")
    if known.get("GITHUB_ACTIONS"):
        return "github", known.get("GITHUB_API_URL", ""), known.get("GITHUB_REPOSITORY", "")
    return _of_jenkins(known.get("CHANGE_URL", ""))


def _of_jenkins(url: str) -> tuple[str, str, str]:
    """Jenkins names the address of the merge request; the forge is behind it."""
    if found := _GITLAB_CHANGE.match(url):
        return "gitlab", f"{found['host']}/api/v4", found["project"]
    if found := _GITHUB_CHANGE.match(url):
        host = found["host"]
        api = "https://api.github.com" if host == "https://github.com" else f"{host}/api/v3"
        return "github", api, found["project"]
    return "", "", ""
