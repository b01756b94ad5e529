"""The obstacles to an adoption, each with its fix.

An adoption changes nothing, so it refuses, all at once, every part that would have to change, and every
finding that the evidence calls an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from components.arguments import names
from core import api_versions, arm_ids, commands, demands, kind_limits
from core.facts import Account, Key, Vault
from core.key_uris import KeyUri
from core.roles import SERVICE_PRINCIPAL, encryption_user
from operate.adopt.existing import Existing
from operate.adopt.plan import grant, granted_elsewhere
from operate.azure import Json
from operate.evidence.findings import findings
from operate.evidence.history import newest
from operate.evidence.model import Facts, NotChecked
from operate.evidence.rules import RULES, AuditSeverity

# Of interest to an auditor, but no obstacle to adoption.
_NO_OBSTACLE = frozenset({"not-under-customer-key", "others-did-unwrap"})
# No setting expresses these, because only one value is safe.
_OBSTACLES = frozenset({"local-auth-on", "account-not-settled"})


@dataclass(frozen=True)
class Obstacle:
    """Why one account cannot be taken over as it is, and what to do."""

    account: str
    text: str
    fix: str

    def __str__(self) -> str:
        return f"{self.account}: {self.text}; {demands.way(self.fix)}"


def obstacles(services: Sequence[tuple[str, Existing]], *, follows_key: bool) -> list[Obstacle]:
    """Everything that prevents the adoption, for all accounts. `services` are (name, account) pairs.
    `follows_key`: somebody has said that an account for which Azure shows no key version names none."""
    found = [obstacle for name, one in services for obstacle in _of_account(name, one)]
    if not follows_key:
        found += [_unsaid(one.account) for _, one in services if _may_follow_key(one)]
    return [*found, *_between(services)]


def _may_follow_key(existing: Existing) -> bool:
    account = existing.service.account
    return isinstance(account, Account) and account.encryption.is_customer_managed and _names_none(account)


def _unsaid(account: Account) -> Obstacle:
    return Obstacle(
        account.name,
        "Azure shows no key version: the account follows its key by itself, or Azure does not show which it "
        "is bound to",
        "if you know that it was bound without a version, add --follows-key, and key.version: automatic is "
        "written; else leave it outside",
    )


def _of_account(name: str, existing: Existing) -> Iterator[Obstacle]:
    service = existing.service
    facts = Facts(existing.taken, "", (service,))
    for finding in findings(facts):
        severe = finding.severity is AuditSeverity.ERROR and finding.rule not in _NO_OBSTACLE
        if severe or finding.rule in _OBSTACLES:
            yield Obstacle(service.name, finding.text, _fix(finding.rule, existing) or finding.fix)
    if not isinstance(service.account, Account):
        return
    yield from _account(service.account)
    if isinstance(service.vault, Vault) and isinstance(service.key, Key):
        yield from _grant(name, existing)
        yield from _identity(name, existing)


def _fix(rule: str, existing: Existing) -> str:
    if rule == "local-auth-on":
        return _patch(existing, {"disableLocalAuth": True})
    if rule == "bound-without-version":
        return _bind_again(existing)
    return ""


def _patch(existing: Existing, properties: Json) -> str:
    return commands.patch(existing.service.account_id, api_versions.ACCOUNTS, properties)


def _bind_again(existing: Existing) -> str:
    """The command that writes the binding as this project declares it: with a key version, unless the account
    follows its key by itself, and the vault URI without a slash at its end."""
    latest = newest(existing.key, existing.taken)
    version, names_none = existing.account.encryption.key_version, _names_none(existing.account)
    if not version and not names_none:
        version = latest.version if latest else ""
    bound = existing.account.encryption
    if not version and not names_none:
        uri = KeyUri.of(bound.key_vault_uri, existing.key.name, existing.key.versions[-1].version)
        return RULES["key-usable"].fix.format(version=uri.text)
    right = replace(bound, key_vault_uri=bound.key_vault_uri.rstrip("/"), key_version=version)
    return _patch(existing, {"encryption": right.body})


def _names_none(account: Account) -> bool:
    """Whether the account follows its key by itself."""
    return kind_limits.key_version(account.kind, account.encryption.key_version) is None and (
        not account.encryption.key_version
    )


def _account(account: Account) -> Iterator[Obstacle]:
    domain = account.subdomain
    if domain != account.name:
        yield Obstacle(
            account.name,
            f"its subdomain is {domain or 'not set'}, but this project expects the account's name",
            "leave it outside"
            if domain
            else f"az cognitiveservices account update --name {account.name} --resource-group "
            f"{quote(arm_ids.group_of(account.id))} --custom-domain {account.name}",
        )


def _grant(name: str, existing: Existing) -> Iterator[Obstacle]:
    vault, user = existing.vault, existing.account.key_user
    if user is None:
        return
    given, role = grant(name, existing), encryption_user(vault.id).name
    if given is None and vault.uses_rbac and not _reported(existing):
        assignee = f"--assignee-object-id {user} --assignee-principal-type {SERVICE_PRINCIPAL}"
        yield Obstacle(
            existing.account.name,
            f"its identity may use the key by a role that is not {role} at the key"
            + (", and that is not adopted" if vault.is_managed_hsm else " or vault, and that is not adopted"),
            f"az keyvault role assignment create --hsm-name {vault.name} {assignee} "
            f"--role '{role}' --scope {arm_ids.local_scope(existing.key_id)}"
            if vault.is_managed_hsm
            else f"az role assignment create {assignee} --role '{role}' --scope {quote(existing.key_id)}",
        )
    if given is not None and granted_elsewhere(existing) and not given[1]:
        yield Obstacle(
            existing.account.name,
            "its vault is in another subscription, and its access is not exactly what this project gives",
            "give the identity get, wrapKey and unwrapKey, in this order and nothing else"
            if not vault.uses_rbac
            else "under Azure RBAC such a vault cannot be adopted; leave the account outside",
        )


def _reported(existing: Existing) -> bool:
    """Whether a finding already says that the account's access is missing, or could not be read."""
    facts = Facts(existing.taken, "", (existing.service,))
    unread = isinstance(existing.service.assignments, NotChecked)
    return unread or any(f.rule == "no-access-to-key" for f in findings(facts))


