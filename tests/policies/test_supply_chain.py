"""What may run: an image by digest, from the right registry, signed and scanned; and no secret in its build."""

from __future__ import annotations

from typing import Any

import pytest

from policies import supply_chain
from policies.containers import AZURE_GROUPS
from policies.rule import UNKNOWN, Answer, Resource, Setting, Undecided, Violation
from tests.policies.fixtures.supply_chain import GITHUB_TOKEN, RANDOM, build, everywhere, group, task
from tests.policies.workload import DIGEST, IMAGE, workload

RULES = {rule.id: rule for rule in supply_chain.RULES}
PATH = "spec.template.spec.containers[0].image"


def said(rule: str, resource: Resource, setting: Setting | None = None) -> list[Answer]:
    return list(RULES[rule].check(resource, setting or Setting()))


@pytest.mark.parametrize("image", ["shop", "shop:latest", "shop:1.2", "shop@sha256:abc", f"{IMAGE}0"])
def test_an_image_without_a_digest_is_refused_on_every_platform(image: str) -> None:
    message = f"container 'shop' runs {image!r}; name it as repository@sha256:…"
    for resource in everywhere(image):
        found = [answer.message for answer in said("image-digest", resource) if isinstance(answer, Violation)]
        assert found == [message], resource.type


def test_an_image_by_digest_is_allowed_on_every_platform() -> None:
    assert [said("image-digest", resource) for resource in everywhere(IMAGE)] == [[]] * len(everywhere(IMAGE))


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (workload({"image": "shop"}), PATH),
        (workload({"image": "shop"}, kind="initContainers"), "spec.template.spec.initContainers[0].image"),
        (task(IMAGE, "shop"), "containerDefinitions[1].image"),
        (group("shop", "initContainers", max(AZURE_GROUPS)), "initContainers[0].image"),
    ],
)
def test_the_container_is_found_by_its_path(resource: Resource, path: str) -> None:
    assert [answer.path for answer in said("image-digest", resource)] == [path]


def test_every_container_that_breaks_the_rule_is_named_and_an_unknown_hides_none() -> None:
    containers: list[dict[str, Any]] = [
        {"name": "a", "image": "a:1"},
        {"name": "b", "image": UNKNOWN},
        {"name": "c", "image": IMAGE},
        {"image": "d"},
    ]
    resource = workload(pod={"containers": containers})
    assert said("image-digest", resource) == [
        Violation("container 'a' runs 'a:1'; name it as repository@sha256:…", PATH),
        Undecided("spec.template.spec.containers[1].image"),
        Violation("container '?' runs 'd'; name it as repository@sha256:…", "spec.template.spec.containers[3].image"),
    ]


def test_an_image_from_elsewhere_is_refused_with_what_is_allowed() -> None:
    image = f"docker.io/library/nginx@{DIGEST}"
    setting = Setting(registries=("registry.example.com", "mirror.example.com/team"))
    assert said("image-registry", workload({"image": image}), setting) == [
        Violation(
            f"container 'shop' runs {image!r}, which does not come from registry.example.com, mirror.example.com/team",
            PATH,
        )
    ]


def test_where_no_registry_is_named_every_one_is_allowed() -> None:
    assert said("image-registry", workload({"image": f"docker.io/library/nginx@{DIGEST}"})) == []


def attested(tier: str = "prod", most: Any = None, **facts: Any) -> Setting:
    given = {DIGEST: {"signed": True, "sbom": True, "critical": 0, **facts}}
    return Setting(tier=tier, options={"attestations": given, "mostCritical": most})


@pytest.mark.parametrize(
    ("setting", "lacks"),
    [
        (Setting(), ["that nobody signed or scanned"]),
        (Setting(options={"attestations": {}}), ["that nobody signed or scanned"]),
        (attested(), []),
        (attested(signed=False), ["without a signature"]),
        (attested(sbom=None), ["without a list of what is in it (SBOM)"]),
        (attested(critical=None), ["that no scanner has seen"]),
        (attested(critical=2), ["with 2 critical vulnerabilities"]),
        (attested(critical=2, most=2.0), []),
        (attested(critical=0.0), []),
        (attested(critical=2.0), ["with 2 critical vulnerabilities"]),
        (attested("dev", signed=False), ["without a signature"]),
        (Setting(tier="staging"), []),
        (Setting(tier="dev"), []),
    ],
)
def test_what_an_image_lacks_is_said(setting: Setting, lacks: list[str]) -> None:
    expected = [Violation(f"container 'shop' runs an image {lack}: {IMAGE!r}", PATH) for lack in lacks]
    assert said("image-attested", workload(), setting) == expected


def test_an_image_without_digest_has_no_attestation() -> None:
    (answer,) = said("image-attested", workload({"image": "shop:1"}), attested())
    assert answer == Violation("container 'shop' runs an image that nobody signed or scanned: 'shop:1'", PATH)


@pytest.mark.parametrize("type_", supply_chain.BUILDS)
def test_a_secret_among_the_build_arguments_is_named_and_not_shown(type_: str) -> None:
    answers = said("no-secret-build-argument", build(type_, NPM_TOKEN="opensesame", HELPER=GITHUB_TOKEN, KEY=RANDOM))
    where = ".".join(supply_chain.BUILDS[type_])
    assert answers == [
        Violation("build argument NPM_TOKEN holds a secret, by its name", f"{where}.NPM_TOKEN"),
        Violation("build argument HELPER holds a secret, by the look of its value", f"{where}.HELPER"),
        Violation("build argument KEY holds a secret, by the look of its value", f"{where}.KEY"),
    ]
    assert not any(value in str(answers) for value in ("opensesame", GITHUB_TOKEN, RANDOM))
