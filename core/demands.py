"""What the service demands of account, vault and key before it takes a customer's key.

Owns each demand once, as a plain function over facts or single values, so that a policy that knows one
property can ask as well as a preflight that read everything. The answer is None where the demand is met, else
a `Judgement`: that it is unmet, that it is not yet known (a value that only the update will know), or that it
is undecided (Azure did not say, a secret, a security perimeter). Quotations are from the source document,
"Language service encryption of data at rest" (learn.microsoft.com/azure/ai-services/language-service/
concepts/encryption-data-at-rest). Does not own the grant (`rights`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from core import api_versions, arm_ids, key_uris, kinds, regions, values
from core.commands import in_subscription
from core.defaults import DEFAULTS
from core.facts import Account, Key, KeyVersion, Network, Vault
from core.values import Hidden, Value

KEY_TYPES: Final = ("RSA", "RSA-HSM")
KEY_SIZE: Final = kinds.KEY_SIZES[0]
"""Bits of a key that every kind of account takes."""
KEY_OPERATIONS: Final = ("wrapKey", "unwrapKey")
EXPIRED: Final = "an expired version still opens the data, but wraps nothing new and cannot be bound"
"""What a version still does after `exp`, as Key Vault documents it (docs/azure-facts.md)."""
RETENTION_DAYS: Final[int] = DEFAULTS["softDeleteRetentionInDays"]
"""Days for which a vault keeps deleted objects: default and maximum (soft-delete-overview)."""
WIDEST_RANGE: Final = 8
"""The prefix length of the widest range of addresses that one organisation can have. Two ranges of /1 are
every address, as one of /0 is."""
CAPABILITY: Final = "CustomerManagedKey"
"""The capability that an account lists if its kind and tier take a customer's key."""


class DemandOutcome(Enum):
    """How a demand stands, where it is not met. LATER: an update decides it, and this preview cannot.
    UNDECIDED: what was read cannot say."""

    UNMET = "unmet"
    LATER = "not yet known"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Remedy:
    """How to meet a demand: by a command or a change of what exists, by a property of the program, by a
    setting of this project. Texts may name `{update}`, the command that changes the vault, its
    `{subscription}`, an option, `{vault_id}`, `{key}`, the key's or version's URI, and `{host}`, the vault's.
    """

    command: str
    property: str
    setting: str | None = None


