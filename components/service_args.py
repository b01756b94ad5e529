"""The arguments of EncryptedAIServicesAccount, their defaults, and the rules between them.

A stack's settings are these arguments, read from its file; their descriptions document both. What depends on
existing resources is in guards/.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NotRequired, Self, TypedDict

import pulumi

from components import callers, foundry
from components.access_model import ACCESS_POLICY, MANAGED_HSM, RBAC
from components.account import LINKS, OUTBOUND, SEARCH, TIERS, tier_problems
from components.alerts import ALERTS
from components.arguments import checks, names
from components.arguments.inputs import (
    ArgumentRule,
    Inputs,
    arguments,
    camel_case,
    component_name,
    flag,
    group,
    groups,
    known_text,
    mapping,
    number,
    required_text,
    text,
    texts,
)
from components.arguments.names import NamingFunction, NamingRule
from components.arguments.problem import Problem
from components.arguments.tags import checked_tags
from components.as_found import AS_FOUND
from components.audit import AuditLogInputs
from components.callers import CallerArgs, CallerInputs
from components.component import Tags
from components.foundry import DeploymentArgs, DeploymentInputs, ProjectArgs, ProjectInputs
from components.key import (
    EXPIRES_AFTER_DAYS,
    LEAST_EXPIRY_DAYS,
    LEAST_ROTATION_DAYS,
    MOST_EXPIRY_DAYS,
    MOST_ROTATION_DAYS,
    ROTATES_AFTER_DAYS,
    ROTATION,
)
from components.lock import CAN_NOT_DELETE
from components.network import PRIVATE, NetworkArgs, NetworkInputs, endpoint_problems
from core import arm_ids, kind_limits, kinds
from core.kinds import AccountKind
from core.regions import normalised, region
from core.roles import HSM_CRYPTO_USER

CUSTOMER_MANAGED, MICROSOFT_MANAGED = "customerManaged", "microsoftManaged"
SYSTEM_ASSIGNED, USER_ASSIGNED, BOTH = "systemAssigned", "userAssigned", "systemAndUserAssigned"
REFUSE, RECOVER = "refuse", "recover"
GRANTED, REVOKED = "granted", "revoked"


class ServiceVaultArgs(TypedDict):
    """The vault of a service: made here, or one that exists."""

    name: NotRequired[str | None]
    """Optional. Name of the vault made here, globally unique. Default: `kv-<name>`."""
    id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing vault, in any subscription of the tenant. No vault is made then."""
    key_operators: NotRequired[list[str] | None]
    """Optional. Object ids that may create new versions of the key, which a higher `key.generation` does;
    `deployer` is the identity that runs Pulumi. With `accessModel: rbac` they get the role Key Vault Crypto
    Officer at the vault, before the key is made. An operator who already has an access policy or this role,
    from elsewhere, is refused: if several programs share a vault, only the one that owns it lists its
    operators."""


class ServiceKeyArgs(TypedDict):
    """The key of a service: made here, or one that exists."""

    name: NotRequired[str | None]
    """Optional. Name of the key made here. Default: `cmk-<name>`."""
    id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing RSA 2048 key, without a version, in a vault or a managed HSM:
    `.../managedHSMs/HSM/keys/KEY`. Neither vault nor key is made then."""
    generation: NotRequired[int | None]
    """Optional. A higher number creates a new version of the key and binds the account to it. A lower one is
    refused. The update must reach the vault: with `network.access: closed` none does."""
    pin: NotRequired[str | None]
    """Optional. Key version (32 hexadecimal digits) to stay on. Default: the newest that is enabled."""
    expires_after_days: NotRequired[int | None]
    """Optional. Days until a version made by rotation expires; 730 by default. Applied when the key is
    made."""
    rotates_after_days: NotRequired[int | None]
    """Optional. Days after which the vault creates a new version automatically; 540 by default. `pulumi up`
    binds it. Applied when the key is made."""


class NamesArgs(TypedDict):
    """How the resources made here are named in Azure. Each is a template; `{service}`, `{stack}`,
    `{location}` and `{kind}`, the abbreviation of the account's kind, stand for what they say."""

    resource_group: NotRequired[str | None]
    """Optional. The resource group. Default: `rg-{service}`."""
    vault: NotRequired[str | None]
    """Optional. The vault, globally unique. Default: `kv-{service}`."""
    key: NotRequired[str | None]
    """Optional. The key. Default: `cmk-{service}`. Another name makes another key and binds the account to
    it."""
    account: NotRequired[str | None]
    """Optional. The account and its subdomain, globally unique. Default: `{kind}-{service}`."""
    identity: NotRequired[str | None]
    """Optional. The user-assigned identity, when it is made. Default: `id-{service}`."""
    workspace: NotRequired[str | None]
    """Optional. The Log Analytics workspace, when it is made. Default: `log-{service}`."""
    private_endpoint: NotRequired[str | None]
    """Optional. The private endpoints, when they are made; `{target}` is `account` or `vault`. Default:
    `pe-{service}-{target}`."""
    network_interface: NotRequired[str | None]
    """Optional. Their network interfaces, when they are made; `{target}` is `account` or `vault`. Default:
    what Azure makes of the endpoint's name."""
    diagnostic_setting: NotRequired[str | None]
    """Optional. The diagnostic settings, when they are made. Default: `{service}-audit`."""
    action_group: NotRequired[str | None]
    """Optional. The action group of `audit.alertEmails`. Default: `ag-{service}`."""
    alert: NotRequired[str | None]
    """Optional. The alerts; `{alert}` is `failed-unwraps` or `key-near-expiry`. Default:
    `alert-{service}-{alert}`."""
    lock: NotRequired[str | None]
    """Optional. The locks, when they are made; `{target}` is `account` or `vault`. Default:
    `{service}-{target}-lock`."""


