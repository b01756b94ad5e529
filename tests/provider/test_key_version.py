"""The life of a KeyVersion: which version of the key it gives; and its rotation: one version for each
generation, also where an answer is lost, and none that is refused or that its account could not follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from core.facts import Account, KeyVersion, PolicyEntry, RoleAssignment, Vault
from core.roles import CRYPTO_USER
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    BINDING,
    CLIENT,
    KEY_ID,
    PRINCIPAL,
    TENANT,
    USER,
    V1,
    V2,
    V3,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import CMK, VERSION, Engine, FailedError, engine, refused

KEY = {"keyId": KEY_ID}
INPUTS = {**KEY, "generation": 1}
NEXT = {**KEY, "generation": 2}
LOST = ServiceError(0, "ServiceResponseError", "Connection aborted.")
EXPIRED: dict[str, Any] = {"expires": 1_700_000_000}
DISABLED: dict[str, Any] = {"enabled": False}
EARLY: dict[str, Any] = {"not_before": 1_800_000_000}
in_both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])


async def test_the_newest_version_is_given_with_all_that_follows_from_it(pulumi: Engine) -> None:
    """One read of the key gives its version, its URIs and its age."""
    pulumi.azure.versions.append(a_version(V2))
    id, outputs = await pulumi.create(VERSION, INPUTS)
    assert (id, outputs.values["newestVersion"]) == (KEY_ID, V2)
    assert outputs.values["keyUriWithVersion"] == key_uri(V2)
    assert outputs.values["createdAt"] == "2023-11-14T22:13:22Z"
    assert pulumi.azure.calls == ["key_version"]


async def test_a_key_has_the_address_of_its_cloud() -> None:
    """The URIs of a managed HSM are its cloud's, too."""
    wanted = {"keyId": KEY_ID.replace("/vaults/", "/managedHSMs/")}
    pulumi = await engine(FakeAzure(), config={"environment": "AzureChinaCloud"})
    _, outputs = await pulumi.create(VERSION, wanted)
    host = "https://language-vault.managedhsm.azure.cn"
    assert outputs.values["keyUriWithVersion"] == f"{host}/keys/language-key/{V1}"


class Choice(NamedTuple):
    """The versions that there are, the one in use, the pin, and the one that is given, or parts of the
    refusal."""

    versions: Sequence[KeyVersion]
    given: str = ""
    says: Sequence[str] = ()
    current: str = ""
    pin: str = ""


ROTATE = "run `az keyvault key rotate --vault-name language-vault --name language-key`"
WAYS = {V3: "raise `generation`", "": ROTATE}
"""How the key gets another version, by the one in use."""


def unusable(**why: Any) -> list[KeyVersion]:
    """Three versions, of which the newest cannot be used."""
    return [a_version(), a_version(V2), a_version(V3, **why)]


CHOICES: dict[str, Choice] = {
    **{
        f"the version in use stays while the newest cannot be used: {why}": Choice(
            unusable(**why), V2, current=V2
        )
        for why in (EXPIRED, DISABLED, EARLY)
    },
    # When the newest version cannot be used, an older one is bound only where `pin` asks for it.
    **{
        f"no older version is bound than {current or 'the newest'}: {why}": Choice(
            unusable(**why), says=[rotate, f"set `pin: {V2}`"], current=current
        )
        for why in (EXPIRED, DISABLED)
        for current, rotate in WAYS.items()
    },
    "the newest that can be used counts, if it is younger than the one in use": Choice(
        [a_version(V1, **EXPIRED), a_version(V2), a_version(V3, **DISABLED)], V2, current=V1
    ),
    "no version can be used": Choice(
        [a_version(**DISABLED), a_version(V2, **EXPIRED)],
        says=[f"the key version {V2} expired on 2023-11-14T22:13:20Z", ROTATE],
    ),
    "a key of 1024 bits": Choice([a_version(size=1024)], says=["the key has 1024 bits; expected 2048"]),
    "also under a pin": Choice([a_version(type="EC", size=None)], says=["of type EC"], pin=V1),
    "no key that unwraps": Choice([a_version(operations=("wrapKey",))], says=["does not allow unwrapKey"]),
    "a pin holds a version": Choice([a_version(), a_version(V2)], V1, pin=V1),
    "a pin names a version that exists": Choice([a_version()], says=[f"has no version {V3}"], pin=V3),
    "a key that is gone": Choice([], says=["there is no key", "az keyvault key recover"]),
}


