"""An apply that begins with a preview: what it puts right first, what it keeps, and what it then refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from delivery import recover
from delivery.beforehand import Beforehand
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.preview import run, shown
from delivery.preview.model import Preview
from delivery.seal import sealing

BEFORE = {"resources": [{"urn": "one", "type": "test:index:One"}]}
PUT_RIGHT = {"resources": [{"urn": "two", "type": "test:index:One"}]}
FOUND = Preview((), 1, (), {})


class Scene:
    """A stack whose last apply may have been cut off, and what is asked of it in which order."""

    def __init__(self, *, cut_off: bool) -> None:
        self.cut_off, self.asked = cut_off, list[str]()
        self.engine = Engine.__new__(Engine)
        self.engine.before_update = None
        self.sealed: Any = None

    def state(self) -> dict[str, Any]:
        return PUT_RIGHT if "recover" in self.asked else BEFORE

    def recover(self, *_: Any) -> bool:
        self.asked += ["recover"] if self.cut_off else []
        return self.cut_off

    def preview(self, *_: Any, **__: Any) -> Preview:
        self.asked.append("preview")
        return FOUND

    def write(self, path: Path, _: Any, found: Preview, stored: Any, *__: Any) -> dict[str, Any]:
        self.asked.append("write")
        self.sealed = (path, found, stored)
        return {"summary": "1 to create"}


def begun(monkeypatch: pytest.MonkeyPatch, wanted: Beforehand, *, cut_off: bool = False) -> Scene:
    played = Scene(cut_off=cut_off)
    monkeypatch.setattr(recover, "recover", played.recover)
    monkeypatch.setattr(run, "preview", played.preview)
    monkeypatch.setattr(shown, "show", lambda *_, comment: played.asked.append(f"show {comment}"))
    monkeypatch.setattr(sealing, "write", played.write)
    stack: Any = SimpleNamespace(state=played.state, engine=played.engine, name="dev")
    rules: Any = SimpleNamespace(pack=None, keep=lambda _: played.asked.append("judge"))
    nothing: Any = None
    wanted.begin(nothing, stack, nothing, Output(), rules)
    return played


def test_one_preview_is_shown_judged_and_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    played = begun(monkeypatch, Beforehand(Path("plan.json"), Path("comment.md")))
    assert played.asked == ["preview", "show comment.md", "judge", "write"]
    assert played.sealed == (Path("plan.json"), FOUND, BEFORE)


def test_what_a_killed_apply_left_is_put_right_before_the_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    played = begun(monkeypatch, Beforehand(Path("plan.json")), cut_off=True)
    assert played.asked == ["recover", "preview", "show None", "judge", "write"]
    assert played.sealed == (Path("plan.json"), FOUND, PUT_RIGHT)


def test_a_comment_alone_seals_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(monkeypatch, Beforehand(comment=Path("comment.md"))).sealed is None


@pytest.mark.parametrize("wanted", [Beforehand(plan=Path("plan.json")), Beforehand(comment=Path("comment.md"))])
def test_a_stack_that_was_changed_since_its_preview_is_not_updated(
    monkeypatch: pytest.MonkeyPatch, wanted: Beforehand
) -> None:
    played = begun(monkeypatch, wanted)
    with pytest.raises(DeliveryError, match="'dev' was changed while it was previewed") as refused:
        played.engine.about_to_update(PUT_RIGHT)
    assert refused.value.code is Exit.REFUSED_PLAN


def test_a_stack_that_was_not_is(monkeypatch: pytest.MonkeyPatch) -> None:
    begun(monkeypatch, Beforehand(plan=Path("plan.json"))).engine.about_to_update(BEFORE)