FIXES: Final = {
    "same-region": Remedy(
        "use a vault or managed HSM in the account's region",
        "move the one without data: make the vault and key (or the account) in the other's region",
    ),
    "same-tenant": Remedy(
        "use a vault of the account's tenant",
        "use a vault of the account's own tenant: identities do not work across directories",
    ),
    "hsm-activated": Remedy("download its security domain by `az keyvault security-domain download`", ""),
    "soft-delete": Remedy(
        # `az keyvault update` has no option for it (az 2.91.0).
        f"az rest --method patch --url '{{vault_id}}?api-version={api_versions.VAULTS}' "
        """--body '{{"properties": {{"enableSoftDelete": true}}}}'""",
        "set enableSoftDelete to true on the vault",
    ),
    "purge-protection": Remedy(
        "{update} --enable-purge-protection true{subscription}",
        "set enablePurgeProtection to true on the vault; note that Azure never lets it be switched off again",
    ),
    "trusted-services": Remedy(
        "{update} --bypass AzureServices{subscription}", 'set networkAcls.bypass to "AzureServices"'
    ),
    "key-type": Remedy(
        "use a new RSA key of 2048 bits",
        "create the key with kty RSA and keySize 2048, under a new name if it exists already: Azure ignores "
        "a change of an existing key's size",
    ),
    "key-operations": Remedy(
        f"az keyvault key set-attributes --id {{key}} --ops {' '.join(KEY_OPERATIONS)}",
        "add wrapKey and unwrapKey to keyOps",
    ),
    "tier": Remedy(
        "change the account's tier",
        'set sku.name to "S" (or another paid tier of this kind of account)',
        "set sku: S",
    ),
    "outbound": Remedy(
        "add {host} to allowedFqdnList, or set restrictOutboundNetworkAccess to false",
        "add {host} to allowedFqdnList, or set restrictOutboundNetworkAccess to false",
    ),
    "public-access-disabled": Remedy(
        "disable public network access and connect through a private endpoint",
        "disable public network access and connect through a private endpoint",
        "set network.access to closed, or to private with network.subnetId",
    ),
    "network-restricted": Remedy(
        "set network.access to closed, selected or private",
        'set networkAcls.defaultAction to "Deny" and name the networks that may enter, or disable public '
        "network access",
        "set network.access to closed, selected or private",
    ),
    "networks-known": Remedy(
        "take the range out of network.allowedIpRanges",
        "name the ranges that may enter",
        "take the range out of network.allowedIpRanges",
    ),
    "kind-identity": Remedy(
        "",
        "name no identityClientId, and give the account a system-assigned identity",
        "set identity: systemAssigned",
    ),
    "kind-key-version": Remedy("", "name a version: take keyUriWithVersion from a KeyVersion"),
    "kind-storage": Remedy("", "change properties.userOwnedStorage", "change storageAccountIds"),
    "kind-search": Remedy(
        "",
        "take qnaAzureSearchEndpointId and its key out of properties.apiProperties",
        "remove searchServiceId and searchServiceKey",
    ),
    "kind-bypass": Remedy("", "take bypass out of properties.networkAcls"),
    "kind-projects": Remedy("", "make the Foundry project below an account of that kind"),
    "kind-deployments": Remedy("", "make the deployment of a model below an account of that kind"),
}
"""The fix of each demand that has one fix."""


def update_command(vault_id: str) -> str:
    """The command that changes a vault, or a managed HSM, without the subscription that it is in."""
    name = arm_ids.name_of(vault_id)
    if arm_ids.in_managed_hsm(vault_id):
        return f"az keyvault update-hsm --hsm-name {name}"
    return f"az keyvault update --name {name}"


def way(fix: str) -> str:
    """A fix in words: a command of az that it is stands in back quotes."""
    return f"run `{fix}`" if fix.startswith("az ") else fix


@dataclass(frozen=True)
class Judgement:
    """A demand that is not met, or may not be: what was found, and what was expected."""

    demand: str
    found: str
    expected: str = ""
    outcome: DemandOutcome = DemandOutcome.UNMET
    own_fix: Remedy | None = None

    @property
    def unmet(self) -> bool:
        """Whether the demand does not hold, for certain."""
        return self.outcome is DemandOutcome.UNMET

    @property
    def text(self) -> str:
        """Found and expected as one clause of a message."""
        return f"{self.found}; expected {self.expected}" if self.expected else self.found

    @property
    def fix(self) -> Remedy:
        """How to meet it, where one change does."""
        return self.own_fix or FIXES.get(self.demand, Remedy("", ""))

    def command(self, *, vault_id: str = "", key: object = "", host: str = "") -> str:
        """How to meet it by a change of what exists. `key` is its or a version's URI, `host` the vault's."""
        return self.fix.command.format(
            update=update_command(vault_id),
            subscription=in_subscription(vault_id),
            vault_id=vault_id,
            key=key,
            host=host,
        )

    def way(self, *, vault_id: str = "", key: object = "", host: str = "") -> str:
        """How to meet it, in words, with a command of az as it is typed."""
        return way(self.command(vault_id=vault_id, key=key, host=host))

    def az(self, *, vault_id: str = "", key: object = "") -> str:
        """The command of az that meets it; "" where none does by itself."""
        command = self.command(vault_id=vault_id, key=key)
        return command if command.startswith("az ") else ""


def not_known(demand: str, what: str, mark: Hidden) -> Judgement:
    """The judgement of a demand if the value that decides it is not shown: only the update will know it, or
    it is secret."""
    outcome = DemandOutcome.LATER if mark is Hidden.UNKNOWN else DemandOutcome.UNDECIDED
    return Judgement(demand, f"{what} {mark.words}", outcome=outcome)


