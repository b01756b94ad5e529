"""What an update does to the data of an account: one judgement, told by three."""

from __future__ import annotations

import json
from itertools import product
from typing import Any, Final

import pytest

from core import effects, facts, values
from core import resource_types as types
from core.clouds import PUBLIC
from core.effects import DataProtection, HeldGrant, UsedKey
from core.rights import EXACT
from core.service import effects as of_service
from core.service.account import AccountBefore, BoundKey
from core.service.desired import (
    AUTOMATIC,
    CUSTOMER_MANAGED,
    MICROSOFT_MANAGED,
    PINNED,
    DesiredKey,
    DesiredService,
    DesiredVault,
)
from core.service.effects import Effect
from core.service.key_place import KeyPlace
from core.service.recorded import RecordedService
from core.service.state import Deployer, Live, ServiceState
from core.values import UNKNOWN, Hidden
from core.verdicts import Name, Verdict
from provider import customer_managed_key
from provider.wire import Properties
from tests.review import build
from tests.review.build import ACCOUNT, ACCOUNT_ID, BINDING, POLICY, VAULT, Step, same, step
from tests.review.changes import EXACT as GRANTED

VAULT_ID = build.VAULT_ID.replace("/kv", "/kv-own")
OTHER_VAULT = VAULT_ID.replace("-own", "-hub")
V1, V2 = "1" * 32, "2" * 32
MICROSOFT, GONE, NEW = "microsoft's keys", "no account any more", "no account yet"
KEYS: Final = {
    "version 1": UsedKey("kv-own", "key", V1),
    "version 2": UsedKey("kv-own", "key", V2),
    "a version made later": UsedKey("kv-own", "key", UNKNOWN),
    "no version": UsedKey("kv-own", "key", None),
    "another key": UsedKey("kv-hub", "key", V1),
}
BEFORE: Final = (NEW, MICROSOFT, "version 1", "no version")
AFTER: Final = (MICROSOFT, *KEYS, GONE)
EXPECTED: Final = """
             microsoft's    version 1  version 2  made later  no version  another key  gone
new          not-encrypted  bound      bound      bound       bound       bound        -
microsoft's  -              bound      bound      bound       bound       bound        account-deleted
version 1    unbound        -          rotated    rotated     rotated     key-changed  account-deleted
no version   unbound        rotated    rotated    rotated     -           key-changed  account-deleted
"""


def uri(key: UsedKey) -> str:
    version = f"/{key.version}" if key.version else ""
    return f"https://{key.vault}.vault.azure.net/keys/{key.name}{version}"


def text(found: Verdict | Effect | None) -> str | None:
    return found.text.removeprefix("encryption of lang: ") if found else None


def by_core(before: str, after: str) -> str | None:
    """The judgement itself."""
    was, becomes = (
        None if moment in (NEW, GONE) else DataProtection(KEYS.get(moment)) for moment in (before, after)
    )
    found = effects.effect(was, becomes)
    return text(found)


def by_service(before: str, after: str) -> str | None:
    """A service whose settings lead there."""
    key, target = KEYS.get(before), KEYS.get(after)
    encryption, bound = facts.Encryption(), None
    if key:
        encryption = facts.Encryption(
            facts.KEY_VAULT_SOURCE, uri(key).partition("/keys")[0], "key", values.as_text(key.version)
        )
        bound = BoundKey(encryption, states_version=True)
    account = None
    if before != NEW:
        account = facts.Account(ACCOUNT_ID, "lang", "AIServices", encryption=encryption, principal_id="p")
    recorded = RecordedService(
        "claims", {(types.KEY_VERSION, "claims-key-version"): {"generation": 1}}, account
    )
    if after == GONE:
        removed = of_service.removal(recorded)
        return text(removed)
    wanted = DesiredKey(name="key")
    if target and isinstance(target.version, Hidden):
        wanted = DesiredKey(name="key", generation=2)
    elif target:
        pin = values.as_text(target.version) or None
        wanted = DesiredKey(name="key", pin=pin, version=PINNED if target.version else AUTOMATIC)
    desired = DesiredService(
        account_name="lang",
        kind="AIServices",
        location="westeurope",
        encryption=CUSTOMER_MANAGED if target else MICROSOFT_MANAGED,
        unbind_account=None if target else "lang",
        vault=DesiredVault(name="kv-own"),
        key=wanted,
    )
    place = KeyPlace(OTHER_VAULT if target and target.vault == "kv-hub" else VAULT_ID, key_name="key")
    state = ServiceState(desired, recorded, Deployer(), place, Live(), AccountBefore(recorded_key=bound))
    found = of_service.effect(state)
    return text(found)


def by_binding(before: str, after: str) -> str | None:
    """A binding that is declared by itself."""
    key = KEYS.get(before)
    inputs = Properties({"accountId": ACCOUNT_ID, "keyUriWithVersion": uri(KEYS[after])})
    target = customer_managed_key.target_of(inputs, PUBLIC)
    found = customer_managed_key.effect(target, uri(key) if key else None)
    return text(found)


def by_review(before: str, after: str) -> str | None:
    """The one verdict on a preview's steps. The binding of an account that is new, or goes, does the same."""
    found = [
        verdict.text
        for row in build.review(*_steps(before, after)).rows
        for verdict in (judged.verdict for judged in row.verdicts)
    ]
    assert len(found) < 2
    return found[0] if found else None


