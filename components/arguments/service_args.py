"""The arguments of EncryptedAIServicesAccount, their defaults, and the rules between them.

A stack's settings are these arguments, read from its file; their descriptions document both. The rules about
existing resources are in core/service/.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pulumi

from components.arguments import callers, names
from components.arguments.as_found import AS_FOUND
from components.arguments.audit import ServiceAuditArgs
from components.arguments.callers import CallerArgs
from components.arguments.encryption_args import EncryptionArguments
from components.arguments.foundry import FoundryArguments
from components.arguments.inputs import Arguments, Rule, argument, known_text
from core import arm_ids, coverage, demands, facts, kind_limits, kinds
from core.kinds import FREE_TIER
from core.regions import normalised, region
from core.resource_types import camel_case
from core.service.desired import (
    BOTH,
    CUSTOMER_MANAGED,
    PINNED,
    PRIVATE,
    SYSTEM_ASSIGNED,
    USER_ASSIGNED,
    DesiredKey,
    DesiredService,
    DesiredVault,
)
from core.service.problem import Fix, Problem


@dataclass(frozen=True, kw_only=True)
class NamesArgs(Arguments):
    """The names in Azure of resources that no other argument names. Each is a template, in which `{service}`,
    `{stack}`, `{location}` and `{kind}`, the abbreviation of the account's kind, are replaced by these
    values."""

    identity: str | None = argument(None, check=names.template_of("identity"))
    """Optional. The user-assigned identity, when it is made. Default: `id-{service}`."""
    workspace: str | None = argument(None, check=names.template_of("workspace"))
    """Optional. The Log Analytics workspace, when it is made. Default: `log-{service}`."""
    private_endpoint: str | None = argument(None, check=names.template_of("privateEndpoint"))
    """Optional. The private endpoints, when they are made; `{target}` is `account` or `vault`. Default:
    `pe-{service}-{target}`."""
    diagnostic_setting: str | None = argument(None, check=names.template_of("diagnosticSetting"))
    """Optional. The diagnostic settings, when they are made. Default: `{service}-audit`."""


def _tier(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    kind, sku = service.account_kind, service.sku
    has_key = service.encryption == CUSTOMER_MANAGED
    if has_key and sku and (unmet := demands.tier(kind.name, sku, planned=True)):
        otherwise = "set encryption: microsoftManaged"
        yield Problem("sku", f"found {unmet.found}; use {kind.tiers[0]!r}, or {otherwise}")
    elif sku and sku not in (*kind.tiers, FREE_TIER):
        known = f"{', '.join(map(repr, kind.tiers))} or {FREE_TIER!r}"
        yield Problem("sku", f"found {sku!r}, expected {known} for kind {kind.name}")


def _key_of_kind(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    if service.makes_key and (unmet := demands.key_type(service.key.type, service.key.size, [service.kind])):
        yield Problem("key.size", f"found {service.key.size}, expected {unmet.expected}")


def _identity_of_kind(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    user_assigned = service.has_key and not service.binds_in_two_phases
    if unmet := kind_limits.key_identity(service.kind, user_assigned=user_assigned):
        text = f"found {service.identity!r}, but {unmet.found}; expected {SYSTEM_ASSIGNED!r}"
        yield Problem("identity", text, Fix(SYSTEM_ASSIGNED))


def _region_of_key(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    if service.has_key and normalised(service.location) == coverage.GLOBAL:
        yield Problem(
            "location",
            f"found {service.location!r}, but an account that is global can have no customer's key; give a "
            "region, such as westeurope, or set encryption: microsoftManaged",
        )


def _version_of_kind(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    unmet = kind_limits.key_version(service.kind, service.key.version if service.names_version else "")
    if service.has_key and unmet:
        text = f"found {service.key.version!r}, but {unmet.found}; expected {PINNED!r}"
        yield Problem("key.version", text, Fix(PINNED))


def storage_role(storage_id: str) -> str:
    """The name of a linked storage account's role in the program, after the service's name."""
    return f"storage-{arm_ids.name_of(storage_id).lower()}"


def _storage_identity(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    if service.granted_storage_ids and service.identity == USER_ASSIGNED:
        yield Problem(
            "grantStorageAccess",
            "the account reads and writes its storage accounts by its own identity, but found identity: "
            f"{USER_ASSIGNED}; expected identity: {BOTH}, or grantStorageAccess: false",
        )


def _resource_group(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
    if service.resource_group_name and service.existing_resource_group_name is not None:
        yield Problem(
            "resourceGroupName",
            "is for a group made here, but existingResourceGroupName is given, too; remove one of them",
        )


_ONE, _TARGETS = ("",), ("account", "vault")
_MADE: Mapping[str, Callable[[Any], Sequence[str]]] = {
    "account": lambda _: _ONE,
    "resourceGroup": lambda service: _ONE if service.existing_resource_group_name is None else (),
    "vault": lambda service: _ONE if service.makes_vault else (),
    "key": lambda service: _ONE if service.makes_key else (),
    "identity": lambda service: _ONE if service.has_key and not service.binds_in_two_phases else (),
    "workspace": lambda service: _ONE if service.audit.makes_workspace else (),
    "privateEndpoint": lambda service: (
        _TARGETS[: 1 + service.makes_vault] if service.network.access == PRIVATE else ()
    ),
    "diagnosticSetting": lambda service: _ONE if service.audit.keeps_logs else (),
}
"""Which of the resources in `names.DEFAULTS` a service makes, of some for each of several targets."""


def _name_of(resource: str) -> Rule:
    """A rule by itself for each resource: an argument that is wrong hides no other's name."""

    def rule(service: "EncryptedAIServicesAccountArgs") -> Iterator[Problem]:
        for target in _MADE[resource](service):
            try:
                service.name_of(resource, target)
            except ValueError as error:
                yield Problem(service.argument_of(resource), str(error))

    return rule


