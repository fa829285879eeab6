"""Asks the engine for a preview, within a limit; what it reports is read in ``events.py``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.preview import events
from delivery.preview.model import Preview, Verdict
from delivery.progress import Wait
from delivery.stack import ProgramStack

TIMEOUT = 600.0
"""Seconds that the engine may take."""
LOOK = 0.2
"""Seconds from one look at the engine to the next."""
PACK = "policies"
"""The directory of the policy pack, beside the program."""


def default_pack(directory: Path) -> Path | None:
    """The policy pack of the program's own directory, or of the nearest one above it; None where there is none."""
    for each in (directory.resolve(), *directory.resolve().parents):
        if (each / PACK / "PulumiPolicy.yaml").is_file():
            return each / PACK
        if (each / ".git").exists():
            return None
    return None


def preview(
    handle: auto.Stack, stack: ProgramStack, output: Output, *, pack: Path | None, timeout: float = TIMEOUT
) -> Preview:
    """What an apply would change. A violated policy is part of the answer; any other refusal is a DeliveryError."""
    heard: list[EngineEvent] = []

    def ask() -> None:
        packs = [str(pack)] if pack is not None else None
        told = [str(stack.pack_config)] if packs and stack.pack_config is not None else None
        handle.preview(
            on_event=heard.append, policy_packs=packs, policy_pack_configs=told, color="never", suppress_progress=True
        )

    refusal = _attend(ask, stack, output, f"the engine's preview of stack {stack.name}", timeout)
    found = events.preview(heard)
    if refusal and not found.said(Verdict.VIOLATION):
        raise _refused(stack, found, "preview") from refusal
    return found


def refresh(handle: auto.Stack, stack: ProgramStack, output: Output, *, timeout: float = TIMEOUT) -> Preview:
    """How the platform differs from the state. Changes neither."""
    heard: list[EngineEvent] = []

    def ask() -> None:
        handle.preview_refresh(on_event=heard.append, show_secrets=False, color="never", suppress_progress=True)

    refusal = _attend(ask, stack, output, f"the platform's answers about stack {stack.name}", timeout)
    found = events.refresh(heard)
    if refusal:
        raise _refused(stack, found, "refresh") from refusal
    return found


def _attend(
    ask: Callable[[], Any], stack: ProgramStack, output: Output, what: str, timeout: float
) -> CommandError | None:
    """Run it to its end; the engine's refusal, or None. It is stopped at the limit, and by Ctrl-C."""
    refusal: list[BaseException] = []

    def work() -> None:
        try:
            ask()
        except BaseException as error:
            refusal.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    wait = Wait(output, what, timeout)
    interrupted = False
    while worker.is_alive():
        try:
            worker.join(LOOK)
            wait.tick()
            if wait.over:
                stack.engine.stop()
        except KeyboardInterrupt:
            interrupted = True
            stack.engine.stop()
    if interrupted:
        raise KeyboardInterrupt
    if refusal and wait.over:
        raise DeliveryError(
            f"Waited for {what} longer than {timeout:.0f} s. Nothing was changed.",
            Exit.NOT_PROVEN,
            remedy="--timeout allows more.",
        )
    if refusal and not isinstance(refusal[0], CommandError):
        raise refusal[0]
    return refusal[0] if refusal and isinstance(refusal[0], CommandError) else None


def _refused(stack: ProgramStack, found: Preview, what: str) -> DeliveryError:
    """The engine's refusal. Nothing was applied, so none of them is a failed deployment."""
    error = stack.explain()
    message = error.message.replace("could not apply", f"could not {what}")
    code = Exit.BAD_INPUT if error.code is Exit.DEPLOYMENT_FAILED else error.code
    details = tuple(text.splitlines()[0] for text in found.errors if text.splitlines()[0].rstrip(".") not in message)
    return DeliveryError(message, code, remedy=error.remedy, details=details)
