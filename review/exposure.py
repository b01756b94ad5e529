"""Who can reach an account or a vault over the network, and whether its use is logged."""

from __future__ import annotations

from dataclasses import dataclass

from review.resource import State
from review.values import Mark, flag, folded, items, look, text

_DESTINATIONS = (
    ("workspaceId", "a Log Analytics workspace"),
    ("storageAccountId", "a storage account"),
    ("eventHubAuthorizationRuleId", "an event hub"),
    ("marketplacePartnerId", "a partner"),
)


@dataclass(frozen=True)
class Network:
    """`rank` is 0 for nobody, 1 for selected networks, 2 for everybody; None when it is not known.

    `trusted` is said to be so; `bypasses` also where nothing is said: AzureServices (Vault 2024-11-01).
    """

    rank: int | None
    rules: frozenset[str] = frozenset()
    trusted: bool = False
    private_endpoints: int = 0
    bypasses: bool = True

    @property
    def shuts_services_out(self) -> bool:
        """Whether trusted Azure services, by which the service reaches its vault, are kept out, too."""
        return self.rank in {0, 1} and not self.bypasses

    @property
    def words(self) -> str:
        said = {None: Mark.UNKNOWN.value, 0: "closed", 1: "selected networks", 2: "open to all networks"}[
            self.rank
        ]
        if self.rank == 1:
            said += f" ({', '.join(sorted(self.rules)) or 'none named'})"
        if self.trusted and self.rank != 2:
            said += ", trusted Azure services"
        if self.private_endpoints:
            said += f", private endpoints: {self.private_endpoints}"
        return said

    def opens_from(self, before: Network) -> bool:
        """Whether more callers get in than before."""
        if self.rank is None or before.rank is None:
            return False
        if self.rank != before.rank:
            return self.rank > before.rank
        return self.rank == 1 and bool(self.rules - before.rules)


def network_of(state: State, private_endpoints: int) -> Network:
    """The network settings of an account or a vault. What is not said means open, as in Azure."""
    access = text(state.declared("properties.publicNetworkAccess"))
    acls = state.declared("properties.networkAcls")
    default = text(look(acls, "defaultAction"))
    trusted = "azureservices" in (folded(text(look(acls, "bypass"))) or "")
    bypasses = trusted or text(look(acls, "bypass")) is None
    if folded(access) == "disabled":
        return Network(0, trusted=trusted, private_endpoints=private_endpoints, bypasses=bypasses)
    if isinstance(access, Mark) or isinstance(acls, Mark) or isinstance(default, Mark):
        return Network(None, private_endpoints=private_endpoints)
    if folded(default) != "deny":
        return Network(2, private_endpoints=private_endpoints)
    rules = _rules(acls)
    if rules is None:
        return Network(None, private_endpoints=private_endpoints)
    return Network(1 if rules else 0, rules, trusted, private_endpoints, bypasses)


def _rules(acls: object) -> frozenset[str] | None:
    found: set[str] = set()
    for path, property in (("ipRules", "value"), ("virtualNetworkRules", "id")):
        rules = items(look(acls, path))
        if isinstance(rules, Mark):
            return None
        for rule in rules or ():
            value = text(look(rule, property))
            if not isinstance(value, str):
                return None
            found.add(value)
    return frozenset(found)


def logs_of(state: State) -> str | None:
    """What a diagnostic setting records and where to; None when it records nothing."""
    listed = items(state.declared("logs"))
    if isinstance(listed, Mark):
        return Mark.UNKNOWN.value
    categories = [
        text(look(log, "categoryGroup")) or text(look(log, "category"))
        for log in listed or ()
        if flag(look(log, "enabled")) is not False
    ]
    names = sorted(name for name in categories if isinstance(name, str))
    if not names:
        return None
    places = [where for path, where in _DESTINATIONS if state.declared(path) is not None]
    return f"{', '.join(names)} to {', '.join(places)}" if places else None
