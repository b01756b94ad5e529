"""The whole-cloud machine: what can happen to an account, its key and its vault, and what always holds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.localazure.driver import GROUP, WEST
from tests.localazure.whole_cloud.client import Way
from tests.localazure.whole_cloud.requests import (
    ACCOUNT,
    DELETED_ACCOUNT,
    DELETED_VAULT,
    VAULT,
    Requests,
    encryption,
)
from tests.localazure.whole_cloud.world import DAY, Account, Key, Vault
from tests.support import cloud
from tests.support.front import ARM

RESTORE = {**WEST, "properties": {"restore": True}}
UNBIND = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
LIVE_VAULT = precondition(lambda self: self.world.live_vault)
LIVE_ACCOUNT = precondition(lambda self: self.world.live_account)
WITH_KEY = precondition(lambda self: self.world.live_vault and self.world.live_vault.key)
OF_VAULT = {
    "protect": {"enablePurgeProtection": True},
    "rbac": {"enableRbacAuthorization": True},
    "policies": {"enableRbacAuthorization": False},
    "close": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}},
    "open": {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"}},
}


class WholeCloud(RuleBasedStateMachine):
    """Each rule says what the answer has to be, and tells the world what became of it."""

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.ask = Requests(way)
        self.world, self.way = self.ask.world, way

    @initialize(rbac=st.booleans(), slow=st.booleans(), protected=st.booleans())
    def begin(self, rbac: bool, slow: bool, protected: bool) -> None:
        """An account bound to the key of a vault."""
        self.way.control("/reset", {})
        path, body = cloud.data_role()
        self.way.send("PUT", f"{ARM}{path}", body)
        self.time_passes(3.11)  # longer than any delay of a grant: it counts in all that follows
        assert self.ask.arm("PUT", GROUP, WEST).status == 201
        self.mend(rbac)
        if protected:
            self.change_vault("protect")
            self.bind(0)
        assert bool(self.account.bound) is protected
        self.set_pace(0.29 * DAY if slow else 0.0)

    @property
    def account(self) -> Account:
        assert self.world.account
        return self.world.account

    @property
    def vault(self) -> Vault:
        assert self.world.vault
        return self.world.vault

    @property
    def can_change(self) -> bool:
        """Whether the account takes a write now."""
        return self.world.group_ends is None and self.account.busy <= self.world.now

    @property
    def deployer_reaches_keys(self) -> bool:
        return not self.vault.closed

    @rule(rbac=st.booleans())
    def mend(self, rbac: bool) -> None:
        """Gives back what was taken away; left to chance alone, all would be in ruins most of the time."""
        world = self.world
        self.make_group()
        if world.group_ends is not None:
            return
        if world.vault is None:
            self.make_vault(rbac)
        elif world.live_vault is None:
            self.recover_vault()
        self.change_vault("open")
        if self.vault.key is None:
            self.make_key()
        elif self.vault.key.deleted is not None:
            self.recover_or_purge_key(purge=False)
        if world.account is None:
            self.make_account()
        elif world.live_account is None:
            self.restore_account()
        if world.live_account and self.account.system is None:
            self.switch_identity(on=True)
        if world.live_account and self.account.system:
            self.grant(on=True, lost=False)
        if world.live_account and self.vault.key:
            last = len(self.vault.key.versions) - 1
            self.switch_version(last, enabled=True)
            self.bind(last)

    # The cloud

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
        self.teardown()

    def teardown(self) -> None:
        for operation in self.ask.accepted:
            self.ask.poll(operation)

    @rule()
    def make_group(self) -> None:
        """A group that is being deleted cannot be had again yet."""
        possible = self.world.group_ends is None or self.world.group_ends <= self.world.now
        reply = self.ask.arm("PUT", GROUP, WEST)
        assert (reply.status in (200, 201)) is possible, reply
        self.world.group_ends = None if possible else self.world.group_ends

    @precondition(lambda self: self.world.group_ends is None)
    @rule(writes=st.integers(0, 12))
    def delete_group(self, writes: int) -> None:
        """By a server that is killed after so many writes, but for 0: then all of it was done, or nothing."""
        if writes:
            self.way.kill_during("DELETE", f"{ARM}{GROUP}?api-version=2024-03-01", writes)
        else:
            assert self.ask.arm("DELETE", GROUP).status == 202
        reply = self.ask.arm("GET", GROUP)
        if reply.status == 404 or reply.body["properties"]["provisioningState"] == "Deleting":
            self.world.delete_group()
            for _ in range(2):
                self.ask.arm("GET", GROUP)

    # The vault and its key

    def make_vault(self, rbac: bool) -> None:
        self.world.vault = Vault(rbac, protected=False)
        assert self.ask.put_vault(self.vault, softDeleteRetentionInDays=7).status == 200

    @LIVE_VAULT
    @rule()
    def replace_vault(self) -> None:
        """A PUT that is silent about them takes neither protection nor retention away, but the firewall."""
        assert self.ask.put_vault(self.vault).status == 200
        self.vault.closed = False

    @LIVE_VAULT
    @rule(change=st.sampled_from(sorted(OF_VAULT)))
    def change_vault(self, change: str) -> None:
        vault = self.vault
        assert self.ask.arm("PATCH", VAULT, {"properties": OF_VAULT[change]}).status == 200
        vault.protected = vault.protected or change == "protect"
        vault.rbac = {"rbac": True, "policies": False}.get(change, vault.rbac)
        vault.closed = {"close": True, "open": False}.get(change, vault.closed)

    @LIVE_VAULT
    @rule()
    def delete_vault(self) -> None:
        assert self.ask.arm("DELETE", VAULT).status == 200
        self.world.delete_vault()

    @precondition(lambda self: self.world.vault and not self.world.live_vault)
    @rule()
    def recover_vault(self) -> None:
        reply = self.ask.put_vault(self.vault, createMode="recover")
        assert (reply.status == 200) is (self.world.group_ends is None), reply
        self.vault.deleted = None if reply.status == 200 else self.vault.deleted

    @precondition(lambda self: self.world.vault and not self.world.live_vault)
    @rule()
    def purge_vault(self) -> None:
        """Only without purge protection."""
        reply = self.ask.arm("POST", f"{DELETED_VAULT}/purge")
        assert (reply.status == 202) is not self.vault.protected, reply
        if reply.status == 202:
            self.world.vault = None
            self.ask.finish()

    def make_key(self) -> None:
        reply = self.ask.arm("PUT", f"{VAULT}/keys/k", {"properties": {"kty": "RSA", "keySize": 2048}})
        assert reply.status == 200, reply
        self.vault.key = Key({reply.body["properties"]["keyUriWithVersion"].rsplit("/", 1)[-1]: True})

    @WITH_KEY
    @rule()
    def rotate(self) -> None:
        reply = self.ask.keys("POST", "keys/k/rotate")
        if self._expect_of_key(reply.status) and self.world.key:
            self.world.key.versions[reply.body["key"]["kid"].rsplit("/", 1)[-1]] = True

    @WITH_KEY
    @rule(which=st.integers(0, 5), enabled=st.booleans())
    def switch_version(self, which: int, enabled: bool) -> None:
        assert self.vault.key
        version = self._version(self.vault.key, which)
        reply = self.ask.keys("PATCH", f"keys/k/{version}", {"attributes": {"enabled": enabled}})
        if self._expect_of_key(reply.status):
            self.vault.key.versions[version] = enabled

    @WITH_KEY
    @rule()
    def delete_key(self) -> None:
        if self._expect_of_key(self.ask.keys("DELETE", "keys/k").status) and self.vault.key:
            self.vault.key.deleted = self.world.now
            self.vault.key.visible = self.world.now + self.world.duration

    @WITH_KEY
    @rule(purge=st.booleans())
    def recover_or_purge_key(self, purge: bool) -> None:
        """Purging needs a vault without protection."""
        key, vault = self.vault.key, self.vault
        assert key
        found = key.deleted is not None and key.visible <= self.world.now
        method, path = ("DELETE", "deletedkeys/k") if purge else ("POST", "deletedkeys/k/recover")
        reply = self.ask.keys(method, path)
        possible = self.deployer_reaches_keys and found and not (purge and vault.protected)
        assert (reply.status in (200, 204)) is possible, reply
        if possible and purge:
            vault.key = None
        elif possible:
            key.deleted, key.visible = None, self.world.now + self.world.duration

    def _expect_of_key(self, status: int) -> bool:
        """Whether it was done, which it is if the key is there and the deployer gets at it."""
        assert (status == 200) is (self.deployer_reaches_keys and self.world.key is not None), status
        return status == 200

    @staticmethod
    def _version(key: Key, which: int) -> str:
        return list(key.versions)[which % len(key.versions)]

    @precondition(lambda self: self.world.live_vault and self.world.account and self.world.account.system)
    @rule(on=st.booleans(), lost=st.booleans())
    def grant(self, on: bool, lost: bool) -> None:
        """In the vault's own access model. An answer may get lost on the wire: then it is sent again."""
        vault, principal = self.vault, str(self.account.system)
        there = vault.granted.get(vault.rbac)
        if vault.rbac and there and there[0] != principal:
            self.ask.set_role(there[0], on=False)
        send = self.ask.set_role if vault.rbac else self.ask.set_policy
        if lost:
            method = "DELETE" if vault.rbac and not on else "PUT"
            self.way.control("/faults", {"host": "arm", "method": method, "wire": "drop", "after": True})
            assert send(principal, on=on).status == 0
        assert send(principal, on=on).status in (200, 201, 204)
        since = there[1] if there and there[0] == principal else self.world.now
        vault.granted.pop(vault.rbac, None)
        if on:
            vault.granted[vault.rbac] = (principal, since)

    # The account

    def make_account(self) -> None:
        self.world.account = Account()
        reply = self.ask.put_account("its own")
        assert reply.status == 201, reply
        self._began()
        self._learn_identity()
        assert self.ask.write("first").status == 201

    def _began(self) -> None:
        """An operation runs on it, or has ended if operations take no time."""
        self.account.busy = self.world.now + self.world.duration if self.world.duration else 0.0
        self.ask.finish()

    def _learn_identity(self) -> None:
        self.account.system = str(self.ask.arm("GET", ACCOUNT).body["identity"]["principalId"])

    def _patch(self, body: Any, possible: bool) -> bool:
        """A PATCH that is accepted exactly if it is possible; whether it was."""
        reply = self.ask.arm("PATCH", ACCOUNT, body)
        assert (reply.status == 202) is possible, reply
        if possible:
            self._began()
        return possible

    @LIVE_ACCOUNT
    @rule(tag=st.integers(0, 3))
    def tag_account(self, tag: int) -> None:
        self._patch({"tags": {"n": str(tag)}}, self.can_change)

    @precondition(lambda self: self.world.live_account and self.world.live_vault and self.vault.key)
    @rule(which=st.integers(0, 5))
    def bind(self, which: int) -> None:
        """The service takes a key that it can use, if it can let go of the one before."""
        assert self.vault.key
        version, world = self._version(self.vault.key, which), self.world
        possible = self.vault.protected and world.readable() and world.usable(version)
        if self._patch({"properties": {"encryption": encryption(version)}}, self.can_change and possible):
            self.account.bound = version

    @LIVE_ACCOUNT
    @rule(put=st.booleans())
    def unbind(self, put: bool) -> None:
        """By a PATCH that says so, or by a PUT that does not mention it."""
        possible = self.can_change and self.world.readable()
        if put:
            reply = self.ask.put_account(self.account.system)
            assert (reply.status == 200) is possible, reply
            if possible:
                self._began()
        else:
            self._patch(UNBIND, possible)
        self.account.bound = None if possible else self.account.bound

    @LIVE_ACCOUNT
    @rule()
    def a_fault_changes_nothing(self) -> None:
        self.way.control("/faults", {"host": "arm", "method": "PATCH", "status": 429, "retry_after": 1})
        assert self.ask.arm("PATCH", ACCOUNT, UNBIND).status == 429

    @LIVE_ACCOUNT
    @rule(on=st.booleans())
    def switch_identity(self, on: bool) -> None:
        """Another principal comes with each."""
        if self._patch({"identity": {"type": "SystemAssigned" if on else "None"}}, self.can_change):
            if on and self.account.system is None:
                self._learn_identity()
            self.account.system = self.account.system if on else None

    @LIVE_ACCOUNT
    @rule()
    def delete_account(self) -> None:
        reply = self.ask.arm("DELETE", ACCOUNT)
        assert (reply.status == 200) is self.can_change, reply
        self.account.deleted = self.world.now if reply.status == 200 else None

    @precondition(lambda self: self.world.account and not self.world.live_account)
    @rule()
    def restore_account(self) -> None:
        """With its data, its identity and its binding, if the vault is there."""
        possible = self.can_change and (self.account.bound is None or self.world.live_vault is not None)
        reply = self.ask.arm("PUT", ACCOUNT, RESTORE)
        assert (reply.status == 201) is possible, reply
        self.account.deleted = None if possible else self.account.deleted

    @precondition(lambda self: self.world.account and not self.world.live_account)
    @rule()
    def purge_account(self) -> None:
        assert self.ask.arm("DELETE", DELETED_ACCOUNT).status == 202
        self.world.account = None
        self.ask.finish()

    @LIVE_ACCOUNT
    @rule(text=st.text("abc", min_size=1, max_size=3))
    def write_text(self, text: str) -> None:
        readable = self.world.readable()
        assert self.ask.write(text).status == (200 if readable else 403)
        self.account.text = text if readable else self.account.text

    # What always holds

    @invariant()
    def data_is_readable_if_and_only_if_all_is_there(self) -> None:
        reply = self.ask.project("GET")
        if self.world.live_account is None:
            assert reply.status == 404, reply
        elif self.world.readable():
            assert (reply.status, reply.body.get("description")) == (200, self.account.text), reply
        else:
            assert reply.status == 403, reply
            assert reply.body["error"]["innererror"]["code"] == "CustomerManagedKeyUnavailable"

    @invariant()
    def the_account_says_what_it_lives_on_and_whether_it_is_ready(self) -> None:
        listed = self.ask.arm("GET", ACCOUNT.rpartition("/")[0].replace("/resourceGroups/rg", "")).body[
            "value"
        ]
        assert len(listed) == bool(self.world.live_account)
        if account := self.world.live_account:
            body = self.ask.arm("GET", ACCOUNT).body
            assert [body] == listed
            bound = body["properties"].get("encryption", {}).get("keyVaultProperties", {}).get("keyVersion")
            assert bound == account.bound
            ready = body["properties"]["provisioningState"] == "Succeeded"
            assert ready is (account.busy <= self.world.now)

    @invariant()
    def no_vault_is_purged_before_its_date_and_none_loses_its_protection(self) -> None:
        live, deleted = self.ask.arm("GET", VAULT), self.ask.arm("GET", DELETED_VAULT).status
        there, kept = self.world.live_vault is not None, self.world.vault is not None
        assert (live.status, deleted) == (200 if there else 404, 200 if kept and not there else 404)
        if there:
            assert live.body["properties"].get("enablePurgeProtection", False) is self.vault.protected
