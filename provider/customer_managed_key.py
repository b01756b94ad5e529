"""The resource `CustomerManagedKey`: one account's binding to a key, through its life.

Owns the account's `properties.encryption` and nothing else of it. Binding and unbinding wait until nothing
forbids them, and are carried out by `account_changes`. A failure undoes nothing: the same update again
finishes the act.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from core import arm_ids, effects, key_uris, resource_types
from core.arm_ids import ArmId
from core.clouds import Cloud
from core.effects import DataProtection, UsedKey
from core.facts import KEY_VAULT_SOURCE, Account, Vault
from core.key_uris import KeyUri
from core.values import Hidden
from core.verdicts import Verdict
from provider import preflight
from provider.account_changes import AccountChanges, confirmed
from provider.checks import UNBIND, Failure, check_binding
from provider.errors import ErrorContext
from provider.failure import RefusedOperationError, ServiceError, UnfinishedError
from provider.live_state import ACCOUNT, LiveState, Target
from provider.resource import (
    Bound,
    Call,
    Change,
    Resource,
    Run,
    fold,
    plain,
)
from provider.waiting import DeadlineError
from provider.wire import UNKNOWN, Properties, ResourceState, Value

DERIVED_FROM_KEY_URI = ("keyName", "keyVersion", "keyVaultUri")
"""Outputs that contain the key URI, and so are secret when it is."""

UNCERTAIN = ("principalId", "boundAt", "operationId")
"""Outputs that are known only after the binding."""


class CustomerManagedKeyHandler(Resource):
    """The id is the account's ARM id."""

    token = resource_types.BINDING
    read_back: ClassVar = ("keyUriWithVersion", "identityClientId")
    surroundings: ClassVar = ("vaultId", "accountDigest")
    compared: ClassVar = ("accountId", *read_back, "onDelete", *surroundings)
    derived: ClassVar = {"keyUriWithVersion": DERIVED_FROM_KEY_URI}

    def __init__(self, run: Run, changes: AccountChanges) -> None:
        super().__init__(run)
        self._changes = changes

    def context(self, id: str, properties: Properties) -> ErrorContext:
        values = {"accountId": id, **properties.values} if id else properties.values
        return error_context(target_of(Properties(values), self.run.cloud))

    def check(self, news: Properties) -> list[Failure]:
        return check_binding(news, self.token, self.run.cloud)

    async def preview(self, call: Call, change: Change) -> ResourceState:
        if kept := self._kept(change):
            return kept
        await self._preflight(call, change.news, rebinding=bool(change.id))
        await self._tell_effect(call, change)
        unknown = dict.fromkeys((*DERIVED_FROM_KEY_URI, *UNCERTAIN), UNKNOWN)
        outputs = {**unknown, **certain_outputs(change.news, self.run.cloud)}
        principal = change.olds.values.get("principalId")
        if principal and fold(change.olds, "identityClientId") == fold(change.news, "identityClientId"):
            outputs["principalId"] = principal
        return ResourceState(change.id, outputs)

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        return await self._bind(call, inputs, rebinding=False)

    async def update(self, call: Call, change: Change) -> ResourceState:
        if kept := self._kept(change):
            return kept
        return await self._bind(call, change.news, rebinding=True)

    def _kept(self, change: Change) -> ResourceState | None:
        """The state after an update that changes `onDelete` alone, which needs no write to Azure; None for
        any other update."""
        if not change.id or [*self.diff(change.olds, change.old_inputs, change.news)] != ["onDelete"]:
            return None
        kept = {name: value for name, value in change.olds.values.items() if name != "onDelete"}
        return ResourceState(change.id, {**kept, **change.news.values})

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """The binding as Azure has it; gone if the account is absent or on Microsoft-managed keys. Once it is
        gone, updates of the account no longer repeat its key."""
        account = await call.azure.account(arm_ids.account_id(id))
        if account is None or not account.encryption.is_customer_managed:
            return ResourceState("")
        shown, account = account.encryption.key_version, as_recorded(olds, account)
        written = {"accountId": id, **inputs.values}
        bound = _bound(olds) if same_binding(olds, account) else (None, None)
        outputs = bound_outputs(written, account, shown, bound)
        return ResourceState(id, outputs, live_inputs(written, account))

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Unbinds the account only if the state has `onDelete: unbind`, or if the program in this run has a
        KeyVersion with `accountLeaves` for the account. Otherwise raises an error while the account is bound,
        because the engine may delete its grant next.

        An account that this run has bound stays bound, and that is no error: this binding was replaced, or
        has another logical name now. Another instance of the provider does not know that, so even with
        `onDelete: unbind` it raises an error while the account is bound otherwise than the state has it.
        """
        account_id, leaves = arm_ids.account_id(id), id.lower() in self.run.leaving
        last = self.run.bound.get(account_id.normalised)
        if last and last != _bound(olds) and not leaves:
            await call.inform("the account stays bound, for this run has bound it by another binding")
            return
        async with self._changes.alone(account_id):
            account = await confirmed(account_id, call)
            if account is None or not account.encryption.is_customer_managed:
                return
            out = f"run `pulumi state delete {shlex.quote(call.urn)}`, which takes it out of the state"
            if account.manages_projects:
                raise RefusedOperationError(
                    f"the account {account_id.name} of kind {account.kind} manages projects and cannot go "
                    f"back to Microsoft-managed keys; delete the account itself, or {out}"
                )
            stays, key = f"the account {account.name} stays on its key: ", account.encryption.key
            if not leaves and olds.text("onDelete") != UNBIND:
                raise RefusedOperationError(stays + _STAYS.format(account=account_id.name, out=out))
            if not leaves and key and not is_as_it_was(olds, account):
                raise RefusedOperationError(
                    f"{stays}it is bound to {key.text}, but the state of this binding says otherwise\n"
                    f"  fix: if the program now declares this binding by another name, {out}; if not, run "
                    "the same command again with --refresh"
                )
            if key:
                vault, client = olds.text("vaultId"), account.encryption.identity_client_id or None
                named = arm_ids.vault_id(vault) if vault else None
                named = named if named and key.is_in(named) else None
                bound = Target(account_id, key, named, identity_client_id=client)
                call = replace(call, context=error_context(bound, account))
                await self._refuse_without_access(bound, call)
            try:
                await self._changes.unbind(account_id, call)
            except ServiceError as failure:
                if not (failure.is_absent and await confirmed(account_id, call) is None):
                    raise

    async def _bind(self, call: Call, inputs: Properties, *, rebinding: bool) -> ResourceState:
        """Binds as the inputs say, whatever was bound before, and proves it by reading back."""
        wanted = target_of(inputs, self.run.cloud)
        account_id, encryption = wanted.account, wanted.encryption
        if account_id is None:
            raise ValueError("an account that is not known cannot be bound")
        async with self._changes.alone(account_id):
            live = await self._passed(wanted, call, rebinding=rebinding)
            call = replace(call, context=error_context(wanted, live.account, live.vault))
            in_use = live.key.version if live.key else ""
            try:
                account, operation_id = await self._changes.bind(account_id, encryption, call, in_use=in_use)
            except UnfinishedError as error:
                error.state = ResourceState(account_id.text, certain_outputs(inputs, self.run.cloud))
                raise
        if account is None:
            raise RefusedOperationError(f"the account {account_id.name} was deleted while it was bound")
        bound, shown = (self.run.now(), operation_id), account.encryption.key_version
        outputs = bound_outputs(inputs.values, bound_as(account, encryption.key_version), shown, bound)
        self.run.bound[account_id.normalised] = bound
        return ResourceState(account_id.text, outputs)

    async def _preflight(self, call: Call, inputs: Properties, *, rebinding: bool) -> None:
        """Reports what is known already; fails only on what no resource of the same update could change."""
        target = target_of(inputs, self.run.cloud)
        if target.account is None and target.vault is None:
            return
        try:
            _, found = await preflight.around_binding(target, call, self.run.time, rebinding=rebinding)
        except (ServiceError, DeadlineError) as failure:
            why = call.explain(failure) if isinstance(failure, ServiceError) else str(failure)
            await call.warn(f"not checked: {why}")
            return
        if any(finding.severity is preflight.Severity.REFUSED for finding in found):
            raise RefusedOperationError(preflight.refusal(_refusal_head(target.account), found))
        for finding in found:
            if finding.severity is preflight.Severity.NOT_CHECKED:
                await call.inform(f"not checked: {finding.text}")
            else:
                await call.warn(f"would be refused unless this update changes it: {finding}")

    async def _tell_effect(self, call: Call, change: Change) -> None:
        """Tells in a preview what the update does to the account's data. For a binding inside a component of
        this project, the component tells it."""
        urn = resource_types.parse_urn(call.urn)
        if any(type.startswith(resource_types.COMPONENTS) for type in urn.types):
            return
        wanted = target_of(change.news, self.run.cloud)
        bound_uri = change.olds.text("keyUriWithVersion") if change.id else None
        if found := effect(wanted, bound_uri):
            name = wanted.account.name if wanted.account else urn.name
            await call.inform(f"encryption of {name}: {found.text}")

    async def _passed(self, wanted: Target, call: Call, *, rebinding: bool) -> LiveState:
        """What Azure has around the binding, the account included, once nothing forbids the binding. Raises
        RefusedOperationError with every reason."""
        head = _refusal_head(wanted.account)
        live = await preflight.passed(
            lambda: preflight.around_binding(wanted, call, self.run.time, rebinding=rebinding), call, head
        )
        if live.account is None:
            raise RefusedOperationError(
                f"{head}: this login may not read it or see whether it is bound; nothing was written\n"
                f"  {live.unreadable.get(ACCOUNT, '')}"
            )
        return live

    async def _refuse_without_access(self, bound: Target, call: Call) -> None:
        """Raises RefusedOperationError if the identity cannot use the key, because the service needs the key
        to unbind the account (assumed). Checks nothing if the binding names no vault, or if this machine does
        not reach the key: a managed HSM itself answers about its roles."""

        async def look() -> list[preflight.Finding]:
            try:
                _, found = await preflight.around_binding(bound, call, self.run.time, rebinding=True)
            except ServiceError as failure:
                if failure.is_unreachable:
                    return []
                raise
            return [one for one in preflight.blocking(found) if one.rule == preflight.IDENTITY_HAS_ACCESS]

        name = bound.account.name if bound.account else ""
        reason = f"making sure that the identity of {name} cannot use its key"
        if wrong := await call.waiter.twice(look, lambda wrong: not wrong, reason):
            raise RefusedOperationError(preflight.refusal(f"{name} cannot leave its key", wrong))


def _refusal_head(account: ArmId | None) -> str:
    """How the refusal of a binding begins."""
    return f"{account.name if account else 'the account'} cannot be bound to this key"


_STAYS = (
    "the deletion of its binding alone would put its data on a Microsoft-managed key; nothing of it was "
    "changed\n  fix: delete the account of a service in the same run, or leave out the binding as well; to "
    "put the data on a Microsoft-managed key on purpose, set encryption: microsoftManaged and unbindAccount: "
    "{account} of a service, or onDelete: unbind of a binding that is declared by itself, also before a "
    "destroy of it and its account, and run `pulumi up` first; if the program now declares this binding by "
    "another name, {out}"
)


def _bound(outputs: Properties) -> Bound:
    return outputs.text("boundAt"), outputs.text("operationId")


def target_of(inputs: Properties, cloud: Cloud) -> Target:
    """Parses checked inputs as far as they are known. Raises MalformedError where `check` was not called."""
    account, key, vault = (inputs.text(name) for name in ("accountId", "keyUriWithVersion", "vaultId"))
    return Target(
        account=arm_ids.account_id(account) if account else None,
        key=key_uris.parse(key, cloud) if key else None,
        vault=arm_ids.vault_id(vault) if vault else None,
        vault_known=not inputs.is_unknown("vaultId"),
        identity_client_id=inputs.text("identityClientId"),
        identity_known=not inputs.is_unknown("identityClientId"),
    )


def effect(wanted: Target, used: str | None) -> Verdict | None:
    """What a binding does to the data of its account; `used` is the URI of the key that it is under. None if
    the key stays as it is."""
    before = UsedKey.of(key_uris.parse(used)) if used else None
    vault = key_uris.place_of(wanted.vault.text) if wanted.vault else Hidden.UNKNOWN
    after = UsedKey.of(wanted.key) if wanted.key else UsedKey(vault, Hidden.UNKNOWN, Hidden.UNKNOWN)
    return effects.effect(DataProtection(before), DataProtection(after))


def error_context(wanted: Target, account: Account | None = None, vault: Vault | None = None) -> ErrorContext:
    """The names with which the commands of a translated error are filled; `vault` is that of the key."""
    key = wanted.key
    if key is None:
        return ErrorContext()
    vault_id = "VAULT_ID"
    if wanted.vault:
        vault_id = wanted.vault.text
    elif key.in_managed_hsm:
        # The id of a vault that is not known tells a managed HSM all the same.
        vault_id = arm_ids.child("", arm_ids.MANAGED_HSM, "HSM_NAME")
    known = ErrorContext(vault_id, key.vault_name, key.name)
    if account is None:
        return known
    used = account.encryption.key if account.has_settled else None
    is_untried = used is None or used.vault_uri != key.vault_uri
    return replace(
        known,
        principal_id=account.principal_for(wanted.identity_client_id) or known.principal_id,
        untried_rbac=vault is not None and vault.uses_rbac and is_untried,
        kind=account.kind,
    )


def as_recorded(olds: Properties, account: Account) -> Account:
    """The account with the key version of the state, if Azure shows the same binding.

    Nobody has observed whether every answer has `keyVersion`. So if Azure showed no version when the state
    was written, an account that shows none may be bound to a version; if Azure showed one then, an account
    that shows none now follows its key by itself. If Azure shows a version for a binding that names none, it
    goes on to show the version in use.
    """
    known, key = olds.text("keyUriWithVersion"), account.encryption.key
    if key is None or known is None:
        return account
    was = key_uris.parse(known)
    if not olds.text("keyVersion") and not key.version and was.same_key(key):
        return bound_as(account, was.version)
    if olds.text("keyVersion") and not was.version:
        return bound_as(account, "")
    return account


def bound_as(account: Account, version: str) -> Account:
    """The account as if Azure showed this key version."""
    return replace(account, encryption=replace(account.encryption, key_version=version))


def bound_outputs(
    inputs: Mapping[str, Value], account: Account, shown_version: str, bound: Bound
) -> dict[str, Value]:
    """The resource's outputs: the inputs as Azure has them, and the values that follow from them. The account
    must be bound. `shown_version` is the key version that Azure shows: it tells a later read what an answer
    without a version means."""
    key = _bound_key(account)
    return {
        **live_inputs(inputs, account),
        "keySource": KEY_VAULT_SOURCE,
        "keyName": key.name,
        "keyVersion": shown_version,
        "keyVaultUri": key.vault_uri,
        "principalId": account.key_user,
        "boundAt": bound[0],
        "operationId": bound[1],
    }


def live_inputs(inputs: Mapping[str, Value], account: Account) -> dict[str, Value]:
    """The inputs that would give the binding that the account has.

    A value that means the same keeps its spelling. `vaultId` goes when the key is in another vault;
    `accountDigest` and `onDelete` say nothing about the binding in Azure, so they stay.
    """
    key, client = _bound_key(account), account.encryption.identity_client_id
    live = {name: inputs[name] for name in ("accountId", "accountDigest", "onDelete") if inputs.get(name)}
    live["keyUriWithVersion"] = _same_spelling(inputs.get("keyUriWithVersion"), key.text)
    if client:
        live["identityClientId"] = _same_spelling(inputs.get("identityClientId"), client)
    vault = inputs.get("vaultId")
    if vault and key.is_in(arm_ids.vault_id(str(vault))):
        live["vaultId"] = vault
    return live


def same_binding(olds: Properties, account: Account) -> bool:
    """Whether the account has the binding of the state, so that the state's time and operation still hold."""
    return fold(olds, "keyUriWithVersion") == _bound_key(account).text.lower() and (
        fold(olds, "identityClientId") == account.encryption.identity_client_id.lower()
    )


def is_as_it_was(olds: Properties, account: Account) -> bool:
    """Whether a bound account has the binding of the state. A state without a key allows any."""
    return olds.text("keyUriWithVersion") is None or same_binding(olds, as_recorded(olds, account))


def certain_outputs(inputs: Properties, cloud: Cloud) -> dict[str, Value]:
    """The outputs that are certain before the key is bound."""
    certain = {**inputs.values, "keySource": KEY_VAULT_SOURCE}
    if uri := inputs.text("keyUriWithVersion"):
        key = key_uris.parse(uri, cloud)
        certain |= {"keyName": key.name, "keyVersion": key.version, "keyVaultUri": key.vault_uri}
    return certain


def _bound_key(account: Account) -> KeyUri:
    key = account.encryption.key
    if key is None:
        raise ValueError(f"the account {account.id} is on Microsoft-managed keys")
    return key


def _same_spelling(written: Value, live: str) -> str:
    same = isinstance(written, str) and plain(written) == plain(live)
    return str(written) if same else live
