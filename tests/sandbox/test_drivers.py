"""Which cluster is chosen, and what the drivers that do not build one do."""

from __future__ import annotations

import json
import stat
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sandbox import driver, environment, kind
from sandbox.driver import Endpoint
from sandbox.errors import SandboxError
from sandbox.existing import ExistingDriver
from sandbox.kind import KindDriver
from sandbox.progress import Progress
from sandbox.source import SourceDriver
from sandbox.source.layout import Layout
from sandbox.toolchain import Toolchain


def quiet() -> Progress:
    return Progress("test", console=Console(file=StringIO()))


class Commands:
    """Programs on a PATH of their own, which write down how they were called and answer as told."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._log = directory / "calls"

    def add(self, name: str, body: str) -> None:
        program = self.directory / name
        program.write_text(
            f"#!{sys.executable}\nimport json, sys\narguments = sys.argv[1:]\n"
            f"print(json.dumps([{name!r}, *arguments]), file=open({str(self._log)!r}, 'a'))\n{body}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def calls(self) -> list[str]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [" ".join(json.loads(line)) for line in lines]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setenv("CAAS_SANDBOX", str(tmp_path / "home"))
    return Commands(directory)


def test_source_is_chosen_where_there_is_neither_docker_nor_kind(commands: Commands) -> None:
    assert isinstance(driver.choose({}), SourceDriver)


def test_source_is_chosen_where_dockers_daemon_does_not_answer(commands: Commands) -> None:
    commands.add("docker", "print('Cannot connect to the Docker daemon', file=sys.stderr); sys.exit(1)")
    commands.add("kind", "")
    assert isinstance(driver.choose({}), SourceDriver)
    assert commands.calls() == ["docker version --format {{.Server.Version}}"]


def test_kind_is_chosen_where_it_can_be_had(commands: Commands) -> None:
    commands.add("docker", "print('28.0.1')")
    commands.add("kind", "")
    assert isinstance(driver.choose({}), KindDriver)


def test_a_sandbox_that_was_made_stays_its_drivers(commands: Commands, tmp_path: Path) -> None:
    commands.add("docker", "print('28.0.1')")
    commands.add("kind", "")
    Layout(tmp_path / "home").create("source")
    assert isinstance(driver.choose({}), SourceDriver)


def test_an_unprivileged_user_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    found = SourceDriver(Layout(tmp_path / "home"))
    for command in (found.up, found.stop, found.down):
        with pytest.raises(SandboxError, match=r"needs root for that\.\nRun as root, or use kind"):
            command(quiet())
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("name", "wanted"), [("existing", ExistingDriver), ("kind", KindDriver), ("source", SourceDriver)]
)
def test_the_users_choice_comes_first(commands: Commands, name: str, wanted: type) -> None:
    assert isinstance(driver.choose({driver.VARIABLE: name}), wanted)
    assert commands.calls() == []


def test_a_driver_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SandboxError) as raised:
        driver.choose({driver.VARIABLE: "minikube"})
    assert str(raised.value) == (
        "CAAS_SANDBOX_DRIVER='minikube' is not a driver of the sandbox.\n"
        "It may be source, kind or existing; unset, the best for this machine is chosen."
    )


class _Version(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(
            {
                **dict.fromkeys(("buildDate", "compiler", "gitCommit", "gitTreeState", "goVersion", "platform"), ""),
                **{"major": "1", "minor": "33", "gitVersion": "v1.33.13"},
            }
        ).encode()
        self.send_response(200 if self.path == "/version/" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Version) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


def kubeconfig(path: Path, server: str) -> Path:
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        f"clusters: [{{name: here, cluster: {{server: '{server}'}}}}]\n"
        "contexts: [{name: here, context: {cluster: here, user: me}}]\nusers: [{name: me, user: {}}]\n"
    )
    return path


def test_an_existing_cluster_is_asked_and_left_alone(tmp_path: Path, server: str) -> None:
    path = kubeconfig(tmp_path / "config", server)
    found = ExistingDriver({"KUBECONFIG": f"{tmp_path / 'absent'}:{path}"})
    endpoint = found.up(quiet())
    assert (endpoint.kubeconfig, endpoint.registry, endpoint.changed) == (path, None, False)
    assert [part.detail for part in found.status().parts] == [f"Kubernetes v1.33.13, {path}"]
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    found.stop(quiet())
    found.down(quiet())
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_an_existing_cluster_that_does_not_answer_is_one_clear_error(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", "http://127.0.0.1:9")
    found = ExistingDriver({"KUBECONFIG": str(path)})
    with pytest.raises(SandboxError) as raised:
        found.up(quiet())
    lines = str(raised.value).splitlines()
    assert lines[0].startswith(f"The cluster of {path} does not answer: ")
    assert lines[1].startswith("Try `kubectl version` with the same KUBECONFIG")
    assert found.status().up is False


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=f"There is no kubeconfig at {tmp_path / 'none'}"):
        ExistingDriver({"KUBECONFIG": str(tmp_path / "none")}).up(quiet())


def test_a_kubeconfig_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("not: a kubeconfig\n")
    with pytest.raises(SandboxError, match="does not answer: Invalid kube-config"):
        ExistingDriver({"KUBECONFIG": str(tmp_path / "config")}).up(quiet())


DOCKER = """
from pathlib import Path
state = Path({state!r})
if arguments[0] == "ps":
    name = arguments[4].removeprefix("name=^").removesuffix("$")
    if (state / name).exists():
        print(json.dumps({{"State": (state / name).read_text()}}))
