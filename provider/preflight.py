"""The preflight: every reason against an act at once, and a wait while all of them may pass by themselves.

A rule finds each reason, and says what follows if a demand does not hold and how to meet it. Whatever could
not be read is a finding, too, so that silence never means "checked".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from core import arm_ids, demands, facts, key_uris, kind_limits, rights
from core.demands import Judgement
from core.facts import HOURS_HELD, RoleAssignment, Vault
from core.key_uris import KeyUri
from core.refusals import ENDED
from core.rights import Access
from provider.errors import grant_command
from provider.failure import RefusedOperationError
from provider.live_state import ACCOUNT, BOUND_KEY, KEY, VAULT, LiveState, Look, Target
from provider.waiting import Waiter

if TYPE_CHECKING:
    from provider.resource import Call

GRANT_LISTING_SECONDS = 120.0
"""How long a grant, or a new version of a key, may take to be shown by Resource Manager before it counts as
missing (assumed; nobody has measured how far its reads lag behind writes)."""
IDENTITY_HAS_ACCESS = "identity-has-access"
_MAY_BE_SHOWN_LATE = {IDENTITY_HAS_ACCESS, "key-version-exists", "vault-exists"}
T = TypeVar("T")


class Severity(Enum):
    """What follows from a finding.

    REFUSED: Azure would refuse the act, or the data would later be lost, and no other resource of the update
    can change that. CHANGEABLE: refused too, but another resource of the same update may change it: a warning
    in a preview. TRANSIENT: may pass by itself (an account that is still being set up, a grant that is not
    shown yet). NOT_CHECKED: could not be read.
    """

    REFUSED = "refused"
    CHANGEABLE = "changeable"
    TRANSIENT = "transient"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """A demand that does not hold: the rule's name, what was found and expected, and how to meet it."""

    rule: str
    severity: Severity
    text: str
    fix: str = ""

    def __str__(self) -> str:
        head = self.text if self.severity is Severity.NOT_CHECKED else f"{self.rule}: {self.text}"
        return f"{head}; {self.fix}" if self.fix else head


@dataclass(frozen=True)
class Preflight:
    """The subject of a preflight: the target as far as it is known, what Azure has now, and the time.

    `now` is seconds since 1970; `rebinding` says that this stack has bound the account before; `generation`
    is, for a rotation, the key's generation in the state, and None for a binding.
    """

    target: Target
    live: LiveState
    now: float
    rebinding: bool = False
    generation: int | None = None

    @property
    def key(self) -> KeyUri | None:
        """The key that is to be bound."""
        return self.target.key

    @property
    def vault_id(self) -> str:
        """The vault's ARM id as Azure writes it, else as it was given."""
        if self.live.vault:
            return self.live.vault.id
        return self.target.vault.text if self.target.vault else "VAULT_ID"

    @property
    def principal_id(self) -> str | None:
        """The identity that is to use the key."""
        account = self.live.account
        return account.principal_for(self.target.identity_client_id) if account else None


Rule = Callable[[Preflight], Iterator[Finding]]


async def passed(look: Callable[[], Awaitable[tuple[T, list[Finding]]]], call: Call, head: str) -> T:
    """What was read once nothing was wrong any more; what was not checked is in the log.

    Looks again while every finding may pass by itself. Raises RefusedOperationError, whose message begins
    with `head`, and what `look` and `Waiter.pause` raise.
    """
    live, found = await call.waiter.until(
        look,
        lambda seen: not _may_pass(seen[1], call.waiter),
        lambda seen: f"waiting: {'; '.join(one.text for one in blocking(seen[1]))}",
        first=2.0,
    )
    if blocking(found):
        raise RefusedOperationError(refusal(head, found))
    for finding in found:
        await call.inform(f"not checked: {finding.text}")
    return live


async def around_binding(
    target: Target, call: Call, time: Callable[[], float], *, rebinding: bool
) -> tuple[LiveState, list[Finding]]:
    """What Azure has around a binding, and all findings about it. `time` gives the seconds since 1970.
    Raises ServiceError."""
    live = await Look(call.azure, target, call.explain).at_all(time())
    return live, findings(Preflight(target, live, time(), rebinding))


def blocking(found: list[Finding]) -> list[Finding]:
    """The findings that forbid the act. A thing that could not be read does not forbid it."""
    return [finding for finding in found if finding.severity is not Severity.NOT_CHECKED]


