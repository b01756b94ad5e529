"""The whole-cloud machine: rules of the cloud as a whole, and what must hold after every step."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.localazure.whole_cloud.accounts import ACCOUNTS, AccountRules
from tests.localazure.whole_cloud.client import Way
from tests.localazure.whole_cloud.model import DAY, NEEDED, SUBSCRIPTION, group_id
from tests.localazure.whole_cloud.steps import DELETED_VAULT, DEPLOYER
from tests.localazure.whole_cloud.vaults import PICK, VAULTS, one_of
from tests.support import cloud

_ALL = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/accounts"


class WholeCloud(AccountRules):
    """Everything that can happen; `way` leads to the cloud it happens to."""

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.set_up(way)
        self.client_ids = {}

    @initialize(rbac=st.booleans(), slow=st.booleans())
    def begin(self, rbac: bool, slow: bool) -> None:
        """An account bound to the key of a protected vault."""
        self.way.control("/reset", {})
        path, body = cloud.data_role()
        self.way.send("PUT", f"https://management.azure.com{path}", body)
        self.time_passes(3.11)  # longer than any delay of a grant: it counts in all that follows
        self.world.principals.add(DEPLOYER)
        self.mend("one", "whole-kv-a", rbac=rbac)
        assert self.world.accounts["one"].bound is not None
        self.set_pace(0.29 * DAY if slow else 0.0)

    @rule(name=st.sampled_from(sorted(ACCOUNTS)), vault=st.sampled_from(sorted(VAULTS)), rbac=st.booleans())
    def mend(self, name: str, vault: str, rbac: bool) -> None:
        """Does what it takes, as far as it can be done now, until an account lives on the key of a vault.

        Left to chance alone, the cloud would be in ruins most of the time.
        """
        world = self.world
        while world.locks:
            self.unlock(0)
        for group in ("a", "b"):
            self.make_group(group)
        if not all(world.writable(group) for group in ("a", "b")):
            return
        self.mend_vault(vault, rbac=rbac)
        self.mend_account(name)
        account, found = world.accounts.get(name), world.vaults[vault]
        if account is not None and account.deleted is None and account.system and found.key is not None:
            index, who = self.vaults().index(found), self.candidates().index(account.system)
            if found.rbac:
                self.assign_role(index, who, "key")
            else:
                self.set_policy(index, who, NEEDED, lost=False)
            last = len(found.key.versions) - 1
            self.switch_version(self.with_keys().index(found), last, enabled=True)
            self.bind(self.accounts().index(account), self.with_keys().index(found), last, by_user=False)

    def teardown(self) -> None:
        self.poll_all()

    @rule(days=st.sampled_from([0.37, 3.11, 8.03]))
    def time_passes(self, days: float) -> None:
        self.way.control("/clock", {"advance": days * DAY})
        self.world.pass_time(days * DAY)

    @rule(seconds=st.sampled_from([0.0, 0.29 * DAY]))
    def set_pace(self, seconds: float) -> None:
        self.way.control("/behaviour", {"operation_seconds": seconds, "deleted_keys_visible_after": seconds})
        self.world.duration = seconds

    @rule(seconds=st.sampled_from([0.0, 0.75 * DAY]))
    def set_delay(self, seconds: float) -> None:
        self.way.control("/behaviour", {"grant_delay_seconds": seconds})
        self.world.delay = seconds

    @rule()
    def kill_and_restart(self) -> None:
        self.way.kill()
        self.poll_all()

    @precondition(lambda self: self.accepted)
    @rule(pick=PICK)
    def poll_one(self, pick: int) -> None:
        self.poll(self.accepted[-1 - pick % len(self.accepted)])

    @rule(group=st.sampled_from("ab"))
    def make_group(self, group: str) -> None:
        """A group that is being deleted cannot be had again yet."""
        possible = self.world.groups.get(group) is None and not self.world.locked(group_id(group))
        reply = self.arm("PUT", group_id(group), {"location": "westeurope"})
        assert (reply.status in (200, 201)) is possible, reply
        if possible:
            self.world.groups[group] = None

    @rule(group=st.sampled_from("ab"), luck=st.booleans())
    def delete_group(self, group: str, luck: bool) -> None:
        if not self.world.writable(group) or luck:
            return
        possible = not self.world.locked(group_id(group), delete=True)
        reply = self.arm("DELETE", group_id(group))
        assert (reply.status == 202) is possible, reply
        if possible:
            self.world.delete_group(group)
            self.finish()
            self._forget_ended(group)

    @rule(group=st.sampled_from("ab"), writes=st.integers(1, 12))
    def kill_while_a_group_is_deleted(self, group: str, writes: int) -> None:
        """All of it was done, or nothing."""
        if not self.world.writable(group) or self.world.locked(group_id(group), delete=True):
            return
        id = group_id(group)
        self.way.kill_during("DELETE", f"https://management.azure.com{id}?api-version=2024-03-01", writes)
        reply = self.arm("GET", id)
        if reply.status == 404 or reply.body["properties"]["provisioningState"] == "Deleting":
            self.world.delete_group(group)
            for _ in range(2):
                self.arm("GET", id)
            self._forget_ended(group)

    def _forget_ended(self, group: str) -> None:
        if not self.world.duration:
            del self.world.groups[group]

    @rule(what=PICK, level=st.sampled_from(["CanNotDelete", "ReadOnly"]))
    def lock(self, what: int, level: str) -> None:
        world = self.world
        groups = [group_id(g) for g in sorted(world.groups)]
        scope = one_of([*groups, *(v.id for v in self.vaults()), *(a.id for a in self.accounts()), ""], what)
        if scope and world.writable(scope.split("/rg-")[1][0]):
            body = {"properties": {"level": level}}
            reply = self.arm("PUT", f"{scope}/providers/Microsoft.Authorization/locks/l", body)
            assert reply.status in (200, 201), reply
            world.locks[scope] = level

    @precondition(lambda self: self.world.locks)
    @rule(pick=PICK)
    def unlock(self, pick: int) -> None:
        scope = one_of(list(self.world.locks), pick)
        assert self.arm("DELETE", f"{scope}/providers/Microsoft.Authorization/locks/l").status == 200
        del self.world.locks[scope]

    @rule(tag=st.integers(0, 3))
    def change_what_else_has_an_etag(self, tag: int) -> None:
        """A network and its subnet, and an alert: read before and after each change."""
        if not self.world.writable("b") or self.world.locked(group_id("b")):
            return
        network = f"{group_id('b')}/providers/Microsoft.Network/virtualNetworks/net"
        alert = f"{group_id('b')}/providers/Microsoft.Insights/scheduledQueryRules/alert"
        subnet = {"properties": {"addressPrefix": f"10.0.{tag}.0/24"}}
        criteria = {"allOf": [{"query": "x"}]}
        bodies: dict[str, dict[str, Any]] = {
            network: {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
            alert: {"properties": {"criteria": criteria, "scopes": [group_id("b")]}},
        }
        for id, body in bodies.items():
            for method, change in (
                ("PUT", {"location": "westeurope", **body}),
                ("PATCH", {"tags": {"n": tag}}),
            ):
                assert self.arm(method, id, change).status in (200, 201, 202)
                assert self.arm("GET", id).status == 200
        assert self.arm("PUT", f"{network}/subnets/s", subnet).status in (200, 201)
        assert self.arm("GET", network).status == 200

    @invariant()
    def data_is_readable_if_and_only_if_all_is_there(self) -> None:
        for name in ACCOUNTS:
            account, reply = self.world.accounts.get(name), self.project("GET", name)
            if account is None or account.deleted is not None:
                assert reply.status == 404, (name, reply)
            elif self.world.readable(account):
                assert (reply.status, reply.body.get("description")) == (200, account.text), (name, reply)
            else:
                assert reply.status == 403, (name, reply)
                assert reply.body["error"]["innererror"]["code"] == "CustomerManagedKeyUnavailable"

    @invariant()
    def accounts_say_what_they_live_on_and_whether_they_are_ready(self) -> None:
        listed = {row["name"]: row for row in self.arm("GET", _ALL, api="2025-06-01").body["value"]}
        assert sorted(listed) == sorted(account.name for account in self.accounts())
        for account in self.accounts():
            reply = self.arm("GET", account.id)
            assert reply.status == 200, reply
            assert reply.body == listed[account.name]
            properties = reply.body["properties"]
            bound = properties.get("encryption", {}).get("keyVaultProperties", {}).get("keyVersion")
            assert bound == (account.bound.version.name if account.bound else None), account
            assert (properties["provisioningState"] == "Succeeded") is (account.busy <= self.world.now)

    @invariant()
    def no_vault_is_purged_before_its_date_if_it_is_protected(self) -> None:
        for name, group in VAULTS.items():
            vault = self.world.vaults.get(name)
            deleted = self.arm("GET", f"{DELETED_VAULT}/{name}", api="2024-11-01").status
            id = f"{group_id(group)}/providers/Microsoft.KeyVault/vaults/{name}"
            live = self.arm("GET", id)
            there = vault is not None and vault.deleted is None
            assert (live.status, deleted) == (200 if there else 404, 404 if there or not vault else 200), name
            if there and vault is not None:
                protected = live.body["properties"].get("enablePurgeProtection", False)
                assert protected is vault.protected
                self.learn_versions(vault)
