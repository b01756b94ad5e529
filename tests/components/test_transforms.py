"""Whether a program may change what a component declares, which its account's write depends on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime._callbacks import _CallbackServicer

from components import component
from components.component import Component, may_be_transformed

TRANSFORM: Any = lambda _: None  # noqa: E731 - never called


@pytest.mark.parametrize(
    ("of_program", "given", "inherited", "root", "expected"),
    [
        ({}, None, [], True, False),
        ({TRANSFORM: "token"}, None, [], True, True),
        ({}, [TRANSFORM], [], True, True),
        ({}, None, [TRANSFORM], True, True),
        ({}, None, [], False, True),
    ],
    ids=["none", "of the program", "the component's own", "of the older kind", "in another language"],
)
def test_a_program_with_transforms_is_known(
    monkeypatch: pytest.MonkeyPatch,
    of_program: dict[Any, str],
    given: list[Any] | None,
    inherited: list[Any],
    *,
    root: bool,
    expected: bool,
) -> None:
    """Those that the engine calls, of the program or of the component; those of the SDK; and any of a program
    in another language, which has no stack in this process."""
    monkeypatch.setattr(_CallbackServicer, "_servicers", [SimpleNamespace(_transforms=of_program)])
    monkeypatch.setattr(component, "get_root_resource", lambda: object() if root else None)
    made = object.__new__(Component)
    made.given, made._transformations = pulumi.ResourceOptions(transforms=given), inherited
    assert may_be_transformed(made) is expected
    assert may_be_transformed(None)
