"""The resources that a service is about to make or delete: the questions to `checkDeployment`.

The parts declare what they make to this module first, and then to the engine. Owns: the question about each
declaration, and the questions about resources that are deleted or exist elsewhere. Does not own: Azure's
refusals (the provider's checks).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.arguments.account_args import declared_encryption
from components.arguments.inputs import known_text
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.azure_native import plugin_version
from components.declared import IN_RESOURCE_MANAGER, Declaration, Made
from components.parts.service_resources import ServiceResources
from components.service_plan import ServicePlan
from core import arm_ids, facts, key_uris, regions
from core import resource_types as types
from core.api_versions import makes_keys_by
from core.service.desired import UNKNOWN
from core.service.recorded import RecordedService
from core.service.state import ServiceState

_OUTSIDE = ("location", "tags", "kind", "identity", "properties")
_OF_THE_ID = ("name", "scope", "subscriptionId")
"""The parts of the account's body beside its properties. Other resources have a tier there, too."""

Planned = Mapping[str, Any]
"""A resource that this run will make or refer to, as `checkDeployment` takes it. `setting` is the path of the
argument that names it, `existingSetting` that of the argument for an existing one."""


def _question(id: str, setting: str, action: str | None = None, **rest: Any) -> Planned:
    type = arm_ids.parse(id).type if "/providers/" in id.lower() else arm_ids.RESOURCE_GROUP
    named = {"type": type, "name": arm_ids.name_of(id)}
    bodies = {word: {**named, **rest[word]} for word in ("content", "bound") if rest.get(word)}
    found = {"action": action, **rest, "content": named, **bodies}
    return {"id": id, "setting": setting, **{word: one for word, one in found.items() if one}}


def planned(inputs: EncryptedAIServicesAccountArgs, service: ServiceState) -> list[Planned]:
    """The resources that a run makes or deletes for a service and those that it refers to. Of a change of a
    resource that the state has, only the engine knows (locks.py). Empty if the service's group or
    subscription is not known."""
    group = service.before.group_name or service.desired.group_name
    if group == UNKNOWN or not service.login.subscription_id:
        return []
    asks = _DeploymentQuestions(inputs, service, arm_ids.group_id(service.login.subscription_id, group))
    asks.declare_all()
    deletions = deleted(service.before, service.login.subscription_id, asks.declared)
    return [
        *asks.found,
        *_existing(service),
        *_references(inputs, service.before),
        *_further_writes(service),
        *_former_grant(service),
        *deletions,
    ]


def deleted(
    before: RecordedService, subscription_id: str, declared: Collection[tuple[str, str]] = ()
) -> Iterator[Planned]:
    """The resources of a recorded service that a run deletes, because the program does not declare them: it
    declares types and names. A key stays in Azure, and an access policy is a part of its vault."""
    for (type, name), outputs in before.own_parts.items():
        if type not in IN_RESOURCE_MANAGER or type == types.KEY or (_noun(type), name) in declared:
            continue
        if type == types.ACCESS_POLICY and (vault := outputs.get("vaultName")):
            group = arm_ids.group_id(
                outputs.get("subscriptionId") or subscription_id, outputs["resourceGroupName"]
            )
            yield _question(arm_ids.child(group, arm_ids.VAULT, vault), name, "update")
        elif type != types.ACCESS_POLICY and (id := outputs.get("id")):
            yield _question(id, name, "delete")


def _further_writes(service: ServiceState) -> Iterator[Planned]:
    """The account that this run binds to its key, takes off it, or opts out of upgrades, by a further
    write."""
    desired, before = service.desired, service.before
    stays = desired.has_key and not desired.unbinds
    is_bound_now = stays and desired.binds_in_two_phases and not before.is_bound
    is_unbound_now = not stays and before.has(types.BINDING, "binding")
    if before.account and (is_bound_now or is_unbound_now):
        yield _question(before.account.id, "encryption", "update")
    is_set_now = desired.foundry_auto_upgrade and not before.has(types.FOUNDRY_AUTO_UPGRADE, "auto-upgrade")
    if before.account and is_set_now:
        yield _question(before.account.id, "foundryAutoUpgrade", "update")


