"""Key operators: identities that may create new versions of a service's key.

In a vault with Azure RBAC their role comes before the key: users needed a role on the vault's data even to
make a key through Resource Manager (pulumi/pulumi-azure-native#890, Azure/bicep#6539).

A vault gives its access to an identity once, so that only one program can give it to an operator: an operator
who has it already is refused before anything is made, unless an access policy in this stack's own vault is
just what this service makes (guards/grants.py).
"""

import pulumi

from components.access import ROTATION, KeyGrant, make_grant
from components.access_model import ACCESS_POLICY, RBAC
from components.arguments.checks import DEPLOYER
from components.component import ChildOptions
from components.guards.plan import ServicePlan
from components.references import KeyReference, VaultReference
from components.role_assignment import assign_role
from components.service_args import EncryptedAIServicesAccountArgs


def assign_officers(
    inputs: EncryptedAIServicesAccountArgs,
    preflight: ServicePlan,
    vault: VaultReference,
    options: ChildOptions,
) -> list[pulumi.Resource]:
    """The role of the key operators at a vault with Azure RBAC, which the key and its versions come after."""
    if inputs.access_model != RBAC:
        return []
    return [
        assign_role(
            f"{inputs.name}-operator-{operator}-access",
            ROTATION.role,
            scope=vault.id,
            principal_id=preflight.login.object_id if operator == DEPLOYER else operator,
            principal_type=None,  # a person, a group or a pipeline: Azure knows which
            opts=options(
                provider=vault.provider,
            ),
        )
        for operator in inputs.vault.key_operators
    ]


def grant_operators(
    inputs: EncryptedAIServicesAccountArgs,
    preflight: ServicePlan,
    key: KeyReference,
    options: ChildOptions,
) -> list[pulumi.Resource]:
    """The access policies of the key operators, which must exist before a new version is created.

    The access policies of a recovered vault are known only once it is back, so they are left to the next run.
    """
    if preflight.recovers_vault or inputs.access_model == RBAC:
        return []
    granted: list[pulumi.Resource] = []
    for operator in inputs.vault.key_operators:
        name = f"{inputs.name}-operator-{operator}"
        object_id = preflight.login.object_id if operator == DEPLOYER else operator
        grant = KeyGrant(key, object_id, preflight.login.tenant_id, ACCESS_POLICY, ROTATION)
        adopts = preflight.adopted.get(f"{name}-access")
        granted.append(make_grant(name, grant, options, adopts=adopts, writes=preflight.shared.writes))
    return granted