@in_both
@pytest.mark.parametrize("case", CHOICES)
async def test_which_version_is_given(pulumi: Engine, case: str, preview: bool) -> None:
    """A key that the service does not take is refused before an account is made for it. What a read finds is
    what an update gives."""
    versions, given, says, current, pin = CHOICES[case]
    pulumi.azure.versions = [*versions]
    inputs, olds = {**INPUTS, **({"pin": pin} if pin else {})}, {"version": current} if current else {}
    call = pulumi.update(VERSION, KEY_ID, olds, inputs, inputs, preview=preview)
    if given:
        made = await call
        _, read, _ = await pulumi.read(VERSION, KEY_ID, inputs, olds)
        newest = versions[-1].version
        for found in (made, read):
            assert (found.values["version"], found.values["newestVersion"]) == (given, newest)
        return
    message = str(await refused(call))
    assert [one for one in says if one not in message] == []
    assert ("pin: " in message) == any("pin: " in one for one in says)


@in_both
@pytest.mark.parametrize(("hours_off", "expired"), [(-1, True), (1, False)], ids=["behind", "ahead"])
async def test_a_version_expires_by_azures_clock(
    *, pulumi: Engine, hours_off: int, expired: bool, preview: bool
) -> None:
    """This machine's may be off, in both directions: half an hour before or after the version expires."""
    azure = pulumi.azure
    azure.answered_at = pulumi.clock.time() - hours_off * 3600
    azure.versions = [a_version(expires=int(azure.answered_at) + (-1800 if expired else 1800))]
    for type, news in ((VERSION, INPUTS), (CMK, BINDING)):
        call = pulumi.create(type, news, preview=preview)
        if expired and not (preview and type == CMK):
            await refused(call, "expired on")
        else:
            await call


BY_RBAC = "[ForbiddenByRbac (Forbidden)] Caller is not authorized. Caller: name=KeyVault/ManagementPlane;"


@pytest.mark.parametrize("call", ["create", "read"])
async def test_a_key_that_may_not_be_read_names_the_role(pulumi: Engine, call: str) -> None:
    """Resource Manager may refuse a key with 400 ForbiddenByRbac: the fix is a role on the vault. A refresh
    is refused, too: an update would not see that the key was rotated, and leave the account on the old
    version."""
    pulumi.azure.failures["key_version"].append(ServiceError(400, "ForbiddenByRbac", BY_RBAC, "reading"))
    given: tuple[Any, ...] = (KEY,) if call == "create" else (KEY_ID, KEY, {**KEY, "version": V1})
    await refused(getattr(pulumi, call)(VERSION, *given), '--role "Key Vault Crypto Officer"')


@pytest.mark.parametrize("inputs", [INPUTS, {**INPUTS, "pin": V2}])
async def test_a_refresh_needs_no_usable_version(pulumi: Engine, inputs: dict[str, Any]) -> None:
    """A refresh keeps what was, so that the update after it can rotate the key or take the pin away."""
    _, olds = await pulumi.create(VERSION, INPUTS)
    pulumi.azure.versions = [a_version(**EXPIRED)]
    id, outputs, live = await pulumi.read(VERSION, KEY_ID, inputs, olds.values)
    assert (id, outputs, live.values) == (KEY_ID, olds, inputs)
    await refused(pulumi.read(VERSION, KEY_ID))


