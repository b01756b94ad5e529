"""In any row of events: readable if and only if identity, grant, key version and vault are there."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from localazure.web import Json, Response
from tests.localazure.cognitive.case import ACCOUNT, PROJECT, PROJECTS, UNBIND, Case, bind
from tests.localazure.keyvault.case import VAULT, vault_body

ORDERS = f"{PROJECTS}/orders"


class EncryptedAccount(RuleBasedStateMachine):
    """One account, one vault, one key; the model beside it knows nothing of cryptography."""

    @initialize()
    def begin(self) -> None:
        self.case = Case()
        self.case.make()
        self.case.protected_vault()
        self.keys: list[Json] = [self.case.make_key()]
        self.enabled = [True]
        self.granted: set[str] = set()
        self.bound: int | None = None
        self.vault = self.key = self.alive = True
        self.text = ""
        self.etags: set[str] = set()
        self.case.language("PATCH", ORDERS, PROJECT)

    @property
    def principal(self) -> str | None:
        return (self.case.get().get("identity") or {}).get("principalId") if self.alive else None

    def usable(self, version: int) -> bool:
        """Whether the account's identity can use this version now."""
        return self.vault and self.key and self.enabled[version] and self.principal in self.granted

    @property
    def readable(self) -> bool:
        return self.bound is None or self.usable(self.bound)

    def seen(self, response: Response) -> Response:
        """Notes the etag of a write: no other answer may ever have it."""
        if response.status < 300:
            etag = response.headers["ETag"]
            assert etag not in self.etags
            self.etags.add(etag)
        self.case.finish(response)
        return response

    def patch(self, body: Json) -> Response:
        return self.seen(self.case.arm("PATCH", ACCOUNT, body))

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def bind(self, data: st.DataObject) -> None:
        version = data.draw(st.integers(0, len(self.keys) - 1))
        possible = self.readable and self.usable(version)
        assert (self.patch(bind(self.keys[version])).status == 202) is possible
        self.bound = version if possible else self.bound

    @precondition(lambda self: self.alive)
    @rule()
    def unbind(self) -> None:
        possible = self.readable
        assert (self.patch(UNBIND).status == 202) is possible
        self.bound = None if possible else self.bound

    @precondition(lambda self: self.alive)
    @rule()
    def put_without_encryption(self) -> None:
        """Unbinds, and takes the data along or is refused."""
        possible = self.readable
        response = self.seen(self.case.put(identity=self.identity()))
        assert (response.status == 200) is possible
        self.bound = None if possible else self.bound

    def identity(self) -> Json:
        return {"type": "SystemAssigned" if self.principal else "None"}

    @precondition(lambda self: self.alive)
    @rule(kind=st.sampled_from(["SystemAssigned", "None"]))
    def switch_identity(self, kind: str) -> None:
        assert self.patch({"identity": {"type": kind}}).status == 202

    @precondition(lambda self: self.vault and self.alive)
    @rule(whole=st.booleans())
    def grant(self, whole: bool) -> None:
        """Sets what the identity may do: everything that binding needs, or all but unwrapping."""
        principal = self.principal
        if principal is not None:
            self.case.grant(principal, "get", "wrapKey", *(["unwrapKey"] if whole else []))
            (self.granted.add if whole else self.granted.discard)(principal)

    @precondition(lambda self: self.vault and self.key)
    @rule(data=st.data(), enabled=st.booleans())
    def switch_version(self, data: st.DataObject, enabled: bool) -> None:
        version = data.draw(st.integers(0, len(self.keys) - 1))
        path = "/keys/k/" + self.keys[version]["key"]["kid"].rsplit("/", 1)[-1]
        assert self.case.data("PATCH", path, {"attributes": {"enabled": enabled}}).status == 200
        self.enabled[version] = enabled

    @precondition(lambda self: self.vault and self.key and len(self.keys) < 4)
    @rule()
    def rotate(self) -> None:
        self.keys.append(self.case.make_key())
        self.enabled.append(True)

    @precondition(lambda self: self.vault)
    @rule()
    def delete_or_recover_key(self) -> None:
        method, path = ("DELETE", "/keys/k") if self.key else ("POST", "/deletedkeys/k/recover")
        assert self.case.data(method, path).status == 200
        self.case.cloud.clock.advance(60)
        self.key = not self.key

    @rule()
    def delete_or_recover_vault(self) -> None:
        if self.vault:
            assert self.case.arm("DELETE", VAULT).status == 200
        else:
            recover = vault_body(accessPolicies=None)
            recover["properties"]["createMode"] = "recover"
            assert self.case.arm("PUT", VAULT, recover).status in (200, 201)
        self.vault = not self.vault

    @rule()
    def delete_or_restore_account(self) -> None:
        if self.alive:
            assert self.case.arm("DELETE", ACCOUNT).status == 200
            self.alive = False
        else:
            body = {"location": "westeurope", "properties": {"restore": True}}
            self.alive = self.seen(self.case.arm("PUT", ACCOUNT, body)).status == 201
            assert self.alive is (self.vault or self.bound is None)

    @precondition(lambda self: self.alive)
    @rule(text=st.text(min_size=1, max_size=20))
    def write(self, text: str) -> None:
        possible = self.readable
        assert (self.case.language("PATCH", ORDERS, {"description": text}).status == 200) is possible
        self.text = text if possible else self.text

    @invariant()
    def readable_if_and_only_if_all_is_there(self) -> None:
        if not hasattr(self, "case"):
            return
        response = self.case.language("GET", ORDERS)
        assert response.status == ((200 if self.readable else 403) if self.alive else 404)
        if response.status == 200:
            assert response.body.get("description", "") == self.text

    @invariant()
    def the_account_says_what_it_lives_on(self) -> None:
        if hasattr(self, "case") and self.alive:
            encryption = self.case.get()["properties"].get("encryption", {})
            version = encryption.get("keyVaultProperties", {}).get("keyVersion")
            kid = None if self.bound is None else self.keys[self.bound]["key"]["kid"].rsplit("/", 1)[-1]
            assert version == kid


@pytest.mark.long
def test_readable_if_and_only_if_identity_grant_version_and_vault_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole cloud, any order of events: no data lost, none readable without its key, no etag twice."""
    quick = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(EncryptedAccount, settings=quick)
