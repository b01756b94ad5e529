"""The pages of one account.

Owns: what is shown of it, in which order and words. Does not own: what follows from the facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from operate.evidence.access import Grant
from operate.evidence.html import Html, badge, code, element, join, pairs, table
from operate.evidence.model import Account, Deleted, Facts, Network, NotChecked, Service, Vault
from operate.evidence.page_cells import minute, unless_unread, who
from operate.evidence.page_key import rotation, use_of_key
from operate.evidence.use import BoundSince, bound_since
from operate.evidence.views import access, control


def service_pages(service: Service, facts: Facts) -> Html:
    """Everything about one account."""
    return element(
        "section",
        element("h2", service.name),
        *_parts(service, facts),
        class_="service",
        id=anchor(service),
    )


def anchor(service: Service) -> str:
    """Where the account's pages begin."""
    return f"service-{service.name}"


def _parts(service: Service, facts: Facts) -> Iterator[object]:
    account = service.account
    yield element("p", code(service.account_id), class_="soft")
    yield unless_unread(account, lambda a: pairs(_account_rows(a)))
    yield _protection("Locks and exemptions", _guards(service))
    if isinstance(account, NotChecked) or not account.binding.is_customer_managed:
        return
    yield element("h3", "Key and binding")
    yield pairs(_binding_rows(account, service))
    yield element("h3", "Key versions and rotation")
    yield unless_unread(service.key, lambda key: rotation(account, key, service, facts.taken))
    yield element("h3", "Who can unwrap with the key")
    yield unless_unread(access(service), lambda grants: _grants(grants, account, facts))
    yield element("h3", "Who could give themselves that right")
    yield unless_unread(control(service), lambda grants: _controllers(grants, facts))
    yield element("h3", "Vault")
    yield unless_unread(service.vault, lambda vault: pairs(_vault_rows(vault)))
    yield element("h3", "Use of the key")
    yield unless_unread(service.use, lambda use: use_of_key(service, use, account, facts))
    yield element("h3", "Soft-deleted keys of the vault")
    yield unless_unread(service.deleted_keys, lambda keys: deleted_table(keys, "No key is soft-deleted."))


def _account_rows(account: Account) -> list[tuple[str, object]]:
    return [
        ("Kind, tier, region", f"{account.kind}, {account.sku}, {account.location}"),
        ("Login by account key", _good_if(not account.local_auth, "off", "on")),
        ("Network", _network(account.network)),
        (
            "Identities",
            join(
                element("div", f"{identity.kind}: ", code(identity.principal_id))
                for identity in account.identities
            )
            or "none",
        ),
    ]


def _protection(title: str, rows: list[tuple[str, object]]) -> Html:
    return join([element("h3", title), pairs(rows)])


def _guards(service: Service) -> list[tuple[str, object]]:
    locks = unless_unread(
        service.locks, lambda found: ", ".join(f"{one.level} at {one.scope}" for one in found) or "none"
    )
    exempt = unless_unread(
        service.exemptions,
        lambda found: (
            join(
                element("div", f"{one.policy}, until {one.until or 'for ever'}: {one.reason}")
                for one in found
            )
            or "none"
        ),
    )
    return [("Management locks", locks), ("Exemptions of Azure Policy", exempt)]


def _binding_rows(account: Account, service: Service) -> list[tuple[str, object]]:
    binding, user = account.binding, account.user
    since = bound_since(account, service.key, service.use)
    who = join([code(user.principal_id), f" ({user.kind})"]) if user else badge("none", "error")
    return [
        ("Key", code(f"{binding.vault_uri}/keys/{binding.key_name}")),
        ("Version", code(binding.key_version) if binding.key_version else badge("none", "error")),
        ("Used by identity", who),
        ("Bound since", _since(since)),
    ]


def _since(since: BoundSince) -> Html:
    if since.not_after is None:
        early = (
            f" Not before {minute(since.not_before)}, when the version was made." if since.not_before else ""
        )
        return join([since.source[0].upper() + since.source[1:], ".", early])
    late, early = minute(since.not_after), minute(since.not_before)
    limits = f"no later than {late} and no earlier than {early}, when the version was made."
    return join([f"{limits} Source: {since.source}. Azure keeps no time of a binding."])


def _grants(grants: Sequence[Grant], account: Account, facts: Facts) -> Html:
    own = account.user.principal_id.lower() if account.user else ""
    rows = [
        (
            who(grant.principal_id, facts),
            _how(grant),
            ", ".join(grant.permits) + (", under a condition" if grant.conditional else ""),
            badge("the account", "good") if grant.principal_id.lower() == own else badge("other", "warning"),
        )
        for grant in grants
    ]
    note = (
        "Groups are not expanded: whoever is in one can do what it can. Deny assignments, and roles that "
        "somebody could activate, are not evaluated."
    )
    heads = ("Object id", "By, at", "Permits on keys", "")
    return join([table("Who can unwrap", heads, rows, empty="Nobody."), element("p", note, class_="soft")])


def _controllers(grants: Sequence[Grant], facts: Facts) -> Html:
    rows = [(who(grant.principal_id, facts), _how(grant), ", ".join(grant.permits)) for grant in grants]
    heads = ("Object id", "By, at", "Permits")
    return table("Who could grant access", heads, rows, empty="Nobody.")


def _how(grant: Grant) -> Html:
    kind = f" ({grant.principal_type})" if grant.principal_type else ""
    return join([f"{grant.how}{kind}", element("div", code(grant.scope), class_="soft")])


def _vault_rows(vault: Vault) -> list[tuple[str, object]]:
    days = f"on, {vault.retention_days} days"
    trusted = vault.network.bypass.lower() == "azureservices"
    return [
        ("Vault", code(vault.id)),
        ("Region", vault.location),
        ("Soft delete", _good_if(vault.soft_delete, days, "off", "error")),
        ("Purge protection", _good_if(vault.purge_protection, "on", "off", "error")),
        ("Access model", "Azure RBAC" if vault.uses_rbac else "access policies"),
        ("Firewall", _network(vault.network)),
        ("Trusted Azure services", "pass the firewall" if trusted else "do not pass the firewall"),
    ]


def deleted_table(found: Sequence[Deleted], empty: str) -> Html:
    """What is soft-deleted, and until when."""
    rows = [(d.name, d.kind, minute(d.deleted), minute(d.purged)) for d in found]
    return table("Soft-deleted", ("Name", "What", "Deleted", "Gone for good"), rows, empty=empty)


def _network(network: Network) -> object:
    if network.is_open:
        return badge("open to every network", "warning")
    rules = f"{network.ip_rules} address rules, {network.subnet_rules} subnets"
    public = "no public access" if network.public_access.lower() == "disabled" else f"closed but for {rules}"
    return join([badge("restricted", "good"), f" {public}, {network.private_endpoints} private endpoints"])


def _good_if(holds: bool, yes: str, no: str, kind: str = "warning") -> Html:
    return badge(yes, "good") if holds else badge(no, kind)