def first_hidden(*found: object) -> Hidden | None:
    """The first of these values that is not shown."""
    return next((value for value in found if isinstance(value, Hidden)), None)


def region(account: Value, vault: Value, noun: str = "vault") -> Judgement | None:
    """ "The Azure AI services resource and the key vault must be in the same region"."""
    if not (isinstance(account, str) and isinstance(vault, str)):
        return _of_both("same-region", "region", account, vault, noun)
    if regions.same(account, vault):
        return None
    return Judgement(
        "same-region", f"the account is in {account}, the {noun} in {vault}", "one region for both"
    )


def tenant(account: Value, vault: Value, noun: str = "vault", whose: str = "account") -> Judgement | None:
    """ "... and in the same Microsoft Entra tenant, but they can be in different subscriptions"."""
    if not (isinstance(account, str) and isinstance(vault, str)):
        return _of_both("same-tenant", "tenant", account, vault, noun)
    if account.lower() == vault.lower():
        return None
    return Judgement(
        "same-tenant",
        f"the {whose} is in tenant {account}, the {noun} in {vault}",
        "one tenant for both, because a managed identity does not cross tenants",
    )


def activated(activated: bool | None) -> Judgement | None:
    """A managed HSM keeps no keys before its security domain was downloaded (managed-hsm/quick-create-cli);
    if Azure did not say, nothing is judged."""
    if activated is not False:
        return None
    return Judgement(
        "hsm-activated", "the managed HSM is not activated", "an HSM with its security domain downloaded"
    )


def soft_delete(enabled: bool | Hidden | None, purge_protection: bool | Hidden | None) -> Judgement | None:
    """ "You must enable both the Soft Delete and Do Not Purge properties on the key vault".

    A vault that does not say has soft delete if it has purge protection, which "can only be enabled once
    soft-delete is enabled" (azure/key-vault/general/soft-delete-overview).
    """
    if isinstance(enabled, Hidden):
        return not_known("soft-delete", "enableSoftDelete", enabled)
    if enabled or (enabled is None and purge_protection is True):
        return None
    return Judgement("soft-delete", f"the vault has enableSoftDelete {_shown(enabled)}", "true")


def purge_protection(enabled: bool | Hidden | None, noun: str = "vault") -> Judgement | None:
    """ "You must enable both the Soft Delete and Do Not Purge properties on the key vault"."""
    if isinstance(enabled, Hidden):
        return not_known("purge-protection", "enablePurgeProtection", enabled)
    if enabled:
        return None
    return Judgement("purge-protection", f"the {noun} has enablePurgeProtection {_shown(enabled)}", "true")


def trusted_services(network: Network, noun: str = "vault") -> Judgement | None:
    """A vault with a firewall must let trusted Microsoft services in, by which the account reaches its key.
    A network security perimeter's rules override the firewall's, and nobody reads them here."""
    if network.in_perimeter:
        return _perimeter("trusted-services", noun)
    if network.is_open is True or network.admits_trusted_services is True:
        return None
    if mark := first_hidden(network.bypass):
        return not_known("trusted-services", "networkAcls.bypass", mark)
    if network.is_open is False:
        found = f"the {noun}'s network is closed with bypass {network.bypass}"
        return Judgement("trusted-services", found, "bypass AzureServices")
    return not_known("trusted-services", "publicNetworkAccess or networkAcls", network.is_open)


def keeps_service_out(vault: Vault) -> Judgement | None:
    """Why the firewall of a vault that was read keeps the service from its keys; None if it does not, or if
    that cannot be told."""
    judged = trusted_services(vault.network, vault.noun)
    return judged if judged and judged.unmet else None