def refusal(head: str, found: list[Finding]) -> str:
    """Every finding as one message: first the reasons that forbid the act, then what was not checked."""
    wrong = blocking(found)
    lines = [f"{head}: {len(wrong)} finding(s), nothing was written"]
    lines += [f"  - {f.rule}: {f.text}" + (f"\n      fix: {f.fix}" if f.fix else "") for f in wrong]
    lines += [f"  - not checked: {f.text}" for f in found if f.severity is Severity.NOT_CHECKED]
    return "\n".join(lines)


def _may_pass(found: list[Finding], waiter: Waiter) -> bool:
    """Whether something forbids the act, and all of it may pass by itself."""
    wrong, late = blocking(found), waiter.elapsed >= GRANT_LISTING_SECONDS
    passing = [
        one.severity is Severity.TRANSIENT and not (late and one.rule in _MAY_BE_SHOWN_LATE) for one in wrong
    ]
    return bool(passing) and all(passing)


def account_exists(check: Preflight) -> Iterator[Finding]:
    """The account is there to be bound."""
    if ACCOUNT in check.live.read and check.live.account is None:
        text = f"there is no account {check.target.account.text if check.target.account else ''}"
        fix = f"create it first, or restore it if it was deleted in the last {HOURS_HELD} hours"
        yield Finding("account-exists", Severity.CHANGEABLE, text, fix)


def account_is_settled(check: Preflight) -> Iterator[Finding]:
    """No change of the account is under way (AccountProvisioningStateInvalid).

    An account whose last change failed is bound all the same: that change may have been a binding before its
    access counted, and another change leads out of that state (assumed). No key is rotated for such an
    account, because nobody can unmake a version.
    """
    rule, account = "account-is-settled", check.live.account
    state = account.provisioning_state if account else ""
    has_failed = state.lower() in ENDED - {"succeeded"}
    if has_failed and check.generation is not None:
        text, fix = "the account's last change did not succeed", "update the account again until it does"
        yield Finding(rule, Severity.CHANGEABLE, text, fix)
    elif not has_failed and state.lower() not in ("", "succeeded"):
        yield Finding(rule, Severity.TRANSIENT, f"the account is in state {state}; expected Succeeded")


def account_has_identity(check: Preflight) -> Iterator[Finding]:
    """The identity that is to use the key belongs to the account (Enable customer-managed keys)."""
    account, client = check.live.account, check.target.identity_client_id
    if account is None or not check.target.identity_known or check.principal_id:
        return
    text = "the account has no system-assigned identity to use the key"
    fix = "give the account identity type SystemAssigned, or name a user-assigned one in identityClientId"
    if client:
        has = ", ".join(user.client_id for user in account.user_assigned) or "none"
        text = f"no user-assigned identity of the account has the client id {client}; it has {has}"
        fix = "assign the identity to the account, and give its clientId, not its principalId"
    yield Finding("account-has-identity", Severity.CHANGEABLE, text, fix)


def kind_takes_it(check: Preflight) -> Iterator[Finding]:
    """The account's kind takes a key through this identity, with or without a version, and later keys from
    another vault (core.kind_limits has the sources)."""
    account, key, target = check.live.account, check.key, check.target
    if account is None:
        return
    bound = account.encryption.key
    if target.identity_known:
        unmet = kind_limits.key_identity(account.kind, user_assigned=bool(target.identity_client_id))
        fix = "remove identityClientId, and give the account identity type SystemAssigned"
        yield from _refused("account-takes-identity", unmet, fix)
    if key:
        unmet = kind_limits.key_version(account.kind, key.version)
        yield from _refused("kind-follows-the-key", unmet, unmet.fix.property if unmet else "")
    if key and bound and not key_uris.same_vault(bound.vault_uri, key.vault_uri):
        unmet = kind_limits.vault_change(account.kind, bound.host, key.host)
        yield from _refused("account-keeps-its-vault", unmet, "bind a key of that vault")


def account_is_free(check: Preflight) -> Iterator[Finding]:
    """Nobody else has bound the account, and it moves to another vault only if the inputs ask for that."""
    account, key = check.live.account, check.key
    bound = account.encryption.key if account else None
    if account is None or key is None or bound is None or bound.same_key(key):
        return
    if not check.rebinding:
        text = f"the account is already bound to the key {bound.text}, which this stack does not manage"
        fix = f"take it over with `pulumi import azure-cmk:index:CustomerManagedKey NAME {account.id}`, and "
        fix += "--parent COMPONENT=URN where it is below a component"
        yield Finding("account-is-free", Severity.REFUSED, text, fix)
    elif not key_uris.same_vault(bound.vault_uri, key.vault_uri) and check.target.vault is None:
        text = f"the key is in the vault {key.host}, but the account is bound to a key in {bound.host}"
        fix = "if the move is intended, name the new vault in vaultId"
        yield Finding("other-vault-is-asked-for", Severity.REFUSED, text, fix)


