"""The situations that a reviewer must be able to tell apart: fixtures/NAME.json is what the engine said of each.

Recorded from `pulumi preview --json --show-sames`, with `--refresh --save-plan plan.json` for a plan and
`--event-log` for a policy pack, `pulumi refresh --preview-only --json` and `pulumi destroy --preview-only --json`,
of a program that grants by roles and of this project's (project-*). Ids are numbered, times are all the same.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Situation:
    """One preview: its exit code, its verdicts with spaces between, whether the documentation shows it, and whether
    a plan of it was saved."""

    name: str
    title: str
    code: int
    verdicts: str
    documented: bool = False
    plan: bool = False


SITUATIONS: Final = (
    Situation("created", "A new service", 0, "bound", documented=True),
    Situation("created-without-key", "A new account without a customer key", 3, "not-encrypted"),
    Situation("no-change", "Nothing changes", 0, ""),
    Situation("tags", "A change that has nothing to do with encryption", 0, ""),
    Situation("rotated-outside", "The vault has a newer version of the key", 0, "rotated", documented=True),
    Situation("unbound", "The binding is taken out", 4, "unbound", documented=True, plan=True),
    Situation("may-unbind", "The account is written without its encryption", 4, "may-unbind"),
    Situation("identity-lost", "The account's identity is taken away", 4, "identity-lost"),
    Situation("access-revoked", "The grant is taken out", 4, "access-revoked"),
    Situation("access-widened", "The service gets a wider role", 3, "access-widened"),
    Situation("grant-ignored", "The vault looks at access policies, and the grant is a role", 4, "access-revoked"),
    Situation("vault-replaced", "The vault gets another name", 4, "vault-replaced key-changed", plan=True),
    Situation("vault-deleted", "Vault and key are taken out", 4, "unbound vault-deleted"),
    Situation("key-changed", "The account is put under another key", 3, "key-changed", plan=True),
    Situation("key-deleted", "The key is taken out and another one used", 4, "key-deleted key-changed"),
    Situation("account-replaced", "The account gets another name", 4, "account-replaced", plan=True),
    Situation("account-deleted", "The account is taken out", 4, "account-deleted", plan=True),
    Situation("destroyed", "The whole stack is destroyed", 4, "account-deleted vault-deleted undetermined"),
    Situation("recovery-weakened", "Purge protection is turned off", 4, "recovery-weakened"),
    Situation("network-opened", "Vault and account are opened", 3, "protection-weakened protection-weakened"),
    Situation("login-by-key", "Login by account key is turned on", 3, "protection-weakened"),
    Situation("audit-removed", "The vault's audit log is taken out", 3, "protection-weakened"),
    Situation("unbound-outside", "Someone unbound the account; Pulumi binds it again", 0, "repaired"),
    Situation("revoked-outside", "Someone took the access away; Pulumi would give it again", 4, "access-restored"),
    Situation("identity-lost-outside", "Someone took the identity away", 4, "identity-lost"),
    Situation("account-gone", "Someone deleted the account", 3, "account-gone bound"),
    Situation("drift", "The nightly look, after someone unbound the account", 4, "unbound"),
    Situation("unbound-for-good", "Someone unbound the account, and the binding is taken out", 4, "unbound"),
    Situation("renamed", "The account has another name in the program", 0, "", plan=True),
    Situation("outbound-shut", "The account may no longer reach its vault", 4, "access-revoked strengthened"),
    Situation("stranger", "Somebody else gets rights on the vault", 3, "principal-added", documented=True),
    Situation("imported", "A vault is imported", 0, ""),
    Situation("narrowed-outside", "Someone left the service unwrapKey alone; Pulumi would give the rest again", 4, "access-restored"),
    Situation("application-outside", "Someone made the access one for an application; the program refuses to give it again", 4, ""),
    Situation("no-drift", "The nightly look, with nothing found", 0, ""),
    Situation("violation", "A policy refuses it", 4, "recovery-weakened", documented=True),
    Situation("failed", "The preview breaks off", 4, ""),
    Situation("project-created", "This project's service, new", 0, "bound access-granted"),
    Situation("project-no-change", "This project's service, unchanged", 0, ""),
    Situation("project-rotated", "The key's generation is counted up", 0, "rotated", plan=True),
    Situation("project-written", "The account is written, and bound again in the same update", 0, "re-asserted", plan=True),
    Situation("project-revoked", "The service's access is revoked", 4, "access-revoked"),
    Situation("project-unbound", "The service is put back on Microsoft-managed keys", 4, "unbound"),
    Situation("project-user-assigned", "A service bound in its create", 0, "bound access-granted"),
)  # fmt: skip
