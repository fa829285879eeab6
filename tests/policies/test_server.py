"""The pack as the engine speaks to it, message by message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2

from policies import configuration, remediation
from policies.catalogue import Catalogue
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, StackRule, Violation, judged, read
from policies.server import Analyzer
from policies.values import SECRET, SIGNATURE, UNKNOWNS

POD = "kubernetes:core/v1:Pod"
URN = f"urn:pulumi:staging::caas::{POD}::web"
UNKNOWN_TEXT = next(iter(UNKNOWNS))
MANDATORY, ADVISORY = analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY


def _open(resource: Resource, setting: Setting) -> Iterator[Answer]:
    wrong = setting.options.get("word", "open")
    message = "the door is {}".format
    yield from judged(resource.properties, ("door",), lambda found: found == wrong, message)


def _pair(resources: tuple[Resource, ...], _: Setting) -> Iterator[tuple[Resource | None, Answer]]:
    for resource in resources:
        yield (
            resource,
            Violation(f"{sorted(resource.properties)} {dict(resource.depends)} {resource.parent}"),
        )


CATALOGUE = Catalogue(
    (
        Rule(
            "open-door",
            "No door is open.",
            Severity.HIGH,
            "Reason.",
            "Shut it.",
            frozenset({POD}),
            _open,
            schema={"word": {"type": "string", "description": "The wrong word."}},
        ),
        Rule("no-remedy", "Title.", Severity.LOW, "Reason.", "Remedy.", frozenset({"a:b:C"}), _open),
    ),
    (StackRule("pair-agrees", "Pairs agree.", Severity.LOW, "Reason.", "Remedy.", _pair),),
)


class Aborted(Exception):
    """The answer was an error."""


class Context:
    """What gRPC hands to a service."""

    def abort(self, code: grpc.StatusCode, text: str) -> None:
        """End the call."""
        raise Aborted(f"{code.name}: {text}")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the pack's data files."""
    tiers = "tiers: {dev: advisory, staging: mandatory, prod: mandatory}\n"
    (tmp_path / "levels.yaml").write_text(tiers)
    (tmp_path / "waivers.yaml").write_text("waivers: []\n")
    original = configuration.situation
    monkeypatch.setattr(configuration, "situation", lambda *args, **named: original(*args, **named, directory=tmp_path))
    return tmp_path


def started(stack: str = "staging", *, dry_run: bool = True, **config: str) -> Analyzer:
    """A pack that knows its stack."""
    analyzer = Analyzer(CATALOGUE)
    settings = {f"caas:{key}": value for key, value in config.items()}
    analyzer.ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(
            stack=stack, project="caas", dry_run=dry_run, config=settings, config_secret_keys=["caas:secrets"]
        ),
        Context(),
    )
    return analyzer


def struct(**properties: Any) -> struct_pb2.Struct:
    """Properties on the wire."""
    found = struct_pb2.Struct()
    found.update(properties)
    return found


def analyzed(analyzer: Analyzer, **properties: Any) -> list[tuple[str, int, str]]:
    """Rule, level and message of each diagnostic for a pod."""
    request = analyzer_pb2.AnalyzeRequest(type=POD, urn=URN, name="web", properties=struct(**properties))
    answer = analyzer.Analyze(request, Context())
    return [(one.policyName, one.enforcementLevel, one.message) for one in answer.diagnostics]


@pytest.mark.usefixtures("data")
def test_a_violation_is_sent_with_level_severity_and_urn() -> None:
    request = analyzer_pb2.AnalyzeRequest(type=POD, urn=URN, name="web", properties=struct(door="open"))
    (one,) = started().Analyze(request, Context()).diagnostics
    assert (one.policyName, one.urn, one.enforcementLevel) == ("open-door", URN, MANDATORY)
    assert one.severity == analyzer_pb2.POLICY_SEVERITY_HIGH
    assert one.message == "No door is open.\nthe door is open (door)\nRemedy: Shut it."


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(("dry_run", "level"), [(True, ADVISORY), (False, MANDATORY)])
def test_an_unknown_is_undecided_in_a_preview_and_refused_in_an_update(dry_run: bool, level: int) -> None:
    ((rule, found, message),) = analyzed(started(dry_run=dry_run), door=UNKNOWN_TEXT)
    assert (rule, found) == ("open-door", level)
    assert message.startswith("undecided: door is ")


@pytest.mark.usefixtures("data")
def test_a_message_never_repeats_a_secret() -> None:
    analyzer = started()
    analyzer.Configure(config("open-door", MANDATORY, word="swordfish"), Context())
    ((_, _, message),) = analyzed(analyzer, door={SIGNATURE: SECRET, "value": "swordfish"})
    assert "the door is [secret] (door)" in message
    assert "swordfish" not in message


@pytest.mark.usefixtures("data")
def test_the_stack_is_judged_by_inputs_with_what_each_depends_on() -> None:
    analyzer = started()
    analyzed(analyzer, door="shut")
    other = "urn:pulumi:staging::caas::a:b:C::other"
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=POD,
                urn=URN,
                name="web",
                properties=struct(door="shut", added="by the provider"),
                propertyDependencies={"door": analyzer_pb2.AnalyzerPropertyDependencies(urns=[other])},
                dependencies=[other],
            ),
            analyzer_pb2.AnalyzerResource(type="a:b:C", urn=other, name="o", parent=URN, properties=struct(read=1)),
        ]
    )
    first, second = analyzer.AnalyzeStack(request, Context()).diagnostics
    assert f"['door'] {{'door': ('{other}',)}} None" in first.message
    assert f"['read'] {{}} {URN}" in second.message
    assert [first.urn, second.urn] == [URN, other]


