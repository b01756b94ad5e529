"""Those who may make a new version of a service's key.

Owns: their access policies. Does not own: their role in a vault with Azure RBAC, which is given where
people's roles are.
"""

from __future__ import annotations

import pulumi

from components.access import ROTATION, Grant, Grantee, make_grant
from components.access_model import ACCESS_POLICY
from components.component import Options
from components.guards.preflight import PreflightResult
from components.references import KeyReference
from components.service_args import DEPLOYER, ServiceInputs


def grant_operators(
    inputs: ServiceInputs, preflight: PreflightResult, key: KeyReference, part: Options
) -> list[pulumi.Resource]:
    """Access for those who may rotate the key; it must be there before a new version is asked for.

    What a vault that comes back grants is seen once it is back, so that it is left to the next run.
    """
    if preflight.recovers_vault:
        return []
    return [
        make_grant(
            f"{inputs.name}-operator-{operator}",
            Grant(
                key,
                Grantee(preflight.deployer_id if operator == DEPLOYER else operator),
                preflight.tenant_id,
                ACCESS_POLICY,
                ROTATION,
            ),
            part,
            adopts=preflight.adopted.get(f"{inputs.name}-operator-{operator}-access"),
        )
        for operator in inputs.vault.key_operators
    ]
