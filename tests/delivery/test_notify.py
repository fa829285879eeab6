"""Who is told of a deployment and of what, whatever becomes of the news."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.spec import Environment, Source, load_environment
from components.spec.notifications import Notifications
from delivery import notify, post
from delivery.errors import DeliveryError
from delivery.events import Subject
from delivery.exit_codes import Exit
from delivery.notify import FrozenError
from delivery.output import Output
from delivery.purpose import Purpose
from tests.delivery.listening import Server, server
from tests.spec.wrong_case import SERVICE, SETTINGS

SECRET = "hook-secret-path"


class Program:
    """A stack with one secret."""

    def __init__(self, directory: Path, url: str | Exception = "") -> None:
        self.directory = directory
        self._url = url

    def secret(self, key: str) -> str | None:
        assert key == "chat"
        if isinstance(self._url, Exception):
            raise self._url
        return self._url


@pytest.fixture(autouse=True)
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own variables; a pipeline that ada has started."""
    for name in (notify.WEBHOOK_URL, notify.GRAFANA_TOKEN, notify.ELASTICSEARCH_KEY, "GITLAB_USER_LOGIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    monkeypatch.setenv("CI_COMMIT_SHA", "0123456789abcdef0123456789abcdef01234567")


@pytest.fixture
def listening() -> Iterator[Server]:
    with server() as found:
        yield found


def environment(**settings: Any) -> Environment:
    build = {key: value for key, value in SERVICE.items() if key != "build"}
    service = {**build, "image": "registry.example.org/hello@sha256:" + "1" * 64}
    found = load_environment(
        {"services": {"hello": service}, **SETTINGS, "secrets": ["chat"]},
        project="shop",
        stack="dev",
        source=Source("Pulumi.yaml", "Pulumi.dev.yaml"),
    )
    return found.model_copy(update={"notifications": Notifications.model_validate(settings, by_name=True)})


def deploy(
    program: Program,
    told: Environment,
    error: BaseException | None = None,
    why: Purpose | None = None,
    output: Output | None = None,
) -> None:
    """A deployment that succeeds, or ends with an error."""
    with notify.deployment(program, told, output or Output(), why or Purpose()) as saying:
        if error is not None:
            raise error
        saying.start()
        saying.success(3, {"hello": "registry.test/hello@sha256:1"})


def colours(listening: Server) -> list[str]:
    return [heard.document["attachments"][0]["color"] for heard in listening.heard]


def test_the_webhook_is_told_of_start_and_success_in_order(listening: Server, tmp_path: Path) -> None:
    deploy(Program(tmp_path, f"{listening.url}/{SECRET}"), environment(webhook="chat"))
    assert [heard.path for heard in listening.heard] == [f"/{SECRET}"] * 2
    assert [heard.document["text"] for heard in listening.heard] == [
        "dev: up has begun: hello.",
        "dev: up is done and proven: 3 changed.",
    ]
    fields = {f["title"]: f["value"] for f in listening.heard[1].document["attachments"][0]["fields"]}
    assert fields["Stack"] == "shop/dev"
    assert fields["By"].startswith("ada@")
    assert fields["Commit"] == "0123456789ab"
    assert fields["Took"].endswith(" s")
    assert colours(listening) == ["#439fe0", "good"]


def test_the_variable_goes_before_the_key(listening: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(notify.WEBHOOK_URL, listening.url)
    deploy(Program(tmp_path, "http://127.0.0.1:1"), environment(webhook="chat"))
    assert len(listening.heard) == 2


def test_nobody_is_told_where_nobody_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(Program(tmp_path), environment())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "text", "colour"),
    [
        (
            DeliveryError("It failed.", Exit.DEPLOYMENT_FAILED, details=("hello: why",)),
            "dev: It failed.",
            "danger",
        ),
        (FrozenError("The budget is spent.", Exit.POLICY), "dev: The budget is spent.", "warning"),
        (KeyboardInterrupt(), "dev: up was stopped.", "danger"),
        (ValueError("inner matter"), "dev: up ended unexpectedly.", "danger"),
    ],
    ids=["failure", "freeze", "interrupt", "unexpected"],
)
def test_every_other_end_is_told_and_stays_what_it_was(
    listening: Server, tmp_path: Path, error: BaseException, text: str, colour: str
) -> None:
    with pytest.raises(type(error)) as raised:
        deploy(Program(tmp_path, listening.url), environment(webhook="chat"), error)
    assert raised.value is error
    assert [heard.document["text"] for heard in listening.heard] == [text]
    assert colours(listening) == [colour]
    if isinstance(error, DeliveryError) and error.details:
        assert listening.heard[0].document["attachments"][0]["text"] == "It failed.\nhello: why"


def test_only_what_was_asked_for_is_told(listening: Server, tmp_path: Path) -> None:
    told = environment(webhook="chat", on=("failure",))
    deploy(Program(tmp_path, listening.url), told)
    assert listening.heard == []
    with pytest.raises(DeliveryError):
        deploy(Program(tmp_path, listening.url), told, DeliveryError("No.", Exit.DEPLOYMENT_FAILED))
    assert colours(listening) == ["danger"]


