"""Right stacks, as the engine shows them to stack rules in a preview and after an update."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.policies.asking import (
    ACCESS_POLICY,
    ACCOUNT,
    BINDING,
    DIAGNOSTICS,
    GROUP,
    IDENTITY,
    KEY,
    KEY_URI,
    KEY_VERSION,
    ROLE,
    TENANT,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VAULT,
    Pack,
    Thing,
)
from tests.policies.bags import (
    VAULT_ID,
    account_props,
    inline_account_props,
    key_props,
    policy_props,
    role_props,
    vault_props,
    with_change,
    with_changes,
)

ACCOUNT_ID: Final = (
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/lang-one"
)
PRINCIPAL: Final = "44444444-4444-4444-4444-444444444444"
CLIENT: Final = "33333333-3333-3333-3333-333333333333"
Stack = dict[str, Thing]


def diagnostics() -> Thing:
    """The vault's audit log."""
    props = {
        "resourceUri": VAULT_ID,
        "workspaceId": "/subscriptions/s1/w",
        "logs": [{"category": "AuditEvent", "enabled": True}],
    }
    return Thing("audit", DIAGNOSTICS, props, property_dependencies={"resourceUri": ["vault"]})


def two_phases(*, preview: bool = False, roles: bool = False, written: bool = False) -> Stack:
    """Vault, key, account, grant, binding: what this project's components register, by default. With
    `written` it is the preview of an update of the account, which its binding follows."""
    vault = _unknown({**vault_props(), "id": VAULT_ID, "name": "kv-one"}, preview, "id", "name")
    vault = with_change(vault, "properties.enableRbacAuthorization", roles)
    made = {"id": ACCOUNT_ID, "identity.principalId": PRINCIPAL, "identity.tenantId": TENANT}
    account = _unknown(with_changes(account_props(), made), preview, *made)
    # What the program leaves out is unknown in azure-native's previews, and the live value afterwards.
    account = with_change(account, "properties.encryption", UNKNOWN_OBJECT if preview else live_encryption())
    grant = Thing(
        "grant",
        ROLE if roles else ACCESS_POLICY,
        _unknown(role_props(), preview, "principalId", "scope", "roleDefinitionId")
        if roles
        else _unknown(policy_props(), preview, "policy.objectId", "vaultName"),
        property_dependencies=(
            {"scope": ["key"], "roleDefinitionId": ["key"], "principalId": ["account"]}
            if roles
            else {"policy": ["account"], "vaultName": ["vault"], "resourceGroupName": ["group"]}
        ),
    )
    binding = {"accountId": ACCOUNT_ID, "keyUriWithVersion": KEY_URI, "vaultId": VAULT_ID}
    key = _unknown(key_props(), preview, "vaultName")
    if written:
        account |= {"name": "lang-one", "etag": UNKNOWN_TEXT, "id": UNKNOWN_TEXT}
        account = with_change(account, "properties.encryption", ...)
        binding |= {"principalId": PRINCIPAL, "boundAt": UNKNOWN_TEXT}
    things = [
        Thing("group", GROUP, {"name": "rg", "location": "westeurope"}),
        Thing("vault", VAULT, vault, protect=True, property_dependencies={"resourceGroupName": ["group"]}),
        Thing("key", KEY, key, property_dependencies={"vaultName": ["vault"]}),
        Thing(
            "account",
            ACCOUNT,
            account,
            ignore_changes=["properties.encryption"],
            depends_on=["vault"],
            property_dependencies={"resourceGroupName": ["group"]},
        ),
        grant,
        Thing(
            "version",
            KEY_VERSION,
            _unknown({"keyId": f"{VAULT_ID}/keys/cmk"}, preview, "keyId"),
            property_dependencies={"keyId": ["key"]},
        ),
        Thing(
            "binding",
            BINDING,
            _unknown(binding, preview, *binding),
            protect=True,
            depends_on=["grant"],
            property_dependencies={
                "accountId": ["account"],
                "keyUriWithVersion": ["version"],
                "vaultId": ["vault"],
            },
        ),
        diagnostics(),
    ]
    return {thing.name: thing for thing in things}


def one_phase(*, preview: bool = False) -> Stack:
    """A user-assigned identity that has access before the account is created with its key."""
    stack = two_phases(preview=preview)
    del stack["binding"]
    identity = {"clientId": CLIENT, "principalId": PRINCIPAL}
    stack["identity"] = Thing("identity", IDENTITY, _unknown(identity, preview, *identity))
    stack["grant"] = replace(
        stack["grant"], property_dependencies={"policy": ["identity"], "vaultName": ["vault"]}
    )
    made = {"id": ACCOUNT_ID, "identity.tenantId": TENANT}
    named = ("identityClientId", "keyVaultUri", "keyName", "keyVersion")
    used = [f"properties.encryption.keyVaultProperties.{name}" for name in named]
    account = _unknown(with_changes(inline_account_props(), made), preview, *made, *used)
    stack["account"] = replace(
        stack["account"],
        props=account,
        ignore_changes=(),
        depends_on=["grant"],
        property_dependencies={"properties": ["version", "identity"], "identity": ["identity"]},
    )
    return stack


def live_encryption() -> dict[str, Any]:
    """The encryption of a bound account as a refresh reads it."""
    details = {"keyVaultUri": "https://kv-one.vault.azure.net", "keyName": "cmk", "keyVersion": KEY_URI[-32:]}
    return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": details}


def declared(thing: Thing) -> Thing:
    """The resource with its inputs alone, as resource rules see it before its step."""
    props = {name: value for name, value in thing.props.items() if name not in ("id", "name")}
    if thing.type == ACCOUNT and "properties.encryption" in thing.ignore_changes:
        props = with_change(props, "properties.encryption", ...)
    return replace(thing, props=props)


def run(
    stack: Stack, pack: Pack | None = None, *, omits: Mapping[str, Sequence[str]] | None = None
) -> list[Any]:
    """A run of the engine: every resource's inputs in order, then the stack's outputs. `omits` has, by the
    name of a resource, properties that its program leaves out and a preview does not know."""
    pack, answers, shown = pack or Pack(), [], []
    for name, thing in stack.items():
        stated, known = declared(thing).props, thing.props
        for path in (omits or {}).get(name, ()):
            stated, known = with_change(stated, path, ...), with_change(known, path, UNKNOWN_TEXT)
        answers += pack.ask(replace(thing, props=stated))
        shown.append(replace(thing, props=known))
    return answers + pack.ask_stack(shown)


def _unknown(props: dict[str, Any], preview: bool, *paths: str) -> dict[str, Any]:
    return with_changes(props, dict.fromkeys(paths if preview else (), UNKNOWN_TEXT))
