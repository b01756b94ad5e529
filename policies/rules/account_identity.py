"""An account has the identity that uses its key, and keeps it."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import DeclaredIdentity, Text, encryption_of, identity_of, shown_identity, touches
from policies.rule import Findings, NotYetKnown, Options, ResourceRule, Subject, Violation
from policies.view import UNKNOWN, shown

_FIX = 'set identity.type to "SystemAssigned"'


def judge(account: Subject, _: Options) -> Findings:
    """System-assigned, or user-assigned with an identity attached; never ignored."""
    if touches(account.ignore_changes, "identity"):
        yield Violation(
            found="ignoreChanges holds the identity, so that its loss would not show in a preview",
            required="identity not in ignoreChanges",
            fix="take identity out of the account's ignoreChanges",
        )
    identity = identity_of(account.view)
    if identity.type is UNKNOWN:
        yield NotYetKnown("identity.type is not known yet")
    elif identity.is_user and not identity.is_system:
        yield from _user_assigned(account, identity)
    elif not identity.is_system:
        yield Violation(shown_identity(account.view), required="a system-assigned identity", fix=_FIX)


def _user_assigned(account: Subject, identity: DeclaredIdentity) -> Findings:
    """The inline encryption names one of the attached identities; a binding may (binding-identity)."""
    encryption = encryption_of(account.view)
    inline = encryption if encryption is not UNKNOWN and encryption and encryption.is_customer_key else None
    if identity.attached == ():
        yield Violation(
            found=f"{shown_identity(account.view)}, and identity.userAssignedIdentities is empty",
            required="the identity that uses the key, attached to the account",
            fix="add the identity's id to identity.userAssignedIdentities",
        )
    elif inline is not None and inline.client_id is None:
        yield Violation(
            found=f"{shown_identity(account.view)}, and no encryption that names that identity",
            required="a system-assigned identity, or a user-assigned one that the inline encryption names",
            fix=f"{_FIX}, or state identityClientId in properties.encryption.keyVaultProperties",
        )
    elif inline is not None and _is_foreign(inline.client_id, identity):
        yield Violation(
            found=f"identityClientId {shown(inline.client_id)} is not among the attached identities",
            required="the identity that properties.encryption names, attached to the account",
            fix="name the client id of an attached identity, or attach the identity that is named",
        )


def _is_foreign(client_id: Text, identity: DeclaredIdentity) -> bool:
    """Client ids are known from outputs alone; inputs list the identities by id, and decide nothing."""
    return (
        bool(identity.client_ids)
        and isinstance(client_id, str)
        and client_id.lower() not in identity.client_ids
    )


RULE = ResourceRule(
    why="without its identity the account loses access to the vault, and its data cannot be read",
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    same_as="azure-policy:fe3fd216-4f83-4fc1-8984-2bbec80a3418 psrule:AZR-000281 checkov:CKV_AZURE_238 "
    "cnspec:cognitive-services-managed-identity cloudsploit:accountManagedIdentity",
    kinds=(Kind.ACCOUNT,),
    judge=judge,
)
