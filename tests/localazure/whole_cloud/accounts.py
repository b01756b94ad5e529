"""What can happen to accounts, their identities and their data, in the whole-cloud machine."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.localazure.whole_cloud.keys import KeyRules
from tests.localazure.whole_cloud.model import Account, Binding, World
from tests.localazure.whole_cloud.steps import IDENTITY, deleted_account_id
from tests.localazure.whole_cloud.vaults import PICK, one_of

ACCOUNTS = {"one": "a", "two": "a", "three": "b"}
_UNBIND = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}


class AccountRules(KeyRules):
    """Rules; each says what the answer has to be, and tells the model what became of it."""

    def accounts(self, *, deleted: bool = False) -> list[Account]:
        return [a for a in self.world.accounts.values() if (a.deleted is not None) is deleted]

    def may_change(self, account: Account) -> bool:
        world = self.world
        return world.writable(account.group) and not world.locked(account.id) and account.busy <= world.now

    def add_account(self, name: str, *, own: bool, binding: Binding | None = None) -> None:
        """A new account with an identity of its own or the user-assigned one, and a text in it."""
        world = self.world
        account = Account(name, ACCOUNTS[name], "its own" if own else None, None if own else world.identity)
        possible = self.may_change(account) and name not in world.accounts
        possible = possible and (binding is None or world.bindable(account, binding))
        reply = self.arm("PUT", account.id, self.account_body(account, binding))
        assert (reply.status == 201) is possible, reply
        if not possible:
            return
        world.accounts[name], account.bound = account, binding
        self.began(account)
        if own:
            self.learn_system(account)
        assert self.write(account, "first") == 201

    def began(self, account: Account) -> None:
        """An operation runs on it, or has ended if operations take no time."""
        account.busy = self.world.now + self.world.duration if self.world.duration else 0.0
        self.finish()

    def learn_system(self, account: Account) -> None:
        account.system = str(self.arm("GET", account.id).body["identity"]["principalId"])
        self.world.principals.add(account.system)

    def write(self, account: Account, text: str) -> int:
        body = {"projectName": "p", "projectKind": "Conversation", "language": "en", "description": text}
        reply = self.project("PATCH", account.name, body)
        if reply.status in (200, 201):
            account.text = text
        return reply.status

    def patch(self, account: Account, body: Any, possible: bool) -> bool:
        """A PATCH that is accepted exactly if it is possible; whether it was."""
        reply = self.arm("PATCH", account.id, body)
        assert (reply.status == 202) is possible, reply
        if possible:
            self.began(account)
        return possible

    def mend_account(self, name: str) -> None:
        """An account with an identity of its own, as far as that can be had now."""
        account = self.world.accounts.get(name)
        if account is None:
            self.add_account(name, own=True)
        elif account.deleted is not None:
            self.restore_account(self.accounts(deleted=True).index(account))
        elif account.system is None:
            self.switch_identity(self.accounts().index(account), own=True, user=False)

    @rule(name=st.sampled_from(sorted(ACCOUNTS)), own=st.booleans())
    def make_account(self, name: str, own: bool) -> None:
        held = self.world.accounts.get(name)
        if (held is None or held.deleted is not None) and (own or self.world.identity):
            self.add_account(name, own=own)

    @precondition(lambda self: self.world.identity and self.with_keys())
    @rule(name=st.sampled_from(sorted(ACCOUNTS)), pick=PICK, which=PICK)
    def make_bound_account(self, name: str, pick: int, which: int) -> None:
        """Bound in its create, by the identity that is there before it."""
        if name not in self.world.accounts:
            vault = one_of(self.with_keys(), pick)
            version = one_of(vault.key.versions, which)
            binding = Binding(vault, vault.key, version, self.world.identity)
            self.add_account(name, own=False, binding=binding)

    @precondition(lambda self: self.accounts() and self.with_keys())
    @rule(pick=PICK, vault=PICK, which=PICK, by_user=st.booleans())
    def bind(self, pick: int, vault: int, which: int, by_user: bool) -> None:
        account, found = one_of(self.accounts(), pick), one_of(self.with_keys(), vault)
        user = account.user if by_user else None
        binding = Binding(found, found.key, one_of(found.key.versions, which), user)
        possible = self.may_change(account) and self.world.bindable(account, binding)
        if self.patch(account, {"properties": {"encryption": self.encryption(binding)}}, possible):
            account.bound = binding

    @precondition(lambda self: self.accounts())
    @rule(pick=PICK, put=st.booleans())
    def unbind(self, pick: int, put: bool) -> None:
        """By a PATCH that says so, or by a PUT that does not mention it."""
        account, world = one_of(self.accounts(), pick), self.world
        if put and account.user not in (None, world.identity):
            return
        possible = self.may_change(account) and world.readable(account)
        if put:
            reply = self.arm("PUT", account.id, self.account_body(account))
            assert (reply.status == 200) is possible, reply
            if possible:
                self.began(account)
        else:
            self.patch(account, _UNBIND, possible)
        account.bound = None if possible else account.bound

    @precondition(lambda self: self.accounts())
    @rule(pick=PICK)
    def a_fault_changes_nothing(self, pick: int) -> None:
        account = one_of(self.accounts(), pick)
        self.way.control("/faults", {"host": "arm", "method": "PATCH", "status": 429, "retry_after": 1})
        assert self.arm("PATCH", account.id, _UNBIND).status == 429

    @precondition(lambda self: self.accounts())
    @rule(pick=PICK, own=st.booleans(), user=st.booleans())
    def switch_identity(self, pick: int, own: bool, user: bool) -> None:
        account, world = one_of(self.accounts(), pick), self.world
        wanted = Account("", "", "its own" if own else None, world.identity if user else None)
        if not self.patch(account, {"identity": self.identity_body(wanted)}, self.may_change(account)):
            return
        account.user = wanted.user
        if not own:
            world.principals.discard(str(account.system))
            account.system = None
        elif account.system is None:
            self.learn_system(account)

    @precondition(lambda self: self.accounts())
    @rule(pick=PICK)
    def delete_account(self, pick: int) -> None:
        account, world = one_of(self.accounts(), pick), self.world
        possible = not world.locked(account.id, delete=True) and account.busy <= world.now
        reply = self.arm("DELETE", account.id)
        assert (reply.status == 200) is possible, reply
        if possible:
            account.deleted = world.now

    @precondition(lambda self: self.accounts(deleted=True))
    @rule(pick=PICK)
    def restore_account(self, pick: int) -> None:
        """With its data, its identity and its binding, if the vault is there."""
        account, world = one_of(self.accounts(deleted=True), pick), self.world
        possible = self.may_change(account) and _vault_there(world, account)
        body = {"location": "westeurope", "properties": {"restore": True}}
        reply = self.arm("PUT", account.id, body)
        assert (reply.status == 201) is possible, reply
        if possible:
            account.deleted = None

    @precondition(lambda self: self.accounts(deleted=True))
    @rule(pick=PICK)
    def purge_account(self, pick: int) -> None:
        account = one_of(self.accounts(deleted=True), pick)
        assert self.arm("DELETE", deleted_account_id(account)).status == 202
        self.world.purge_account(account)
        self.finish()

    @precondition(lambda self: self.accounts())
    @rule(pick=PICK, text=st.text("abc", min_size=1, max_size=3))
    def write_text(self, pick: int, text: str) -> None:
        account = one_of(self.accounts(), pick)
        readable = self.world.readable(account)
        assert self.write(account, text) == (200 if readable else 403)

    @rule()
    def make_identity(self) -> None:
        reply = self.arm("PUT", IDENTITY, {"location": "westeurope"})
        possible = self.world.writable("a") and not self.world.locked(IDENTITY)
        assert (reply.status in (200, 201)) is possible, reply
        if possible:
            properties = reply.body["properties"]
            self.world.identity = str(properties["principalId"])
            self.world.principals.add(self.world.identity)
            self.client_ids[self.world.identity] = str(properties["clientId"])

    @precondition(lambda self: self.world.identity)
    @rule()
    def delete_identity(self) -> None:
        possible = not self.world.locked(IDENTITY, delete=True)
        assert (self.arm("DELETE", IDENTITY).status == 200) is possible
        if possible:
            self.world.principals.discard(str(self.world.identity))
            self.world.identity = None


def _vault_there(world: World, account: Account) -> bool:
    if account.bound is None:
        return True
    vault = world.vaults.get(account.bound.vault.name)
    return vault is not None and vault.deleted is None