def restricted(network: Network, *, disabled: bool = False) -> Judgement | None:
    """The endpoint cannot be reached from every network: public access is disabled or, unless `disabled`
    demands that, the firewall's default is Deny and no range is wider than one organisation's (Azure Policy
    037eea7a and 55615ac9, PSRule AZR-000280 and AZR-000355)."""
    if network.is_disabled:
        return None
    if disabled:
        if mark := first_hidden(network.public_access):
            return not_known("public-access-disabled", "publicNetworkAccess", mark)
        found = f"publicNetworkAccess is {values.shown(network.public_access)}"
        return Judgement("public-access-disabled", found, 'publicNetworkAccess "Disabled"')
    if network.in_perimeter:
        return _perimeter("network-restricted", "endpoint")
    if mark := first_hidden(network.is_open, network.ip_rules):
        return not_known("network-restricted", "publicNetworkAccess or networkAcls", mark)
    if network.is_open:
        expected = 'publicNetworkAccess "Disabled", or networkAcls.defaultAction "Deny"'
        return Judgement("network-restricted", network.described, expected)
    wide = next((rule for rule in values.each(network.ip_rules) if _is_wide(rule)), None)
    if wide is None:
        return None
    return Judgement(
        "networks-known",
        f"networkAcls.ipRules holds {values.shown(wide)}, which is wider than any network of your own",
        f"ranges of networks that are known, none wider than /{WIDEST_RANGE}",
    )


def _is_wide(rule: object) -> bool:
    _, slash, bits = str(rule).strip().rpartition("/")
    return bool(slash) and bits.isdecimal() and int(bits) < WIDEST_RANGE


def key_type(type: Value, size: int | Hidden | None, users: Iterable[Value] = ()) -> Judgement | None:
    """ "Only RSA keys of size 2048 are supported"; of some kinds of accounts larger ones, too
    (`kinds.AccountKind.key_sizes`).

    `users` are the kinds of the accounts that use the key, and each of them has to take it. While one of them
    is not known, or no account uses the key, a size that some kind takes is undecided; the account itself is
    asked before anything is bound.
    """
    if isinstance(type, str) and type.upper() not in KEY_TYPES:
        expected = f"{' or '.join(KEY_TYPES)} of {KEY_SIZE} bits"
        return Judgement("key-type", f"the key is of type {type}", expected)
    if not isinstance(size, Hidden) and size not in (None, KEY_SIZE) and (found := _size(size, [*users])):
        return found
    if mark := first_hidden(type, size):
        return not_known("key-type", "kty" if isinstance(type, Hidden) else "keySize", mark)
    unsaid = [name for name, value in (("kty", type), ("keySize", size)) if value is None]
    if unsaid:
        return Judgement(
            "key-type", f"the key's {' and '.join(unsaid)} not stated", outcome=DemandOutcome.UNDECIDED
        )
    return None


def _size(size: int, users: Sequence[Value]) -> Judgement | None:
    """Whether all of these kinds of accounts take an RSA key of another size than every kind does."""
    found, bits = f"the key has {size} bits", " or ".join(map(str, kinds.KEY_SIZES))
    listed = [one for user in users if isinstance(user, str) and (one := kinds.find(user))]
    if refusing := sorted({kind.name for kind in listed if size not in kind.key_sizes}):
        return Judgement("key-type", found, f"{KEY_SIZE} for an account of kind {' or '.join(refusing)}")
    taking = [kind.name for kind in kinds.ALL if size in kind.key_sizes]
    if not taking:
        return Judgement("key-type", found, f"{bits}, by the kind of account")
    if mark := first_hidden(*users):
        return not_known("key-type", f"{found}, and the kind of the account that uses it", mark)
    if users and len(listed) == len(users):
        return None
    who = "the kind of an account that uses it" if users else "who uses it"
    found += f", which accounts of kind {', '.join(taking)} take, but {who} is not known"
    return Judgement("key-type", found, outcome=DemandOutcome.UNDECIDED)


