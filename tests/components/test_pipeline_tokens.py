"""What each CI system's tokens say of one repository, one branch, one environment."""

from __future__ import annotations

from typing import Any

import pytest

from components.pipeline_tokens import Purpose, Token, token
from tests.components.worlds import environment

JENKINS = {"system": "jenkins", "repository": "team/shop", "issuer": "https://jenkins.example.org/oidc"}


def said(pipeline: dict[str, Any], purpose: Purpose) -> Token:
    return token(environment(pipeline=pipeline), purpose)


@pytest.mark.parametrize(
    ("pipeline", "subject", "claims"),
    [
        (
            {"system": "github", "repository": "team/shop"},
            "repo:team/shop:environment:staging",
            {"repository": "team/shop", "environment": "staging", "ref": "refs/heads/main"},
        ),
        (
            {"system": "github", "repository": "team/shop", "branch": "release/1", "environment": "live"},
            "repo:team/shop:environment:live",
            {"repository": "team/shop", "environment": "live", "ref": "refs/heads/release/1"},
        ),
        (
            {"system": "gitlab", "repository": "group/team/shop", "branch": "trunk"},
            "project_path:group/team/shop:ref_type:branch:ref:trunk",
            {"project_path": "group/team/shop", "environment": "staging", "ref": "trunk", "ref_type": "branch"},
        ),
        (JENKINS, "https://jenkins.example.org/job/team/job/shop/job/main/", {}),
    ],
)
def test_an_apply_is_one_branch_of_one_repository(
    pipeline: dict[str, Any], subject: str, claims: dict[str, str]
) -> None:
    found = said(pipeline, "apply")
    assert (found.subject, found.exact, dict(found.claims)) == (subject, True, claims)
    assert found.audience == "caas-apply"


@pytest.mark.parametrize(
    ("pipeline", "subject", "exact"),
    [
        ({"system": "github", "repository": "team/shop"}, "repo:team/shop:pull_request", True),
        ({"system": "gitlab", "repository": "team/shop"}, "project_path:team/shop:ref_type:branch:ref:", False),
        (JENKINS, "https://jenkins.example.org/job/team/job/shop/job/PR-", False),
    ],
)
def test_a_preview_is_any_merge_request_of_one_repository(pipeline: dict[str, Any], subject: str, exact: bool) -> None:
    found = said(pipeline, "preview")
    assert (found.subject, found.exact, found.audience) == (subject, exact, "caas-preview")


@pytest.mark.parametrize(
    ("pipeline", "issuer", "host"),
    [
        (
            {"system": "github", "repository": "team/shop"},
            "https://token.actions.githubusercontent.com",
            "token.actions.githubusercontent.com",
        ),
        ({"system": "gitlab", "repository": "team/shop"}, "https://gitlab.com", "gitlab.com"),
        (
            {"system": "gitlab", "repository": "team/shop", "issuer": "https://git.example.org"},
            "https://git.example.org",
            "git.example.org",
        ),
        (JENKINS, "https://jenkins.example.org/oidc", "jenkins.example.org/oidc"),
    ],
)
def test_the_issuer_is_the_systems_own(pipeline: dict[str, Any], issuer: str, host: str) -> None:
    found = said(pipeline, "apply")
    assert (found.issuer, found.host) == (issuer, host)
