"""The resources about an identity's access to a key: revocation, validation, the grant in a managed HSM and
cleanup, and the code that most of them share. schema.json says what each is for."""

from __future__ import annotations

import shlex
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import ClassVar

from core import arm_ids, demands, facts, resource_types, rights
from core.arm_ids import ArmId
from core.facts import Account, RoleAssignment
from core.refusals import SECOND_LOOK_SECONDS
from core.rights import Access
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.account_changes import AccountChanges
from provider.azure import unless_absent
from provider.errors import ErrorContext, service_message
from provider.failure import ServiceError
from provider.preflight import Finding, Severity, access_findings, blocking, passed
from provider.resource import READ_LAG_SECONDS, Call, Change, Resource, Run
from provider.wire import Properties, ResourceState, Value

SEPARATOR = "|"
Outputs = Mapping[str, Value]


@dataclass(frozen=True)
class KeyUse:
    """One identity's use of one key, as a call asks about it. `assignment_id` names a role assignment of this
    identity at another scope than the key."""

    call: Call
    key: ArmId
    principal: str
    assignment_id: str | None = None

    async def own_access(self) -> list[Callable[[], Awaitable[None]]]:
        """The calls that remove the identity's own access to the key: its access policies on keys of the
        vault, or its role assignments at the key and the assignment that is named. Access that is given
        further up may serve others, too, so it stays."""
        azure, vault = self.call.azure, await self.call.azure.vault(self.key.parent)
        if vault is None:
            return []
        if not vault.uses_rbac:
            own = (
                entry for entry in vault.policies if rights.of_entry(entry, self.principal, vault.tenant_id)
            )
            return [partial(azure.remove_policy, self.key.parent, entry) for entry in own]
        scope, named = facts.key_id(vault.id, self.key.name), self.assignment_id or ""
        return [
            partial(azure.delete_role_assignment, role.id)
            for role in await azure.own_role_assignments(scope, self.principal)
            if role.id and (arm_ids.same(role.scope, scope) or arm_ids.same(role.id, named))
        ]

    async def remove_access(self) -> bool:
        """Removes the identity's own access until none is found. Returns whether there was any. Access that
        somebody else removes meanwhile is no failure."""
        waiter, tries = self.call.waiter, 0
        backoff = waiter.backoff(first=SECOND_LOOK_SECONDS)
        while found := await self.own_access():
            if tries:
                await waiter.pause(next(backoff), f"waiting: reads still show the access to {self.key.name}")
            tries += 1
            for remove in found:
                await unless_absent(remove())
        return tries > 0

    async def hsm_roles(self) -> list[RoleAssignment]:
        """The identity's assignments of the role that the service needs, at a key of a managed HSM itself."""
        found = await self.call.azure.own_role_assignments(self.key.text, self.principal)
        role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
        return [one for one in found if one.role_id == role and arm_ids.same(one.scope, self.key.text)]


class KeyAccessHandler(Resource):
    """One identity's access to one key, whose id is `KEY_ID|PRINCIPAL_ID`. Its creation carries something
    out. Most stand for no resource of Azure, so deleting them changes nothing."""

    key_input: ClassVar = "keyId"
    by_deployer: ClassVar = False
    """Whether a vault's refusal concerns the deploying principal, not the account."""
    imported: ClassVar[Outputs] = {}
    """The inputs that the id of an import does not contain."""

    @abstractmethod
    async def execute(self, use: KeyUse, inputs: Properties) -> Outputs:
        """Does the work of the creation; gives the outputs. Raises ServiceError."""

    @abstractmethod
    async def read_effect(self, use: KeyUse, known: Properties) -> Outputs | None:
        """The outputs, read again; None if the resource no longer holds. Raises ServiceError.

        `known` are the outputs of the state or, without one, the inputs.
        """

    def keeps_unread(self, id: str) -> bool:
        return True

    def context(self, id: str, properties: Properties) -> ErrorContext:
        given = properties.text(self.key_input) or "", properties.text("principalId") or ""
        key_id, _, principal = (id or SEPARATOR.join(given)).partition(SEPARATOR)
        return ErrorContext.of_key(key_id, principal, by_deployer=self.by_deployer)

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        key, principal = arm_ids.key_id(str(inputs.values[self.key_input])), str(inputs.values["principalId"])
        use = KeyUse(call, key, principal, inputs.text("assignmentId"))
        return ResourceState(
            f"{key.text}{SEPARATOR}{principal}", {**inputs.values, **await self.execute(use, inputs)}
        )

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """Gone when it no longer holds, so that the next update carries it out again."""
        key_id, _, principal = id.partition(SEPARATOR)
        known = olds if olds.values else inputs
        use = KeyUse(call, arm_ids.key_id(key_id), principal, known.text("assignmentId"))
        outputs = await self.read_effect(use, known)
        if outputs is None:
            return ResourceState("")
        written = {self.key_input: key_id, "principalId": principal, **self.imported, **inputs.values}
        return ResourceState(id, {**written, **olds.values, **outputs}, written)

    async def preview(self, call: Call, change: Change) -> ResourceState:
        return replace(await super().preview(call, Change(change.news)), id=change.id)

    async def update(self, call: Call, change: Change) -> ResourceState:
        """Carries it out again."""
        return await self.create(call, change.news)


