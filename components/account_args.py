"""The arguments of an AI services account, those that it shares with a whole service, and what they mean for
Azure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import ArgumentRule, Arguments, ComponentArguments, argument, arguments
from components.arguments.names import NamingRule
from components.arguments.problem import Problem
from components.arguments.tags import Tags, checked_tags
from components.kept_properties import declared_links
from components.network import NetworkArgs
from core import arm_ids, clouds, demands, key_uris, kind_limits, kinds
from core.facts import CUSTOMER_MANAGED
from core.kinds import FREE_TIER, AccountKind
from core.regions import region

TIERS: Final = (*dict.fromkeys(tier for kind in kinds.ALL for tier in kind.tiers), FREE_TIER)
"""Every tier of every kind."""


@dataclass(frozen=True, kw_only=True)
class InlineKeyArgs(Arguments):
    """A key that the account is bound to in its own create, by a user-assigned identity that has access."""

    key_name: pulumi.Input[str] = argument(check=names.KEY.checked)
    """Required. The key's name."""
    key_version: pulumi.Input[str] | None = argument(None, check=checks.key_version)
    """Optional. The key's version. Without one, only with kind AIServices, the account uses the newest by
    itself."""
    key_vault_uri: pulumi.Input[str] = argument(example=key_uris.vault_uri("kv-claims", clouds.PUBLIC))
    """Required. The vault's endpoint."""
    identity_client_id: pulumi.Input[str] = argument(check=checks.guid)
    """Required. Client id of the identity that has access."""


def tier_problems(kind: AccountKind, sku: str, *, otherwise: str) -> Iterator[Problem]:
    """What is wrong with the tier of an account of a kind. `otherwise`: what can be done instead of using a
    paid tier with a customer-managed key; "" for an account without one."""
    if otherwise and sku and (unmet := demands.tier(kind.name, sku, planned=True)):
        yield Problem("sku", f"found {unmet.found}; use {kind.tiers[0]!r}, or {otherwise}")
    elif sku and sku not in (*kind.tiers, FREE_TIER):
        known = f"{', '.join(map(repr, kind.tiers))} or {FREE_TIER!r}"
        yield Problem("sku", f"found {sku!r}, expected {known} for kind {kind.name}")


def _search_with_key(account: "AccountArguments") -> Iterator[Problem]:
    if account.search_service_id is not None and account.search_service_key is None:
        yield Problem("searchServiceKey", "is required with searchServiceId: Azure asks for both")
    if account.search_service_key is not None and account.search_service_id is None:
        yield Problem("searchServiceId", "is required with searchServiceKey: Azure asks for both")


def _links_of_kind(account: "AccountArguments") -> Iterator[Problem]:
    kind = account.account_kind.name
    unmet = {
        "storageAccountIds": kind_limits.storage(kind, len(account.storage_account_ids or ())),
        "searchServiceId": kind_limits.lacks(kind, "search")
        if account.search_service_id is not None
        else None,
    }
    for path, one in unmet.items():
        if one:
            yield Problem(path, f"found {one.text}")


def _outbound(account: "AccountArguments") -> Iterator[Problem]:
    if account.allowed_fqdns and not account.restrict_outbound:
        yield Problem(
            "allowedFqdns", "is given, but the account may call every host; set restrictOutbound: true"
        )