async def test_previews_tell_what_is_certain(pulumi: Engine) -> None:
    """Of an unknown key and a coming rotation no version is shown; an absent vault is refused, and an absent
    key reads as gone."""
    rotation = await pulumi.update(VERSION, KEY_ID, {"version": V1}, INPUTS, NEXT, preview=True)
    assert rotation.values["keyUri"] == f"{VAULT_URI}/keys/language-key"
    assert rotation.values["keyUriWithVersion"] == rotation.values["newestVersion"] == UNKNOWN
    _, unknown = await pulumi.create(VERSION, {"keyId": UNKNOWN}, preview=True)
    assert unknown.values["version"] == unknown.values["vaultUri"] == UNKNOWN
    pulumi.azure.versions.clear()
    assert (await pulumi.read(VERSION, KEY_ID, INPUTS, {"version": V1}))[0] == ""
    pulumi.azure.vaults.clear()
    recover = r"there is no vault .*az keyvault recover --name language-vault"
    await refused(pulumi.create(VERSION, INPUTS, preview=True), recover)
    assert "rotate" not in pulumi.azure.calls


async def rotate(pulumi: Engine) -> list[str]:
    """Runs the update to the next generation until it ends well, as a person would; gives the version, and
    those that there are."""
    for _ in range(5):
        try:
            made = await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
        except FailedError:
            continue
        return [str(made.values["version"]), *(one.version for one in pulumi.azure.versions)]
    raise AssertionError(f"never ended well: {pulumi.azure.calls}")


@pytest.mark.parametrize("name", ["vault", "key_version", "live_key_versions", "rotate"])
@pytest.mark.parametrize(("failures", "lost"), [(1, 0), (7, 0), (0, 1), (0, 7), (4, 1)])
async def test_a_rotation_is_made_once(*, pulumi: Engine, name: str, failures: int, lost: int) -> None:
    """Without an answer at any call, before or after it had its effect, also at the last try, and run again:
    one new version. The older one stays as it is."""
    pulumi.azure.failures[name] += [LOST] * failures
    pulumi.azure.lost[name] += [LOST] * lost
    assert await rotate(pulumi) == [V2, V1, V2]
    assert pulumi.azure.versions[0] == a_version()


async def test_absent_is_the_generation_0(pulumi: Engine) -> None:
    """A stack that begins with a generation rotates nothing: a key is as old as its stack. One without it
    that sets it to 1 gets a new version."""
    id, outputs = await pulumi.create(VERSION, INPUTS)
    assert await pulumi.diff(VERSION, outputs.values, INPUTS, INPUTS) == {}
    await pulumi.update(VERSION, id, outputs.values, INPUTS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert "rotate" not in pulumi.azure.calls
    first = await pulumi.update(VERSION, id, outputs.values, KEY, INPUTS)
    assert first.values["version"] == V2


DENIED = ServiceError(403, "Forbidden", "x does not have keys list permission", "", "ForbiddenByPolicy")


OPERATOR = PolicyEntry("deployer", ("get", "list", "rotate"), TENANT)


def grants(pulumi: Engine, *entries: PolicyEntry, **changes: Any) -> None:
    """Gives the vault access policies beside that of the account."""
    found = a_vault(policies=(*a_vault().policies, *entries), **changes)
    pulumi.azure.vaults[found.id.lower()] = found


@pytest.mark.parametrize("comes", [True, False])
async def test_an_operators_grant_is_waited_for(pulumi: Engine, comes: bool) -> None:
    """A rotation waits for the deployer's own access as a binding waits for the account's, as long as a new
    grant may take. Where nobody made one, the error has the command, and so has what is said at once."""
    grants(pulumi, OPERATOR)
    pulumi.azure.until(pulumi.clock, 1200 if comes else 10_000, DENIED, "live_key_versions", "rotate")
    update, command = pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT), "--key-permissions get list rotate"
    if comes:
        assert (await update).values["version"] == V2
        assert 1200 <= pulumi.clock.now() <= 1240
    else:
        await refused(update, command)
        assert 1500 <= pulumi.clock.now() < 1540
    assert any("waiting for the deploying principal's access" in text for text in pulumi.progress)
    (told,) = [text for text in pulumi.said if "is waited for if Azure shows one" in text]
    assert command in told


