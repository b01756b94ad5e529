"""Who may reach a service's endpoints: one setting for its account and its vault."""

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import ArgumentRule, Arguments, argument
from components.arguments.problem import Problem
from core import arm_ids, clouds, kinds, regions
from core.kinds import VAULT_MEMBER, AccountKind

_LONGEST_PREFIX = 30
ACCOUNT, VAULT = "account", "vault"
"""What has a private endpoint, and the group of its members in Azure."""
CLOSED, SELECTED, OPEN, PRIVATE = "closed", "selected", "open", "private"
_ZONES = frozenset(
    zone
    for cloud in clouds.ALL
    for zone in (
        cloud.account_dns_zone,
        cloud.openai_dns_zone,
        cloud.foundry_dns_zone,
        cloud.vault_dns_zone,
    )
)


def dns_zones(location: str, kind: AccountKind = kinds.LANGUAGE) -> dict[str, tuple[str, ...]]:
    """The private DNS zones of an account of a kind and of its vault, in the cloud of a region."""
    cloud = regions.cloud_of(location)
    account = (
        cloud.account_dns_zone,
        cloud.openai_dns_zone if kind.openai else "",
        cloud.foundry_dns_zone if kind.foundry else "",
    )
    return {"account": tuple(filter(None, account)), "vault": (cloud.vault_dns_zone,)}


def zone_label(what: str, zone: str, zones: Sequence[str]) -> str:
    """The logical name of an endpoint's zone: `account-zone` the first, then `account-openai-zone`."""
    return f"{what}-zone" if zone == zones[0] else f"{what}-{zone.split('.')[1]}-zone"


def checked_ip_range(text: str) -> str:
    """A public IPv4 address or range. Raises ValueError: Azure's firewalls refuse private ones."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IPv4 address or CIDR range ({error})") from None
    if network.prefixlen == 0:
        raise ValueError(
            f"{text!r} is every address; to allow everyone, remove allowedIpRanges, and set network.access: "
            "open"
        )
    # "Small address ranges that use /31 or /32 prefix sizes aren't supported": learn.microsoft.com/azure/
    # ai-services/cognitive-services-virtual-networks.
    if "/" in text and network.prefixlen > _LONGEST_PREFIX:
        raise ValueError(f"{text!r} is smaller than Azure accepts; list each address by itself, without '/'")
    if network.is_private:
        raise ValueError(
            f"{text!r} is a private range, which Azure's firewalls refuse; allow its subnet instead"
        )
    return text


def _addresses(by_member: Mapping[str, str]) -> None:
    """Static addresses by member. Raises ValueError with everything that is wrong."""
    wrong = [
        f"{member}: {text!r} is not an IPv4 address"
        for member, text in sorted(by_member.items())
        if not _ipv4(text)
    ]
    twice = [text for text, count in Counter(by_member.values()).items() if count > 1]
    wrong += [f"{text!r} is given to two members; each has an address of its own" for text in twice]
    if wrong:
        raise ValueError("; ".join(wrong))


def _ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class PrivateEndpointArgs(Arguments):
    """A private endpoint's own names and addresses. A change makes the endpoint anew: its service cannot be
    reached through it meanwhile, and no data is lost."""

    name: str | None = argument(None, check=names.ENDPOINT.checked)
    """Optional. Name of the private endpoint. Default: `pe-<name>-account`, `pe-<name>-vault`."""
    network_interface_name: str | None = argument(None, check=names.NETWORK_INTERFACE.checked)
    """Optional. Name of its network interface. Default: one that Azure makes of the endpoint's name."""
    ip_addresses: Mapping[str, str] | None = argument(None, check=_addresses)
    """Optional. Its static addresses in the subnet, by member: `default`; of an account of kind `AIServices`,
    `default` (cognitiveservices.azure.com), `secondary` (openai.azure.com) and `third`
    (services.ai.azure.com). Default: free ones, which Azure chooses."""

    @property
    def addresses(self) -> Mapping[str, str]:
        """The static addresses by member."""
        return self.ip_addresses or {}


def _zone(text: str) -> None:
    found = arm_ids.resource_id(text, arm_ids.PRIVATE_DNS_ZONE).name
    if found.lower() not in _ZONES:
        zones = " and ".join(zone for zones in dns_zones("").values() for zone in zones)
        raise ValueError(f"{found!r} is not a DNS zone of these private endpoints, such as {zones}")


def _selected(network: "NetworkArgs") -> Iterator[Problem]:
    listed = network.allowed_ip_ranges or network.allowed_subnet_ids
    if network.access == SELECTED and not listed:
        yield Problem("access", "'selected' needs allowedIpRanges or allowedSubnetIds")
    if network.access != SELECTED and listed:
        yield Problem("access", f"found {network.access!r}, but networks are listed; expected 'selected'")


def _private(network: "NetworkArgs") -> Iterator[Problem]:
    if network.access == PRIVATE and network.subnet_id is None:
        yield Problem("subnetId", "is required with access: private")
    endpoints = network.account_endpoint.given or network.vault_endpoint.given
    if network.access != PRIVATE and (
        network.subnet_id is not None or network.private_dns_zone_ids or endpoints
    ):
        yield Problem(
            "access",
            f"found {network.access!r}, but a subnet, DNS zones or private endpoints are given; expected "
            "'private'",
        )


