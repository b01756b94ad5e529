"""The errors that several modules of Microsoft.Network raise."""

from __future__ import annotations

from localazure.refusals import refused
from localazure.web import ServiceError


def missing_reference(id: str, owner: str) -> ServiceError:
    """Network's 400 for an id that leads nowhere, or to another region."""
    return refused("InvalidResourceReference", id=id, owner=owner)
