"""Rules on accounts: the settings of an account, and the effect of its own writes on its key."""

from typing import Final

from core import adapters, judgements, kinds, values
from core.facts import StatedEncryption, StatedIdentity
from core.protection import Protections, encryption_of
from core.resource_types import Kind
from core.stack import StackResource, made_as_generic
from core.values import Hidden
from policies.rule import (
    Findings,
    RuleContext,
    RuleFinding,
    RuleSubject,
    customer_key,
    hidden,
    later,
    of,
    rule,
)


@rule(RuleSubject.STACK)
def account_fits_its_kind(protections: Protections, _: RuleContext) -> Findings:
    """An account has only what accounts of its kind can have.

    Network rules, links to storage and search, the identity that uses the key, and what is below it."""
    for account in protections.stack.of(Kind.ACCOUNT):
        for limit in judgements.limits(account):
            yield from of(limit, account.urn)
    for use in protections.all:
        yield from of(judgements.key_identity(use), use.writer.urn)
    for kind in (Kind.PROJECT, Kind.DEPLOYMENT):
        for child in protections.stack.of(kind):
            yield from of(judgements.below(protections.stack, child), child.urn)


@rule(RuleSubject.EACH, Kind.ACCOUNT, Kind.OTHER_PROVIDER)
def account_has_customer_key(account: StackResource, context: RuleContext) -> Findings:
    """Every account is under a customer-managed key.

    A binding in the stack, or encryption that the account itself states; of kinds that store data. What an
    account states as a generic resource is not read, so it is refused."""
    protections, is_generic = context.protections, account.kind is Kind.OTHER_PROVIDER
    if is_generic and made_as_generic(account) is not Kind.ACCOUNT:
        return
    kind = values.word(account.input("kind") if is_generic else account.output("kind"))
    if kind in {*context.words("excludedKinds"), *map(str.lower, kinds.WITHOUT_DATA)}:
        return
    if is_generic:
        yield RuleFinding(
            found=f"the account {account.name} is a generic resource, of which no rule reads the key",
            required="an account of azure-native's own type",
            fix="import it as azure-native's cognitiveservices.Account, or list it under exemptions",
        )
        return
    bound = account.urn in protections.bindings_by_account
    stack = protections.stack
    if bound or stack.asked(account, "unbindAccount") & stack.names_of(account):
        return
    key = customer_key(protections.inline(account))
    if isinstance(key, RuleFinding):
        yield key
    elif key is None and protections.has_unplaced_binding:
        yield later("the account of a binding of this stack")
    elif key is None:
        yield RuleFinding(
            found=f"the account {account.name} has no binding in this stack and states no key of its own",
            required="a CustomerManagedKey for the account, or encryption with a user-assigned identity "
            "in it",
            fix="add azure-cmk's CustomerManagedKey with the account's id; or state properties.encryption "
            "with keySource Microsoft.KeyVault and an identityClientId",
            setting="set encryption: customerManaged; to unbind the account on purpose, set unbindAccount "
            "to its name",
        )


_SYSTEM_ASSIGNED: Final = 'set identity.type to "SystemAssigned"'


@rule(RuleSubject.STEP, Kind.ACCOUNT)
def account_identity(account: StackResource, _: RuleContext) -> Findings:
    """An account has the identity that uses its key, and keeps it.

    System-assigned, or user-assigned with an identity attached; never ignored."""
    if account.ignores("identity", in_part=True):
        yield RuleFinding(
            found="ignoreChanges names the identity, so a preview would not show that the account loses it",
            required="identity not in ignoreChanges",
            fix="take identity out of the account's ignoreChanges",
        )
    identity = adapters.stated_identity(account.declared)
    said = f"identity.type is {values.shown(account.input('identity.type'))}"
    if isinstance(identity.type, Hidden):
        yield hidden("identity.type", identity.type)
    elif identity.is_user and not identity.is_system:
        yield from _user_assigned(account, identity, said)
    elif not identity.is_system:
        yield RuleFinding(said, required="a system-assigned identity", fix=_SYSTEM_ASSIGNED)


def _user_assigned(account: StackResource, identity: StatedIdentity, said: str) -> Findings:
    """The inline encryption names an identity. The rule binding-identity demands that this identity is
    attached."""
    key = customer_key(encryption_of(account))
    if identity.attached == frozenset():
        yield RuleFinding(
            found=f"{said}, and identity.userAssignedIdentities is empty",
            required="the identity that uses the key, attached to the account",
            fix="add the identity's id to identity.userAssignedIdentities",
        )
    elif isinstance(key, StatedEncryption) and not key.identity_client_id:
        yield RuleFinding(
            found=f"{said}, and no encryption that names that identity",
            required="a system-assigned identity, or a user-assigned one that the inline encryption names",
            fix=f"{_SYSTEM_ASSIGNED}, or state identityClientId in properties.encryption.keyVaultProperties",
        )


@rule(RuleSubject.EACH, Kind.ACCOUNT)
def account_write_keeps_key(account: StackResource, context: RuleContext) -> Findings:
    """A write of a bound account carries the account's key.

    Each account of a binding that exists, if this run writes the account.

    azure-native writes an account whole, from its inputs: what they leave out, the write takes away. With
    ignoreChanges the engine takes the ignored inputs from the state, which has the live encryption after a
    refresh alone. Rules see neither the state nor the operation; a preview shows them all the same: of a
    resource that it creates the name is not known, of one that it updates computed values are not known.
    """
    bindings = context.protections.bindings_by_account.get(account.urn, [])
    if not (any(_is_bound(binding) for binding in bindings) and _is_written(account)):
        return
    key = customer_key(encryption_of(account))
    if isinstance(key, RuleFinding):
        yield key
    elif key is None:
        yield RuleFinding(
            found=f"this update writes the account {account.name} without properties.encryption, while "
            f"{bindings[0].name} binds it",
            required="the live encryption in what the write sends",
            fix="run `pulumi up --refresh` (or `pulumi refresh` first), which puts the live encryption into "
            'the state; keep properties.encryption in ignoreChanges, and set "options: refresh: always" in '
            "Pulumi.yaml",
        )


def _is_bound(binding: StackResource) -> bool:
    """Whether the binding exists: only then does a preview know who uses the key."""
    return any(isinstance(values.get_path(binding.outputs, name), str) for name in ("principalId", "boundAt"))


def _is_written(account: StackResource) -> bool:
    """Whether a preview shows an update of the account; an update that is done no longer shows what it
    wrote."""
    computed = [
        values.get_path(account.outputs, "id"),
        values.get_path(account.outputs, "etag"),
        account.output("provisioningState"),
    ]
    return account.exists and Hidden.UNKNOWN in computed
