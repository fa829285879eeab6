"""Which forge a pipeline belongs to."""

from __future__ import annotations

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.forge import detect

TOKEN = {"CAAS_FORGE_TOKEN": "t"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"GITLAB_CI": "true", "CI_API_V4_URL": "https://git.example.com/api/v4", "CI_PROJECT_ID": "12"},
            ("gitlab", "https://git.example.com/api/v4", "12"),
        ),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": "https://api.github.com",
                "GITHUB_REPOSITORY": "shop/hello",
            },
            ("github", "https://api.github.com", "shop/hello"),
        ),
        (
            {"CHANGE_URL": "https://git.example.com/shop/web/hello/-/merge_requests/4", "CHANGE_ID": "4"},
            ("gitlab", "https://git.example.com/api/v4", "shop/web/hello"),
        ),
        (
            {"CHANGE_URL": "https://github.com/shop/hello/pull/4"},
            ("github", "https://api.github.com", "shop/hello"),
        ),
        (
            {"CHANGE_URL": "https://git.example.com/shop/hello/pull/4"},
            ("github", "https://git.example.com/api/v3", "shop/hello"),
        ),
        (
            {"CAAS_FORGE": "gitlab", "CAAS_FORGE_API": "https://x/api/v4", "CAAS_FORGE_PROJECT": "a/b"},
            ("gitlab", "https://x/api/v4", "a/b"),
        ),
    ],
)
def test_the_place_is_what_the_pipeline_says(variables: dict[str, str], expected: tuple[str, str, str]) -> None:
    assert detect._place(variables) == expected
    assert detect.forge({**variables, **TOKEN}).name.lower() == expected[0]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "No pipeline of GitLab, GitHub or Jenkins runs here"),
        ({"CAAS_FORGE": "gitea"}, "CAAS_FORGE is 'gitea'"),
        ({"CAAS_FORGE": "gitlab"}, "CAAS_FORGE_API and CAAS_FORGE_PROJECT not set"),
        ({"GITLAB_CI": "true", "CI_API_V4_URL": "https://x", "CI_PROJECT_ID": "1"}, "CAAS_FORGE_TOKEN is not set"),
    ],
)
def test_what_is_missing_is_named(variables: dict[str, str], message: str) -> None:
    with pytest.raises(DeliveryError, match=message) as caught:
        detect.forge(variables)
    assert caught.value.code == Exit.BAD_INPUT


def test_only_github_takes_the_workflow_s_own_token() -> None:
    github = {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://api.github.com", "GITHUB_REPOSITORY": "shop/hello"}
    assert detect.forge({**github, "GITHUB_TOKEN": "t"}).name == "GitHub"
    gitlab = {"GITLAB_CI": "true", "CI_API_V4_URL": "https://x", "CI_PROJECT_ID": "1", "GITHUB_TOKEN": "t"}
    with pytest.raises(DeliveryError, match="no token for GitLab"):
        detect.forge(gitlab)
