"""Verdicts on hand-made previews: keys and bindings, the identity that opens a key, access, other holders,
and data whose account the preview does not show."""

import json
from typing import Any, Final

import pytest

from core import engine_values
from core.engine_values import SIGNATURE
from core.resource_types import DIAGNOSTIC_SETTING as LOGS
from core.resource_types import PROJECT, RESOURCE_GROUP
from core.resource_types import USER_ASSIGNED_IDENTITY as IDENTITY
from core.roles import CONTRIBUTOR, CRYPTO_SERVICE_ENCRYPTION_USER
from core.values import Hidden
from review import report
from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    BINDING,
    GROUP,
    INLINE,
    KEY_URI,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    Step,
    account,
    binding,
    bound,
    comment,
    policy,
    replaced,
    review,
    same,
    state,
    step,
    terminal,
    urn,
    vault,
    verdicts,
)
from tests.review.changes import EXACT
from tests.review.scenes import OTHER as STRANGER

GENERIC: Final = "azure-native:resources:Resource"
IDENTITY_ID, SECOND = (
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in "xy"
)


def updates(old: Step, new: Step, token: str = ACCOUNT, name: str = "a") -> Step:
    return step("update", token, name, old, new)


def makes(inputs: Step, token: str = POLICY, name: str = "q") -> Step:
    return step("create", token, name, None, inputs)


def deletes(old: Step, token: str = POLICY, name: str = "p") -> Step:
    return step("delete", token, name, old)


def attached(client: str = "c1", *ids: str) -> Step:
    """An account with an identity of its own and another one, which opens its key."""
    details: Any = INLINE["keyVaultProperties"]
    inline = {**INLINE, "keyVaultProperties": {**details, "identityClientId": client}}
    made, listed = account(type="SystemAssigned, UserAssigned", encryption=inline), ids or (IDENTITY_ID,)
    made["inputs"]["identity"]["userAssignedIdentities"] = [*listed]
    facts = {"principalId": "p1", "clientId": "C1"}
    made["outputs"]["identity"]["userAssignedIdentities"] = dict.fromkeys(listed, facts)
    return made


def listing(*permissions: str) -> Step:
    """A vault as it was found, with an entry of the account's in its own list."""
    entry = {"objectId": PRINCIPAL, "permissions": {"keys": [*permissions]}}
    return {**vault(), "outputs": vault(accessPolicies=[entry])["outputs"]}


def of_identity(client: str, *more: Step) -> list[Step]:
    """An account with two identities, of which this one opens the key, and its vault."""
    return [same(ACCOUNT, "a", attached(client)), same(VAULT, "v", vault()), *more]


def logs(place: str, category: str = "AuditEvent") -> dict[str, Any]:
    recorded = [{"category": category, "enabled": True}]
    return state({"resourceUri": VAULT_ID, "workspaceId": f"/w/{place}", "logs": recorded})


def in_group(id: str) -> list[Step]:
    """An account that the stack lets go, and a group that is deleted."""
    kept = deletes({**account(), "retainOnDelete": True}, ACCOUNT, "a")
    return [kept, deletes(state({"resourceGroupName": "rg"}, id=id), RESOURCE_GROUP, "g")]


def secretly(token: str, grant: Step) -> list[Step]:
    """An account whose grant says by its source alone whom it is for, and no binding that waits for it."""
    source = [urn(ACCOUNT, "a")]
    dependent = {**grant, "propertyDependencies": {"policy": source, "principalId": source}}
    around = replaced(bound(), VAULT, same(VAULT, "v", vault(enableRbacAuthorization=token == ROLE)))
    return replaced(around, POLICY, deletes(dependent, token))


def assigned(principal: str, role: str = CRYPTO_SERVICE_ENCRYPTION_USER.id) -> Step:
    """A role on the group."""
    return state({"scope": GROUP, "principalId": principal, "roleDefinitionId": f"{ROLES}{role}"})