class ServiceAuditArgs(TypedDict):
    """Where the audit logs of the account and of the vault made here go."""

    new_workspace: NotRequired[bool | None]
    """Optional. Whether a Log Analytics workspace `log-<name>` is made for the audit logs. Default: `true`,
    unless `workspaceId` is given. With `false` and no other destination no logs are kept, which the policy
    pack refuses for a vault. A workspace that was made is then deleted with its logs; while it is protected,
    that takes `protect: false` in an update before, or the `pulumi state unprotect` commands that are
    printed."""
    workspace_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing Log Analytics workspace for the audit logs."""
    storage_account_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing storage account that gets the audit logs, too. It has to be in the
    service's region, of a standard tier, and open to trusted Microsoft services."""
    event_hub_rule_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing authorization rule of an Event Hubs namespace that gets the audit logs,
    too: `.../namespaces/NAME/authorizationRules/RULE`. The namespace has to be in the service's region, and
    the rule needs the rights Manage, Send and Listen."""
    event_hub_name: NotRequired[str | None]
    """Optional. Name of the event hub in that namespace; with `eventHubRuleId`. Default: one that Azure makes
    for each category of logs."""
    setting_name: NotRequired[str | None]
    """Optional. Name of the diagnostic settings, when they are made. Default: `<name>-audit`."""
    alerts: NotRequired[bool | None]
    """Optional. Saves queries in the workspace (key use by identity, failed unwraps, key changes), and alerts
    on failed unwraps and on keys that expire soon. For a vault made here."""
    alert_emails: NotRequired[list[str] | None]
    """Optional. E-mail addresses that receive the alerts; with `alerts`."""
    alert_action_group_ids: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. ARM ids of existing action groups that receive the alerts; with `alerts`."""


