"""The situations that a reviewer must be able to tell apart, each with what makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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


SITUATIONS = (
    Situation("created", "A new service", 0, ("bound",), before="nothing", documented=True),
    Situation(
        "created-without-key",
        "A new account without a customer key",
        3,
        ("not-encrypted",),
        {"bound": False},
        before="nothing",
    ),
    Situation("no-change", "Nothing changes", 0, (), documented=True),
    Situation("tags", "A change that has nothing to do with encryption", 0, (), {"tags": {"team": "other"}}),
    Situation(
        "rotated-outside",
        "The vault has a newer version of the key",
        0,
        ("rotated",),
        program="project",
        behind="rotate",
        documented=True,
    ),
    Situation(
        "unbound",
        "The binding is taken out",
        4,
        ("unbound",),
        {"bound": False},
        documented=True,
        plan=True,
    ),
    Situation(
        "may-unbind",
        "The account is written without its encryption",
        4,
        ("may-unbind",),
        {"tags": {"team": "other"}, "ignore": False},
    ),
    Situation(
        "identity-lost",
        "The account's identity is taken away",
        4,
        ("identity-lost",),
        {"identity": "None"},
        documented=True,
    ),
    Situation(
        "access-revoked", "The grant is taken out", 4, ("access-revoked",), {"grant": False}, documented=True
    ),
    Situation("access-widened", "The service gets a wider role", 3, ("access-widened",), {"officer": True}),
    Situation(
        "grant-ignored",
        "The vault looks at access policies, and the grant is a role",
        4,
        ("access-revoked",),
        {"rbac": False},
    ),
    Situation(
        "vault-replaced",
        "The vault gets another name",
        4,
        ("vault-replaced", "key-changed"),
        {"vaultName": "kv-plain-2"},
        plan=True,
    ),
    Situation(
        "vault-deleted",
        "Vault and key are taken out",
        4,
        ("unbound", "vault-deleted"),
        {"vault": False},
    ),
    Situation(
        "key-changed",
        "The account is put under another key",
        3,
        ("key-changed",),
        {"keys": ["key", "second"], "use": "second"},
        plan=True,
    ),
    Situation(
        "key-deleted",
        "The key is taken out and another one used",
        4,
        ("key-deleted", "key-changed"),
        {"keys": ["second"], "use": "second"},
        documented=True,
    ),
    Situation(
        "account-replaced",
        "The account gets another name",
        4,
        ("account-replaced",),
        {"accountName": "lang-plain-2"},
        documented=True,
        plan=True,
    ),
    Situation(
        "account-deleted", "The account is taken out", 4, ("account-deleted",), {"account": False}, plan=True
    ),
    Situation(
        "destroyed",
        "The whole stack is destroyed",
        4,
        ("account-deleted", "vault-deleted", "undetermined"),
        destroy=True,
    ),
    Situation(
        "recovery-weakened",
        "Purge protection is turned off",
        4,
        ("recovery-weakened",),
        {"purge": False},
        documented=True,
    ),
    Situation(
        "network-opened",
        "Vault and account are opened",
        3,
        ("protection-weakened", "protection-weakened"),
        {"firewall": False, "network": "Enabled"},
        documented=True,
    ),
    Situation(
        "login-by-key", "Login by account key is turned on", 3, ("protection-weakened",), {"localAuth": True}
    ),
    Situation(
        "audit-removed", "The vault's audit log is taken out", 3, ("protection-weakened",), {"audit": False}
    ),
    Situation(
        "unbound-outside",
        "Someone unbound the account; Pulumi binds it again",
        0,
        ("repaired",),
        behind="unbind",
        documented=True,
    ),
    Situation(
        "revoked-outside",
        "Someone took the access away; Pulumi would give it again",
        4,
        ("access-restored",),
        behind="revoke",
    ),
    Situation(
        "identity-lost-outside",
        "Someone took the identity away",
        4,
        ("identity-lost",),
        behind="lose_identity",
    ),
    Situation(
        "account-gone", "Someone deleted the account", 3, ("account-gone", "bound"), behind="delete_account"
    ),
    Situation(
        "drift",
        "The nightly look, after someone unbound the account",
        4,
        ("unbound",),
        behind="unbind",
        refresh_only=True,
    ),
    Situation(
        "unbound-for-good",
        "Someone unbound the account, and the binding is taken out",
        4,
        ("unbound",),
        {"bound": False},
        behind="unbind",
    ),
    Situation(
        "renamed", "The account has another name in the program", 0, (), {"name": "renamed"}, plan=True
    ),
    Situation(
        "outbound-shut",
        "The account may no longer reach its vault",
        4,
        ("access-revoked", "strengthened"),
        {"outbound": True},
    ),
    Situation(
        "stranger",
        "Somebody else gets rights on the vault",
        3,
        ("principal-added",),
        {"stranger": True},
        documented=True,
    ),
    Situation("imported", "A vault is imported", 0, (), {"import": True}, behind="make_vault"),
    Situation(
        "narrowed-outside",
        "Someone left the service unwrapKey alone; Pulumi would give the rest again",
        4,
        ("access-restored",),
        program="project",
        behind="narrow",
    ),
    Situation(
        "application-outside",
        "Someone made the access one for an application; the program refuses to give it again",
        4,
        (),
        program="project",
        behind="application",
    ),
    Situation("no-drift", "The nightly look, with nothing found", 0, (), refresh_only=True),
    Situation(
        "violation",
        "A policy refuses it",
        4,
        ("recovery-weakened",),
        {"purge": False},
        pack=True,
        documented=True,
    ),
    Situation("failed", "The preview breaks off", 4, (), {"fail": True}, documented=True),
    Situation(
        "project-created",
        "This project's service, new",
        0,
        ("bound", "access-granted"),
        program="project",
        before="nothing",
        pack=True,
    ),
    Situation("project-no-change", "This project's service, unchanged", 0, (), program="project"),
    Situation(
        "project-rotated",
        "The key's generation is counted up",
        0,
        ("rotated",),
        {"key": {"generation": 2}},
        program="project",
        plan=True,
    ),
    Situation(
        "project-written",
        "The account is written, and bound again in the same update",
        0,
        ("re-asserted",),
        {"tags": {"environment": "dev", "owner": "others"}},
        program="project",
        plan=True,
    ),
    Situation(
        "project-revoked",
        "The service's access is revoked",
        4,
        ("access-revoked",),
        {"access": "revoked"},
        program="project",
    ),
    Situation(
        "project-unbound",
        "The service is put back on Microsoft-managed keys",
        4,
        ("unbound",),
        {"encryption": "microsoftManaged", "unbindAccount": "lang-contoso-dev"},
        program="project",
    ),
    Situation(
        "project-user-assigned",
        "A service bound in its create",
        0,
        ("bound", "access-granted"),
        {"identity": "userAssigned"},
        program="project",
        before="nothing",
    ),
)
