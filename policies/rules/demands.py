"""Rules on the demands that `core` judges: of one resource, and of an account and its vault."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from core import adapters, demands, judgements, values
from core.api_versions import AZURE_NATIVE_VAULTS, VAULTS, VAULTS_RETIRE_ON
from core.demands import RETENTION_DAYS, DemandOutcome
from core.facts import Network
from core.protection import AccountProtection, Protections
from core.resource_types import ACCESS_POLICY, Kind, parse_urn
from core.stack import StackResource, around
from core.values import Hidden
from policies.rule import Findings, RuleContext, RuleFinding, RuleSubject, expect, hidden, of, rule, undecided

_DAY: Final = 86_400
_ROTATION_SETTING: Final = "give the key a rotation policy with `az keyvault key rotation-policy update`"


def _is_recovery(vault: StackResource) -> bool:
    """True when a deleted vault is brought back: Azure then keeps the properties it had. Azure's own built-in
    policies leave such a request alone (0b60c0b2, 1e66c121)."""
    return values.word(vault.input("createMode")) == "recover"


@rule(RuleSubject.STEP, Kind.ACCOUNT)
def account_tier_supports_cmk(account: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """An account has a pricing tier that can use a customer-managed key."""
    return of(judgements.tier(account, context.words("unsupportedTiers")))


@rule(RuleSubject.USED, Kind.VAULT)
def vault_soft_delete(vault: StackResource, _: RuleContext) -> Iterable[RuleFinding]:
    """A vault does not switch soft delete off."""
    return () if _is_recovery(vault) else of(judgements.soft_delete(vault))


@rule(RuleSubject.USED, Kind.VAULT)
def vault_purge_protection(vault: StackResource, _: RuleContext) -> Iterable[RuleFinding]:
    """A vault states that purge protection is on."""
    return () if _is_recovery(vault) else of(judgements.purge_protection(vault))


@rule(RuleSubject.USED, Kind.VAULT)
def vault_trusted_services(vault: StackResource, _: RuleContext) -> Iterable[RuleFinding]:
    """A vault's firewall lets trusted Microsoft services through."""
    return of(judgements.trusted_services(vault))


@rule(RuleSubject.STEP, Kind.ACCOUNT)
def account_local_auth_disabled(account: StackResource, _: RuleContext) -> Iterable[RuleFinding]:
    """An account is used with identities, not with shared keys.

    Absent is false: the service hands out keys by default."""
    stated = account.input("disableLocalAuth")
    return expect(
        "properties.disableLocalAuth",
        stated,
        values.flag(stated) is True,
        required="properties.disableLocalAuth true",
        fix="set disableLocalAuth to true, and let callers authenticate with Microsoft Entra ID",
    )


