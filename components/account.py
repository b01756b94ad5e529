"""The AI services account: its declared inputs, and the digest of them that tells the binding of each write.

account_write.py keeps the key through such a write.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, Protocol, Self, TypedDict

import pulumi
from pulumi.runtime.sync_await import _sync_await
from pulumi_azure_native import cognitiveservices

from components.access import has_identity
from components.account_write import (
    ENCRYPTION,
    IGNORED,
    AccountBefore,
    account_before,
    key_guard,
    write_if_transformed,
)
from components.arguments import checks, names
from components.arguments.inputs import (
    ArgumentRule,
    Inputs,
    component_name,
    flag,
    group,
    mapping,
    optional_group,
    read,
    required_text,
    text,
    texts,
)
from components.arguments.problem import Problem
from components.arguments.tags import checked_tags
from components.component import ChildOptions, Component, Tags, read_back, waited_for
from components.kept_properties import NEVER_SHOWN, declared_links, with_kept, without_secret
from components.network import NetworkArgs, NetworkInputs
from core import arm_ids, clouds, demands, key_uris, kind_limits, kinds
from core.facts import CUSTOMER_MANAGED, LIVE_ENCRYPTION, MICROSOFT_MANAGED
from core.key_uris import KeyUri
from core.kinds import FREE_TIER, AccountKind
from core.regions import region

# All that a later update of an account may write, but its identity and its key.
_CHANGING = [
    "properties.disableLocalAuth",
    "properties.networkAcls",
    "properties.publicNetworkAccess",
    "sku",
    "tags",
]
TIERS: Final = (*dict.fromkeys(tier for kind in kinds.ALL for tier in kind.tiers), FREE_TIER)
"""Every tier of every kind."""


class InlineKeyArgs(TypedDict):
    """A key that the account is bound to in its own create, by a user-assigned identity that has access."""

    key_name: pulumi.Input[str]
    """Required. The key's name."""
    key_version: pulumi.Input[str]
    """Required. The key's version; without one the service would not follow a rotation either."""
    key_vault_uri: pulumi.Input[str]
    """Required. The vault's endpoint."""
    identity_client_id: pulumi.Input[str]
    """Required. Client id of the identity that has access."""