@dataclass(frozen=True, kw_only=True)
class AccountArguments(ComponentArguments):
    """What an account is, also as a part of a service."""

    _RULES: ClassVar[tuple[ArgumentRule, ...]] = (
        ArgumentRule(_search_with_key, ("search_service_id", "search_service_key")),
        ArgumentRule(_links_of_kind, ("kind", "storage_account_ids", "search_service_id")),
        ArgumentRule(_outbound, ("restrict_outbound", "allowed_fqdns")),
    )

    account_name: str = argument(
        "", check=names.ACCOUNT.checked, derive=lambda account: account.naming_rule.name("account")
    )
    """Optional. Name of the account and subdomain of its endpoint, globally unique. Default:
    `lang-<name>`."""
    kind: str = argument(kinds.LANGUAGE.name, choices=kinds.NAMES)
    """Optional. The kind of account: `TextAnalytics` (default) is Language, `AIServices` a Microsoft Foundry
    resource. An account keeps its kind; only one of kind `OpenAI` can become one of kind `AIServices`.
    Azure ends `ContentModerator` by 2027-02-28, and features of Language by 2029-03-31
    (docs/azure-facts.md)."""
    sku: str = argument("", choices=TIERS, derive=lambda account: account.account_kind.tiers[0])
    """Optional. Pricing tier of the account; by default the kind's first paid one, `S` for Language. The free
    tier, `F0`, does not support customer-managed keys."""
    network: NetworkArgs = NetworkArgs()
    """Optional. Who may reach the account and the vault made here."""
    allow_project_management: bool | None = None
    """Optional. Whether the account of kind `AIServices` may have projects. Default: `true` with `projects`,
    otherwise unchanged. Once it is true, the account cannot change between a customer-managed and a
    Microsoft-managed key."""
    restrict_outbound: bool | None = None
    """Optional. Whether the account may call only its vault's host and those of `allowedFqdns`. Default:
    unchanged."""
    allowed_fqdns: Sequence[pulumi.Input[str]] = argument((), check=checks.host_name)
    """Optional. Hosts that the account may call; with `restrict_outbound`. It then reaches its key only if
    the vault's host is among them."""
    other_identity_ids: Sequence[pulumi.Input[str]] = argument(
        (), check=checks.resource_id(arm_ids.USER_ASSIGNED_IDENTITY)
    )
    """Optional. ARM ids of user-assigned identities that the account has besides the one that uses the key,
    such as for linked storage. They get no access to the key."""
    storage_account_ids: Sequence[str] | None = argument(
        None, check=checks.resource_id(arm_ids.STORAGE_ACCOUNT)
    )
    """Optional. ARM ids of the storage accounts that the account is linked to, for the kinds `TextAnalytics`,
    `SpeechServices` and `AIServices`; `[]` links none. The latter two have one, which never changes. Default:
    unchanged. They encrypt their data with keys of their own, not with the account's."""
    search_service_id: pulumi.Input[str] | None = argument(
        None, check=checks.resource_id(arm_ids.SEARCH_SERVICE)
    )
    """Optional. ARM id of the Azure AI Search service in which custom question answering keeps its data,
    under that service's own key. Default: unchanged."""
    search_service_key: pulumi.Input[str] | None = None
    """Conditional. An admin key of that service, with `searchServiceId`. Azure never returns it, so each
    update of the account sends it again. Set it with `pulumi config set --secret`."""
    tags: Tags | None = argument(None, check=checked_tags)
    """Optional. Tags of everything made here."""

    @property
    def account_kind(self) -> AccountKind:
        """What is particular to the kind of the account."""
        return kinds.named(self.kind)

    @property
    def naming_rule(self) -> NamingRule:
        """What gives the resources made here their names."""
        return NamingRule(self.name, kind=self.account_kind)

    def of_account(self, **own: Any) -> "AIServicesAccountArgs":
        """The arguments of the account alone: those that it shares with a service, and its `own`."""
        shared = {name: getattr(self, name) for name in arguments(AccountArguments)}
        return AIServicesAccountArgs(**{"_name": self.name, **shared, **own})


def _tier(account: "AIServicesAccountArgs") -> Iterator[Problem]:
    otherwise = "remove encryptionKey" if account.encryption_key else ""
    yield from tier_problems(account.account_kind, account.sku, otherwise=otherwise)


def _key_without_identity(account: "AIServicesAccountArgs") -> Iterator[Problem]:
    if account.encryption_key and account.user_assigned_identity_id is None:
        yield Problem(
            "userAssignedIdentityId",
            "is required with encryptionKey: only an identity that has access to the key already can bind it "
            "in the create of the account",
        )


