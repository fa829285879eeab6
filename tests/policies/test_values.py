"""What the engine sends becomes plain data: unknowns are marked, secrets are seen and never repeated."""

from __future__ import annotations

import json
from typing import Any

import pulumi_policy.deserialize
import pulumi_policy.proxy
import pytest
from google.protobuf.struct_pb2 import Struct

from policies import values
from policies.rule import UNKNOWN
from policies.values import SECRET, SIGNATURE, UNKNOWNS, plain, without_secrets

PASSWORD = "hunter2-hunter2"


def wire(**properties: Any) -> Struct:
    """Properties as they come from the engine."""
    struct = Struct()
    struct.update(properties)
    return struct


def secret(value: Any) -> dict[str, Any]:
    """A secret on the wire."""
    return {SIGNATURE: SECRET, "value": value}


def test_the_marks_are_those_of_the_engine_s_own_sdk() -> None:
    theirs = {text for name, text in vars(pulumi_policy.proxy).items() if name.startswith("UNKNOWN_")}
    assert theirs == UNKNOWNS
    assert pulumi_policy.deserialize.SPECIAL_SIG_KEY == SIGNATURE
    assert pulumi_policy.deserialize.SPECIAL_SECRET_SIG == SECRET


@pytest.mark.parametrize("mark", sorted(UNKNOWNS))
def test_an_unknown_of_any_kind_is_marked_where_it_stands(mark: str) -> None:
    found = plain(wire(a={"b": ["x", mark]}, c=mark)).properties
    assert found["a"]["b"] == ["x", UNKNOWN]
    assert found["c"] is UNKNOWN


def test_plain_data_stays_what_it_is() -> None:
    given = {"text": "x", "number": 3, "part": 0.5, "yes": True, "nothing": None, "list": [1, {"deep": "y"}]}
    found = plain(wire(**given)).properties
    assert found == given
    assert isinstance(found["number"], int)


def test_a_secret_is_seen_and_noted() -> None:
    found = plain(wire(password=secret(PASSWORD), settings=secret({"token": "abcdef"}), user="me"))
    assert found.properties == {"password": PASSWORD, "settings": {"token": "abcdef"}, "user": "me"}
    assert found.secrets == {PASSWORD, "abcdef"}


def test_a_secret_that_is_not_known_is_unknown() -> None:
    found = plain(wire(password=secret(next(iter(UNKNOWNS)))))
    assert found.properties["password"] is UNKNOWN
    assert found.secrets == frozenset()


def test_an_output_is_its_value_or_unknown() -> None:
    known = {SIGNATURE: values.OUTPUT, "value": PASSWORD, "secret": True}
    found = plain(wire(known=known, unknown={SIGNATURE: values.OUTPUT}))
    assert found.properties["known"] == PASSWORD
    assert found.properties["unknown"] is UNKNOWN
    assert found.secrets == {PASSWORD}


def test_an_asset_and_a_resource_are_plain_data() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "web/index.html"}
    reference = {SIGNATURE: values.RESOURCE, "urn": "urn:pulumi:dev::caas::aws:ec2/vpc:Vpc::main"}
    found = plain(wire(asset=asset, vpc=reference)).properties
    assert found == {"asset": {"path": "web/index.html"}, "vpc": "urn:pulumi:dev::caas::aws:ec2/vpc:Vpc::main"}


def test_a_text_inside_a_secret_document_is_as_secret() -> None:
    document = json.dumps([{"name": "web", "environment": [{"name": "KEY", "value": PASSWORD}]}])
    found = plain(wire(containerDefinitions=secret(document)))
    assert found.secrets == {document, PASSWORD}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"found {PASSWORD!r}", "found '[secret]'"),
        (f"found {PASSWORD}-longer", "found [secret]"),
        ("nothing here", "nothing here"),
        (f"found {'two' + chr(10) + 'lines'!r}", "found '[secret]'"),
    ],
)
def test_no_message_repeats_a_secret(text: str, shown: str) -> None:
    assert without_secrets(text, {PASSWORD, f"{PASSWORD}-longer", "two\nlines"}) == shown


def test_a_secret_too_short_to_hide_does_not_blank_every_message() -> None:
    assert plain(wire(flag=secret("on"))).secrets == frozenset()
