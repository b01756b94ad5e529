"""Physical names: how they are made from a service's name, and Azure's limits on them.

Names are checked, never shortened: a shortened name could be another service's, too. Limits:
learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules; prefixes: Microsoft's Cloud
Adoption Framework.
"""

import re
import uuid
from dataclasses import dataclass

from core import arm_ids, kinds
from core.kinds import AccountKind

# RFC 4122 name spaces must be fixed for ever: names are made in them.
_PLACES = uuid.UUID("2b1f6f0e-7c55-5b0a-8d3e-51d9a4c27f36")
_ASSIGNMENTS = uuid.UUID("6d4e4b52-6f0f-5c3e-9b1d-0c5a3f5f8e21")


@dataclass(frozen=True)
class Limit:
    """What Azure allows in one kind of name. `allowed` says the pattern in words."""

    noun: str
    shortest: int
    longest: int
    pattern: str
    allowed: str

    def problem(self, name: str) -> str | None:
        """What is wrong with a name, or None."""
        if not self.shortest <= len(name) <= self.longest:
            allowed = f"Azure allows {self.shortest} to {self.longest}"
            return f"{self.noun} {name!r} has {len(name)} characters, {allowed}"
        if not re.fullmatch(self.pattern, name):
            return f"{self.noun} {name!r} is not allowed: {self.allowed}"
        return None

    def checked(self, name: str) -> str:
        """The name itself. Raises ValueError when Azure would refuse it."""
        if problem := self.problem(name):
            raise ValueError(problem)
        return name


RESOURCE_GROUP = Limit(
    "resource group name",
    1,
    90,
    r"[\w().-]*[\w()-]",
    "letters, digits, underscores, hyphens, periods and parentheses, no period at the end",
)
VAULT = Limit(
    "key vault name",
    3,
    24,
    r"[A-Za-z](-?[A-Za-z0-9])*",
    "letters, digits and single hyphens, a letter first, no hyphen at the end",
)
KEY = Limit("key name", 1, 127, r"[A-Za-z0-9-]+", "letters, digits and hyphens")
ACCOUNT = Limit(
    "account name",
    2,
    64,
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?",
    "lower-case letters, digits and hyphens, no hyphen at either end, because it is the endpoint's "
    "subdomain too",
)
IDENTITY = Limit(
    "identity name",
    3,
    128,
    r"[A-Za-z0-9][\w-]*",
    "letters, digits, hyphens and underscores, a letter or digit first",
)
WORKSPACE = Limit(
    "workspace name",
    4,
    63,
    r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]",
    "letters, digits and hyphens, no hyphen at either end",
)
ENDPOINT = Limit(
    "private endpoint name",
    2,
    64,
    r"[A-Za-z0-9]([\w.-]*\w)?",
    "letters, digits, underscores, periods and hyphens, a letter or digit first",
)
NETWORK_INTERFACE = Limit(
    "network interface name",
    1,
    80,
    r"[A-Za-z0-9]([\w.-]*\w)?",
    "letters, digits, underscores, periods and hyphens, a letter or digit first",
)
PROJECT = Limit(
    "project name",
    2,
    64,
    r"[A-Za-z0-9][\w.-]*",
    "letters, digits, underscores, periods and hyphens, a letter or digit first",
)
DEPLOYMENT = Limit(
    "deployment name",
    2,
    64,
    r"[A-Za-z0-9][\w.-]*",
    "letters, digits, underscores, periods and hyphens, a letter or digit first",
)
DIAGNOSTIC_SETTING = Limit(
    "diagnostic setting name",
    1,
    260,
    r"[^*&%:<>?+/\\]*[^*&%:<>?+/\\. ]",
    "any characters but *&%:<>?+/\\, no space or period at the end",
)
EVENT_HUB = Limit(
    "event hub name",
    1,
    256,
    r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?",
    "letters, digits, periods, hyphens and underscores, a letter or digit at both ends",
)
SERVICE = Limit(
    "service name",
    2,
    50,
    r"[a-z](-?[a-z0-9])*",
    "lower-case letters, digits and single hyphens, a letter first, no hyphen at the end",
)


def resource_group_name(service: str) -> str:
    """The name of a service's own resource group."""
    return RESOURCE_GROUP.checked(f"rg-{service}")


def vault_name(service: str) -> str:
    """The name of a service's own vault; unique in the world."""
    return VAULT.checked(f"kv-{service}")


def key_name(service: str) -> str:
    """The name of a service's own key; unique in its vault, also when services share one."""
    return KEY.checked(f"cmk-{service}")


def account_name(service: str, kind: AccountKind = kinds.LANGUAGE) -> str:
    """The name of a service's account, and its endpoint's subdomain; unique in the world."""
    return ACCOUNT.checked(f"{kind.prefix}-{service}")


def identity_name(service: str) -> str:
    """The name of a service's user-assigned identity."""
    return IDENTITY.checked(f"id-{service}")


def workspace_name(service: str) -> str:
    """The name of a service's own Log Analytics workspace."""
    return WORKSPACE.checked(f"log-{service}")


@dataclass(frozen=True)
class PlacedName:
    """The name of a resource that the state has, with the id of the subnet or network that it is in, and the
    private addresses that it has there."""

    name: str
    place_id: str
    addresses: frozenset[str] = frozenset()


def endpoint_name(service: str, what: str, subnet_id: str = "", recorded: PlacedName | None = None) -> str:
    """The name of a service's private endpoint, of its `account` or `vault`."""
    return _placed(f"pe-{service}-{what}", subnet_id, recorded)


def network_link_name(zone: str, network_id: str = "", recorded: PlacedName | None = None) -> str:
    """The name of the link between a network and a service's own DNS zone.

    A link stays with its network, and the one before goes first. So the name follows from the network alone:
    an update whose answer was lost finds the link that it made.
    """
    if recorded and arm_ids.same(recorded.place_id, network_id):
        return recorded.name
    return _with_suffix(f"link-{zone}", network_id)


def _placed(name: str, place_id: str, recorded: PlacedName | None) -> str:
    """The name of what is another resource in another place. The one that the state has keeps its name; its
    successor gets one that none before had, so that it can be made while the others are there, also on the
    way back after an update that failed half-way."""
    if recorded is None:
        return ENDPOINT.checked(name)
    if arm_ids.same(recorded.place_id, place_id):
        return recorded.name
    return _with_suffix(name, f"{recorded.name}|{place_id}")


def _with_suffix(name: str, seed: str) -> str:
    suffix = "-" + uuid.uuid5(_PLACES, seed.lower()).hex[:8]
    return name[: ENDPOINT.longest - len(suffix)] + suffix


def diagnostic_setting_name(service: str, given: str | None) -> str:
    """The name of a service's diagnostic settings."""
    return given or DIAGNOSTIC_SETTING.checked(f"{service}-audit")


def action_group_name(service: str) -> str:
    """The name of the group of those who receive a service's alerts; Azure allows 260 characters."""
    return f"ag-{service}"


def alert_name(service: str, query: str) -> str:
    """The name of a service's alert; Azure allows 260 characters."""
    return f"alert-{service}-{query}"


def role_assignment_name(scope: str, principal_id: str, role_id: str) -> str:
    """One GUID per (scope, principal, role), so that the same grant has the same name on every run."""
    return str(uuid.uuid5(_ASSIGNMENTS, f"{scope}|{principal_id}|{role_id}".lower()))
