"""ARM: vaults with their access policies, and managed HSMs. rules.py has the rules for their properties.

A new HSM is active at once. On Azure that takes half an hour and the download of its security domain, which
this cloud does not have. Its shapes are the specification's (Microsoft.KeyVault 2023-07-01), so all of it is
assumed.
"""

from dataclasses import dataclass, replace

from localazure import authorization, definitions, in_flight, operations, private_links
from localazure.arm_type import GROUP, ArmType
from localazure.cloud import Cloud
from localazure.keyvault import access, deleted_vaults, local_roles, policies, rules, vault_store
from localazure.keyvault.errors import invalid
from localazure.keyvault.models import HSM_TYPE, TYPE, Vault, vault_of
from localazure.keyvault.responses import hsm_body, vault_body
from localazure.locations import REGIONS, location_in, require_same_location
from localazure.refusals import refused
from localazure.routes import Handler
from localazure.web import Json, Request, Response, ServiceError

_PATH = f"{GROUP}/providers/{TYPE}/{{vault}}"


@dataclass(frozen=True)
class VaultType(ArmType):
    """Vaults, or managed HSMs: their names are one's in the whole cloud, and a deleted one is recovered by a
    PUT that says so (`createMode`)."""

    hsm: bool = False

    def put(self, cloud: Cloud, request: Request) -> Response:
        request = self._of_version(request)
        sent, name = (
            definitions.an_object(request.body, "the request content"),
            self.id_of(request).rpartition("/")[2],
        )
        properties = definitions.an_object(sent.get("properties"), "properties")
        location = location_in(sent, self.type, REGIONS)
        if not rules.is_name(name):
            if self.hsm:
                raise refused("ManagedHsmNameNotValid", name=name)
            raise refused("VaultNameNotValid", name=name)
        held = vault_store.holder(cloud, name, hsm=self.hsm)
        recovering = str(properties.get("createMode") or "default").lower() == "recover"
        if held is None:
            if recovering:
                raise refused("SpecifiedResourceNotFound")
            return self._written(cloud, request, None)
        mine = held.id.lower() == self.id_of(request).lower()
        if not mine or (held.deleted is not None and not recovering):
            raise self._taken(held, name, request)
        require_same_location(held.name, held.place, location, request.params["group"])
        if held.deleted is not None:
            return self._answered(cloud, request, 200, _recovered(cloud, held, request).document())
        if recovering and not self.hsm:
            # Templates that must keep the policies of a vault say `recover` on a live one, too.
            properties = {**properties, "accessPolicies": held.properties["accessPolicies"]}
        request = replace(request, body={**sent, "properties": properties})
        return self._written(cloud, request, held.document())

    def get(self, cloud: Cloud, request: Request) -> Response:
        """A vault or managed HSM. At least one GET shows a new one registering its name: clients poll it."""
        response = super().get(cloud, request)
        vault = vault_of(self.required(cloud, request))
        if not vault.settled:
            vault_store.save(cloud, replace(vault, settled=True))
        return response

    def delete(self, cloud: Cloud, request: Request) -> Response:
        """Soft-deletes: a vault at once, a managed HSM with an operation."""
        answer = super().delete(cloud, request)
        if answer.status == 204 or not self.hsm:
            return answer
        gone = vault_store.holder(cloud, request.params["name"], hsm=True)
        place = gone.place if gone else ""
        operation = operations.begin(cloud, {"kind": deleted_vaults.OPERATION, "id": self.id_of(request)})
        return deleted_vaults.accepted(request, place, operation.id, None)

    def _require_defined(self, cloud: Cloud, request: Request) -> None:
        """Left to rules.py: what a PUT does not name may be kept from before."""

    def stored(self, cloud: Cloud, request: Request, body: Json, known: Json | None) -> Response:
        vault_store.save(cloud, vault_of(body))
        return self._answered(cloud, request, 200, body)

    def _taken(self, held: Vault, name: str, request: Request) -> ServiceError:
        if self.hsm:
            if held.deleted is None:
                return refused("ManagedHsmExists", name=name)
            return refused("ManagedHsmIsSoftDeleted", name=name)
        here = held.subscription_id.lower() == request.params["subscription"].lower()
        if held.deleted is not None and here:
            return refused("VaultIsSoftDeleted")
        return refused("VaultAlreadyExists", name=name)


def put_policies(cloud: Cloud, request: Request) -> Response:
    """Adds to, replaces or removes from the access policies of a vault; the answer has, of all entries, those
    of the objects that the body names."""
    vault = vault_of(VAULTS.required(cloud, request))
    kind = request.params["operation"].lower()
    if kind not in {"add", "replace", "remove"}:
        raise invalid("operationKind")
    asked = definitions.reading(cloud.behaviour, request)
    rules.require_defined(f"{TYPE}/accessPolicies", request.body, asked)
    entries = policies.checked(request.body["properties"]["accessPolicies"], vault.tenant_id)
    merged = policies.changed(list(vault.properties["accessPolicies"]), entries, kind)
    if len(merged) > policies.MAX_ENTRIES:
        raise invalid("accessPolicies")
    after = replace(vault, properties={**vault.properties, "accessPolicies": merged})
    vault_store.save(cloud, _changed(cloud, request, vault, after))
    shown = {"accessPolicies": policies.of_objects(merged, entries)}
    own = {"id": f"{vault.id}/accessPolicies/", "type": f"{TYPE}/accessPolicies"}
    return Response(200, {**own, "properties": shown})


