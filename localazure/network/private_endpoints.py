"""Microsoft.Network/privateEndpoints: an address in a subnet that leads to a vault or an account.

Owns: the endpoint's body, its address and its network interface. Its connections live at the resources it
leads to (private_links.py); their state is read there. Connections asked for are approved at once where
the caller may approve them; manual ones wait for somebody who approves them there. What is refused of static
addresses: hashicorp/terraform-provider-azurerm#13061 (a member is missing); that the address of an endpoint
never changes, a reader's trial of 2026 with both codes. That its network interface keeps its name is assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from localazure import authorization, private_links
from localazure.cloud import Cloud
from localazure.cognitive import models as accounts
from localazure.cognitive import settling
from localazure.cognitive.kinds import KINDS
from localazure.cognitive.models import TYPE as ACCOUNTS
from localazure.keyvault import vault_store
from localazure.keyvault.models import TYPE as VAULTS
from localazure.locations import REGIONS
from localazure.network.models import PLACE, PROVIDER, NetworkType, location_of, missing_reference, reference
from localazure.network.virtual_networks import free_address, subnet_at, users_of
from localazure.refusals import refused
from localazure.web import Json, Request

ZONE_GROUP = "network.zoneGroup"
"""The store's kind of an endpoint's DNS zone groups, which go with it."""
_LISTS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
_DISCONNECTED = {"status": "Disconnected", "description": "", "actionsRequired": "None"}


@dataclass(frozen=True)
class Target:
    """A resource at the far end of an endpoint.

    `group` is the sub-resource to name in `groupIds`; `members` are its members, each with the public names
    that lead to its address; `separator` stands in a connection's name between the endpoint's and a GUID.
    """

    id: str
    type: str
    group: str
    members: Mapping[str, tuple[str, ...]]
    separator: str
    location: str


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given, location = request.properties, location_of(request)
    was = known["properties"] if known else None
    subnet_id = reference(given.get("subnet"))
    found = subnet_at(cloud, subnet_id)
    if found is None or found[0]["location"] != location:
        raise missing_reference(subnet_id, id)
    if was and reference(was["subnet"]).lower() != subnet_id.lower():
        raise refused("CannotChangeSubnet", id=id)
    asked = [(name, item) for name in _LISTS for item in given.get(name) or ()]
    if len(asked) != 1:
        raise refused(
            "InvalidPrivateLinkServiceConnections", id=id, count=len(asked), lists=" and ".join(_LISTS)
        )
    ((list_name, item),) = asked
    wanted = item.get("properties") or {}
    target = _target(cloud, id, wanted)
    if list_name == _LISTS[0]:
        action = f"{target.type}/PrivateEndpointConnectionsApproval/action"
        doing = f"{PROVIDER}/privateEndpoints/write"
        authorization.require_linked(cloud, request.caller, action, target.id, doing=doing, scope=id)
    guid = was["resourceGuid"] if was else cloud.new_id()
    custom = str(given.get("customNetworkInterfaceName") or "")
    ips = _addresses(cloud, id, given, known, subnet=found[1], target=target)
    connection = _connection(cloud, id, (list_name, str(item.get("name") or "")), wanted, target, was=was)
    return {
        "location": location,
        **request.tags,
        "properties": {
            "resourceGuid": guid,
            **{name: [connection] if name == list_name else [] for name in _LISTS},
            "customNetworkInterfaceName": custom,
            "subnet": {"id": found[1]["id"]},
            "ipConfigurations": given.get("ipConfigurations") or [],
            "networkInterfaces": [{"id": _interface(id, custom, was, guid)}],
            "customDnsConfigs": [
                {"fqdn": fqdn, "ipAddresses": [ips[member]]}
                for member, names in target.members.items()
                for fqdn in names
            ],
        },
    }


def _target(cloud: Cloud, id: str, wanted: Json) -> Target:
    """The target of a body's connection. Raises 400 if the target, or its group, does not exist."""
    target_id = str(wanted.get("privateLinkServiceId") or "")
    target = _target_at(cloud, target_id)
    if target is None:
        raise missing_reference(target_id, id)
    groups = wanted.get("groupIds") or []
    if [group.lower() for group in groups] != [target.group]:
        raise refused(
            "PrivateEndpointInvalidGroupIds",
            id=id,
            groups=groups,
            target=target.id,
            type=target.type,
            group=target.group,
        )
    return target


