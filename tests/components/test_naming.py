"""Names and labels: stable, within the limit, and two for two things."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import name
from components.spec import Environment, Source, load_environment
from components.tags import labels, selector
from tests.spec.wrong_case import SERVICE, SETTINGS, changed

DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def test_what_fits_stays_as_it_is() -> None:
    assert name("caas", "dev", "hello") == "caas-dev-hello"
    assert name("caas", "", "hello") == "caas-hello"
    assert name("a" * 63) == "a" * 63


def test_what_does_not_fit_keeps_a_head_and_gets_a_hash() -> None:
    # Pinned: a change of these replaces resources that run.
    assert name("a" * 64) == "a" * 54 + "-ffe054fe"
    assert name("caas", "Feature_X") == "caas-feature-x-79fefe71"
    assert len(name("payments", "staging", "a" * 60, limit=24)) <= 24


def test_two_things_never_share_a_name() -> None:
    assert name("a" * 70 + "b") != name("a" * 70 + "c")
    assert name("a_b") != name("a-b")
    assert name("Dev") != name("dev")


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 10 characters, not 9"):
        name("a", limit=9)
    with pytest.raises(ValueError, match="at least one part"):
        name("", "")


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4).filter(any), st.integers(12, 253))
def test_every_name_is_a_dns_label_within_the_limit(parts: list[str], limit: int) -> None:
    made = name(*parts, limit=limit)
    assert DNS_LABEL.fullmatch(made)
    assert len(made) <= limit
    assert name(*parts, limit=limit) == made


def environment(**changes: object) -> Environment:
    service = changed(SERVICE, {"labels": {"example.org/line": "retail"}})
    config = {"services": {"hello": service}, **SETTINGS, **changes}
    return load_environment(config, project="shop", stack="dev", source=Source("Pulumi.yaml", "Pulumi.dev.yaml"))


def test_labels_say_whose_a_resource_is() -> None:
    spec = environment()
    assert labels(spec) == {
        "app.kubernetes.io/part-of": "shop",
        "app.kubernetes.io/managed-by": "pulumi",
        "caas.environment": "dev",
        "caas.tier": "dev",
        "caas.owner": "platform-team",
        "caas.cost-centre": "4711",
    }
    assert labels(spec, spec.services[0]) == {
        **labels(spec),
        "app.kubernetes.io/name": "hello",
        "app.kubernetes.io/instance": "shop-dev-hello",
        "example.org/line": "retail",
    }


def test_what_selects_does_not_change_with_what_describes() -> None:
    one, other = environment(), environment(owner="another-team", costCentre="1")
    assert selector(one, one.services[0]) == selector(other, other.services[0])
    assert labels(one) != labels(other)


def test_a_services_own_labels_never_replace_what_selects_it() -> None:
    spec = environment()
    own = {"app.kubernetes.io/name": "other", "caas.owner": "others", "example.org/line": "retail"}
    # Put in past the loader, which refuses such labels: this is the second lock.
    service = spec.services[0].model_copy(update={"labels": own})
    assert labels(spec, service) == {**labels(spec, spec.services[0]), "example.org/line": "retail"}