OF_A_GROUP = replace(OPERATOR, object_id="group")
LISTS = replace(OPERATOR, keys=("get", "list"))


@pytest.mark.parametrize(
    ("entries", "failing"),
    [
        ((), "live_key_versions"),
        ((LISTS,), "rotate"),
        ((OF_A_GROUP,), "live_key_versions"),
        ((replace(OPERATOR, tenant_id="other"),), "rotate"),
    ],
)
async def test_no_rotation_waits_for_a_right_that_nobody_gave(
    pulumi: Engine, entries: tuple[PolicyEntry, ...], failing: str
) -> None:
    """Longer than a read may lag. A group's access policy counts at once, for whoever is in it."""
    grants(pulumi, *entries)
    pulumi.azure.until(pulumi.clock, 10_000, DENIED, failing)
    await refused(pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT), "--key-permissions get list rotate")
    assert 60 < pulumi.clock.now() < 150
    assert len(pulumi.azure.versions) == 1


@pytest.mark.parametrize(
    ("entries", "uses_rbac", "told"),
    [
        ((), False, "nothing gives deployer keys list and rotate"),
        ((LISTS,), False, "nothing gives deployer keys rotate"),
        ((OPERATOR,), False, ""),
        ((replace(OPERATOR, keys=("all",)),), False, ""),
        # The deployer may be in it.
        ((OF_A_GROUP,), False, ""),
        ((OPERATOR,), True, "nothing gives deployer keys get and rotate"),
    ],
)
async def test_a_preview_tells_that_nobody_gave_the_right_to_rotate(
    pulumi: Engine, entries: tuple[PolicyEntry, ...], uses_rbac: bool, told: str
) -> None:
    """Though the vault answers: the list of versions is all that a preview may ask for."""
    grants(pulumi, *entries, uses_rbac=uses_rbac)
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT, preview=True)
    warned = [text for text in pulumi.said if "unless this update grants the right" in text]
    assert len(warned) == bool(told)
    assert all(told in one for one in warned)


async def test_a_preview_that_may_not_read_the_roles_says_so(pulumi: Engine) -> None:
    """In Azure's words, which name the action; the rotation is not refused for that."""
    grants(pulumi, uses_rbac=True)
    pulumi.azure.failures["role_assignments"] = [
        ServiceError(403, "AuthorizationFailed", "no action Microsoft.Authorization/roleDefinitions/read")
    ]
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT, preview=True)
    (told,) = [text for text in pulumi.said if "what the deploying login may do with the key" in text]
    assert "roleDefinitions/read" in told


CLOSED = ServiceError(403, "Forbidden", "Public network access is disabled.", "x", "ForbiddenByConnection")


@pytest.mark.parametrize("failures", [[CLOSED], [LOST] * 5, [DENIED]])
async def test_a_preview_tells_of_a_silent_vault(pulumi: Engine, failures: list[ServiceError]) -> None:
    """The update may run on another machine, or make the grant: it is told, with the ways out. The update
    itself is refused before anything is made."""
    pulumi.azure.failures["live_key_versions"] = [*failures, CLOSED]
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT, preview=True)
    (told,) = [text for text in pulumi.said if "the rotation is refused: " in text]
    assert failures[0].text in told
    ways = "or leave generation as it was and let the vault's"
    await refused(pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT), ways)
    assert "rotate" not in pulumi.azure.calls


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ({"generation": 3}, {"generation": 2}, "a rotation cannot be undone"),
        ({"generation": 3}, {}, "from 3 to none, but a rotation cannot be undone"),
        ({}, {"generation": 1, "pin": V1}, "the account could not follow"),
    ],
)
@in_both
async def test_fails_a_generation_that_makes_no_sense(
    *, pulumi: Engine, old: dict[str, Any], new: dict[str, Any], reason: str, preview: bool
) -> None:
    """A generation goes up, and not under a pin; the preview says so already."""
    await refused(pulumi.update(VERSION, KEY_ID, {}, {**KEY, **old}, {**KEY, **new}, preview=preview), reason)
    assert len(pulumi.azure.versions) == 1


