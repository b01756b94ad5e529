"""Whole lives of a service under one Azure: from the first `pulumi up` to the way back from a destroy.

Owns: the steps, and what must hold in each of them: never unbound, never unreadable while access is granted,
no change that comes back with each update, each failure explained with what to do. The cloud itself is the
judge: its history of the account's encryption, its data, its soft-deleted resources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from core.resource_types import ACCOUNT, BINDING
from localazure import seed
from localazure.behaviour import SWITCHES
from localazure.roles import BY_NAME
from operate import verify
from tests.azure_variants.covering import Row
from tests.remediation.following import Way
from tests.remediation.world import KEY_VAULT, World
from tests.support.engine import ALL, Flags
from tests.support.front import SUBSCRIPTION
from tests.support.in_process import Credential, Transport

OPERATORS = ["deployer", "5c6d0f6e-9f0c-4b0c-8d0f-3d1f0a9a7b21"]
MODES: Mapping[str, Mapping[str, Any]] = {
    "access policies": {"vault": {"key_operators": OPERATORS}},
    "Azure RBAC": {},
    "user-assigned identity": {"vault": {"key_operators": OPERATORS}},
}
"""What the settings have besides those of the world's mode of the same name."""
MODE, REFRESH = "mode", "refresh"
ELSEWHERE = frozenset(
    {
        *("account_with_children", "key_source_with_projects", "foundry_key_vault", "child_write_seconds"),
        *("move_without_old_key", "same_key_again", "operation_polling", "unreadable_documents"),
        *("versionless_key", "versionless_key_shown", "foundry_key_role", "validate_covers"),
        "open_values",
        "put_of_older_version",
    }
)
"""Switches that the account of these lives never meets; the document says which tests do."""
LIVED = tuple(switch for switch in SWITCHES if switch.source and switch.name not in ELSEWHERE)
FACTORS: Mapping[str, tuple[Any, ...]] = {
    MODE: tuple(MODES),
    REFRESH: (False, True),
    **{switch.name: switch.values for switch in LIVED},
}
"""What the covering array is over: the access mode, whether each update refreshes, and all switches."""

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-claims"
ACCOUNT_ID = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-claims"
STORAGE = [{"resourceId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stclaims"}]
LATER = 7200.0
"""Seconds after which everything that a switch delays has happened."""


class Life(World):
    """A service in a subscription whose others use up most of its budget of requests, if there is one."""

    def __init__(self, row: Row) -> None:
        self.row, self._seen = row, 0
        self.failed_updates = 0
        always = {"tags": {}, "audit": {"new_workspace": True}, "network": {"access": "closed"}}
        super().__init__(row[MODE], row[REFRESH], {**always, **MODES[row[MODE]]})
        self.engine.replaces = False
        cloud = self.wire.door.cloud
        cloud.behave(**{name: value for name, value in row.items() if name not in (MODE, REFRESH)})
        if row["arm_keys_need_data_role"]:
            # The deployer is Owner of the subscription, and has no role on the data of vaults.
            definition = BY_NAME["Key Vault Administrator"].id
            for id, found in cloud.store.scan("roleAssignment", SUBSCRIPTION):
                if definition in str(found) and seed.DEPLOYER.object_id in str(found):
                    cloud.store.delete("roleAssignment", id)

    def live(self) -> None:
        """Lives it. Raises AssertionError for what goes wrong."""
        for step in STEPS:
            step(self)
            self._look(step)

    @property
    def account_id(self) -> str:
        """The account's, also before the state has it, and afterwards."""
        return ACCOUNT_ID

    def up(self, flags: Flags = ALL) -> str:
        self._drain()
        said = super().up(flags)
        self.failed_updates += bool(said)
        return said

    def recoveries(self, text: str) -> Iterator[tuple[str, Callable[[], object]]]:
        """After the time that it takes to read what was said: reads may lag behind."""
        self.wait()
        return super().recoveries(text)

    def follow(self) -> list[str]:
        """An update, and what it says to do where it fails, until one succeeds; what the last one did."""
        Way(self).follow()
        return self.engine.operations

    def later(self, seconds: float = LATER) -> None:
        self.wire.sleep(seconds)

    def _look(self, step: Callable[[Life], None]) -> None:
        """Judges the states that the account has been in since the step before."""
        states = self.history()
        # A binding that Azure accepted and whose operation failed was none.
        failed = [state["why"] == "FAILED" for state in [*states[1:], {"why": ""}]]
        kept = [state["keySource"] == KEY_VAULT for state in states]
        kept = [one and not fails for one, fails in zip(kept, failed, strict=True)]
        first = kept.index(True) if True in kept else len(states)
        assert self.unbound_moments(max(first, self._seen)) == [], f"{step.__name__}: unbound"
        for state in states[max(first, self._seen) :]:
            is_kept = state["readable"] or step in ABOUT_ACCESS or state["why"] in ("DELETE", "purge")
            assert is_kept, f"{step.__name__}: not readable after {state['why']}"
        self._seen = len(states)

    def _drain(self) -> None:
        now = self.wire.now()
        for limit in ("reads", "writes", "deletes") if self.row["throttling"] != "none" else ():
            for name in (seed.SUBSCRIPTION_ID, ""):
                self.wire.door.front.buckets[f"{name}|{seed.DEPLOYER.object_id}|{limit}"] = (0.0, now)