class AIServicesAccountArgs(TypedDict):
    """Inputs of AIServicesAccount."""

    resource_group_name: pulumi.Input[str]
    """Required. The group the account is in."""
    location: pulumi.Input[str]
    """Required. The region; another one is another account."""
    account_name: NotRequired[str | None]
    """Optional. Unique in the world, and the endpoint's subdomain; default `lang-<name>` for Language."""
    kind: NotRequired[str | None]
    """Optional. The kind of account; default "TextAnalytics", which is Language."""
    sku: NotRequired[str | None]
    """Optional. Pricing tier; by default the kind's paid one, "S" for Language."""
    system_assigned: NotRequired[bool | None]
    """Optional. Whether the account has an identity of its own; default true."""
    user_assigned_identity_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an identity that the account has, too."""
    encryption_key: NotRequired[InlineKeyArgs | None]
    """Optional. A key to bind in the create; without it the account begins on Microsoft-managed keys."""
    network: NotRequired[NetworkArgs | None]
    """Optional. Who may reach the account; default: nobody."""
    allow_project_management: NotRequired[bool | None]
    """Optional. Whether the account, of kind `AIServices`, may have projects; default: what it has."""
    restrict_outbound: NotRequired[bool | None]
    """Optional. Whether the account may call no hosts but `allowed_fqdns`; default: what it has. It then
    reaches its key only if the vault's host is among them."""
    allowed_fqdns: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. Hosts that the account may call; with `restrict_outbound`."""
    other_identity_ids: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. ARM ids of further user-assigned identities of the account."""
    storage_account_ids: NotRequired[list[str] | None]
    """Optional. ARM ids of the storage accounts that it is linked to; default: those that it has."""
    search_service_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of the search service for question answering; default: the one that it has."""
    search_service_key: NotRequired[pulumi.Input[str] | None]
    """Conditional. An admin key of the search service; with `search_service_id`."""
    tags: NotRequired[Tags | None]
    """Optional. Tags of the account."""


@dataclass(frozen=True, kw_only=True)
class InlineKeyInputs(Inputs):
    """InlineKeyArgs."""

    ARGS = InlineKeyArgs

    key_name: pulumi.Input[str] = required_text(accepts_outputs=True, check=names.KEY.checked)
    key_version: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.key_version)
    key_vault_uri: pulumi.Input[str] = required_text(
        accepts_outputs=True, example=key_uris.vault_uri("kv-claims", clouds.PUBLIC)
    )
    identity_client_id: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.guid)


def tier_problems(kind: AccountKind, sku: str, *, otherwise: str) -> Iterator[Problem]:
    """What is wrong with the tier of an account of a kind. `otherwise`: what can be done instead of using a
    paid tier with a customer-managed key; "" for an account without one."""
    if otherwise and sku and (unmet := demands.tier(kind.name, sku)):
        yield Problem("sku", f"found {unmet.found}; use {kind.tiers[0]!r}, or {otherwise}")
    elif sku and sku not in (*kind.tiers, FREE_TIER):
        known = f"{', '.join(map(repr, kind.tiers))} or {FREE_TIER!r}"
        yield Problem("sku", f"found {sku!r}, expected {known} for kind {kind.name}")


def _tier(account: "AIServicesAccountInputs") -> Iterator[Problem]:
    otherwise = "remove encryptionKey" if account.encryption_key else ""
    yield from tier_problems(account.account_kind, account.sku, otherwise=otherwise)


def _derived_name(account: "AIServicesAccountInputs") -> Iterator[Problem]:
    try:
        if not account.account_name:
            names.account_name(account.name, account.account_kind)
    except ValueError as error:
        yield Problem("name", f"{error}; shorten the name, or give accountName")


def _key_without_identity(account: "AIServicesAccountInputs") -> Iterator[Problem]:
    if account.encryption_key and account.user_assigned_identity_id is None:
        yield Problem(
            "userAssignedIdentityId",
            "is required with encryptionKey: only an identity that has access to the key already can bind it "
            "in the create of the account",
        )


class _Searching(Protocol):
    @property
    def search_service_id(self) -> pulumi.Input[str] | None: ...
    @property
    def search_service_key(self) -> pulumi.Input[str] | None: ...


def _search_with_key(account: _Searching) -> Iterator[Problem]:
    if account.search_service_id is not None and account.search_service_key is None:
        yield Problem("searchServiceKey", "is required with searchServiceId: Azure asks for both")
    if account.search_service_key is not None and account.search_service_id is None:
        yield Problem("searchServiceId", "is required with searchServiceKey: Azure asks for both")


SEARCH = ArgumentRule(_search_with_key, ("search_service_id", "search_service_key"))
"""A search service is linked by its id and a key."""


class _Linking(Protocol):
    @property
    def account_kind(self) -> AccountKind: ...
    @property
    def storage_account_ids(self) -> Sequence[str] | None: ...
    @property
    def search_service_id(self) -> pulumi.Input[str] | None: ...


def _links_of_kind(account: _Linking) -> Iterator[Problem]:
    kind = account.account_kind.name
    unmet = {
        "storageAccountIds": kind_limits.storage(kind, len(account.storage_account_ids or ())),
        "searchServiceId": kind_limits.search(kind, linked=account.search_service_id is not None),
    }
    for path, one in unmet.items():
        if one:
            yield Problem(path, f"found {one.text}")


LINKS = ArgumentRule(_links_of_kind, ("kind", "storage_account_ids", "search_service_id"))
"""Only some kinds keep data in storage or in a search service of their owner's."""


class _Calling(Protocol):
    @property
    def restrict_outbound(self) -> bool | None: ...
    @property
    def allowed_fqdns(self) -> Sequence[pulumi.Input[str]]: ...


def _outbound(account: _Calling) -> Iterator[Problem]:
    if account.allowed_fqdns and not account.restrict_outbound:
        yield Problem(
            "allowedFqdns", "is given, but the account may call every host; set restrictOutbound: true"
        )


OUTBOUND = ArgumentRule(_outbound, ("restrict_outbound", "allowed_fqdns"))
"""A host is only allowed where all others are refused."""


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