def test_the_reason_is_told_everywhere(listening: Server, tmp_path: Path) -> None:
    told = environment(webhook="chat", grafana=f"{listening.url}/grafana", elasticsearch=listening.url, events="log")
    deploy(Program(tmp_path, f"{listening.url}/"), told, why=Purpose(operation="promote", reason="mends the outage"))
    by_path = {heard.path: heard.document for heard in listening.heard}
    fields = {f["title"]: f["value"] for f in by_path["/"]["attachments"][0]["fields"]}
    assert fields["Reason"] == "mends the outage"
    assert by_path["/grafana/api/annotations"]["text"].endswith("Reason: mends the outage")
    assert by_path["/logs-caas.event-default/_doc"]["event"]["reason"] == "mends the outage"
    assert json.loads((tmp_path / "log").read_text())["caas"]["operation"] == "promote"


def test_grafana_gets_one_region_with_its_token(
    listening: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(notify.GRAFANA_TOKEN, "grafana-token")
    deploy(Program(tmp_path), environment(grafana=f"{listening.url}/grafana/"))
    (heard,) = listening.heard
    assert heard.path == "/grafana/api/annotations"
    assert heard.headers["Authorization"] == "Bearer grafana-token"
    assert heard.document["tags"] == ["caas", "deployment", "shop", "dev", "success", "hello"]
    assert heard.document["timeEnd"] >= heard.document["time"] > 1_600_000_000_000


def test_elasticsearch_and_the_log_get_the_same_event(
    listening: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(notify.ELASTICSEARCH_KEY, "elastic-key")
    deploy(Program(tmp_path), environment(elasticsearch=listening.url, events="log"))
    (heard,) = listening.heard
    assert heard.path == "/logs-caas.event-default/_doc"
    assert heard.headers["Authorization"] == "ApiKey elastic-key"
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line) == heard.document
    found = heard.document
    assert found["event"]["outcome"] == "success"
    assert found["event"]["dataset"] == found["data_stream"]["dataset"] == "caas.event"
    assert found["service"] == {"name": "shop", "environment": "dev"}
    assert found["caas"]["images"] == ["hello=registry.test/hello@sha256:1"]
    assert found["caas"]["exit_code"] == 0
    assert isinstance(found["event"]["duration"], int)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_event_on_standard_output_leaves_the_document_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    deploy(Program(tmp_path), environment(events="-"), output=Output(as_json=as_json))
    shown = capsys.readouterr()
    assert json.loads(shown.err if as_json else shown.out)["caas"]["event"] == "success"
    assert (shown.out if as_json else shown.err) == ""


def test_a_listener_that_fails_is_a_warning_without_its_address(
    listening: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listening.answers = [404, 404]
    deploy(Program(tmp_path, f"{listening.url}/{SECRET}"), environment(webhook="chat", events="missing/log"))
    shown = capsys.readouterr().err
    assert "The webhook was not told of the deployment, which goes on: it answered 404." in shown
    assert "The event log was not told of the deployment, which goes on: missing/log: No such file" in shown
    assert SECRET not in shown


def test_one_that_hangs_keeps_nothing_from_the_others_and_is_not_waited_for(
    listening: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "TIMEOUT", 30.0)
    listening.hang = threading.Event()
    output = Output()
    with server() as well:
        told = environment(webhook="chat", elasticsearch=well.url)
        found = notify.listeners(Program(tmp_path, listening.url), told, output)
        notifier = notify.Notifier(found, output, limit=0.3)
        saying = notify.Told(subject(), notifier)
        saying.success(0, {})
        assert listening.came.wait(10)
        assert well.came.wait(10), "the others are told meanwhile"
        notifier.close()
        assert not listening.hang.is_set()
    assert "The webhook was not told of the deployment" in capsys.readouterr().err


def subject() -> Subject:
    return Subject("shop", "dev", "dev", "kubernetes", "up", ("hello",), "ada", "here")


def test_a_secret_that_cannot_be_read_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(Program(tmp_path, DeliveryError("The passphrase is wrong.", Exit.BAD_INPUT)), environment(webhook="chat"))
    assert "The passphrase is wrong." in capsys.readouterr().err


def test_nothing_secret_is_told(listening: Server, tmp_path: Path) -> None:
    output = Output()
    output.masker.add(["word-of-the-service"])
    told = environment(webhook="chat", events="log")
    error = DeliveryError("It said word-of-the-service.", Exit.DEPLOYMENT_FAILED, details=("word-of-the-service",))
    why = Purpose(reason="because of word-of-the-service")
    with pytest.raises(DeliveryError):
        deploy(Program(tmp_path, listening.url), told, error, why, output)
    everything = json.dumps(listening.heard[0].document) + (tmp_path / "log").read_text()
    assert "word-of-the-service" not in everything
    assert "It said [secret]." in everything


def test_what_happened_cannot_call_a_whole_channel(listening: Server, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError):
        deploy(
            Program(tmp_path, listening.url),
            environment(webhook="chat"),
            DeliveryError("<!channel> & more", Exit.DEPLOYMENT_FAILED),
        )
    assert "<!" not in json.dumps(listening.heard[0].document)
    assert listening.heard[0].document["text"] == "dev: &lt;!channel&gt; &amp; more"
