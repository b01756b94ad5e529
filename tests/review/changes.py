"""What can be changed about a service whose data is under a customer's key, and what a reviewer must read of
it.

Owns: the table, one row for each kind of change. Does not own: applying it (scenes.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from core import resource_types, roles
from core.resource_types import Kind
from tests.review.build import UNKNOWN
from tests.review.scenes import OTHER, ROLE, Scene

Change = Callable[[Scene], None]
SECRET: Final = "[secret]"
ACCOUNT, VAULT, KEY, BINDING = Kind.ACCOUNT, Kind.VAULT, Kind.KEY, Kind.BINDING
LOGS, GROUP, VERSION = Kind.DIAGNOSTIC_SETTING, Kind.RESOURCE_GROUP, Kind.KEY_VERSION
POLICY, ASSIGNMENT = Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT
POLICY_TOKEN: Final = "azure-native:keyvault:AccessPolicy"
HSM_TOKEN: Final = "azure-native:keyvault/v20230701:ManagedHsm"
HSM: Final = Kind.MANAGED_HSM
EXACT: Final = ("get", "wrapKey", "unwrapKey")
CUSTOM: Final = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Row:
    """One kind of change. `verdicts` are those of all rows of the review, with spaces between; `of` names the
    stacks in which they differ."""

    name: str
    change: Change
    verdicts: str = ""
    of: tuple[tuple[str, str], ...] = ()

    def expected(self, stack: str) -> list[str]:
        """The verdicts in that stack, sorted."""
        return sorted(dict(self.of).get(stack, self.verdicts).split())


def row(name: str, change: Change, verdicts: str = "", **of: str) -> Row:
    return Row(name, change, verdicts, tuple(of.items()))


def does(*calls: Change) -> Change:
    """Several changes, one after the other."""

    def change(scene: Scene) -> None:
        for call in calls:
            call(scene)

    return change


def _method(name: str) -> Callable[..., Change]:
    """A change by what a scene can do, with arguments that may be asked of the scene."""

    def with_arguments(*arguments: Any, **more: Any) -> Change:
        def change(scene: Scene) -> None:
            getattr(scene, name)(*(one(scene) if callable(one) else one for one in arguments), **more)

        return change

    return with_arguments


sets, had, deletes, replaces = map(_method, ("set", "had", "delete", "replace"))
writes, unprotects, outside, gone = map(_method, ("write", "unprotect", "outside", "gone"))


def grant_goes(*, retain: bool = False) -> Change:
    return lambda scene: scene.delete(scene.grant, retain=retain)


def permissions(*words: str, **policy: Any) -> Change:
    """The service's access policy, as it is after the update."""
    stated = {"permissions": {"keys": [*words]}, **policy}
    return in_policies(sets(POLICY, "policy", lambda scene: {**entry_of(scene), **stated}))


def permissions_as(listed: Any) -> Change:
    return in_policies(sets(POLICY, "policy.permissions.keys", listed))


def permitted(*words: str) -> Change:
    return sets(POLICY, "policy.permissions.keys", [*words])


def narrower(change: Change) -> Change:
    """The service may unwrap alone, before anything changes."""
    return does(_method("by_policies")("unwrapKey"), change)


def conditioned(change: Change) -> Change:
    """The service's role is under a condition, before anything changes."""
    return in_roles(does(had(ASSIGNMENT, "condition", "one"), change))


def role(definition: str) -> Change:
    """The service's role, as it is after the update."""
    known = definition if definition in {UNKNOWN, SECRET} else f"{ROLE}{definition}"
    return of_role("roleDefinitionId", known)


def role_at(scope: Callable[[Scene], Any]) -> Change:
    """The scope of the service's role, as it is after the update."""
    return of_role("scope", scope)


def of_role(path: str, value: Any) -> Change:
    return in_roles(sets(ASSIGNMENT, path, value))


def stranger(*words: str) -> Change:
    """Somebody else gets an access policy."""
    policy = {"objectId": OTHER, "permissions": {"keys": [*words]}}
    return in_policies(written(POLICY_TOKEN, lambda scene: {"vaultName": vault_of(scene), "policy": policy}))


def stranger_as(
    definition: str, scope: Callable[[Scene], str] = lambda scene: scene.vault_id, *, rbac: bool = True
) -> Change:
    """Somebody else gets a role, in a vault that looks at roles or at access policies."""
    return (in_roles if rbac else in_policies)(assigned(definition, scope, lambda _: OTHER))


def assigned(definition: str, scope: Callable[[Scene], str], holder: Callable[[Scene], str]) -> Change:
    """A role that the update gives."""
    role = {"roleDefinitionId": f"{ROLE}{definition}"}
    return written(
        resource_types.ROLE_ASSIGNMENT,
        lambda scene: {"scope": scope(scene), "principalId": holder(scene), **role},
    )


def vault_of(scene: Scene) -> str:
    found: str = scene.step(VAULT)["oldState"]["inputs"]["vaultName"]
    return found


def to_hub(name: str) -> Change:
    """The vault's audit goes to an event hub alone."""
    places = {
        "storageAccountId": None,
        "workspaceId": None,
        "eventHubAuthorizationRuleId": "/n/one",
        "eventHubName": name,
    }
    return does(*(had(LOGS, path, value) for path, value in places.items()))


def kept(kind: Kind) -> Change:
    """A resource that stays in Azure when it leaves the stack."""
    return lambda scene: scene.step(kind)["oldState"].update(retainOnDelete=True)


def version(digit: str) -> Callable[[Scene], str]:
    return lambda scene: f"{scene.key_uri}/{digit * 32}"


def newer_in_the_vault(scene: Scene) -> None:
    """The vault has a newer version of the key, which a refresh finds."""
    scene.outside(KEY, "keyUriWithVersion", f"{scene.key_uri}/{'f' * 32}", mended=False)
    scene.sides.discard(KEY)


def revokes(op: str = "create", **inputs: Any) -> Change:
    """A revocation of the service's access, which takes it away at once whatever is declared beside it."""

    def change(scene: Scene) -> None:
        scene.create(
            resource_types.KEY_ACCESS_REVOCATION,
            "revocation",
            {"keyId": key_id(scene), "principalId": scene.principal, **inputs},
        )
        step = scene.steps[-1]
        step["op"] = op
        if op != "create":
            step["oldState"] = {**step["newState"], "id": "x", "outputs": step["newState"]["inputs"]}
        if op == "delete":
            step.pop("newState")

    return change