def _former_grant(service: ServiceState) -> Iterator[Planned]:
    """The role at another key, which this run replaces by one at the declared key."""
    recorded, declared = service.before.assignment_id, service.place.assignment_id
    # Azure locks nothing inside a managed HSM.
    if not recorded or not declared or arm_ids.in_managed_hsm(recorded):
        return
    if not arm_ids.same(recorded, declared):
        yield _question(recorded, "key", "delete")


@dataclass
class _DeploymentQuestions:
    """Takes the declarations of one service: `declared` has their types and names, and `found` lists the
    resources that Azure is asked about."""

    inputs: EncryptedAIServicesAccountArgs
    service: ServiceState
    group_id: str
    found: list[Planned] = field(default_factory=list)
    declared: set[tuple[str, str]] = field(default_factory=set)

    def declare_all(self) -> None:
        """Has the parts declare all the azure-native resources that they make."""
        inputs, place = self.inputs, self.service.place
        network = replace(inputs.network, subnet_id=known_text(inputs.network.subnet_id))
        none = pulumi.ResourceOptions
        parts = ServiceResources(
            replace(inputs, network=network), ServicePlan(self.service), none, none, asks=self
        )
        key = parts.key() if inputs.has_key else None
        identity = encryption = None
        if key and not inputs.binds_in_two_phases:
            identity = parts.identity()
        if identity and not inputs.unbinds:
            version = UNKNOWN if inputs.names_version else None
            encryption = declared_encryption(place.key_name, version, self._vault_uri, UNKNOWN)
        account = parts.account(identity_id=identity.id if identity else None, encryption=encryption)
        if key:
            parts.grant(key, UNKNOWN)
            parts.key_operators(key)
        parts.supporting_resources(account)

    def __call__(self, declared: Declaration, **options: Any) -> Made:
        """Notes a declaration. Asks nothing about a resource in one that something else is yet to make, nor
        about one that Resource Manager does not have."""
        name, at = declared.azure_name, declared.at or self.group_id
        former = [alias.name for alias in options.get("aliases") or ()]
        self.declared.update((_noun(declared.token), known) for known in (declared.name, *former))
        if not (isinstance(name, str) and isinstance(at, str) and declared.type):
            return Made(UNKNOWN, name, None)
        id, moves_from = self._id(declared, name, at), self._moves_from(declared)
        waits = declared.type.startswith(f"{arm_ids.ACCOUNT}/") and self._account_changes
        if moves_from or not (waits or self._is_recorded(declared, former)):
            # A moved one has the name of the one that is deleted first. The question gives another name, so
            # that it is judged as new.
            asked = arm_ids.child(at, declared.type, f"{name[:58]}-moved") if moves_from else id
            if moves_from:
                self.found.append(_question(moves_from, declared.argument, "delete"))
            content = _body(declared.arguments)
            if declared.token == types.KEY:
                content["apiVersion"] = makes_keys_by(plugin_version())
            self.found.append(
                _question(
                    asked,
                    declared.argument,
                    content=content,
                    bound=self._bound(declared),
                    existingSetting=declared.existing_argument,
                )
            )
        return Made(id, name, None)

    def _id(self, declared: Declaration, name: str, at: str) -> str:
        if declared.type == arm_ids.RESOURCE_GROUP:
            return self.group_id
        if declared.type == arm_ids.VAULT and self.service.place.vault_id:
            return self.service.place.vault_id
        parent, _, child = declared.type.rpartition("/")
        if declared.at and "/" in parent:
            return f"{at}/{child}/{name}"
        return arm_ids.child(at, declared.type, name)

    def _bound(self, declared: Declaration) -> dict[str, Any]:
        """What the binding writes into the account later; empty if there is no such second write."""
        inputs = self.inputs
        is_later = declared.type == arm_ids.ACCOUNT and "encryption" not in declared.arguments["properties"]
        if not is_later or not inputs.has_key or inputs.unbinds:
            return {}
        return {"properties": {"encryption": {"keySource": facts.KEY_VAULT_SOURCE}}}

    @property
    def _account_changes(self) -> bool:
        """Whether the account is yet to become one that can have what is declared below it, which Azure would
        judge by the account as it is."""
        account, inputs = self.service.before.account, self.inputs
        if account is None:
            return False
        another_kind = account.kind.lower() != inputs.kind.lower()
        return another_kind or (bool(inputs.projects) and not account.manages_projects)

    @property
    def _vault_uri(self) -> str:
        """The vault's endpoint; "" if something else is yet to make the vault."""
        inputs = self.inputs
        name = arm_ids.name_of(self.service.place.vault_id) or inputs.vault.name
        cloud = regions.cloud_of(inputs.location)
        return key_uris.vault_uri(name, cloud, in_managed_hsm=inputs.in_managed_hsm) if name else UNKNOWN

    def _is_recorded(self, declared: Declaration, former: Sequence[str]) -> bool:
        """Whether the state has it, under any version of its type."""
        recorded = {(_noun(type), name) for type, name in self.service.before.resources}
        return any((_noun(declared.token), name) in recorded for name in (declared.name, *former))

    def _moves_from(self, declared: Declaration) -> str:
        """The id of a private endpoint that the state has in another subnet; "" for anything else."""
        recorded = self.service.before.resources.get((types.PRIVATE_ENDPOINT, declared.name), {})
        was = (recorded.get("subnet") or {}).get("id") or ""
        moves = was != "" and not arm_ids.same(was, declared.arguments["subnet"]["id"])
        return str(recorded.get("id") or "") if moves else ""


