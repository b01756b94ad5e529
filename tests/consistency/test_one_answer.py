"""One question, one answer: may this account use this key, and may it be bound to it?

The question is put to the facts of `core`, to the review, which reads them from an engine's plan, and to the
preflight; the local Azure tells the truth by what really happens. That the other parts ask core has their own
tests: the pack (tests/policies/rules/grants.py), the evidence (tests/operate/evidence/test_findings.py),
the guards (tests/components/guards/test_drift.py).
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from core import adapters, arm_ids, clouds, demands, key_uris, rights
from core.arm_ids import MalformedError
from core.key_uris import KeyUri
from core.resource_types import Kind
from core.rights import Access
from provider.live_state import ACCOUNT as ACCOUNT_PART
from provider.live_state import KEY as KEY_PART
from provider.live_state import VAULT as VAULT_PART
from provider.live_state import LiveState, Target
from provider.preflight import Preflight, Severity, blocking, findings
from review import preview
from review.moment import Moment, When
from tests.consistency.situations import SITUATIONS, URI_OF_AN_HSM, Situation
from tests.consistency.world import World
from tests.policies.asking import ACCOUNT, BINDING
from tests.policies.asking import VAULT as VAULT_TYPE
from tests.review.build import state, step

MANAGED_HSM_TYPE: Final = "azure-native:keyvault:ManagedHsm"


# Situations stand in the cloud for all tests of one of them; the last one changes it.
@pytest.fixture(params=SITUATIONS, ids=lambda row: row.name, scope="module")
def arranged(request: pytest.FixtureRequest) -> tuple[Situation, World]:
    """A situation and the cloud in which it was arranged."""
    row: Situation = request.param
    return row, row.world()


def key_of(world: World) -> KeyUri | None:
    """The key that the account is to be bound to; None for a URI that names none of this cloud, or no
    version, which an account of kind TextAnalytics needs."""
    try:
        key = key_uris.parse(world.key_uri, clouds.named(world.cloud.name if world.cloud else ""))
    except MalformedError:
        return None
    return key if key.version else None


def access(world: World) -> Access:
    """What core says of the identity's access."""
    vault = world.vault_json
    if vault is None:
        return Access.NONE
    found = rights.on_key(
        adapters.vault(vault), world.principal, world.key_id, world.role_assignments, world.denials
    )
    return found.level


def unmet(world: World) -> Iterator[str]:
    """The demands of the service that do not hold, access aside."""
    uri = key_of(world)
    if uri is None or not uri.is_in(arm_ids.vault_id(world.vault_id)):
        yield "key-uri"
        return
    if world.vault_json is None:
        yield "vault-exists"
        return
    version = adapters.key_version(world.key_json) if world.key_json else None
    account, vault = adapters.account(world.account_json), adapters.vault(world.vault_json)
    found = demands.judge(account, vault, version, [uri.vault_uri])
    if version is None:
        yield "key-exists"
    else:
        found += demands.key_usable(version, world.door.cloud.clock.now())
    yield from (one.demand for one in found if one.unmet)


def test_core_says_what_the_row_says(arranged: tuple[Situation, World]) -> None:
    """The level of access, and the demands that do not hold."""
    row, world = arranged
    assert access(world) is row.access
    assert frozenset(unmet(world)) == row.unmet


def level(world: World, moment: When) -> Access:
    """What the review says of the identity's access, before or after an update that changes nothing."""
    account, vault = world.account_json, world.vault_json
    binding = {"accountId": account["id"], "keyUriWithVersion": world.key_uri}
    held = [
        (ACCOUNT, "a", state({"identity": {"type": "SystemAssigned"}}, account, id=account["id"])),
        (BINDING, "b", state(binding, {**binding, "principalId": world.principal}, id=account["id"])),
    ]
    if vault:
        token = MANAGED_HSM_TYPE if arm_ids.in_managed_hsm(world.vault_id) else VAULT_TYPE
        held.append((token, "v", state({"vaultName": vault["name"]}, vault, id=vault["id"])))
    for number, (token, facts) in enumerate(world.grants):
        id = facts.get("id", f"r{number}")
        held.append((token, f"r{number}", state(facts, {**facts, "id": id}, id=id)))
    steps = [step("same", token, name, facts, {**facts, "outputs": {}}) for token, name, facts in held]
    document = {"steps": steps, "changeSummary": {}, "diagnostics": [], "config": {}, "duration": 1}
    found = Moment(preview.read(json.dumps(document)).resources, moment)
    (owner,) = found.stack.of(Kind.ACCOUNT)
    protection = found.of(owner.urn)
    assert protection is not None
    return protection.access


def test_the_review_says_the_same(arranged: tuple[Situation, World]) -> None:
    """An update that changes nothing leaves the level as it is, so before and after it are the same. The
    review reads the URI of a managed HSM: the grants of the vault that has the HSM's name give nothing
    there."""
    row, world = arranged
    expected = Access.NONE if row.name == URI_OF_AN_HSM else row.access
    if not row.unread:
        assert level(world, When.LIVE) is level(world, When.PLANNED) is expected


def test_the_preflight_and_the_cloud_say_the_same(arranged: tuple[Situation, World]) -> None:
    """The preflight of a binding finds nothing wrong where the service takes the key; else something, access
    that it cannot judge aside. The service takes the key just where nothing stands against it; data can be
    read with full access and not without any."""
    row, world = arranged
    stands = row.access is Access.FULL and not row.unmet
    key = key_of(world)
    if key and not key.is_in(arm_ids.vault_id(world.vault_id)):
        assert not stands  # the form of the inputs is refused (provider/checks.py)
    elif not row.unread and key:
        found = preflight(world, key)
        named = {one.rule for one in blocking(found)}
        if row.access is Access.UNKNOWN:
            (unsure,) = [one for one in found if one.rule == "identity-has-access"]
            assert unsure.severity is Severity.NOT_CHECKED
        else:
            has_vault = world.vault_json is not None
            assert ("identity-has-access" in named) is (row.access is not Access.FULL and has_vault)
            assert bool(named) is not stands
    if not row.unknowable:
        assert world.bindable() is stands
    if stands:
        assert world.readable()
    if row.access is Access.NONE:
        assert not world.readable()


def preflight(world: World, key: KeyUri) -> list[Any]:
    """What the preflight of a binding finds, from Resource Manager's answers."""
    account, vault, version = world.account_json, world.vault_json, world.key_json
    live = LiveState(
        account=adapters.account(account),
        vault=adapters.vault(vault) if vault else None,
        key=adapters.key_version(version) if version else None,
        read=frozenset({ACCOUNT_PART, VAULT_PART, *((KEY_PART,) if vault else ())}),
        roles=tuple(world.role_assignments) if vault else None,
    )
    target = Target(arm_ids.account_id(account["id"]), key, arm_ids.vault_id(world.vault_id))
    return list(findings(Preflight(target, live, world.door.cloud.clock.now())))


def test_there_are_situations_enough() -> None:
    """At least sixty, no two of one name."""
    assert len({one.name for one in SITUATIONS}) == len(SITUATIONS) >= 60
