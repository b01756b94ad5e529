"""The managed identities of an account: a caller's block in ARM's form, and the identity that uses the key.

A system-assigned identity lives as long as the account has it, through a soft delete. If it is switched off
and on again, it is another principal, to whom nobody has granted anything.
"""

from localazure import authorization, directory
from localazure.cloud import Cloud
from localazure.cognitive.models import Account
from localazure.refusals import refused
from localazure.web import Caller, Json, ServiceError

_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_DOING = "Microsoft.CognitiveServices/accounts/write"
_WORDS = {"systemassigned": "SystemAssigned", "userassigned": "UserAssigned"}


def resolve(
    cloud: Cloud, caller: Caller | None, account: Account, sent: Json, old: Json | None
) -> Json | None:
    """The identity block after a write that sent `sent` (a dict with `type`), where `old` was before.

    Makes the principal of a new system-assigned identity; the caller drops one that is no longer there
    (`drop_system`). `sent` may name user-assigned identities with null to take them away (PATCH).
    Raises 400 for an unknown type or an identity that is not there (texts assumed), and ARM's 403 where the
    caller may not assign one.
    """
    words = [word.strip().lower() for word in str(sent.get("type") or "None").split(",")]
    if words == ["none"]:
        return None
    if not words or any(word not in _WORDS for word in words):
        raise ServiceError(400, "InvalidIdentityType", f"The identity type '{sent.get('type')}' is invalid.")
    found: Json = {}
    if "systemassigned" in words:
        new = directory.create_principal
        found["principalId"] = (old or {}).get("principalId") or new(
            cloud, tenant_id=account.tenant_id, name=account.name
        ).object_id
    found["tenantId"] = account.tenant_id
    found["type"] = ", ".join(_WORDS[word] for word in _WORDS if word in words)
    if "userassigned" in words:
        found["userAssignedIdentities"] = _user_assigned(cloud, caller, account, sent, old)
    return found


def drop_system(cloud: Cloud, account: Account) -> None:
    """Deletes the principal of an account's system-assigned identity from the directory."""
    if account.identity and (principal_id := account.identity.get("principalId")):
        directory.delete_principal(cloud, principal_id)


def key_user(cloud: Cloud, account: Account, *, creating: bool = False) -> tuple[str | None, str]:
    """The object id of the principal that uses the account's key; or None and the reason.

    `identityClientId` picks a user-assigned identity; without it the system-assigned one uses the key. At
    create that one does not exist yet, so nobody can have granted it anything.
    """
    identity = account.identity
    if identity is None:
        return None, "the account has no managed identity"
    client_id = (account.key_vault_properties or {}).get("identityClientId")
    if client_id:
        for entry in identity.get("userAssignedIdentities", {}).values():
            if str(entry["clientId"]).lower() == str(client_id).lower():
                return _known(cloud, entry["principalId"])
        if str(client_id).lower() != own_client_id(cloud, account):
            return None, f"no identity of the account has the client id {client_id}"
    if "principalId" not in identity:
        return None, "the account has no system-assigned identity, and identityClientId names no other"
    if creating:
        return None, (
            "the system-assigned identity exists only after the account was created; bind the key "
            "afterwards, or create the account with a user-assigned identity"
        )
    return _known(cloud, identity["principalId"])


def own_client_id(cloud: Cloud, account: Account) -> str:
    """The client id of an account's system-assigned identity, "" unless accounts show it."""
    principal_id = (account.identity or {}).get("principalId")
    if not principal_id or cloud.behaviour.system_identity_client_id == "absent":
        return ""
    principal = directory.find_principal(cloud, principal_id)
    return principal.client_id if principal else ""


def _known(cloud: Cloud, object_id: str) -> tuple[str | None, str]:
    if directory.find_principal(cloud, object_id) is None:
        return None, f"the identity {object_id} has been deleted"
    return object_id, ""


def _user_assigned(
    cloud: Cloud, caller: Caller | None, account: Account, sent: Json, old: Json | None
) -> Json:
    wanted = {**(old or {}).get("userAssignedIdentities", {})}
    taken_away = set()
    for id, value in (sent.get("userAssignedIdentities") or {}).items():
        same = next((known for known in wanted if known.lower() == id.lower()), id)
        if value is None:
            taken_away.add(same)
        else:
            # Documentation of Managed Identity Operator; the text is ARM's for every linked scope.
            authorization.require_linked(cloud, caller, _ASSIGN, id, doing=_DOING, scope=account.id)
            wanted[same] = _look_up(cloud, id)
    found = {id: value for id, value in wanted.items() if id not in taken_away}
    if not found:
        raise refused("InvalidIdentityValues")
    return found


def _look_up(cloud: Cloud, id: str) -> Json:
    found = cloud.store.get("identity", id)
    if found is None:
        raise refused("FailedIdentityOperation", id=id)
    return {name: found["properties"][name] for name in ("principalId", "clientId")}
