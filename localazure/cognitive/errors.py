"""The errors that several modules of Cognitive Services raise."""

from __future__ import annotations

from localazure.web import ServiceError


def bad_request(message: str) -> ServiceError:
    """The service's 400; no text is known where a row of refusals.json has none."""
    return ServiceError(400, "BadRequest", message)
