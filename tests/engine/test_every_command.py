"""Every command against a stack that is not there, a backend that cannot be reached or refuses, a wrong passphrase, a
missing kubeconfig and an expired credential: one clear line and its exit code.

The commands are those that the command line has. One that is missing in the table below fails a test.

Commands run in this process, which has loaded what they need; one runs in its own, by the way that a person starts it.
What a command does not need is wrong all at once: it has to do without every one of these, and once is enough.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from delivery import cli
from delivery import verify as verifying
from delivery.exit_codes import Exit
from tests import projects
from tests.cluster import hello
from tests.engine import applied, simulated
from tests.projects import Project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

STACK = "check"
ABSENT = "nowhere"
IMAGE = "registry.test/hello@sha256:" + "1" * 64
OLDER = "registry.test/hello@sha256:" + "2" * 64


@dataclass(frozen=True)
class Ends:
    """How a command is to end, and what its one line says."""

    code: Exit
    words: tuple[str, ...] = ()


FINE = Ends(Exit.FINE)
"""The command does not need what is wrong, and says nothing of it."""

DEFAULT: Mapping[str, Ends] = {
    "no such stack file": Ends(Exit.BAD_INPUT, (f"Pulumi.{ABSENT}.yaml", "stacks with one: check")),
    "no such stack": Ends(Exit.BAD_INPUT, ("There is no stack 'check' in file://", "caas up --stack check")),
    "backend out of reach": Ends(Exit.BAD_INPUT, ("The state backend s3://none", "PULUMI_BACKEND_URL")),
    "backend refuses": Ends(
        Exit.BAD_INPUT, ("The state backend http://127.0.0.1", "refuses the credential", "PULUMI_ACCESS_TOKEN")
    ),
    "wrong passphrase": Ends(Exit.BAD_INPUT, ("The passphrase of stack 'check' is wrong", "PULUMI_CONFIG_PASSPHRASE")),
    "no kubeconfig": Ends(Exit.BAD_INPUT, ("Kubeconfig", "does not exist", "KUBECONFIG")),
    "expired credential": Ends(Exit.NOT_PROVEN, ("answered 401", "credential must be valid")),
}


@dataclass(frozen=True)
class Row:
    """How a command is called, and where it ends otherwise than most."""

    arguments: tuple[str, ...] = ("--stack", STACK)
    otherwise: Mapping[str, Ends] = field(default_factory=dict)


UNSEEN = "What runs could not be seen: "
OF_RECORD = {name: FINE for name in ("no such stack", "wrong passphrase", "no kubeconfig", "expired credential")}
"""The record of releases is a stack of its own that holds no secret: it is read without what is wrong, and it stays
when the program's stack is gone."""
FILES_ALONE = {name: FINE for name in DEFAULT if name != "no such stack file"}
CLUSTERLESS = {"no kubeconfig": FINE, "expired credential": FINE}
NO_TRAFFIC = Ends(Exit.DEPLOYMENT_FAILED, ("answered 401", "credential must be valid"))
OF_TRAFFIC = {"wrong passphrase": NO_TRAFFIC, "expired credential": NO_TRAFFIC}
"""These need no secret, as verify does: with a wrong passphrase they come as far as to the cluster, which refuses."""
REVIEW = "review-branch"
OF_REVIEW = {"wrong passphrase": Ends(Exit.BAD_INPUT, (f"The passphrase of stack '{REVIEW}' is wrong",))}

NO_KEY = Ends(Exit.BAD_INPUT, ("Nothing can be attested here: ",))
"""The stack names a public key that is not there, and no private one."""

NO_LOGS = Ends(Exit.BAD_INPUT, (f"Stack '{STACK}' names no Elasticsearch that exists.", "Set caas:logging."))
NO_WATCH = Ends(Exit.BAD_INPUT, (f"Nobody watches stack '{STACK}'", "Set caas:monitoring."))
NO_STATE = Ends(Exit.BAD_INPUT, ("none.json cannot be read: ", "`terraform show -json > FILE`"))
NO_FORGE = Ends(Exit.BAD_INPUT, ("No pipeline of GitLab, GitHub or Jenkins runs here.", "Set CAAS_FORGE"))
NO_ROOT = Ends(Exit.BAD_INPUT, (". is no Terraform root", "CAAS_TERRAFORM"))
NO_PLAN = Ends(Exit.BAD_INPUT, ("none.tfplan is no file.", "--save-plan"))
NO_COMMIT = Ends(Exit.NOT_PROVEN, (f"Stack '{STACK}' has no release of a known commit",))
ANSWERS = (
    *("--service", "shop", "--platform", "kubernetes", "--registry", "registry.test", "--domain", "example.org"),
    *("--owner", "shop-team", "--cost-centre", "4711"),
)
THERE = Ends(Exit.BAD_INPUT, ("stands something else in Pulumi.yaml", "Move what is there away"))