def check_name(cloud: Cloud, request: Request) -> Response:
    """Whether a vault name is free in the whole cloud."""
    sent = definitions.an_object(request.body, "the request content")
    if sent.get("type") != TYPE:
        raise invalid("type")
    name = str(sent.get("name") or "")
    if not rules.is_name(name):
        message = refused("VaultNameNotValid", name=name).message
        return Response(200, {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    if vault_store.holder(cloud, name) is None:
        return Response(200, {"nameAvailable": True})
    message = f"The name '{name}' is already in use."
    return Response(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})


def one_at_a_time(handler: Handler) -> Handler:
    """The handler of a write to a vault, refused with 409 while another write to the vault is in flight.

    Key Vault's management plane takes one write of a vault at a time; the refusal is quoted by many users
    (pulumi/pulumi-azure-native#1013, hashicorp/terraform-provider-azurerm#15127). How long a write takes is
    `Behaviour.vault_write_seconds`.
    """
    return in_flight.one_at_a_time(
        handler,
        seconds=lambda cloud: cloud.behaviour.vault_write_seconds,
        resource_id=lambda request: _PATH.format(**request.params),
        refusal=lambda request: refused("VaultIsBeingWritten", vault=request.params["vault"]),
    )


def _make_vault(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    before, asked = vault_of(known) if known else None, definitions.reading(cloud.behaviour, request)
    properties = rules.vault_properties(before, request.body, asked, tenant_id=request.tenant_id)
    vault = before or _new(cloud, request, id)
    after = replace(vault, properties=properties, tags=request.body.get("tags") or {})
    return _changed(cloud, request, before, after).document()


def _make_hsm(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    before, asked = vault_of(known) if known else None, definitions.reading(cloud.behaviour, request)
    properties = rules.hsm_properties(before, request.body, asked, tenant_id=request.tenant_id)
    vault = replace(
        before or replace(_new(cloud, request, id), hsm=True, settled=True),
        properties=properties,
        tags=request.body.get("tags") or {},
    )
    for administrator in () if before else properties["initialAdminObjectIds"]:
        local_roles.assign(cloud, vault, administrator, local_roles.ADMINISTRATOR.id, "/")
    return vault.document()


def _new(cloud: Cloud, request: Request, id: str) -> Vault:
    now, who = cloud.clock.now(), request.client_id
    return Vault(
        id=id,
        name=id.rpartition("/")[2],
        location=request.body["location"],
        tags={},
        properties={},
        created=now,
        created_by=who,
        modified=now,
        modified_by=who,
        ready=now + cloud.behaviour.operation_seconds,
    )


def _changed(cloud: Cloud, request: Request, before: Vault | None, after: Vault) -> Vault:
    """A vault after a write, its grants counted from when they came."""
    now = cloud.clock.now()
    granted = access.grants_since(after.properties["accessPolicies"], after.granted, now)
    if before is None:
        return replace(after, granted=granted)
    if after.rbac != before.rbac:
        # Otherwise, whoever may change the permission model could give itself any access.
        authorization.require(cloud, request, "Microsoft.Authorization/roleAssignments/write", before.id)
    by = request.client_id
    return replace(after, granted=granted, modified=now, modified_by=by, settled=True)


def _recovered(cloud: Cloud, gone: Vault, request: Request) -> Vault:
    now, by = cloud.clock.now(), request.client_id
    back = replace(gone, deleted=None, recovered=now, modified=now, modified_by=by, settled=True)
    vault_store.save(cloud, back)
    return back


def _removed(cloud: Cloud, body: Json) -> None:
    """Soft-deletes a vault with its keys; one without soft delete is purged.

    Its role assignments are deleted at once and not recovered (Key Vault's documentation of recovery).
    """
    vault = vault_of(body)
    private_links.drop_below(cloud, vault.id)
    if vault.soft_delete:
        vault_store.save(cloud, replace(vault, deleted=cloud.clock.now()))
    else:
        vault_store.purge(cloud, vault)


def _shown(cloud: Cloud, request: Request, body: Json) -> Json:
    vault = vault_of(body)
    if vault.hsm:
        return hsm_body(vault)
    connections = private_links.connections_of(cloud, vault.id)
    fresh = request.method == "PUT" and not vault.settled
    return vault_body(vault, request.api_version, cloud.clock.now(), fresh=fresh, connections=connections)


_INVALID = "texts for invalid properties"
VAULTS = VaultType(
    kind="vault",
    path=_PATH,
    make=_make_vault,
    tracked=True,
    guarded=one_at_a_time,
    shown=_shown,
    removed=_removed,
    ends_empty=True,
    assumed={
        "PUT": "a PUT on an existing vault drops what it does not name, except soft delete, its retention, "
        f"purge protection and the permission model; {_INVALID}",
        "PATCH": _INVALID,
    },
)
HSMS = VaultType(
    kind="hsm",
    path=f"{GROUP}/providers/{HSM_TYPE}/{{name}}",
    make=_make_hsm,
    tracked=True,
    shown=_shown,
    removed=_removed,
    assumed="all of it",
    hsm=True,
)
TYPES = (VAULTS, HSMS)
