"""Microsoft.Network/privateEndpoints: an address in a subnet that leads to a vault or an account.

Owns: the endpoint's body, its address and its network interface. Its connections live at the resources it
leads to (private_links.py); their state is read there. Connections asked for are approved at once where
the caller may approve them; manual ones wait for somebody who approves them there. What is refused of static
addresses: hashicorp/terraform-provider-azurerm#13061 (a member is missing); that the address of an endpoint
never changes, a reader's trial of 2026 with both codes. That its network interface keeps its name is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

from localazure import authorization, private_links
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.network.resource import (
    PLACE,
    PROVIDER,
    NetworkType,
    location_of,
    missing_reference,
    properties_of,
    reference,
    tags_of,
)
from localazure.network.targets import Target, target_of
from localazure.network.virtual_networks import free_address, subnet_at, users_of
from localazure.shapes import an_object, objects, texts
from localazure.web import Json, Request, ServiceError

ZONE_GROUP = "network.zoneGroup"
"""The store's kind of an endpoint's DNS zone groups, which go with it."""
_LISTS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
_DISCONNECTED = {"status": "Disconnected", "description": "", "actionsRequired": "None"}


@dataclass(frozen=True)
class Wanted:
    """One connection that a PUT asks for; `list` is the property it came in."""

    list: str
    name: str
    target: Target
    note: str

    @property
    def approved(self) -> bool:
        return self.list == _LISTS[0]


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given, location = properties_of(request), location_of(request)
    subnet_id = reference(given.get("subnet"))
    found = subnet_at(cloud, subnet_id)
    if found is None or found[0]["location"] != location:
        raise missing_reference(subnet_id, id)
    if known and reference(known["properties"]["subnet"]).lower() != subnet_id.lower():
        raise _bad("CannotChangeSubnet", f"The subnet of private endpoint {id} cannot be changed.")
    wanted = [item for name in _LISTS for item in _wanted(cloud, id, name, objects(given.get(name), name))]
    if len(wanted) != 1:
        raise _bad(
            "InvalidPrivateLinkServiceConnections",
            f"A private endpoint has one connection; {id} asks for {len(wanted)}, in {' and '.join(_LISTS)}.",
        )
    _require_approver(cloud, request, id, wanted[0])
    guid = known["properties"]["resourceGuid"] if known else cloud.new_id()
    custom = str(given.get("customNetworkInterfaceName") or "")
    target = wanted[0].target
    ips = _addresses(cloud, id, given, known, subnet=found[1], target=target)
    lists = {
        name: [_connection(cloud, id, item, known) for item in wanted if item.list == name] for name in _LISTS
    }
    interface = _interface_name(cloud, id, custom, known, guid)
    return {
        "location": location,
        **tags_of(request),
        "properties": {
            "resourceGuid": guid,
            **lists,
            "customNetworkInterfaceName": custom,
            "subnet": {"id": found[1]["id"]},
            "ipConfigurations": given.get("ipConfigurations") or [],
            "networkInterfaces": [{"id": interface}],
            "customDnsConfigs": [
                {"fqdn": fqdn, "ipAddresses": [ips[member]]}
                for member, names in target.members.items()
                for fqdn in names
            ],
        },
    }


def _wanted(cloud: Cloud, id: str, list_name: str, items: Json) -> list[Wanted]:
    found = []
    for item in items:
        given = an_object(item.get("properties"), "properties")
        target_id = str(given.get("privateLinkServiceId") or "")
        target = target_of(cloud, target_id)
        if target is None:
            raise missing_reference(target_id, id)
        groups = texts(given.get("groupIds"), "groupIds")
        if [group.lower() for group in groups] != [target.group]:
            raise _bad(
                "PrivateEndpointInvalidGroupIds",
                f"Private endpoint {id} asks for the group ids {groups} of {target.id}; {target.type} has "
                f"['{target.group}'].",
            )
        name = str(item.get("name") or "")
        found.append(Wanted(list_name, name, target, str(given.get("requestMessage") or "")))
    return found


def _require_approver(cloud: Cloud, request: Request, id: str, wanted: Wanted) -> None:
    if wanted.approved:
        action = f"{wanted.target.type}/PrivateEndpointConnectionsApproval/action"
        doing = f"{PROVIDER}/privateEndpoints/write"
        authorization.require_linked(cloud, request.caller, action, wanted.target.id, doing=doing, scope=id)


def _connection(cloud: Cloud, endpoint_id: str, wanted: Wanted, known: Json | None) -> Json:
    """The endpoint's half of a connection; the other half is made at the target where it is not there."""
    before = next(
        (
            item
            for name in _LISTS
            for item in (known["properties"][name] if known else ())
            if item["properties"]["privateLinkServiceId"].lower() == wanted.target.id.lower()
        ),
        None,
    )
    far_id = before["farId"] if before else ""
    if not far_id or private_links.find(cloud, far_id) is None:
        name = f"{endpoint_id.rsplit('/', 1)[-1]}{wanted.target.separator}{cloud.new_id()}"
        far_id = f"{wanted.target.id}/privateEndpointConnections/{name}"
        private_links.connect(
            cloud,
            id=far_id,
            type=f"{wanted.target.type}/privateEndpointConnections",
            endpoint_id=endpoint_id,
            groups=[wanted.target.group],
            approved=wanted.approved,
            note=wanted.note,
        )
    message = {"requestMessage": wanted.note} if wanted.note else {}
    return {
        "farId": far_id,
        "name": wanted.name,
        "id": f"{endpoint_id}/{wanted.list}/{wanted.name}",
        "type": f"{PROVIDER}/privateEndpoints/{wanted.list}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": wanted.target.id,
            "groupIds": [wanted.target.group],
            **message,
        },
    }


