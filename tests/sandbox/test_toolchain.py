"""The toolchain's pins agree with each other, and its cache can be trusted after a kill."""

import hashlib
import os
import re
import tomllib
from pathlib import Path

import pytest

from sandbox import paths, switches, toolchain
from sandbox.errors import SandboxError
from sandbox.progress import Progress
from sandbox.toolchain import build, debian, maven, official, patches, versions

ALL_BUILDS = (
    *versions.engine(),
    *versions.cluster(),
    *versions.prometheus(),
    *versions.monitoring(),
    *versions.checks(),
    *versions.supply(),
)


def test_the_engine_and_its_python_sdk_have_one_version() -> None:
    project = tomllib.loads((paths.REPOSITORY / "pyproject.toml").read_text())
    go_mod = (versions.GO_MODULES / "pulumi" / "go.mod").read_text()
    assert f"pulumi=={versions.PULUMI_VERSION}" in project["project"]["dependencies"]
    assert re.search(rf"pulumi/pkg/v3 v{re.escape(versions.PULUMI_VERSION)}\b", go_mod)


def test_kubernetes_and_all_its_staging_modules_have_one_version() -> None:
    go_mod = (versions.GO_MODULES / "cluster" / "go.mod").read_text()
    assert f"k8s.io/kubernetes v{versions.KUBERNETES_VERSION}" in go_mod
    staging = re.findall(r"^\tk8s\.io/\S+ => k8s\.io/\S+ v0\.(\S+)$", go_mod, re.MULTILINE)
    assert len(staging) == 31
    assert set(staging) == {versions.KUBERNETES_VERSION.removeprefix("1.")}


def test_the_docker_build_plugin_is_the_one_that_its_python_sdk_expects() -> None:
    go_mod = (versions.GO_MODULES / "docker-build" / "go.mod").read_text()
    assert f"pulumi-docker-build v{versions.plugin_version('pulumi-docker-build')}" in go_mod


def test_a_package_that_is_not_pinned_is_named() -> None:
    with pytest.raises(LookupError, match=r"requirements\.lock does not pin pulumi-nothing"):
        versions.plugin_version("pulumi-nothing")


@pytest.mark.parametrize("item", ALL_BUILDS, ids=lambda item: item.name)
def test_every_build_names_a_module_with_its_sums(item: versions.GoBuild) -> None:
    module = versions.GO_MODULES / item.module
    assert (module / "go.mod").is_file()
    assert (module / "go.sum").read_text().strip()
    assert item.seconds > 0


def test_no_build_shares_a_name_or_a_binary() -> None:
    names = [item.name for item in ALL_BUILDS]
    binaries = [binary for item in ALL_BUILDS for binary in item.commands.values()]
    assert len(set(names)) == len(names)
    assert len(set(binaries)) == len(binaries)


def test_the_cache_key_changes_with_a_pin_and_not_with_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    item = ALL_BUILDS[0]
    assert build.result(replace(item, title="another", seconds=1)) == build.result(item)
    assert build.result(replace(item, linker=("-X main.version=2",))) != build.result(item)
    before = build.result(item)
    monkeypatch.setattr(build, "GO_VERSION", "0.0.1")
    assert build.result(item) != before


def test_a_killed_build_is_not_taken_for_a_finished_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_CACHE", str(tmp_path))
    monkeypatch.setenv("CAAS_TOOLCHAIN", "source")
    leftover = tmp_path / "tools" / ".pulumi-abcdef" / "bin"
    leftover.mkdir(parents=True)
    (leftover / "pulumi").write_text("half")
    with pytest.raises(SandboxError, match=r"The toolchain lacks .*Pulumi .*Run `python -m sandbox build`"):
        toolchain.current()


def test_a_tool_that_was_not_prepared_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="kubelet is not in the sandbox's toolchain"):
        toolchain.Toolchain((tmp_path,)).tool("kubelet")


def test_the_first_directory_wins_and_the_path_keeps_the_machine_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/machine")
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "tool").write_text("")
        (tmp_path / place / "tool").chmod(0o755)
    found = toolchain.Toolchain((tmp_path / "a", tmp_path / "b"))
    assert found.tool("tool") == tmp_path / "a" / "tool"
    assert found.environment()["PATH"] == f"{tmp_path}/a:{tmp_path}/b:/machine"