def listed(scene: Scene) -> None:
    """The vault's own list as an earlier update found it, which no refresh makes new."""
    entry = scene.step(POLICY)["oldState"]["inputs"]["policy"]
    for state in ("oldState", "newState"):
        step = scene.step(VAULT)
        step[state] = {**step[state], "outputs": {"properties": {"accessPolicies": [entry]}}}


def entry_of(scene: Scene) -> dict[str, Any]:
    """The service's entry."""
    found: dict[str, Any] = scene.step(POLICY)["oldState"]["inputs"]["policy"]
    return found


def own_list(*entries: Any) -> Change:
    """The vault's own list, which its program declares."""
    return lambda scene: scene.had(
        VAULT, "properties.accessPolicies", [one(scene) if callable(one) else one for one in entries]
    )


def listed_alone(*entries: Any) -> Change:
    """The service has its access from the vault's own list alone, which is this after the update."""

    def change(scene: Scene) -> None:
        scene.by_policies()
        own_list(entry_of, SECRET)(scene)
        entry = entry_of(scene)
        scene.steps.remove(scene.step(POLICY))
        scene.set(
            VAULT,
            "properties.accessPolicies",
            [{**entry, **one} if isinstance(one, dict) else one for one in entries],
        )

    return change


def asked_back(scene: Scene) -> None:
    """The service's grant, which the state does not have, is made."""
    step = scene.step(POLICY)
    step["op"] = "create"
    step.pop("oldState")
    step["newState"] = {**step["newState"], "outputs": {}}


def of_hsm(change: Callable[[Scene], None]) -> Change:
    """A managed HSM that no account shown is bound to."""
    settings = {"enablePurgeProtection": True, "softDeleteRetentionInDays": 90, "networkAcls": CLOSED}
    id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/hsm"
    return does(
        lambda scene: scene.hold(HSM_TOKEN, "hsm", {"name": "hsm", "properties": settings}, id), change
    )


def of_lock(change: Change) -> Change:
    """A lock on the vault that is there."""
    inputs = {"level": "ReadOnly"}
    return does(
        lambda scene: scene.hold(resource_types.LOCK, "lock", {"scope": scene.vault_id, **inputs}), change
    )


def in_project(change: Change) -> Change:
    """A project that is there."""

    return does(_method("hold")(resource_types.PROJECT, "claims", {"projectName": "claims"}), change)


def in_policies(change: Change) -> Change:
    return does(_method("by_policies")(), change)


def in_roles(change: Change) -> Change:
    return does(_method("by_roles")(), change)


def foreign(token: str) -> Change:
    """A resource of a type that no scene names is deleted."""

    def change(scene: Scene) -> None:
        scene.hold(token, "foreign", {})
        scene.steps[-1]["op"] = "delete"
        scene.steps[-1].pop("newState")
        scene.sides.add(VAULT)

    return change


def written(token: str, inputs: Any) -> Change:
    """A resource that the update makes."""
    return lambda scene: scene.create(token, "written", inputs(scene) if callable(inputs) else inputs)


def group_of(scene: Scene) -> str:
    return scene.group_id


def another_group(scene: Scene) -> str:
    return f"{scene.group_id}-2"


def subscription_of(scene: Scene) -> str:
    return scene.group_id.split("/resourceGroups/")[0]


def key_id(scene: Scene) -> str:
    return f"{scene.vault_id}/keys/{scene.key_uri.rpartition('/')[2]}"


def inline(**key: str) -> dict[str, Any]:
    return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}


def new_account(**properties: Any) -> Change:
    def change(scene: Scene) -> None:
        inputs = {
            "accountName": "new",
            "sku": {"name": "S"},
            "identity": {"type": "SystemAssigned"},
            "properties": properties,
        }
        scene.create("azure-native:cognitiveservices:Account", "new", inputs)
        scene.sides = {ACCOUNT}

    return change


OPEN: Final = {"defaultAction": "Allow"}
ONE_ADDRESS: Final = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "1.2.3.4"}]}
CLOSED: Final = {"defaultAction": "Deny", "bypass": "AzureServices"}
SHUT: Final = {"defaultAction": "Deny", "bypass": "None"}
RULES_ALONE: Final = {"ipRules": [{"value": "1.2.3.4"}]}
PATH: Final = "properties.networkAcls"

