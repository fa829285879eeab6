"""Images that are signed, listed and scanned for real: syft, cosign, a registry, and the rules of prod over a preview.

The scanner is a program of this test's own: no database of vulnerabilities can be had offline. It reads the real SBOM.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.spec.supply_chain import SupplyChain
from delivery import oci, promote
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.promote import Move
from delivery.supply import read, sbom
from delivery.supply.attest import Task, attest
from delivery.supply.sign import PROVENANCE, VULNERABILITIES, Cosign
from sandbox import toolchain
from sandbox.images import layer
from sandbox.images.oci import Image, push
from tests import projects
from tests.cluster import hello
from tests.engine import applied
from tests.projects import ROOT, Project
from tests.sandbox import registry
from tests.sandbox.engine import until

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PASSWORD = "of-this-test"
STACK = "check"

SCANNER = """
import json, sys
from pathlib import Path

packages = {one["name"] for one in json.loads(Path(sys.argv[1]).read_text())["packages"]}
known = json.loads(Path(__file__).with_name("database.json").read_text())
matches = [
    {"vulnerability": {"id": hole, "severity": severity}, "artifact": {"name": name, "version": "1"}}
    for name, (hole, severity) in known.items() if name in packages
]
print(json.dumps({"matches": matches, "descriptor": {"name": "played", "version": "1"}}))
"""
DATABASE = {"leaky": ("CVE-2026-0001", "Critical"), "dull": ("CVE-2026-0002", "Low")}

PACKAGE = """Package: {name}
Status: install ok installed
Maintainer: nobody
Architecture: all
Version: 1.0
Description: a package of a test

