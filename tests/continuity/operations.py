"""What happens to a stack: changes of its program, flags of the engine, other writers, kills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.account import AIServicesAccount
from components.binding import KeyBinding
from components.guards import preflight
from components.service import EncryptedAIServicesAccount
from localazure.standin import body as bodies
from tests.continuity.model import (
    ID,
    KEY_ID,
    NAME,
    ROW,
    SHAPE,
    Engine,
    Held,
    KilledError,
    Program,
    RefusedError,
    Run,
)
from tests.localazure import driver

GROUP_NAME = "rg"


def _service(program: Program) -> None:
    args: Any = {
        "location": "westeurope",
        "existing_resource_group_name": GROUP_NAME,
        "key": {"id": KEY_ID, "generation": program.generation},
        "network": {"access": program.access},
        "audit": {"new_workspace": False},
        "tags": program.tags,
        "identity": program.identity,
    }
    EncryptedAIServicesAccount("claims", args)


def _parts(program: Program) -> None:
    args: Any = {
        "resource_group_name": GROUP_NAME,
        "location": "westeurope",
        "account_name": NAME,
        "network": {"access": program.access},
        "tags": program.tags,
    }
    account = AIServicesAccount("claims", args)
    KeyBinding(
        "claims",
        {
            "account_id": account.account_id,
            "key_id": KEY_ID,
            "grant_id": "grant",
            "generation": program.generation,
        },
    )


MODES: Mapping[str, Callable[[], Program]] = {
    "service": lambda: Program(_service),
    "parts": lambda: Program(_parts),
    "user-assigned": lambda: Program(_service, identity="userAssigned"),
    "both identities": lambda: Program(_service, identity="systemAndUserAssigned"),
}


@dataclass(frozen=True)
class Operation:
    """One thing that happens. `foreign`: something outside the components keeps the key out of an update,
    which may then be refused before it writes; a refresh lets it through, and an import where the state had
    forgotten the account."""

    name: str
    change: Callable[[Engine, Program], None] | None = None
    told: Callable[[], Run] = Run
    foreign: bool = False

    def __str__(self) -> str:
        return self.name


def _retag(_: Engine, program: Program) -> None:
    program.tags = {"owner": f"{program.tags['owner']}+"}


def _untag(_: Engine, program: Program) -> None:
    program.tags = {"owner": "nobody"}


def _network(_: Engine, program: Program) -> None:
    program.access = "open" if program.access == "closed" else "closed"


def _rotate(_: Engine, program: Program) -> None:
    program.generation += 1


def _retag_and_rotate(engine: Engine, program: Program) -> None:
    _retag(engine, program)
    _rotate(engine, program)


def _upgrade(engine: Engine, _: Program) -> None:
    engine.api_version = "2026-07-01" if engine.api_version != "2026-07-01" else "2026-09-01"


def _second_engine(engine: Engine, program: Program) -> None:
    """Another stack rotates the key and binds the account to the new version, then this one writes tags."""
    key = engine.case.data("POST", "/keys/k/rotate").body
    more = {"identityClientId": engine.identity["clientId"]} if program.binds_inline else {}
    engine.case.arm("PATCH", ID, driver.bind(key, **more), api=driver.ACCOUNT_API)
    engine.case.finish(engine.case.arm("GET", ID, api=driver.ACCOUNT_API))
    engine.case.get(ID)
    _retag(engine, program)


def _adopt(engine: Engine, program: Program) -> None:
    """The account is imported, as it is, into a state that did not have it."""
    live = engine.live() or {}
    response = engine.case.get(ID)
    inputs = {
        "accountName": NAME,
        "resourceGroupName": GROUP_NAME,
        **bodies.inputs_of(ROW, SHAPE, response),
        "azureApiVersion": engine.api_version,
    }
    engine.state["account"] = Held("azure-native:cognitiveservices:Account", inputs, live)
    _retag(engine, program)


def _transform(_: Engine, program: Program) -> None:
    def tag(inputs: dict[str, Any]) -> None:
        inputs["tags"] = {**(inputs.get("tags") or {}), "cost-centre": "1"}

    program.transform = tag


def _ignoring(path: str) -> Callable[[Engine, Program], None]:
    def change(engine: Engine, program: Program) -> None:
        program.ignores = (path,)
        _retag(engine, program)

    return change


def only(*names: str) -> Callable[[], Run]:
    return lambda: Run(targets=frozenset(names))


def not_found(times: int) -> Callable[[], Run]:
    """The first reads do not find the account."""
    return lambda: Run(false_absences=times)


def lagging(*reads: bool) -> Callable[[], Run]:
    """Reads show the account as it was before its last write."""
    return lambda: Run(lagging=reads)


def but(*names: str) -> Callable[[], Run]:
    return lambda: Run(excludes=frozenset(names))


OPERATIONS = (
    Operation("nothing"),
    Operation("tags", _retag),
    Operation("a tag taken away", _untag),
    Operation("network", _network),
    Operation("rotation", _rotate),
    Operation("tags and rotation", _retag_and_rotate),
    Operation("upgrade of azure-native", _upgrade),
    Operation("--target account", _retag, only("account")),
    Operation("--target binding", _retag, only("binding")),
    Operation("--target account --target binding", _retag_and_rotate, only("account", "binding")),
    Operation("--target binding, rotation", _retag_and_rotate, only("binding")),
    Operation("--exclude binding", _retag, but("binding")),
    Operation("--exclude account", _retag, but("account")),
    Operation("--replace binding", None, lambda: Run(replaces_binding=True)),
    Operation("--replace binding, tags", _retag, lambda: Run(replaces_binding=True)),
    Operation("killed after the account", _retag, lambda: Run(killed_after="account")),
    Operation("killed after the binding", _retag, lambda: Run(killed_after="binding")),
    Operation("killed after the account, rotation", _retag_and_rotate, lambda: Run(killed_after="account")),
    Operation("killed after the binding, rotation", _retag_and_rotate, lambda: Run(killed_after="binding")),
    Operation("a second engine", _second_engine),
    Operation("adoption", _adopt),
    *(Operation(f"{times} false 404, tags", _retag, not_found(times), foreign=True) for times in range(1, 7)),
    Operation("every other read lags, tags", _retag, lagging(True, False), foreign=True),
    Operation("every other read lags, too, tags", _retag, lagging(False, True), foreign=True),
    Operation("a transformation", _transform),
    Operation("ignore_changes: properties", _ignoring("properties"), foreign=True),
    Operation("ignore_changes: encryption", _ignoring("properties.encryption"), foreign=True),
)


def happens(engine: Engine, program: Program, operation: Operation, *, refresh: bool) -> None:
    """Does it. Raises AssertionError where an update ends that had no reason to."""
    if operation.change:
        operation.change(engine, program)
    told = operation.told()
    told.refresh = refresh
    try:
        engine.up(program, told)
    except KilledError:
        pass
    except (RefusedError, preflight.RefusedError):
        if not (operation.foreign or program.meddles):
            raise
        if "account" not in engine.state:
            # As `python -m operate recover` and the message itself have it: what exists is imported.
            _adopt(engine, program)
        engine.up(program, Run(refresh=True))
