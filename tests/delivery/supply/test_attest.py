"""What an image lacks is made once, the signature last; what was cut off is finished; nothing is claimed in vain."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from components.spec.service import Service
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.records import Commit
from delivery.supply import read
from delivery.supply.attest import Task, able, attest
from delivery.supply.provenance import Origin
from tests.cluster import hello
from tests.delivery.supply.stand_ins import World, grype
from tests.delivery.test_records import release

COMMIT = "c0ffee" * 6 + "c0ff"
WHOLE = ["syft", "attest spdxjson", "scanner", "attest vuln", "attest slsaprovenance1", "sign"]


def built(image: str) -> Task:
    """An image that release 4 built."""
    made = replace(release(4), commit=Commit(COMMIT, None, "main", dirty=False))
    service = Service.model_validate({"name": "hello", **hello.service()}, strict=False)
    return Task(image, lambda: Origin("shop", "dev", service, made))


def test_everything_is_made_and_the_signature_last(world: World, image: str) -> None:
    world.finds(grype("High", "High", "Low"))
    found = attest(built(image), world.cosign(), Output())
    assert world.made() == WHOLE
    assert (found.signed, found.sbom, found.remarks) == (True, True, ())
    assert found.scan is not None
    assert found.scan.counts == {"high": 2, "low": 1}
    assert found.provenance is not None
    assert (found.provenance.commit, found.provenance.builder) == (COMMIT, "urn:caas:workstation")


def test_a_second_run_makes_nothing(world: World, image: str) -> None:
    attest(built(image), world.cosign(), Output())
    kept = world.kept
    attest(built(image), world.cosign(), Output())
    assert world.made() == WHOLE
    assert world.kept == kept


@pytest.mark.parametrize("broken", ["attest spdxjson", "attest vuln", "attest slsaprovenance1", "sign None"])
def test_a_run_that_was_cut_off_is_finished_by_the_next(world: World, image: str, broken: str) -> None:
    world.broken = (broken,)
    with pytest.raises(DeliveryError, match="the registry hung up") as refused:
        attest(built(image), world.cosign(), Output())
    assert refused.value.code is Exit.NOT_PROVEN
    done = [(one["kind"], one["predicate"]) for one in world.kept]
    world.broken = ()
    found = attest(built(image), world.cosign(), Output())
    assert found.signed
    kept = [(one["kind"], one["predicate"]) for one in world.kept]
    assert kept[: len(done)] == done, "what was there is as it was"
    assert [kind for kind, _ in kept] == ["spdxjson", "vuln", "slsaprovenance1", None], "each once"


def test_without_a_scanner_nobody_has_scanned_it(world: World, image: str) -> None:
    found = attest(Task(image), world.cosign(scanner=[]), Output())
    assert world.made() == ["syft", "attest spdxjson", "sign"]
    assert (found.signed, found.sbom, found.scan, found.provenance) == (True, True, None, None)


def test_a_scan_that_is_too_old_counts_no_more_and_is_made_anew(world: World, image: str) -> None:
    attest(Task(image), world.cosign(), Output())
    old = (datetime.now(UTC) - timedelta(days=31)).isoformat()
    scanned = next(one for one in world.kept if one["kind"] == "vuln")["predicate"]
    world.alter(predicate={**scanned, "metadata": {"scanFinishedOn": old}, "spdxVersion": "SPDX-2.3"})
    (found,) = read.facts(world.cosign(), [image])
    assert found.scan is None
    assert found.option() == {"signed": True, "sbom": True}
    assert found.remarks == (f"its last scan, of {old[:10]}, is older than 30 days (supplyChain.scanAge)",)
    again = attest(Task(image), world.cosign(), Output())
    assert again.scan is not None
    assert world.made()[len(WHOLE) - 1 :] == ["scanner", "attest vuln"], "of the SBOM that is recorded"


def test_a_scan_is_made_anew_where_that_is_asked_for(world: World, image: str) -> None:
    attest(Task(image), world.cosign(), Output())
    world.finds(grype("Critical"))
    found = attest(Task(image, rescan=True), world.cosign(), Output())
    assert found.option() == {"signed": True, "sbom": True, "critical": 1}
    assert [one["kind"] for one in world.kept].count("vuln") == 1


def test_of_two_at_once_neither_loses_what_it_made(world: World, image: str) -> None:
    """All attestations of an image are one object in the registry, and who writes it last has not seen the other's."""
    attest(Task(image), world.cosign(scanner=[]), Output())
    world.together = threading.Barrier(2, timeout=30)
    with ThreadPoolExecutor() as pool:
        scanned = pool.submit(attest, Task(image), world.cosign(), Output())
        told = pool.submit(attest, built(image), world.cosign(scanner=[]), Output())
        assert scanned.result().scan is not None
        assert told.result().provenance is not None
    kinds = {str(one["kind"]) for one in world.kept}
    assert kinds == {"spdxjson", "vuln", "slsaprovenance1", "None"}
    made = world.made()
    assert made.count("attest vuln") + made.count("attest slsaprovenance1") == 3, "one was lost, and made again"