def again(principal: str) -> list[Step]:
    """A role was taken away outside Pulumi, and is assigned again."""
    taken, given = step("refresh", ROLE, "r", assigned(STRANGER)), makes(assigned(principal), ROLE, "r")
    return [taken, given, same(VAULT, "v", vault(enableRbacAuthorization=True))]


OTHER: Final = state({"resourceName": "x"}, {"principalId": "p1", "clientId": "c1"}, id=IDENTITY_ID)
OWN, THEIRS = (state({}, id=f"{id}/projects/x") for id in (ACCOUNT_ID, f"{ACCOUNT_ID}-2"))
HAD, MORE = policy("unwrapKey", principal=STRANGER), policy("unwrapKey", "delete", principal=STRANGER)
ONE, BOTH = attached("c1", IDENTITY_ID), attached("c1", IDENTITY_ID, SECOND)
NEWER: Final = json.loads(json.dumps(account(encryption=INLINE)).replace("a" * 32, "b" * 32))
UNBOUND: Final = deletes(account(), ACCOUNT, "a")
SECRETLY: Final = policy(*EXACT, principal="[secret]")
OF_SECOND: Final = binding(account_id=ACCOUNT_ID.replace("/lang", "/second"))
ROWS: Final[tuple[tuple[str, list[Step], str], ...]] = (
    (
        "inline encryption that only the update will know",
        [updates(account(encryption=INLINE), account(encryption=UNKNOWN))],
        "undetermined",
    ),
    ("inline encryption of another version", [updates(account(encryption=INLINE), NEWER)], "rotated"),
    (
        "a binding of another account",
        [
            *replaced(bound(), BINDING, step("replace", BINDING, "b", binding(), OF_SECOND)),
            same(ACCOUNT, "second", account("second")),
        ],
        "unbound bound",
    ),
    *(
        (f"an account by {op}", [step(op, ACCOUNT, "a", None, account(encryption=INLINE))], "")
        for op in ("import", "read")
    ),
    # A project goes with its account, whose own verdict says all; one of another account has its own.
    ("a project and its account", [UNBOUND, deletes(OWN, PROJECT)], "account-deleted"),
    ("another's project", [UNBOUND, deletes(THEIRS, PROJECT)], "account-deleted project-deleted"),
    # What the cloud said of an identity before an update holds until it says something else, at any depth.
    *(
        row
        for outputs in ({"identity": {"principalId": UNKNOWN}}, {"identity": UNKNOWN}, {})
        for steps in [replaced(bound(), ACCOUNT, updates(account(), {**account(), "outputs": outputs}))]
        for row in (
            ("an identity not known yet", steps, "may-unbind"),
            ("and its grant", replaced(steps, POLICY, deletes(policy(*EXACT))), "may-unbind access-revoked"),
        )
    ),
    # Access of the account's other identity does not make up for it; where none is known any may.
    *(
        (
            f"the identity that opens the key: {client}",
            of_identity(
                client,
                same(IDENTITY, "i", OTHER),
                same(POLICY, "own", policy(*EXACT)),
                deletes(policy(*EXACT, principal="p1")),
            ),
            said,
        )
        for client, said in (("c1", "access-revoked"), ("c2", ""), ("[secret]", ""), (UNKNOWN, ""))
    ),
    ("the identity that opens the key goes", [updates(BOTH, ONE)], "identity-lost"),
    ("one more identity", [updates(ONE, BOTH)], ""),
    (
        "an identity that opens nothing",
        [same(ACCOUNT, "a", attached("")), deletes(OTHER, IDENTITY, "i"), same(POLICY, "p", policy(*EXACT))],
        "",
    ),
    # Of a binding alone, nothing shows the kind of its account.
    (
        "the vault of another stack's account",
        [deletes(vault(), VAULT, "v"), same(BINDING, "b", binding())],
        "vault-deleted data-deleted",
    ),
    ("who was there before", [*bound(), same(POLICY, "q", HAD)], ""),
    ("who may do less", [*bound(), updates(MORE, HAD, POLICY, "q")], ""),
    # Without --show-sames neither the account nor the vault is in the preview.
    ("a grant alone is deleted", [deletes(policy(*EXACT))], "access-revoked"),
    ("a grant alone is narrowed", [updates(policy(*EXACT), policy("get"), POLICY)], "access-revoked"),
    ("a grant alone is widened", [updates(policy(*EXACT), policy(*EXACT, "list"), POLICY)], ""),
    (
        "a grant alone is replaced",
        [step("replace", POLICY, "p", policy(*EXACT), {**policy(*EXACT, principal=UNKNOWN), "id": ""})],
        "access-revoked principal-added",
    ),
    ("a grant by another resource", [deletes(policy(*EXACT)), makes(policy(*EXACT))], ""),
    # By its source a grant is the account's, whether or not its principal is shown or a binding waits for it.
    ("a grant for a secret holder is deleted", secretly(POLICY, SECRETLY), "access-revoked"),
    ("a holder not known", secretly(POLICY, policy(*EXACT, principal=UNKNOWN)), "access-revoked"),
    ("a role for a secret holder is deleted", secretly(ROLE, assigned("[secret]")), "access-revoked"),
    ("a secret holder's grant of no account shown", [deletes(SECRETLY)], "undetermined"),
    ("a secret holder's narrow grant", [deletes(policy("get", principal="[secret]"))], ""),
    ("a role taken away is given again", again(STRANGER), "access-restored"),
    ("a role taken away is given to somebody not known", again(UNKNOWN), "access-restored access-revoked"),
    # Who may do more than a service needs is likely no service.
    ("a wide grant alone is deleted", [deletes(policy("all"))], "undetermined"),
    # The list may be as old as the last refresh, and an entry that is there refuses the policy's create.
    (
        "a grant that the vault lists",
        [same(VAULT, "v", listing(*EXACT)), makes({**policy(*EXACT), "id": ""})],
        "principal-added",
    ),
    (
        "a holder that the vault lists",
        [
            same(VAULT, "v", listing(*EXACT)),
            step("replace", POLICY, "p", policy(*EXACT, principal="2" * 36), policy(*EXACT)),
        ],
        "access-revoked principal-added",
    ),
    ("a vault and its grant", [deletes(vault(), VAULT, "v"), deletes(policy(*EXACT))], "vault-deleted"),
    # Azure deletes all that is in a group, also what another stack made and what this one wanted to keep.
    ("a group", in_group(GROUP), "undetermined account-deleted"),
    ("another group", in_group(GROUP[:-1]), "undetermined released"),
    # Each category is still recorded, and each place still gets something, but who read the one reads the
    # other.
    (
        "logs that change places",
        [
            *bound(),
            updates(logs("one"), logs("two"), LOGS, "l"),
            updates(logs("two", "Other"), logs("one", "Other"), LOGS, "m"),
        ],
        "protection-weakened",
    ),
)