@dataclass(frozen=True, kw_only=True)
class AIServicesAccountInputs(Inputs):
    """AIServicesAccountArgs with defaults."""

    ARGS = AIServicesAccountArgs
    RULES = (
        ArgumentRule(_tier, ("kind", "sku", "encryption_key")),
        ArgumentRule(_derived_name, ("name", "kind", "account_name")),
        ArgumentRule(_key_without_identity, ("encryption_key", "user_assigned_identity_id")),
        SEARCH,
        LINKS,
        OUTBOUND,
    )

    name: str = component_name()
    resource_group_name: pulumi.Input[str] = required_text(
        accepts_outputs=True, check=names.RESOURCE_GROUP.checked
    )
    location: pulumi.Input[str] = required_text(accepts_outputs=True, check=region, example="westeurope")
    account_name: str = text("", check=names.ACCOUNT.checked)
    kind: str = text(kinds.LANGUAGE.name, choices=kinds.NAMES)
    sku: str = text("", choices=TIERS)
    system_assigned: bool = flag(default=True)
    user_assigned_identity_id: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.USER_ASSIGNED_IDENTITY)
    )
    encryption_key: InlineKeyInputs | None = optional_group(InlineKeyInputs)
    network: NetworkInputs = group(NetworkInputs)
    allow_project_management: bool | None = flag()
    restrict_outbound: bool | None = flag()
    allowed_fqdns: tuple[pulumi.Input[str], ...] = texts(accepts_outputs=True, check=checks.host_name)
    other_identity_ids: tuple[pulumi.Input[str], ...] = texts(
        accepts_outputs=True, check=checks.resource_id(arm_ids.USER_ASSIGNED_IDENTITY)
    )
    storage_account_ids: tuple[str, ...] | None = texts(
        None, check=checks.resource_id(arm_ids.STORAGE_ACCOUNT)
    )
    search_service_id: pulumi.Input[str] | None = text(
        accepts_outputs=True, check=checks.resource_id(arm_ids.SEARCH_SERVICE)
    )
    search_service_key: pulumi.Input[str] | None = text(accepts_outputs=True)
    tags: Tags | None = mapping(check=checked_tags, accepts_outputs=True)

    @property
    def account_kind(self) -> AccountKind:
        """What is particular to the kind."""
        return kinds.named(self.kind)

    def completed(self) -> Self:
        """The same with the name and the tier that follow from the kind."""
        return dataclasses.replace(
            self,
            account_name=self.account_name or names.account_name(self.name, self.account_kind),
            sku=self.sku or self.account_kind.tiers[0],
        )


@dataclass(frozen=True)
class MadeAccount:
    """An account that was made. `declared_digest` is the SHA-256 of its declared inputs, which changes
    whenever this program writes the account. `principal_id` and `tenant_id` are those of its own identity, if
    it has one. `frozen`: this run does not write the account."""

    resource: "cognitiveservices.Account"
    endpoint: pulumi.Output[str]
    principal_id: pulumi.Output[str | None]
    tenant_id: pulumi.Output[str | None]
    declared_digest: pulumi.Output[str]
    frozen: bool = False

    @property
    def key_uri_with_version(self) -> pulumi.Output[str | None]:
        """The key and version in the account itself; none on Microsoft-managed keys."""
        uri: pulumi.Output[str | None] = self.resource.properties.encryption.apply(_key_uri_with_version)
        return uri

    @property
    def grantee_id(self) -> pulumi.Output[str]:
        """The object id of the account's own identity, to which access is granted."""
        return self.principal_id.apply(has_identity)


def make_account(
    inputs: AIServicesAccountInputs,
    options: ChildOptions,
    *,
    after: Sequence[pulumi.Resource] = (),
    restores: bool = False,
    frozen: bool = False,
    unbinds: bool = False,
    before: AccountBefore | None = None,
    on_error: Sequence[pulumi.ErrorHook] = (),
) -> MadeAccount:
    """Makes the account, or restores a soft-deleted one of its name with its data.

    `after` is what must exist before it and outlive it: its vault, and with `encryption_key` the grant.
    `frozen` does not write an existing account: while its identity may not use the key, the service is
    assumed to refuse every PUT, because a PUT states the key again. `unbinds` puts an account whose inputs
    stated a key on Microsoft-managed keys. `before` is what preflight() read of the account; if None, it
    is read here.
    """
    declared = declared_account(inputs)
    described = _described(declared)
    inline = unbinds or inputs.encryption_key is not None
    opts = options(depends_on=list(after))
    through = pulumi.InvokeOptions(parent=opts.parent)
    ignored = [*(opts.ignore_changes or ())]
    if restores:
        declared["properties"]["restore"] = True
    if before is None:
        before = _sync_await(
            account_before(inputs.account_name, waited_for(inputs.resource_group_name), through)
        )
    writes = not frozen and before.may_be_written(
        *_on_the_wire(described, before), except_for=[*ignored, NEVER_SHOWN]
    )
    if unbinds:
        # Explicit: what a PUT without encryption does was never observed.
        declared["properties"]["encryption"] = {"key_source": MICROSOFT_MANAGED}
    elif not inline:
        if writes and (key := before.bound_key):
            declared["properties"]["encryption"] = key.declared
            ignored.append(LIVE_ENCRYPTION)
        else:
            ignored.append(ENCRYPTION)
            if not frozen and before.bound_key and before.state_lacks_key:
                encryption = on_the_wire(before.bound_key.declared)
                write_if_transformed(f"{inputs.name}-account", inputs.account_name, before, encryption)
    if writes:
        declared["properties"] = with_kept(declared["properties"], before.live, inputs.account_name)
    else:
        ignored += IGNORED
    if frozen:
        ignored += [*_CHANGING, *(["properties.encryption.keyVaultProperties"] if inline else [])]
    opts.ignore_changes = ignored
    # An account that replaces another is made and bound before the other one is deleted, with its data.
    opts.delete_before_replace = False
    explains = opts.hooks.on_error or () if opts.hooks else ()
    opts.hooks = (
        pulumi.ResourceHookBinding()
        if unbinds
        else key_guard(inputs.account_name, through, before=before, same_key=not inline, frozen=frozen)
    )
    opts.hooks.on_error = [*(on_error or explains)]
    account = cognitiveservices.Account(f"{inputs.name}-account", **declared, opts=opts)
    live = read_back(
        account.name,
        cognitiveservices.get_account_output(
            account_name=account.name,
            resource_group_name=account.id.apply(arm_ids.group_of),
            opts=pulumi.InvokeOutputOptions(parent=opts.parent),
        ),
    )
    principal_id = live.identity.apply(lambda found: found.principal_id if found else None)
    tenant_id = live.identity.apply(lambda found: found.tenant_id if found else None)
    digest = pulumi.Output.all(described, inputs.resource_group_name).apply(lambda pair: _digest(*pair))
    return MadeAccount(account, live.properties.endpoint, principal_id, tenant_id, digest, frozen)