def _identity(name: str, existing: Existing) -> Iterator[Obstacle]:
    account, identity = existing.account, existing.identity
    if not account.encryption.identity_client_id or identity is None:
        return
    wanted = names.DEFAULTS["identity"].template.format(service=name)
    if isinstance(identity, NotChecked):
        yield Obstacle(
            account.name, f"its identity was not read: {identity.why}", "log in as one who may read it"
        )
    elif (found := arm_ids.name_of(identity.id)) != wanted or not arm_ids.same(
        arm_ids.group_of(identity.id), arm_ids.group_of(account.id)
    ):
        yield Obstacle(
            account.name,
            f"its user-assigned identity is {identity.id}, but this project expects {wanted} in the "
            "account's own group",
            f"give --name {found.removeprefix('id-')}" if found.startswith("id-") else "leave it outside",
        )
    spelt = account.encryption.key_vault_uri
    if spelt.endswith("/") and (account.encryption.key_version or _names_none(account)):
        yield Obstacle(
            account.name,
            f"its encryption spells the vault {spelt}, but this project declares an account that is bound "
            "in its create without the slash",
            f"write the same binding without it: `{_bind_again(existing)}`",
        )


def _between(services: Sequence[tuple[str, Existing]]) -> Iterator[Obstacle]:
    subscriptions = {arm_ids.subscription_of(one.service.account_id) for _, one in services}
    if len(subscriptions) > 1:
        yield Obstacle(
            "all",
            f"they are in {len(subscriptions)} subscriptions",
            "adopt the accounts of each subscription into a stack of its own",
        )