def first_update(life: Life) -> None:
    """Everything is made, and the account is bound."""
    life.follow()
    assert life.bound_version == [*life.versions()][-1], "the first update left the account unbound"
    assert life.readable, "the data is not readable after the first update"


def nothing_changed(life: Life) -> None:
    """Nothing is left to do after the first update, where reads show what was written. If they leave out the
    key's version, a refresh records none, and the second update says it in a write of the account."""
    for number in ("second", "third"):
        done = life.follow()
        if not life.row["read_lag_seconds"]:
            records_none = number == "second" and life.row["key_version"] == "dropped" and life.row[REFRESH]
            left = [one for one in done if not (records_none and ACCOUNT in one)]
            assert not left, f"nothing changed after the first update, and the {number} did: {left}"
        elif number == "third" and life.row["lagging_reads"] == "every_other":
            made = [one for one in done if one.startswith("create azure-cmk")]
            assert not made, f"a late read took out of the state what is there: {made}"


def change(life: Life) -> None:
    """Tags change, and the account's write fails after Azure has accepted it; the next update ends it."""
    life.settings["tags"] = {"owner": "second"}
    cloud = life.wire.door.cloud
    cloud.behave(failing_operations="CapacityExceeded")
    life.up()
    cloud.behave(failing_operations="")
    life.follow()
    if life.row[REFRESH] and life.account.tags != life.settings["tags"]:
        # The refresh took the change for made; a further one writes both.
        assert any("has other values of tags" in text for text in life.engine.warnings), (
            "a lost change was not told"
        )
        life.settings["tags"] = {"owner": "second", "team": "claims"}
        life.follow()
    assert life.account.tags == life.settings["tags"], "the change was not made"


def storage_linked(life: Life) -> None:
    """Somebody links a storage account, which no update takes away."""
    life.wire.door.front.buckets.clear()
    life.arm("PATCH", ACCOUNT_ID, {"properties": {"userOwnedStorage": STORAGE}})
    life.later()
    life.arm("GET", ACCOUNT_ID)
    life.settings["tags"] = {"owner": "third"}
    life.follow()
    found = life.account.properties.get("userOwnedStorage")
    assert found == STORAGE, f"the linked storage is {found}"


def rotation(life: Life) -> None:
    """A new version of the key, which an update that reaches the vault makes, and the account bound to it."""
    life.settings["network"] = {"access": "open"}
    life.follow()
    life.settings["key"] = {"generation": 1}
    life.follow()
    assert len(life.versions()) == 2, f"after the rotation the key has {len(life.versions())} versions"
    assert life.bound_version == [*life.versions()][-1], "the account is not bound to the newest version"


def revocation(life: Life) -> None:
    """Access is taken away; the data cannot be read once the service has forgotten the key."""
    life.settings["access"] = "revoked"
    life.follow()
    endpoint = "https://lang-claims.cognitiveservices.azure.com"
    projects = verify.Projects(endpoint, Credential(), transport=Transport(life.wire))
    clock = SimpleNamespace(monotonic=life.wire.now, sleep=life.wire.sleep)
    with patch.object(verify, "time", clock):
        proof = verify.refused(projects, LATER)
    assert proof.holds, f"verify after the revocation: {proof}"
    assert not life.readable, "the data can still be read after the revocation"
    assert life.bound_version == [*life.versions()][-1], "the revocation unbound the account"


def restoration(life: Life) -> None:
    """At once access is given back, and the data can be read once the grant counts."""
    life.settings["access"] = "granted"
    life.follow()
    life.later()
    assert life.readable, "the data is not readable after access was granted again"


def settled(life: Life) -> None:
    """Later, one update may put right what reads had hidden; the next finds nothing to do."""
    life.later()
    life.follow()
    life.later()
    done = life.follow()
    assert not done, f"an update that changes nothing does each time: {done}"
    for type in (ACCOUNT, BINDING):
        found = [held for held in life.engine.state.values() if held.type == type]
        expected = 0 if type == BINDING and life.row[MODE] == "user-assigned identity" else 1
        assert len(found) == expected, f"the state has {len(found)} of {type}"


def destruction(life: Life) -> None:
    """Everything goes; the account and the vault stay soft-deleted."""
    life._drain()
    life.engine.destroy()
    assert life.found is None, "the account is still there"


def return_(life: Life) -> None:
    """It comes back from soft delete with its key and its data, by the commands that are printed; the account
    of a user-assigned identity, which cannot come back, is refused with what to do."""
    if life.row[MODE] == "user-assigned identity":
        life.later()
        said = life.up()
        assert said, "an account of a user-assigned identity came back, without its identity"
        assert "az " in said, f"the way back failed without saying what to do: {said}"
        return
    before = [*life.versions()]
    life.follow()
    assert [*life.versions()][: len(before)] == before, "the key did not come back"
    assert life.readable, "the data is not readable after the way back"


def settled_again(life: Life) -> None:
    """After the way back, once a refresh has recorded what is linked."""
    if life.found is not None:
        life.later()
        life.refresh()
        settled(life)


STEPS: tuple[Callable[[Life], None], ...] = (
    first_update,
    nothing_changed,
    change,
    storage_linked,
    rotation,
    revocation,
    restoration,
    settled,
    destruction,
    return_,
    settled_again,
)
ABOUT_ACCESS = (revocation, restoration, return_)
"""Steps in which the data may be out of reach."""


def row(**changes: Any) -> Row:
    """A row with the first value of each factor but those given."""
    return {**{name: values[0] for name, values in FACTORS.items()}, **changes}
