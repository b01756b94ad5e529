"""The preflight's rules about the account: what it is, how it is and what it is bound to."""

from __future__ import annotations

from collections.abc import Iterator

from provider.binding import bound
from provider.finding import Finding, Subject, Verdict
from provider.key_rules import unusable_now


def account_exists(subject: Subject) -> Iterator[Finding]:
    """The account is there to be bound."""
    if subject.around.account_asked and subject.around.account is None:
        yield Finding(
            "account-exists",
            Verdict.CHANGEABLE,
            f"there is no account {subject.wish.account.text if subject.wish.account else ''}",
            "create it first, or restore it if it was deleted in the last 48 hours",
        )


def account_is_settled(subject: Subject) -> Iterator[Finding]:
    """No change of the account is under way, and the last one succeeded (AccountProvisioningStateInvalid)."""
    account = subject.around.account
    if account is None or account.provisioning_state.lower() == "succeeded":
        return
    failed = account.provisioning_state.lower() in {"failed", "canceled"}
    yield Finding(
        "account-is-settled",
        Verdict.CHANGEABLE if failed else Verdict.PASSING,
        f"the account is in state {account.provisioning_state}, wanted Succeeded",
        "update the account again until it succeeds" if failed else "",
    )


def account_is_not_busy(subject: Subject) -> Iterator[Finding]:
    """No change of the account is under way (AccountProvisioningStateInvalid).

    An account whose last change failed is bound all the same. That change may have been a binding that came
    before its access counted, and another change is the way out of that state (assumed).
    """
    account = subject.around.account
    if account and account.provisioning_state.lower() in {"failed", "canceled"}:
        yield Finding(
            "account-is-settled",
            Verdict.UNCHECKED,
            f"whether the account takes a change, since its last one ended as {account.provisioning_state}",
        )
    else:
        yield from account_is_settled(subject)


def account_supports_customer_keys(subject: Subject) -> Iterator[Finding]:
    """The account's kind and tier offer it ("Pricing Tier for CMK"); ARM tells so in `capabilities`."""
    account = subject.around.account
    if account is None:
        return
    if account.capabilities is None:
        yield Finding(
            "account-supports-customer-keys",
            Verdict.UNCHECKED,
            "the account tells no capabilities, so its kind and tier were not checked",
        )
    elif "customermanagedkey" not in {name.lower() for name in account.capabilities}:
        yield Finding(
            "account-supports-customer-keys",
            Verdict.CHANGEABLE,
            f"the account of kind {account.kind} has no capability CustomerManagedKey in its pricing tier",
            "use a tier that has it (S for Language)",
        )


def account_has_identity(subject: Subject) -> Iterator[Finding]:
    """The identity that is to use the key belongs to the account (Enable customer-managed keys)."""
    account, wish = subject.around.account, subject.wish
    if account is None or not wish.identity_known or subject.principal_id:
        return
    if wish.identity_client_id:
        has = ", ".join(i.client_id for i in account.user_identities) or "none"
        yield Finding(
            "account-has-identity",
            Verdict.CHANGEABLE,
            f"no user-assigned identity of the account has the client id {wish.identity_client_id}; "
            f"it has {has}",
            "assign the identity to the account; clientId is wanted, not principalId",
        )
    else:
        yield Finding(
            "account-has-identity",
            Verdict.CHANGEABLE,
            "the account has no system-assigned identity, which is to use the key",
            "give the account identity type SystemAssigned, or name a user-assigned one in identityClientId",
        )


def account_is_free(subject: Subject) -> Iterator[Finding]:
    """Nobody else has bound the account, and it moves to another vault only where that is asked for."""
    account, key = subject.around.account, subject.key
    found = bound(account) if account else None
    if account is None or key is None or found is None or found.key.same_key(key):
        return
    if not subject.rebinding:
        yield Finding(
            "account-is-free",
            Verdict.REFUSED,
            f"the account is already bound to the key {found.key.text}, which this stack does not manage",
            f"take it over with `pulumi import azure-cmk:index:CustomerManagedKey NAME {account.id}`",
        )
    elif found.key.vault_uri != key.vault_uri and subject.wish.vault is None:
        yield Finding(
            "other-vault-is-asked-for",
            Verdict.REFUSED,
            f"the key is in the vault {key.host}, but the account is bound in {found.key.host}",
            "if the move is meant, name the new vault in vaultId",
        )


def account_was_read(subject: Subject) -> Iterator[Finding]:
    """Whether an account that nobody may read could follow a rotation is not known, so it is not tried."""
    account = subject.wish.account
    if account and not subject.around.account_asked:
        yield Finding(
            "account-was-read",
            Verdict.REFUSED,
            f"whether the account {account.name} could follow is not known, since it may not be read",
            f"have Microsoft.CognitiveServices/accounts/read granted at {account.text}",
        )


def account_is_on_the_key(subject: Subject) -> Iterator[Finding]:
    """An account that is to follow a key lives on it; one that is not there yet follows when it is made.

    One on Microsoft-managed keys is bound first, unless there is no version that it could be bound to.
    """
    account, key, current = subject.around.account, subject.key, subject.around.key
    found = bound(account) if account else None
    if account is None or key is None or (found and found.key.same_key(key)):
        return
    if found is None and current and unusable_now(current, subject.now):
        return
    lives_on = found.key.text if found else "Microsoft-managed keys"
    yield Finding(
        "account-is-on-the-key",
        Verdict.REFUSED,
        f"the account is on {lives_on}, not on a version of the key {key.name} in {key.host}",
        "bind it first, by an update with generation as it was; then raise generation",
    )


def outbound_reaches_vault(subject: Subject) -> Iterator[Finding]:
    """The account's outbound restriction lets it reach the vault (Azure/ResourceModules#3259)."""
    account, key = subject.around.account, subject.key
    if account is None or key is None or not account.restricts_outbound:
        return
    if (host := key.host) not in {f.lower() for f in account.allowed_fqdns}:
        allowed = ", ".join(account.allowed_fqdns) or "nothing"
        yield Finding(
            "outbound-reaches-vault",
            Verdict.CHANGEABLE,
            f"the account restricts outbound access and allows {allowed}, so it cannot reach {host}",
            f"add {host} to allowedFqdnList, or set restrictOutboundNetworkAccess to false",
        )
