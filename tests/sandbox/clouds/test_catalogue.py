"""Every resource type that the simulated AWS knows fits the installed SDK: no property is made up."""

from __future__ import annotations

from pathlib import Path

import pulumi_aws
import pytest

from sandbox.clouds.aws.definition import DEFINITION, ROOMS
from sandbox.clouds.core.model import Kind
from sandbox.clouds.core.schema import Sdk
from sandbox.rpc.arguments import Shape

SDK = Sdk(Path(pulumi_aws.__file__).parent)
KINDS = sorted(DEFINITION.kinds.values(), key=lambda kind: kind.token)


def exists(shape: Shape, path: str) -> bool:
    """Whether a path with dots leads somewhere."""
    key, _, rest = path.partition(".")
    if key not in shape.properties:
        return False
    found = shape.properties[key]
    while found.element is not None:
        found = found.element
    return not rest or exists(found, rest)


def test_no_type_is_described_twice() -> None:
    assert len(DEFINITION.kinds) == sum(len(room.KINDS) for room in ROOMS) > 50


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.token)
def test_type_is_the_sdks(kind: Kind) -> None:
    schema = SDK.resource(kind.token)
    paths = {*kind.replaces, *kind.defaults, *kind.choices, *kind.ranges, *kind.documents, *kind.references}
    paths |= {kind.name.key} if kind.name else set()
    assert sorted(path for path in paths if not exists(schema.inputs, path)) == []
    assert set(kind.computed) - schema.outputs == set()
    assert kind.volatile <= set(kind.computed)
    assert kind.everywhere == ("region" not in schema.inputs.properties)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.token)
def test_references_lead_to_known_types(kind: Kind) -> None:
    for reference in kind.references.values():
        assert reference.kind in DEFINITION.kinds
        other = SDK.resource(reference.kind)
        assert reference.key == "id" or reference.key in other.outputs
        assert reference.everywhere == DEFINITION.kinds[reference.kind].everywhere or kind.everywhere


@pytest.mark.parametrize("token", sorted(DEFINITION.functions))
def test_functions_are_the_sdks(token: str) -> None:
    assert SDK.function(token)


def test_what_the_sdk_lacks_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SDK.resource("aws:ecs/nothing:Nothing")
    with pytest.raises(KeyError):
        SDK.function("aws:ecs/getNothing:getNothing")