class KeyAccessRevocationHandler(KeyAccessHandler):
    """Takes access away on purpose and at once. A grant that the program only leaves out survives a failed
    update, because the engine deletes last, after everything else has succeeded.

    Access from further up (a role at the vault or above, a group) stays, because others may depend on it. The
    resource warns about that access, also if it is given later.
    """

    token = resource_types.KEY_ACCESS_REVOCATION
    is_read_twice = False
    compared: ClassVar = ("keyId", "principalId", "assignmentId")

    async def execute(self, use: KeyUse, inputs: Properties) -> Outputs:
        while await use.remove_access():
            # A client that read the vault's policies before and now writes them all restores the access.
            await use.call.waiter.pause(
                SECOND_LOOK_SECONDS,
                f"making sure that nothing gives {use.principal} access to {use.key.name} again",
            )
        await self._warn_of_other_access(use)
        return {"revokedAt": self.run.now()}

    async def read_effect(self, use: KeyUse, known: Properties) -> Outputs | None:
        """Reads may show the access for a while after it was taken away. Access that they show later was
        given anew."""
        revoked = datetime.fromisoformat(known.text("revokedAt") or "1970-01-01T00:00:00Z").timestamp()
        if await use.call.waiter.until(
            use.own_access,
            lambda found: not found,
            lambda _: f"making sure that {use.principal} has access to {use.key.name} again",
            first=SECOND_LOOK_SECONDS,
            seconds=max(revoked + READ_LAG_SECONDS - self.run.time(), SECOND_LOOK_SECONDS),
        ):
            return None
        await self._warn_of_other_access(use)
        return {}

    async def _warn_of_other_access(self, use: KeyUse) -> None:
        azure, key = use.call.azure, use.key
        vault = await azure.vault(key.parent)
        if vault is None:
            await use.call.inform(f"the vault {key.parent.name} does not exist, so nobody can use its keys")
            return
        scope = facts.key_id(vault.id, key.name)
        assignments = await azure.role_assignments(scope, use.principal) if vault.uses_rbac else None
        left = rights.on_key(vault, use.principal, scope, assignments)
        if left.level not in (Access.FULL, Access.NARROWER):
            return
        giving = [
            role for role in assignments or () if rights.by_roles([role], use.principal, scope).permissions
        ]
        where = ", ".join(f"{role.role_name} at {role.scope}" for role in giving)
        fix = "remove it"
        if giving and not vault.is_managed_hsm:
            ids = " ".join(shlex.quote(role.id) for role in giving)
            fix = f"if nobody else, such as a group, needs it, run `az role assignment delete --ids {ids}`"
        await use.call.warn(
            f"the identity {use.principal} can still use the key {key.name}: it has "
            f"{rights.spelt(left.permissions)} by {where or 'another access policy'}, which this resource "
            f"leaves alone; {fix}, or disable the key version"
        )


