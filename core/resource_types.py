"""URNs, Pulumi type tokens, and the Azure resource that each token stands for, in whatever spelling.

Owns names of types; resource_kinds.json is the table of them. Does not own properties. A token may pin an API
version (`azure-native:keyvault/v20230701:Vault`), also by the name of a package generated for that version
(`azure-native_keyvault_v20230701:keyvault:Vault`). Source: pulumi-azure-native's schema; pulumi/pulumi,
sdk/go/common/resource/urn (the parts of a URN).

What this project makes of Key Vault has tokens that pin the version, because Azure refuses the one that
azure-native 3 asks by from 27 February 2027 (core/api_versions.py). The plugin knows each version of a type
under such a token (pulumi-azure-native, provider/pkg/provider/provider.go: Check, Read and the rest look a
type up by its whole token; provider_parameterize.go takes the types of a package from the same table).
azure-native has its AccessPolicy in no other version, so that is a type of `azure-cmk`
(custom_keyvault_accesspolicy.go; all read on 2026-11-28).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final

from core.api_versions import VAULTS

_KEY_VAULT: Final = f"azure-native:keyvault/v{VAULTS.replace('-', '')}"
ACCOUNT: Final = "azure-native:cognitiveservices:Account"
PROJECT: Final = "azure-native:cognitiveservices:Project"
DEPLOYMENT: Final = "azure-native:cognitiveservices:Deployment"
VAULT: Final = f"{_KEY_VAULT}:Vault"
KEY: Final = f"{_KEY_VAULT}:Key"
GET_ACCOUNT: Final = "azure-native:cognitiveservices:getAccount"
GET_IDENTITY: Final = "azure-native:managedidentity:getUserAssignedIdentity"
GET_CLIENT_CONFIG: Final = "azure-native:authorization:getClientConfig"
ROLE_ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"
USER_ASSIGNED_IDENTITY: Final = "azure-native:managedidentity:UserAssignedIdentity"
RESOURCE_GROUP: Final = "azure-native:resources:ResourceGroup"
WORKSPACE: Final = "azure-native:operationalinsights:Workspace"
DIAGNOSTIC_SETTING: Final = "azure-native:monitor:DiagnosticSetting"
LOCK: Final = "azure-native:authorization:ManagementLockByScope"
PRIVATE_ENDPOINT: Final = "azure-native:network:PrivateEndpoint"
PRIVATE_ZONE_GROUP: Final = "azure-native:network:PrivateDnsZoneGroup"
PRIVATE_ZONE: Final = "azure-native:privatedns:PrivateZone"
BINDING: Final = "azure-cmk:index:CustomerManagedKey"
KEY_VERSION: Final = "azure-cmk:index:KeyVersion"
ACCESS_POLICY: Final = "azure-cmk:index:AccessPolicy"
HSM_ROLE_ASSIGNMENT: Final = "azure-cmk:index:ManagedHsmRoleAssignment"
KEY_ACCESS_CLEANUP: Final = "azure-cmk:index:KeyAccessCleanup"
KEY_ACCESS_REVOCATION: Final = "azure-cmk:index:KeyAccessRevocation"
KEY_ACCESS_VALIDATION: Final = "azure-cmk:index:KeyAccessValidation"
DELETED_ACCOUNT_PURGE: Final = "azure-cmk:index:DeletedAccountPurge"
FOUNDRY_AUTO_UPGRADE: Final = "azure-cmk:index:FoundryAutoUpgrade"
COMPONENTS: Final = "language-cmk:index:"
"""The beginning of each component type of this project. A component writes nothing by itself."""
SERVICE: Final = f"{COMPONENTS}EncryptedAIServicesAccount"
_NO_SERVICES: Final = (f"{COMPONENTS}KeyVault", f"{COMPONENTS}EncryptionKey")
FORMER: Final[Mapping[str, str]] = {
    "azure-native:keyvault:Vault": VAULT,
    "azure-native:keyvault:Key": KEY,
    "azure-native:keyvault:AccessPolicy": ACCESS_POLICY,
}
"""The types that releases before 0.1.0 made, each with the one in its place: a state may still have them."""
URN_SEPARATOR: Final = "::"
STACK: Final = "pulumi:pulumi:Stack"


GENERIC_INPUTS: Final = ("resourceProviderNamespace", "parentResourcePath", "resourceType")
"""The inputs that give azure-native's generic resource its type: of the path, every other segment."""