def key_operations(operations: Iterable[object] | Hidden | None) -> Judgement | None:
    """The key must allow the wrapping and unwrapping of data keys."""
    if operations is None:
        return Judgement("key-operations", "the key's keyOps not stated", outcome=DemandOutcome.UNDECIDED)
    words = [values.word(operation) for operation in values.each(operations)]
    missing = [word for word in KEY_OPERATIONS if word.lower() not in words]
    if not missing:
        return None
    if mark := first_hidden(*words):
        return not_known("key-operations", "keyOps", mark)
    found = f"the key does not allow {' and '.join(missing)}"
    return Judgement("key-operations", found, "both wrapKey and unwrapKey")


def key_usable(version: KeyVersion, now: float) -> list[Judgement]:
    """Why a version cannot be bound at `now` (seconds since 1970): disabled, not valid yet, or expired."""
    name = f"the key version {version.version}"
    return usable(name, version.enabled, version.not_before, version.expires, now)


def newest_usable(versions: Iterable[KeyVersion], now: float) -> KeyVersion | None:
    """The newest of a key's versions, newest first, that can be used at `now` (seconds since 1970)."""
    return next((version for version in versions if not key_usable(version, now)), None)


def version_in_use(versions: Sequence[KeyVersion], now: float) -> KeyVersion | None:
    """Of a key's versions, newest first, the one that an account uses whose binding names none: the newest
    that can be used, else the newest (assumed; Foundry's page says "the newest"). None without any.
    """
    return newest_usable(versions, now) or next(iter(versions), None)


def usable(
    name: str,
    enabled: bool | Hidden | None,
    not_before: int | Hidden | None,
    expires: int | Hidden | None,
    now: float,
) -> list[Judgement]:
    """Why what has these values cannot be bound at `now`; what is not known may prevent it."""
    expected = "a version that is enabled and valid"
    stated = {"enabled": enabled, "notBefore": not_before, "expires": expires}
    open_ = [
        not_known("key-usable", f"attributes.{part}", mark)
        for part, mark in stated.items()
        if isinstance(mark, Hidden)
    ]
    found = []
    if not enabled:
        found.append((f"{name} is disabled", "enable the key"))
    if isinstance(not_before, int) and not_before > now:
        fix = "leave notBefore out, or wait until then before the account is bound"
        found.append((f"{name} is not valid before {moment(not_before)}", fix))
    if isinstance(expires, int) and expires <= now:
        fix = (
            "create a new version that expires later, bind the account to it, and only then disable this one"
        )
        found.append((f"{name} expired on {moment(expires)}", fix))
    return [Judgement("key-usable", text, expected, own_fix=Remedy("", fix)) for text, fix in found] + open_


def judge(
    account: Account | None,
    vault: Vault | None,
    version: KeyVersion | Key | None,
    uris: Collection[str] = (),
    kind: str = "",
) -> list[Judgement]:
    """The judgements of what was read about existing resources, for each demand that is not met. Does not
    judge whether the version can be used now (`key_usable`) and who may use it (`rights`). `uris` are the
    URIs of the key's vault; `kind` is the kind of an account that does not exist yet."""
    found: list[Judgement | None] = []
    if account is not None:
        found.append(tier(account.kind, account.sku, account.capabilities))
        if uris:
            found.append(outbound(account.restricts_outbound, account.allowed_fqdns, uris))
    if account is not None and vault is not None:
        found.append(region(account.location, vault.location, vault.noun))
        # An account without an identity does not say its tenant.
        tenant_id = account.tenant_id or vault.tenant_id
        found.append(tenant(tenant_id, vault.tenant_id, vault.noun))
    if vault is not None:
        found += [
            activated(vault.activated),
            soft_delete(vault.soft_delete, vault.purge_protection),
            purge_protection(vault.purge_protection, vault.noun),
            trusted_services(vault.network, vault.noun),
        ]
    if version is not None:
        users = [user for user in (account.kind if account else kind,) if user]
        found += [key_type(version.type, version.size, users), key_operations(version.operations)]
    return [judged for judged in found if judged]


