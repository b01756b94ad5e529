"""Who can reach an account or a vault over the network, and whether its use is logged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core import arm_ids, audit_log
from core.defaults import DEFAULTS
from review.resource import ReviewedState
from review.values import Mark, flag, folded, items, look, text


@dataclass(frozen=True)
class NetworkExposure:
    """`rank` is 0 for nobody, 1 for selected networks, 2 for everybody; None when it is not known.

    `perimeter`: a network security perimeter applies. Its rules override these, and the review does not read
    them. `trusted`: the settings state that trusted services pass. `bypasses`: they pass, because the
    settings state it or by default, which is AzureServices (Vault 2024-11-01).
    """

    rank: int | None
    rules: frozenset[str] = frozenset()
    trusted: bool = False
    private_endpoints: int = 0
    bypasses: bool = True
    perimeter: bool = False

    @property
    def shuts_services_out(self) -> bool:
        """Whether trusted Azure services, through which the service reaches its vault, are excluded, too."""
        return self.rank in {0, 1} and not self.bypasses

    @property
    def words(self) -> str:
        unknown = "decided by its network security perimeter" if self.perimeter else Mark.UNKNOWN.value
        said = {None: unknown, 0: "closed", 1: "selected networks", 2: "open to all networks"}[self.rank]
        if self.rank == 1:
            said += f" ({', '.join(sorted(self.rules)) or 'none named'})"
        if self.trusted and self.rank != 2:
            said += ", trusted Azure services"
        if self.private_endpoints:
            said += f", private endpoints: {self.private_endpoints}"
        return said

    def opens_from(self, before: NetworkExposure) -> bool:
        """Whether more callers get in than before."""
        if self.rank is None or before.rank is None:
            return False
        if self.rank != before.rank:
            return self.rank > before.rank
        return self.rank == 1 and bool(self.rules - before.rules)


def network_of(state: ReviewedState, private_endpoints: int) -> NetworkExposure:
    """The network settings of an account or a vault. What is not declared means open, as in Azure."""
    access = text(state.setting("properties.publicNetworkAccess"))
    acls = state.declared("properties.networkAcls")
    default = text(look(acls, "defaultAction")) or DEFAULTS["defaultAction"]
    stated = text(look(acls, "bypass"))
    bypasses = "azureservices" in (folded(stated or DEFAULTS["bypass"]) or "")
    trusted = bypasses and stated is not None
    if folded(access) == "disabled":
        return NetworkExposure(0, trusted=trusted, private_endpoints=private_endpoints, bypasses=bypasses)
    if folded(access) == "securedbyperimeter":
        return NetworkExposure(None, private_endpoints=private_endpoints, perimeter=True)
    if isinstance(access, Mark) or isinstance(acls, Mark) or isinstance(default, Mark):
        return NetworkExposure(None, private_endpoints=private_endpoints)
    if folded(default) != "deny":
        return NetworkExposure(2, private_endpoints=private_endpoints)
    rules = _rules(acls)
    if rules is None:
        return NetworkExposure(None, private_endpoints=private_endpoints)
    return NetworkExposure(1 if rules else 0, rules, trusted, private_endpoints, bypasses)


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


@dataclass(frozen=True)
class Outbound:
    """What an account may reach. `restricts` is False where nothing is said, as in Azure."""

    restricts: bool | Mark
    allowed: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """For a reader."""
        if isinstance(self.restricts, Mark):
            return self.restricts.value
        if not self.restricts:
            return "anywhere"
        return ", ".join(sorted(self.allowed)) or "nothing"

    def opens_from(self, before: Outbound) -> bool:
        """Whether the account may reach more than before."""
        if before.restricts is not True:
            return False
        return self.restricts is False or (self.restricts is True and bool(self.allowed - before.allowed))

    def shuts_out(self, host: str) -> bool:
        """Whether a host that the account needs is out of reach (core.demands.outbound)."""
        return self.restricts is True and host not in self.allowed


def outbound_of(state: ReviewedState) -> Outbound:
    """An account's restriction of outbound access."""
    restricts = flag(state.setting("properties.restrictOutboundNetworkAccess"))
    listed = items(state.declared("properties.allowedFqdnList"))
    names = [text(one) for one in listed] if isinstance(listed, list) else []
    if isinstance(restricts, Mark) or isinstance(listed, Mark) or any(isinstance(one, Mark) for one in names):
        return Outbound(Mark.UNKNOWN)
    return Outbound(bool(restricts), frozenset(known for one in names if (known := folded(one))))


