"""What must hold before an account can be bound, judged all at once on what was read.

Each rule is one function from the subject to its findings; `findings` runs all of them. Nothing here reads
or writes. What could not be read is a finding of its own, so that silence never means "checked".
"""

from __future__ import annotations

from collections.abc import Iterator

from provider import account_rules, key_rules, vault_rules
from provider.finding import Finding, Rule, Subject, Verdict


def unreadable_is_told(subject: Subject) -> Iterator[Finding]:
    """What the deploying principal may not read was not checked, which is said."""
    for unread in subject.around.unreadable:
        yield Finding(
            "unreadable-is-told", Verdict.UNCHECKED, f"{unread.what} could not be read: {unread.why}"
        )


RULES: tuple[Rule, ...] = (
    account_rules.account_exists,
    account_rules.account_is_not_busy,
    account_rules.account_supports_customer_keys,
    account_rules.account_has_identity,
    account_rules.account_is_free,
    account_rules.outbound_reaches_vault,
    vault_rules.vault_was_named,
    vault_rules.vault_exists,
    vault_rules.vault_is_the_keys,
    vault_rules.same_region,
    vault_rules.same_tenant,
    vault_rules.vault_has_soft_delete,
    vault_rules.vault_has_purge_protection,
    vault_rules.vault_lets_trusted_services_in,
    vault_rules.identity_has_grant,
    key_rules.key_version_exists,
    key_rules.key_is_rsa_2048,
    key_rules.key_is_usable,
    key_rules.bound_version_is_usable,
    key_rules.key_allows_wrapping,
    key_rules.key_was_told,
    unreadable_is_told,
)
"""What must hold for a version that exists."""

FOLLOWING: tuple[Rule, ...] = (
    account_rules.account_was_read,
    account_rules.account_is_settled,
    account_rules.account_supports_customer_keys,
    account_rules.account_has_identity,
    account_rules.account_is_on_the_key,
    account_rules.outbound_reaches_vault,
    vault_rules.vault_exists,
    vault_rules.vault_is_the_keys,
    vault_rules.same_region,
    vault_rules.same_tenant,
    vault_rules.vault_has_soft_delete,
    vault_rules.vault_has_purge_protection,
    vault_rules.vault_lets_trusted_services_in,
    vault_rules.identity_has_grant,
    key_rules.key_exists,
    key_rules.key_is_rsa_2048,
    key_rules.key_allows_wrapping,
    key_rules.bound_version_is_usable,
    key_rules.key_was_told,
    unreadable_is_told,
)
"""What must hold for a version that is still to be made. Type, size and operations are those of the key. That
the current version is expired is a reason to rotate, and none against it."""


def findings(subject: Subject, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """All findings of the rules, in their order."""
    return [finding for rule in rules for finding in rule(subject)]