def _connection(
    cloud: Cloud, id: str, place: tuple[str, str], wanted: Json, target: Target, *, was: Json | None
) -> Json:
    """The endpoint's half of a connection, which is in a list under a name (`place`); the other half is made
    at the target where it is not there."""
    list_name, name = place
    before = [one for known in _LISTS for one in (was[known] if was else ())]
    same = [one for one in before if one["properties"]["privateLinkServiceId"].lower() == target.id.lower()]
    far_id, note = same[0]["farId"] if same else "", str(wanted.get("requestMessage") or "")
    if not far_id or private_links.find(cloud, far_id) is None:
        far_name = f"{id.rsplit('/', 1)[-1]}{target.separator}{cloud.new_id()}"
        far_id = f"{target.id}/privateEndpointConnections/{far_name}"
        private_links.connect(
            cloud,
            id=far_id,
            type=f"{target.type}/privateEndpointConnections",
            location=target.location,
            endpoint_id=id,
            groups=[target.group],
            approved=list_name == _LISTS[0],
            note=note,
        )
    return {
        "farId": far_id,
        "name": name,
        "id": f"{id}/{list_name}/{name}",
        "type": f"{PROVIDER}/privateEndpoints/{list_name}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": target.id,
            "groupIds": [target.group],
            **({"requestMessage": note} if note else {}),
        },
    }


def _target_at(cloud: Cloud, id: str) -> Target | None:
    """The target of an ARM id, None if it does not exist.

    Raises ServiceError 400 for an account that is not settled (as users reported) or has no subdomain.
    """
    type = "/".join(id.split("/")[6:8]).lower()
    if type == VAULTS.lower():
        vault = vault_store.find(cloud, id)
        if vault is None:
            return None
        names = {"default": (f"{vault.name.lower()}.vault.azure.net",)}
        return Target(vault.id, VAULTS, "vault", names, "_", vault.location)
    found = accounts.find(cloud, id) if type == ACCOUNTS.lower() else None
    account = None if found is None else settling.settle(cloud, found)
    if account is None:
        return None
    if account.operation is not None:
        raise refused("EndpointOfUnsettledAccount", account=account.id, state=account.state)
    if not account.subdomain:
        # The text is assumed; that it needs a subdomain is in the service's documentation of networks.
        raise refused("CustomSubDomainNameNotSet", account=account.id)
    label = account.subdomain.lower()
    members = {
        member: tuple(f"{label}.{suffix}" for suffix in suffixes)
        for member, suffixes in KINDS[account.kind.lower()].members.items()
    }
    return Target(account.id, ACCOUNTS, "account", members, ".", account.location)


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
        if known and known["properties"]["ipConfigurations"]:
            raise refused("PrivateEndpointWithStaticIpConfigurationsCannotChangeIpAddress", id=id)
        raise refused("PrivateEndpointStaticIpMustMatchDynamicIpMapping", id=id)
    ips = asked or had
    for member in target.members:
        if member not in ips:
            free = free_address(subnet, {*taken, *ips.values()})
            if free is None:
                raise refused("SubnetIsFull", subnet=subnet["name"], id=id)
            ips[member] = free
    return ips


def _asked(id: str, given: Json, target: Target) -> dict[str, str]:
    """The static addresses of a body by member, which has all of them or none."""
    rows = [item.get("properties") or {} for item in given.get("ipConfigurations") or ()]
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
        raise refused(
            "PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps",
            id=id,
            static=static,
            missing="; ".join(missing),
        )
    return {member: ip for (_, member), ip in asked.items()}


def _had(known: Json | None, target: Target) -> dict[str, str]:
    configs = known["properties"]["customDnsConfigs"] if known else []
    by_name = {config["fqdn"]: config["ipAddresses"][0] for config in configs}
    return {member: by_name[names[0]] for member, names in target.members.items() if names[0] in by_name}


def _interface(id: str, asked: str, was: Json | None, guid: str) -> str:
    """The id of the endpoint's network interface."""
    name = asked or f"{id.rsplit('/', 1)[-1]}.nic.{guid}"
    interface = f"{id.rsplit('/', 2)[0]}/networkInterfaces/{name}"
    if was and was["networkInterfaces"][0]["id"].lower() != interface.lower():
        raise refused("CannotChangeCustomNetworkInterfaceName", id=id)
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


ENDPOINTS = NetworkType(
    kind="network.privateEndpoint",
    path=f"{PLACE}/privateEndpoints/{{endpoint}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    removed=_removed,
)
