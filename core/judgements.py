"""The demands of `demands`, judged of resources of a stack: what a program states, and what a preview shows.

Owns which properties of a resource a demand is about. None where a demand is met.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from core import adapters, demands, kind_limits, kinds, values
from core.api_versions import AZURE_NATIVE_VAULTS, VAULTS
from core.demands import Judgement
from core.protection import AccountProtection, Protections
from core.resource_types import Kind
from core.stack import Stack, StackResource
from core.values import Hidden, Value


def tier(account: StackResource, free: Collection[str] = kinds.FREE_TIERS) -> Judgement | None:
    """`sku` is on the top level of an account, never under properties."""
    sku = values.name(account.input("sku.name"))
    if values.word(account.input("sku.tier")) == "free" or sku == "Free":
        sku, free = "Free", [*free, "Free"]
    return demands.tier(values.name(account.input("kind")), sku, planned=True, free=free)


def soft_delete(vault: StackResource) -> Judgement | None:
    """Absent is on, as in checkov's CKV_AZURE_111: Azure switches it on when nothing is stated, and never
    lets it be switched off (azure-native's Vault, key-vault/general/soft-delete-overview)."""
    return demands.soft_delete(values.flag(vault.setting("enableSoftDelete")), None)


def purge_protection(vault: StackResource) -> Judgement | None:
    """Absent is off: Azure has no default for it."""
    noun = vault.kind.value if vault.kind else "vault"
    return demands.purge_protection(values.flag(vault.setting("enablePurgeProtection")), noun)


def uses_roles(vault: StackResource) -> bool | Hidden | None:
    """Whether a vault uses role assignments and not access policies, as every managed HSM does.

    Where it states neither and is asked by API version `VAULTS` or newer, one that exists stays as it is, and
    a new one is not known. By older versions, stating neither means access policies.
    """
    if vault.kind is Kind.MANAGED_HSM:
        return True
    stated = values.flag(vault.input("enableRbacAuthorization"))
    if stated is not None:
        return stated
    if (vault.api_version or AZURE_NATIVE_VAULTS) < VAULTS:
        return False
    found = values.flag(vault.output("enableRbacAuthorization"))
    return found if isinstance(found, bool) else None


def trusted_services(vault: StackResource) -> Judgement | None:
    """By the network rules that the program states."""
    return demands.trusted_services(adapters.network(vault.declared))


def key_type(key: StackResource, users: Iterable[Value] = ()) -> Judgement | None:
    """The size must be stated: a default may change, and an existing key cannot. `users` are the kinds of the
    accounts that use the key."""
    return demands.key_type(values.name(key.input("kty")), values.number(key.input("keySize")), users)


def key_operations(key: StackResource) -> Judgement | None:
    """Absent is every operation."""
    stated = key.input("keyOps")
    if stated is None:
        return None
    return demands.key_operations(values.items(stated))


def outbound(protections: Protections, use: AccountProtection) -> Judgement | None:
    """Looks for the full host of the key's vault in the account's list. If the stack does not show which
    vault it is, the host of any vault passes."""
    if use.account is None:
        return None
    restricts = values.flag(use.account.setting("restrictOutboundNetworkAccess"))
    allowed = values.items(use.account.input("allowedFqdnList"))
    return demands.outbound(restricts, allowed, protections.vault_hosts(use))


def region(_: Protections, use: AccountProtection) -> Judgement | None:
    """Regions are compared as Azure does: "West Europe" is westeurope."""
    if use.account is None or use.vault is None:
        return _absent("same-region", "region", use)
    here, there = (values.word(each.text("location")) for each in (use.account, use.vault))
    return demands.region(here or Hidden.UNKNOWN, there or Hidden.UNKNOWN)


def tenant(_: Protections, use: AccountProtection) -> Judgement | None:
    """Of the account's identity, else of its provider. Subscriptions are not compared: they may differ."""
    if use.account is None or use.vault is None:
        return _absent("same-tenant", "tenant", use)
    here: Value = adapters.stated_identity(use.account.outputs).tenant_id
    if not here or isinstance(here, Hidden):
        here = use.account.provider.tenant
    there = use.vault.text("tenantId")
    known = isinstance(here, str) and isinstance(there, str)
    # One provider is one subscription, and a subscription has one tenant.
    if not known and use.account.provider.urn and use.account.provider.urn == use.vault.provider.urn:
        return None
    return demands.tenant(here or Hidden.UNKNOWN, there or Hidden.UNKNOWN)


def key_identity(use: AccountProtection) -> Judgement | None:
    """Judges the identity by which the account uses its key, if the stack has the account."""
    if use.account is None:
        return None
    return kind_limits.key_identity(_kind(use.account), user_assigned=use.client_id is not None)


def key_version(use: AccountProtection) -> Judgement | None:
    """Judges a key without a version, if the stack has the account and its kind is known."""
    if use.account is None or use.version is not None or not _kind(use.account):
        return None
    return kind_limits.key_version(_kind(use.account), "")


def limits(account: StackResource) -> Iterator[Judgement]:
    """What an account of its kind cannot have: links to storage and search, network rules."""
    kind, api = account.input("kind"), account.input("apiProperties")
    storage = values.items(account.input("userOwnedStorage"))
    rules = None
    if account.inputs is not None:
        # What Azure shows of an account's network, it has taken.
        rules = account.input("networkAcls")
    links, network = "what the account is linked to", "the network rules of the account"
    for what, found in (("the kind of the account", kind), (links, storage), (links, api), (network, rules)):
        if isinstance(found, Hidden):
            yield demands.not_known("kind-limits", what, found)
    judged = []
    if not isinstance(storage, Hidden):
        judged.append(kind_limits.storage(_kind(account), len(storage)))
    # An id that is not known yet is one.
    if isinstance(api, Mapping) and values.get_path(api, "qnaAzureSearchEndpointId") is not None:
        judged.append(kind_limits.lacks(_kind(account), "search"))
    if isinstance(rules, Mapping) and values.get_path(rules, "bypass") is not None:
        judged.append(kind_limits.lacks(_kind(account), "bypass"))
    yield from filter(None, judged)


def below(stack: Stack, child: StackResource) -> Judgement | None:
    """Whether the account above a project or a deployment is of a kind that has such."""
    account = stack.above(child, Kind.ACCOUNT)
    if account is None:
        return None
    has = "foundry" if child.kind is Kind.PROJECT else "openai"
    return kind_limits.lacks(_kind(account), has)


def _kind(account: StackResource) -> str:
    """The kind of an account; "" if it is not known."""
    return values.known_name(account.input("kind"))


def _absent(demand: str, what: str, use: AccountProtection) -> Judgement:
    missing = "vault" if use.vault is None else "account"
    found = f"the {what} of its {missing}, which is not a resource of this stack"
    return Judgement(demand, found, outcome=demands.DemandOutcome.UNDECIDED)


def judge(protections: Protections, use: AccountProtection) -> Iterable[Judgement]:
    """The judgement of each demand on an account, its key and its vault, as far as the stack has them, that
    is not met or may not be met."""
    judged = [outbound(protections, use), key_identity(use), key_version(use)]
    if use.account and use.vault:
        judged += [region(protections, use), tenant(protections, use)]
    if use.account:
        judged.append(tier(use.account))
    if use.vault:
        judged += [soft_delete(use.vault), purge_protection(use.vault), trusted_services(use.vault)]
    if use.key:
        judged += [key_type(use.key, protections.users_of(use.key)), key_operations(use.key)]
    return [each for each in judged if each]
