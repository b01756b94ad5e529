"""Settings that protect data beside the key: recovery, network, login by key, audit, links, locks, Pulumi's
protection.

Each is read as the set of things that it lets through, so that one comparison says whether a change makes it
weaker. Sources: the service demands soft delete and purge protection; Azure's own policies ask for the
others. The days that a deleted key can be recovered are not compared, because Azure never changes them on a
vault (key-vault/general/soft-delete-overview, 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from core import adapters, arm_ids, audit_log, demands, values
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark, Value, flag, folded, items, look, text
from review.verdict import Name, Verdict

_ANYTHING: Final = "*"
_NOTHING: Final[frozenset[str]] = frozenset()
_ALL: Final = frozenset({_ANYTHING})
_DONE: Final = {Name.RECOVERY_WEAKENED: "WEAKENED", Name.LINK_LOST: "TAKEN AWAY"}
_PASSES: Final = {"readonly": _NOTHING, "cannotdelete": frozenset({"writes"})}
"""What a management lock of a level lets through; of any other level everything."""
Record = tuple[str, str, str]


@dataclass(frozen=True)
class Setting:
    """One setting at one moment. `lets`: which callers, hosts, logins or losses it lets through, None when
    that is not known; `records`: what is kept (a category of logs, "" for a link), in what kind of place, and
    its folded id. `fact` is its line in the report; `lost` the verdict when it gets weaker."""

    shown: Value
    lets: frozenset[str] | None = _NOTHING
    fact: str = ""
    lost: Name = Name.PROTECTION_WEAKENED
    records: frozenset[Record] = frozenset()

    def lets_more_than(self, before: Setting) -> bool:
        """Whether something passes that did not before, or is no longer kept at its place."""
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
        new, what = after.get(name, old), name[1]
        shown = (old.shown or "none", new.shown or "none")
        if (old.lets is None or new.lets is None) and old.shown != new.shown:
            words = f"{what} changes: {{}} -> {{}}, and the preview does not show what that lets in"
            yield Verdict(Name.UNDETERMINED, words, shown)
        elif new.lets_more_than(old):
            yield Verdict(new.lost, f"{what} {_DONE.get(new.lost, 'weakened')}: {{}} -> {{}}", shown)
        elif old.lets_more_than(new) and new.lost is not Name.LINK_LOST:
            yield Verdict(Name.STRENGTHENED, f"{what} strengthened: {{}} -> {{}}", shown)


def of(state: StackResource, logs: Iterable[StackResource], *, planned: bool) -> Settings:
    """The settings of an account, a vault or whatever else Pulumi protects. `logs` are its diagnostic
    settings."""
    kind = state.kind.value if state.kind else "resource"
    noun = {Kind.BINDING.value: "binding", Kind.MANAGED_HSM.value: "vault"}.get(kind, kind)
    found = {f"Pulumi's protection of the {noun}": _switch(state.protect)}
    if state.kind is Kind.ACCOUNT:
        off = flag(state.setting("disableLocalAuth"))
        login = _switch(off if isinstance(off, Mark) else not off, safe=False, fact="login by account key")
        found |= {
            "account's network": _network(state, "network"),
            "login by account key": login,
            "account's outbound access": _outbound(state),
            "account's links": _links(state),
            "account's audit log": _audit(logs),
        }
    elif state.kind in {Kind.VAULT, Kind.MANAGED_HSM}:
        soft, purge = (flag(state.setting(name)) for name in ("enableSoftDelete", "enablePurgeProtection"))
        # A write that does not state it leaves it as it is.
        purge = False if purge is None and not planned else purge
        found |= {
            "vault's network": _network(state, "vault network"),
            "soft delete": _switch(soft, lost=Name.RECOVERY_WEAKENED),
            "purge protection": _switch(purge, fact="purge protection", lost=Name.RECOVERY_WEAKENED),
            "vault's audit log": _audit(logs, "audit"),
        }
    elif state.kind is Kind.LOCK:
        level = text(state.stated("level"))
        lets = None if isinstance(level, Mark) else _PASSES.get(folded(level) or "", _ALL)
        found["management lock"] = Setting(level, lets)
    return {(state.urn, what): setting for what, setting in found.items()}


def _switch(
    on: bool | Mark | None, *, safe: bool = True, fact: str = "", lost: Name = Name.PROTECTION_WEAKENED
) -> Setting:
    """A setting that is on or off, of which one is `safe`."""
    if not isinstance(on, bool):
        return Setting(on or "not stated", None, fact, lost)
    return Setting("on" if on else "off", _NOTHING if on is safe else _ALL, fact, lost)


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
        shown, named = f"{shown}, without a default action", named | {"perhaps anything"}
    # The service reaches its vault as a trusted one.
    judged = None if state.kind is Kind.ACCOUNT else demands.trusted_services(found)
    return Setting(shown, None if judged and not judged.unmet else named, fact)


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


def _links(state: StackResource) -> Setting:
    """Where an account keeps data beside its own store: storage accounts, the search of question answering.

    Their data is under their own keys. The account no longer reads a store that is not linked any more
    (userOwnedStorage and apiProperties.qnaAzureSearchEndpointId of an account, Microsoft.CognitiveServices
    2025-06-01).
    """
    listed = items(state.stated("userOwnedStorage"))
    storage = [] if isinstance(listed, Mark) else [text(look(one, "resourceId")) for one in listed]
    search = text(state.stated("apiProperties.qnaAzureSearchEndpointId"))
    found = [*(("storage", one) for one in storage), ("search", search)]
    records = frozenset(("", what, known) for what, id in found if (known := _known(id)))
    return Setting(_places(records), lost=Name.LINK_LOST, records=records)


def _audit(diagnostics: Iterable[StackResource], fact: str = "") -> Setting:
    """All diagnostic settings of a resource together. A setting without a category or a destination records
    nothing."""
    records: set[Record] = set()
    for state in diagnostics:
        recorded = audit_log.recorded(state.stated("logs"))
        names = {str(one.value if isinstance(one, Mark) else one) for one in recorded}
        for path, what in audit_log.DESTINATIONS.items():
            hub = text(state.stated(audit_log.EVENT_HUB_NAME)) if path == audit_log.EVENT_HUB else None
            if place := _known(text(state.stated(path))):
                place = f"{place}/{_known(hub)}" if hub else place
                records |= {(name, what, place) for name in names}
    kept = frozenset(records)
    categories = ", ".join(sorted({category for category, _, _ in kept}))
    return Setting(f"{categories} to {_places(kept)}" if kept else None, fact=fact, records=kept)


def _places(records: frozenset[Record]) -> str:
    return ", ".join(f"{what} {arm_ids.name_of(id)}" for what, id in sorted({one[1:] for one in records}))


def _covers(records: frozenset[Record], record: Record) -> bool:
    """Whether something is recorded at its place, by its own category or by a group that contains it."""
    category, what, id = record
    is_audit = category == audit_log.CATEGORY.lower()
    groups = audit_log.CATEGORIES if is_audit else {category, "alllogs"}
    return any((one, what, id) in records for one in groups)


def _known(id: Value) -> str | None:
    """An id for comparing, or the mark that hides it."""
    return id.value if isinstance(id, Mark) else folded(id)
