"""Settings that protect data beside the key: recovery, network, login by key, audit, Pulumi's protection.

Each is read as what it lets through, so that one comparison says whether a change makes it weaker. Sources:
the service demands soft delete and purge protection; Azure's own policies ask for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from core import adapters, arm_ids, audit_log, demands, values
from core.defaults import DEFAULTS
from core.facts import Network
from core.stack import StackResource
from core.values import Mark, Value, flag, folded, items, look, text
from review.verdict import Name, Verdict

Facts = TypeVar("Facts")
ANYTHING: Final = "*"
_PERHAPS_ANYTHING: Final = "perhaps *"
GIVEN_BACK: Final = "perhaps on purpose: this update GIVES IT BACK"
_NOTHING: Final[frozenset[str]] = frozenset()
_ALL: Final = frozenset({ANYTHING})
Record = tuple[str, str, str]
"""A category of logs, the kind of place that it goes to, and the place's folded id."""


@dataclass(frozen=True)
class Setting:
    """One setting at one moment. `lets`: which callers, hosts, logins or losses it lets through, None when
    that is not known; `records`: what is logged, and where. `fact` is its line in the report, if it has one.

    `lost` is the verdict when it gets weaker; `notes_gain`: a verdict says as well that it gets stronger.
    """

    shown: Value
    lets: frozenset[str] | None
    fact: str = ""
    lost: Name = Name.PROTECTION_WEAKENED
    notes_gain: bool = True
    records: frozenset[Record] = frozenset()
    in_perimeter: bool = False

    def lets_more_than(self, before: Setting) -> bool:
        """Whether something passes that did not before, or is no longer logged at its place."""
        if any(not _covers(self.records, one) for one in before.records):
            return True
        if self.lets is None or before.lets is None or ANYTHING in before.lets:
            return False
        return bool(self.lets - before.lets)


Settings = Mapping[str, Setting]
"""Settings by what a verdict calls them."""


def compared(before: Settings, after: Settings) -> Iterator[Verdict]:
    """What gets worse, or better, of the settings that both have."""
    for what, old in before.items():
        new = after.get(what)
        if new is None:
            continue
        if old.in_perimeter is not new.in_perimeter:
            words = (
                f"{what} changes: {{}} -> {{}}; the preview does not show what a network security perimeter "
                "lets in"
            )
            yield Verdict(Name.UNDETERMINED, words, (old.shown, new.shown))
        elif new.lets is None and old.lets is not None:
            yield Verdict(Name.UNDETERMINED, f"{what} changes, and the preview does not show to what")
        elif new.lets_more_than(old):
            done = "WEAKENED" if new.lost is Name.RECOVERY_WEAKENED else "weakened"
            yield Verdict(new.lost, f"{what} {done}: {{}} -> {{}}", (old.shown, new.shown or "none"))
        elif new.notes_gain and (old.lets_more_than(new) if not new.records else not old.records):
            words = f"{what} strengthened: {{}} -> {{}}"
            yield Verdict(Name.STRENGTHENED, words, (old.shown or "none", new.shown))


def outside(
    judge: Callable[[Facts, Facts], Iterable[Verdict]], recorded: Facts, live: Facts, planned: Facts
) -> Iterator[Verdict]:
    """Verdicts on changes outside Pulumi: protection that was weakened and that this update leaves so, and a
    service that was cut off from its key and that this update lets in again."""
    stays, back = set(judge(recorded, planned)), set(judge(planned, live))
    for one in judge(recorded, live):
        if one in stays:
            yield one
        elif one.name is Name.ACCESS_REVOKED and one in back:
            words = f"{one.words}, by a change outside Pulumi, {GIVEN_BACK}"
            yield Verdict(Name.ACCESS_RESTORED, words, one.values)


