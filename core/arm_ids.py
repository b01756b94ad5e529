"""Azure Resource Manager ids: parsed, checked and compared.

Owns the spelling rules. Does not know whether anything exists. Compare ids with `same` or `covers`, never
with `==`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

ACCOUNT: Final = "Microsoft.CognitiveServices/accounts"
VAULT: Final = "Microsoft.KeyVault/vaults"
KEY: Final = "Microsoft.KeyVault/vaults/keys"
MANAGED_HSM: Final = "Microsoft.KeyVault/managedHSMs"
HSM_KEY: Final = "Microsoft.KeyVault/managedHSMs/keys"
USER_ASSIGNED_IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
DELETED_ACCOUNT: Final = "Microsoft.CognitiveServices/deletedAccounts"
DELETED_VAULT: Final = "Microsoft.KeyVault/deletedVaults"
DEPLOYMENT: Final = "Microsoft.Resources/deployments"
DENY_ASSIGNMENT: Final = "Microsoft.Authorization/denyAssignments"
DIAGNOSTIC_SETTING: Final = "Microsoft.Insights/diagnosticSettings"
LOCK: Final = "Microsoft.Authorization/locks"
POLICY_ASSIGNMENT: Final = "Microsoft.Authorization/policyAssignments"
POLICY_DEFINITION: Final = "Microsoft.Authorization/policyDefinitions"
ROLE_ASSIGNMENT: Final = "Microsoft.Authorization/roleAssignments"
ROLE_ELIGIBILITY: Final = "Microsoft.Authorization/roleEligibilityScheduleInstances"
ROLE_DEFINITION: Final = "Microsoft.Authorization/roleDefinitions"
SUBNET: Final = "Microsoft.Network/virtualNetworks/subnets"
PRIVATE_ENDPOINT: Final = "Microsoft.Network/privateEndpoints"
PRIVATE_DNS_ZONE: Final = "Microsoft.Network/privateDnsZones"
DNS_ZONE_GROUP: Final = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
DNS_ZONE_LINK: Final = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
ACTION_GROUP: Final = "Microsoft.Insights/actionGroups"
WORKSPACE: Final = "Microsoft.OperationalInsights/workspaces"
RESOURCE_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups"
STORAGE_ACCOUNT: Final = "Microsoft.Storage/storageAccounts"
SEARCH_SERVICE: Final = "Microsoft.Search/searchServices"

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SCOPE: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourceGroups/(?P<group>[^/]+))?", re.IGNORECASE
)
_RESOURCE_GROUP: Final = re.compile(r"/resourceGroups/([^/]+)", re.IGNORECASE)
_MANAGEMENT_GROUP: Final = "/providers/microsoft.management/managementgroups/"
# What Azure allows in the names of types whose ids users give; names of other types are not checked.
_NAME: Final = {
    ACCOUNT.lower(): re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*"),
    VAULT.lower(): re.compile(r"[a-zA-Z0-9-]{3,24}"),
    KEY.lower(): re.compile(r"[a-zA-Z0-9-]{1,127}"),
    MANAGED_HSM.lower(): re.compile(r"[a-zA-Z0-9-]{3,24}"),
    HSM_KEY.lower(): re.compile(r"[a-zA-Z0-9-]{1,127}"),
}


class MalformedError(ValueError):
    """A value that cannot be right; the message gives what was found and what was expected. `meant` is the
    only right value that it can stand for; None if there is none."""

    def __init__(self, text: str, meant: object = None) -> None:
        super().__init__(text)
        self.meant = meant


@dataclass(frozen=True)
class ArmId:
    """The id of a resource. `text` is the caller's spelling without a trailing slash; `type` is
    `NAMESPACE/TYPE[/TYPE]`, and `names` are the names of the type's segments, outermost first.

    `subscription_id` is lower case; it and `group` are "" where the id names none.
    """

    text: str
    subscription_id: str
    group: str
    type: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The resource's own name, the last segment."""
        return self.names[-1]

    @property
    def normalised(self) -> str:
        """The id in lower case: equal for every spelling of one id."""
        return self.text.lower()

    @property
    def in_managed_hsm(self) -> bool:
        """Whether this is a managed HSM, or something in one."""
        return in_managed_hsm(self.text)

    @property
    def parent(self) -> ArmId:
        """The resource that this one is nested in, such as the vault of a key.

        Raises ValueError for a resource that is not nested.
        """
        if len(self.names) < 2:
            raise ValueError(f"{self.text!r} is not nested in another resource")
        text = self.text.rsplit("/", 2)[0]
        return ArmId(text, self.subscription_id, self.group, self.type.rpartition("/")[0], self.names[:-1])

    @property
    def scope(self) -> str:
        """What the resource was created on: everything before its own `/providers/`."""
        return self.text[: self.text.lower().rindex("/providers/")]