@dataclass(frozen=True, kw_only=True)
class AIServicesAccountArgs(AccountArguments):
    """Inputs of AIServicesAccount."""

    _RULES: ClassVar[tuple[ArgumentRule, ...]] = (
        ArgumentRule(_tier, ("kind", "sku", "encryption_key")),
        ArgumentRule(_key_without_identity, ("encryption_key", "user_assigned_identity_id")),
    )

    resource_group_name: pulumi.Input[str] = argument(check=names.RESOURCE_GROUP.checked)
    """Required. The group the account is in."""
    location: pulumi.Input[str] = argument(check=region, example="westeurope")
    """Required. The region; another one is another account."""
    system_assigned: bool = True
    """Optional. Whether the account has an identity of its own; default true."""
    user_assigned_identity_id: pulumi.Input[str] | None = argument(
        None, check=checks.resource_id(arm_ids.USER_ASSIGNED_IDENTITY)
    )
    """Optional. ARM id of an identity that the account has, too."""
    encryption_key: InlineKeyArgs | None = None
    """Optional. A key to bind in the create; without it the account begins on Microsoft-managed keys."""


def allowed_hosts(
    restricted: bool | None, declared: Sequence[str], vault: pulumi.Input[str], left: str
) -> list[pulumi.Input[str]]:
    """The hosts that an account under a key may call, each once, where it may not call all.

    `vault` is the host of its key, without which the account could not use the key (Azure/ResourceModules
    #3259), and `left` that of the key that it is bound to before an update moves it: without it the account
    could not be written while it is still bound there. Each is "" where there is none.
    """
    if not restricted:
        return [*declared]
    known = vault if isinstance(vault, str) else ""
    hosts: list[pulumi.Input[str]] = [
        *dict.fromkeys(host.lower() for host in (known, left, *declared) if host)
    ]
    return hosts if known or vault == "" else [vault, *hosts]


def declared_account(inputs: AIServicesAccountArgs) -> dict[str, Any]:
    """What an account made here is, by azure-native's Python names."""
    properties: dict[str, Any] = {
        "custom_sub_domain_name": inputs.account_name,
        "disable_local_auth": True,
        "public_network_access": inputs.network.public_network_access,
        "network_acls": inputs.network.account_rules,
        **declared_links(inputs.storage_account_ids, inputs.search_service_id, inputs.search_service_key),
    }
    if inputs.allow_project_management is not None:
        properties["allowProjectManagement"] = inputs.allow_project_management
    if inputs.restrict_outbound is not None:
        properties["restrictOutboundNetworkAccess"] = inputs.restrict_outbound
        properties["allowedFqdnList"] = list(inputs.allowed_fqdns)
    if key := inputs.encryption_key:
        properties["encryption"] = {
            "key_source": CUSTOMER_MANAGED,
            "key_vault_properties": {
                "key_name": key.key_name,
                "key_version": key.key_version,
                "key_vault_uri": key.key_vault_uri,
                "identity_client_id": key.identity_client_id,
            },
        }
    return {
        "resource_group_name": inputs.resource_group_name,
        "account_name": inputs.account_name,
        "location": inputs.location,
        "kind": inputs.kind,
        "sku": {"name": inputs.sku},
        "identity": _identity(inputs),
        "properties": properties,
        "tags": inputs.tags,
    }


def _identity(inputs: AIServicesAccountArgs) -> dict[str, Any]:
    own = ["SystemAssigned"] if inputs.system_assigned else []
    of_key = inputs.user_assigned_identity_id
    assigned = [*([] if of_key is None else [of_key]), *inputs.other_identity_ids]
    if not assigned:
        return {"type": ", ".join(own) or "None"}
    return {"type": ", ".join([*own, "UserAssigned"]), "user_assigned_identities": assigned}


def on_the_wire(value: Any) -> Any:
    """Declared inputs, by azure-native's Python names, as Azure gets them."""
    if isinstance(value, Mapping):
        return {
            re.sub(r"_(\w)", lambda found: found[1].upper(), name): one
            if name == "tags"
            else on_the_wire(one)
            for name, one in value.items()
        }
    return [on_the_wire(one) for one in value] if isinstance(value, list) else value