def test_the_edited_acme_client_refuses_dns_providers_and_keeps_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for file in ("challenge/provider.go", "providers/dns/route53/route53.go", "providers/dns/zz_gen.go", "cmd/main.go"):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_text("package x\n")
    target = tmp_path / "target"
    patches.lego_without_dns(source, target)
    patches.lego_without_dns(source, target)
    kept = sorted(str(path.relative_to(target)) for path in target.rglob("*.go"))
    assert kept == ["challenge/provider.go", "providers/dns/providers.go"]
    assert "func NewDNSChallengeProviderByName(" in (target / "providers/dns/providers.go").read_text()


def test_a_wrapper_sets_the_library_path_for_its_tool_alone(tmp_path: Path) -> None:
    import subprocess

    libraries = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    tool = tmp_path / "tool"
    tool.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH $1"\n')
    tool.chmod(0o755)
    debian.wrap(tool, tmp_path, tmp_path / "wrapper")
    said = subprocess.run([tmp_path / "wrapper", "one two"], capture_output=True, text=True, check=True).stdout
    assert said == f"{libraries} one two\n"


def test_a_machine_without_apt_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="CAAS_SANDBOX_DRIVER=existing"):
        debian.unpack(("etcd-server",), "debian")


def test_the_choice_of_toolchain_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_TOOLCHAIN", "binary")
    with pytest.raises(SandboxError, match="may be auto, official or source"):
        official.reachable()
    monkeypatch.setenv("CAAS_TOOLCHAIN", "source")
    assert official.reachable() is False
    monkeypatch.setenv("CAAS_TOOLCHAIN", "official")
    assert official.reachable() is True


def test_progress_in_a_pipeline_says_what_is_done_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("Preparing")
    first, _second = progress.add("First", 60), progress.add("Second", 120)
    with progress.shown(), progress.running(first):
        pass
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["First: started", "First: done in 0 s [1 of 2 done, about 2 min left]"]


def test_progress_marks_a_step_that_raised() -> None:
    progress = Progress("Preparing")
    step = progress.add("First", 60)
    with pytest.raises(SandboxError), progress.running(step):
        raise SandboxError("no")
    assert step.state == "failed"


@pytest.mark.engine
def test_the_prepared_engine_is_the_pinned_one() -> None:
    import subprocess

    pulumi = toolchain.current((toolchain.ENGINE,)).tool("pulumi")
    variables = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    said = subprocess.run([pulumi, "version"], capture_output=True, text=True, check=True, env=variables).stdout
    assert said.strip() == f"v{versions.PULUMI_VERSION}"


def test_what_is_there_is_used_while_somebody_else_prepares(monkeypatch: pytest.MonkeyPatch) -> None:
    def held() -> None:
        raise AssertionError("it waited for its turn")

    monkeypatch.setattr(official, "reachable", lambda: False)
    monkeypatch.setattr(toolchain, "_locked", held)
    monkeypatch.setattr(toolchain, "_built", lambda item: True)
    assert toolchain.ensure((toolchain.ENGINE,)).directories[0] == paths.PLUGINS
    monkeypatch.setattr(toolchain, "_built", lambda item: False)
    with pytest.raises(AssertionError, match="it waited for its turn"):
        toolchain.ensure((toolchain.ENGINE,))


def test_what_watches_and_keeps_logs_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(switches.MONITORING, "off")
    assert toolchain.cluster_parts() == (toolchain.CLUSTER,)
    monkeypatch.delenv(switches.MONITORING)
    assert toolchain.cluster_parts() == (toolchain.CLUSTER, toolchain.MONITORING, toolchain.LOGS)
    monkeypatch.setenv(switches.MONITORING, "no")
    with pytest.raises(SandboxError, match="CAAS_SANDBOX_MONITORING is 'no': write on or off"):
        toolchain.cluster_parts()


def test_a_library_that_is_not_the_pinned_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.jar").write_bytes(b"good")
    (tmp_path / "other.jar").write_bytes(b"tampered")
    pins = tmp_path / "libraries.sha256"
    digests = {name: hashlib.sha256(name.partition(".")[0].encode()).hexdigest() for name in ("good.jar", "other.jar")}
    pins.write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()))
    with pytest.raises(SandboxError, match=r"pins: other\.jar\."):
        maven.check(tmp_path, pins)
    (tmp_path / "other.jar").write_bytes(b"other")
    maven.check(tmp_path, pins)