def endpoint_problems(network: "NetworkArgs", kind: AccountKind, *, makes_vault: bool) -> Iterator[Problem]:
    """What is wrong with the private endpoints of an account of a kind and of its vault."""
    account, vault = network.account_endpoint, network.vault_endpoint
    if vault.given and not makes_vault:
        yield Problem(
            "vaultEndpoint",
            "is for a vault made here; the endpoints of an existing vault belong to its owner",
        )
    for path, endpoint, members in (
        ("accountEndpoint", account, kind.members),
        ("vaultEndpoint", vault, (VAULT_MEMBER,)),
    ):
        if endpoint.addresses and {*endpoint.addresses} != {*members}:
            whose = f"an account of kind {kind.name}" if endpoint is account else "a vault"
            found = ", ".join(sorted(endpoint.addresses))  # an engine's maps have no order
            yield Problem(
                f"{path}.ipAddresses",
                f"found {found}; expected an address for each member of {whose}: {', '.join(members)}",
            )
    for word, ours, others in (
        ("name", {account.name}, {vault.name}),
        ("networkInterfaceName", {account.network_interface_name}, {vault.network_interface_name}),
        ("ipAddresses", {*account.addresses.values()}, {*vault.addresses.values()}),
    ):
        for shared in sorted(filter(None, {_folded(one) for one in ours} & {_folded(one) for one in others})):
            yield Problem(
                f"vaultEndpoint.{word}",
                f"{shared!r} is given to the account's endpoint, too; give it another",
            )


def _folded(text: str | None) -> str:
    return (text or "").lower()


@dataclass(frozen=True, kw_only=True)
class NetworkArgs(Arguments):
    """Who may reach the endpoints of the account and of the vault made here."""

    _RULES: ClassVar[tuple[ArgumentRule, ...]] = (
        ArgumentRule(_selected, ("access", "allowed_ip_ranges", "allowed_subnet_ids")),
        ArgumentRule(
            _private,
            ("access", "subnet_id", "private_dns_zone_ids", "account_endpoint", "vault_endpoint"),
        ),
    )

    access: str = argument(CLOSED, choices=(CLOSED, SELECTED, OPEN, PRIVATE))
    """Optional. `closed` (default): nobody; `selected`: the networks listed; `open`: everyone who can log in;
    `private`: only a network of your own, through private endpoints."""
    allowed_ip_ranges: Sequence[str] = argument((), check=checked_ip_range)
    """Conditional. Public IPv4 addresses or CIDR ranges that have access; with `selected`."""
    allowed_subnet_ids: Sequence[str] = argument((), check=checks.resource_id(arm_ids.SUBNET))
    """Conditional. ARM ids of subnets that have access; with `selected`. The subnets need service endpoints
    for Key Vault and Cognitive Services."""
    subnet_id: pulumi.Input[str] | None = argument(None, check=checks.resource_id(arm_ids.SUBNET))
    """Conditional. ARM id of the subnet for the private endpoints of account and vault; with `private`."""
    private_dns_zone_ids: Sequence[str] = argument((), check=_zone)
    """Optional. ARM ids of existing private DNS zones, `privatelink.cognitiveservices.azure.com` and
    `privatelink.vaultcore.azure.net`, with `AIServices` and `OpenAI` also those of their other endpoints;
    with `private`. A zone that is not given is made here."""
    account_endpoint: PrivateEndpointArgs = PrivateEndpointArgs()
    """Optional. The account's private endpoint; with `private`."""
    vault_endpoint: PrivateEndpointArgs = PrivateEndpointArgs()
    """Optional. The private endpoint of the vault made here; with `private`."""

    def endpoint(self, what: str) -> PrivateEndpointArgs:
        """The endpoint of the `account` or the `vault`."""
        return self.account_endpoint if what == ACCOUNT else self.vault_endpoint

    def zone_id(self, zone_name: str) -> str | None:
        """The existing private DNS zone of a name."""
        found = (id for id in self.private_dns_zone_ids if arm_ids.name_of(id).lower() == zone_name)
        return next(found, None)

    @property
    def public_network_access(self) -> str:
        """The `publicNetworkAccess` of account and vault."""
        return "Disabled" if self.access in (CLOSED, PRIVATE) else "Enabled"

    @property
    def account_rules(self) -> dict[str, Any]:
        """The account's firewall."""
        return {
            "default_action": "Allow" if self.access == OPEN else "Deny",
            "ip_rules": [{"value": cidr} for cidr in self.allowed_ip_ranges],
            "virtual_network_rules": [{"id": subnet} for subnet in self.allowed_subnet_ids],
        }

    @property
    def vault_rules(self) -> dict[str, Any]:
        """The vault's firewall. Trusted services pass, so that the account can use the key."""
        return {"bypass": "AzureServices", **self.account_rules}