elif arguments[0] == "run":
    (state / arguments[3]).write_text("running")
elif arguments[0] in ("start", "stop"):
    (state / arguments[1]).write_text("running" if arguments[0] == "start" else "exited")
elif arguments[:2] == ["network", "inspect"]:
    print("[]")
elif arguments[0] == "rm":
    (state / arguments[3]).unlink()
"""
KIND = """
from pathlib import Path
state = Path({state!r})
node = state / "caas-sandbox-control-plane"
if arguments == ["get", "clusters"]:
    print("caas-sandbox" if node.exists() else "")
elif arguments[:2] == ["create", "cluster"]:
    (state / "config").write_text(sys.stdin.read())
    node.write_text("running")
    Path(arguments[arguments.index("--kubeconfig") + 1]).write_text("kubeconfig")
elif arguments[:2] == ["delete", "cluster"]:
    node.unlink(missing_ok=True)
"""


@pytest.fixture
def made(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KindDriver:
    state = tmp_path / "state"
    state.mkdir()
    commands.add("docker", DOCKER.format(state=str(state)))
    commands.add("kind", KIND.format(state=str(state)))
    # What is applied inside the cluster is the source driver's own, and is tested with it.
    monkeypatch.setattr(KindDriver, "_addons", lambda self: False)
    return KindDriver(Layout(tmp_path / "home"))


def test_kind_makes_a_registry_and_a_cluster_that_answer_on_the_fixed_ports(
    made: KindDriver, commands: Commands, tmp_path: Path
) -> None:
    endpoint = made.up(quiet())
    home = tmp_path / "home"
    assert endpoint == Endpoint(
        driver="kind",
        kubeconfig=home / "kubeconfig",
        context="kind-caas-sandbox",
        registry="127.0.0.1:15000",
        ingress="http://127.0.0.1:18080",
        builder={},
        changed=True,
    )
    calls = [call for call in commands.calls() if not call.startswith("docker ps")]
    assert calls == [
        "docker run --detach --name caas-sandbox-registry --publish 127.0.0.1:15000:5000 "
        "docker.io/library/registry:2.8.3",
        "kind get clusters",
        f"kind create cluster --name caas-sandbox --config - --kubeconfig {home / 'kubeconfig'} --wait 180s",
        "docker network inspect kind",
        "docker network connect kind caas-sandbox-registry",
        "docker exec caas-sandbox-control-plane mkdir -p /etc/containerd/certs.d/127.0.0.1:15000",
        "docker exec --interactive caas-sandbox-control-plane cp /dev/stdin "
        "/etc/containerd/certs.d/127.0.0.1:15000/hosts.toml",
    ]
    assert (tmp_path / "state" / "config").read_text() == kind.CONFIG
    for port in (18080, 18444, 19090):
        assert f"{{containerPort: {port}, hostPort: {port}, listenAddress: 127.0.0.1}}" in kind.CONFIG
    assert endpoint.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_kind_makes_nothing_twice(made: KindDriver, commands: Commands) -> None:
    made.up(quiet())
    before = len(commands.calls())
    assert made.up(quiet()).changed is False
    second = commands.calls()[before:]
    assert [call for call in second if "create" in call or " run " in call or " start " in call] == []


def test_kind_starts_what_is_stopped(made: KindDriver, commands: Commands) -> None:
    made.up(quiet())
    made.stop(quiet())
    assert made.status().up is False
    assert made.up(quiet()).changed is True
    assert [call for call in commands.calls() if call.startswith("docker start")] == [
        "docker start caas-sandbox-registry",
        "docker start caas-sandbox-control-plane",
    ]
    assert made.status().up is True


def test_kind_removes_what_it_made_and_a_second_time_nothing(made: KindDriver, commands: Commands) -> None:
    made.up(quiet())
    home = made.endpoint().kubeconfig.parent
    made.down(quiet())
    assert not home.exists()
    with pytest.raises(SandboxError, match="is not running"):
        made.endpoint()
    before = len(commands.calls())
    made.down(quiet())
    assert [call for call in commands.calls()[before:] if " rm " in call] == []


def test_kind_says_what_failed_in_the_programs_own_words(made: KindDriver, commands: Commands) -> None:
    commands.add("kind", "print('ERROR: no space left', file=sys.stderr); sys.exit(1)")
    with pytest.raises(SandboxError, match=r"`kind get clusters` failed:\n  ERROR: no space left"):
        made.up(quiet())


def test_kind_without_kind_is_refused_before_anything_is_made(commands: Commands, tmp_path: Path) -> None:
    commands.add("docker", "")
    with pytest.raises(SandboxError, match="`kind` is not on the PATH"):
        KindDriver(Layout(tmp_path / "home")).up(quiet())
    assert not (tmp_path / "home").exists()


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setenv("CAAS_SANDBOX", str(tmp_path / "home"))
    builder = {"BUILDX_BUILDER": "caas-sandbox", "BUILDX_CONFIG": "/x"}
    return Endpoint("source", tmp_path / "kubeconfig", None, None, None, builder, changed=False)


def test_the_variables_name_the_cluster_the_state_and_the_builder(endpoint: Endpoint, tmp_path: Path) -> None:
    found = environment.variables(endpoint, Toolchain((Path("/tools"),)), {})
    assert found["KUBECONFIG"] == str(tmp_path / "kubeconfig")
    assert found["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'home' / 'pulumi'}"
    assert (tmp_path / "home" / "pulumi").is_dir()
    assert found["PULUMI_CONFIG_PASSPHRASE"] == "sandbox"
    assert found["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert (found["BUILDX_BUILDER"], found["BUILDX_CONFIG"]) == ("caas-sandbox", "/x")
    assert found["PATH"].startswith(f"{sys.prefix}/bin:/tools:")
    assert "LD_LIBRARY_PATH" not in found


@pytest.mark.parametrize(
    ("user", "absent"),
    [
        ({"PULUMI_BACKEND_URL": "s3://states"}, {"PULUMI_BACKEND_URL"}),
        ({"PULUMI_CONFIG_PASSPHRASE": "own"}, {"PULUMI_CONFIG_PASSPHRASE"}),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/own"}, {"PULUMI_CONFIG_PASSPHRASE"}),
        ({"BUILDX_BUILDER": "own"}, {"BUILDX_BUILDER", "BUILDX_CONFIG"}),
    ],
)
def test_what_the_user_chose_stays(endpoint: Endpoint, user: dict[str, str], absent: set[str]) -> None:
    everything = environment.variables(endpoint, Toolchain((Path("/tools"),)), {})
    found = environment.variables(endpoint, Toolchain((Path("/tools"),)), user)
    assert set(everything) - set(found) == absent


def test_the_sandboxs_addresses_go_by_no_proxy(endpoint: Endpoint) -> None:
    found = environment.variables(endpoint, Toolchain((Path("/tools"),)), {"NO_PROXY": "intern,localhost"})
    assert found["NO_PROXY"] == "intern,localhost,127.0.0.1,10.213.0.1,10.215.0.11,10.215.0.12"


def test_exports_are_safe_for_a_shell() -> None:
    assert environment.exports({"B": "a b", "A": "$(x)"}) == "export A='$(x)'\nexport B='a b'\n"