def test_a_key_that_does_not_fit_is_found_at_once(world: World, image: str) -> None:
    with pytest.raises(DeliveryError, match="and yet it has none that counts") as refused:
        attest(Task(image), world.cosign(publicKey="their.pub"), Output())
    assert "supplyChain.publicKey" in refused.value.line
    assert refused.value.details[0].startswith("no signature that counts: Error: no matching signatures")


def test_what_somebody_else_has_signed_does_not_count(world: World, image: str) -> None:
    attest(built(image), world.cosign(key="their.key", publicKey="their.pub"), Output())
    (found,) = read.facts(world.cosign(), [image])
    assert (found.signed, found.sbom, found.scan, found.provenance) == (False, False, None, None)
    assert found.option() == {"signed": False, "sbom": False}


def test_a_key_from_the_secrets_is_told_to_cosign_alone_and_stands_on_no_command_line(world: World, image: str) -> None:
    cosign = replace(world.cosign(key=None, keySecret="signing"), secret_key="our")
    assert attest(Task(image), cosign, Output()).signed
    signing = [call for call in world.calls if call[0] in ("sign", "attest")]
    assert {call[call.index("--key") + 1] for call in signing} == {"env://CAAS_SIGNING_KEY"}
    assert "secret_key" not in repr(cosign)


def test_a_wrong_password_is_cosign_s_own_words(world: World, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "wrong")
    with pytest.raises(DeliveryError, match="decryption failed") as refused:
        attest(Task(image), world.cosign(), Output())
    assert "COSIGN_PASSWORD" in refused.value.line
    assert world.kept == []


def test_nothing_is_put_into_a_public_log_unless_that_is_asked_for(world: World, image: str) -> None:
    attest(Task(image), world.cosign(), Output())
    assert all("--tlog-upload=false" in call for call in world.calls if call[0] in ("sign", "attest"))
    world.calls.clear()
    attest(Task(image, rescan=True), world.cosign(transparencyLog=True), Output())
    assert [call[0] for call in world.calls if "--tlog-upload=true" in call] == ["attest"]
    assert {word for call in world.calls for word in call if "ignore-tlog" in word} == {"--insecure-ignore-tlog=false"}


@pytest.mark.parametrize(
    ("tool", "changes", "said"),
    [
        ("cosign", {}, "cosign is not on the PATH"),
        ("syft", {}, "syft is not on the PATH"),
        (None, {"key": "none.key"}, "the key none.key (supplyChain.key) is not there"),
        (None, {"key": None}, "no key is configured (supplyChain.key)"),
        (None, {"publicKey": "none.pub"}, "the public key none.pub (supplyChain.publicKey) is not there"),
        (None, {"key": None, "keySecret": "signing"}, "caas:secrets.signing is empty"),
        (
            None,
            {"key": None, "publicKey": None, "identity": {"issuer": "https://a.test", "subject": "b"}},
            "nobody vouches for this process (no OIDC identity of a pipeline)",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_made(
    world: World, tool: str | None, changes: dict[str, object], said: str
) -> None:
    if tool is not None:
        world.remove(tool)
    with pytest.raises(DeliveryError) as refused:
        able(world.cosign(**changes))
    assert refused.value.message.startswith(f"Nothing can be attested here: {said}")
    assert refused.value.code is Exit.BAD_INPUT
    assert world.calls == []


def test_in_a_pipeline_its_own_identity_signs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cosign = world.cosign(key=None, publicKey=None, identity={"issuer": "https://a.test", "subject": "b"})
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", "a-token")
    able(cosign)


def test_without_cosign_nothing_is_attested_and_the_reason_is_told(world: World, image: str) -> None:
    attest(Task(image), world.cosign(), Output())
    world.remove("cosign")
    (found,) = read.facts(world.cosign(), [image])
    assert (found.signed, found.sbom, found.scan) == (False, False, None)
    assert found.remarks[0].startswith("cosign is not on the PATH")


def test_a_registry_that_does_not_answer_and_an_image_that_is_gone_are_told(world: World, image: str) -> None:
    gone = f"{image.partition('@')[0]}@sha256:{'0' * 64}"
    nowhere = f"127.0.0.1:1/web@sha256:{'0' * 64}"
    first, second = read.facts(world.cosign(), [gone, nowhere])
    assert first.remarks == ("it is not in its registry",)
    assert "cannot be reached" in second.remarks[0]
    assert world.calls == []