class Kind(Enum):
    """What a resource is to the encryption of data at rest. The value is the noun for messages."""

    STACK = "stack"
    ACCOUNT = "account"
    PROJECT = "Foundry project"
    DEPLOYMENT = "deployment of a model"
    VAULT = "vault"
    MANAGED_HSM = "managed HSM"
    KEY = "key"
    ACCESS_POLICY = "access policy"
    ROLE_ASSIGNMENT = "role assignment"
    USER_ASSIGNED_IDENTITY = "user-assigned identity"
    DIAGNOSTIC_SETTING = "diagnostic setting"
    PRIVATE_ENDPOINT = "private endpoint"
    RESOURCE_GROUP = "resource group"
    LOCK = "management lock"
    BINDING = "customer-managed key"
    KEY_VERSION = "key version"
    GENERIC = "generic resource"
    OTHER_PROVIDER = "resource of another provider"
    REVOCATION = "revocation of access"
    PURGE = "purge of a deleted account"
    UNREAD = "resource that may concern keys"


@dataclass(frozen=True)
class Urn:
    """`urn:pulumi:STACK::PROJECT::TYPES::NAME`, where TYPES is `PARENT$...$TYPE`."""

    text: str
    stack: str
    project: str
    types: tuple[str, ...]
    name: str

    @property
    def type(self) -> str:
        """The resource's own type token."""
        return self.types[-1]

    @property
    def label(self) -> str:
        """The resource as a message names it: `NAME (TYPE)`."""
        return f"{self.name} ({self.type})"

    @property
    def is_of_service(self) -> bool:
        """Whether it is a service, which may have a class of a program's own, or a part of one. A vault or a
        key of the program's own may have the logical name of a service's part."""
        if self.type in (SERVICE, KEY_ACCESS_REVOCATION):  # a revocation has no parent
            return True
        parent = self.types[-2] if len(self.types) > 1 else ""
        return parent.startswith(COMPONENTS) and parent not in _NO_SERVICES


@dataclass(frozen=True)
class TypeToken:
    """What a type token says. `kind` is None for a type that does not matter here; `api_version` is as
    Azure writes it (2023-07-01-preview), None where the token pins none."""

    kind: Kind | None
    api_version: str | None = None


