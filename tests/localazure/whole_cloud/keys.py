"""What can happen to the keys of vaults, in the whole-cloud machine."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.localazure.whole_cloud.model import Key, Vault, Version
from tests.localazure.whole_cloud.vaults import PICK, VaultRules, one_of

_ROTATION = {
    "lifetimeActions": [{"trigger": {"timeAfterCreate": "P10D"}, "action": {"type": "rotate"}}],
    "attributes": {"expiryTime": "P30D"},
}


class KeyRules(VaultRules):
    """Rules; each says what the answer has to be, and tells the model what became of it."""

    def add_key(self, vault: Vault, *, rotates: bool) -> None:
        more = {"rotationPolicy": _ROTATION} if rotates else {}
        body = {"properties": {"kty": "RSA", "keySize": 2048, **more}}
        reply = self.arm("PUT", f"{vault.id}/keys/k", body)
        there = self.world.there(vault.key)
        possible = self.may_write(vault) and (there or vault.key is None)
        assert (reply.status == 200) is possible, reply
        if possible and not there:
            properties = reply.body["properties"]
            vault.key = Key([_version(properties["keyUriWithVersion"], properties)], rotates=rotates)

    def mend_vault(self, name: str, *, rbac: bool) -> None:
        """A protected vault with a key, as far as that can be had now."""
        if name not in self.world.vaults:
            self.add_vault(name, rbac=rbac, protected=True)
        vault = self.world.vaults[name]
        if vault.deleted is not None:
            self.recover_vault(self.vaults(deleted=True).index(vault))
        if not vault.protected:
            self.change_vault(self.vaults().index(vault), "protect")
        if vault.closed:
            self.change_vault(self.vaults().index(vault), "open")
        if vault.key is None:
            self.add_key(vault, rotates=rbac)
        elif vault.key.deleted is not None:
            self.recover_or_purge_key(self.with_keys().index(vault), purge=False)

    @precondition(lambda self: self.vaults())
    @rule(pick=PICK, rotates=st.booleans())
    def make_key(self, pick: int, rotates: bool) -> None:
        self.add_key(one_of(self.vaults(), pick), rotates=rotates)

    @precondition(lambda self: any(len(v.key.versions) < 6 for v in self.with_keys()))
    @rule(pick=PICK)
    def rotate(self, pick: int) -> None:
        vault = one_of(self.with_keys(), pick)
        reply = self.keys(vault, "POST", "keys/k/rotate")
        self._expect_data(vault, reply.status == 200, there=True)
        if reply.status == 200 and vault.key is not None:
            vault.key.versions.append(_version(reply.body["key"]["kid"], reply.body))

    @precondition(lambda self: self.with_keys())
    @rule(pick=PICK, which=PICK, enabled=st.booleans())
    def switch_version(self, pick: int, which: int, enabled: bool) -> None:
        vault = one_of(self.with_keys(), pick)
        assert vault.key is not None
        version = one_of(vault.key.versions, which)
        body = {"attributes": {"enabled": enabled}}
        reply = self.keys(vault, "PATCH", f"keys/k/{version.name}", body)
        self._expect_data(vault, reply.status == 200, there=True)
        version.enabled = enabled if reply.status == 200 else version.enabled

    @precondition(lambda self: self.with_keys())
    @rule(pick=PICK)
    def delete_key(self, pick: int) -> None:
        vault = one_of(self.with_keys(), pick)
        reply = self.keys(vault, "DELETE", "keys/k")
        self._expect_data(vault, reply.status == 200, there=True)
        if reply.status == 200 and vault.key is not None:
            vault.key.deleted = self.world.now
            vault.key.visible = self.world.now + self.world.duration

    @precondition(lambda self: self.with_keys())
    @rule(pick=PICK, purge=st.booleans())
    def recover_or_purge_key(self, pick: int, purge: bool) -> None:
        """Purging needs a vault without protection."""
        vault = one_of(self.with_keys(), pick)
        key = vault.key
        assert key is not None
        found = key.deleted is not None and key.visible <= self.world.now
        method, path = ("DELETE", "deletedkeys/k") if purge else ("POST", "deletedkeys/k/recover")
        reply = self.keys(vault, method, path)
        possible = self.deployer_can(vault) and found and not (purge and vault.protected)
        assert (reply.status in (200, 204)) is possible, reply
        if possible and purge:
            vault.key = None
        elif possible:
            key.deleted, key.back = None, self.world.now
            key.visible = self.world.now + self.world.duration

    def _expect_data(self, vault: Vault, done: bool, *, there: bool) -> None:
        assert done is (self.deployer_can(vault) and self.world.there(vault.key) is there)

    def learn_versions(self, vault: Vault) -> None:
        """No version is lost or switched by itself; those that the rotation policy made are new."""
        key = vault.key
        if key is None or not self.world.there(key):
            return
        rows = self.arm("GET", f"{vault.id}/keys/k/versions").body["value"]
        listed = {row["name"]: row["properties"]["attributes"] for row in rows}
        for version in key.versions:
            assert listed.pop(version.name)["enabled"] is version.enabled
        assert key.rotates or not listed
        for name, attributes in sorted(listed.items(), key=lambda item: item[1]["created"]):
            assert attributes["created"] > max(vault.back, key.back) - 60, "made while it was deleted"
            key.versions.append(_version(name, {"attributes": attributes}))


def _version(kid: str, body: Any) -> Version:
    return Version(kid.rsplit("/", 1)[-1], expires=body["attributes"].get("exp"))