def _noun(token: str) -> str:
    """A type without its package, module and version."""
    return token.rpartition(":")[2]


def _body(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A resource as Resource Manager gets it, as far as its values are known. For many types, azure-native
    has the properties among the other arguments."""
    known = _known(arguments)
    if "properties" in known:
        body = {name: value for name, value in known.items() if name in (*_OUTSIDE, "sku")}
        if ids := body.get("identity", {}).get("userAssignedIdentities"):
            body["identity"]["userAssignedIdentities"] = {id: {} for id in ids}
        return body
    body, properties = {}, {}
    for argument, value in known.items():
        if argument in _OUTSIDE:
            body[argument] = value
        elif not argument.endswith(("Name", "Uri")) and argument not in _OF_THE_ID:
            properties[argument] = [*map(_flattened, value)] if isinstance(value, list) else value
    if properties:
        body["properties"] = properties
    return body


def _flattened(one: Any) -> Any:
    """An item of a list, whose properties azure-native has beside its name."""
    if not isinstance(one, Mapping) or "name" not in one:
        return one
    return {"name": one["name"], "properties": {name: one[name] for name in one if name != "name"}}


def _known(value: Any) -> Any:
    """A value without what is not known yet."""
    if isinstance(value, Mapping):
        known = {name: _known(inner) for name, inner in value.items()}
        return {name: inner for name, inner in known.items() if inner not in (None, UNKNOWN)}
    if isinstance(value, list | tuple):
        return [known for item in value if (known := _known(item)) not in (None, UNKNOWN)]
    return None if isinstance(value, pulumi.Output) else value


def _existing(service: ServiceState) -> Iterator[Planned]:
    """The existing vault and key; if an account is yet to be bound to them, with the values that they have to
    fit."""
    desired, before, place = service.desired, service.before, service.place
    if not desired.has_key or not place.vault_id:
        return
    tenant = {"tenantId": service.login.tenant_id}
    fits = {"location": desired.location, "kind": desired.kind, "properties": tenant}
    path = "vault.id" if desired.key.id is None else "key.id"
    moves = before.bound_to is not None and before.bound_to[0] != place.names[0]
    is_read = "vault" not in service.live.unread  # a vault that may not be read is told once
    if not desired.makes_vault and is_read and (moves or not before.is_bound):
        yield _question(place.vault_id, path, "use", content=fits)
    if service.live.key and not desired.makes_key and not before.is_bound:
        yield _question(place.key_id, "key.id", "use", content=fits)


def _references(inputs: EncryptedAIServicesAccountArgs, before: RecordedService) -> Iterator[Planned]:
    """The existing resources that arguments name by known ids, unless the state refers to them."""
    network = inputs.network
    given: dict[str, Sequence[pulumi.Input[str] | None]] = {
        "storageAccountIds": inputs.storage_account_ids or (),
        "network.subnetId": (network.subnet_id,),
        "network.allowedSubnetIds": network.allowed_subnet_ids,
        "network.privateDnsZoneIds": network.private_dns_zone_ids,
        "audit.workspaceId": (inputs.audit.workspace_id,),
    }
    for argument, ids in given.items():
        for id in filter(None, map(known_text, ids)):
            if id.rstrip("/").lower() not in before.mentioned_ids:
                yield _question(id.rstrip("/"), argument, "use")