def account_was_read(check: Preflight) -> Iterator[Finding]:
    """If the login may not read the account, nobody knows whether the account could follow, so the key is not
    rotated."""
    account = check.target.account
    if account and ACCOUNT not in check.live.read:
        text = f"this login may not read the account {account.name}, so nobody knows whether it could follow"
        yield Finding("account-was-read", Severity.REFUSED, text, check.live.unreadable.get(ACCOUNT, ""))


def account_is_on_the_key(check: Preflight) -> Iterator[Finding]:
    """An account that is to follow a key is bound to it; one that does not exist yet follows once it does.

    One on Microsoft-managed keys is bound first, unless there is no version that it could be bound to.
    """
    account, key, current = check.live.account, check.key, check.live.key
    bound = account.encryption.key if account else None
    if account is None or key is None or (bound and bound.same_key(key)):
        return
    if bound is None and current and demands.key_usable(current, check.now):
        return
    yield Finding(
        "account-is-on-the-key",
        Severity.REFUSED,
        f"the account is on {bound.text if bound else 'Microsoft-managed keys'}, not on a version of the key "
        f"{key.name} in {key.host}",
        "bind it first, by `pulumi up --refresh` with generation as it was, "
        f"{check.generation}; then raise generation",
    )


def vault_exists(check: Preflight) -> Iterator[Finding]:
    """The vault is there."""
    if VAULT in check.live.read and check.live.vault is None:
        in_hsm = arm_ids.in_managed_hsm(check.vault_id)
        name = arm_ids.name_of(check.vault_id)
        text = f"there is no {'managed HSM' if in_hsm else 'vault'} {check.vault_id}"
        options = f"--hsm-name {name} --location REGION" if in_hsm else f"--name {name}"
        fix = f"create it, or run `az keyvault recover {options}` if it was deleted"
        yield Finding("vault-exists", Severity.CHANGEABLE, text, fix)


def identity_has_access(check: Preflight) -> Iterator[Finding]:
    """An access policy grants "key permissions to the managed identity", or a role gives the same."""
    vault, principal, key = check.live.vault, check.principal_id, check.key
    if vault is None or not principal or not check.target.identity_known:
        return
    if vault.uses_rbac and (check.live.roles is None or key is None):
        return
    yield from access_findings(vault, check.live.roles or (), key.name if key else "KEY", principal)


def access_findings(
    vault: Vault, roles: Sequence[RoleAssignment], key_name: str, principal_id: str
) -> Iterator[Finding]:
    """What an identity lacks to use a key, by the permission model of the vault.

    `roles` are the role assignments that apply to the key; access policies are part of the vault.
    """
    key_id = facts.key_id(vault.id, key_name)
    access = rights.on_key(vault, principal_id, key_id, roles)
    missing = ", ".join(access.missing)
    rule, name = IDENTITY_HAS_ACCESS, facts.vault_name(vault)
    if access.level is Access.UNKNOWN:
        text = f"whether the identity {principal_id} has {missing} on the key: {'; '.join(access.uncertain)}"
        yield Finding(rule, Severity.NOT_CHECKED, text)
    elif access.level is not Access.FULL:
        shown = "role assignment at or above the key" if vault.uses_rbac else f"access policy of {name}"
        text = f"no {shown} gives {missing} to the identity {principal_id} (what groups have is not seen)"
        grant = grant_command(vault.id, name, key_name, principal_id, by_role=vault.uses_rbac)
        yield Finding(rule, Severity.TRANSIENT, text, f"run `{grant}`")


def key_version_exists(check: Preflight) -> Iterator[Finding]:
    """The key, or the version that is to be bound, exists."""
    key = check.key
    if key and KEY in check.live.read and check.live.key is None:
        what = f"version {key.version} of the key" if key.version else "key"
        fix = f"run `az keyvault key {'list-versions' if key.version else 'recover'} {_options(key)}`"
        text = f"there is no {what} {key.name} in {key.host}"
        yield Finding("key-version-exists", Severity.TRANSIENT, text, fix)


def key_is_usable(check: Preflight) -> Iterator[Finding]:
    """The version is enabled and within its dates."""
    version, key = check.live.key, check.key
    if version and key:
        named = KeyUri(key.vault_uri, key.name, version.version).text
        fix = f"run `az keyvault key set-attributes --id {named} --enabled true`, or bind a valid version"
        if version.enabled:
            fix = f"run `az keyvault key rotate {_options(key)}` for a new version, or bind a valid one"
        for unmet in demands.key_usable(version, check.now):
            yield Finding("key-is-usable", Severity.CHANGEABLE, unmet.found, fix)


