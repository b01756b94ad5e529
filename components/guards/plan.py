"""The decisions about a situation without problems, one for each function. Pure."""

from dataclasses import dataclass

import pulumi

from components.guards.key_place import is_another_vault
from components.guards.situation import Situation
from core import adapters, rights
from core import resource_types as types
from core.rights import Access


@dataclass(frozen=True)
class ServicePlan:
    """The decisions for one service, from its situation. `revocations` are the resources that take access
    away, for any service of the run: everything else comes after them. `lock_hook` refuses what a management
    lock forbids."""

    situation: Situation
    revocations: tuple[pulumi.Resource, ...] = ()
    lock_hook: pulumi.ResourceHook | None = None

    @property
    def recorded_policies(self) -> frozenset[str]:
        """The logical names of the access policies that the state has. The resource
        (provider/access_policy.py) may take over any other."""
        one, before = self.situation, self.situation.before
        recorded = {name for type, name in before.resources if type == types.ACCESS_POLICY}
        vault = before.part(types.ACCESS_POLICY, "access").get("vaultName")
        user, former = (before.key_user_id or "").lower(), (before.grantee_id or "").lower()
        # That of another vault or identity, while an update that was cut off made the one here. If one policy
        # were taken for two, the engine would delete the former, and so the only one.
        if is_another_vault(vault, one.place.vault_id) or user not in ("", former):
            recorded.discard(f"{before.name}-access")
        return frozenset(recorded)

    @property
    def account_id(self) -> str | None:
        """The account's ARM id, if it exists."""
        account = self.situation.before.account
        return account.id if account else None

    @property
    def has_proof(self) -> bool:
        """Whether the state has the resource that waited until the access to the key counted."""
        return self.situation.before.has(types.KEY_ACCESS_VALIDATION, "key-access")

    @property
    def proven_by_use(self) -> bool:
        """Whether the account is under its key by an existing grant, as an adopted account is, so that no
        update has to wait. A recorded grant may be gone all the same, if an update took it away and then
        failed."""
        one = self.situation
        policies = rights.by_policies(adapters.vault(one.live.vault or {}), one.place.grantee_id)
        in_azure = one.live.assignment is not None or policies.level is not Access.NONE
        usable = (one.before.grant_recorded or in_azure) and not one.account_lacks_access
        return usable and one.account.bound_key is not None and not self.has_proof