def own(made: Step, vault: str = "kv-own") -> Step:
    """A hand-made state, in a vault of this name."""
    named: Step = json.loads(json.dumps(made).replace('"kv"', f'"{vault}"').replace("/kv", f"/{vault}"))
    return named


def _steps(before: str, after: str) -> list[Step]:
    account, had, has = build.account(), _binding(before), _binding(after)
    # Of a kind that may follow its key.
    account["inputs"] |= {"kind": "AIServices", "sku": {"name": "S0"}}
    around = [
        same(VAULT, "v", own(build.vault())),
        same(POLICY, "p", own(build.policy(*GRANTED))),
        same(POLICY, "q", own(build.policy(*GRANTED), "kv-hub")),
        same(types.KEY_VERSION, "n", build.state({"keyId": f"{VAULT_ID}/keys/key"})),
    ]
    if before == NEW:
        around.append(step("create", ACCOUNT, "a", None, account))
    elif after == GONE:
        around.append(step("delete", ACCOUNT, "a", account))
    else:
        around.append(same(ACCOUNT, "a", account))
    if had and has:
        around.append(step("same" if had == has else "update", BINDING, "b", had, has))
    elif had:
        around.append(step("delete", BINDING, "b", had))
    elif has:
        around.append(step("create", BINDING, "b", None, has))
    return around


def _binding(moment: str) -> Step | None:
    key = KEYS.get(moment)
    if key is None:
        return None
    if not isinstance(key.version, Hidden):
        return build.binding(uri(key))
    source = {"keyUriWithVersion": [build.urn(types.KEY_VERSION, "n")]}
    return {**build.binding(build.UNKNOWN), "outputs": {}, "propertyDependencies": source}


ADAPTERS: Final[dict[str, Any]] = {"service": by_service, "binding": by_binding, "review": by_review}


@pytest.mark.parametrize(("before", "after"), [*product(BEFORE, AFTER)])
def test_whoever_tells_it_tells_the_same(before: str, after: str) -> None:
    """For each way that an account's data can be protected before and after an update, the service's preview,
    the binding's own and the review say what the one judgement says, to the letter. A binding that is
    declared by itself knows no account that is new or goes, and no key whose version is yet to be made."""
    if (before, after) == (NEW, GONE):
        return
    said = {name: tell(before, after) for name, tell in ADAPTERS.items() if name != "binding"}
    if before != NEW and after in KEYS and after != "a version made later":
        said["binding"] = by_binding(before, after)
    assert said == dict.fromkeys(said, by_core(before, after))


def test_the_judgement_is_the_table() -> None:
    """Its names decide whether a merge is blocked."""
    rows = [line.split() for line in EXPECTED.splitlines()[2:]]
    for before, row in zip(BEFORE, rows, strict=True):
        for after, name in zip(AFTER, row[-len(AFTER) :], strict=True):
            was, becomes = (
                None if moment in (NEW, GONE) else DataProtection(KEYS.get(moment))
                for moment in (before, after)
            )
            found = effects.effect(was, becomes)
            assert (found.name.value if found else "-") == name, (before, after)


HELD: Final = {
    "full": (HeldGrant("a role", EXACT),),
    "narrow": (HeldGrant("a policy", frozenset({"unwrapkey"})),),
    "useless": (HeldGrant("a policy", frozenset({"get"})),),
    "doubtful": (HeldGrant("a role", EXACT, is_certain=False),),
    "none": (),
}


@pytest.mark.parametrize(
    ("had", "has", "name"),
    [
        *((had, "full", "access-granted") for had in ("narrow", "useless", "none")),
        *(("doubtful", has, "undetermined") for has in ("narrow", "useless", "none")),
        ("full", "narrow", "access-narrowed"),
        ("full", "doubtful", "undetermined"),
        ("full", "useless", "access-revoked"),
        ("full", "none", "access-revoked"),
        ("narrow", "useless", "access-revoked"),
        ("narrow", "none", "access-revoked"),
        ("useless", "none", ""),
        ("none", "narrow", ""),
        ("doubtful", "full", ""),
        *((held, held, "") for held in HELD),
    ],
)
def test_access_counts_while_the_data_is_under_the_key(had: str, has: str, name: str) -> None:
    """What is taken, given or not certain; of an account on Microsoft-managed keys nothing, and nothing is
    given to one that is bound only by this update."""
    key = KEYS["version 1"]
    found = effects.effect(
        DataProtection(key=key, grants=HELD[had]), DataProtection(key=key, grants=HELD[has])
    )
    assert (found.name.value if found else "") == name
    assert effects.effect(DataProtection(grants=HELD[had]), DataProtection(grants=HELD[has])) is None
    binds = [*effects.effects(DataProtection(grants=HELD[had]), DataProtection(key=key, grants=HELD[has]))]
    assert Name.ACCESS_GRANTED not in {one.name for one in binds}


@pytest.mark.parametrize(
    ("newest", "name", "words"),
    [
        (None, "rotated", effects.REBOUND.format(V2, V1)),
        (V2, "rotated", effects.ROTATED.format(V2)),
        (V1, "older-version", effects.OLDER_VERSION.format(V2, V1)),
    ],
)
def test_a_rotation_goes_to_the_newest_version(newest: str | None, name: str, words: str) -> None:
    """Any other version is called older where the newest is known, and both are named where it is not."""
    found = effects.effect(DataProtection(KEYS["version 1"], newest), DataProtection(KEYS["version 2"]))
    assert found
    assert (found.name.value, found.text) == (name, words)
