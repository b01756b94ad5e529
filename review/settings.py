"""Settings that protect data beside the key: recovery, network, login by key, audit, Pulumi's protection.

Each is read as the set of things that it lets through, so that one comparison says whether a change makes it
weaker. Sources: the service demands soft delete and purge protection; Azure's own policies ask for the
others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from core import adapters, arm_ids, audit_log, demands, values
from core.defaults import DEFAULTS
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark, Value, flag, folded, items, look, text
from review.verdict import Name, Verdict

_ANYTHING: Final = "*"
_NOTHING: Final[frozenset[str]] = frozenset()
_ALL: Final = frozenset({_ANYTHING})
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

    def lets_more_than(self, before: Setting) -> bool:
        """Whether something passes that did not before, or is no longer logged at its place."""
        if any(not _covers(self.records, one) for one in before.records):
            return True
        if self.lets is None or before.lets is None or _ANYTHING in before.lets:
            return False
        return bool(self.lets - before.lets)


Settings = Mapping[tuple[str, str], Setting]
"""Settings by the URN of their resource, and by what a verdict calls them."""


def compared(before: Settings, after: Settings) -> Iterator[Verdict]:
    """The verdicts on settings of both moments that get weaker or stronger."""
    for name, old in before.items():
        new, what = after.get(name), name[1]
        if new is None:
            continue
        if (old.lets is None or new.lets is None) and old.shown != new.shown:
            words = f"{what} changes: {{}} -> {{}}, and the preview does not show what that lets in"
            yield Verdict(Name.UNDETERMINED, words, (old.shown, new.shown))
        elif new.lets_more_than(old):
            done = "WEAKENED" if new.lost is Name.RECOVERY_WEAKENED else "weakened"
            yield Verdict(new.lost, f"{what} {done}: {{}} -> {{}}", (old.shown, new.shown or "none"))
        elif new.notes_gain and (old.lets_more_than(new) if not new.records else not old.records):
            words = f"{what} strengthened: {{}} -> {{}}"
            yield Verdict(Name.STRENGTHENED, words, (old.shown or "none", new.shown))


def of(
    state: StackResource, logs: Iterable[StackResource], *, planned: bool
) -> dict[tuple[str, str], Setting]:
    """The settings of an account, a vault or whatever else Pulumi protects. `logs` are its diagnostic
    settings."""
    noun = {Kind.BINDING: "binding", Kind.MANAGED_HSM: "vault"}.get(state.kind) if state.kind else ""
    noun = noun or (state.kind.value if state.kind else "resource")
    lets = _NOTHING if state.protect else _ALL
    found = {f"Pulumi's protection of the {noun}": Setting(_on(state.protect), lets, notes_gain=False)}
    if state.kind is Kind.ACCOUNT:
        found = _of_account(state) | {"account's audit log": _audit(logs, notes_gain=False)} | found
    elif state.kind in {Kind.VAULT, Kind.MANAGED_HSM}:
        found = _of_vault(state, planned=planned) | {"vault's audit log": _audit(logs, "audit")} | found
    return {(state.urn, what): setting for what, setting in found.items()}


def _of_account(state: StackResource) -> dict[str, Setting]:
    off = flag(state.setting("disableLocalAuth"))
    login = off if isinstance(off, Mark) else _on(not off)
    lets = None if isinstance(off, Mark) else _NOTHING if off else _ALL
    return {
        "account's network": _network(state, "network"),
        "login by account key": Setting(login, lets, "login by account key"),
        "account's outbound access": _outbound(state),
    }


def _of_vault(state: StackResource, *, planned: bool) -> dict[str, Setting]:
    soft, purge = (flag(state.setting(name)) for name in ("enableSoftDelete", "enablePurgeProtection"))
    # A write that does not state it leaves it as it is.
    purge = False if purge is None and not planned else purge
    firewall = _network(state, "vault network")
    # The service reaches its vault as a trusted one.
    judged = demands.trusted_services(adapters.network(values.look(state.inputs, "properties")))
    if judged and not judged.unmet:
        firewall = replace(firewall, lets=None)
    return {
        "vault's network": firewall,
        "soft delete": _recovery(soft, ""),
        "purge protection": _recovery(purge, "purge protection"),
        "days a deleted key can be recovered": _retention(text(state.setting("softDeleteRetentionInDays"))),
    }


def _network(state: StackResource, fact: str) -> Setting:
    """Who reaches an account or a vault over the network, as core reads it."""
    found = adapters.network(values.look(state.inputs, "properties"))
    if found.in_perimeter:
        return Setting("decided by its network security perimeter", None, fact)
    lists = [[rules] if isinstance(rules, Mark) else rules for rules in (found.ip_rules, found.subnet_rules)]
    rules = [] if found.is_disabled else [*lists[0], *lists[1]]
    decides = () if found.is_disabled else (found.public_access, found.default_action)
    if demands.first_mark(*decides) or (not found.is_open and demands.first_mark(*rules)):
        return Setting(Mark.UNKNOWN, None, fact)
    if found.is_open:
        return Setting("open to all networks", _ALL, fact)
    named = frozenset(map(str, rules))
    shown = f"selected networks ({', '.join(sorted(named))})" if named else "closed"
    if state.stated("networkAcls.bypass") and found.admits_trusted_services:
        shown += ", trusted Azure services"
    if rules and not state.stated("networkAcls.defaultAction"):
        # Nobody has seen that rules without a default action close an endpoint, nor that they leave it open.
        return Setting(f"{shown}, without a default action", named | {"perhaps anything"}, fact)
    return Setting(shown, named, fact)


def _outbound(state: StackResource) -> Setting:
    """Which hosts an account may reach: anything where it says nothing, as in Azure."""
    restricts = flag(state.setting("restrictOutboundNetworkAccess"))
    listed = items(state.stated("allowedFqdnList"))
    names = [listed] if isinstance(listed, Mark) else [text(one) for one in listed]
    if demands.first_mark(restricts, *names):
        return Setting(Mark.UNKNOWN, None)
    if not restricts:
        return Setting("anywhere", _ALL)
    hosts = frozenset(known for one in names if (known := folded(one)))
    return Setting(", ".join(sorted(hosts)) or "nothing", hosts)


def _recovery(is_on: bool | Mark | None, fact: str) -> Setting:
    lets = (_NOTHING if is_on else _ALL) if isinstance(is_on, bool) else None
    shown = _on(is_on) if isinstance(is_on, bool) else is_on or "not stated"
    return Setting(shown, lets, fact, Name.RECOVERY_WEAKENED, notes_gain=bool(fact))


def _retention(days: Value) -> Setting:
    number = int(days) if isinstance(days, str) and days.isdigit() else None
    longest: int = DEFAULTS["softDeleteRetentionInDays"]
    # On these days after a deletion the key is lost.
    lost = None if number is None else frozenset(map(str, range(number, longest)))
    return Setting(days, lost, lost=Name.RECOVERY_WEAKENED, notes_gain=False)


def linked_of(state: StackResource) -> frozenset[tuple[str, str]]:
    """Where an account keeps data beside its own store: storage accounts, the search of question answering.

    Their data is under their own keys. The account no longer reads a store that is not linked any more
    (userOwnedStorage and apiProperties.qnaAzureSearchEndpointId of an account, Microsoft.CognitiveServices
    2025-06-01).
    """
    listed = items(state.stated("userOwnedStorage"))
    storage = [] if isinstance(listed, Mark) else [text(look(one, "resourceId")) for one in listed]
    search = text(state.stated("apiProperties.qnaAzureSearchEndpointId"))
    found = [*(("storage", one) for one in storage), ("search", search)]
    return frozenset((what, known) for what, id in found if (known := _known(id)))


def _audit(diagnostics: Iterable[StackResource], fact: str = "", *, notes_gain: bool = True) -> Setting:
    """All diagnostic settings of a resource together. A setting without a category or a destination records
    nothing, nor does one that the preview does not show as enabled."""
    records: set[Record] = set()
    for state in diagnostics:
        listed = items(state.stated("logs"))
        names = (
            {listed.value}
            if isinstance(listed, Mark)
            else {
                name
                for log in listed
                if flag(look(log, "enabled")) in (True, None)
                and (name := folded(text(look(log, "categoryGroup")) or text(look(log, "category"))))
            }
        )
        for path, what in audit_log.DESTINATIONS.items():
            hub = text(state.stated(audit_log.EVENT_HUB_NAME)) if path == audit_log.EVENT_HUB else None
            if place := _known(text(state.stated(path))):
                place = f"{place}/{_known(hub)}" if hub else place
                records |= {(name, what, place) for name in names}
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


def _known(id: Value) -> str | None:
    """An id for comparing, or the mark that hides it."""
    return id.value if isinstance(id, Mark) else folded(id)


def _on(value: bool) -> str:
    return "on" if value else "off"
