"""The cheapest size of Fargate that holds a service, and what is said where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws import sizes
from components.aws.sizes import SIZES, NoSizeError, Size, cheapest, nearest, storage, total, units
from components.spec.service import Service
from tests.components.aws.worlds import SIDECAR, environment, service


def one(**changes: object) -> Service:
    return environment({"web": service(**changes)}).services[0]


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        (1, 1, (256, 512)),
        (256, 512, (256, 512)),
        (256, 513, (256, 1024)),
        (256, 2048, (256, 2048)),
        (256, 2049, (512, 3072)),
        (257, 512, (512, 1024)),
        (1024, 8192, (1024, 8192)),
        (1024, 8193, (2048, 9216)),
        (4097, 1, (8192, 16384)),
        (8192, 16385, (8192, 20480)),
        (8193, 1, (16384, 32768)),
        (16384, 122880, (16384, 122880)),
        (256, 122880, (16384, 122880)),
    ],
)
def test_the_cheapest_pair(cpu: int, memory: int, expected: tuple[int, int]) -> None:
    assert cheapest(cpu, memory) == Size(*expected)


def test_every_pair_that_is_sold() -> None:
    sold = {
        256: {512, 1024, 2048},
        512: set(range(1024, 4097, 1024)),
        1024: set(range(2048, 8193, 1024)),
        2048: set(range(4096, 16385, 1024)),
        4096: set(range(8192, 30721, 1024)),
        8192: set(range(16384, 61441, 4096)),
        16384: set(range(32768, 122881, 8192)),
    }
    assert {(size.cpu, size.memory) for size in SIZES} == {(cpu, gib) for cpu, row in sold.items() for gib in row}
    assert len(SIZES) == len(set(SIZES))


@given(st.integers(1, 16384), st.integers(1, 122880))
def test_it_holds_what_is_asked_and_nothing_that_does_is_cheaper(cpu: int, memory: int) -> None:
    size = cheapest(cpu, memory)
    assert size in SIZES
    assert size.cpu >= cpu
    assert size.memory >= memory
    assert not [s for s in SIZES if s.cpu >= cpu and s.memory >= memory and s.price < size.price]


@pytest.mark.parametrize(("cpu", "memory"), [(16385, 1), (1, 122881), (65536, 524288)])
def test_too_large_names_the_nearest_sizes(cpu: int, memory: int) -> None:
    with pytest.raises(NoSizeError) as caught:
        cheapest(cpu, memory)
    first, second = nearest(cpu, memory)
    assert str(caught.value) == (
        f"no size has {cpu / 1024:g} vCPU with {memory} MiB; the nearest are {first} or {second}"
    )
    assert {first, second} <= set(SIZES)


def test_the_nearest_of_what_is_far_too_large() -> None:
    assert nearest(65536, 524288) == (Size(16384, 122880), Size(16384, 114688))
    assert nearest(512, 200000)[0] == Size(16384, 122880), "the most memory, although that needs more CPU"
    assert nearest(20000, 256)[0] == Size(16384, 32768)
    assert str(Size(256, 512)) == "0.25 vCPU with 512 MiB"


def test_sidecars_and_proxy_count() -> None:
    alone = one(cpu=0.25, memory=256)
    assert total(alone) == (256 + sizes.PROXY_CPU, 256 + sizes.PROXY_MEMORY)
    helped = one(cpu=0.25, memory=256, sidecars={"helper": {"image": SIDECAR, "cpu": 0.5, "memory": 100}})
    assert total(helped) == (256 + 512 + sizes.PROXY_CPU, 256 + 100 + sizes.PROXY_MEMORY)


def test_units_are_never_fewer_than_asked_for() -> None:
    assert [units(vcpu) for vcpu in (0.01, 0.1, 0.25, 1, 1.5)] == [11, 103, 256, 1024, 1536]


def test_scratch_volumes_count_as_storage_and_others_do_not() -> None:
    volumes = {"a": {"path": "/a", "size": 1024}, "b": {"path": "/b", "size": 1}}
    files = {"c": {"path": "/c", "size": 9000, "kind": "persistent"}}
    assert storage(one(volumes={**volumes, **files})) == 2
    assert storage(one()) == 0
