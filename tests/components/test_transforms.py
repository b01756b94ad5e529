"""Whether a program may change what a component declares, which its account's write depends on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime._callbacks import _CallbackServicer

from components import component
from components.component import Component, may_be_transformed

SOME: Any = [lambda _: None]


@pytest.mark.parametrize(
    ("of_program", "given", "inherited"),
    [(SOME, [], []), ([], SOME, []), ([], [], SOME)],
    ids=["of the program", "the component's own", "of the older kind"],
)
def test_a_program_with_transforms_is_known(
    monkeypatch: pytest.MonkeyPatch, of_program: Any, given: Any, inherited: Any
) -> None:
    """Those that the engine calls, of the program or of the component, and those of the SDK. Without any,
    nothing changes a declaration."""
    made = object.__new__(Component)
    monkeypatch.setattr(component, "get_root_resource", object)
    for served, own, older in ((of_program, given, inherited), ([], [], [])):
        monkeypatch.setattr(_CallbackServicer, "_servicers", [SimpleNamespace(_transforms=served)])
        made.given, made._transformations = pulumi.ResourceOptions(transforms=own), older
        assert may_be_transformed(made) is not (served == own == older == [])
    monkeypatch.delattr(_CallbackServicer, "_servicers")  # as another SDK may have it
    assert may_be_transformed(made)


@pytest.mark.parametrize("has_hooks", [True, False])
def test_the_transforms_of_a_program_in_another_language_are_left_to_the_hook(
    monkeypatch: pytest.MonkeyPatch, has_hooks: bool
) -> None:
    """It has no stack in this process. An engine without hooks would not stop what they take away."""
    monkeypatch.setattr(component, "get_root_resource", lambda: None)
    monkeypatch.setattr(component, "engine_has", lambda _: has_hooks)
    assert may_be_transformed(object.__new__(Component)) is not has_hooks