class KeyAccessValidationHandler(KeyAccessHandler):
    """Waits until Resource Manager shows the access and, if an account under the key is named, until the
    service uses it. A role that is shown may count only up to 10 minutes later
    (learn.microsoft.com/azure/role-based-access-control/troubleshooting, "Symptom - Role assignment changes
    are not being detected"), so the create of an account that is bound from the first may still be refused.
    An `on_error` hook makes the engine try again; `core.refusals.kind_of_text` says which answers may
    pass."""

    token = resource_types.KEY_ACCESS_VALIDATION
    # An account is named only while there is one to prove the access with; what was proven stays so.
    surroundings: ClassVar = ("accountId",)
    compared: ClassVar = ("keyId", "principalId", "grantId", *surroundings)

    def __init__(self, run: Run, changes: AccountChanges) -> None:
        super().__init__(run)
        self._changes = changes

    async def execute(self, use: KeyUse, inputs: Properties) -> Outputs:
        """Waits until the access is shown and, for an account under the key, until the service uses it.
        Raises RefusedOperationError when it is not shown in time, and what a binding raises."""
        head = f"the identity {use.principal} cannot use the key {use.key.name}"
        model = None
        try:
            model = await passed(lambda: _findings(use), use.call, head)
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            await use.call.warn(f"the access to {use.key.name} was not validated: {service_message(failure)}")
        account = inputs.text("accountId")
        proven = account is not None and await self._is_proven(use, arm_ids.account_id(account))
        return {"accessModel": model, "validatedAt": self.run.now(), "proven": proven}

    async def _is_proven(self, use: KeyUse, account_id: ArmId) -> bool:
        """Whether the service proved that it can use the key, by accepting the account's binding once
        more."""
        try:
            account = await use.call.azure.account(account_id)
            bound, user = (account.encryption.key, account.key_user or "") if account else (None, "")
            same = bound and bound.is_in(use.key.parent) and arm_ids.same(bound.name, use.key.name)
            if not (account and bound and bound.version and same and arm_ids.same(user, use.principal)):
                return False
            if account_id.normalised in self.run.bound:
                return True  # just now, and a late read may show the version before it
            version = await use.call.azure.key_version(use.key, bound.version)
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            await use.call.inform(f"not proven: {service_message(failure)}")
            return False
        if version is None or demands.key_usable(version, self.run.time()):  # no wait would help
            await use.call.inform(f"not proven: the key version {bound.version} cannot be used")
            return False
        # The service uses the key to take a binding (assumed).
        async with self._changes.alone(account_id):
            await self._changes.bind(account_id, account.encryption, use.call)
        return True

    async def read_effect(self, use: KeyUse, known: Properties) -> Outputs | None:
        model, findings = await _findings(use)
        return None if blocking(findings) else {"accessModel": model}


async def _findings(use: KeyUse) -> tuple[str, list[Finding]]:
    """The vault's permission model, and the permissions that the identity lacks under it. Raises
    ServiceError."""
    key, azure = use.key, use.call.azure
    vault = await azure.vault(key.parent)
    if vault is None:
        fix = f"run `az keyvault recover --name {key.parent.name}` if it was deleted"
        text = f"there is no vault {key.parent.text}"
        return "", [Finding("vault-exists", Severity.TRANSIENT, text, fix)]
    scope = facts.key_id(vault.id, key.name)
    model, roles = "accessPolicy", []
    if vault.uses_rbac:
        model, roles = "rbac", await azure.role_assignments(scope, use.principal)
    if vault.is_managed_hsm:
        model = "managedHsm"
    return model, list(access_findings(vault, roles, key.name, use.principal))


