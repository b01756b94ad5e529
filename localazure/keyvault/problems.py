"""The errors of Key Vault's ARM side that several of its modules raise."""

from __future__ import annotations

from localazure.web import ServiceError


def bad_request(message: str) -> ServiceError:
    """The provider's 400."""
    return ServiceError(400, "BadRequest", message)


def invalid(name: str) -> ServiceError:
    """The provider's text for most properties that it does not accept."""
    return bad_request(f"An invalid value was provided for '{name}'.")