ROWS: Final = (
    # The binding.
    row("binding deleted", deletes(BINDING), "unbound"),
    row("binding deleted and kept in Azure", deletes(BINDING, retain=True), "released"),
    row("binding replaced on the same account", replaces(BINDING), "may-unbind"),
    row("binding written again", writes(BINDING), "re-asserted"),
    row("binding to the newer version", does(newer_in_the_vault, sets(BINDING, "keyUriWithVersion", version("f"))), "rotated"),
    row("binding to an older version", sets(BINDING, "keyUriWithVersion", version("0")), "older-version", elsewhere="rotated"),
    row("binding to a version known after apply", sets(BINDING, "keyUriWithVersion", UNKNOWN), "rotated"),
    row("binding to another key", sets(BINDING, "keyUriWithVersion", lambda scene: f"{scene.key_uri}2/{'1' * 32}"), "key-changed access-revoked", project="key-changed", elsewhere="key-changed"),
    row("binding to another vault", sets(BINDING, "keyUriWithVersion", f"https://kv-other.vault.azure.net/keys/key/{'1' * 32}"), "key-changed access-revoked", elsewhere="key-changed"),
    row("binding to what is no key", sets(BINDING, "keyUriWithVersion", "https://example.com/x"), "rotated"),
    row("binding of another account", replaces(BINDING, "accountId", "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/other"), "unbound"),
    row("another identity opens the key", sets(BINDING, "identityClientId", "c2"), "identity-changed re-asserted"),
    row("binding no longer protected", unprotects(BINDING), "protection-weakened"),
    row("generation counted up", does(sets(VERSION, "generation", 2), sets(BINDING, "keyUriWithVersion", UNKNOWN)), "rotated"),
    row("binding moved outside, moved back", outside(BINDING, "keyUriWithVersion", version("c")), "changed rotated"),
    row("binding moved outside, for good", outside(BINDING, "keyUriWithVersion", version("c"), mended=False), "changed"),
    # The account.
    row("account deleted", deletes(ACCOUNT), "account-deleted"),
    row("account deleted and kept in Azure", deletes(ACCOUNT, retain=True), "released"),
    row("account renamed", replaces(ACCOUNT, "accountName", "other"), "account-replaced"),
    row("account moved", replaces(ACCOUNT, "location", "northeurope"), "account-replaced demand-unmet", elsewhere="account-replaced"),
    row("account's tags", sets(ACCOUNT, "tags", {"a": "b"})),
    row("account's tier", does(sets(ACCOUNT, "kind", "TextAnalytics"), sets(ACCOUNT, "sku.name", "F0")), "not-for-kind"),
    row("account without its encryption", sets(ACCOUNT, "properties.encryption", None), "may-unbind"),
    row("account without its encryption, bound again", does(sets(ACCOUNT, "properties.encryption", None), writes(BINDING)), "re-asserted"),
    row("account with Microsoft's key", sets(ACCOUNT, "properties.encryption", {"keySource": "Microsoft.CognitiveServices"}), "unbound"),
    row("account with another key", sets(ACCOUNT, "properties.encryption", inline(keyName="x", keyVersion="1" * 32, keyVaultUri="https://kv-x.vault.azure.net")), "key-changed"),
    row("account with a key known after apply", sets(ACCOUNT, "properties.encryption", UNKNOWN), "undetermined"),
    row("account with a secret key", sets(ACCOUNT, "properties.encryption", SECRET), "undetermined"),
    row("identity taken away", sets(ACCOUNT, "identity", {"type": "None"}), "identity-lost"),
    row("identity no longer stated", sets(ACCOUNT, "identity", None), "identity-lost"),
    row("identity exchanged for a user-assigned one", sets(ACCOUNT, "identity", {"type": "UserAssigned", "userAssignedIdentities": ["/x"]}), "identity-lost"),
    row("a user-assigned identity on top", sets(ACCOUNT, "identity", {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": ["/x"]})),
    row("identity known after apply", sets(ACCOUNT, "identity", UNKNOWN), "undetermined"),
    row("login by key on", sets(ACCOUNT, "properties.disableLocalAuth", False), "protection-weakened"),
    row("login by key no longer stated", sets(ACCOUNT, "properties.disableLocalAuth", None), "protection-weakened"),
    row("login by key known after apply", sets(ACCOUNT, "properties.disableLocalAuth", UNKNOWN), "undetermined"),
    row("login by key off", does(had(ACCOUNT, "properties.disableLocalAuth", False), sets(ACCOUNT, "properties.disableLocalAuth", True)), "strengthened"),
    row("account's network opened", does(had(ACCOUNT, "properties.publicNetworkAccess", "Disabled"), sets(ACCOUNT, "properties.publicNetworkAccess", "Enabled")), "protection-weakened"),
    row("account's network for one address", does(had(ACCOUNT, "properties.publicNetworkAccess", "Disabled"), sets(ACCOUNT, "properties", {"disableLocalAuth": True, "encryption": UNKNOWN, "networkAcls": ONE_ADDRESS})), "protection-weakened undetermined"),
    row("account's network shut", does(had(ACCOUNT, "properties.publicNetworkAccess", "Enabled"), sets(ACCOUNT, "properties.publicNetworkAccess", "Disabled")), "strengthened"),
    row("account's network known after apply", sets(ACCOUNT, "properties.publicNetworkAccess", UNKNOWN), "undetermined"),
    row("outbound access shut", sets(ACCOUNT, "properties.restrictOutboundNetworkAccess", True), "access-revoked strengthened"),
    row("outbound access to the vault alone", does(sets(ACCOUNT, "properties.allowedFqdnList", lambda scene: [scene.key_uri.split("/")[2]]), sets(ACCOUNT, "properties.restrictOutboundNetworkAccess", True)), "strengthened"),
    row("outbound access to the vault, in capitals", does(sets(ACCOUNT, "properties.allowedFqdnList", lambda scene: [scene.key_uri.split("/")[2].upper()]), sets(ACCOUNT, "properties.restrictOutboundNetworkAccess", True)), "strengthened"),
    row("key moved out of what outbound access reaches", does(had(ACCOUNT, "properties.restrictOutboundNetworkAccess", True), had(ACCOUNT, "properties.allowedFqdnList", lambda scene: [scene.key_uri.split("/")[2]]), sets(BINDING, "keyUriWithVersion", f"https://kv-other.vault.azure.net/keys/key/{'1' * 32}")), "key-changed access-revoked access-revoked", elsewhere="key-changed access-revoked"),
    row("outbound access opened", does(had(ACCOUNT, "properties.restrictOutboundNetworkAccess", True), sets(ACCOUNT, "properties.restrictOutboundNetworkAccess", None)), "protection-weakened"),
    row("outbound access to one host more", does(had(ACCOUNT, "properties.restrictOutboundNetworkAccess", True), sets(ACCOUNT, "properties.allowedFqdnList", ["x.com"])), "protection-weakened"),
    row("outbound access known after apply", sets(ACCOUNT, "properties.restrictOutboundNetworkAccess", UNKNOWN), "undetermined"),
    row("linked storage taken away", does(had(ACCOUNT, "properties.userOwnedStorage", [{"resourceId": "/s/one"}]), sets(ACCOUNT, "properties.userOwnedStorage", None)), "link-lost"),
    row("linked storage exchanged", does(had(ACCOUNT, "properties.userOwnedStorage", [{"resourceId": "/s/one"}]), sets(ACCOUNT, "properties.userOwnedStorage", [{"resourceId": "/s/two"}])), "link-lost"),
    row("linked storage added", sets(ACCOUNT, "properties.userOwnedStorage", [{"resourceId": "/s/one"}])),
    row("linked search taken away", does(had(ACCOUNT, "properties.apiProperties", {"qnaAzureSearchEndpointId": "/s/one"}), sets(ACCOUNT, "properties.apiProperties", None)), "link-lost"),
    row("storage linked to a kind without", does(sets(ACCOUNT, "kind", "OpenAI"), sets(ACCOUNT, "properties.userOwnedStorage", [{"resourceId": "/s/one"}])), "not-for-kind"),
    row("storage that a kind without it has already", does(had(ACCOUNT, "kind", "OpenAI"), had(ACCOUNT, "properties.userOwnedStorage", [{"resourceId": "/s/one"}]), sets(ACCOUNT, "tags", {"a": "b"}))),
    row("account no longer protected", unprotects(ACCOUNT), "protection-weakened"),
    row("a new account without a key", new_account(), "not-encrypted"),
    row("a new account with a key of its own", new_account(encryption=inline(keyName="k", keyVersion="1" * 32, keyVaultUri="https://kv-x.vault.azure.net")), "bound"),
    row("a new account, its key known after apply", new_account(encryption=UNKNOWN), "undetermined"),
    # The vault.
    row("vault deleted", deletes(VAULT), "vault-deleted"),
    row("vault deleted and kept in Azure", deletes(VAULT, retain=True), "released"),
    row("vault renamed", replaces(VAULT, "vaultName", "kv-new"), "vault-replaced"),
    row("vault's tags", sets(VAULT, "tags", {"a": "b"})),
    row("soft delete off", sets(VAULT, "properties.enableSoftDelete", False), "recovery-weakened"),
    row("soft delete known after apply", sets(VAULT, "properties.enableSoftDelete", UNKNOWN), "undetermined"),
    row("purge protection off", sets(VAULT, "properties.enablePurgeProtection", False), "recovery-weakened"),
    row("purge protection off, as a text", sets(VAULT, "properties.enablePurgeProtection", "false"), "recovery-weakened"),
    row("purge protection no longer stated", sets(VAULT, "properties.enablePurgeProtection", None), "undetermined"),
    row("purge protection on", does(had(VAULT, "properties.enablePurgeProtection", False), sets(VAULT, "properties.enablePurgeProtection", True)), "strengthened"),
    row("soft delete off, never stated", does(had(VAULT, "properties.enableSoftDelete", None), sets(VAULT, "properties.enableSoftDelete", False)), "recovery-weakened"),
    row("soft delete secret, as before", does(had(VAULT, "properties.enableSoftDelete", SECRET), sets(VAULT, "tags", {"a": "b"}))),
    row("purge protection known after apply", sets(VAULT, "properties.enablePurgeProtection", UNKNOWN), "undetermined"),
    row("purge protection secret", sets(VAULT, "properties.enablePurgeProtection", SECRET), "undetermined"),
    row("purge protection known after apply, as before", does(had(VAULT, "properties.enablePurgeProtection", UNKNOWN), sets(VAULT, "tags", {"a": "b"}))),
    row("firewall known after apply", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, UNKNOWN)), "undetermined"),
    row("firewall secret, as before", does(had(VAULT, PATH, SECRET), sets(VAULT, "tags", {"a": "b"}))),
    row("vault's network secret, as before", does(had(VAULT, "properties.publicNetworkAccess", SECRET), sets(VAULT, "tags", {"a": "b"}))),
    row("soft delete no longer stated", sets(VAULT, "properties.enableSoftDelete", None)),
    row("firewall shut to services, never stated", does(had(VAULT, PATH, None), sets(VAULT, PATH, SHUT)), "access-revoked strengthened"),
    row("bypass no longer stated", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, {"defaultAction": "Deny"}))),
    row("firewall no longer stated", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, None)), "protection-weakened"),
    row("vault's network opened", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, OPEN)), "protection-weakened"),
    row("vault's rules without a default, opened", does(had(VAULT, PATH, {"ipRules": [{"value": "1.2.3.4"}]}), sets(VAULT, PATH, OPEN)), "protection-weakened"),
    row("vault's rules lose their default", does(had(VAULT, PATH, ONE_ADDRESS), sets(VAULT, PATH, RULES_ALONE)), "protection-weakened"),
    row("account's rules lose their default", does(had(ACCOUNT, "properties.publicNetworkAccess", None), had(ACCOUNT, PATH, ONE_ADDRESS), sets(ACCOUNT, PATH, RULES_ALONE)), "protection-weakened"),
    row("vault's default is no word of Azure's", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, {"defaultAction": "Permit"})), "protection-weakened"),
    row("vault's rules without a default keep services out", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, {**RULES_ALONE, "bypass": "None"})), "access-revoked protection-weakened"),
    row("vault's network for one address more", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, ONE_ADDRESS)), "protection-weakened"),
    row("vault's network for one address fewer", does(had(VAULT, PATH, ONE_ADDRESS), sets(VAULT, PATH, CLOSED)), "strengthened"),
    row("vault's network shut, services too", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, SHUT)), "access-revoked"),
    row("vault's bypass known after apply", does(had(VAULT, PATH, CLOSED), sets(VAULT, PATH, {"defaultAction": "Deny", "bypass": UNKNOWN})), "undetermined"),
    row("vault's network shut, services not", does(had(VAULT, PATH, OPEN), sets(VAULT, PATH, CLOSED)), "strengthened"),
    row("vault's network left to a perimeter", does(had(VAULT, PATH, OPEN), sets(VAULT, "properties.publicNetworkAccess", "SecuredByPerimeter")), "undetermined"),
    row("vault's network opened, that a perimeter had", does(had(VAULT, "properties.publicNetworkAccess", "SecuredByPerimeter"), sets(VAULT, "properties.publicNetworkAccess", "Enabled")), "undetermined"),
    row("vault's network stays with a perimeter", does(had(VAULT, "properties.publicNetworkAccess", "SecuredByPerimeter"), sets(VAULT, "tags", {"a": "b"}))),
    row("vault's network known after apply", sets(VAULT, "properties.publicNetworkAccess", UNKNOWN), "undetermined"),
    row("vault looks at roles", in_policies(sets(VAULT, "properties.enableRbacAuthorization", True)), "access-revoked"),
    row("vault looks at roles, and the service gets one", in_policies(does(sets(VAULT, "properties.enableRbacAuthorization", True), assigned(roles.CRYPTO_SERVICE_ENCRYPTION_USER.id, lambda scene: scene.vault_id, lambda scene: scene.principal)))),
    row("vault looks at access policies", in_roles(sets(VAULT, "properties.enableRbacAuthorization", False)), "access-revoked"),
    row("vault no longer says what it looks at", in_roles(sets(VAULT, "properties.enableRbacAuthorization", None)), "access-revoked"),
    row("what the vault looks at known after apply", sets(VAULT, "properties.enableRbacAuthorization", UNKNOWN), "undetermined"),
    row("vault's own list without the service", in_policies(does(outside(VAULT, "properties.accessPolicies", lambda scene: [scene.step(POLICY)["oldState"]["inputs"]["policy"]], mended=False), sets(VAULT, "properties.accessPolicies", []))), "access-revoked"),
    row("vault's own list with a stranger", in_policies(sets(VAULT, "properties.accessPolicies", [{"objectId": OTHER, "permissions": {"keys": ["decrypt"]}}])), "principal-added"),
    row("vault's own list with a stranger twice", in_policies(sets(VAULT, "properties.accessPolicies", [{"objectId": OTHER, "permissions": {"keys": [can]}} for can in ("decrypt", "delete", "decrypt")])), "principal-added principal-added"),
    row("vault's own list without the service, beside a secret entry", listed_alone(SECRET), "access-revoked"),
    row("vault's own list with the service's identity known after apply", listed_alone({"objectId": UNKNOWN}, SECRET), "principal-added access-revoked"),
    row("vault's own list with an entry known after apply for the service's", listed_alone(UNKNOWN, SECRET), "access-revoked"),
    row("vault's own list with a secret entry more", in_policies(does(own_list(entry_of), sets(VAULT, "properties.accessPolicies", lambda scene: [entry_of(scene), SECRET]))), "principal-added"),
    row("vault's own list known after apply", in_policies(sets(VAULT, "properties.accessPolicies", UNKNOWN)), "principal-added"),
    row("vault's own list with an identity known after apply", in_policies(sets(VAULT, "properties.accessPolicies", [{"objectId": UNKNOWN, "permissions": {"keys": ["all"]}}])), "principal-added"),
    row("vault's own list with a secret identity beside the service", in_policies(does(own_list(entry_of), sets(VAULT, "properties.accessPolicies", lambda scene: [entry_of(scene), {**entry_of(scene), "objectId": SECRET}]))), "principal-added"),
    row("vault's tenant", in_policies(sets(VAULT, "properties.tenantId", "another")), "access-revoked demand-unmet", elsewhere="access-revoked"),
    row("vault no longer protected", unprotects(VAULT), "protection-weakened"),
    row("vault's audit deleted", deletes(LOGS), "protection-weakened"),
    row("vault's audit off", sets(LOGS, "logs", [{"categoryGroup": "audit", "enabled": False}]), "protection-weakened"),
    row("vault's audit on or not known after apply", sets(LOGS, "logs", [{"categoryGroup": "audit", "enabled": UNKNOWN}]), "protection-weakened"),
    row("vault's audit is secret, as before", does(had(LOGS, "logs", [{"categoryGroup": "audit", "enabled": SECRET}]), sets(LOGS, "tags", {"a": "b"}))),
    row("vault's audit without categories", sets(LOGS, "logs", []), "protection-weakened"),
    row("vault's audit sent to another workspace", does(had(LOGS, "workspaceId", "/w/one"), sets(LOGS, "workspaceId", "/w/two")), "protection-weakened"),
    row("vault's audit sent to what is known after apply", does(had(LOGS, "workspaceId", "/w/one"), sets(LOGS, "workspaceId", UNKNOWN)), "protection-weakened"),
    row("vault's audit sent to one place more", sets(LOGS, "eventHubAuthorizationRuleId", "/e/one"), "strengthened"),
    row("vault's audit of everything", sets(LOGS, "logs", [{"categoryGroup": "allLogs", "enabled": True}]), "strengthened"),
    row("vault's audit without a place", does(had(LOGS, "workspaceId", "/w/one"), had(LOGS, "storageAccountId", None), sets(LOGS, "workspaceId", None)), "protection-weakened"),
    row("vault's audit of one category, then of its group", does(had(LOGS, "logs", [{"category": "AuditEvent", "enabled": True}]), sets(LOGS, "logs", [{"categoryGroup": "audit", "enabled": True}])), "strengthened"),
    row("vault's audit of a group, then of one category", does(had(LOGS, "logs", [{"categoryGroup": "audit", "enabled": True}]), sets(LOGS, "logs", [{"category": "AuditEvent", "enabled": True}])), "protection-weakened"),
    row("vault's audit to the hub, in capitals", does(to_hub("audit"), sets(LOGS, "eventHubName", "AUDIT"))),
    row("vault's audit to another hub", does(to_hub("audit"), sets(LOGS, "eventHubName", "second")), "protection-weakened"),
    row("vault's audit to a hub of any name", does(to_hub("audit"), sets(LOGS, "eventHubName", None)), "protection-weakened"),
    row("vault's audit to a hub known after apply", does(to_hub("audit"), sets(LOGS, "eventHubName", UNKNOWN)), "protection-weakened"),
    row("vault's audit to a hub of another namespace", does(to_hub("audit"), sets(LOGS, "eventHubAuthorizationRuleId", "/n/two")), "protection-weakened"),
    row("lock deleted", of_lock(deletes(Kind.LOCK)), "protection-weakened"),
    row("lock against deletion alone", of_lock(sets(Kind.LOCK, "level", "CanNotDelete")), "protection-weakened"),
    row("lock replaced", of_lock(replaces(Kind.LOCK, "scope", "/x")), "protection-weakened"),
    row("Foundry project deleted", in_project(deletes(Kind.PROJECT)), "project-deleted"),
    row("Foundry project replaced", in_project(replaces(Kind.PROJECT, "projectName", "other")), "project-deleted"),
    row("Foundry project kept in Azure", in_project(deletes(Kind.PROJECT, retain=True)), "released"),
    row("Foundry project deleted outside", in_project(gone(Kind.PROJECT)), "account-gone"),
    row("Foundry project stays", in_project(sets(Kind.PROJECT, "tags", {"a": "b"}))),
    row("model deployment deleted", does(lambda scene: scene.hold("azure-native:cognitiveservices:Deployment", "mini", {}), deletes(Kind.DEPLOYMENT))),
    row("lock added", lambda scene: scene.create(resource_types.LOCK, "lock", {"scope": scene.vault_id, "level": "ReadOnly"})),
    row("resource group deleted", deletes(GROUP), "undetermined"),
    row("resource group replaced", replaces(GROUP, "resourceGroupName", "other"), "undetermined"),
    row("resource group's tags", sets(GROUP, "tags", {"a": "b"})),
    # The key.
    row("key deleted", deletes(KEY), "key-deleted"),
    row("key deleted and kept in Azure", deletes(KEY, retain=True), "released"),
    row("key renamed", replaces(KEY, "keyName", "other"), "key-replaced"),
    row("key disabled", sets(KEY, "properties.attributes.enabled", False), "access-revoked"),
    row("key enabled or not known after apply", sets(KEY, "properties.attributes.enabled", UNKNOWN), "undetermined"),
    row("key's attributes known after apply", sets(KEY, "properties.attributes", UNKNOWN), "undetermined"),
    row("key stays disabled", does(had(KEY, "properties.attributes.enabled", False), sets(KEY, "tags", {"a": "b"}))),
    row("key enabled", does(had(KEY, "properties.attributes.enabled", False), sets(KEY, "properties.attributes.enabled", True))),
    row("key's attributes are secret, as before", does(had(KEY, "properties.attributes", SECRET), sets(KEY, "tags", {"a": "b"}))),
    row("key no longer protected", unprotects(KEY), "protection-weakened"),
    row("key's tags", sets(KEY, "tags", {"a": "b"})),
    # The service's access policy.
    row("policy: unwrapKey alone", permissions("unwrapKey"), "access-narrowed"),
    row("policy: without get", permissions("wrapKey", "unwrapKey"), "access-narrowed"),
    row("policy: without wrapKey", permissions("get", "unwrapKey"), "access-narrowed"),
    row("policy: without unwrapKey", permissions("get", "wrapKey"), "access-revoked"),
    row("policy: get alone", permissions("get"), "access-revoked"),
    row("policy: nothing", permissions(), "access-revoked"),
    row("policy: in capitals", permissions("GET", "WRAPKEY", "UNWRAPKEY")),
    row("policy: with list", permissions(*EXACT, "list"), "access-widened", elsewhere=""),
    row("policy: with purge", permissions(*EXACT, "purge"), "access-widened", elsewhere="principal-added"),
    row("policy: all", permissions("all"), "access-widened", elsewhere="principal-added"),
    row("policy: secrets alone", permissions_as(None), "access-revoked"),
    row("policy: known after apply", permissions_as(UNKNOWN), "undetermined", elsewhere="undetermined principal-added"),
    row("policy: secret", permissions_as(SECRET), "undetermined", elsewhere="undetermined principal-added"),
    row("policy: for an application", permissions(*EXACT, applicationId="a" * 36), "access-revoked"),
    row("policy: of another tenant", permissions(*EXACT, tenantId="another"), "access-revoked"),
    row("policy: of a tenant known after apply", permissions(*EXACT, tenantId=UNKNOWN), "undetermined", elsewhere="principal-added undetermined"),
    row("policy: for somebody else", permissions(*EXACT, objectId=OTHER), "access-revoked principal-added"),
    # The service's role.
    row("role: Crypto Officer", role(roles.CRYPTO_OFFICER.id), "access-widened", elsewhere="principal-added"),
    row("role: Crypto User", role(roles.CRYPTO_USER.id), "access-widened", elsewhere="principal-added"),
    row("role: Crypto User, of a Foundry account", does(sets(ACCOUNT, "kind", "AIServices"), role(roles.CRYPTO_USER.id)), "role-by-page", elsewhere="principal-added"),
    row("role: Crypto Officer, of a Foundry account", does(sets(ACCOUNT, "kind", "AIServices"), role(roles.CRYPTO_OFFICER.id)), "access-widened", elsewhere="principal-added"),
    row("role: Key Vault Reader", role(roles.named("Key Vault Reader").id), "access-revoked access-widened", elsewhere="access-revoked"),
    row("role: Reader", role(roles.READER.id), "access-revoked"),
    row("role: a custom one", role(CUSTOM), "undetermined", elsewhere="undetermined principal-added"),
    row("role: known after apply", role(UNKNOWN), "undetermined", elsewhere="undetermined principal-added"),
    row("role: secret", role(SECRET), "undetermined", elsewhere="undetermined principal-added"),
    row("role at the vault", role_at(lambda scene: scene.vault_id)),
    row("role at the group", role_at(group_of)),
    row("role at the subscription", role_at(subscription_of)),
    row("role at another key", role_at(lambda scene: f"{scene.vault_id}/keys/other"), "access-revoked"),
    row("role at another vault", role_at(lambda scene: f"{scene.vault_id}2"), "access-revoked principal-added"),
    row("role at another group", role_at(another_group), "access-revoked"),
    row("role at a management group", role_at(lambda scene: "/providers/Microsoft.Management/managementGroups/m")),
    row("role at what is no vault", role_at(lambda scene: f"{scene.group_id}/providers/Microsoft.Storage/storageAccounts/s"), "access-revoked"),
    row("role under a secret condition", of_role("condition", SECRET), "undetermined", elsewhere="undetermined principal-added"),
    row("role under a condition", of_role("condition", "@Resource[x] StringEquals 'y'"), "undetermined", elsewhere="undetermined principal-added"),
    row("role whose condition changes", conditioned(sets(ASSIGNMENT, "condition", "another")), "undetermined", elsewhere="principal-added"),
    row("role that loses its condition", conditioned(sets(ASSIGNMENT, "condition", None)), elsewhere="principal-added"),
    row("role under a condition stays", conditioned(sets(ASSIGNMENT, "description", "x"))),
    row("role under a condition deleted", conditioned(deletes(ASSIGNMENT)), "undetermined", elsewhere=""),
    row("policy that was narrower: deleted", narrower(deletes(POLICY)), "access-revoked", elsewhere=""),
    row("policy of get alone deleted", does(_method("by_policies")("get"), deletes(POLICY))),
    row("policy that was narrower: get alone", narrower(permitted("get")), "access-revoked", elsewhere=""),
    row("policy that was narrower: stays", narrower(sets(POLICY, "tags", {"a": "b"}))),
    row("policy that was narrower: with purge", narrower(permitted("unwrapKey", "purge")), "access-widened", elsewhere="principal-added"),
    row("role for somebody else", of_role("principalId", OTHER), "access-revoked principal-added"),
    row("grant deleted", grant_goes(), "access-revoked"),
    row("grant deleted and kept in Azure", grant_goes(retain=True)),
    # What Azure deletes with the access has a verdict of its own, so that an approval of the one lets only that through.
    row("grant deleted, of a kind that loses data", does(had(ACCOUNT, "kind", "TextTranslation"), grant_goes()), "access-revoked data-deleted", elsewhere="access-revoked"),
    row("grant deleted, of a kind not listed", does(had(ACCOUNT, "kind", "ImmersiveReader"), grant_goes()), "access-revoked data-deleted", elsewhere="access-revoked"),
    row("grant deleted, of a kind not shown", does(had(ACCOUNT, "kind", None), grant_goes()), "access-revoked data-deleted", elsewhere="access-revoked"),
    row("vault deleted, of a kind that loses data", does(had(ACCOUNT, "kind", "TextTranslation"), deletes(VAULT)), "vault-deleted data-deleted", elsewhere="vault-deleted"),
    row("vault renamed, of a kind that loses data", does(had(ACCOUNT, "kind", "TextTranslation"), replaces(VAULT, "vaultName", "kv-new")), "vault-replaced data-deleted", elsewhere="vault-replaced"),
    row("key renamed, of a kind that loses data", does(had(ACCOUNT, "kind", "TextTranslation"), replaces(KEY, "keyName", "other")), "key-replaced data-deleted", project="key-replaced", elsewhere="key-replaced"),
    row("key renamed and kept, of a kind that loses data", does(had(ACCOUNT, "kind", "TextTranslation"), kept(KEY), replaces(KEY, "keyName", "other")), "key-replaced"),
    row("access revoked at once, of a kind that loses data", does(had(ACCOUNT, "kind", "AIServices"), in_policies(revokes())), "access-revoked data-deleted", elsewhere="access-revoked"),
    # Strangers.
    row("stranger: unwrapKey", stranger("unwrapKey"), "principal-added"),
    row("stranger: delete", stranger("delete"), "principal-added"),
    row("stranger: all", stranger("all"), "principal-added"),
    row("stranger: get and list", stranger("get", "list")),
    row("stranger: Administrator", stranger_as(roles.ADMINISTRATOR.id), "principal-added"),
    row("stranger: Crypto User at the key", stranger_as(roles.CRYPTO_USER.id, key_id), "principal-added"),
    row("stranger: Crypto User of the group", stranger_as(roles.CRYPTO_USER.id, group_of), "principal-added"),
    row("stranger: Crypto User, ignored", stranger_as(roles.CRYPTO_USER.id, rbac=False)),
    row("stranger: Owner of the subscription", stranger_as(roles.OWNER.id, subscription_of), "principal-added"),
    row("stranger: Contributor of the group", stranger_as(roles.CONTRIBUTOR.id, group_of, rbac=False), "principal-added"),
    row("stranger: Key Vault Contributor", stranger_as(roles.VAULT_CONTRIBUTOR.id), "principal-added"),
    row("stranger: User Access Administrator", stranger_as(roles.USER_ACCESS_ADMINISTRATOR.id, group_of), "principal-added"),
    row("stranger: RBAC Administrator at the key", stranger_as(roles.RBAC_ADMINISTRATOR.id, key_id), "principal-added"),
    row("stranger: Managed Identity Contributor", stranger_as(roles.IDENTITY_CONTRIBUTOR.id, group_of), "principal-added"),
    row("stranger: Cognitive Services Contributor", stranger_as(roles.COGNITIVE_CONTRIBUTOR.id, group_of), "principal-added"),
    row("stranger: Log Analytics Contributor", stranger_as(roles.LOG_CONTRIBUTOR.id, group_of), "principal-added"),
    row("stranger: Reader", stranger_as(roles.READER.id, group_of)),
    row("stranger: a custom role", stranger_as(CUSTOM), "principal-added"),
    row("stranger: Owner of another group", stranger_as(roles.OWNER.id, another_group)),
    # Outside Pulumi.
    row("unbound outside, bound again", does(gone(BINDING, again=True), outside(ACCOUNT, "properties.encryption", {"keySource": "Microsoft.CognitiveServices"}, mended=False)), "repaired", elsewhere="repaired"),
    row("unbound outside, for good", does(gone(BINDING), outside(ACCOUNT, "properties.encryption", {"keySource": "Microsoft.CognitiveServices"}, mended=False)), "unbound"),
    row("policy narrowed outside, mended", in_policies(outside(POLICY, "policy.permissions.keys", ["unwrapKey"])), "access-restored"),
    row("policy narrowed outside, for good", in_policies(outside(POLICY, "policy.permissions.keys", ["unwrapKey"], mended=False)), "access-narrowed"),
    row("policy without unwrapKey outside, mended", in_policies(outside(POLICY, "policy.permissions.keys", ["get", "wrapKey"])), "access-restored"),
    row("policy without get outside, mended", in_policies(outside(POLICY, "policy.permissions.keys", ["wrapKey", "unwrapKey"])), "access-restored"),
    row("policy narrowed outside, given back in part", in_policies(does(outside(POLICY, "policy.permissions.keys", []), sets(POLICY, "policy.permissions.keys", ["get", "unwrapKey"]))), "access-restored", elsewhere="access-narrowed access-restored"),
    row("policy wider outside, mended", in_policies(outside(POLICY, "policy.permissions.keys", [*EXACT, "purge"]))),
    row("policy narrowed outside, listed as it was", in_policies(does(listed, outside(POLICY, "policy.permissions.keys", ["get"]))), "access-restored"),
    row("policy narrowed outside for good, listed as it was", in_policies(does(listed, outside(POLICY, "policy.permissions.keys", ["get"], mended=False))), "access-revoked"),
    row("policy deleted outside, listed as it was", in_policies(does(listed, gone(POLICY, again=True))), "access-restored"),
    row("access asked back, listed as it was", in_policies(does(listed, asked_back, revokes("delete"))), "access-granted", elsewhere="principal-added"),
    row("access stays revoked, listed as it was", in_policies(does(listed, lambda scene: scene.steps.remove(scene.step(POLICY)), revokes("same")))),
    row("policy deleted outside, asked back", in_policies(does(gone(POLICY, again=True), revokes("delete"))), "access-granted", elsewhere="access-restored"),
    row("access asked back", in_policies(does(asked_back, revokes("delete"))), "access-granted", elsewhere="principal-added"),
    row("role under a condition outside, mended", in_roles(outside(ASSIGNMENT, "condition", "x")), "access-restored"),
    row("role under a condition outside, for good", in_roles(outside(ASSIGNMENT, "condition", "x", mended=False)), "undetermined"),
    row("vault's firewall shut outside, mended", does(had(VAULT, PATH, CLOSED), outside(VAULT, PATH, SHUT)), "access-restored"),
    row("vault's firewall shut outside, for good", does(had(VAULT, PATH, CLOSED), outside(VAULT, PATH, SHUT, mended=False)), "access-revoked"),
    row("vault's model changed outside, mended", in_policies(outside(VAULT, "properties.enableRbacAuthorization", True)), "access-restored"),
    row("vault opened outside, mended", does(had(VAULT, PATH, CLOSED), outside(VAULT, PATH, OPEN)), "strengthened"),
    row("outbound access shut outside, mended", outside(ACCOUNT, "properties.restrictOutboundNetworkAccess", True), "access-restored protection-weakened"),
    row("policy for an application outside, mended", in_policies(outside(POLICY, "policy.applicationId", "a" * 36)), "access-restored"),
    row("policy for an application outside, for good", in_policies(outside(POLICY, "policy.applicationId", "a" * 36, mended=False)), "access-revoked"),
    row("policy deleted outside, given again", in_policies(gone(POLICY, again=True)), "access-restored"),
    row("policy deleted outside, for good", in_policies(gone(POLICY)), "access-revoked"),
    row("role deleted outside, given again", in_roles(gone(ASSIGNMENT, again=True)), "access-restored"),
    row("vault deleted outside", gone(VAULT), "vault-deleted"),
    row("key deleted outside", gone(KEY), "key-deleted"),
    row("key disabled outside", outside(KEY, "attributes.enabled", False, mended=False), "access-revoked"),
    row("key rotated outside, not bound yet", newer_in_the_vault),
    row("account deleted outside, made again", gone(ACCOUNT, again=True), "account-gone bound", elsewhere="account-gone bound"),
    row("purge protection off outside", outside(VAULT, "properties.enablePurgeProtection", False, mended=False), "recovery-weakened"),
    # What this project's provider and key stores can do besides.
    row("access revoked at once, policy declared", in_policies(revokes()), "access-revoked"),
    row("access revoked at once, role declared", in_roles(revokes()), "access-revoked"),
    row("access revoked, and the account left to Azure", in_policies(does(deletes(ACCOUNT, retain=True), revokes())), "released access-revoked", elsewhere="access-revoked"),
    row("access revoked of an account that is gone", in_policies(does(revokes(), gone(ACCOUNT, again=True))), "account-gone bound access-revoked", elsewhere="access-revoked"),
    row("access revoked again", in_policies(revokes("update")), "access-revoked"),
    row("access revoked anew", in_policies(revokes("replace")), "access-revoked"),
    row("access stays revoked", in_policies(revokes("same"))),
    row("revocation ended, access kept", in_policies(revokes("delete"))),
    row("a wider role revoked by its id", does(lambda scene: scene.by_roles(scope=scene.vault_id), revokes(assignmentId="/X")), "access-revoked"),
    row("a wider role is left", does(lambda scene: scene.by_roles(scope=scene.vault_id), revokes()), "access-revoked"),
    row("access of an identity known after apply revoked", in_policies(revokes(principalId=UNKNOWN)), "access-revoked"),
    row("access to a key known after apply revoked", in_policies(revokes(keyId=UNKNOWN)), "access-revoked"),
    row("access of somebody else revoked", in_policies(revokes(principalId=OTHER)), "access-revoked"),
    row("a type of the provider that is not known", written("azure-cmk:index:KeyDestruction", {}), "undetermined"),
    row("a type of the provider in a module", foreign("azure-cmk:keys/v2:Anything"), "undetermined"),
    row("access is waited for", written("azure-cmk:index:KeyAccessValidation", {})),
    row("access is cleaned up later", written("azure-cmk:index:KeyAccessCleanup", {})),
    row("an account is opted out of upgrades", written("azure-cmk:index:FoundryAutoUpgrade", {})),
    row("a deleted account purged", written("azure-cmk:index:DeletedAccountPurge", {"accountId": "/x/lang"}), "data-deleted"),
    row("a deleted account was purged before", lambda scene: scene.hold("azure-cmk:index:DeletedAccountPurge", "held", {"accountId": "/x/lang"})),
    row("a purge is taken out", foreign("azure-cmk:index:DeletedAccountPurge")),
    row("a component of this project", written("language-cmk:index:EncryptedAIServicesAccount", {})),
    row("managed HSM deleted", of_hsm(deletes(HSM)), "vault-deleted"),
    row("managed HSM deleted and kept in Azure", of_hsm(deletes(HSM, retain=True)), "released"),
    row("managed HSM renamed", of_hsm(replaces(HSM, "name", "other")), "vault-replaced"),
    row("managed HSM without purge protection", of_hsm(sets(HSM, "properties.enablePurgeProtection", False)), "recovery-weakened"),
    row("managed HSM shut, services too", of_hsm(sets(HSM, PATH, SHUT)), "access-revoked"),
    row("managed HSM deleted outside", of_hsm(gone(HSM)), "vault-deleted"),
    row("managed HSM's tags", of_hsm(sets(HSM, "tags", {"a": "b"}))),
    row("managed HSM by azapi", written("azapi:resources:Resource", {"type": "Microsoft.KeyVault/managedHSMs@2024-11-01"}), "undetermined"),
    row("a connection of a key store", written("azure-native:keyvault/v20230701:PrivateEndpointConnection", {}), "undetermined"),
    row("a type of key stores that is not known", foreign("azure-native_keyvault_v20300101:keyvault:KeyRing"), "undetermined"),
    row("a type that has a template as well", written("azure-native:keyvault:KeyRing", {"template": {}}), "undetermined"),
    row("a secret of a vault", written("azure-native:keyvault:Secret", {})),
    row("a network perimeter around the vault", written("azure-native:network:NetworkSecurityPerimeterAssociation", {}), "undetermined"),
    row("a review that takes roles away", written("azure-native:authorization:ScopeAccessReviewScheduleDefinitionById", {}), "undetermined"),
    row("role assignment of another provider deleted", foreign("azure:authorization/assignment:Assignment"), "undetermined"),
    # Other providers, and what has nothing to do with it.
    row("vault of another provider deleted", foreign("azure:keyvault/keyVault:KeyVault"), "undetermined"),
    row("account's key of another provider deleted", foreign("azure:cognitive/accountCustomerManagedKey:AccountCustomerManagedKey"), "undetermined"),
    row("access policy of another provider", written("azure:keyvault/accessPolicy:AccessPolicy", {}), "undetermined"),
    row("another login of an identity", written("azure-native:managedidentity:FederatedIdentityCredential", {}), "undetermined"),
    row("storage account deleted", foreign("azure-native:storage:StorageAccount")),
    row("nothing", lambda scene: None),
)  # fmt: skip