class ManagedHsmRoleAssignmentHandler(KeyAccessHandler):
    """The role Managed HSM Crypto Service Encryption User, at the key, for one principal. The roles of an HSM
    are given on its data plane, which Resource Manager, and so azure-native, does not reach.

    The resource stands for every assignment that gives the principal the role at the key, whatever its name:
    it takes over a grant that exists already, and its deletion removes them all.
    """

    token = resource_types.HSM_ROLE_ASSIGNMENT
    preview, update = Resource.preview, Resource.update
    key_input = "scope"
    by_deployer = True
    imported: ClassVar = {"roleDefinitionId": HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id}
    compared: ClassVar = ("scope", "principalId")

    async def execute(self, use: KeyUse, inputs: Properties) -> Outputs:
        if found := await use.hsm_roles():
            await use.call.inform(f"{use.principal} has the role at the key {use.key.name} already")
            return {"assignmentId": found[0].id}
        try:
            made = await use.call.azure.assign_hsm_role(use.key.text, use.principal)
        except ServiceError as failure:
            # The answer to a first try may have been lost.
            found = await use.hsm_roles() if failure.status == 409 else []
            if not found:
                raise
            made = found[0]
        return {"assignmentId": made.id}

    async def read_effect(self, use: KeyUse, known: Properties) -> Outputs | None:
        found = await use.hsm_roles()
        return {"assignmentId": found[0].id} if found else None

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        key_id, _, principal = id.partition(SEPARATOR)
        use = KeyUse(call, arm_ids.key_id(key_id), principal)
        if await call.azure.vault(use.key.parent) is not None:
            for one in await use.hsm_roles():
                await unless_absent(call.azure.delete_role_assignment(one.id))


class KeyAccessCleanupHandler(Resource):
    """Removes the access to a key that an account's own identity had. It is made before the account and
    therefore deleted after it: a grant must not go before the account that uses it, and Azure keeps the
    access of identities that are gone. Each refresh tells it the account's identity. An account that is under
    a key of the vault keeps all its access there.

    The id is `KEY_ID|ACCOUNT_ID`, as it was made or imported; the key of the outputs counts.
    """

    token = resource_types.KEY_ACCESS_CLEANUP
    compared: ClassVar = ("keyId", "accountId")

    def context(self, id: str, properties: Properties) -> ErrorContext:
        key_id = properties.text("keyId") or id.partition(SEPARATOR)[0]
        return ErrorContext.of_key(key_id, properties.text("principalId"))

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        key = arm_ids.key_id(str(inputs.values["keyId"]))
        account = arm_ids.account_id(str(inputs.values["accountId"]))
        principal = await _principal(call, account)
        return ResourceState(f"{key.text}{SEPARATOR}{account.text}", {**inputs.values, **principal})

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """The account's identity by now. The resource exists as long as it is in the state."""
        key_id, _, account_id = id.partition(SEPARATOR)
        written = {"keyId": key_id, "accountId": account_id, **inputs.values}
        principal: Outputs = {}
        try:
            principal = await _principal(call, arm_ids.account_id(str(written["accountId"])))
        except ServiceError as failure:
            await call.inform(f"not checked: {service_message(failure)}")
        return ResourceState(id, {**written, **olds.values, **principal}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        principal = olds.text("principalId")
        if not principal:
            return  # an account that never had an identity of its own, or was never made
        use = KeyUse(call, arm_ids.key_id(str(olds.values["keyId"])), principal)
        account, vault = arm_ids.account_id(str(olds.values["accountId"])), use.key.parent
        backoff = call.waiter.backoff()
        while await use.own_access():
            # Believing one answer that it does not need it would cut an account off from its data.
            found = await call.waiter.twice(
                lambda: call.azure.account(account),
                lambda found: _is_under_a_key_of(vault, found),
                f"making sure that {account.name} has left its key",
            )
            if not _is_under_a_key_of(vault, found):
                await use.remove_access()
                return
            if call.waiter.elapsed >= READ_LAG_SECONDS:
                await call.inform(
                    f"the account {account.name} is under a key of {vault.name}, and keeps its access"
                )
                return
            await call.waiter.pause(next(backoff), f"waiting for the account {account.name} to leave its key")


async def _principal(call: Call, account: ArmId) -> Outputs:
    """The object id of the account's own identity; empty if there is no account, or it has no identity of its
    own."""
    found = await call.azure.account(account)
    return {"principalId": found.principal_id} if found and found.principal_id else {}


def _is_under_a_key_of(vault: ArmId, account: Account | None) -> bool:
    """Whether the account is under a key of the vault; also true if nobody can tell which key it is."""
    if account is None or not account.encryption.is_customer_managed:
        return False
    bound = account.encryption.key
    return bound is None or not account.encryption.key_vault_uri or bound.is_in(vault)
