from __future__ import annotations

import json

import pytest

from review import markdown, plain_text, report
from review.preview import read
from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    BINDING,
    GROUP,
    KEY,
    KEY_URI,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    TODAY,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    Step,
    account,
    binding,
    bound,
    policy,
    review,
    same,
    state,
    step,
    vault,
    verdicts,
)

INLINE = {
    "keySource": "Microsoft.KeyVault",
    "keyVaultProperties": {
        "keyName": "key",
        "keyVersion": "a" * 32,
        "keyVaultUri": "https://kv.vault.azure.net/",
    },
}


def replaced(steps: list[Step], token: str, new: Step) -> list[Step]:
    return [new if one["urn"].split("$")[1].startswith(f"{token}::") else one for one in steps]


def test_a_bound_account_that_does_not_change_has_no_verdict() -> None:
    """Nothing changes, so nothing is said."""
    assert verdicts(*bound()) == []
    assert review(*bound()).unchanged == 1


def test_a_binding_that_is_retained_is_released_and_not_unbound() -> None:
    """retainOnDelete leaves the binding in Azure, so the data stays under the key; but nobody watches it."""
    kept = binding(retainOnDelete=True)
    assert verdicts(*replaced(bound(), BINDING, step("delete", BINDING, "b", kept))) == ["released"]


def test_a_key_that_is_retained_is_released_and_not_deleted() -> None:
    """retainOnDelete leaves the key in its vault."""
    key = state({"keyName": "key", "vaultName": "kv"}, id=f"{VAULT_ID}/keys/key", retainOnDelete=True)
    assert verdicts(*bound(), step("delete", KEY, "k", key)) == ["released"]


def test_inline_encryption_taken_out_is_unbound() -> None:
    """An account that carries its own encryption is unbound by a write that says Microsoft's keys."""
    after = account(encryption={"keySource": "Microsoft.CognitiveServices"})
    assert verdicts(step("update", ACCOUNT, "a", account(encryption=INLINE), after)) == ["unbound"]


def test_inline_encryption_left_out_is_unbound() -> None:
    """A write without `encryption` must be assumed to drop it."""
    assert verdicts(step("update", ACCOUNT, "a", account(encryption=INLINE), account())) == ["unbound"]


def test_inline_encryption_of_another_version_is_a_rotation() -> None:
    """Only the version differs, so it is a rotation of the same key."""
    newer = json.loads(json.dumps(INLINE).replace("a" * 32, "b" * 32))
    steps = step("update", ACCOUNT, "a", account(encryption=INLINE), account(encryption=newer))
    assert verdicts(steps) == ["rotated"]


def test_a_vaults_own_list_that_drops_an_entry_revokes_access() -> None:
    """A vault's accessPolicies replace what a resource of its own has given."""
    entry = {"objectId": PRINCIPAL, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    written = step("update", VAULT, "v", vault(accessPolicies=[entry]), vault(accessPolicies=[]))
    assert verdicts(*replaced(bound(), VAULT, written)) == ["access-revoked"]


def test_fewer_permissions_than_the_service_needs_revoke_access() -> None:
    """Without unwrapKey the data cannot be read."""
    fewer = step("update", POLICY, "p", policy("get", "wrapKey", "unwrapKey"), policy("get"))
    assert verdicts(*replaced(bound(), POLICY, fewer)) == ["access-revoked"]


def test_more_permissions_than_the_service_needs_widen_access() -> None:
    """delete and purge are nothing the service needs."""
    wider = policy("get", "wrapKey", "unwrapKey", "purge")
    written = step("update", POLICY, "p", policy("get", "wrapKey", "unwrapKey"), wider)
    assert verdicts(*replaced(bound(), POLICY, written)) == ["access-widened"]


def test_a_role_on_the_resource_group_counts_as_access() -> None:
    """A role assignment counts for everything below its scope, so taking the policy away revokes nothing."""
    role = state(
        {
            "scope": GROUP,
            "principalId": PRINCIPAL,
            "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6",
        }
    )
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(ROLE, "r", role)) == []


def test_access_to_another_vault_is_no_access() -> None:
    """A grant on another vault does not make up for the one that goes."""
    elsewhere = policy("get", "wrapKey", "unwrapKey")
    elsewhere["inputs"] = {**elsewhere["inputs"], "vaultName": "other"}
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(POLICY, "q", elsewhere)) == ["access-revoked"]