class EncryptedAIServicesAccountArgs(TypedDict):
    """Inputs of EncryptedAIServicesAccount."""

    location: str
    """Required. Azure region of everything made here. Changing it replaces the account, without its data."""
    encryption: NotRequired[str | None]
    """Optional. Who manages the key that encrypts the data at rest: `customerManaged` (default) or
    `microsoftManaged`. A customer-managed key can be added later."""
    identity: NotRequired[str | None]
    """Optional. Which identity uses the key. `systemAssigned` (default): the account's own, bound in two
    phases; `userAssigned` or `systemAndUserAssigned`: an identity made before the account, which is then
    created with its key."""
    access_model: NotRequired[str | None]
    """Optional. How the vault grants the use of its keys: `accessPolicy` (default) or `rbac`. For an existing
    vault, the one that it uses."""
    access: NotRequired[str | None]
    """Optional. Whether the account may use the key; `granted` by default. `revoked` removes the grant:
    requests for the account's data then answer 403, while vault, key, account and binding stay; `granted`
    restores it."""
    resource_group_name: NotRequired[str | None]
    """Optional. Name of the resource group made here. Default: `rg-<name>`."""
    existing_resource_group_name: NotRequired[pulumi.Input[str] | None]
    """Optional. Name of an existing resource group. No group is made then."""
    account_name: NotRequired[str | None]
    """Optional. Name of the account and subdomain of its endpoint, globally unique. Default:
    `lang-<name>`."""
    soft_deleted: NotRequired[str | None]
    """Optional. What happens when a soft-deleted vault or account still holds a name: `refuse` (default)
    reports it and what can be done; `recover` brings it back with its keys and data."""
    replace_account: NotRequired[str | None]
    """Optional. Name of the account that a changed `accountName` may replace. Its data is deleted with it.
    Replacing a protected account takes three updates: first set `replaceAccount` alone, which removes the
    protection from the old account; then change `accountName`, which makes the new account and deletes the
    old one; then run `pulumi up` once more, which protects the new account."""
    unbind_account: NotRequired[str | None]
    """Optional. Name of the account that `encryption: microsoftManaged` may unbind from the customer-managed
    key; it needs `access: granted`. No data is lost; vault, key and access stay as long as this is set, and
    so do their settings. If the account is protected, run `pulumi up` with this change alone first."""
    kind: NotRequired[str | None]
    """Optional. The kind of account: `TextAnalytics` (default) is Language, `AIServices` a Microsoft Foundry
    resource. The kind of an account cannot be changed."""
    sku: NotRequired[str | None]
    """Optional. Pricing tier of the account; by default the kind's first paid one, `S` for Language. The free
    tier, `F0`, does not support customer-managed keys."""
    allow_project_management: NotRequired[bool | None]
    """Optional. Whether the account of kind `AIServices` may have projects. Default: `true` with `projects`,
    otherwise unchanged. Once it is true, the account cannot change between a customer-managed and a
    Microsoft-managed key."""
    projects: NotRequired[list[ProjectArgs] | None]
    """Optional. Foundry projects of the account, of kind `AIServices`. They are made after the key is bound,
    because Azure refuses the change of an account that has projects."""
    removed_projects: NotRequired[list[str] | None]
    """Optional. Names of projects that this stack deletes with their data. A project that is no longer listed
    and not named here is refused. If it is protected, run `pulumi up` with this change alone first."""
    deployments: NotRequired[list[DeploymentArgs] | None]
    """Optional. Models that are deployed to the account, of kind `AIServices` or `OpenAI`, one after the
    other."""
    lock: NotRequired[str | None]
    """Optional. `CanNotDelete` locks the account, and the vault of its key if that grants by access policies:
    neither they nor anything below the account can be deleted until the lock is removed. Default: no lock. To
    delete something below the account, remove it together with the lock, then set the lock again."""
    restrict_outbound: NotRequired[bool | None]
    """Optional. Whether the account may call only its vault's host and those of `allowedFqdns`. Default:
    unchanged."""
    allowed_fqdns: NotRequired[list[str] | None]
    """Optional. Further hosts that the account may call, such as `contoso.blob.core.windows.net`; with
    `restrictOutbound`."""
    other_identity_ids: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. ARM ids of user-assigned identities that the account has besides the one that uses the key,
    such as for linked storage. They get no access to the key."""
    storage_account_ids: NotRequired[list[str] | None]
    """Optional. ARM ids of the storage accounts that the account is linked to, for the kinds `TextAnalytics`,
    `SpeechServices` and `AIServices`; `[]` links none. The latter two have one, which never changes. Default:
    unchanged. They encrypt their data with keys of their own, not with the account's."""
    grant_storage_access: NotRequired[bool | None]
    """Optional. Whether the account's own identity gets the role Storage Blob Data Contributor on each of
    these; default true. With false their owner grants it."""
    search_service_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of the Azure AI Search service in which custom question answering keeps its data,
    under that service's own key. Default: unchanged."""
    search_service_key: NotRequired[pulumi.Input[str] | None]
    """Conditional. An admin key of that service, with `searchServiceId`. Azure never returns it, so each
    update of the account sends it again. Set it with `pulumi config set --secret`."""
    vault: NotRequired[ServiceVaultArgs | None]
    """Optional. The vault: made here, or one that exists."""
    key: NotRequired[ServiceKeyArgs | None]
    """Optional. The key: made here, or one that exists."""
    network: NotRequired[NetworkArgs | None]
    """Optional. Who may reach the account and the vault made here."""
    callers: NotRequired[list[CallerArgs] | None]
    """Optional. Who may call the service. The account accepts no keys, so only a role on it, given here or
    elsewhere, lets anyone call it."""
    audit: NotRequired[ServiceAuditArgs | None]
    """Optional. Where the audit logs of the account and of the vault made here go."""
    as_found: NotRequired[list[str] | None]
    """Optional. Parts of an adopted account, and of its vault and access, that stay as they were found,
    whatever else is declared. `python -m operate adopt` writes it; remove a word to manage that part."""
    tags: NotRequired[Tags | None]
    """Optional. Tags of everything made here."""
    names: NotRequired[NamesArgs | None]
    """Optional. How what is made here is named in Azure. A name that is given by itself, such as
    `accountName`, comes first. A changed rule is refused where it would replace what holds data; what is
    named *when it is made* keeps the name that it has."""