def parse(text: str) -> ArmId:
    """Parses the id of any resource. Raises MalformedError."""
    text = text.strip().rstrip("/")
    scope, provider, rest = _rpartition(text, "/providers/")
    namespace, *segments = rest.split("/")
    within = _SCOPE.match(scope)
    if not provider or not namespace or len(segments) < 2 or len(segments) % 2 or not all(segments):
        raise MalformedError(f"{text!r} is not an ARM id; expected {_shape('NAMESPACE/TYPE')}")
    if scope and not (within or scope.lower().startswith(_MANAGEMENT_GROUP)):
        raise MalformedError(f"{text!r} is not an ARM id; expected {_shape('NAMESPACE/TYPE')}")
    subscription, group = "", ""
    if within:
        subscription, group = within["subscription"].lower(), within["group"] or ""
    return ArmId(text, subscription, group, "/".join([namespace, *segments[::2]]), tuple(segments[1::2]))


def resource_id(text: str, type: str) -> ArmId:
    """The id of a resource of a type in a resource group. Raises MalformedError."""
    found = _of_type(text, type)
    if found is None:
        hint, meant = _hint(text, type)
        raise MalformedError(f"{text!r} is not the ARM id of a {type}; expected {_shape(type)}{hint}", meant)
    return found


def _of_type(text: str, type: str) -> ArmId | None:
    try:
        found = parse(text)
    except MalformedError:
        return None
    is_right = (
        found.type.lower() == type.lower()
        and found.group
        and _GUID.fullmatch(found.subscription_id)
        and _SCOPE.fullmatch(found.scope)
        and _allowed(found)
    )
    return found if is_right else None


def account_id(text: str) -> ArmId:
    """The id of an Azure AI services account. Raises MalformedError."""
    return resource_id(text, ACCOUNT)


def vault_id(text: str) -> ArmId:
    """The id of a key vault or managed HSM. Raises MalformedError."""
    return resource_id(text, MANAGED_HSM if in_managed_hsm(text) else VAULT)


def key_id(text: str) -> ArmId:
    """The id of a key in a vault or managed HSM, without a version; `.parent` is where it is. Raises
    MalformedError."""
    return resource_id(text, HSM_KEY if in_managed_hsm(text) else KEY)


def in_managed_hsm(text: str) -> bool:
    """Whether an id of any shape, or a type, is a managed HSM's or of something in one."""
    return f"{MANAGED_HSM.lower()}/" in f"{text.lower()}/"


def local_scope(text: str) -> str:
    """The scope at which a managed HSM's own roles are given for an id: `/` for the HSM, `/keys` for its
    keys, and `/keys/NAME` for one (learn.microsoft.com/azure/key-vault/managed-hsm/access-control, data
    plane).

    Raises MalformedError for an id that is in no managed HSM.
    """
    _, found, rest = _rpartition(text.strip().rstrip("/"), f"/{MANAGED_HSM.lower()}/")
    if not found:
        raise MalformedError(f"{text!r} is in no managed HSM; expected {_shape(HSM_KEY)}")
    return "/" + rest.partition("/")[2]


def of_local_scope(hsm_id: str, scope: str) -> str:
    """The id of what a managed HSM's own scope names: `local_scope` the other way round."""
    return f"{hsm_id.rstrip('/')}/{scope.strip('/')}".rstrip("/")


def same(one: str, other: str) -> bool:
    """Whether two spellings are one id."""
    return one.strip().rstrip("/").lower() == other.strip().rstrip("/").lower()


def covers(scope: str, resource_id: str) -> bool:
    """Whether something assigned at `scope` counts for the resource: the same id, or one above it.

    The root (`/`) covers everything. Ids do not tell which management groups are above a subscription.
    Resource Manager lists only the assignments of groups that are, so each management group counts.
    """
    if is_above_subscriptions(scope):
        return True
    above, below = scope.strip().rstrip("/").lower(), resource_id.strip().rstrip("/").lower()
    return f"{below}/".startswith(f"{above}/")


def is_above_subscriptions(scope: str) -> bool:
    """Whether a scope is the root or a management group."""
    above = scope.strip().rstrip("/").lower()
    return not above or above.startswith(_MANAGEMENT_GROUP)


def child(scope: str, type: str, name: str = "") -> str:
    """The id of a resource on a scope, such as a subscription; without `name`, the path of its list."""
    return f"{scope.rstrip('/')}/providers/{type}" + (f"/{name}" if name else "")


