"""What a review environment is called, where it answers, how long it lives, and what it takes from dev."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.spec import Environment, Source, load_environment
from delivery import review_stack
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.review_stack import BRANCH, EXPIRES, Review, read, stack_name
from tests.spec.wrong_case import IMAGE, SERVICE, SETTINGS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("branch", "stack"),
    [
        ("login", "review-login"),
        ("feature/login", "review-feature-login-"),
        ("Feature/Login", "review-feature-login-"),
        ("7", "review-7"),
        ("a-branch-whose-name-is-very-long-indeed", "review-a-branch-whose-n-"),
    ],
)
def test_a_stack_is_called_after_its_branch(branch: str, stack: str) -> None:
    assert stack_name(branch).startswith(stack)
    assert len(stack_name(branch)) <= review_stack.LONGEST


def test_branches_that_look_alike_get_stacks_of_their_own() -> None:
    branches = ["feature/login", "feature-login", "Feature/login", "feature_login", "feature.login", "feature//login"]
    assert len({stack_name(branch) for branch in branches}) == len(branches)


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_any_branch_has_a_name_that_fits_or_is_refused(one: str, other: str) -> None:
    names = []
    for branch in (one, other):
        with suppress(DeliveryError):
            names.append(stack_name(branch))
    for name in names:
        assert name.startswith(review_stack.PREFIX)
        assert len(name) <= review_stack.LONGEST
        assert all(c.isascii() and (c.islower() or c.isdigit() or c == "-") for c in name)
    if len(names) == 2:
        assert (names[0] == names[1]) == (one == other)


@pytest.mark.parametrize("branch", ["", "/", "--", "///"])
def test_what_names_no_branch_is_refused(branch: str) -> None:
    with pytest.raises(DeliveryError, match="names no branch") as refused:
        stack_name(branch)
    assert refused.value.code is Exit.BAD_INPUT


@pytest.mark.parametrize(
    ("text", "life"),
    [("10m", timedelta(minutes=10)), ("90m", timedelta(minutes=90)), ("4h", timedelta(hours=4)),
     ("2d", timedelta(days=2)), ("30d", timedelta(days=30))],
)  # fmt: skip
def test_a_time_to_live(text: str, life: timedelta) -> None:
    assert review_stack.lifetime(text) == life


@pytest.mark.parametrize("text", ["", "4", "h", "0h", "-4h", "4 h", "4w", "9m", "31d", "1.5h", "99999d"])
def test_what_is_no_time_to_live_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        review_stack.lifetime(text)
    assert refused.value.line == (
        f"--ttl {text} is no time to live: 10m to 30d, in minutes (m), hours (h) or days (d). Write it like 4h."
    )
    assert refused.value.code is Exit.BAD_INPUT


TAGS = {BRANCH: "feature/login", EXPIRES: "2026-03-01T12:00:00+00:00"}


def test_a_review_stack_is_known_by_its_name_and_its_tags() -> None:
    assert read("review-login", TAGS) == Review("review-login", "feature/login", NOW)
    assert read("review-login", {}) is None
    assert read("review-login", {EXPIRES: TAGS[EXPIRES]}) is None
    assert read("dev", TAGS) is None
    assert read("prod-review-login", TAGS) is None


@pytest.mark.parametrize("expires", ["", "soon"])
def test_one_without_a_time_never_expires(expires: str) -> None:
    found = read("review-login", {BRANCH: "login", EXPIRES: expires})
    assert found is not None
    assert found.expires is None
    assert not found.expired(datetime.max.replace(tzinfo=UTC))
    assert found.left(NOW) == "no expiry known"


def test_a_time_without_a_zone_is_utc() -> None:
    assert read("review-login", {**TAGS, EXPIRES: "2026-03-01T12:00:00"}) == read("review-login", TAGS)


@pytest.mark.parametrize(
    ("after", "expired", "left"),
    [(timedelta(0), True, "expired"), (timedelta(minutes=59), False, "59 min"),
     (timedelta(hours=3, minutes=59), False, "3 h 59 min"), (timedelta(days=2, hours=1), False, "2 d 1 h")],
)  # fmt: skip
def test_how_long_it_has_to_live(after: timedelta, expired: bool, left: str) -> None:
    review = Review("review-login", "login", NOW + after)
    assert review.expired(NOW) is expired
    assert review.left(NOW) == left


def environment(settings: dict[str, Any], **services: dict[str, Any]) -> Environment:
    return load_environment(
        {"services": services, **settings, "secrets": ["apiKey"]},
        project="shop",
        stack="dev",
        source=Source("Pulumi.yaml", "Pulumi.dev.yaml"),
    )


def service(**changes: Any) -> dict[str, Any]:
    return {**{key: value for key, value in SERVICE.items() if key != "build"}, "image": IMAGE, **changes}


def test_the_configuration_is_dev_s_but_for_names_hosts_and_what_dev_alone_may_have() -> None:
    settings = {
        **SETTINGS,
        "domain": "dev.example.org",
        "kubernetes": {"namespace": "dev-ns", "ingressClass": "traefik"},
        "overrides": {"web": {"cpu": 0.5}},
    }
    services = {
        "web": service(ingress={"path": "/"}),
        "fixed": service(ingress={"host": "fixed.example.org"}),
        "inner": {key: value for key, value in service().items() if key != "ingress"},
    }
    base = {
        "encryptionsalt": "v1:salt",
        "config": {**{f"caas:{k}": v for k, v in settings.items()}, "caas:secrets": {"apiKey": {"secure": "v1:x"}},
                   "aws:region": "eu-central-1"},
    }  # fmt: skip
    made = review_stack.configuration(base, environment(settings, **services), "review-login")
    assert made["encryptionsalt"] == "v1:salt"
    config = made["config"]
    assert config["caas:secrets"] == {"apiKey": {"secure": "v1:x"}}
    assert config["aws:region"] == "eu-central-1"
    assert config["caas:tier"] == "dev"
    assert config["caas:kubernetes"] == {"ingressClass": "traefik"}
    assert config["caas:overrides"] == {
        "web": {"cpu": 0.5, "ingress": {"host": "web-review-login.dev.example.org"}},
        "fixed": {"ingress": {"host": "fixed-review-login.example.org"}},
    }
    assert base["config"]["caas:kubernetes"]["namespace"] == "dev-ns", "what was given stays as it is"  # type: ignore[index]


def test_a_host_fits_a_label_with_what_a_strategy_puts_before_it() -> None:
    made = review_stack.host(f"{'a' * 50}.example.org", "review-login")
    first, _, rest = made.partition(".")
    assert rest == "example.org"
    assert len(f"preview-{first}") <= 63
    assert made != review_stack.host(f"{'a' * 49}b.example.org", "review-login")
    assert review_stack.host("localhost", "review-login") == "localhost-review-login"


def test_a_review_says_nothing_of_who_may_do_what() -> None:
    base = {"config": {"caas:pipeline": {"system": "github", "repository": "team/shop"}}}
    made = review_stack.configuration(base, environment(SETTINGS, web=service()), "review-a")
    assert "caas:pipeline" not in made["config"]
    assert "caas:pipeline" in base["config"]


def test_a_review_gets_the_namespace_that_waits_for_it() -> None:
    base = {"config": {"caas:kubernetes": {"namespace": "of-dev", "context": "there"}}}
    made = review_stack.configuration(base, environment(SETTINGS, web=service()), "review-a", "shop-dev-review-1")
    given = {"context": "there", "namespace": "shop-dev-review-1", "namespaceExists": True}
    assert made["config"]["caas:kubernetes"] == given