def _one_vault(vault: "ServiceVaultInputs") -> Iterator[Problem]:
    if vault.id is not None and vault.name:
        yield Problem("name", "is for a vault made here, but id names one that exists; remove one of them")


@dataclass(frozen=True, kw_only=True)
class ServiceVaultInputs(Inputs):
    """ServiceVaultArgs with defaults. `name` is empty for an existing vault."""

    ARGS = ServiceVaultArgs
    RULES = (ArgumentRule(_one_vault, ("id", "name")),)

    name: str = text("", check=names.VAULT.checked)
    id: pulumi.Input[str] | None = text(accepts_outputs=True, check=checks.resource_id(arm_ids.VAULT))
    key_operators: tuple[str, ...] = texts(check=checks.principal)


def _made_or_existing_key(key: "ServiceKeyInputs") -> Iterator[Problem]:
    for argument in ("name", "expires_after_days", "rotates_after_days"):
        if key.id is not None and argument in key.given:
            yield Problem(
                camel_case(argument),
                "is for a key made here, but id names one that exists; remove one of them",
            )


@dataclass(frozen=True, kw_only=True)
class ServiceKeyInputs(Inputs):
    """ServiceKeyArgs with defaults. `name` is empty for an existing key."""

    ARGS = ServiceKeyArgs
    RULES = (ArgumentRule(_made_or_existing_key, ("id",)), ROTATION)

    name: str = text("", check=names.KEY.checked)
    id: pulumi.Input[str] | None = text(accepts_outputs=True, check=checks.key_id)
    generation: int | None = number(minimum=0)
    pin: str | None = text(check=checks.key_version)
    expires_after_days: int = number(EXPIRES_AFTER_DAYS, minimum=LEAST_EXPIRY_DAYS, maximum=MOST_EXPIRY_DAYS)
    rotates_after_days: int = number(
        ROTATES_AFTER_DAYS, minimum=LEAST_ROTATION_DAYS, maximum=MOST_ROTATION_DAYS
    )


@dataclass(frozen=True, kw_only=True)
class ServiceAuditInputs(AuditLogInputs, Inputs):
    """ServiceAuditArgs with defaults."""

    ARGS = ServiceAuditArgs


@dataclass(frozen=True, kw_only=True)
class NamesInputs(Inputs):
    """NamesArgs with defaults."""

    ARGS = NamesArgs

    resource_group: str | None = text(check=names.template_of("resourceGroup"))
    vault: str | None = text(check=names.template_of("vault"))
    key: str | None = text(check=names.template_of("key"))
    account: str | None = text(check=names.template_of("account"))
    identity: str | None = text(check=names.template_of("identity"))
    workspace: str | None = text(check=names.template_of("workspace"))
    private_endpoint: str | None = text(check=names.template_of("privateEndpoint"))
    network_interface: str | None = text(check=names.template_of("networkInterface"))
    diagnostic_setting: str | None = text(check=names.template_of("diagnosticSetting"))
    action_group: str | None = text(check=names.template_of("actionGroup"))
    alert: str | None = text(check=names.template_of("alert"))
    lock: str | None = text(check=names.template_of("lock"))

    @property
    def templates(self) -> dict[str, str]:
        """Those that are given, by resource."""
        return {
            camel_case(name): getattr(self, name) for name in arguments(NamesInputs) if getattr(self, name)
        }


def _tier(service: "ServiceInputs") -> Iterator[Problem]:
    otherwise = "set encryption: microsoftManaged" if service.encryption == CUSTOMER_MANAGED else ""
    yield from tier_problems(service.account_kind, service.sku, otherwise=otherwise)