USED = {**INPUTS, "accountId": ACCOUNT_ID}
REPLACED = {**USED, "accountId": f"{ACCOUNT_ID}-before"}
FOLLOWED = {**USED, "generation": 2}
ON_ANOTHER = bound_to(key_name="another")


def bound(**changes: Any) -> Account:
    return an_account(**{"encryption": bound_to(), **changes})


async def rotated(pulumi: Engine, old: dict[str, Any] = USED, **how: Any) -> int:
    """Rotates the key of an account; how many versions there are then."""
    await pulumi.update(VERSION, KEY_ID, {}, old, FOLLOWED, **how)
    return len(pulumi.azure.versions)


# What is wrong, a part of the reason, a part of the way out
REFUSED: tuple[tuple[Account | Vault | KeyVersion | None, str, str], ...] = (
    (
        an_account(),
        "account-is-on-the-key: the account is on Microsoft",
        "with generation as it was, 1; then",
    ),
    (an_account(encryption=ON_ANOTHER), f"keys/another/{V1}, not on a version of the key", "bind it first"),
    (a_vault(policies=()), "identity-has-access: ", f"--name language-vault --object-id {PRINCIPAL}"),
    (bound(provisioning_state="Failed"), "account-is-settled: ", "update the account again until it does"),
    (a_version(enabled=False), f"bound-version-is-usable: the version {V1}", "--enabled true"),
    (None, "key-version-exists: there is no key language-key in language-vault", "az keyvault key recover"),
)


@in_both
@pytest.mark.parametrize(("wrong", "reason", "fix"), REFUSED)
async def test_fails_to_rotate_a_key_that_its_account_could_not_follow(
    *, pulumi: Engine, wrong: Account | Vault | KeyVersion | None, reason: str, fix: str, preview: bool
) -> None:
    """Whatever would make the binding fail afterwards is reported before, and no version is made."""
    pulumi.azure.put(bound())
    if isinstance(wrong, Account | Vault):
        pulumi.azure.put(wrong)
    else:
        pulumi.azure.versions = [wrong] if wrong else []
    message = str(await refused(rotated(pulumi, preview=preview)))
    head = "the key language-key is not rotated, since the account language could not follow"
    assert message.startswith(head)
    assert reason in message
    assert fix in message
    assert "rotate" not in pulumi.azure.calls
    # Only a grant may not be shown yet, which an update waits for; a preview waits for nothing.
    assert bool(pulumi.clock.slept) == ("identity-has-access" in reason and not preview)


async def test_fails_when_the_account_may_not_be_read(pulumi: Engine) -> None:
    """What cannot be verified is refused: whether the account could follow is not guessed."""
    pulumi.azure.failures["account"] += [ServiceError(403, "AuthorizationFailed", "may not read")] * 2
    failed = await refused(rotated(pulumi), "account-was-read")
    assert "not checked: the account could not be read: Azure answered 403" in str(failed)
    assert len(pulumi.azure.versions) == 1