def wrong(checks: str) -> Ends:
    """Which checks fail first. Others follow: the stack is signed, and the tools for it are not there."""
    return Ends(Exit.BAD_INPUT, (f"checks of stack '{STACK}' fail: {checks}, ", "What to do stands beside"))


COMMANDS: Mapping[str, Row] = {
    # Neither asks the cluster, and none of their settings is secret.
    "attest": Row(otherwise={"wrong passphrase": NO_KEY, "no kubeconfig": NO_KEY, "expired credential": NO_KEY}),
    # Of the project these need its files, or the record of releases.
    "comment": Row(
        ("--stack", STACK, "--file", "Pulumi.yaml"),
        {name: NO_FORGE for name in DEFAULT if name != "no such stack file"},
    ),
    "approved": Row(("--from", STACK, "--to", REVIEW), {name: NO_COMMIT for name in OF_RECORD}),
    "attestations": Row(otherwise={**CLUSTERLESS, "wrong passphrase": FINE}),
    # It looks at the files alone, and this stack names no Elasticsearch.
    "log-setup": Row(otherwise={name: NO_LOGS for name in DEFAULT if name != "no such stack file"}),
    "doctor": Row(
        # It goes on after what it finds wrong, and names all of that.
        otherwise={
            "no such stack": wrong("platform"),
            "backend out of reach": wrong("backend, stack, platform"),
            "backend refuses": wrong("backend, stack, platform"),
            "wrong passphrase": wrong("stack, platform"),
            "no kubeconfig": wrong("platform"),
            "expired credential": wrong("platform"),
        }
    ),
    # The project's files are there and say something else, which is found before anything is asked of anybody.
    "init": Row(ANSWERS, dict.fromkeys(DEFAULT, THERE)),
    # As little, and nobody watches it.
    "dashboards": Row(
        ("--stack", STACK, "--into", "dashboards"),
        {name: NO_WATCH for name in DEFAULT if name != "no such stack file"},
    ),
    # Of the project it needs the files, and then something to adopt.
    "adopt": Row(
        ("--stack", STACK, "--state", "none.json"),
        {name: NO_STATE for name in DEFAULT if name != "no such stack file"},
    ),
    # It reads the state, and no secret of it.
    "export tfvars": Row(otherwise={**CLUSTERLESS, "wrong passphrase": FINE}),
    "validate": Row(otherwise=FILES_ALONE),
    # They ask Terraform, and neither the engine nor the cluster: here there is no root, and no plan.
    "terraform plan": Row(("--stack", STACK, "--root", "."), {name: NO_ROOT for name in FILES_ALONE}),
    "terraform apply": Row(
        ("--stack", STACK, "--root", ".", "--plan", "none.tfplan"), {name: NO_PLAN for name in FILES_ALONE}
    ),
    "up": Row(
        otherwise={
            # It makes the stack, and then finds no cluster.
            "no such stack": DEFAULT["no kubeconfig"],
            "expired credential": Ends(Exit.BAD_INPUT, ("answered 401", "credential must be valid")),
        }
    ),
    "verify": Row(otherwise={"wrong passphrase": DEFAULT["expired credential"]}),
    "continue": Row(otherwise=OF_TRAFFIC),
    "abort": Row(otherwise=OF_TRAFFIC),
    "dora": Row(otherwise=OF_RECORD),
    "drift": Row(
        # The engine's plug-in asks the cluster. Nothing was to be applied, so no deployment has failed.
        otherwise={
            "no kubeconfig": Ends(
                Exit.BAD_INPUT,
                ("The Kubernetes cluster of stack 'check' cannot be reached: unable to load ", "kubeconfig file. "),
            ),
            "expired credential": Ends(
                Exit.BAD_INPUT,
                ("A credential that stack 'check' needs was refused: ", "provide credentials", "renew it"),
            ),
        }
    ),
    "history": Row(otherwise=OF_RECORD),
    # It looks at the files alone: what would be declared where nothing exists, in a backend of its own.
    "parity": Row((STACK, REVIEW), FILES_ALONE),
    # It compares with the state alone: the plug-in goes on without a cluster as long as nothing is applied.
    "preview": Row(otherwise=CLUSTERLESS),
    # From one stack to another; what is wrong is found out in the first. As verify, it needs no secret of that one.
    "promote": Row(("--from", STACK, "--to", REVIEW), {"wrong passphrase": DEFAULT["expired credential"]}),
    "rollback": Row(
        # As an apply, it looks at what runs before it changes anything.
        otherwise={"expired credential": Ends(Exit.BAD_INPUT, ("answered 401", "credential must be valid"))}
    ),
    "status": Row(
        # It judges nothing: what it cannot see is part of its answer.
        otherwise={
            "wrong passphrase": Ends(Exit.FINE, (f"{UNSEEN}", "answered 401")),
            "no kubeconfig": Ends(Exit.FINE, (f"{UNSEEN}Kubeconfig", "does not exist")),
            "expired credential": Ends(Exit.FINE, (f"{UNSEEN}", "answered 401")),
        }
    ),
    "unlock": Row(otherwise={**CLUSTERLESS, "wrong passphrase": FINE}),
    "review up": Row(
        ("--from", STACK, "--branch", "branch"),
        {
            **OF_REVIEW,
            "no such stack": DEFAULT["no kubeconfig"],
            # Nothing runs there yet that could be looked at before the engine is asked to make it.
            "expired credential": Ends(
                Exit.DEPLOYMENT_FAILED, (f"A credential that stack '{REVIEW}' needs was refused",)
            ),
        },
    ),
    "review list": Row(
        (), {**CLUSTERLESS, "no such stack": FINE, "wrong passphrase": FINE, "no such stack file": FINE}
    ),
    "review down": Row(
        ("--branch", "branch"),
        {
            **CLUSTERLESS,
            **OF_REVIEW,
            "no such stack": Ends(Exit.BAD_INPUT, (f"There is no stack '{REVIEW}' in file://",)),
            "no such stack file": FINE,
        },
    ),
    "review reap": Row(
        (),
        {
            **CLUSTERLESS,
            "no such stack": FINE,
            "no such stack file": FINE,
            "wrong passphrase": Ends(Exit.DEPLOYMENT_FAILED, (f"0 removed, but not {REVIEW}",)),
        },
    ),
}


