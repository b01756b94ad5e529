"""An account under a key in a cloud of this process, and the outputs that a stack would have of it."""

from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from core.service.outputs import ServiceOutputs
from tests.consistency.hsm_world import ENCRYPTION_USER, HSM_KEY, HsmWorld
from tests.consistency.world import KEY, NEEDED, VAULT, World, entry

POLICY, ROLE, VAULT_ROLE, HSM_ROLE = "access policy", "role at the key", "role at the vault", "role in an HSM"
GRANTS = (POLICY, ROLE, VAULT_ROLE, HSM_ROLE)
"""What lets an account use its key."""


def bound(grant: str = POLICY) -> tuple[World, ServiceOutputs]:
    """The cloud, and the outputs of a service whose account is bound; its data can be read."""
    world = HsmWorld() if grant == HSM_ROLE else World(rbac=grant in (ROLE, VAULT_ROLE))
    world.bind_first()
    principal = world.principals[0]
    grant_id = f"{VAULT}/accessPolicy/{principal}"
    if isinstance(world, HsmWorld):
        world.grant(principal, ENCRYPTION_USER, "/keys/cmk-contoso")
        grant_id = f"{HSM_KEY}|{principal}"
    elif world.rbac:
        world.assign(principal, CRYPTO_SERVICE_ENCRYPTION_USER.id, KEY if grant == ROLE else VAULT)
        (grant_id,) = (
            one["id"] for one in world.assignments if one["properties"]["principalId"] == principal
        )
    else:
        world.policies(entry(principal, NEEDED))
    return world, ServiceOutputs(
        account_id=world.accounts[0]["id"],
        principal_id=principal,
        vault_id=world.vault_id,
        key_uri_with_version=world.key_uri,
        grant_id=grant_id,
        endpoint="https://lang-bound.cognitiveservices.azure.com/",
        kind="TextAnalytics",
    )


def grants(world: World, principal: str = "") -> list[str]:
    """All that gives anybody access to the key, or this one, as it stands; a role of an HSM may have another
    name."""
    found = [*world.arm("GET", VAULT, api="2026-02-01")["properties"]["accessPolicies"]]
    kept = ("roleDefinitionId", "principalId", "scope")
    found += [(one["id"], *(one["properties"][name] for name in kept)) for one in world.assignments]
    if isinstance(world, HsmWorld):
        found += [tuple(one["properties"][name] for name in kept) for one in world.local_assignments]
    return sorted(text for text in map(repr, found) if principal in text)
