"""The resource `KeyAccessValidation`: access to a key that is in effect. It stands for no resource of Azure.

Put it between a grant (access policy or role assignment) and whatever needs the key: its creation ends when
the identity can use the key, as far as this can be known by anybody who is not that identity. What it knows:

- The access that Resource Manager shows: the vault's access policies, or the role assignments that apply to
  the key. It waits until they give get, wrapKey and unwrapKey.
- Where `accountId` names an account that lives on this key with this identity: whether the service can use
  the key. The account's binding is written again, unchanged, until the service takes it. That is proof.

What it cannot know: whether a grant has reached the data plane of the vault when no account uses it yet.
Resource Manager shows a role assignment at once; Azure documents up to 10 minutes until it counts everywhere
(learn.microsoft.com/azure/role-based-access-control/troubleshooting, "Symptom - Role assignment changes are
not being detected"), and only the identity itself could try. So the create of an account that is bound to the
key from its first moment may still be refused after this resource is there: that create has to be retried.
An `on_error` hook of the account makes the engine do that (up to 100 times, pulumi 3.259), and
`core.refusals.kind_of_text` says which answers may pass; tests/provider/programs/user_assigned.py shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from core import arm_ids, demands, facts, resource_types
from core.arm_ids import ArmId
from core.facts import Account
from provider.binder import Binder
from provider.errors import service_message
from provider.failure import ServiceError
from provider.key_access import KeyAccessHandler
from provider.preflight import Finding, Severity, blocking, pass_preflight
from provider.resource import Call, Compared, Run
from provider.rules import access_findings
from provider.wire import Properties, Value


class KeyAccessValidationHandler(KeyAccessHandler):
    """Access that is in effect."""

    token = resource_types.KEY_ACCESS_VALIDATION
    compared: ClassVar = {
        "keyId": Compared("the access to another key is validated"),
        "principalId": Compared("the access of another identity is validated"),
        "grantId": Compared("another grant is validated"),
        # One is named only while there is one to prove the access with; what was proven stays so.
        "accountId": Compared("another account proves the access", is_surroundings=True),
    }

    def __init__(self, run: Run, binder: Binder) -> None:
        super().__init__(run)
        self._binder = binder

    async def carry_out(
        self, call: Call, key: ArmId, principal: str, inputs: Properties
    ) -> Mapping[str, Value]:
        model = await self._listed(call, key, principal)
        proven = await self._proven(call, key, principal, inputs.text("accountId"))
        return {"accessModel": model, "validatedAt": self.run.now(), "proven": proven}

    async def still(
        self, call: Call, key: ArmId, principal: str, known: Properties
    ) -> Mapping[str, Value] | None:
        model, findings = await _findings(call, key, principal)
        return None if blocking(findings) else {"accessModel": model}

    async def _listed(self, call: Call, key: ArmId, principal: str) -> str | None:
        """Waits until Resource Manager shows the access; gives the vault's permission model.

        None when it may not be read. Raises RefusedOperationError when no access is shown in time.
        """
        head = f"the identity {principal} cannot use the key {key.name}"
        try:
            return await pass_preflight(lambda: _findings(call, key, principal), call, head)
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            await call.warn(f"the access to the key {key.name} was not validated: {service_message(failure)}")
            return None

    async def _proven(self, call: Call, key: ArmId, principal: str, account_id: str | None) -> bool:
        """Whether the service was seen to use the key: by writing the binding of a bound account again."""
        if account_id is None:
            return False
        account = arm_ids.account_id(account_id)
        try:
            live = await call.azure.account(account)
            if live is None or not _lives_on(live, key, principal):
                return False
            current = live.encryption
            version = await call.azure.key_version(key, current.key_version)
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            await call.inform(f"not proven: {service_message(failure)}")
            return False
        reasons = [f"the key version {current.key_version} is not in the vault"]
        if version is not None:
            reasons = [unmet.found for unmet in demands.key_usable(version, self.run.clock.time())]
        if reasons:
            # No wait would help: the service takes no write of an account that is bound to it.
            await call.inform(f"not proven: {'; '.join(reasons)}, and {account.name} is bound to it")
            return False
        await self._binder.rewrite(account, current, call)
        return True


async def _findings(call: Call, key: ArmId, principal: str) -> tuple[str, list[Finding]]:
    """The vault's permission model, and what the identity lacks by it. Raises ServiceError."""
    vault = await call.azure.vault(key.parent)
    if vault is None:
        gone = Finding(
            "vault-exists",
            Severity.TRANSIENT,
            f"there is no vault {key.parent.text}",
            f"az keyvault recover --name {key.parent.name}, if it was deleted",
        )
        return "", [gone]
    roles = []
    if vault.uses_rbac:
        scope = facts.key_id(vault.id, key.name)
        roles = await call.azure.role_assignments(scope, principal)
    model = "managedHsm" if vault.is_managed_hsm else "rbac" if vault.uses_rbac else "accessPolicy"
    return model, list(access_findings(vault, roles, key.name, principal))


def _lives_on(account: Account, key: ArmId, principal: str) -> bool:
    """Whether the account is bound to a version of the key by the identity."""
    bound = account.encryption.key
    return (
        bound is not None
        and bool(bound.version)
        and bound.is_in(key.parent)
        and bound.name.lower() == key.name.lower()
        and (account.key_user or "").lower() == principal.lower()
    )