_FILE: Final = Path(__file__).with_name("resource_kinds.json")
_TABLE: Final = json.loads(_FILE.read_text(encoding="utf-8"))
_TYPES: Final = [{**row, "kind": Kind[row["kind"]] if row["kind"] else None} for row in _TABLE["types"]]
_HARMLESS: Final[Mapping[str, list[str]]] = _TABLE["harmless"]
_BY_ARM_TYPE: Final[Mapping[str, Kind | None]] = {row["arm"]: row["kind"] for row in _TYPES if "arm" in row}
_BY_NATIVE: Final[Mapping[str, Kind | None]] = {
    native: row["kind"] for row in _TYPES for native in row["native"]
}
_OWN: Final = {
    STACK: Kind.STACK,
    BINDING: Kind.BINDING,
    ACCESS_POLICY: Kind.ACCESS_POLICY,
    HSM_ROLE_ASSIGNMENT: Kind.ROLE_ASSIGNMENT,
    KEY_VERSION: Kind.KEY_VERSION,
    KEY_ACCESS_REVOCATION: Kind.REVOCATION,
    DELETED_ACCOUNT_PURGE: Kind.PURGE,
    # The cleanup removes access that no bound account needs; the validation only waits; the upgrade keeps the
    # key.
    KEY_ACCESS_CLEANUP: None,
    KEY_ACCESS_VALIDATION: None,
    FOUNDRY_AUTO_UPGRADE: None,
}
PARENT_NAME_INPUTS: Final[Mapping[Kind, str]] = {
    row["kind"]: row["parent_name"] for row in _TYPES if "parent_name" in row
}
"""The input in which each of azure-native's own types has its parent's name."""
NAME_INPUTS: Final[Mapping[Kind, str]] = {row["kind"]: row["name"] for row in _TYPES if "name" in row}
"""The input in which each of azure-native's own types has its own name."""
_AZURE_NATIVE: Final = re.compile(
    r"azure-(?:native|nextgen)(?:_\w+?_(?P<package>v\d\w*))?:(?P<module>\w+)(?:/(?P<pinned>\w+))?:(?P<type>\w+)"
)
# Vaults, keys, their access and accounts as other providers have them: pulumi-azure, and
# terraform-provider-azurerm as Pulumi bridges it.
_OTHER_PROVIDER: Final = re.compile(
    r"azure:(keyvault/(keyvault|key|accesspolicy)|cognitive/(account(customermanagedkey)?|aiservices)):\w+"
    r"|azurerm:[^:]*/(keyvault(key|accesspolicy)?|cognitiveaccount(customermanagedkey)?|aiservices):\w+",
    re.IGNORECASE,
)
# Types that can give or remove a key or the access to it, and that no part of this project reads: all other
# types of key stores and of this project's provider; role definitions, eligible roles and deny assignments;
# federated credentials of identities; network security perimeters, which override a vault's firewall
# (azure/private-link/network-security-perimeter-concepts, 2026-11-28); and templates, as a generic resource
# takes them. By token, by azure-native's module and type, and by Resource Manager type.
_UNREAD: Final = re.compile(
    r"azure-cmk:.*|azure:(keyvault/managedhardware\w+|authorization/(assignment|roledefinition|pim\w+)"
    r"|armmsi/federatedidentitycredential):\w+"
    r"|azurerm:[^:]*/(keyvaultmanagedhardware\w+|role(assignment|definition)|pim\w+"
    r"|federatedidentitycredential):\w+"
    r"|keyvault:\w+|authorization:(\w*accessreviewschedule\w*|denyassignment|pim\w+|role\w+)"
    r"|cognitiveservices:encryptionscope|managedidentity:federatedidentitycredential"
    r"|network:networksecurityperimeter\w*"
    r"|microsoft\.(keyvault/.+|authorization/(accessreviewschedule|denyassignment|role)\w+"
    r"|cognitiveservices/.*encryptionscopes|managedidentity/.*federatedidentitycredentials"
    r"|network/networksecurityperimeters.*|resources/deployment(s|stacks)|blueprint/blueprintassignments"
    r")",
    re.IGNORECASE,
)
# The azapi provider as Pulumi bridges it: a resource's `type` is a Resource Manager type with its API version
# (learn.microsoft.com/azure/developer/terraform/overview-azapi-provider).
_AZAPI: Final = re.compile(r"azapi:[^:]*:\w*(?:Resource|ResourceAction)", re.IGNORECASE)
# ARM templates as pulumi-azure and terraform-provider-azurerm take them, as texts of JSON.
_TEMPLATE: Final = re.compile(r"(?:azure|azurerm):[^:]*:\w*TemplateDeployment", re.IGNORECASE)
# An ARM template may hold any resource, and a blueprint consists of templates; a DeploymentScript declares no
# resources.
_DEPLOYMENT: Final = re.compile(r"resources:Deployment(?!Script)\w*|blueprint:Assignment")
_VERSION: Final = re.compile(r"v(\d{4})(\d{2})(\d{2})(\w*)")


@lru_cache(maxsize=16384)
def parse_urn(text: str) -> Urn:
    """Parses a URN. Raises ValueError."""
    parts = text.split("::", 3)
    if len(parts) != 4 or not parts[0].startswith("urn:pulumi:"):
        raise ValueError(f"{text!r} is not a URN; expected urn:pulumi:STACK::PROJECT::TYPE::NAME")
    return Urn(text, parts[0].removeprefix("urn:pulumi:"), parts[1], tuple(parts[2].split("$")), parts[3])


