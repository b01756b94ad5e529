"""A probe of a local Azure in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core import clouds
from localazure import seed
from localazure.cloud import Cloud
from localazure.roles import BY_NAME
from probe.asking import Probe
from probe.conversation import Conversation
from probe.scene import Scene
from tests.support.front import SUBSCRIPTION
from tests.support.in_process import Credential, Transport, Wire

REGION = "westeurope"


@dataclass
class Asking:
    """A cloud with switches, and probes of it. `vault_role`: whether the login has a role on vaults' data."""

    switches: dict[str, Any] = field(default_factory=dict)
    vault_role: bool = False
    wire: Wire = field(default_factory=Wire)

    def __post_init__(self) -> None:
        self.cloud.behave(**self.switches)
        if not self.vault_role:
            self._without("Key Vault Administrator")

    @property
    def cloud(self) -> Cloud:
        return self.wire.door.cloud

    def probe(self, **more: Any) -> Probe:
        wire, transport = self.wire, Transport(self.wire)
        talk = Conversation(clouds.PUBLIC, Credential(), wire.now, wire.sleep, transport=transport)
        who = seed.DEPLOYER
        place = (seed.SUBSCRIPTION_ID, REGION, who.tenant_id, who.object_id)
        return Probe(Scene(talk, *place), **more)

    def left(self) -> list[str]:
        """What is in the cloud that was not there from the start, but for what is soft-deleted."""
        self.cloud.clock.advance(120)
        found = [id for kind in ("group", "account", "vault") for id, _ in self.cloud.store.scan(kind)]
        groups = [id for id in found if self.wire.door.send("GET", id).status != 404 or "/providers/" in id]
        roles = [id for id, _ in self.cloud.store.scan("roleAssignment") if "/resourcegroups/" in id]
        return [*groups, *roles]

    def _without(self, role: str) -> None:
        for id, found in self.cloud.store.scan("roleAssignment", SUBSCRIPTION):
            if BY_NAME[role].id in str(found) and seed.DEPLOYER.object_id in str(found):
                self.cloud.store.delete("roleAssignment", id)