def _identity_of_kind(service: "ServiceInputs") -> Iterator[Problem]:
    user_assigned = service.has_key and not service.binds_in_two_phases
    if unmet := kind_limits.key_identity(service.kind, user_assigned=user_assigned):
        yield Problem(
            "identity", f"found {service.identity!r}, but {unmet.found}; expected {SYSTEM_ASSIGNED!r}"
        )


def storage_role(storage_id: str) -> str:
    """What the role on a linked storage account is called in the program, after the service's name."""
    return f"storage-{arm_ids.name_of(storage_id).lower()}"


def _storage_identity(service: "ServiceInputs") -> Iterator[Problem]:
    if service.granted_storage_ids and service.identity == USER_ASSIGNED:
        yield Problem(
            "grantStorageAccess",
            "the account reads and writes its storage accounts by its own identity, but found identity: "
            f"{USER_ASSIGNED}; expected identity: {BOTH}, or grantStorageAccess: false",
        )


def _callers(service: "ServiceInputs") -> Iterator[Problem]:
    yield from callers.problems(service.callers, service.account_kind)


def _endpoints(service: "ServiceInputs") -> Iterator[Problem]:
    for one in endpoint_problems(service.network, service.account_kind, makes_vault=service.makes_vault):
        yield Problem(f"network.{one.path}", one.text)


def _below(service: "ServiceInputs") -> Iterator[Problem]:
    yield from foundry.problems(service)


def _without_customer_key(service: "ServiceInputs") -> Iterator[Problem]:
    for path, given in (("vault", service.vault.given), ("key", service.key.given)):
        if given and not service.has_key:
            yield Problem(
                path,
                "is for a customer-managed key, but found encryption: microsoftManaged; remove one of them "
                "or, for an account that is to leave its key, keep both and set unbindAccount to its name",
            )


def _vault_of_key(service: "ServiceInputs") -> Iterator[Problem]:
    key_id, vault_id = known_text(service.key.id), known_text(service.vault.id)
    if service.key.id is not None and service.vault.name:
        yield Problem("vault.name", "is for a vault made here, but key.id names a key in one that exists")
    if key_id and vault_id and not arm_ids.same(arm_ids.key_id(key_id).parent.text, vault_id):
        yield Problem("key.id", f"is not a key of the vault {vault_id!r}; remove vault.id, key.id is enough")


def _managed_hsm(service: "ServiceInputs") -> Iterator[Problem]:
    if not service.in_managed_hsm:
        return
    if "access_model" in service.given:
        yield Problem(
            "accessModel",
            "is for a vault, but key.id names a key of a managed HSM, which has roles of its own; remove it",
        )
    if service.vault.key_operators:
        yield Problem(
            "vault.keyOperators",
            "is for a vault, but key.id names a key of a managed HSM; remove it, and have an administrator "
            f"of the HSM give them the role {HSM_CRYPTO_USER.name!r} (az keyvault role assignment create)",
        )


def _resource_group(service: "ServiceInputs") -> Iterator[Problem]:
    if service.resource_group_name and service.existing_resource_group_name is not None:
        yield Problem(
            "resourceGroupName",
            "is for a group made here, but existingResourceGroupName is given, too; remove one of them",
        )


def _alerts(service: "ServiceInputs") -> Iterator[Problem]:
    if service.audit.alerts and not service.makes_vault:
        yield Problem(
            "audit.alerts", "is for a vault made here; alerts on an existing vault's log belong to its owner"
        )


def _derived_names(service: "ServiceInputs") -> Iterator[Problem]:
    rule, made = service.naming_rule, {one.resource: one for one in service.derived_names}
    for resource, target in service.named:
        argument, given = made[resource][1:] if resource in made else ("", "")
        try:
            if not given:
                rule.name(resource, target)
        except ValueError as error:
            if rule.function:
                yield Problem("naming", str(error))
            elif resource in rule.templates:
                yield Problem(f"names.{resource}", f"{error}; shorten the template, or the service's name")
            else:
                given_by = argument or f"names.{resource}"
                yield Problem("name", f"{error}; shorten the name, or give {given_by}")


class DerivedName(NamedTuple):
    """What is made here under a name that an argument may give."""

    resource: str
    argument: str
    given: str