def bound_version_is_usable(check: Preflight) -> Iterator[Finding]:
    """The version that the account is on can be used, because the service has to unwrap the data's key with
    it before it wraps it with another one. An expired version still unwraps ("About keys": unwrap works after
    `exp`).

    That the service needs the old version is assumed. One that is disabled may have been so on purpose.
    """
    account, version = check.live.account, check.live.bound_key
    bound = account.encryption.key if account and BOUND_KEY in check.live.read else None
    if bound is None or (version and version.enabled):
        return
    why, fix = "is not in the vault any more", f"az keyvault key recover {_options(bound)}"
    if version:
        why, fix = "is disabled", f"az keyvault key set-attributes --id {bound.text} --enabled true"
    yield Finding(
        "bound-version-is-usable",
        Severity.REFUSED,
        f"the version {bound.version} that the account is bound to {why}, so its data cannot be read, and "
        "no other version can be bound until this one can be used again",
        f"run `{fix}`; or, where it was disabled on purpose, set access: revoked",
    )


def unreadable_parts(check: Preflight) -> Iterator[Finding]:
    """Whatever the deploying principal may not read was not checked."""
    for what, why in check.live.unreadable.items():
        yield Finding("unreadable-parts", Severity.NOT_CHECKED, f"{what} could not be read: {why}")


_DEMANDS: Final = {
    "tier": ("account-tier", Severity.CHANGEABLE),
    "outbound": ("outbound-reaches-vault", Severity.CHANGEABLE),
    "same-region": ("same-region", Severity.REFUSED),
    "same-tenant": ("same-tenant", Severity.REFUSED),
    "hsm-activated": ("hsm-is-activated", Severity.CHANGEABLE),
    "soft-delete": ("vault-has-soft-delete", Severity.CHANGEABLE),
    "purge-protection": ("vault-has-purge-protection", Severity.CHANGEABLE),
    "trusted-services": ("vault-admits-trusted-services", Severity.CHANGEABLE),
    "key-type": ("key-is-rsa-2048", Severity.REFUSED),
    "key-operations": ("key-allows-wrapping", Severity.CHANGEABLE),
}
"""For each demand of `core.demands`: its rule here, and what follows if it is not met."""


def demands_are_met(check: Preflight) -> Iterator[Finding]:
    """The service's demands on the account, the vault and the key. If Azure does not say, the demand is not
    checked."""
    live, key = check.live, check.key
    for one in demands.judge(live.account, live.vault, live.key, [key.vault_uri] if key else ()):
        rule, severity = _DEMANDS[one.demand]
        if one.unmet:
            places = {"host": key.host if key else "", "key": key.text if key else ""}
            yield Finding(rule, severity, one.text, one.way(vault_id=check.vault_id, **places))
        else:
            yield Finding(rule, Severity.NOT_CHECKED, one.found)


def _options(key: KeyUri) -> str:
    return key_uris.cli_options(key.vault_name, key.name, in_managed_hsm=key.in_managed_hsm)


def _refused(rule: str, unmet: Judgement | None, fix: str) -> Iterator[Finding]:
    if unmet and unmet.unmet:
        yield Finding(rule, Severity.REFUSED, unmet.text, fix)


_SURROUNDINGS: tuple[Rule, ...] = (
    vault_exists,
    demands_are_met,
    identity_has_access,
    bound_version_is_usable,
    unreadable_parts,
)
"""What must hold around an account and its key, whatever is done."""

BINDING_RULES: tuple[Rule, ...] = (
    account_exists,
    account_is_settled,
    account_has_identity,
    account_is_free,
    kind_takes_it,
    key_version_exists,
    key_is_usable,
    *_SURROUNDINGS,
)
"""What must hold to bind a version that exists."""

ROTATION_RULES: tuple[Rule, ...] = (
    account_was_read,
    account_is_settled,
    account_has_identity,
    account_is_on_the_key,
    key_version_exists,
    *_SURROUNDINGS,
)
"""What must hold before a key gets a new version that an account is to follow. Type, size and operations are
those of the key. An expired version is a reason to rotate, not a reason against it."""


def findings(check: Preflight, rules: Sequence[Rule] = BINDING_RULES) -> list[Finding]:
    """All findings of the rules, in their order."""
    return [finding for rule in rules for finding in rule(check)]