def provider_reference(urn: str, id: str) -> str:
    """How a resource's state names its provider: by the provider resource's URN and id."""
    return f"{urn}{URN_SEPARATOR}{id}"


def provider_of(reference: str) -> str:
    """The URN of the provider resource that a state's reference names."""
    return reference.rpartition(URN_SEPARATOR)[0]


def current(token: str) -> str:
    """The type that this project makes in the place of one that a state may still have."""
    return FORMER.get(token, token)


def former(token: str) -> str:
    """The type that a state may still have in the place of one that this project makes; itself if none."""
    return next((old for old, new in FORMER.items() if new == token), token)


@lru_cache(maxsize=4096)
def parse_token(token: str) -> TypeToken:
    """The kind that a type token names, and the API version that it pins."""
    if token in _OWN:
        return TypeToken(_OWN[token])
    if _OTHER_PROVIDER.fullmatch(token) or _TEMPLATE.fullmatch(token):
        return TypeToken(Kind.OTHER_PROVIDER)
    if _AZAPI.fullmatch(token):
        return TypeToken(Kind.GENERIC)
    match = _AZURE_NATIVE.fullmatch(token)
    if match is None:
        return TypeToken(_unread(token))
    named = f"{match['module']}:{match['type']}"
    kind = Kind.OTHER_PROVIDER if _DEPLOYMENT.match(named) else _unread(named)
    kind = _BY_NATIVE.get(named.lower(), kind)
    return TypeToken(kind, _api_version(match["pinned"] or match["package"]))


def kind_of(token: str) -> Kind | None:
    """The kind that a type token names; Kind.GENERIC for the generic resources of azure-native and azapi,
    whose properties say (`stack.read`)."""
    return parse_token(token).kind


def kind_of_arm_type(type: str) -> Kind | None:
    """The kind of a Resource Manager type, such as `Microsoft.KeyVault/vaults/keys`, in any casing."""
    type = type.strip("/").lower()
    return _BY_ARM_TYPE.get(type, _unread(type))


def is_harmless(token: str) -> bool:
    """Whether a type of no kind is known to be unable to touch a key, an account or a grant, by itself or by
    what it runs."""
    native = _AZURE_NATIVE.fullmatch(token)
    if token in _OWN or native is None:
        return token in _OWN or token.partition(":")[0] in _HARMLESS["packages"]
    module = native["module"].lower()
    return module in _HARMLESS["modules"] or f"{module}:{native['type']}".lower() in _BY_NATIVE


def is_harmless_arm_type(type: str) -> bool:
    """Whether it is known that a Resource Manager type, in any casing, concerns no keys."""
    type = type.strip("/").lower()
    return type in _BY_ARM_TYPE or type.partition("/")[0] in _HARMLESS["namespaces"]


def may_concern_keys(arm_type: str | None, namespace: str = "") -> bool:
    """Whether a Resource Manager type, in any casing, is one of a kind. A type that is not known (None) may
    be any of its namespace, and any at all without one."""
    if arm_type is not None:
        return kind_of_arm_type(arm_type) is not None
    return not namespace or any(known.startswith(f"{namespace.lower()}/") for known in _BY_ARM_TYPE)


def _unread(type: str) -> Kind | None:
    return Kind.UNREAD if _UNREAD.fullmatch(type) else None


def _api_version(pinned: str | None) -> str | None:
    match = _VERSION.fullmatch(pinned or "")
    if match is None:
        return None
    year, month, day, label = match.groups()
    return f"{year}-{month}-{day}" + (f"-{label.strip('_')}" if label else "")


def camel_case(python_name: str) -> str:
    """A name as the package's schema and a stack's file have it."""
    first, *rest = python_name.split("_")
    return first + "".join(word.title() for word in rest)