def names(group: TyperGroup, *above: str) -> Iterator[str]:
    """Every command that the command line has."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from names(command, *above, name)
        else:
            yield " ".join((*above, name))


def test_every_command_is_in_the_table() -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    assert sorted(names(group)) == sorted(COMMANDS), "add the new command to COMMANDS"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, engine_environment: dict[str, str]) -> Project:
    """A project with a stack to which a Kubernetes service was applied twice, and a review stack that has expired."""
    home = tmp_path_factory.mktemp("every-command")
    project = projects.make(home / "project", STACK, **engine_environment, HOME=str(home))
    described = {key: value for key, value in hello.service(image=IMAGE).items() if key != "build"}
    project.write({"hello": described}, hello.settings(STACK, supplyChain={"publicKey": "cosign.pub"}))
    applied.must(project.pulumi("stack", "init", "--no-select"))
    applied.must(project.pulumi("config", "set", "--secret", "--path", "caas:secrets.word", "hidden-word"))
    applied.state(project, IMAGE)
    with pytest.MonkeyPatch.context() as patch:
        applied.inside(patch, project)
        applied.releases_of(project, OLDER, IMAGE)
    project.stack = REVIEW
    shutil.copy(project.directory / f"Pulumi.{STACK}.yaml", project.directory / f"Pulumi.{REVIEW}.yaml")
    applied.must(project.pulumi("stack", "init", "--no-select"))
    applied.must(project.pulumi("stack", "tag", "set", "caas:expires", "2026-01-01T00:00:00+00:00"))
    applied.must(project.pulumi("stack", "tag", "set", "caas:review", "branch"))
    project.stack = STACK
    return project


@pytest.fixture(scope="module")
def refusing() -> Iterator[str]:
    """The address of a server that answers 401 to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = b'{"kind": "Status", "code": 401, "message": "Unauthorized", "reason": "Unauthorized"}'
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project(template: Project, tmp_path: Path, refusing: str) -> Project:
    """A copy of the template whose cluster refuses its credential."""
    directory = tmp_path / "project"
    shutil.copytree(template.directory, directory, symlinks=True)
    environment = {**template.environment, "PULUMI_BACKEND_URL": f"file://{directory / 'state'}"}
    return Project(directory, STACK, {**environment, "KUBECONFIG": applied.kubeconfig(tmp_path, refusing)})


