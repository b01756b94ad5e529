"""What the document and the page both show of a service, beside its facts."""

from __future__ import annotations

from operate.evidence.access import Grant, controllers, unwrappers
from operate.evidence.model import Key, KeyUse, NotChecked, Service, Vault
from operate.evidence.use import User, rows_of, users


def access(service: Service) -> tuple[Grant, ...] | NotChecked:
    """Who can unwrap with the service's key."""
    if not isinstance(service.vault, Vault):
        return _not_read("vault", service.vault)
    if not isinstance(service.key, Key):
        return _not_read("key", service.key)
    return unwrappers(service.vault, service.key.id, service.assignments)


def control(service: Service) -> tuple[Grant, ...] | NotChecked:
    """Who could give themselves the right to unwrap."""
    if not isinstance(service.vault, Vault):
        return _not_read("vault", service.vault)
    if not isinstance(service.key, Key):
        return _not_read("key", service.key)
    return controllers(service.vault, service.key.id, service.assignments)


def use_by_identity(service: Service) -> tuple[User, ...] | NotChecked:
    """Who used the key how often, in the time that the log was asked for."""
    if not isinstance(service.use, KeyUse):
        return service.use or NotChecked("the audit log was not asked for")
    if not isinstance(service.key, Key):
        return _not_read("key", service.key)
    return users(rows_of(service.key.name, service.use))


def _not_read(what: str, part: object) -> NotChecked:
    why = part.why if isinstance(part, NotChecked) else "it was not asked for"
    return NotChecked(f"the {what} was not read: {why}")