def test_a_role_on_another_key_is_no_access() -> None:
    """A role at the scope of one key counts for that key alone."""
    role = state(
        {
            "scope": f"{VAULT_ID}/keys/other",
            "principalId": PRINCIPAL,
            "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6",
        }
    )
    steps = replaced(bound(), POLICY, step("delete", POLICY, "p", policy("get", "wrapKey", "unwrapKey")))
    assert verdicts(*steps, same(ROLE, "r", role)) == ["access-revoked"]


def test_a_user_assigned_identity_that_holds_the_key_is_lost() -> None:
    """Inline encryption by a user-assigned identity depends on that identity."""
    first, second = (f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}" for n in "xy")
    inline = {**INLINE, "keyVaultProperties": {**INLINE["keyVaultProperties"], "identityClientId": "c"}}  # type: ignore[dict-item]
    before, after = (
        account(type="UserAssigned", encryption=inline),
        account(type="UserAssigned", encryption=inline),
    )
    before["inputs"]["identity"]["userAssignedIdentities"] = [first]
    before["outputs"]["identity"]["userAssignedIdentities"] = {first: {"principalId": PRINCIPAL}}
    after["inputs"]["identity"]["userAssignedIdentities"] = [second]
    assert "identity-lost" in verdicts(step("update", ACCOUNT, "a", before, after))


def test_an_account_of_another_stack_is_known_by_its_binding() -> None:
    """A binding names its account, so the account need not be in the program."""
    made = review(step("delete", BINDING, "b", binding()))
    assert [(row.name, row.verdicts[0].verdict.name.value) for row in made.rows] == [("lang", "unbound")]


def test_a_binding_moved_to_another_account_unbinds_the_first() -> None:
    """The data of the account that the binding leaves goes back to Microsoft's keys."""
    moved = step(
        "replace", BINDING, "b", binding(), binding(account_id=ACCOUNT_ID.replace("/lang", "/second"))
    )
    steps = [*replaced(bound(), BINDING, moved), same(ACCOUNT, "second", account("second"))]
    found = {row.name: row.verdicts[0].verdict.name.value for row in review(*steps).rows}
    assert found == {"lang": "unbound", "second": "bound"}


def test_an_unknown_key_is_not_taken_for_a_rotation() -> None:
    """Where the preview does not tell the key, the review says so and asks for a person."""
    unknown = binding(uri=UNKNOWN)
    unknown["outputs"] = {}
    made = review(*replaced(bound(), BINDING, step("update", BINDING, "b", binding(), unknown)))
    assert [one.verdict.name.value for one in made.rows[0].verdicts] == ["not-told"]
    assert made.severity.exit_code == 3
    assert "(known after apply)" in plain_text.render(made)


def test_an_unknown_identity_is_not_taken_for_a_lost_one() -> None:
    """Only what the preview says is said."""
    after = account()
    after["inputs"]["identity"] = UNKNOWN
    made = review(
        *replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", account(encryption=INLINE), after))
    )
    assert "identity-lost" not in [one.verdict.name.value for row in made.rows for one in row.verdicts]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ({}, {"enableSoftDelete": False}, "recovery-weakened"),
        ({}, {"enablePurgeProtection": "false"}, "recovery-weakened"),
        ({}, {"softDeleteRetentionInDays": 7}, "recovery-weakened"),
        ({}, {"publicNetworkAccess": "Enabled"}, "protection-weakened"),
        ({"publicNetworkAccess": "Enabled"}, {}, "strengthened"),
        ({"enablePurgeProtection": None}, {}, "strengthened"),
        (
            {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}},
            {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}},
            "access-revoked",
        ),
    ],
)
def test_each_setting_of_the_vault_has_its_verdict(
    before: dict[str, object], after: dict[str, object], verdict: str
) -> None:
    """What Azure's own policies and the service ask of a vault is watched, in any spelling."""
    written = step("update", VAULT, "v", vault(**before), vault(**after))
    assert verdicts(*replaced(bound(), VAULT, written)) == [verdict]