def linked_of(state: ReviewedState) -> frozenset[tuple[str, str]]:
    """Where an account keeps data beside its own store: storage accounts, the search of question answering.

    Their data is under their own keys; what is no longer linked is no longer read (userOwnedStorage and
    apiProperties.qnaAzureSearchEndpointId of an account, Microsoft.CognitiveServices 2025-06-01).
    """
    listed = items(state.declared("properties.userOwnedStorage"))
    storage = [text(look(one, "resourceId")) for one in listed] if isinstance(listed, list) else []
    search = text(state.declared("properties.apiProperties.qnaAzureSearchEndpointId"))
    return frozenset(
        (what, known)
        for what, id in (*(("storage", one) for one in storage), ("search", search))
        if (known := id.value if isinstance(id, Mark) else folded(id))
    )


@dataclass(frozen=True)
class Audit:
    """What diagnostic settings record of a resource, and where to: each category with the kind of a place and
    its folded id."""

    records: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def words(self) -> str | None:
        """For a reader; None where nothing is recorded."""
        if not self:
            return None
        categories = sorted({category for category, _, _ in self.records})
        places = sorted({(what, id) for _, what, id in self.records})
        shown = (f"{what} {arm_ids.name_of(id)}" for what, id in places)
        return f"{', '.join(categories)} to {', '.join(shown)}"

    def __bool__(self) -> bool:
        return bool(self.records)

    def loses(self, after: Audit) -> bool:
        """Whether something that is recorded now is not recorded at its place after."""
        return any(
            not any((holder, what, id) in after.records for holder in _holders(category))
            for category, what, id in self.records
        )


def _holders(category: str) -> frozenset[str]:
    """A category, and the groups that contain it."""
    groups = (
        {name.lower() for name in audit_log.CATEGORIES} if category == audit_log.CATEGORY.lower() else set()
    )
    return frozenset({category, "alllogs", *groups})


def audit_of(settings: Iterable[ReviewedState]) -> Audit:
    """All diagnostic settings of a resource together; one without a category or a place records nothing."""
    records: set[tuple[str, str, str]] = set()
    for state in settings:
        listed = items(state.declared("logs"))
        logs = listed if isinstance(listed, list) else []
        names = {
            name
            for log in logs
            if flag(look(log, "enabled")) is not False
            and (name := folded(text(look(log, "categoryGroup")) or text(look(log, "category"))))
        }
        if isinstance(listed, Mark):
            names = {listed.value}
        to = {
            (what, place.value if isinstance(place, Mark) else _place(state, path, place))
            for path, what in audit_log.DESTINATIONS.items()
            if (place := text(state.declared(path)))
        }
        records |= {(name, what, id) for name in names for what, id in to}
    return Audit(frozenset(records))


def _place(state: ReviewedState, path: str, written: str) -> str:
    """Where logs go: a folded id. Of an event hub it is the hub's, whichever rule of its namespace lets the
    logs in; without a name Azure makes hubs in the namespace."""
    id = written.strip().rstrip("/").lower()
    if path != audit_log.EVENT_HUB:
        return id
    namespace, hub = id.partition("/authorizationrules/")[0], text(state.declared(audit_log.EVENT_HUB_NAME))
    if isinstance(hub, Mark):
        return hub.value
    return f"{namespace}/eventhubs/{hub.lower()}" if hub else namespace
