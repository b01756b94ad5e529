"""The situations that a reviewer must be able to tell apart, each with what makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Situation:
    """One preview. `says` are switches or settings of the program, `behind` an action in the cloud."""

    name: str
    title: str
    code: int
    verdicts: tuple[str, ...]
    says: Mapping[str, Any] = field(default_factory=dict)
    program: str = "plain"
    behind: str = ""
    before: str = "deployed"
    pack: bool = False
    refresh_only: bool = False
    destroy: bool = False
    documented: bool = False
    plan: bool = False


def of(name: str, title: str, code: int, verdicts: str, **more: Any) -> Situation:
    """A row: its exit code, and its verdicts with spaces between."""
    return Situation(name, title, code, tuple(verdicts.split()), **more)


SITUATIONS: Final = (
    of("created", "A new service", 0, "bound", before="nothing", documented=True),
    of("created-without-key", "A new account without a customer key", 3, "not-encrypted", says={"bound": False}, before="nothing"),
    of("no-change", "Nothing changes", 0, "", documented=True),
    of("tags", "A change that has nothing to do with encryption", 0, "", says={"tags": {"team": "other"}}),
    of("rotated-outside", "The vault has a newer version of the key", 0, "rotated", program="project", behind="rotate", documented=True),
    of("unbound", "The binding is taken out", 4, "unbound", says={"bound": False}, documented=True, plan=True),
    of("may-unbind", "The account is written without its encryption", 4, "may-unbind", says={"tags": {"team": "other"}, "ignore": False}),
    of("identity-lost", "The account's identity is taken away", 4, "identity-lost", says={"identity": "None"}, documented=True),
    of("access-revoked", "The grant is taken out", 4, "access-revoked", says={"grant": False}, documented=True),
    of("access-widened", "The service gets a wider role", 3, "access-widened", says={"officer": True}),
    of("grant-ignored", "The vault looks at access policies, and the grant is a role", 4, "access-revoked", says={"rbac": False}),
    of("vault-replaced", "The vault gets another name", 4, "vault-replaced key-changed", says={"vaultName": "kv-plain-2"}, plan=True),
    of("vault-deleted", "Vault and key are taken out", 4, "unbound vault-deleted", says={"vault": False}),
    of("key-changed", "The account is put under another key", 3, "key-changed", says={"keys": ["key", "second"], "use": "second"}, plan=True),
    of("key-deleted", "The key is taken out and another one used", 4, "key-deleted key-changed", says={"keys": ["second"], "use": "second"}, documented=True),
    of("account-replaced", "The account gets another name", 4, "account-replaced", says={"accountName": "lang-plain-2"}, documented=True, plan=True),
    of("account-deleted", "The account is taken out", 4, "account-deleted", says={"account": False}, plan=True),
    of("destroyed", "The whole stack is destroyed", 4, "account-deleted vault-deleted undetermined", destroy=True),
    of("recovery-weakened", "Purge protection is turned off", 4, "recovery-weakened", says={"purge": False}, documented=True),
    of("network-opened", "Vault and account are opened", 3, "protection-weakened protection-weakened", says={"firewall": False, "network": "Enabled"}, documented=True),
    of("login-by-key", "Login by account key is turned on", 3, "protection-weakened", says={"localAuth": True}),
    of("audit-removed", "The vault's audit log is taken out", 3, "protection-weakened", says={"audit": False}),
    of("unbound-outside", "Someone unbound the account; Pulumi binds it again", 0, "repaired", behind="unbind", documented=True),
    of("revoked-outside", "Someone took the access away; Pulumi would give it again", 4, "access-restored", behind="revoke"),
    of("identity-lost-outside", "Someone took the identity away", 4, "identity-lost", behind="lose_identity"),
    of("account-gone", "Someone deleted the account", 3, "account-gone bound", behind="delete_account"),
    of("drift", "The nightly look, after someone unbound the account", 4, "unbound", behind="unbind", refresh_only=True),
    of("unbound-for-good", "Someone unbound the account, and the binding is taken out", 4, "unbound", says={"bound": False}, behind="unbind"),
    of("renamed", "The account has another name in the program", 0, "", says={"name": "renamed"}, plan=True),
    of("outbound-shut", "The account may no longer reach its vault", 4, "access-revoked strengthened", says={"outbound": True}),
    of("stranger", "Somebody else gets rights on the vault", 3, "principal-added", says={"stranger": True}, documented=True),
    of("imported", "A vault is imported", 0, "", says={"import": True}, behind="make_vault"),
    of("narrowed-outside", "Someone left the service unwrapKey alone; Pulumi would give the rest again", 4, "access-restored", program="project", behind="narrow"),
    of("application-outside", "Someone made the access one for an application; the program refuses to give it again", 4, "", program="project", behind="application"),
    of("no-drift", "The nightly look, with nothing found", 0, "", refresh_only=True),
    of("violation", "A policy refuses it", 4, "recovery-weakened", says={"purge": False}, pack=True, documented=True),
    of("failed", "The preview breaks off", 4, "", says={"fail": True}, documented=True),
    of("project-created", "This project's service, new", 0, "bound access-granted", program="project", before="nothing", pack=True),
    of("project-no-change", "This project's service, unchanged", 0, "", program="project"),
    of("project-rotated", "The key's generation is counted up", 0, "rotated", says={"key": {"generation": 2}}, program="project", plan=True),
    of("project-written", "The account is written, and bound again in the same update", 0, "re-asserted", says={"tags": {"environment": "dev", "owner": "others"}}, program="project", plan=True),
    of("project-revoked", "The service's access is revoked", 4, "access-revoked", says={"access": "revoked"}, program="project"),
    of("project-unbound", "The service is put back on Microsoft-managed keys", 4, "unbound", says={"encryption": "microsoftManaged", "unbindAccount": "lang-contoso-dev"}, program="project"),
    of("project-user-assigned", "A service bound in its create", 0, "bound access-granted", says={"identity": "userAssigned"}, program="project", before="nothing"),
)  # fmt: skip
