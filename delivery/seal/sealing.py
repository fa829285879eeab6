"""Seals a preview, and binds an apply to it: refuses when anything that the plan rests on has moved, and names it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from delivery import purpose
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.policing import Policing
from delivery.preview import run
from delivery.preview.model import Preview
from delivery.preview.text import counts
from delivery.seal import document, source, state, steps
from delivery.seal.plan import MOST, missing, moved
from delivery.stack import ProgramStack


def settle(stack: ProgramStack, stored: Mapping[str, Any]) -> None:
    """Refuse a plan (exit code 4) over a state that a killed apply left, or that was changed while it was previewed.

    :param stored: The state from before the preview.
    """
    if stored.get("pending_operations"):
        raise DeliveryError(
            f"Stack {stack.name!r} has operations that a killed apply left: no plan would hold.",
            Exit.REFUSED_PLAN,
            remedy=f"`caas up --stack {stack.name}` or `pulumi refresh` puts them right.",
        )
    _unmoved(stack, stored, stack.state())


def write(
    path: Path,
    stack: ProgramStack,
    found: Preview,
    stored: Mapping[str, Any],
    pack: Path | None,
    masker: Callable[[str], str],
) -> dict[str, Any]:
    """Write a plan for what a preview found.

    :param stored: The state from before it: known to be the stack's still (``settle``), or looked at again before the
        apply (``bind``).
    """
    plan = {
        "project": stack.project,
        "stack": stack.name,
        "made": {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": purpose.user()},
        "summary": counts(found),
        "policyPack": os.path.relpath(pack, stack.directory) if pack is not None else None,
        **_rested(stack, stored, pack),
        **_promised(found, stored),
    }
    plan = {name: _masked(each, masker) for name, each in plan.items()}
    document.write(path, plan)
    return plan


def bind(stack: ProgramStack, stored: Mapping[str, Any]) -> None:
    """Refuse the next update (exit code 4) unless the stack's state is still this one when it is about to begin."""
    stack.engine.before_update = lambda now: _unmoved(stack, stored, now)


def check(
    path: Path,
    stack: ProgramStack,
    handle: auto.Stack,
    output: Output,
    rules: Policing,
    *,
    timeout: float = run.TIMEOUT,
) -> None:
    """Refuse the apply unless everything is as it was sealed; previews again for that, and looks at the state once
    more when the engine is about to begin. DeliveryError with exit code 4 (or 3, for a policy) where it does not hold.

    A plan that was made without the pack is judged by the project's own all the same.
    """
    plan = document.read(path)
    _same_stack(path, plan, stack)
    pack = stack.directory / plan["policyPack"] if plan.get("policyPack") else None
    stored = stack.state()
    _hold(plan, _masked(_rested(stack, stored, pack), output.masker), stack)
    output.say(
        f"Plan {path.name} of {plan['made']['at']} by {plan['made']['by']}: {plan['summary']}. Previewing again."
    )
    rules.pack = pack or rules.pack
    found = run.preview(handle, stack, output, pack=rules.pack, timeout=timeout)
    rules.keep(found)
    _hold(plan, _masked(_promised(found, stored), output.masker), stack)
    output.say("The plan holds.", "green")
    stack.engine.before_update = lambda now: _hold(plan, {"state": state.version(now)}, stack)


def _unmoved(stack: ProgramStack, stored: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    if moved({"state": state.version(stored)}, {"state": state.version(now)}):
        raise DeliveryError(
            f"Stack {stack.name!r} was changed while it was previewed. Nothing was changed by this command.",
            Exit.REFUSED_PLAN,
            remedy="Try again.",
        )


def _rested(stack: ProgramStack, stored: Mapping[str, Any], pack: Path | None) -> dict[str, Any]:
    """What a plan rests on, as it is now."""
    return {
        "commit": source.commit(stack.directory),
        "configuration": source.configuration(stack.directory, stack.name),
        "state": state.version(stored),
        "policies": source.policies(pack),
        "tools": source.tools(str(stack.engine.version)),
    }


def _promised(found: Preview, stored: Mapping[str, Any]) -> dict[str, Any]:
    """What an apply would do, as a preview says now."""
    return {"images": steps.images(found), "steps": steps.steps(found, state.ignored(stored))}


def _hold(plan: Mapping[str, Any], now: Mapping[str, Any], stack: ProgramStack) -> None:
    found = moved(plan, now)
    if not found:
        return
    lines = [f"{part}: {line}" for part, each in found.items() for line in each]
    more = (f"(and {len(lines) - MOST} more)",) if len(lines) > MOST else ()
    raise DeliveryError(
        f"The plan no longer fits stack {stack.name!r}; moved: {', '.join(found)}. Nothing was changed.",
        Exit.REFUSED_PLAN,
        remedy=f"Make a new one: `caas preview --stack {stack.name} --save-plan FILE`.",
        details=(*lines[:MOST], *more),
    )


def _same_stack(path: Path, plan: Mapping[str, Any], stack: ProgramStack) -> None:
    named = f"{plan.get('project')}/{plan.get('stack')}"
    if named != f"{stack.project}/{stack.name}":
        raise DeliveryError(
            f"The plan {path} is for stack {named}, not for {stack.project}/{stack.name}.", Exit.REFUSED_PLAN
        )
    if lacking := missing(plan):
        raise DeliveryError(f"The plan {path} lacks {', '.join(lacking)}.", Exit.REFUSED_PLAN)


def _masked(value: Any, masker: Callable[[str], str]) -> Any:
    """The same, with no secret in any text: a plan is handed around."""
    if isinstance(value, dict):
        return {name: _masked(each, masker) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, masker) for each in value]
    return masker(value) if isinstance(value, str) else value
