"""A vault and a key under any order of what can happen to them, against a model of what must hold."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from localazure.keyvault import trusted_services, vault_store
from localazure.web import Response
from tests.localazure.keyvault.case import (
    DAY,
    OWNER,
    PROVIDER,
    URI,
    VAULT,
    Case,
    policy,
    vault_body,
)

DATA = bytes(range(32))
RETENTION = 7
DELETED = f"{PROVIDER}/locations/westeurope/deletedVaults/Contoso-1"


class VaultMachine(RuleBasedStateMachine):
    """The model: when vault and key were deleted (None: there, absent: `gone`), and what was wrapped."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.case = Case()
        self.vault_deleted: float | None = None
        self.key_deleted: float | None = None
        self.key_lost = False
        self.granted = True
        self.disabled: set[str] = set()
        self.wrapped: list[tuple[str, bytes]] = []

    @initialize(protected=st.booleans())
    def make(self, protected: bool) -> None:
        more: dict[str, Any] = {"enablePurgeProtection": True} if protected else {}
        self.protected = protected
        assert self.case.make_vault(softDeleteRetentionInDays=RETENTION, **more).status == 200
        self.case.make_key()
        self.wrap()

    def teardown(self) -> None:
        self.stack.close()

    @property
    def now(self) -> float:
        return self.case.cloud.clock.now()

    @property
    def vault_there(self) -> bool:
        return self.vault_deleted is None and not self.key_lost

    @property
    def readable(self) -> bool:
        return self.vault_there and self.key_deleted is None and self.granted

    @rule(days=st.sampled_from([0.5, 3, 8]))
    def time_passes(self, days: float) -> None:
        self.case.cloud.clock.advance(days * DAY)
        for deleted in (self.vault_deleted, self.key_deleted):
            if deleted is not None and deleted + RETENTION * DAY <= self.now:
                self.key_lost = True

    @precondition(lambda self: self.readable)
    @rule()
    def wrap(self) -> None:
        version = self.current()
        if version not in self.disabled:
            self.wrapped.append((version, self.use(trusted_services.wrap, version, DATA)))

    @precondition(lambda self: self.vault_there and self.key_deleted is None)
    @rule()
    def rotate(self) -> None:
        assert self.case.data("POST", "/keys/k/rotate").status == 200

    @precondition(lambda self: self.vault_there and self.key_deleted is None)
    @rule(enabled=st.booleans())
    def switch(self, enabled: bool) -> None:
        version = self.current()
        body = {"attributes": {"enabled": enabled}}
        assert self.case.data("PATCH", f"/keys/k/{version}", body).status == 200
        (self.disabled.discard if enabled else self.disabled.add)(version)

    @precondition(lambda self: self.vault_there)
    @rule(granted=st.booleans())
    def grant(self, granted: bool) -> None:
        keys = ["all", "purge"] if granted else list(ALL_BUT_UNWRAP)
        entries = {"properties": {"accessPolicies": [policy(OWNER, *keys)]}}
        assert self.case.arm("PATCH", VAULT, entries).status == 200
        self.granted = granted

    @precondition(lambda self: self.vault_there)
    @rule()
    def delete_key(self) -> None:
        if self.case.data("DELETE", "/keys/k").status == 200:
            self.key_deleted = self.now

    @precondition(lambda self: self.vault_there and self.key_deleted is not None)
    @rule()
    def recover_key(self) -> None:
        assert self.case.data("POST", "/deletedkeys/k/recover").status == 200
        self.key_deleted = None

    @precondition(lambda self: self.vault_there and self.key_deleted is not None)
    @rule()
    def purge_key(self) -> None:
        self.purged(self.case.data("DELETE", "/deletedkeys/k"))

    @precondition(lambda self: self.vault_there)
    @rule()
    def delete_vault(self) -> None:
        assert self.case.arm("DELETE", VAULT).status == 200
        self.vault_deleted = self.now

    @precondition(lambda self: self.vault_deleted is not None and not self.key_lost)
    @rule()
    def recover_vault(self) -> None:
        assert self.case.arm("PUT", VAULT, vault_body(createMode="recover")).status == 200
        self.vault_deleted = None

    @precondition(lambda self: self.vault_deleted is not None and not self.key_lost)
    @rule()
    def purge_vault(self) -> None:
        self.purged(self.case.arm("POST", f"{DELETED}/purge"))

    @invariant()
    def what_is_wrapped_is_readable_exactly_while_everything_is_there(self) -> None:
        for version, hidden in self.wrapped:
            try:
                assert self.use(trusted_services.unwrap, version, hidden) == DATA
                found = True
            except trusted_services.KeyRefused:
                found = False
            assert found is (self.readable and version not in self.disabled)

    @invariant()
    def a_protected_vault_is_there_until_its_retention_is_over(self) -> None:
        if getattr(self, "protected", False) and not self.key_lost:
            assert vault_store.holder(self.case.cloud, "contoso-1") is not None

    def purged(self, response: Response) -> None:
        assert (response.status < 300) is not self.protected
        self.key_lost = self.key_lost or not self.protected

    def current(self) -> str:
        key = trusted_services.key_at(self.case.cloud, URI, "k", "")
        assert key is not None
        return key.version

    def use(self, act: object, version: str, data: bytes) -> bytes:
        assert callable(act)
        result: bytes = act(
            self.case.cloud,
            object_id=OWNER.object_id,
            vault_uri=URI,
            key_name="k",
            version=version,
            data=data,
            correlation_id="",
        )
        return result


ALL_BUT_UNWRAP = ("get", "list", "create", "update", "delete", "recover", "purge", "rotate")

TestVaultMachine = VaultMachine.TestCase
TestVaultMachine.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