def _addresses(
    cloud: Cloud, id: str, given: Json, known: Json | None, *, subnet: Json, target: Target
) -> dict[str, str]:
    """The address of each member: those asked for, those it had, else the subnet's next free ones."""
    asked, had = _asked(id, given, target), _had(known, target)
    taken = {
        config["ipAddresses"][0]
        for body in (user["properties"] for user in users_of(cloud, subnet["id"]) if user["id"] != id)
        for config in body["customDnsConfigs"]
    }
    if asked and had and asked != had:
        raise _moved(id, was_static=bool(known and known["properties"]["ipConfigurations"]))
    ips = asked or had
    for member in target.members:
        if member not in ips:
            free = free_address(subnet, {*taken, *ips.values()})
            if free is None:
                raise _bad("SubnetIsFull", f"Subnet {subnet['name']} has no address left for {id}.")
            ips[member] = free
    return ips


def _asked(id: str, given: Json, target: Target) -> dict[str, str]:
    """The static addresses of a body by member, which has all of them or none."""
    rows = [
        an_object(item.get("properties"), "properties")
        for item in objects(given.get("ipConfigurations"), "ipConfigurations")
    ]
    asked = {
        (str(row.get("groupId")), str(row.get("memberName"))): str(row.get("privateIPAddress"))
        for row in rows
    }
    missing = [
        f"GroupId: {target.group}, MemberName: {member}"
        for member in target.members
        if (target.group, member) not in asked
    ]
    if asked and (missing or len(asked) > len(target.members) or len(rows) > len(asked)):
        static = "; ".join(
            f"PrivateIPAddress: {ip}, GroupId: {group}, MemberName: {member}"
            for (group, member), ip in asked.items()
        )
        raise _bad(
            "PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps",
            f"Private Endpoint {id} contains static ipconfigurations: [{static}] and its missing these "
            f"membernames/groupids requested by Private Link service [{'; '.join(missing)}]. Private "
            "Endpoint needs to be reconfigured with missing memberNames.",
        )
    return {member: ip for (_, member), ip in asked.items()}


def _had(known: Json | None, target: Target) -> dict[str, str]:
    configs = known["properties"]["customDnsConfigs"] if known else []
    by_name = {config["fqdn"]: config["ipAddresses"][0] for config in configs}
    return {member: by_name[names[0]] for member, names in target.members.items() if names[0] in by_name}


def _moved(id: str, *, was_static: bool) -> ServiceError:
    if was_static:
        return _bad(
            "PrivateEndpointWithStaticIpConfigurationsCannotChangeIpAddress",
            f"User cannot change IP Addresses on these allocated IP configurations of {id}.",
        )
    return _bad(
        "PrivateEndpointStaticIpMustMatchDynamicIpMapping",
        f"Static Ip Configurations of {id} must have exact Ip address to membername mapping for dynamic Ip "
        "Configurations.",
    )


def _interface_name(cloud: Cloud, id: str, asked: str, known: Json | None, guid: str) -> str:
    """The id of the endpoint's network interface."""
    group = f"{id.rsplit('/', 2)[0]}/networkInterfaces"
    name = asked or f"{id.rsplit('/', 1)[-1]}.nic.{guid}"
    interface = f"{group}/{name}"
    if known and known["properties"]["networkInterfaces"][0]["id"].lower() != interface.lower():
        raise _bad(
            "CannotChangeCustomNetworkInterfaceName",
            f"The network interface of private endpoint {id} cannot be renamed.",
        )
    return interface


def _shown(cloud: Cloud, _: Request, body: Json) -> Json:
    lists = {name: [_shown_connection(cloud, item) for item in body["properties"][name]] for name in _LISTS}
    return {**body, "properties": {**body["properties"], **lists}}


def _shown_connection(cloud: Cloud, item: Json) -> Json:
    far = private_links.find(cloud, item["farId"])
    state = far["properties"]["privateLinkServiceConnectionState"] if far else _DISCONNECTED
    kept = {name: value for name, value in item.items() if name != "farId"}
    return {**kept, "properties": {**item["properties"], "privateLinkServiceConnectionState": state}}


def _removed(cloud: Cloud, body: Json) -> None:
    for name in _LISTS:
        for item in body["properties"][name]:
            private_links.drop(cloud, item["farId"])
    for id, _ in cloud.store.scan(ZONE_GROUP, f"{body['id']}/"):
        cloud.store.delete(ZONE_GROUP, id)


def _bad(code: str, message: str) -> ServiceError:
    return ServiceError(400, code, message)


ENDPOINTS = NetworkType(
    kind="network.privateEndpoint",
    path=f"{PLACE}/privateEndpoints/{{endpoint}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    removed=_removed,
)
