"""What access is taken from whom: read from a stack's outputs, so that nothing else need be reachable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operate.errors import RefusedError

_KEY_URI = re.compile(r"(https://[^/]+)/keys/([^/]+)/([^/]+)")
_ASSIGNMENT = re.compile("/providers/Microsoft.Authorization/roleAssignments/", re.IGNORECASE)
_NEEDED = ("accountId", "principalId", "vaultId", "keyUriWithVersion")


class NoTargetError(RefusedError):
    """The outputs name no access that could be taken away; the message says why."""


@dataclass(frozen=True)
class Target:
    """One service's access. `grant_id` is the ARM id of the access policy or of the role assignment;
    `endpoint` the account's, empty where the outputs do not tell it."""

    account_id: str
    principal_id: str
    vault_id: str
    key_uri_with_version: str
    grant_id: str
    endpoint: str = ""

    @property
    def is_role(self) -> bool:
        """Whether the vault grants by Azure RBAC."""
        return "/roleassignments/" in self.grant_id.lower()

    @property
    def grant_scope(self) -> str:
        """What a role assignment is for: the key, or the vault."""
        return _ASSIGNMENT.split(self.grant_id)[0]

    @property
    def subscription_id(self) -> str:
        """The vault's, which may be another than the account's."""
        return _segment(self.vault_id, "subscriptions")

    @property
    def account_subscription_id(self) -> str:
        """The account's."""
        return _segment(self.account_id, "subscriptions")

    @property
    def vault_uri(self) -> str:
        """The vault's endpoint."""
        return self._key[1]

    @property
    def resource_group(self) -> str:
        """The vault's."""
        return _segment(self.vault_id, "resourcegroups")

    @property
    def vault_name(self) -> str:
        """The vault's name."""
        return _segment(self.vault_id, "vaults")

    @property
    def key_uri(self) -> str:
        """The key without a version."""
        return self.key_uri_with_version.rpartition("/")[0]

    @property
    def key_name(self) -> str:
        """The key's name."""
        return self._key[2]

    @property
    def key_version(self) -> str:
        """The version that the account is bound to."""
        return self._key[3]

    @property
    def _key(self) -> re.Match[str]:
        found = _KEY_URI.fullmatch(self.key_uri_with_version)
        if found is None:
            raise NoTargetError(
                f"keyUriWithVersion is {self.key_uri_with_version!r}, no key URI with a version"
            )
        return found


def target(outputs: Mapping[str, Any]) -> Target:
    """The access that a service's outputs name. Raises NoTargetError with the reason where there is none."""
    found = key_of(outputs)
    if not found.grant_id:
        raise NoTargetError(
            f"the access of {found.account_id} is revoked already, by the setting access; set access: "
            "granted and run `pulumi up` to give it back"
        )
    return found


def key_of(outputs: Mapping[str, Any]) -> Target:
    """The same, whether there is a grant or not. Raises NoTargetError for a service without a key."""
    missing = [name for name in _NEEDED if not outputs.get(name)]
    if missing:
        raise NoTargetError(
            f"the stack has no output {', '.join(missing)}: it has no account under a customer's key, or was "
            "last updated by an older version of this project; run `pulumi up` first"
        )
    return Target(
        outputs["accountId"],
        outputs["principalId"],
        outputs["vaultId"],
        outputs["keyUriWithVersion"],
        outputs.get("grantId") or "",
        outputs.get("endpoint") or "",
    )


def _segment(id: str, name: str) -> str:
    words = id.strip("/").split("/")
    return next(words[at + 1] for at in range(len(words) - 1) if words[at].lower() == name)
