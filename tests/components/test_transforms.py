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
    ("of_program", "given", "inherited", "root"),
    [(SOME, [], [], True), ([], SOME, [], True), ([], [], SOME, True), ([], [], [], False)],
    ids=["of the program", "the component's own", "of the older kind", "in another language"],
)
def test_a_program_with_transforms_is_known(
    monkeypatch: pytest.MonkeyPatch, of_program: Any, given: Any, inherited: Any, *, root: bool
) -> None:
    """Those that the engine calls, of the program or of the component; those of the SDK; and any of a program
    in another language, which has no stack in this process. Without any, nothing changes a declaration."""
    made = object.__new__(Component)
    for served, own, older, is_here in ((of_program, given, inherited, root), ([], [], [], True)):
        monkeypatch.setattr(_CallbackServicer, "_servicers", [SimpleNamespace(_transforms=served)])
        monkeypatch.setattr(
            component, "get_root_resource", lambda is_here=is_here: object() if is_here else None
        )
        made.given, made._transformations = pulumi.ResourceOptions(transforms=own), older
        assert may_be_transformed(made) is not (served == own == older == [] and is_here)
    monkeypatch.delattr(_CallbackServicer, "_servicers")  # as another SDK may have it
    assert may_be_transformed(made)