def of_account(state: StackResource, endpoints: int, logs: Iterable[StackResource]) -> dict[str, Setting]:
    """The settings of an account. `endpoints` is how many private endpoints lead to it."""
    off = flag(state.setting("disableLocalAuth"))
    local = off if isinstance(off, Mark) else None if off is None else _on(not off)
    return {
        "account's network": network(state, endpoints, "network"),
        "login by account key": Setting(
            local, {"on": _ALL, "off": _NOTHING}.get(str(local)), "login by account key" if local else ""
        ),
        "account's audit log": _audit(logs, notes_gain=False),
        "Pulumi's protection of the account": protected(state),
        "account's outbound access": _outbound(state),
    }


def of_vault(
    state: StackResource, endpoints: int, logs: Iterable[StackResource], *, live: bool
) -> dict[str, Setting]:
    """The settings of a vault. A write that does not state purge protection leaves it as it is."""
    soft, purge = (flag(state.setting(name)) for name in ("enableSoftDelete", "enablePurgeProtection"))
    firewall = network(state, endpoints, "vault network")
    # The service reaches its vault as a trusted one.
    judged = demands.trusted_services(_network(state))
    if judged and not (judged.unmet or firewall.in_perimeter):
        firewall = replace(firewall, lets=None)
    return {
        "vault's network": firewall,
        "soft delete": _recovery(soft, ""),
        "purge protection": _recovery(False if purge is None and live else purge, "purge protection"),
        "days a deleted key can be recovered": _retention(text(state.setting("softDeleteRetentionInDays"))),
        "vault's audit log": _audit(logs, "audit"),
        "Pulumi's protection of the vault": protected(state),
    }


def protected(state: StackResource) -> Setting:
    """Pulumi's own protection of a resource."""
    return Setting(_on(state.protect), _NOTHING if state.protect else _ALL, notes_gain=False)


def _network(state: StackResource) -> Network:
    return adapters.network(values.look(state.inputs, "properties"))


def network(state: StackResource, endpoints: int, fact: str) -> Setting:
    """Who reaches an account or a vault over the network, as core reads it."""
    found = _network(state)
    behind = f", private endpoints: {endpoints}" if endpoints else ""
    if found.in_perimeter:
        return Setting(f"decided by its network security perimeter{behind}", None, fact, in_perimeter=True)
    lists = [[rules] if isinstance(rules, Mark) else rules for rules in (found.ip_rules, found.subnet_rules)]
    rules = [] if found.is_disabled else [*lists[0], *lists[1]]
    decides = () if found.is_disabled else (found.public_access, found.default_action)
    if demands.first_mark(*decides) or (not found.is_open and demands.first_mark(*rules)):
        return Setting(Mark.UNKNOWN.value + behind, None, fact)
    if found.is_open:
        return Setting(f"open to all networks{behind}", _ALL, fact)
    named = frozenset(map(str, rules))
    # Nobody has seen that rules without a default action close an endpoint, nor that they leave it open.
    perhaps = {_PERHAPS_ANYTHING} if rules and not state.stated("networkAcls.defaultAction") else _NOTHING
    behind = (", without a default action" if perhaps else "") + behind
    says_so = state.stated("networkAcls.bypass") and found.admits_trusted_services
    behind = (", trusted Azure services" if says_so else "") + behind
    shown = f"selected networks ({', '.join(sorted(named))})" if named else "closed"
    return Setting(shown + behind, named | perhaps, fact)


def _outbound(state: StackResource) -> Setting:
    """Which hosts an account may reach: anything where it says nothing, as in Azure."""
    restricts = flag(state.setting("restrictOutboundNetworkAccess"))
    listed = items(state.stated("allowedFqdnList"))
    names = [listed] if isinstance(listed, Mark) else [text(one) for one in listed]
    if demands.first_mark(restricts, *names):
        return Setting(Mark.UNKNOWN.value, None)
    if not restricts:
        return Setting("anywhere", _ALL)
    hosts = frozenset(known for one in names if (known := folded(one)))
    return Setting(", ".join(sorted(hosts)) or "nothing", hosts)