def config(rule: str, level: Any, **options: Any) -> Any:
    """What the operator set for one rule; the others are as announced."""
    every = {id_: analyzer_pb2.PolicyConfig(enforcementLevel=MANDATORY) for id_ in [*CATALOGUE.ids, "waivers"]}
    every[rule] = analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=struct(**options))
    return analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=every)


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("level", [ADVISORY, analyzer_pb2.DISABLED])
@pytest.mark.parametrize("rule", ["open-door", "pair-agrees", "waivers"])
def test_no_rule_can_be_weakened(rule: str, level: int) -> None:
    with pytest.raises(Aborted, match=rf"INVALID_ARGUMENT: rule {rule} is mandatory here and cannot be set to "):
        started().Configure(config(rule, level), Context())


@pytest.mark.usefixtures("data")
def test_a_rule_without_remedy_is_not_remediated() -> None:
    with pytest.raises(Aborted, match="rule no-remedy has no remediation; those that have one: "):
        started().Configure(config("no-remedy", analyzer_pb2.REMEDIATE), Context())


@pytest.mark.usefixtures("data")
def test_in_dev_a_rule_can_be_made_stricter() -> None:
    analyzer = started("dev")
    assert [one[1] for one in analyzed(analyzer, door="open")] == [ADVISORY]
    every = {id_: analyzer_pb2.PolicyConfig(enforcementLevel=ADVISORY) for id_ in CATALOGUE.ids}
    every["open-door"] = analyzer_pb2.PolicyConfig(enforcementLevel=MANDATORY)
    analyzer.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=every), Context())
    assert [one[1] for one in analyzed(analyzer, door="open")] == [MANDATORY]


def _shut(resource: Resource, _: Setting, __: configuration.Owner) -> remediation.Edits:
    return {("tags", "door"): "shut"} if read(resource.properties, "tags", "door") in (None, UNKNOWN) else {}


@pytest.mark.usefixtures("data")
def test_only_a_chosen_rule_mends_and_it_keeps_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remediation, "REMEDIES", {"open-door": _shut})
    secret = {SIGNATURE: SECRET, "value": "x"}
    given = struct(tags={"a": UNKNOWN_TEXT}, key=secret)
    request = analyzer_pb2.AnalyzeRequest(type=POD, urn=URN, name="web", properties=given)
    analyzer = started()
    assert list(analyzer.Remediate(request, Context()).remediations) == []
    analyzer.Configure(config("open-door", analyzer_pb2.REMEDIATE), Context())
    (mended,) = analyzer.Remediate(request, Context()).remediations
    assert (mended.policyName, mended.description) == ("open-door", "No door is open.")
    assert mended.properties == struct(tags={"a": UNKNOWN_TEXT, "door": "shut"}, key=secret)
    assert request.properties == given


@pytest.mark.usefixtures("data")
def test_the_rules_are_announced_with_their_levels_here() -> None:
    info = started("dev").GetAnalyzerInfo(None, Context())
    assert {one.name: one.enforcementLevel for one in info.policies} == {
        "open-door": ADVISORY,
        "no-remedy": ADVISORY,
        "pair-agrees": ADVISORY,
        "waivers": MANDATORY,
    }
    door = next(one for one in info.policies if one.name == "open-door")
    assert door.policy_type == analyzer_pb2.POLICY_TYPE_RESOURCE
    assert list(door.configSchema.properties) == ["word"]
    pair = next(one for one in info.policies if one.name == "pair-agrees")
    assert pair.policy_type == analyzer_pb2.POLICY_TYPE_STACK


@pytest.mark.parametrize(("file", "text"), [("levels.yaml", "tiers: 3\n"), ("waivers.yaml", "waivers: [x]\n")])
def test_a_fault_in_the_data_ends_the_operation_with_its_line(data: Path, file: str, text: str) -> None:
    (data / file).write_text(text)
    with pytest.raises(Aborted, match=rf"^INVALID_ARGUMENT: {data.name}/{file}:1: "):
        started()


def test_waivers_are_read_from_the_data(data: Path) -> None:
    (data / "waivers.yaml").write_text(
        f"waivers:\n  - rule: open-door\n    resource: {URN}\n    owner: web-team\n"
        f"    reason: The door is open for the painters.\n    expires: 2999-12-31\n"
    )
    ((_, level, message),) = analyzed(started(), door="open")
    assert level == ADVISORY
    assert message.startswith("waived: the door is open (door); web-team until 2999-")


@pytest.mark.usefixtures("data")
def test_a_whole_number_among_the_options_is_one() -> None:
    attestations = {"sha256:aa": {"signed": True, "sbom": True, "critical": 0}}
    analyzer = started()
    analyzer.Configure(config("open-door", MANDATORY, attestations=attestations, share=0.5), Context())
    options = analyzer.judge.situation.options["open-door"]
    assert options == {"attestations": attestations, "share": 0.5}
    # A rule that counts refuses to count with anything else.
    assert type(options["attestations"]["sha256:aa"]["critical"]) is int