@pytest.mark.parametrize("version", [EXPIRED, EARLY, {}])
@pytest.mark.parametrize("identity", ["", CLIENT], ids=["system-assigned", "user-assigned"])
async def test_a_bound_account_follows(pulumi: Engine, version: dict[str, Any], identity: str) -> None:
    """A bound account lets its key be rotated, all the more when it expired. The access that counts is that
    of the identity that uses the key now."""
    account = bound()
    if identity:
        encryption = replace(account.encryption, identity_client_id=identity)
        account = bound(user_assigned=(replace(USER, principal_id="user"),), encryption=encryption)
        pulumi.azure.put(a_vault(uses_rbac=True, policies=()))
        pulumi.azure.roles = [RoleAssignment(KEY_ID, "user", CRYPTO_USER.id, CRYPTO_USER)]
    pulumi.azure.put(account)
    pulumi.azure.versions = [a_version(**version)]
    assert await rotated(pulumi, preview=True) == 1
    outputs = await pulumi.update(VERSION, KEY_ID, {}, USED, FOLLOWED)
    assert outputs.values["version"] == V2
    assert "accountId" not in outputs.values


FOLLOWS: dict[str, tuple[Callable[[FakeAzure], object], dict[str, Any], bool]] = {
    # Nothing lives on the key yet, so nothing could be lost by its rotation.
    "an account that is not there yet": (lambda azure: azure.accounts.clear(), USED, True),
    # It cannot be bound before there is another version, which is its only way out.
    "an unbound account of a key without a usable version": (
        lambda azure: azure.versions.__setitem__(0, a_version(**EXPIRED)),
        USED,
        True,
    ),
    # Its rotation comes in the same update as the account, which is on Microsoft's keys until then.
    "an account in the place of another": (lambda azure: None, REPLACED, True),
    "one in the place of another that has data already": (
        lambda azure: azure.put(an_account(encryption=ON_ANOTHER)),
        REPLACED,
        False,
    ),
}
"""What is arranged, the inputs before, and whether the key is rotated."""


@in_both
@pytest.mark.parametrize("case", FOLLOWS)
async def test_an_account_that_is_bound_afterwards_follows(pulumi: Engine, case: str, preview: bool) -> None:
    """It is bound to the new version; one that lives on a key must be able to follow."""
    arrange, old, follows = FOLLOWS[case]
    arrange(pulumi.azure)
    if follows:
        assert await rotated(pulumi, old, preview=preview) == (1 if preview else 2)
    else:
        await refused(rotated(pulumi, old, preview=preview), "account-is-on-the-key")


async def test_an_account_that_is_not_known_or_whose_key_is_not_rotated_is_not_asked(pulumi: Engine) -> None:
    """A preview that does not know the account judges the key and its vault alone; creates, reads and updates
    that rotate nothing need no right on it."""
    pulumi.azure.put(an_account(provisioning_state="Failed"))
    await pulumi.update(VERSION, KEY_ID, {}, USED, {**FOLLOWED, "accountId": UNKNOWN}, preview=True)
    id, outputs = await pulumi.create(VERSION, USED)
    _, _, inputs = await pulumi.read(VERSION, id, USED, outputs.values)
    await pulumi.update(VERSION, id, outputs.values, USED, {**USED, "pin": V1})
    assert inputs.values == USED
    assert "account" not in pulumi.azure.calls


async def test_a_busy_account_is_waited_for(pulumi: Engine) -> None:
    """The account may be written in the same update; its key is rotated when that has ended. One that never
    settles ends at the deadline, and no version is made."""
    azure, clock = pulumi.azure, pulumi.clock
    azure.put(bound(provisioning_state="Accepted"))
    await refused(rotated(pulumi, preview=True), "in state Accepted")
    assert clock.slept == []
    gave_up = "gave up after 1 min 00 s: waiting: the account is in state"
    await refused(rotated(pulumi, timeout=60), gave_up)
    assert len(azure.versions) == 1
    waits = (
        "waiting: the account is in state Accepted; expected Succeeded (0 s so far, at most 1 min 00 s more)"
    )
    assert pulumi.progress[0] == waits
    assert {request.urn for request in pulumi.heard} == {pulumi.urn(VERSION)}
    azure.meanwhile["account"] = lambda: azure.put(bound()) if clock.now() > 70 else None
    assert await rotated(pulumi) == 2