@pytest.mark.parametrize(("steps", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_preview_has_its_verdicts(steps: list[Step], said: str) -> None:
    """And no others, whatever their order."""
    assert sorted(verdicts(*steps)) == sorted(said.split())


def test_a_vault_of_its_own_that_shuts_out_services_is_said_in_whole_words() -> None:
    """Its row names the vault, so that the words need no name, and have none to leave open."""
    shut = vault(networkAcls={"bypass": "None", "defaultAction": "Deny"})
    made = terminal(review(updates(vault(), shut, VAULT, "v")))
    assert "blocked: kv (vault)\n- access-revoked: vault's firewall keeps trusted" in made


def test_the_same_grant_found_twice_is_shown_once() -> None:
    """Two resources may give the same."""
    gone = (deletes(policy(*EXACT), POLICY, name) for name in ("p", "second"))
    made = review(*(one for one in bound() if POLICY not in one["urn"]), *gone)
    (verdict,) = (one.verdict for row in made.rows for one in row.verdicts)
    assert verdict.values == ("get, unwrapKey, wrapKey on vault kv",)


def test_a_binding_that_loses_its_version_is_said_to_rotate_by_itself() -> None:
    """Of an account whose kind does, in words; and from there to a version is a rotation again."""
    was = account()
    was["inputs"] |= {"kind": "AIServices", "sku": {"name": "S0"}}
    around = [same(ACCOUNT, "a", was), *(one for one in bound() if "Vault" in json.dumps(one["urn"]))]
    moves = updates(binding(), binding(KEY_URI[:-33]), BINDING, "b")
    assert "rotated" in verdicts(*around, moves)
    assert "re-bound to version the newest (rotates by itself)" in terminal(review(*around, moves))
    assert "rotated" in verdicts(*around, updates(binding(KEY_URI[:-33]), binding(), BINDING, "b"))


@pytest.mark.parametrize(
    ("uri", "mark"),
    [
        (UNKNOWN, Hidden.UNKNOWN),
        # As the engine writes a secret with its cipher.
        ({SIGNATURE: engine_values.SECRET, "ciphertext": "c2Vj"}, Hidden.SECRET),
    ],
)
def test_a_key_that_is_not_shown_is_not_taken_for_a_rotation(uri: Any, mark: Hidden) -> None:
    """The review says so and asks for a person; what is a secret stays hidden."""
    hidden = {**binding(uri), "outputs": {}}
    made = review(*replaced(bound(), BINDING, updates(binding(), hidden, BINDING, "b")))
    (row,) = made.rows
    assert [one.verdict.name.value for one in row.verdicts] == ["undetermined"]
    shown = {one.name: one.after for one in row.facts}
    assert (shown["vault"], shown["key"], shown["version"]) == (mark,) * 3
    written = comment(made) + terminal(made) + report.as_json(made)
    assert "c2Vj" not in written
    assert ("(known after apply)" in written, '"unknown": true' in written) == (mark is Hidden.UNKNOWN,) * 2


@pytest.mark.parametrize(("op", "word"), [("delete", "DELETED"), ("replace", "REPLACED")])
def test_an_identity_that_goes_is_lost_though_the_account_lists_it(op: str, word: str) -> None:
    """The account's inputs may hold the id as a text, and then do not change."""
    grant = same(POLICY, "p", policy(*EXACT, principal="p1"))
    gone = step(op, IDENTITY, "i", OTHER, None if op == "delete" else state({"resourceName": "y"}))
    made = review(*of_identity("c1", gone, grant))
    (verdict,) = (one.verdict for one in made.rows[0].verdicts)
    assert (verdict.name.value, word in verdict.words) == ("identity-lost", True)


def test_who_may_do_more_than_before_is_told_with_what_is_more() -> None:
    """What it may do by the permissions of before is no news."""
    made = review(*bound(), updates(HAD, MORE, POLICY, "q"))
    (verdict,) = (one.verdict for row in made.rows for one in row.verdicts)
    assert "delete the key" in verdict.words
    assert "read data keys" not in verdict.words


@pytest.mark.parametrize("rbac", [False, True])
def test_who_may_write_a_vault_that_looks_at_access_policies_may_give_anybody_access(rbac: bool) -> None:
    """Whoever may write one that looks at roles may delete it, and no more."""
    steps = replaced(bound(), VAULT, same(VAULT, "v", vault(enableRbacAuthorization=rbac)))
    exact = [same(ROLE, "s", assigned(PRINCIPAL))] if rbac else []
    made = review(*steps, *exact, makes(assigned(STRANGER, CONTRIBUTOR.id), ROLE))
    (verdict,) = (one.verdict for row in made.rows for one in row.verdicts)
    assert "delete the vault" in verdict.words
    assert ("change the vault and give anybody access" in verdict.words) is not rbac


def arm(**template: Any) -> tuple[str, dict[str, Any]]:
    return "azure-native:resources:Deployment", {"properties": template}


HARMLESS: Final = arm(template={"resources": [{"type": "a/b"}]})


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        HARMLESS,
        arm(template={"resources": [{"type": "Microsoft.KeyVault/vaults/accessPolicies"}]}),
        arm(template={"resources": [{"type": "Microsoft.Authorization/roleAssignments"}]}),
        arm(template={"resources": [{"type": UNKNOWN}]}),
        arm(template=UNKNOWN),
        arm(templateContent=json.dumps({"resources": [{"type": "microsoft.keyvault/vaults"}]})),
        arm(templateLink={"uri": "https://example.com/x.json"}),
        arm(template={"resources": [{"properties": "[createObject('templateLink', parameters('x'))]"}]}),
        arm(
            templateContent=json.dumps({"resources": []}),
            templateBody='{"resources": ["Microsoft.KeyVault"]}',
        ),
        ("azapi:index:UpdateResource", {"type": UNKNOWN}),
        (GENERIC, {"resourceProviderNamespace": "Microsoft.KeyVault", "parentResourcePath": UNKNOWN}),
        arm(templateContent=json.dumps({"resources": "microsoft.keyvault"}).replace("k", "\\u006b")),
    ],
)
def test_what_may_write_the_same_by_another_way_needs_a_look(token: str, inputs: dict[str, Any]) -> None:
    """An account can be unbound, or a stranger let in, by a template or another provider: the review does not
    read them, and says so. A template that cannot write it needs none, as long as it stays."""
    held = state(inputs, id="/x")
    said = [] if (token, inputs) == HARMLESS else ["undetermined"]
    for made in (makes(held, token, "x"), updates(held, held, token, "x")):
        assert verdicts(*bound(), made) == said
    assert said == [] or verdicts(*bound(), deletes(held, token, "x")) == said
    assert verdicts(*bound(), same(token, "x", held)) == []