def _recovery(is_on: bool | Mark | None, fact: str) -> Setting:
    known = isinstance(is_on, bool)
    lets = (_NOTHING if is_on else _ALL) if known else None
    shown = is_on if isinstance(is_on, Mark) else _on(bool(is_on))
    return Setting(shown, lets, fact, Name.RECOVERY_WEAKENED, notes_gain=bool(fact))


def _retention(days: Value) -> Setting:
    number = int(days) if isinstance(days, str) and days.isdigit() else None
    longest: int = DEFAULTS["softDeleteRetentionInDays"]
    # On these days after a deletion the key is lost.
    lost = None if number is None else frozenset(map(str, range(number, longest)))
    return Setting(days, lost, lost=Name.RECOVERY_WEAKENED, notes_gain=False)


def linked_of(state: StackResource) -> frozenset[tuple[str, str]]:
    """Where an account keeps data beside its own store: storage accounts, the search of question answering.

    Their data is under their own keys; what is no longer linked is no longer read (userOwnedStorage and
    apiProperties.qnaAzureSearchEndpointId of an account, Microsoft.CognitiveServices 2025-06-01).
    """
    listed = items(state.stated("userOwnedStorage"))
    storage = [] if isinstance(listed, Mark) else [text(look(one, "resourceId")) for one in listed]
    search = text(state.stated("apiProperties.qnaAzureSearchEndpointId"))
    return frozenset(
        (what, known)
        for what, id in (*(("storage", one) for one in storage), ("search", search))
        if (known := id.value if isinstance(id, Mark) else folded(id))
    )


def _audit(settings: Iterable[StackResource], fact: str = "", *, notes_gain: bool = True) -> Setting:
    """All diagnostic settings of a resource together; one without a category or a place records nothing, nor
    does one of which the preview does not show that it is enabled."""
    records: set[Record] = set()
    for state in settings:
        listed = items(state.stated("logs"))
        names = {
            name
            for log in (() if isinstance(listed, Mark) else listed)
            if flag(look(log, "enabled")) in (True, None)
            and (name := folded(text(look(log, "categoryGroup")) or text(look(log, "category"))))
        }
        if isinstance(listed, Mark):
            names = {listed.value}
        records |= {
            (name, what, place.value if isinstance(place, Mark) else _place(state, path, place))
            for path, what in audit_log.DESTINATIONS.items()
            if (place := text(state.stated(path)))
            for name in names
        }
    categories = ", ".join(sorted({category for category, _, _ in records}))
    places = sorted({(what, id) for _, what, id in records})
    shown = f"{categories} to {', '.join(f'{what} {arm_ids.name_of(id)}' for what, id in places)}"
    kept = frozenset(records)
    return Setting(shown if kept else None, _NOTHING, fact, notes_gain=notes_gain, records=kept)


def _covers(records: frozenset[Record], record: Record) -> bool:
    """Whether something is recorded at its place, by its own category or by a group that contains it."""
    category, what, id = record
    is_audit = category == audit_log.CATEGORY.lower()
    groups = {name.lower() for name in audit_log.CATEGORIES} if is_audit else {category, "alllogs"}
    return any((one, what, id) in records for one in groups)


def _place(state: StackResource, path: str, written: str) -> str:
    """Where logs go: a folded id. Of an event hub it is the hub's, whichever rule of its namespace lets the
    logs in; without a name Azure makes hubs in the namespace."""
    id = written.strip().rstrip("/").lower()
    if path != audit_log.EVENT_HUB:
        return id
    namespace, hub = id.partition("/authorizationrules/")[0], text(state.stated(audit_log.EVENT_HUB_NAME))
    if isinstance(hub, Mark):
        return hub.value
    return f"{namespace}/eventhubs/{hub.lower()}" if hub else namespace


def _on(value: bool) -> str:
    return "on" if value else "off"
