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
from core.values import Hidden, Value, flag, folded, get_path, items, text
from core.verdicts import Name, Verdict

_ANYTHING: Final = "*"
_NOTHING: Final[frozenset[str]] = frozenset()
_ALL: Final = frozenset({_ANYTHING})
_DONE: Final = {Name.RECOVERY_WEAKENED: "WEAKENED", Name.LINK_LOST: "TAKEN AWAY"}
_PASSES: Final = {"readonly": _NOTHING, "cannotdelete": frozenset({"writes"})}
"""What a management lock of a level lets through; of any other level everything."""
_NOUNS: Final = {Kind.BINDING: "binding", Kind.MANAGED_HSM: "vault"}
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
        if any(not _covers(self.records, record) for record in before.records):
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
    noun = _NOUNS.get(state.kind, state.kind.value) if state.kind else "resource"
    found = {f"Pulumi's protection of the {noun}": _on_or_off(state.protect)}
    if state.kind is Kind.ACCOUNT:
        found |= _of_account(state, logs)
    elif state.kind in {Kind.VAULT, Kind.MANAGED_HSM}:
        found |= _of_vault(state, logs, planned=planned)
    elif state.kind is Kind.LOCK:
        level = text(state.input("level"))
        lets = None if isinstance(level, Hidden) else _PASSES.get(folded(level) or "", _ALL)
        found["management lock"] = Setting(level, lets)
    return {(state.urn, what): setting for what, setting in found.items()}


def _of_account(account: StackResource, logs: Iterable[StackResource]) -> dict[str, Setting]:
    login = "login by account key"
    disabled = flag(account.setting("disableLocalAuth"))
    by_key = disabled if isinstance(disabled, Hidden) else not disabled
    return {
        "account's network": _network(account, "network"),
        login: _on_or_off(by_key, safe=False, fact=login),
        "account's outbound access": _outbound(account),
        "account's links": _links(account),
        "account's audit log": _audit(logs),
    }


def _of_vault(vault: StackResource, logs: Iterable[StackResource], *, planned: bool) -> dict[str, Setting]:
    soft_delete, purge_protection = (
        flag(vault.setting(name)) for name in ("enableSoftDelete", "enablePurgeProtection")
    )
    if purge_protection is None and not planned:
        # A write that does not state it leaves it as it is.
        purge_protection = False
    weakened = Name.RECOVERY_WEAKENED
    return {
        "vault's network": _network(vault, "vault network"),
        "soft delete": _on_or_off(soft_delete, lost=weakened),
        "purge protection": _on_or_off(purge_protection, fact="purge protection", lost=weakened),
        "vault's audit log": _audit(logs, "audit"),
    }


def _on_or_off(
    on: bool | Hidden | None, *, safe: bool = True, fact: str = "", lost: Name = Name.PROTECTION_WEAKENED
) -> Setting:
    """A setting that is on or off, of which one is `safe`."""
    if not isinstance(on, bool):
        return Setting(on or "not stated", None, fact, lost)
    return Setting("on" if on else "off", _NOTHING if on is safe else _ALL, fact, lost)


def _network(state: StackResource, fact: str) -> Setting:
    """Who reaches an account or a vault over the network, as core reads it."""
    found = adapters.network(values.get_path(state.inputs, "properties"))
    if found.in_perimeter:
        return Setting("decided by its network security perimeter", None, fact)
    rules: list[Value] = []
    if not found.is_disabled:
        rules = [*_listed(found.ip_rules), *_listed(found.subnet_rules)]
        if demands.first_hidden(found.public_access, found.default_action):
            return Setting(Hidden.UNKNOWN, None, fact)
    if found.is_open:
        return Setting("open to all networks", _ALL, fact)
    if demands.first_hidden(*rules):
        return Setting(Hidden.UNKNOWN, None, fact)
    networks = frozenset(map(str, rules))
    shown = "closed"
    if networks:
        shown = f"selected networks ({', '.join(sorted(networks))})"
    if state.input("networkAcls.bypass") and found.admits_trusted_services:
        shown += ", trusted Azure services"
    lets: frozenset[str] | None = networks
    if networks and not state.input("networkAcls.defaultAction"):
        # Nobody has seen that rules without a default action close an endpoint, nor that they leave it open.
        shown, lets = f"{shown}, without a default action", networks | {"perhaps anything"}
    if state.kind is not Kind.ACCOUNT:
        # The service reaches its vault as a trusted one.
        judged = demands.trusted_services(found)
        if judged and not judged.unmet:
            lets = None
    return Setting(shown, lets, fact)


