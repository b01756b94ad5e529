"""Key operators: identities that may create new versions of a service's key.

Owns: their access policies. Does not own: their role in a vault with Azure RBAC, which is assigned where
people's roles are managed.
"""

from __future__ import annotations

import pulumi

from components.access import ROTATION, Grant, Grantee, make_grant
from components.access_model import ACCESS_POLICY
from components.component import ChildOptions
from components.guards.preflight import PreflightResult
from components.references import KeyReference
from components.service_args import DEPLOYER, ServiceInputs


def grant_operators(
    inputs: ServiceInputs, preflight: PreflightResult, key: KeyReference, options: ChildOptions
) -> list[pulumi.Resource]:
    """Access for the key operators, which must exist before a new version is created.

    The access policies of a recovered vault are known only once it is back, so they are left to the next run.
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
            options,
            adopts=preflight.adopted.get(f"{inputs.name}-operator-{operator}-access"),
        )
        for operator in inputs.vault.key_operators
    ]