@dataclass(frozen=True, kw_only=True)
class ServiceInputs(Inputs):
    """EncryptedAIServicesAccountArgs with defaults, and what follows from them."""

    ARGS = EncryptedAIServicesAccountArgs
    RULES = (
        ArgumentRule(_tier, ("kind", "sku", "encryption")),
        ArgumentRule(_identity_of_kind, ("kind", "identity", "encryption", "unbind_account")),
        ArgumentRule(_callers, ("kind", "callers")),
        ArgumentRule(_endpoints, ("kind", "network", "vault", "key", "encryption", "unbind_account")),
        ArgumentRule(_below, ("kind", "allow_project_management", "projects", "deployments")),
        ArgumentRule(_without_customer_key, ("encryption", "unbind_account", "vault", "key")),
        SEARCH,
        LINKS,
        ArgumentRule(_storage_identity, ("identity", "storage_account_ids", "grant_storage_access")),
        OUTBOUND,
        ArgumentRule(_vault_of_key, ("vault", "key")),
        ArgumentRule(_managed_hsm, ("access_model", "vault", "key")),
        ArgumentRule(_resource_group, ("resource_group_name", "existing_resource_group_name")),
        ArgumentRule(_alerts, ("audit", "encryption", "unbind_account", "vault", "key")),
        ArgumentRule(
            _derived_names,
            (
                "name",
                "kind",
                "encryption",
                "unbind_account",
                "vault",
                "key",
                "account_name",
                "resource_group_name",
                "existing_resource_group_name",
                "names",
            ),
        ),
    )

    name: str = component_name(check=names.SERVICE.checked)
    location: str = required_text(check=region, example="westeurope")
    encryption: str = text(CUSTOMER_MANAGED, choices=(CUSTOMER_MANAGED, MICROSOFT_MANAGED))
    identity: str = text(SYSTEM_ASSIGNED, choices=(SYSTEM_ASSIGNED, USER_ASSIGNED, BOTH))
    access_model: str = text(ACCESS_POLICY, choices=(ACCESS_POLICY, RBAC))
    access: str = text(GRANTED, choices=(GRANTED, REVOKED))
    resource_group_name: str = text("", check=names.RESOURCE_GROUP.checked)
    existing_resource_group_name: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=names.RESOURCE_GROUP.checked
    )
    account_name: str = text("", check=names.ACCOUNT.checked)
    soft_deleted: str = text(REFUSE, choices=(REFUSE, RECOVER))
    replace_account: str | None = text(check=names.ACCOUNT.checked)
    unbind_account: str | None = text(check=names.ACCOUNT.checked)
    kind: str = text(kinds.LANGUAGE.name, choices=kinds.NAMES)
    sku: str = text("", choices=TIERS)
    allow_project_management: bool | None = flag()
    projects: tuple[ProjectInputs, ...] = groups(ProjectInputs)
    removed_projects: tuple[str, ...] = texts(check=names.PROJECT.checked)
    deployments: tuple[DeploymentInputs, ...] = groups(DeploymentInputs)
    lock: str = text("", choices=(CAN_NOT_DELETE,))
    restrict_outbound: bool | None = flag()
    allowed_fqdns: tuple[str, ...] = texts(check=checks.host_name)
    other_identity_ids: tuple[pulumi.Input[str], ...] = texts(
        accepts_outputs=True, check=checks.resource_id(arm_ids.USER_ASSIGNED_IDENTITY)
    )
    storage_account_ids: tuple[str, ...] | None = texts(
        None, check=checks.resource_id(arm_ids.STORAGE_ACCOUNT)
    )
    grant_storage_access: bool = flag(default=True)
    search_service_id: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.SEARCH_SERVICE)
    )
    search_service_key: pulumi.Input[str] | None = text(accepts_outputs=True)
    vault: ServiceVaultInputs = group(ServiceVaultInputs)
    key: ServiceKeyInputs = group(ServiceKeyInputs)
    network: NetworkInputs = group(NetworkInputs)
    callers: tuple[CallerInputs, ...] = groups(CallerInputs)
    audit: ServiceAuditInputs = group(ServiceAuditInputs)
    as_found: tuple[str, ...] = texts(choices=AS_FOUND)
    tags: Tags | None = mapping(check=checked_tags, accepts_outputs=True)
    naming: NamingFunction | None = None
    stack: str = dataclasses.field(default="", compare=False)
    # Last, because it hides the module in what follows.
    names: NamesInputs = group(NamesInputs)

    @property
    def naming_rule(self) -> NamingRule:
        """What gives the resources made here their names."""
        location, templates = normalised(self.location), self.names.templates
        return NamingRule(self.name, location, self.account_kind, self.stack, templates, self.naming)

    @property
    def account_kind(self) -> AccountKind:
        """What is particular to the kind of the account."""
        return kinds.named(self.kind)

    @property
    def manages_projects(self) -> bool | None:
        """Whether the account may have projects; None for what it has."""
        return True if self.projects else self.allow_project_management

    @property
    def granted_storage_ids(self) -> tuple[str, ...]:
        """The storage accounts on which the account's own identity gets a role."""
        return (self.storage_account_ids or ()) if self.grant_storage_access else ()

    @property
    def unbinds(self) -> bool:
        """Whether the account is put back on Microsoft-managed keys, while the customer's key stays."""
        return self.encryption == MICROSOFT_MANAGED and self.unbind_account is not None

    @property
    def has_key(self) -> bool:
        """Whether the service has a customer-managed key: its data is under it, or was until unbound."""
        return self.encryption == CUSTOMER_MANAGED or self.unbinds

    @property
    def is_revoked(self) -> bool:
        """Whether the account may not use its key."""
        return self.access == REVOKED

    @property
    def binds_in_two_phases(self) -> bool:
        """Whether the account's own identity uses the key, which exists only once the account does."""
        return self.identity == SYSTEM_ASSIGNED

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM, whose own roles grant it."""
        return self.has_key and arm_ids.in_managed_hsm(known_text(self.key.id) or "")

    @property
    def grants_by(self) -> str:
        """How the use of the key is granted: the vault's access model, or a managed HSM's own roles."""
        return MANAGED_HSM if self.in_managed_hsm else self.access_model

    @property
    def makes_key(self) -> bool:
        """Whether the key is made here."""
        return self.has_key and self.key.id is None

    @property
    def makes_vault(self) -> bool:
        """Whether the vault is made here."""
        return self.makes_key and self.vault.id is None

    @property
    def derived_names(self) -> tuple[DerivedName, ...]:
        """The names of what is made here that arguments may give."""
        found = [DerivedName("account", "accountName", self.account_name)]
        if self.existing_resource_group_name is None:
            found.append(DerivedName("resourceGroup", "resourceGroupName", self.resource_group_name))
        if self.makes_vault:
            found.append(DerivedName("vault", "vault.name", self.vault.name))
        if self.makes_key:
            found.append(DerivedName("key", "key.name", self.key.name))
        return tuple(found)

    def argument_of(self, resource: str) -> str:
        """The path of what gives the resource its name: its own argument, or the rule."""
        made = {one.resource: one.argument for one in self.derived_names}
        own = {
            "account": "account_name" in self.given,
            "resourceGroup": "resource_group_name" in self.given,
            "vault": "name" in self.vault.given,
            "key": "name" in self.key.given,
        }
        by_rule = resource in self.names.templates and not own.get(resource)
        return f"names.{resource}" if by_rule else made.get(resource, "name")

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The names that the rule gives to what is made here: resource and target."""
        targets = ("account", "vault") if self.makes_vault else ("account",)
        found = [(one.resource, "") for one in self.derived_names]
        if self.has_key and not self.binds_in_two_phases:
            found.append(("identity", ""))
        if self.network.access == PRIVATE:
            found += [(one, target) for one in ("privateEndpoint", "networkInterface") for target in targets]
        if self.audit.keeps_logs:
            found.append(("diagnosticSetting", ""))
            if self.audit.has_workspace and self.audit.workspace_id is None:
                found.append(("workspace", ""))
        if self.audit.alerts:
            found += [("alert", query) for query in (one.query.name for one in ALERTS)]
            found += [("actionGroup", "")] if self.audit.alert_emails else []
        if self.lock:
            found += [("lock", target) for target in ("account", "vault")]
        return tuple(found)

    def completed(self) -> Self:
        """The same with the account's tier and the names of what is made here; other names stay empty."""
        rule = self.naming_rule
        made = {one.argument: one.given or rule.name(one.resource) for one in self.derived_names}
        return dataclasses.replace(
            self,
            resource_group_name=made.get("resourceGroupName", ""),
            account_name=made["accountName"],
            sku=self.sku or self.account_kind.tiers[0],
            vault=dataclasses.replace(self.vault, name=made.get("vault.name", "")),
            key=dataclasses.replace(self.key, name=made.get("key.name", "")),
        )