class AIServicesAccount(Component):
    """An Azure AI services account, Language by default, with Microsoft Entra authentication only and its own
    subdomain.

    Produces: azure-native:cognitiveservices:Account. Raises InputError.
    """

    account_id: pulumi.Output[str]
    """The account's ARM id."""
    account_name: pulumi.Output[str]
    """The account's name."""
    endpoint: pulumi.Output[str]
    """Where the account's service is called."""
    principal_id: pulumi.Output[str | None]
    """Object id of the account's own identity; none when it has only a user-assigned one."""
    tenant_id: pulumi.Output[str | None]
    """The tenant of the account's own identity."""
    declared_digest: pulumi.Output[str]
    """Changes whenever the account is written; a binding takes it, so that it is written again, too."""

    def __init__(
        self, name: str, args: AIServicesAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        inputs = read(AIServicesAccountInputs, name, args)
        super().__init__(name, opts)
        made = make_account(inputs, self.protected_child)
        self.account_id, self.account_name = made.resource.id, made.resource.name
        self.endpoint, self.principal_id = made.endpoint, made.principal_id
        self.tenant_id = made.tenant_id
        self.declared_digest = made.declared_digest
        self.register_outputs(
            {
                "accountId": self.account_id,
                "accountName": self.account_name,
                "endpoint": self.endpoint,
                "principalId": self.principal_id,
                "tenantId": self.tenant_id,
                "declaredDigest": self.declared_digest,
            }
        )


def _described(declared: Mapping[str, Any]) -> pulumi.Output[str]:
    """The declared inputs as JSON, without what a run adds to them, and without the group: a large program
    would have to wait for it, and it cannot change."""
    # A copy, for the JSON is made later.
    rest = {**declared, "properties": without_secret(declared["properties"])}
    del rest["resource_group_name"]
    return pulumi.Output.json_dumps(rest, sort_keys=True)


def _digest(described: str, group: str) -> str:
    """The digest that bindings are written with. ARM may answer another casing of the group."""
    whole = json.dumps({**json.loads(described), "resource_group_name": group.lower()}, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _on_the_wire(described: pulumi.Output[str], before: AccountBefore) -> tuple[dict[str, Any], str | None]:
    """The declared inputs as azure-native gets them, and their digest; neither while one is not known yet.
    Waits for inputs that are outputs, where the state has the account."""
    known = waited_for(described) if before.recorded is not None else None
    if known is None:
        return {}, None
    declared = {name: value for name, value in json.loads(known).items() if name != "account_name"}
    group = arm_ids.group_of(str((before.recorded or {}).get("id")))
    return on_the_wire(declared), _digest(known, group)


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


def _key_uri_with_version(encryption: "cognitiveservices.outputs.EncryptionResponse | None") -> str | None:
    key = encryption.key_vault_properties if encryption else None
    if key is None or not key.key_version:
        return None
    return KeyUri.of(key.key_vault_uri or "", key.key_name or "", key.key_version or "").text


def declared_account(inputs: AIServicesAccountInputs) -> dict[str, Any]:
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


def _identity(inputs: AIServicesAccountInputs) -> dict[str, Any]:
    own = ["SystemAssigned"] if inputs.system_assigned else []
    of_key = inputs.user_assigned_identity_id
    assigned = [*([] if of_key is None else [of_key]), *inputs.other_identity_ids]
    if not assigned:
        return {"type": ", ".join(own) or "None"}
    return {"type": ", ".join([*own, "UserAssigned"]), "user_assigned_identities": assigned}