@pytest.mark.parametrize(
    ("namespace", "type", "went", "told"),
    [
        ("microsoft.keyvault/", "vaults/keys", "key-deleted", "key-deleted"),
        ("Microsoft.CognitiveServices", "accounts", "account-deleted", "account-gone"),
    ],
)
def test_what_a_generic_resource_made_goes_like_any_other(
    namespace: str, type: str, went: str, told: str
) -> None:
    """Its type alone says what is lost; what a write of it does is not read."""
    inputs = {"resourceProviderNamespace": namespace, "resourceType": type}
    held = state({**inputs, "properties": {"template": {"resources": []}}}, id="/x")
    outside = {**step("delete", GENERIC, "x", held), "op": "refresh", "detailedDiff": None}
    assert verdicts(*bound(), deletes(held, GENERIC, "x")) == [went]
    assert verdicts(*bound(), deletes({**held, "retainOnDelete": True}, GENERIC, "x")) == ["released"]
    assert verdicts(*bound(), updates(held, held, GENERIC, "x")) == ["undetermined"]
    assert verdicts(*bound(), outside, makes(held, GENERIC, "x")) == [told, "undetermined"]


def test_the_grant_of_an_identity_whose_id_is_not_known_is_the_accounts() -> None:
    """A new account shows by the source of its identities alone that the new grant is for it."""
    source = [urn(IDENTITY, "i")]
    made = attached(UNKNOWN, UNKNOWN)
    grant = {**policy(*EXACT, principal=UNKNOWN), "propertyDependencies": {"policy": source}}
    steps = [
        makes(state({"resourceName": "x"}, {"principalId": UNKNOWN, "clientId": UNKNOWN}), IDENTITY, "i"),
        makes({**made, "propertyDependencies": {"identity": source}}, ACCOUNT, "a"),
        makes(grant),
        same(VAULT, "v", vault()),
    ]
    assert verdicts(*steps) == ["bound"]
