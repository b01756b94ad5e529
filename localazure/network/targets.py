"""What a private endpoint can lead to: vaults and accounts, their groups, names and zones.

The one place here that knows other services.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from localazure.cloud import Cloud
from localazure.cognitive import account as accounts
from localazure.cognitive import settling
from localazure.cognitive.kinds import members_of
from localazure.keyvault import vault_store
from localazure.web import ServiceError

VAULTS = "Microsoft.KeyVault/vaults"
ACCOUNTS = "Microsoft.CognitiveServices/accounts"


@dataclass(frozen=True)
class Target:
    """A resource at the far end of an endpoint.

    `group` is the sub-resource to name in `groupIds`; `members` are its members, each with the public names
    that lead to its address; `separator` stands in a connection's name between the endpoint's and a GUID.
    """

    id: str
    type: str
    group: str
    members: Mapping[str, tuple[str, ...]]
    separator: str


def target_of(cloud: Cloud, id: str) -> Target | None:
    """The target of an ARM id, None if it does not exist.

    Raises ServiceError 400 for an account that is not settled (as users reported) or has no subdomain.
    """
    type = "/".join(id.split("/")[6:8]).lower()
    if type == VAULTS.lower():
        vault = vault_store.find(cloud, id)
        if vault is None:
            return None
        return Target(vault.id, VAULTS, "vault", {"default": (f"{vault.name.lower()}.vault.azure.net",)}, "_")
    found = accounts.find(cloud, id) if type == ACCOUNTS.lower() else None
    account = None if found is None else settling.settle(cloud, found)
    if account is None:
        return None
    if account.operation is not None:
        raise ServiceError(
            400,
            "AccountProvisioningStateInvalid",
            f"Call to {ACCOUNTS} failed. Error message: Account {account.id} in state {account.state}",
        )
    if not account.subdomain:
        # The text is assumed; that it needs a subdomain is in the service's documentation of networks.
        raise ServiceError(
            400,
            "CustomSubDomainNameNotSet",
            f"Call to {ACCOUNTS} failed. Error message: The account {account.id} has no custom subdomain "
            "name, which a private endpoint needs.",
        )
    label = account.subdomain.lower()
    members = {
        member: tuple(f"{label}.{suffix}" for suffix in suffixes)
        for member, suffixes in members_of(account.kind).items()
    }
    return Target(account.id, ACCOUNTS, "account", members, ".")