@rule(RuleSubject.STEP, Kind.ACCOUNT)
def account_network_restricted(account: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """An account is not open to every network.

    Judges as Azure Policy 037eea7a and 55615ac9 and PSRule do: an Allow with IP rules is open. Rules without
    a default action count as open, because nobody has seen that these close an endpoint."""
    network = adapters.network(account.declared)
    if account.input("networkAcls.defaultAction") is None:
        network = replace(network, default_action=Network.default_action)
    return of(demands.restricted(network, disabled=context.settings["publicAccess"] == "disabled"))


@rule(RuleSubject.USED, Kind.VAULT)
def vault_network_restricted(vault: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """A vault is not open to every network."""
    return () if _is_recovery(vault) else account_network_restricted(vault, context)


@rule(RuleSubject.USED, Kind.VAULT)
def vault_retention(vault: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """A vault keeps what was deleted for long enough.

    Absent is the service's 90 days; only trivy objects to that."""
    stated, shortest = vault.input("softDeleteRetentionInDays"), int(context.settings["minimumDays"]) or 7
    kept = RETENTION_DAYS if stated is None else values.number(stated)
    return expect(
        "properties.softDeleteRetentionInDays",
        stated,
        isinstance(kept, int) and shortest <= kept <= RETENTION_DAYS,
        required=f"{shortest} to {RETENTION_DAYS} days",
        fix=f"set softDeleteRetentionInDays to {RETENTION_DAYS} when the vault is made: it cannot "
        "change later",
    )


@rule(RuleSubject.USED, Kind.VAULT)
def vault_permission_model(vault: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """A vault uses the configured permission model.

    The model of a vault that states none is not known (judgements.uses_roles). The vault may hold grants
    that its model ignores; grant-present requires one that counts."""
    where, stated = "properties.enableRbacAuthorization", vault.input("enableRbacAuthorization")
    by_roles = context.settings["model"] == "rbac"
    wanted = "true" if by_roles else "false"
    if _is_recovery(vault) or (context.settings["model"] == "any" and not isinstance(stated, Hidden)):
        return ()
    return expect(
        where,
        stated,
        judgements.uses_roles(vault) is by_roles,
        required=f"{where} {wanted}, as configured for this rule",
        fix=f"set enableRbacAuthorization to {wanted} and grant access by "
        f"{'role assignments' if by_roles else 'access policies'}",
        setting=f"set accessModel: {'rbac' if by_roles else 'accessPolicy'}",
    )


@rule(RuleSubject.USED, Kind.KEY)
def key_rsa_2048(key: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """A key is RSA of 2048 bits, or larger if every kind of account that uses it takes that size.

    Type and size have to be stated. If no account of this stack uses the key, the size is undecided: that
    is advice, because the service refuses a wrong key before any data is under it."""
    is_unstated = None in (values.name(key.input("kty")), values.number(key.input("keySize")))
    expected = "properties.kty RSA or RSA-HSM, and properties.keySize 2048"
    for one in of(judgements.key_type(key, context.protections.users_of(key))):
        is_open = one.outcome is DemandOutcome.UNDECIDED and is_unstated
        yield RuleFinding(one.found, expected, one.fix) if is_open else one


@rule(RuleSubject.USED, Kind.KEY)
def key_usable(key: StackResource, context: RuleContext) -> Findings:
    """A key is enabled, not expired, already valid, and may wrap and unwrap.

    Absent means enabled, without dates, and with every operation.

    A key of this project's components shows the attributes that a refresh has found, which are those of its
    newest version. The program states none, and an update that binds another version must not be refused for
    them.
    """
    stated = key.input("attributes.enabled")
    found = demands.usable(
        "the key",
        True if stated is None else values.flag(stated),
        values.instant(key.input("attributes.notBefore")),
        values.instant(key.input("attributes.expires")),
        context.now,
    )
    is_live = any(around(key, context.at)) and key.ignores("properties", "attributes")
    for one in found:
        if is_live and one.unmet:
            yield undecided(f"whether the bound version can be used; about the newest version: {one.found}")
        else:
            yield from of(one)
    yield from of(judgements.key_operations(key))


@rule(RuleSubject.USED, Kind.KEY)
def key_expiry(key: StackResource, context: RuleContext) -> Findings:
    """A key has an end date.

    A date on the key, or an expiry time in its rotation policy, which dates each new version.

    A disabled key encrypts nothing and is left alone, as in Prowler.
    """
    if values.flag(key.input("attributes.enabled")) is False:
        return
    expires = values.instant(key.input("attributes.expires"))
    from_policy = values.name(key.input("rotationPolicy.attributes.expiryTime"))
    if isinstance(expires, Hidden):
        yield hidden("properties.attributes.expires", expires)
    elif expires is not None:
        least, most = (int(context.settings[name]) for name in ("minimumDays", "maximumDays"))
        left = (expires - context.now) / _DAY
        found = f"the key expires in {left:.0f} days"
        if least and left < least:
            fix = "rotate the key and bind the account to the new version now"
            yield RuleFinding(found, f"at least {least} days left", fix)
        if most and left > most:
            fix = "set an earlier attributes.expires, and a rotation before it"
            yield RuleFinding(found, f"no more than {most} days", fix)
    elif isinstance(from_policy, Hidden):
        yield hidden("properties.attributes.expires", from_policy)
    elif from_policy is None:
        yield RuleFinding(
            "neither properties.attributes.expires nor rotationPolicy.attributes.expiryTime is stated",
            "an expiry date",
            f"set attributes.expires (seconds since 1970), with a rotation well before it: {demands.EXPIRED}",
            setting=f"{_ROTATION_SETTING}; key.expiresAfterDays counts only when a key is made",
        )


@rule(RuleSubject.USED, Kind.KEY)
def key_rotation_policy(key: StackResource, _: RuleContext) -> Findings:
    """A key is rotated automatically, by its rotation policy.

    Any action of type rotate, as PSRule and Prowler; a policy that only notifies does not count."""
    actions = values.each(key.input("rotationPolicy.lifetimeActions"))
    types = [values.word(values.get_path(action, "action.type")) for action in actions]
    if "rotate" in types:
        return
    if mark := demands.first_hidden(*types):
        yield hidden("properties.rotationPolicy", mark)
        return
    yield RuleFinding(
        "properties.rotationPolicy has no lifetime action of type rotate",
        "a lifetime action of type rotate",
        "state rotationPolicy when the key is made (Azure ignores it on an existing key), and bind the "
        "account again after each rotation",
        setting=f"{_ROTATION_SETTING}; key.rotatesAfterDays counts only when a key is made",
    )


@rule(RuleSubject.STEP, Kind.VAULT, Kind.MANAGED_HSM, Kind.KEY, Kind.ACCESS_POLICY)
def key_vault_api_version(resource: StackResource, _: RuleContext) -> Findings:
    """Vaults and keys are declared by an API version that Azure goes on serving.

    A type of azure-native that pins no version asks by the plugin's; `azure-cmk` asks by one that stays. A
    version that is not known yet is asked about in the update."""
    type, pinned = parse_urn(resource.urn).type, resource.api_version
    if type == ACCESS_POLICY or (pinned or AZURE_NATIVE_VAULTS) >= VAULTS:
        return
    fix = f"run `pulumi package add azure-native keyvault {VAULTS}`, and make it of that package's type"
    if resource.kind is Kind.ACCESS_POLICY:
        fix = f"make it an {ACCESS_POLICY}, because azure-native has its type in no other version"
    yield RuleFinding(
        f"Key Vault is asked by API version {pinned or AZURE_NATIVE_VAULTS}, which Azure refuses from "
        f"{VAULTS_RETIRE_ON:%d %B %Y} on",
        f"API version {VAULTS} or newer",
        f"{fix}, with an alias of the type that it has now",
    )


@rule(RuleSubject.USE)
def account_outbound_compatible(use: AccountProtection, context: RuleContext) -> Iterable[RuleFinding]:
    """An account that may not call out may still call its vault.

    It has no ids of other rule sets: CKV_AZURE_247 and cnspec ask for the restriction, this rule for the way
    through it."""
    host = demands.host_words(context.protections.vault_hosts(use))
    urn = use.account.urn if use.account else None
    return of(judgements.outbound(context.protections, use), urn, host=host)


@rule(RuleSubject.USE)
def same_region(use: AccountProtection, context: RuleContext) -> Iterable[RuleFinding]:
    """An account and its vault are in the same region."""
    return of(judgements.region(context.protections, use))


@rule(RuleSubject.STACK)
def same_tenant(protections: Protections, _: RuleContext) -> Findings:
    """An account, its vault and its grants are in the same Microsoft Entra tenant.

    Judges the tenants of the account and its vault, and of each access policy."""
    for use in protections.all:
        yield from of(judgements.tenant(protections, use), use.writer.urn)
    for grant in protections.grants:
        if grant.entry and grant.resource.kind is Kind.ACCESS_POLICY:
            here, there = grant.entry.tenant_id, grant.tenant
            if isinstance(here, str) and isinstance(there, str):
                yield from of(demands.tenant(here, there, whose="access policy"), grant.resource.urn)
