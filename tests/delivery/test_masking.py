"""No secret value leaves in any of the forms in which it would be printed."""

from __future__ import annotations

import base64
import json

import pytest

from delivery.masking import MASK, Masker

SECRET = 'pa"ss\\word-1234'


@pytest.mark.parametrize("form", [SECRET, json.dumps(SECRET), base64.b64encode(SECRET.encode()).decode()])
def test_every_form_of_a_secret_is_masked(form: str) -> None:
    masked = Masker([SECRET])(f"before {form} after")
    assert SECRET not in masked
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_each_line_of_a_long_secret_is_masked() -> None:
    assert Masker(["first-line\nsecond-line"])("x second-line y") == f"x {MASK} y"


def test_a_secret_inside_a_longer_one_leaves_no_rest() -> None:
    assert Masker(["token", "token-and-more"])("token-and-more") == MASK


def test_what_is_too_short_to_be_one_is_left_as_it_is() -> None:
    assert Masker(["a", "  "])("a bad day") == "a bad day"