def tier(
    kind: Value,
    sku: Value,
    capabilities: Sequence[str] | None = None,
    *,
    planned: bool = False,
    free: Collection[str] = kinds.FREE_TIERS,
) -> Judgement | None:
    """ "Pricing Tier for CMK": an account lists the capability; one that is `planned` has a paid tier.
    `capabilities` of None means that the account does not list any."""
    known_kind, named = values.known_name(kind), values.word(sku)
    paid = kinds.tier_for_a_key(known_kind)
    if capabilities is not None:
        if CAPABILITY.lower() in {name.lower() for name in capabilities}:
            return None
        found = f"the account of kind {kind} and tier {sku or 'unknown'} has no capability {CAPABILITY}"
        return Judgement("tier", found, f"a tier that has it, such as {paid or 'a paid one'}")
    if named in {values.word(tier_name) for tier_name in free}:
        listed = kinds.find(known_kind)
        of_kind = f" of kind {listed.name}" if listed else ""
        found = f"{sku!r}, which does not support customer-managed keys"
        return Judgement("tier", found, f"a paid tier{of_kind}, such as {paid or 'S'!r}")
    if not planned:
        found = "the account lists no capabilities, which say whether its kind and tier take a customer's key"
        return Judgement("tier", found, outcome=DemandOutcome.UNDECIDED)
    if isinstance(named, Hidden):
        return not_known("tier", "sku.name", named)
    if named:
        return None
    return Judgement("tier", "sku.name is not stated", f"a paid tier, such as {paid or 'S'!r}")


def outbound(
    restricts: bool | Hidden | None, allowed: Iterable[object] | Hidden, vaults: Collection[str]
) -> Judgement | None:
    """An account that restricts outbound access must allow its vault's host.

    `vaults` has the vault's URI or host or, if a program shows its name and not its cloud, the name that
    `key_uris.place` gives it. It is empty if nothing shows which vault it is: then the host of any vault
    passes.
    """
    if isinstance(restricts, Hidden):
        return not_known("outbound", "restrictOutboundNetworkAccess", restricts)
    if restricts is not True:
        return None
    listed = [values.name(host) for host in values.each(allowed)]
    names = sorted(key_uris.vault_host(host) for host in listed if isinstance(host, str))
    reached = set()
    for name in names:
        # A vault's bare name in the list lets nothing through.
        if place := key_uris.place(f"https://{name}"):
            reached |= {name, place}
    wanted = {key_uris.vault_host(vault) for vault in vaults}
    if reached & (wanted or reached):
        return None
    if mark := first_hidden(*listed):
        return not_known("outbound", "allowedFqdnList", mark)
    return Judgement(
        "outbound",
        f"the account restricts outbound access and allows {', '.join(names) or 'nothing'}",
        f"{min(wanted, default='the host of its vault')} in allowedFqdnList, or "
        "restrictOutboundNetworkAccess false",
    )


def host_words(vaults: Collection[str]) -> str:
    """The vault's host as the fix of `outbound` names it, from the same `vaults`."""
    host = min(vaults, default="NAME")
    if "." in host and not key_uris.is_hsm_place(host):
        return host
    if key_uris.is_hsm_place(host):
        return "the host of the key's managed HSM"
    return f"the host of the vault {host}"


def _of_both(demand: str, what: str, account: Value, vault: Value, noun: str) -> Judgement:
    """The judgement if a value of the account or of its vault is not known."""
    side, value = "account", account
    if isinstance(account, str):
        side, value = noun, vault
    if isinstance(value, Hidden):
        return not_known(demand, f"the {what} of the {side}", value)
    return Judgement(demand, f"the {what} of the {side} is not stated", outcome=DemandOutcome.UNDECIDED)


def _perimeter(demand: str, noun: str) -> Judgement:
    found = f"a network security perimeter decides who reaches the {noun}, which this check does not read"
    return Judgement(demand, found, outcome=DemandOutcome.UNDECIDED)


def moment(seconds: int) -> str:
    """A time as messages write it: `2026-01-31T12:00:00Z`."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s after 1970"


def _shown(value: bool | None) -> str:
    return "absent" if value is None else str(value).lower()
