"""A service's key: made in a new or an existing vault, or an existing key; and who may rotate it.

Key operators are identities that may create new versions of the key. In a vault with Azure RBAC their role
comes before the key: users needed a role on the vault's data even to make a key through Resource Manager
(pulumi/pulumi-azure-native#890, Azure/bicep#6539). A vault has one access for each identity, so only one
program can give it to an operator. A service refuses an operator who has access already, unless that is by an
access policy in this stack's own vault, exactly as this service makes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pulumi

from components.arguments.inputs import source_resources
from components.arguments.problem import InputError
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.arguments.vault_args import KeyVaultArgs
from components.declared import Declare, then
from components.resources.access import make_grant
from components.resources.key import make_key
from components.resources.references import KeyReference, VaultReference, key_at, vault_at
from components.resources.role_assignment import assign_role
from components.resources.vault import make_vault
from components.resources.vault_writes import of_vault
from components.service_plan import ServicePlan
from core import facts
from core.rights import KEY_ROTATION
from core.service.desired import ACCESS_POLICY, DEPLOYER, RBAC
from core.service.problem import Problem
from core.service.state import key_operators

_OPERATORS = "vault.keyOperators"


@dataclass
class ServiceKey:
    """Makes the missing parts of a service's key, through `declare`. `vault_provider` serves the subscription
    of an existing vault, if that is another one; `officers` are the operators' roles."""

    inputs: EncryptedAIServicesAccountArgs
    plan: ServicePlan
    declare: Declare
    vault_provider: pulumi.ProviderResource | None
    officers: list[pulumi.Resource] = field(default_factory=list)

    def make(
        self,
        declare_vault: Declare,
        resource_group_name: pulumi.Input[str],
        guard: pulumi.ResourceHookBinding | None,
    ) -> KeyReference:
        """The key, in its vault; `guard` are the hooks of writes of a vault that is made here."""
        inputs, plan = self.inputs, self.plan
        ids = [id for id in (inputs.key.id, inputs.vault.id) if id is not None]
        made_by = [one for id in ids for one in source_resources(id)]
        if inputs.key.id is not None:
            key = key_at(inputs.key.id, self.vault_provider, made_by)
            self._assign_officers(key.vault)
            return key
        if inputs.vault.id is not None:
            vault = vault_at(inputs.vault.id, self.vault_provider, made_by)
        else:
            vault = make_vault(
                KeyVaultArgs(
                    name=inputs.name,
                    resource_group_name=resource_group_name,
                    location=inputs.location,
                    tenant_id=plan.service.login.tenant_id,
                    vault_name=inputs.vault.name,
                    vault_sku=inputs.vault.sku,
                    access_model=inputs.access_model,
                    network=inputs.network,
                    tags=inputs.tags,
                ),
                declare_vault,
                argument=inputs.argument_of("vault"),
                guard=guard,
            )
        self._assign_officers(vault)
        if plan.service.keeps_key:
            # It exists already, and azure-native refuses to create an existing key.
            return KeyReference(then(vault.id, lambda found: facts.key_id(found, inputs.key.name)), vault)
        return make_key(
            inputs.name,
            inputs.key.name,
            inputs.key,
            vault,
            # Not protected: deleting it leaves the key in the vault, and a change of its name replaces it.
            self.declare,
            tags=inputs.tags,
            roles=self.officers,
            argument=inputs.argument_of("key"),
        )

    def _assign_officers(self, vault: VaultReference) -> None:
        """The role of the operators at a vault with Azure RBAC, which the key and its versions come after."""
        if self.inputs.access_model == RBAC:
            for object_id, name, former in self._operators(vault):
                role = assign_role(
                    f"{name}-access",
                    KEY_ROTATION.role,
                    self.declare,
                    scope=vault.id,
                    principal_id=object_id,
                    aliases=former,
                    principal_type=None,  # a person, a group or a pipeline: Azure knows which
                    argument=_OPERATORS,
                    provider=vault.provider,
                )
                self.officers += role.resources

    def grant_operators(self, key: KeyReference) -> list[pulumi.Resource]:
        """The access policies of the operators, which must exist before a new version is created."""
        if self.inputs.access_model == RBAC:
            return []
        granted: list[pulumi.Resource] = []
        for object_id, name, former in self._operators(key.vault):
            known = {f"{name}-access", *(one.name for one in former)}
            made = make_grant(
                name,
                key,
                self.declare,
                principal_id=object_id,
                tenant_id=self.plan.service.login.tenant_id,
                access_model=ACCESS_POLICY,
                permissions=KEY_ROTATION,
                # The program that owns a vault declares all permissions of its operators.
                takes_over=self.inputs.makes_vault and not known & self.plan.service.recorded_policies,
                argument=_OPERATORS,
                aliases=former,
            )
            granted += made.resources
        return granted

    def _claim(self, vault: VaultReference, object_id: str) -> None:
        """Raises InputError if another service of this program names the operator for the vault, too."""
        claims: dict[str, str] = of_vault(vault, "key operators", {})
        other = claims.setdefault(object_id.lower(), self.inputs.name)
        if other != self.inputs.name:
            text = (
                f"key operator {object_id} is named by service {other!r}, too, and a vault has one access "
                f"for each identity. Leave {object_id} out of vault.keyOperators here, which is `deployer` "
                "for the identity that deploys: its access there counts for all keys of the vault"
            )
            raise InputError("service", self.inputs.name, [Problem(_OPERATORS, text)])

    def _operators(self, vault: VaultReference) -> Iterator[tuple[str, str, list[pulumi.Alias]]]:
        """The object id of each operator once, with the names of its access in the program and in the state.
        The name follows from the object id, so it stays the same whoever deploys: under another name, the
        engine would make the access again, and then delete it with the former resource."""
        for object_id in key_operators(self.inputs.desired, self.plan.service.login):
            self._claim(vault, object_id)
            name = f"{self.inputs.name}-operator-{object_id or DEPLOYER}"
            recorded = self.plan.service.before.operators.get(object_id.lower(), f"{name}-access")
            yield object_id, name, [pulumi.Alias(name=recorded)] if recorded != f"{name}-access" else []
