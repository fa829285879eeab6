"""Which images of a stack are attested, by whom they were built, and what ``caas up`` does about it by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from components.spec import Environment
from components.spec.supply_chain import SupplyChain
from delivery import declared, oci
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.ledger import Ledger
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.supply import attest, provenance, read
from delivery.supply.attest import Task
from delivery.supply.provenance import Origin
from delivery.supply.read import Facts
from delivery.supply.sign import PASSWORD, Cosign


def configured(environment: Environment) -> SupplyChain:
    """DeliveryError where the environment says nothing about it."""
    if environment.supply_chain is None:
        raise DeliveryError(
            f"Stack {environment.stack!r} does not say how its images are attested.",
            Exit.BAD_INPUT,
            remedy="Set caas:supplyChain: docs/reference/configuration.md.",
        )
    return environment.supply_chain


def cosign(stack: ProgramStack, environment: Environment, output: Output) -> Cosign:
    """cosign as the environment configures it. A key in caas:secrets is read here, and masked."""
    supply = configured(environment)
    secret = stack.secret(supply.key_secret) if supply.key_secret is not None else None
    output.masker.add(text for text in (secret, os.environ.get(PASSWORD)) if text)
    return Cosign(supply, stack.directory, secret)


def named(images: Sequence[str]) -> list[str]:
    """Images that a person names; DeliveryError where one is not named by its digest."""
    for image in images:
        try:
            oci.Reference.of(image)
        except ValueError as error:
            raise DeliveryError(
                f"{error}.", Exit.BAD_INPUT, remedy="Name it by its digest: what is attested must not change."
            ) from error
    return list(images)


def running(stack: ProgramStack) -> dict[str, str]:
    """Service -> image, as the last apply declared it."""
    return {one.name: one.image for one in declared.parse(stack.outputs(), stack.name).services}


def attest_stack(
    stack: ProgramStack, environment: Environment, output: Output, *, images: Sequence[str] = (), rescan: bool = False
) -> list[Facts]:
    """Give images what they lack: those that are named, or else those that the stack has built, and of the others
    those that we have signed already. DeliveryError where nothing can be attested, or an image cannot."""
    signer = cosign(stack, environment, output)
    attest.able(signer)
    if images:
        tasks = [Task(image, rescan=rescan) for image in named(images)]
    else:
        tasks = [replace(one, rescan=rescan) for one in _tasks(stack, environment, signer, running(stack), output)]
    return [attest.attest(one, signer, output) for one in tasks]


def after_up(stack: ProgramStack, environment: Environment, images: Mapping[str, str], output: Output) -> None:
    """Attest what an apply has built. The deployment is proven: what cannot be attested is a warning, and the policy
    pack refuses the image where that matters."""
    if environment.supply_chain is None:
        return
    try:
        signer = cosign(stack, environment, output)
        if not _built(environment, images):
            return
        attest.able(signer)
        for one in _tasks(stack, environment, signer, _built(environment, images), output):
            attest.attest(one, signer, output)
    except DeliveryError as error:
        output.warn(f"The images are not attested: {error.line} `caas attest --stack {stack.name}` tries again.")


def _built(environment: Environment, images: Mapping[str, str]) -> dict[str, str]:
    """Those of the services that are built from sources, and not given by digest."""
    sources = {one.name for one in environment.services if one.build is not None and one.image is None}
    return {name: image for name, image in images.items() if name in sources}


def _tasks(
    stack: ProgramStack, environment: Environment, signer: Cosign, images: Mapping[str, str], output: Output
) -> list[Task]:
    """The images in question, each once. Whom nobody built here and nobody has signed, we do not vouch for."""
    built = _built(environment, images)
    others = sorted(set(images.values()) - set(built.values()))
    known = [one.image for one in read.facts(signer, others) if one.signed]
    for image in others:
        if image not in known:
            output.warn(
                f"{image} was not built here, and nobody whom we trust has signed it: it is left as it is. "
                f"To vouch for it: `caas attest --stack {stack.name} --image {image}`."
            )
    found = {image: Task(image, _origin(stack, environment, name, image)) for name, image in sorted(built.items())}
    return [*found.values(), *(Task(image) for image in known)]


def _origin(stack: ProgramStack, environment: Environment, service: str, image: str) -> Callable[[], Origin | None]:
    def ask() -> Origin | None:
        release = provenance.origin(Ledger(stack).read().releases, image)
        spec = next(one for one in environment.services if one.name == service)
        return None if release is None else Origin(environment.project, environment.stack, spec, release)

    return ask


def attestations(stack: ProgramStack, environment: Environment, *, images: Sequence[str] = ()) -> list[Facts]:
    """What is attested of images: those that are named, else those that the stack runs. Verifying needs no secret."""
    reader = Cosign(configured(environment), stack.directory)
    return read.facts(reader, named(images) or sorted(set(running(stack).values())))
