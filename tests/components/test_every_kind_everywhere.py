"""Each kind of account in any combination of identity, access model, network and place of the key."""

from __future__ import annotations

from typing import Any, Final

import pytest

from components.arguments.problem import InputError
from core import arm_ids, kinds
from tests.azure_variants.covering import Row, covering
from tests.components.guards.first_deployments import (
    HUB,
    IN_SHARED,
    NETWORK,
    SHARED,
    group,
    network,
    their_key,
)
from tests.support.local_deployment import Deployment
from tests.support.managed_hsm import make_hsm
from tests.support.recording import service_inputs

FACTORS: Final = {
    "kind": kinds.NAMES,
    "identity": ("systemAssigned", "userAssigned", "systemAndUserAssigned"),
    "access_model": ("accessPolicy", "rbac"),
    "network": ("closed", "selected", "open", "private"),
    "key": ("made here", "in an existing vault", "existing", "in a managed HSM"),
    "page_size": (0, 1),
}
HSM: Final = HUB.replace("/vaults/", "/managedHSMs/")
"""A managed HSM of the vault's name."""
ROWS: Final = covering(FACTORS)
NETWORKS: Final = {
    "closed": {},
    "open": {"access": "open"},
    "selected": {"access": "selected", "allowed_ip_ranges": ["8.8.8.8"]},
    "private": {"access": "private", "subnet_id": f"{NETWORK}/subnets/endpoints"},
}
PLACES: Final = {
    "made here": {},
    "in an existing vault": {"vault": {"id": HUB}},
    "existing": {"key": {"id": f"{HUB}/keys/theirs"}},
    "in a managed HSM": {"key": {"id": f"{HSM}/keys/theirs"}},
}


def arguments(row: Row) -> dict[str, Any]:
    """A service of the combination."""
    plain = {name: row[name] for name in ("kind", "identity", "access_model")}
    if row["key"] == "in a managed HSM":
        # It has an access model of its own.
        del plain["access_model"]
    return {**SHARED, **plain, "network": NETWORKS[row["network"]], **PLACES[row["key"]]}


@pytest.mark.long
@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(str(one) for one in row.values()))
def test_the_account_is_under_the_key_by_the_identity_that_is_meant(row: Row) -> None:
    """Previewed, made, and bound: to a key of the vault or HSM that is meant, through the account's own
    identity or through the one made for it. Face takes no key from that, which the arguments say."""
    args = arguments(row)
    kind = kinds.named(row["kind"])
    if not kind.user_assigned and row["identity"] != "systemAssigned":
        with pytest.raises(InputError, match="only through their own identity"):
            service_inputs("claims", **args)
        return
    deployment = Deployment()
    deployment.door.cloud.behave(page_size=row["page_size"])
    group("rg-shared")(deployment)
    network(deployment)
    their_key(deployment, enableRbacAuthorization=row["access_model"] == "rbac")
    make_hsm(deployment.door, HSM, key="theirs")
    deployment.preview({"claims": args})
    deployment.up({"claims": args})
    id = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/{kind.prefix}-claims"
    account = deployment.arm("GET", id, api="2025-06-01").body
    key = account["properties"]["encryption"]["keyVaultProperties"]
    assert (account["kind"], account["properties"]["provisioningState"]) == (kind.name, "Succeeded")
    vault = "kv-claims" if row["key"] == "made here" else "kv-hub"
    place = "managedhsm" if row["key"] == "in a managed HSM" else "vault"
    assert key["keyVaultUri"].rstrip("/") == f"https://{vault}.{place}.azure.net"
    theirs = row["key"] in {"existing", "in a managed HSM"}
    assert key["keyName"] == ("theirs" if theirs else "cmk-claims")
    assert bool(key.get("identityClientId")) == (row["identity"] != "systemAssigned")