"""


@dataclass
class World:
    """Two registries, two pairs of keys, and a project."""

    project: Project
    source: str
    target: str
    bare: dict[str, str]
    """The engine's environment without what signs and verifies."""

    def image(self, name: str, *packages: str) -> str:
        """Push an image in which these Debian packages are installed."""
        status = "".join(PACKAGE.format(name=one) for one in packages)
        release = layer.file("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        made = self.project.directory / f"{name}.layer"
        content = layer.pack([release, layer.file("/var/lib/dpkg/status", status)], made)
        return f"{self.source}/{name}@{push(Image([content]), f'{self.source}/{name}:1')}"

    def cosign(self, who: str = "cosign") -> Cosign:
        """cosign with a pair of keys."""
        return Cosign(supply(self.project, who), self.project.directory)

    def beside(self, image: str) -> dict[str, str | None]:
        """Tag -> digest of what is kept beside an image."""
        where = oci.Reference.of(image)
        kept = oci.Registry(where.host, where.path)
        tags = (f"{where.digest.replace(':', '-')}{suffix}" for suffix in (".att", ".sig"))
        return {tag: kept.tagged(tag) for tag in tags}


def given(project: Project, who: str = "cosign") -> dict[str, Any]:
    scanner = [sys.executable, str(project.directory / "scanner.py"), "{sbom}"]
    return {"key": f"{who}.key", "publicKey": f"{who}.pub", "scanner": scanner}


def supply(project: Project, who: str) -> SupplyChain:
    return SupplyChain.model_validate_json(json.dumps(given(project, who)))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("attestations")
    tools = toolchain.ensure((toolchain.ENGINE, toolchain.SUPPLY)).environment()
    bare = toolchain.current((toolchain.ENGINE,)).environment()
    bare["PATH"] = bare["PATH"].removesuffix(os.environ.get("PATH", os.defpath)) + os.defpath
    variables = {"HOME": str(home), "DOCKER_CONFIG": str(home), "COSIGN_PASSWORD": PASSWORD}
    project = projects.make(home / "project", STACK, **tools, **variables, KUBECONFIG=str(home / "none"))
    (project.directory / "scanner.py").write_text(SCANNER)
    (project.directory / "database.json").write_text(json.dumps(DATABASE))
    for who in ("cosign", "other"):
        applied.must(project.run(["cosign", "generate-key-pair", "--output-key-prefix", who]))
    places = [home / "source", home / "target"]
    for place in places:
        place.mkdir()
    with registry.running(places[0]) as source, registry.running(places[1]) as target:
        yield World(project, source, target, bare)


@pytest.fixture(autouse=True)
def environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process find the same tools and keys."""
    for name, value in world.project.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def whole(world: World) -> str:
    """An image that a stack has built, released and attested."""
    image = world.image("hello", "plain", "dull")
    project = world.project
    project.write({"hello": hello.service()}, hello.settings(STACK, supplyChain=given(project)))
    applied.must(project.pulumi("stack", "init", "--no-select"))
    applied.state(project, image)
    with pytest.MonkeyPatch.context() as patch:
        applied.inside(patch, project)
        applied.releases_of(project, image)
    applied.must(project.caas("attest"))
    return image


def test_what_was_built_is_signed_listed_scanned_and_of_known_origin(world: World, whole: str) -> None:
    done = world.project.caas("attestations", "--json")
    assert done.code == Exit.FINE, done.text
    (found,) = json.loads(done.out)["images"]
    assert (found["image"], found["signed"], found["sbom"], found["remarks"]) == (whole, True, True, [])
    assert found["scan"]["found"] == {"low": 1}, "what the SBOM names was looked up"
    assert found["scan"]["scanner"] == "played 1"
    assert found["provenance"]["builder"] == "urn:caas:workstation"
    (listed,) = world.cosign().attested(whole, sbom.KINDS["spdx"])
    assert {"plain", "dull"} <= {one["name"] for one in listed["packages"]}


def test_a_second_run_changes_nothing(world: World, whole: str) -> None:
    before = world.beside(whole)
    done = world.project.caas("attest")
    assert done.code == Exit.FINE, done.text
    assert "has its attestations already" in done.err
    assert None not in before.values()
    assert world.beside(whole) == before


def test_a_killed_run_is_finished_by_the_next_and_nothing_is_there_twice(world: World, whole: str) -> None:
    image = world.image("killed", "plain")
    command = [*world.project.caas_command("attest"), "--image", image]
    variables, nowhere = world.project.variables, subprocess.DEVNULL
    with subprocess.Popen(command, env=variables, start_new_session=True, stdout=nowhere, stderr=nowhere) as process:
        until("the SBOM is recorded", lambda: any(world.beside(image).values()), 120)
        os.killpg(process.pid, signal.SIGKILL)
    assert not read.facts(world.cosign(), [image])[0].signed
    applied.must(world.project.run(command))
    (found,) = read.facts(world.cosign(), [image])
    assert (found.signed, found.sbom, found.scan is not None, found.remarks) == (True, True, True, ())
    kinds = [len(world.cosign().attested(image, kind)) for kind in (sbom.KINDS["spdx"], VULNERABILITIES, PROVENANCE)]
    assert kinds == [1, 1, 0], "nobody knows who built it"


def test_a_promotion_carries_them_to_the_other_registry(world: World, whole: str) -> None:
    digest = whole.rpartition("@")[2]
    move = Move("hello", whole, f"{world.target}/shop/hello@{digest}")
    for _ in range(2):
        promote._carry(move, Output())
        promote._carry_attestations(move, {}, {}, Output())
    (found,) = read.facts(world.cosign(), [move.target])
    assert (found.signed, found.sbom, found.scan is not None, found.remarks) == (True, True, True, ())
    assert found.provenance is not None
    assert world.beside(move.target) == world.beside(whole)


def in_prod(directory: Path, world: World) -> Project:
    """A stack of tier prod that has run nothing yet. Nothing in it can sign."""
    own = {name: value for name, value in world.project.environment.items() if name != "PULUMI_BACKEND_URL"}
    project = projects.make(directory, "prod", **own)
    (project.directory / "cosign.pub").write_bytes((world.project.directory / "cosign.pub").read_bytes())
    describe(project, world, {})
    applied.must(project.pulumi("stack", "init", "--no-select"))
    return project


def describe(project: Project, world: World, images: dict[str, str]) -> None:
    """Let it run these images."""
    without = ("build", "ingress", "environment")
    described = {key: value for key, value in hello.service(replicas=3).items() if key not in without}
    changes = {"registry": {"address": world.source}, "supplyChain": {"publicKey": "cosign.pub"}}
    settings = hello.settings("prod", tier="prod", owner="shop-team", costCentre="4711", **changes)
    project.write({name: {**described, "image": image} for name, image in images.items()}, settings)


def judged(project: Project, world: World, images: dict[str, str]) -> tuple[int, dict[str, list[str]], str]:
    """How a preview with these images ends, what the rule says of each, and what is said beside."""
    describe(project, world, images)
    done = project.caas("preview", "--json", "--policy-pack", str(ROOT / "policies"))
    assert done.out, done.text
    results = [one for one in json.loads(done.out)["policies"]["results"] if one["rule"] == "image-attested"]
    said = [one["message"].partition(" runs an image ")[2] for one in results]
    lacks = {name: sorted(one.partition(":")[0] for one in said if image in one) for name, image in images.items()}
    assert sum(len(found) for found in lacks.values()) == len(results), results
    return done.code, lacks, done.err


def test_the_rules_of_prod_name_what_each_image_lacks(world: World, whole: str, tmp_path: Path) -> None:
    images = {"whole": whole}
    images |= {name: world.image(name, "plain", name) for name in ("unsigned", "foreign", "unlisted", "leaky")}
    attest(Task(images["leaky"]), world.cosign(), Output())
    for kind in (sbom.KINDS["spdx"], VULNERABILITIES):
        recorded = tmp_path / f"{kind}.json"
        recorded.write_text(json.dumps(world.cosign().attested(whole, kind)[0]))
        world.cosign("other").attest(images["foreign"], kind, recorded)
    world.cosign("other").sign(images["foreign"])
    world.cosign().attest(images["unlisted"], VULNERABILITIES, tmp_path / f"{VULNERABILITIES}.json")
    world.cosign().sign(images["unlisted"])

    project = in_prod(tmp_path / "project", world)
    code, lacks, said = judged(project, world, images)
    nothing = ["that no scanner has seen", "without a list of what is in it (SBOM)", "without a signature"]
    assert lacks == {
        "whole": [],
        "unsigned": nothing,
        "foreign": nothing,
        "unlisted": ["without a list of what is in it (SBOM)"],
        "leaky": ["with 1 critical vulnerabilities"],
    }
    assert code == Exit.POLICY, said

    # What is whole passes alone; without the tool that verifies it, it does not, and the preview says why.
    alone = {"whole": whole}
    assert judged(project, world, alone)[:2] == (Exit.FINE, {"whole": []})
    project.environment |= world.bare
    code, lacks, said = judged(project, world, alone)
    assert (code, lacks) == (Exit.POLICY, {"whole": nothing})
    assert f"Attestations of {whole}: cosign is not on the PATH" in said
