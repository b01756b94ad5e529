"""What a service is about to make, as Azure will get it: what `checkDeployment` of azure-cmk is asked about.

Owns: which resources those are, with their ids and bodies, and which argument names each. Pure. Does not own:
making them (the parts do), and what Azure would refuse of them (the provider's checks).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.access_model import ACCESS_POLICY, RBAC
from components.account_args import allowed_hosts, declared_account, on_the_wire
from components.arguments import names
from components.arguments.inputs import UNKNOWN, known_text
from components.audit import WORKSPACE_TIER
from components.encryption_args import USER_ASSIGNED
from components.guards import data_loss
from components.guards.key_place import KeyPlace
from components.guards.recorded_state import RecordedService
from components.guards.situation import Situation
from components.key import key_properties
from components.network import PRIVATE, dns_zones, zone_label
from components.service_args import EncryptedAIServicesAccountArgs, storage_role
from components.vault import vault_properties
from core import arm_ids, audit_log, facts, key_uris, regions

_NETWORK = ("publicNetworkAccess", "networkAcls.defaultAction")
_REGIONAL = ("audit.storageAccountId", "audit.eventHubRuleId")
_WATCHED = ("disableLocalAuth", *_NETWORK)
"""The properties that are compared with what Azure has: those that policies change."""


@dataclass(frozen=True)
class PlannedResource:
    """A resource that this run will make, change, delete, or refer to as `used`.

    `argument` is the path of the one that names it, and `existing_argument` of the one that would take an
    existing one; `name` is its logical name. One that is `judged` is asked about although the state refers to
    it already.
    """

    id: str
    name: str
    argument: str
    content: Mapping[str, Any] = field(default_factory=dict)
    bound: Mapping[str, Any] | None = None
    existing_argument: str = ""
    recovers: bool = False
    changes: bool = False
    deletes: bool = False
    used: bool = False
    judged: bool = False

    def asked(self) -> dict[str, Any]:
        """The resource as `checkDeployment` takes it."""
        action = "delete" if self.deletes else "use" if self.used else "update" if self.changes else None
        found = {
            "id": self.id,
            "action": action,
            "content": {"type": _type(self.id), "name": arm_ids.name_of(self.id), **self.content},
            "bound": self.bound and {"type": _type(self.id), "name": arm_ids.name_of(self.id), **self.bound},
            "setting": self.argument,
            "existingSetting": self.existing_argument or None,
            "recovers": self.recovers or None,
        }
        return {name: value for name, value in found.items() if value is not None}


def _type(id: str) -> str:
    if "/providers/" not in id.lower():
        return arm_ids.RESOURCE_GROUP
    return arm_ids.parse(id).type


def planned(situation: Situation) -> list[PlannedResource]:
    """What a run makes of a service, less what the state has and Azure has as declared. Nothing where its
    group or subscription is not known."""
    before = situation.before
    group = before.group_name or data_loss.group_name(situation.inputs)
    if group == UNKNOWN or not situation.login.subscription_id:
        return []
    maker = _Planner(situation, arm_ids.group_id(situation.login.subscription_id, group))
    written = [*_written(maker)]
    if before.group_name and written:
        # The state may have one that is not there, of an update that was cut off: the engine then makes it.
        written.append(PlannedResource(maker.group_id, "group", "resourceGroupName", used=True))
    return written


def _written(maker: "_Planner") -> Iterator[PlannedResource]:
    one = maker.situation
    live = {} if one.is_replaced else {"account": one.live.account, "vault": one.live.vault}
    for made in maker.resources():
        if made.deletes or not maker.is_recorded(made):
            yield made
        elif (found := live.get(made.name)) and _differs(made, found, one.inputs.as_found):
            yield replace(made, changes=True)


def _differs(one: PlannedResource, found: Mapping[str, Any], as_found: Sequence[str]) -> bool:
    """Whether Azure has tags or a watched property otherwise than they are declared and managed."""
    if one.name == "vault" and "vault" in as_found:
        return False
    tags, declared = found.get("tags") or {}, one.content.get("tags") or {}
    if "tags" not in as_found and dict(tags) != dict(declared):
        return True
    watched = {*_WATCHED} - ({*_NETWORK} if "network" in as_found else set())
    return any(_at(one.content, path) not in (None, _at(found, path)) for path in watched)


def _at(body: Mapping[str, Any], path: str) -> str | None:
    """A property as a text in lower case; None where there is none."""
    value: Any = body.get("properties")
    for word in path.split("."):
        value = value.get(word) if isinstance(value, Mapping) else None
    return None if value is None else str(value).lower()


@dataclass(frozen=True)
class _Planner:
    situation: Situation
    group_id: str

    @property
    def inputs(self) -> EncryptedAIServicesAccountArgs:
        return self.situation.inputs

    @property
    def before(self) -> RecordedService:
        return self.situation.before

    @property
    def place(self) -> KeyPlace:
        return self.situation.place

    @property
    def _rule(self) -> names.NamingRule:
        return self.inputs.naming_rule

    def is_recorded(self, one: PlannedResource) -> bool:
        """Whether the state has it, or has a resource that refers to it already."""
        if one.used:
            return not one.judged and one.id.lower() in self.before.mentioned_ids
        if one.changes or (one.name == "account" and self.situation.is_replaced):
            return False
        placed = self._placed(one.name)
        # Another subnet makes another endpoint of the same logical name.
        return placed.name == arm_ids.name_of(one.id) if placed else self.before.has(one.name)

    def _placed(self, part: str) -> names.PlacedName | None:
        return self.before.placed.get(f"{self.inputs.name}-{part}")

    def resources(self) -> Iterator[PlannedResource]:
        """All that the service has, in no order."""
        inputs = self.inputs
        if inputs.existing_resource_group_name is None:
            yield PlannedResource(
                self.group_id,
                "group",
                inputs.argument_of("resourceGroup"),
                self._body(),
                existing_argument="existingResourceGroupName",
            )
        if inputs.has_key:
            yield from self._key()
        yield self._account()
        yield from self._below_account()
        yield from self._locks()
        yield from self._audit()
        yield from self._network()
        yield from self._references()
        for caller in inputs.callers:
            account_id = self._inside(arm_ids.ACCOUNT, inputs.account_name)
            role = arm_ids.child(account_id, arm_ids.ROLE_ASSIGNMENT, "new")
            # An object id that is known here may be an output's, and the name then follows from the label.
            logical = caller.logical_names(inputs.account_kind)
            recorded = (name for name in logical if self.before.has(name))
            yield PlannedResource(role, next(recorded, logical[0]), "callers")
        for id in inputs.granted_storage_ids:
            role = arm_ids.child(id, arm_ids.ROLE_ASSIGNMENT, "new")
            yield PlannedResource(role, storage_role(id), "storageAccountIds")
        if (account := self.before.account) and data_loss.is_replaced(inputs, self.before):
            yield PlannedResource(account.id, "account", "replaceAccount", deletes=True)

    def _inside(self, type: str, name: str) -> str:
        return arm_ids.child(self.group_id, type, name)

    def _body(self, **rest: Any) -> dict[str, Any]:
        given = self.inputs.tags
        # Values that something else in the program makes are not known yet.
        known = given.items() if isinstance(given, Mapping) else ()
        tags = {name: value for name, value in known if isinstance(value, str)}
        return {"location": self.inputs.location, **({"tags": tags} if tags else {}), **rest}

    @property
    def _vault_id(self) -> str:
        return self.place.vault_id or self._inside(arm_ids.VAULT, self.inputs.vault.name)

    @property
    def _key_id(self) -> str:
        return facts.key_id(self._vault_id, self.place.key_name)

    @property
    def _identity_id(self) -> str:
        # One that exists keeps its name.
        made = self._inside(arm_ids.USER_ASSIGNED_IDENTITY, self._rule.name("identity"))
        return self.before.identity_id or made

    def _key(self) -> Iterator[PlannedResource]:
        inputs = self.inputs
        if not inputs.makes_vault and not self.place.vault_id:
            return  # in a vault that something else in the program is yet to make
        if inputs.makes_vault:
            yield PlannedResource(
                self._vault_id,
                "vault",
                inputs.argument_of("vault"),
                self._body(
                    properties=on_the_wire(
                        vault_properties(self.situation.login.tenant_id, inputs.access_model, inputs.network)
                    )
                ),
                existing_argument="vault.id",
                recovers=self.situation.deleted.vault is not None,
            )
        if self.place.vault_exists:
            yield from self._existing()
        if not inputs.makes_key or self.situation.keeps_key:
            yield PlannedResource(self._key_id, "key", "key.id", used=True)
        else:
            body = key_properties(inputs.key.expires_after_days, inputs.key.rotates_after_days)
            yield PlannedResource(
                self._key_id,
                "key",
                inputs.argument_of("key"),
                {"properties": on_the_wire(body)},
                existing_argument="key.id",
            )
        for operator in inputs.vault.key_operators if inputs.access_model == RBAC else ():
            role = arm_ids.child(self._vault_id, arm_ids.ROLE_ASSIGNMENT, "new")
            yield PlannedResource(role, f"operator-{operator}-access", "vault.keyOperators")
        if not inputs.binds_in_two_phases:
            yield PlannedResource(
                self._identity_id,
                "identity",
                inputs.argument_of("identity"),
                self._body(),
            )
        # What a managed HSM grants is no resource of Resource Manager.
        if not inputs.is_revoked and not inputs.in_managed_hsm:
            grant = (
                arm_ids.child(self._key_id, arm_ids.ROLE_ASSIGNMENT, "new")
                if inputs.access_model == RBAC
                else f"{self._vault_id}/accessPolicies/add"
            )
            yield PlannedResource(grant, "access", "access")

    def _existing(self) -> Iterator[PlannedResource]:
        """The vault and the key that an account is yet to be bound in, with what they have to fit."""
        before, live, inputs = self.before, self.situation.live, self.inputs
        content = {
            "location": inputs.location,
            "properties": {"tenantId": self.situation.login.tenant_id},
        }
        if not before.is_bound or (before.bound_to and before.bound_to[0] != self.place.names[0]):
            path = "vault.id" if inputs.key.id is None else "key.id"
            yield PlannedResource(self._vault_id, "existing vault", path, content, used=True, judged=True)
        if live.key is not None and not inputs.makes_key and not before.is_bound:
            yield PlannedResource(self._key_id, "existing key", "key.id", content, used=True, judged=True)

    def _account(self) -> PlannedResource:
        inputs = self.inputs
        declared = declared_account(
            inputs.of_account(
                resource_group_name="",
                location=inputs.location,
                system_assigned=inputs.identity != USER_ASSIGNED,
                user_assigned_identity_id=None if inputs.binds_in_two_phases else self._identity_id,
                allow_project_management=inputs.manages_projects,
                allowed_fqdns=self._allowed_hosts(),
                # Links are asked about by themselves, and the key of a search service is a secret.
                storage_account_ids=None,
                search_service_id=None,
                search_service_key=None,
            )
        )
        properties = on_the_wire(declared["properties"])
        assigned = [] if inputs.binds_in_two_phases else [self._identity_id]
        assigned += [id for id in map(known_text, inputs.other_identity_ids) if id not in (None, UNKNOWN)]
        identity: dict[str, Any] = {"type": declared["identity"]["type"]}
        if assigned:
            identity["userAssignedIdentities"] = {id: {} for id in assigned}
        body = self._body(kind=declared["kind"], sku=declared["sku"], identity=identity)
        free = {**body, "properties": properties}
        key = {"keyName": self.place.key_name}
        if self._vault_id:
            key["keyVaultUri"] = self._vault_uri
        encryption = {"keySource": facts.CUSTOMER_MANAGED, "keyVaultProperties": key}
        under_key = {**body, "properties": {**properties, "encryption": encryption}}
        bound = under_key if inputs.has_key and not inputs.unbinds else None
        inline = bound is not None and not inputs.binds_in_two_phases
        return PlannedResource(
            self._inside(arm_ids.ACCOUNT, inputs.account_name),
            "account",
            inputs.argument_of("account"),
            under_key if inline else free,
            bound=None if inline else bound,
            recovers=self.situation.deleted.account is not None,
        )

    def _allowed_hosts(self) -> tuple[pulumi.Input[str], ...]:
        vault = key_uris.vault_host(self._vault_uri) if self.inputs.has_key and self._vault_id else ""
        bound_to = self.before.account.encryption.key_vault_uri if self.before.account else None
        left = key_uris.vault_host(bound_to or "")
        return tuple(allowed_hosts(self.inputs.restrict_outbound, self.inputs.allowed_fqdns, vault, left))

    @property
    def _vault_uri(self) -> str:
        return key_uris.vault_uri(
            arm_ids.name_of(self._vault_id),
            regions.cloud_of(self.inputs.location),
            in_managed_hsm=self.inputs.in_managed_hsm,
        )

    def _removed_locks(self) -> Iterator[PlannedResource]:
        """The locks that are taken away, which may take a right that nothing else does."""
        account = self.before.account
        for what, at in (("account", account.id if account else None), ("vault", self.place.vault_id)):
            name = self._rule.name("lock", what)
            if at and self.before.has(f"{what}-lock"):
                yield PlannedResource(
                    arm_ids.child(at, arm_ids.LOCK, name), f"{what}-lock", "lock", deletes=True
                )

    def _locks(self) -> Iterator[PlannedResource]:
        if not self.inputs.lock:
            yield from self._removed_locks()
            return
        locked = {"account": self._inside(arm_ids.ACCOUNT, self.inputs.account_name)}
        if self.inputs.has_key and self.inputs.grants_by == ACCESS_POLICY and self._vault_id:
            locked["vault"] = self._vault_id
        for what, id in locked.items():
            name = self._rule.name("lock", what)
            yield PlannedResource(arm_ids.child(id, arm_ids.LOCK, name), f"{what}-lock", "lock")

    def _below_account(self) -> Iterator[PlannedResource]:
        account_id = self._inside(arm_ids.ACCOUNT, self.inputs.account_name)
        for project in self.inputs.projects:
            yield PlannedResource(f"{account_id}/projects/{project.name}", project.logical_name, "projects")
            if project.role:
                role = arm_ids.child(account_id, arm_ids.ROLE_ASSIGNMENT, "new")
                yield PlannedResource(role, f"{project.logical_name}-role", "projects")
        for deployment in self.inputs.deployments:
            id = f"{account_id}/deployments/{deployment.name}"
            yield PlannedResource(id, deployment.logical_name, "deployments")

    def _audit(self) -> Iterator[PlannedResource]:
        audit = self.inputs.audit
        if not audit.keeps_logs:
            return
        workspace = known_text(audit.workspace_id)
        if audit.has_workspace and audit.workspace_id is None:
            workspace = self._inside(arm_ids.WORKSPACE, self._rule.name("workspace"))
            yield PlannedResource(
                workspace,
                "workspace",
                self.inputs.argument_of("workspace"),
                self._body(properties={"sku": {"name": WORKSPACE_TIER}}),
                existing_argument="audit.workspaceId",
            )
        places = {
            audit_log.WORKSPACE: workspace,
            audit_log.STORAGE: known_text(audit.storage_account_id),
            audit_log.EVENT_HUB: known_text(audit.event_hub_rule_id),
        }
        target = {"properties": {name: id for name, id in places.items() if id not in (None, UNKNOWN)}}
        setting = self._rule.name("diagnosticSetting")
        watched = {"account": self._inside(arm_ids.ACCOUNT, self.inputs.account_name)}
        if self.inputs.makes_vault:
            watched["vault"] = self._vault_id
        for what, id in watched.items():
            yield PlannedResource(
                arm_ids.child(id, arm_ids.DIAGNOSTIC_SETTING, setting),
                f"{what}-audit",
                "audit",
                target,
            )

    def _network(self) -> Iterator[PlannedResource]:
        network = self.inputs.network
        if network.access != PRIVATE:
            return
        zones = dns_zones(self.inputs.location, self.inputs.account_kind)
        subnet = known_text(network.subnet_id) or UNKNOWN
        targets = {"account": self._inside(arm_ids.ACCOUNT, self.inputs.account_name)}
        if self.inputs.makes_vault:
            targets["vault"] = self._vault_id
        for what, target in targets.items():
            recorded = self._placed(f"{what}-endpoint")
            place = recorded.place_id if recorded and subnet == UNKNOWN else subnet
            name = names.endpoint_name(self._rule.name("privateEndpoint", what), place, recorded)
            endpoint = self._inside(arm_ids.PRIVATE_ENDPOINT, name)
            connection = {"properties": {"privateLinkServiceId": target}}
            properties = {"subnet": {"id": subnet}, "privateLinkServiceConnections": [connection]}
            yield PlannedResource(
                endpoint, f"{what}-endpoint", "network.subnetId", self._body(properties=properties)
            )
            ids = {
                zone: network.zone_id(zone) or self._inside(arm_ids.PRIVATE_DNS_ZONE, zone)
                for zone in zones[what]
            }
            configs = [{"properties": {"privateDnsZoneId": id}} for id in ids.values()]
            yield PlannedResource(
                f"{endpoint}/privateDnsZoneGroups/default",
                f"{what}-dns",
                "network.subnetId",
                {"properties": {"privateDnsZoneConfigs": configs}},
            )
            for zone, id in ids.items():
                if network.zone_id(zone) is None:
                    yield from self._zone(id, zone_label(what, zone, zones[what]), subnet)

    def _zone(self, id: str, label: str, subnet: str) -> Iterator[PlannedResource]:
        argument = "network.privateDnsZoneIds"
        yield PlannedResource(id, label, argument, {"location": "global"}, existing_argument=argument)
        recorded = self._placed(f"{label}-link")
        known = "" if subnet == UNKNOWN else arm_ids.parse(subnet).parent.text
        place = recorded.place_id if recorded and not known else known
        zone = f"{self.inputs.name}-{label}".removesuffix("-zone")
        link = names.network_link_name(zone, place, recorded)
        network = {"id": known} if known else {}
        body = {"location": "global", "properties": {"virtualNetwork": network}}
        yield PlannedResource(f"{id}/virtualNetworkLinks/{link}", f"{label}-link", argument, body)

    def _references(self) -> Iterator[PlannedResource]:
        """What exists elsewhere and is referred to by id, as far as the ids are known."""
        network, audit = self.inputs.network, self.inputs.audit
        given: dict[str, Sequence[pulumi.Input[str] | None]] = {
            "network.subnetId": (network.subnet_id,),
            "network.allowedSubnetIds": network.allowed_subnet_ids,
            "network.privateDnsZoneIds": network.private_dns_zone_ids,
            "audit.workspaceId": (audit.workspace_id,),
            "audit.storageAccountId": (audit.storage_account_id,),
            "audit.eventHubRuleId": (audit.event_hub_rule_id,),
        }
        for id in self.inputs.storage_account_ids or ():
            # Its kind says what the storage is for.
            content = {"location": self.inputs.location, "kind": self.inputs.kind}
            yield PlannedResource(id.rstrip("/"), "reference", "storageAccountIds", content, used=True)
        for argument, ids in given.items():
            # The region in which what gets logs has to be.
            where = {"location": self.inputs.location} if argument in _REGIONAL else {}
            for id in filter(None, map(known_text, ids)):
                yield PlannedResource(id.rstrip("/"), "reference", argument, where, used=True)
