"""An account has the identity that uses its key, and keeps it."""

from core import values
from core.protection import StatedEncryption, StatedIdentity, encryption_of, identity_of
from core.resource_types import Kind
from core.values import Mark
from policies.rule import SERVICE_DOCUMENT, Findings, Options, ResourceRule, RuleFinding, Subject, hidden

_FIX = 'set identity.type to "SystemAssigned"'


def judge(account: Subject, _: Options) -> Findings:
    """System-assigned, or user-assigned with an identity attached; never ignored."""
    if account.resource.ignores_part("identity"):
        yield RuleFinding(
            found="ignoreChanges holds the identity, so that its loss would not show in a preview",
            required="identity not in ignoreChanges",
            fix="take identity out of the account's ignoreChanges",
        )
    identity = identity_of(account.resource.declared)
    said = f"identity.type is {values.shown(account.get('identity.type'))}"
    if isinstance(identity.type, Mark):
        yield hidden("identity.type", identity.type)
    elif identity.is_user and not identity.is_system:
        yield from _user_assigned(account, identity, said)
    elif not identity.is_system:
        yield RuleFinding(said, required="a system-assigned identity", fix=_FIX)


def _user_assigned(account: Subject, identity: StatedIdentity, said: str) -> Findings:
    """The inline encryption names an identity; that it is one of the attached, binding-identity demands."""
    encryption = encryption_of(account.resource)
    stated = isinstance(encryption, StatedEncryption) and encryption.is_customer_key
    client_id = encryption.client_id if stated and isinstance(encryption, StatedEncryption) else None
    if identity.attached == frozenset():
        yield RuleFinding(
            found=f"{said}, and identity.userAssignedIdentities is empty",
            required="the identity that uses the key, attached to the account",
            fix="add the identity's id to identity.userAssignedIdentities",
        )
    elif stated and client_id is None:
        yield RuleFinding(
            found=f"{said}, and no encryption that names that identity",
            required="a system-assigned identity, or a user-assigned one that the inline encryption names",
            fix=f"{_FIX}, or state identityClientId in properties.encryption.keyVaultProperties",
        )


RULE = ResourceRule(
    why="without its identity the account loses access to the vault, and its data cannot be read",
    source=SERVICE_DOCUMENT,
    severity="critical",
    same_as="azure-policy:fe3fd216-4f83-4fc1-8984-2bbec80a3418 psrule:AZR-000281 checkov:CKV_AZURE_238 "
    "cnspec:cognitive-services-managed-identity cloudsploit:accountManagedIdentity",
    kinds=(Kind.ACCOUNT,),
    judge=judge,
)