def arrange(project: Project, situation: str, refusing: str) -> str:
    """Let it be so; answers the stack to name."""
    given = project.environment
    if situation == "no such stack file":
        return ABSENT
    if situation == "no such stack":
        shutil.rmtree(project.directory / "state")
        (project.directory / "state").mkdir()
        given["KUBECONFIG"] = str(project.directory / "none")
    elif situation == "backend out of reach":
        given |= {"PULUMI_BACKEND_URL": "s3://none?endpoint=127.0.0.1:1&region=x", "AWS_MAX_ATTEMPTS": "1"}
        given |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    elif situation == "backend refuses":
        given |= {"PULUMI_BACKEND_URL": refusing, "PULUMI_ACCESS_TOKEN": "expired"}
    elif situation == "wrong passphrase":
        given["PULUMI_CONFIG_PASSPHRASE"] = "not the one"
    elif situation == "no kubeconfig":
        given["KUBECONFIG"] = str(project.directory / "none")
    return STACK


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the cluster follows at once on one that was not answered."""
    monkeypatch.setattr(verifying, "INTERVAL", 0.0)


def expected(command: str, situation: str) -> Ends:
    """How the command is to end there."""
    return COMMANDS[command].otherwise.get(situation, DEFAULT[situation])


def cases() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each command with each situation; those that it does not mind together."""
    for command in COMMANDS:
        unminded = [one for one in DEFAULT if expected(command, one) is FINE]
        if "no such stack" in unminded and "backend refuses" not in unminded:
            unminded.remove("no such stack")  # A state that is gone would hide what is wrong with the rest of it.
        others = [(one,) for one in DEFAULT if one not in unminded]
        yield from ((command, one) for one in (*others, *([tuple(unminded)] if unminded else [])))


def test_every_command_meets_every_situation() -> None:
    met = {(command, one) for command, situations in cases() for one in situations}
    assert met == {(command, one) for command in COMMANDS for one in DEFAULT}


CASES = tuple(cases())


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("command", "situations"), CASES, ids=[f"{c}-{' and '.join(s)}" for c, s in CASES])
def test_it_ends_with_one_line_and_its_code(
    project: Project, refusing: str, command: str, situations: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = COMMANDS[command]
    if command in ("continue", "abort"):
        described = {key: value for key, value in hello.shifting("canary", image=IMAGE).items() if key != "build"}
        project.write({"hello": described}, hello.settings(STACK))
    stack = [arrange(project, situation, refusing) for situation in situations][-1]
    given = [stack if argument == STACK else argument for argument in row.arguments]
    arguments = [*command.split(), *given, "--directory", str(project.directory)]
    if (command, *situations) == ("up", "no such stack file"):
        done = project.run([*project.caas_command("up")[:3], *arguments])
    else:
        done = applied.run(project, arguments, monkeypatch)
    ends = expected(command, situations[0])
    assert done.code == ends.code, done.text
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == (0 if ends.code is Exit.FINE else 1), done.text
    said = done.text if situations == ("no such stack file",) or ends.code is Exit.FINE else "".join(errors)
    for word in ends.words:
        assert word in said, done.text
    for foreign in ("Traceback", "Unexpected", "not the one", "hidden-word"):
        assert foreign not in done.text


def test_an_expired_credential_of_a_cloud(engine_project: Project) -> None:
    with simulated.aws(engine_project) as aws:
        message = "The security token included in the request is expired"
        aws.fault(fault="throttle", code="ExpiredToken", message=message)
        done = aws.project.caas("up")
    assert done.code == Exit.DEPLOYMENT_FAILED, done.text
    (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: A credential that stack 'check' needs was refused: ")
    assert message in line
    assert "renew it, and run the same command again" in line
    assert "Traceback" not in done.text