@dataclass(frozen=True, kw_only=True)
class EncryptedAIServicesAccountArgs(EncryptionArguments, FoundryArguments):
    """Inputs of EncryptedAIServicesAccount."""

    _RULES: ClassVar[tuple[Rule, ...]] = (
        _resource_group,
        _tier,
        _key_of_kind,
        _identity_of_kind,
        _region_of_key,
        _version_of_kind,
        callers.problems,
        _storage_identity,
        *map(_name_of, _MADE),
    )

    location: str = argument(check=region, example="westeurope")
    """Required. Azure region of everything made here. An account cannot move: the preview refuses a
    change."""
    resource_group_name: str = argument("", check=names.RESOURCE_GROUP.checked)
    """Optional. Name of the resource group made here. Default: `rg-<name>`."""
    existing_resource_group_name: pulumi.Input[str] | None = argument(
        None, check=names.RESOURCE_GROUP.checked
    )
    """Optional. Name of an existing resource group. No group is made then."""

    grant_storage_access: bool = True
    """Optional. Whether the account's own identity gets the role Storage Blob Data Contributor on each of
    `storageAccountIds`; default true. With false, the owner of those accounts grants it."""
    callers: Sequence[CallerArgs] = ()
    """Optional. Who may call the service. The account accepts no keys, so only a role on it, given here or
    elsewhere, lets anyone call it."""
    audit: ServiceAuditArgs = ServiceAuditArgs()
    """Optional. Where the audit logs of the account and of the vault made here go."""
    as_found: Sequence[str] = argument((), choices=AS_FOUND)
    """Optional. Parts of an adopted account, and of its vault and access, that stay as they were found,
    whatever else is declared. `python -m operate adopt` writes it; remove a word to manage that part."""
    _stack: str = dataclasses.field(default="", compare=False)
    # Last, because it hides the module of this name in the rest of the class.
    names: NamesArgs = NamesArgs()
    """Optional. Templates for the names in Azure of the resources made here, except the account, the vault,
    the key and the resource group. A resource that is named *when it is made* keeps its name."""

    @classmethod
    def check_name(cls, name: str) -> None:
        """Raises ValueError for a name that the service cannot have."""
        try:
            names.SERVICE.checked(name)
        except ValueError as error:
            if len(name) <= names.SERVICE.longest:
                raise
            most = names.VAULT.longest - len(names.DEFAULTS["vault"].template.replace("{service}", ""))
            raise ValueError(f"{error}, and at most {most} unless vault.name is given") from None

    @property
    def desired(self) -> DesiredService:
        """The arguments as plain values, by which existing resources are judged."""
        texts = {
            name: getattr(self, name)
            for name in (
                "account_name",
                "kind",
                "location",
                "encryption",
                "identity",
                "access",
                "access_model",
                "foundry_auto_upgrade",
            )
        }
        vault, key = self.vault, self.key
        return DesiredService(
            **texts,
            unbind_account=self.unbind_account,
            revoke_account=self.revoke_account,
            vault=DesiredVault(
                name=vault.name, id=known_text(vault.id), key_operators=tuple(vault.key_operators)
            ),
            key=DesiredKey(
                name=key.name,
                id=known_text(key.id),
                type=key.type,
                size=key.size,
                version=key.version,
                pin=key.pin,
                generation=key.generation,
            ),
            resource_group_name=self.resource_group_name,
            existing_resource_group_name=known_text(self.existing_resource_group_name),
            named_projects=(*(project.name for project in self.projects), *self.removed_projects),
            network=self.network.access,
            keeps_logs=self.audit.keeps_logs,
            workspace_id=known_text(self.audit.workspace_id),
            as_found=tuple(self.as_found),
            arguments={
                resource: self.argument_of(resource) for resource in ("account", "resourceGroup", "vault")
            },
        )

    @property
    def group_name(self) -> str:
        """The resource group, made here or existing; UNKNOWN if something else is yet to make it."""
        existing = known_text(self.existing_resource_group_name)
        return self.resource_group_name if existing is None else existing

    @property
    def stack(self) -> str:
        """The name of the stack, for names."""
        return self._stack or pulumi.get_stack()

    @property
    def granted_storage_ids(self) -> Sequence[str]:
        """The storage accounts on which the account's own identity gets a role."""
        return (self.storage_account_ids or ()) if self.grant_storage_access else ()

    @property
    def made_names(self) -> Iterator[tuple[str, str]]:
        """The resources made here that have a name, and their names. Raises ValueError for a wrong one."""
        for resource, targets in _MADE.items():
            yield from ((resource, self.name_of(resource, target)) for target in targets(self))

    def name_of(self, resource: str, target: str = "") -> str:
        """The name in Azure. Raises ValueError if Azure would refuse the rule's name."""
        return names.derived(resource, self, names.DEFAULTS[resource].given(self), target)

    def of_account(self, account: facts.Account | None) -> Self:
        """These arguments with the name that the account has, if that is the default one of another kind: an
        account that Azure turns into another kind keeps its name."""
        if account is None or "account_name" in self.given:
            return self
        by_kind = {names.derived("account", dataclasses.replace(self, kind=kind)) for kind in kinds.NAMES}
        return dataclasses.replace(self, account_name=account.name) if account.name in by_kind else self

    def argument_of(self, resource: str) -> str:
        """The path of the argument that the resource has its name from."""
        default = names.DEFAULTS[resource]
        return camel_case(default.argument) if default.given(self) else "name"

    def completed(self) -> Self:
        """The arguments, with the account's tier and the names of resources made here; others stay empty."""
        made = dict(self.made_names)
        return dataclasses.replace(
            self,
            resource_group_name=made.get("resourceGroup", ""),
            account_name=made["account"],
            sku=self.sku or self.account_kind.tiers[0],
            vault=dataclasses.replace(self.vault, name=made.get("vault", "")),
            key=dataclasses.replace(self.key, name=made.get("key", "")),
        )
