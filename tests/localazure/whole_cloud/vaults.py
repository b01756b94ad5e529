"""What can happen to vaults and the grants on them, in the whole-cloud machine."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from localazure.roles import BY_NAME
from tests.localazure.whole_cloud.model import NEEDED, SUBSCRIPTION, Role, Vault, group_id
from tests.localazure.whole_cloud.steps import DELETED_VAULT, DEPLOYER, Steps, grant_body

VAULTS = {"whole-kv-a": "a", "whole-kv-b": "b"}
PICK = st.integers(0, 7)
_ROLE = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/" + (
    BY_NAME["Key Vault Crypto Service Encryption User"].id
)


class VaultRules(Steps, RuleBasedStateMachine):
    """Rules; each says what the answer has to be, and tells the model what became of it."""

    def vaults(self, *, deleted: bool = False) -> list[Vault]:
        return [v for v in self.world.vaults.values() if (v.deleted is not None) is deleted]

    def with_keys(self) -> list[Vault]:
        return [v for v in self.vaults() if v.key is not None]

    def candidates(self) -> list[str]:
        """The principals that somebody may want to let in."""
        own = [a.system for a in self.world.accounts.values() if a.system]
        return [*own, *([self.world.identity] if self.world.identity else [])]

    def may_write(self, vault: Vault) -> bool:
        return self.world.writable(vault.group) and not self.world.locked(vault.id)

    def deployer_can(self, vault: Vault) -> bool:
        return not vault.closed and (vault.rbac or self.world.granted(vault, DEPLOYER, "all"))

    def add_vault(self, name: str, *, rbac: bool, protected: bool) -> None:
        now = self.world.now
        vault = Vault(name, VAULTS[name], rbac, protected, {DEPLOYER: {"all": now, "purge": now}})
        possible = self.may_write(vault) and name not in self.world.vaults
        reply = self.arm("PUT", vault.id, self.vault_body(vault))
        assert (reply.status == 200) is possible, reply
        if possible:
            self.world.vaults[name] = vault

    @rule(name=st.sampled_from(sorted(VAULTS)), rbac=st.booleans(), protected=st.booleans())
    def make_vault(self, name: str, rbac: bool, protected: bool) -> None:
        held = self.world.vaults.get(name)
        if held is None or held.deleted is not None:
            self.add_vault(name, rbac=rbac, protected=protected)

    @precondition(lambda self: self.vaults())
    @rule(pick=PICK)
    def replace_vault(self, pick: int) -> None:
        """A PUT that is silent about them takes neither protection nor retention away, but the firewall."""
        vault = one_of(self.vaults(), pick)
        body = self.vault_body(vault)
        body["properties"].pop("enablePurgeProtection", None)
        body["properties"].pop("softDeleteRetentionInDays")
        reply = self.arm("PUT", vault.id, body)
        assert (reply.status == 200) is self.may_write(vault), reply
        vault.closed = vault.closed and reply.status != 200

    @precondition(lambda self: self.vaults())
    @rule(pick=PICK, change=st.sampled_from(["protect", "rbac", "policies", "close", "open"]))
    def change_vault(self, pick: int, change: str) -> None:
        vault = one_of(self.vaults(), pick)
        changes = {
            "protect": {"enablePurgeProtection": True},
            "rbac": {"enableRbacAuthorization": True},
            "policies": {"enableRbacAuthorization": False},
            "close": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}},
            "open": {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"}},
        }
        possible = self.may_write(vault)
        reply = self.arm("PATCH", vault.id, {"properties": changes[change]})
        assert (reply.status == 200) is possible, reply
        if possible:
            vault.protected = vault.protected or change == "protect"
            vault.rbac = {"rbac": True, "policies": False}.get(change, vault.rbac)
            vault.closed = {"close": True, "open": False}.get(change, vault.closed)

    @precondition(lambda self: self.vaults())
    @rule(pick=PICK)
    def delete_vault(self, pick: int) -> None:
        vault = one_of(self.vaults(), pick)
        possible = not self.world.locked(vault.id, delete=True)
        assert (self.arm("DELETE", vault.id).status == 200) is possible
        if possible:
            self.world.delete_vault(vault)

    @precondition(lambda self: self.vaults(deleted=True))
    @rule(pick=PICK)
    def recover_vault(self, pick: int) -> None:
        vault = one_of(self.vaults(deleted=True), pick)
        possible = self.may_write(vault)
        reply = self.arm("PUT", vault.id, self.vault_body(vault, createMode="recover"))
        assert (reply.status == 200) is possible, reply
        if possible:
            vault.deleted, vault.back = None, self.world.now

    @precondition(lambda self: self.vaults(deleted=True))
    @rule(pick=PICK)
    def purge_vault(self, pick: int) -> None:
        """Only without purge protection."""
        vault = one_of(self.vaults(deleted=True), pick)
        reply = self.arm("POST", f"{DELETED_VAULT}/{vault.name}/purge", api="2024-11-01")
        assert (reply.status == 202) is not vault.protected, reply
        if not vault.protected:
            del self.world.vaults[vault.name]
            self.finish()

    @precondition(lambda self: self.vaults() and self.candidates())
    @rule(pick=PICK, who=PICK, permissions=st.sampled_from([NEEDED, NEEDED[:2], ()]), lost=st.booleans())
    def set_policy(self, pick: int, who: int, permissions: tuple[str, ...], lost: bool) -> None:
        """The entry of a principal, whose answer may get lost on the wire: then it is set again."""
        vault, principal = one_of(self.vaults(), pick), one_of(self.candidates(), who)
        kind, body = ("replace", grant_body(principal, *permissions))
        if not permissions:
            kind, body = "remove", grant_body(principal)
        possible, url = self.may_write(vault), f"{vault.id}/accessPolicies/{kind}"
        if lost:
            self.way.control("/faults", {"host": "arm", "method": "PUT", "wire": "drop", "after": True})
            assert self.arm("PUT", url, body).status == 0
        reply = self.arm("PUT", url, body)
        assert (reply.status in (200, 201)) is possible, reply
        if possible:
            before = vault.policies.pop(principal, {})
            if permissions:
                vault.policies[principal] = {p: before.get(p, self.world.now) for p in permissions}

    @precondition(lambda self: self.vaults() and self.candidates())
    @rule(pick=PICK, who=PICK, where=st.sampled_from(["vault", "key", "group"]))
    def assign_role(self, pick: int, who: int, where: str) -> None:
        vault, principal = one_of(self.vaults(), pick), one_of(self.candidates(), who)
        scope = {"vault": vault.id, "key": f"{vault.id}/keys/k", "group": group_id(vault.group)}[where]
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, scope + principal))
        role = Role(
            f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", scope, principal, 0.0
        )
        possible = self.world.writable(vault.group) and not self.world.locked(scope)
        properties = {
            "roleDefinitionId": _ROLE,
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
        reply = self.arm("PUT", role.name, {"properties": properties}, api="2022-04-01")
        assert (reply.status in (200, 201)) is possible, reply
        if possible and role.name not in self.world.roles:
            self.world.roles[role.name] = Role(role.name, scope, principal, self.world.now)

    @precondition(lambda self: self.world.roles)
    @rule(pick=PICK)
    def take_role_away(self, pick: int) -> None:
        role = one_of(list(self.world.roles.values()), pick)
        possible = not self.world.locked(role.name, delete=True)
        reply = self.arm("DELETE", role.name, api="2022-04-01")
        assert (reply.status == 200) is possible, reply
        if possible:
            del self.world.roles[role.name]


def one_of(found: list[Any], pick: int) -> Any:
    """Some one of these; the same one for the same number."""
    return found[pick % len(found)]