def test_one_more_address_lets_more_callers_in() -> None:
    """A list of selected networks that grows is a weaker one; the report names what is in it."""
    one, two = (
        {
            "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": ip} for ip in ips]},
            "publicNetworkAccess": "Enabled",
        }
        for ips in (["1.2.3.4"], ["1.2.3.4", "0.0.0.0/1"])
    )
    made = review(*replaced(bound(), VAULT, step("update", VAULT, "v", vault(**one), vault(**two))))
    assert [found.verdict.name.value for found in made.rows[0].verdicts] == ["protection-weakened"]
    assert "0.0.0.0/1" in markdown.render(made)


def test_a_setting_that_the_program_no_longer_says_is_its_default() -> None:
    """A write drops what it does not carry: login by key comes back."""
    after = account(encryption=INLINE)
    del after["inputs"]["properties"]["disableLocalAuth"]
    after["outputs"] = {}
    assert verdicts(
        *replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", account(encryption=INLINE), after))
    ) == ["protection-weakened"]


def test_pulumis_own_protection_taken_off_is_weaker() -> None:
    """Without protect a later update may delete the account."""
    before, after = {**account(), "protect": True}, account()
    assert verdicts(*replaced(bound(), ACCOUNT, step("same", ACCOUNT, "a", before, after))) == [
        "protection-weakened"
    ]


def test_a_vault_that_no_account_uses_is_judged_by_itself() -> None:
    """Who else depends on it cannot be seen, so its deletion is as grave."""
    made = review(step("delete", VAULT, "v", vault()))
    assert [(row.noun, row.verdicts[0].verdict.name.value) for row in made.rows] == [
        ("vault", "vault-deleted")
    ]
    assert made.severity.exit_code == 4


@pytest.mark.parametrize("version", ["", "/v20230701", "/v20241201preview"])
def test_pinned_api_versions_are_the_same_types(version: str) -> None:
    """`azure-native:keyvault/v20230701:Vault` is a vault."""
    text = json.dumps({"steps": [step("delete", VAULT, "v", vault())], "changeSummary": {}})
    made = report.make(read(text.replace("keyvault:Vault", f"keyvault{version}:Vault")), (), TODAY)
    assert made.rows[0].verdicts[0].verdict.name.value == "vault-deleted"


def test_a_version_given_as_secret_stays_hidden() -> None:
    """A secret is named as one, in either of the engine's two ways of writing it."""
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "c2VjcmV0"}
    for secret in ("[secret]", mark):
        hidden = binding()
        hidden["inputs"]["keyUriWithVersion"] = secret
        hidden["outputs"] = {}
        made = review(*replaced(bound(), BINDING, step("update", BINDING, "b", binding(), hidden)))
        written = markdown.render(made) + plain_text.render(made)
        assert "c2VjcmV0" not in written
        assert KEY_URI not in written.split("before")[0]
        assert made.severity.exit_code == 3


def test_a_renamed_binding_is_one_binding() -> None:
    """An alias gives a resource another URN: it is refreshed by the old one and planned by the new one."""
    stack = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "oldState": {}}
    newer = binding(KEY_URI.replace("a" * 32, "b" * 32))
    planned = step("update", BINDING, "new-name", binding(), newer)
    refreshed = step("refresh", BINDING, "old-name", binding(), binding())
    planned["oldState"]["urn"] = refreshed["urn"]
    steps = [
        {**stack, "op": "refresh"},
        refreshed,
        {**stack, "op": "same"},
        planned,
        same(ACCOUNT, "a", account()),
    ]
    assert verdicts(*steps) == ["rotated"]


@pytest.mark.parametrize("op", ["import", "read"])
def test_an_account_that_is_adopted_is_not_new(op: str) -> None:
    """It is there already and stays as it is."""
    assert verdicts(step(op, ACCOUNT, "a", None, account(encryption=INLINE))) == []


def test_a_network_opened_outside_is_told_when_nothing_mends_it() -> None:
    """The nightly look plans nothing, so what it finds is what stays."""
    closed, opened = account(encryption=INLINE), account(encryption=INLINE, publicNetworkAccess="Enabled")
    stack = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "op": "refresh", "oldState": {}}
    assert verdicts(stack, step("refresh", ACCOUNT, "a", closed, opened)) == ["protection-weakened"]
