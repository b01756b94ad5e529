"""An account that was put back on Microsoft-managed keys on purpose stays there."""

from __future__ import annotations

from typing import Any

import pytest

from components.service import EncryptedAIServicesAccount
from tests.continuity.model import ID, KEY_ID, NAME, Engine, Program, RefusedError, Run
from tests.localazure import driver


def service(**more: Any) -> Program:
    """A program with one service in its form of a phase."""

    def compose(program: Program) -> None:
        args: Any = {
            "location": "westeurope",
            "existing_resource_group_name": "rg",
            "network": {"access": "closed"},
            "audit": {"new_workspace": False},
            "tags": program.tags,
            **more,
        }
        EncryptedAIServicesAccount("claims", args)

    return Program(compose)


def key_source(engine: Engine) -> str:
    return str(engine.case.history(ID)[-1]["keySource"])


def test_a_later_change_of_an_unbound_account_does_not_bind_it_again() -> None:
    """Without a refresh the state still has the key that earlier writes declared. The change is refused, and
    made after the refresh that the refusal asks for."""
    engine = Engine(driver.Case())
    bound = service(key={"id": KEY_ID})
    for _ in range(2):
        engine.up(bound)
    engine.up(service(key={"id": KEY_ID}, encryption="microsoftManaged", unbind_account=NAME))
    # What the deletion of the binding does, which the program no longer declares.
    engine._write("PATCH", {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}})
    del engine.state["binding"]
    off = service(encryption="microsoftManaged")
    off.tags = {"owner": "second"}
    with pytest.raises(RefusedError, match="is on Microsoft-managed keys") as refused:
        engine.up(off)
    assert "Run `pulumi refresh`" in str(refused.value)
    assert key_source(engine) == "Microsoft.CognitiveServices"
    assert engine.up(off, Run(refresh=True)) == ["PUT"]
    assert key_source(engine) == "Microsoft.CognitiveServices"
