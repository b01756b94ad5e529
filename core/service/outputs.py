"""What a service tells its stack: the outputs of its component.

Owns: their names, and what follows from them alone. Pure. Does not own: how they are read (operate/stack.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from core import arm_ids, clouds, coverage, key_uris
from core.clouds import Cloud
from core.facts import told
from core.key_uris import KeyUri
from core.service.desired import REVOKED


@dataclass(frozen=True)
class ServiceOutputs:
    """The outputs of one service; "" for each that it does not have. `principal_id` is the identity that uses
    the key, `grant_id` the ARM id of its access policy or role assignment."""

    account_id: str = told("accountId")
    endpoint: str = told("endpoint")
    principal_id: str = told("principalId")
    vault_id: str = told("vaultId")
    key_uri_with_version: str = told("keyUriWithVersion")
    kind: str = told("kind")
    access: str = told("access")
    access_model: str = told("accessModel")
    grant_id: str = told("grantId")

    def lacking(self, *needed: str) -> list[str]:
        """The names in the stack of those of these fields that the service does not have."""
        own = (one for one in fields(self) if one.name in needed)
        return [one.metadata["path"] for one in own if not getattr(self, one.name)]

    @cached_property
    def key(self) -> KeyUri:
        """The key of the account. Raises MalformedError, which is a ValueError, for what names none."""
        return key_uris.parse(self.key_uri_with_version)

    @property
    def cloud(self) -> Cloud:
        """The cloud, known by the vault's host."""
        return key_uris.cloud_of(self.key.vault_uri) or clouds.PUBLIC

    @property
    def is_revoked(self) -> bool:
        """Whether the service was told to take the account's access to its key away."""
        return self.access == REVOKED

    @property
    def is_role(self) -> bool:
        """Whether the vault grants the access by Azure RBAC."""
        return f"/{arm_ids.ROLE_ASSIGNMENT}/".lower() in self.grant_id.lower()

    @property
    def deletes(self) -> str:
        """The data that a revocation deletes for good, as far as the outputs tell; "" if none."""
        return coverage.named(self.kind).deletes


def service_outputs(bag: Mapping[str, Any]) -> ServiceOutputs:
    """The outputs of a service, by their names in its stack."""
    given = {one.name: bag.get(one.metadata["path"]) for one in fields(ServiceOutputs)}
    return ServiceOutputs(**{name: str(value or "") for name, value in given.items()})