def own_identity(resource_id: str) -> str:
    """The path that answers the system-assigned identity of a resource."""
    return child(resource_id, "Microsoft.ManagedIdentity/identities", "default")


def group_id(subscription_id: str, name: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{name}"


def of_subscription(subscription_id: str, type: str) -> str:
    """The path that lists all resources of a type in a subscription."""
    return child(f"/subscriptions/{subscription_id}", type)


def name_of(text: str) -> str:
    """The last segment of an id of any kind."""
    return text.rstrip("/").rpartition("/")[2]


def subscription_of(text: str) -> str:
    """The subscription that an id of any shape names, lower case; "" if none."""
    found = _SCOPE.match(text)
    return found["subscription"].lower() if found else ""


def group_of(text: str) -> str:
    """The resource group that an id of any shape names, in its own spelling; "" if none."""
    # A deleted account names its group after its location.
    found = _RESOURCE_GROUP.search(text)
    return found[1] if found else ""


def is_subscription_or_group(text: str) -> bool:
    """Whether a text is the id of a subscription or of a resource group, with nothing below it."""
    found = _SCOPE.fullmatch(text)
    return found is not None and is_guid(found["subscription"])


def segments(text: str) -> dict[str, str]:
    """What follows each odd segment of an id, lower case: `subscriptions`, `resourcegroups`, `vaults`, ..."""
    words = text.lower().strip("/").split("/")
    return dict(zip(words[::2], words[1::2], strict=False))


def is_guid(text: str) -> bool:
    """Whether a text is a GUID with dashes: an object id, a client id, a tenant, a subscription."""
    return _GUID.fullmatch(text) is not None


def _allowed(found: ArmId) -> bool:
    """Whether each name is one that Azure allows for its type."""
    namespace, *types = found.type.split("/")
    paths = ("/".join([namespace, *types[: i + 1]]).lower() for i in range(len(types)))
    return all(
        (pattern := _NAME.get(path)) is None or pattern.fullmatch(name)
        for path, name in zip(paths, found.names, strict=True)
    )


def _rpartition(text: str, separator: str) -> tuple[str, str, str]:
    """`str.rpartition` without regard to case."""
    at = text.lower().rfind(separator)
    if at < 0:
        return "", "", text
    return text[:at], separator, text[at + len(separator) :]


def _shape(type: str) -> str:
    namespace, *types = type.split("/")
    names = "".join(f"/{segment}/NAME" for segment in types)
    return f"/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/{namespace}{names}"


def _hint(text: str, type: str) -> tuple[str, str | None]:
    """What leads from what people paste, such as an address of the portal or a key's URI, to the id; and the
    id itself where the text has it."""
    if type == VAULT and "/managedhsms/" in text.lower():
        return "; a managed HSM is not supported here: give the id of the key in it", None
    _, within, rest = _rpartition(unquote(text), "/subscriptions/")
    words = re.split("[/?#]", rest)
    length = 5 + 2 * type.count("/")
    id = f"{within}{'/'.join(words[:length])}"
    if _of_type(id, type):
        if type in (KEY, HSM_KEY) and words[length : length + 1] == ["versions"]:
            return "; leave out /versions/...; to hold a version, pin it", id
        return f"; give {id!r}", id if len(words) <= length + 1 else None
    command = _asks_for_id(text, type)
    return (f"; run `{command}`, which prints it" if command else ""), None


def _asks_for_id(text: str, type: str) -> str:
    """The command of az, in bash's quotes, that prints the id of what a name, an address or a key's URI
    names; "" for any other text."""
    parts = re.fullmatch(r"(?:https://)?([\w-]+)(\.[\w.-]+)?(?:/keys/([\w-]+))?(?:/\w*)?", text.strip())
    if parts is None:
        return ""
    name, host, key = parts.groups()
    by_name = "--hsm-name" if ".managedhsm." in (host or "") else "--name"
    vault = f"az keyvault show {by_name} {name} --query id --output tsv"
    if type in (KEY, HSM_KEY):
        return f'echo "$({vault})/keys/{key}"' if key else ""
    if type == VAULT:
        return vault
    if type == WORKSPACE and is_guid(name):
        query = f"[?customerId=='{name}'].id"
        return f'az monitor log-analytics workspace list --query "{query}" --output tsv'
    if type.count("/") > 1:
        return ""
    if host and not text.startswith("https://"):
        name += host
    return f"az resource list --resource-type {type} --name {name} --query '[].id' --output tsv"