def _listed(rules: tuple[Value, ...] | Hidden) -> tuple[Value, ...]:
    """Rules one by one; the mark that hides them stands for one."""
    return (rules,) if isinstance(rules, Hidden) else rules


def _outbound(state: StackResource) -> Setting:
    """Which hosts an account may reach: anything where it says nothing, as in Azure."""
    restricts = flag(state.setting("restrictOutboundNetworkAccess"))
    listed = items(state.input("allowedFqdnList"))
    if isinstance(listed, Hidden):
        return Setting(Hidden.UNKNOWN, None)
    names = [text(host) for host in listed]
    if demands.first_hidden(restricts, *names):
        return Setting(Hidden.UNKNOWN, None)
    if not restricts:
        return Setting("anywhere", _ALL)
    hosts = frozenset(filter(None, map(folded, names)))
    return Setting(", ".join(sorted(hosts)) or "nothing", hosts)


def _links(state: StackResource) -> Setting:
    """Where an account keeps data beside its own store: storage accounts, the search of question answering.

    Their data is under their own keys. The account no longer reads a store that is not linked any more
    (userOwnedStorage and apiProperties.qnaAzureSearchEndpointId of an account, Microsoft.CognitiveServices
    2025-06-01).
    """
    listed = items(state.input("userOwnedStorage"))
    storage = [] if isinstance(listed, Hidden) else [text(get_path(each, "resourceId")) for each in listed]
    search = text(state.input("apiProperties.qnaAzureSearchEndpointId"))
    found = [*(("storage", id) for id in storage), ("search", search)]
    records = frozenset(("", what, known) for what, id in found if (known := _comparable(id)))
    return Setting(_places(records), lost=Name.LINK_LOST, records=records)


def _audit(diagnostics: Iterable[StackResource], fact: str = "") -> Setting:
    """All diagnostic settings of a resource together. A setting without a category or a destination records
    nothing."""
    records: set[Record] = set()
    for state in diagnostics:
        categories = {values.as_text(each) for each in audit_log.recorded(state.input("logs"))}
        for path, what in audit_log.DESTINATIONS.items():
            place = _comparable(text(state.input(path)))
            if place and path == audit_log.EVENT_HUB:
                hub = _comparable(text(state.input(audit_log.EVENT_HUB_NAME)))
                place = f"{place}/{hub}" if hub else place
            if place:
                records |= {(category, what, place) for category in categories}
    if not records:
        return Setting(None, fact=fact)
    kept = frozenset(records)
    names = ", ".join(sorted({category for category, _, _ in kept}))
    return Setting(f"{names} to {_places(kept)}", fact=fact, records=kept)


def _places(records: frozenset[Record]) -> str:
    places = sorted({(what, id) for _, what, id in records})
    return ", ".join(f"{what} {arm_ids.name_of(id)}" for what, id in places)


def _covers(records: frozenset[Record], record: Record) -> bool:
    """Whether something is recorded at its place, by its own category or by a group that contains it."""
    category, what, id = record
    is_audit = category == audit_log.CATEGORY.lower()
    groups = audit_log.CATEGORIES if is_audit else {category, "alllogs"}
    return any((group, what, id) in records for group in groups)


def _comparable(id: Value) -> str | None:
    """An id for comparing, or the mark that hides it."""
    return id.value if isinstance(id, Hidden) else folded(id)
