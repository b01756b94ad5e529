"""What ends a call: an answer of Azure that is not the one expected, in one shape, or our own word.

`core.refusals` says what kind of refusal an answer is, `responses` makes it of what the clients raise,
`errors` translates it for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import refusals

if TYPE_CHECKING:
    from provider.resource import State

NOT_SENT = -1
"""The status of a request that this provider itself did not let out."""


@dataclass(frozen=True)
class Detail:
    """One of several errors in an answer. `target` is an ARM id or a name, "" where Azure does not say."""

    code: str
    target: str
    text: str


@dataclass(frozen=True)
class ServiceError(Exception):
    """An answer or the lack of one. `status` 0 means that no answer came; `retry_after` is in seconds;
    `details` are the errors that it is made of, each with its code, target and message."""

    status: int
    code: str
    text: str
    doing: str = ""
    inner_code: str = ""
    correlation_id: str = ""
    retry_after: float | None = None
    details: tuple[Detail, ...] = ()

    def __str__(self) -> str:
        return f"{self.status or 'no answer'} {self.code}: {self.text}"

    @property
    def is_absent(self) -> bool:
        """Whether the resource does not exist. A subscription that never used a resource provider has nothing
        of it."""
        return self.status == 404 or self.code == "MissingSubscriptionRegistration"

    @property
    def is_forbidden(self) -> bool:
        """Whether the deploying principal may not do this."""
        return refusals.is_forbidden(self.status, self.code, self.text, self.inner_code)

    @property
    def is_unreachable(self) -> bool:
        """Whether the request did not get through: no answer, or a firewall's."""
        return self.status == 0 or refusals.is_firewall(self.code, self.text, self.inner_code)

    @property
    def is_parallel_write(self) -> bool:
        """Whether another write of the same vault is under way."""
        return refusals.is_parallel_write(self.code, self.text)

    @property
    def kind(self) -> refusals.RefusalKind:
        """What to do about it."""
        return refusals.kind(self.status, self.code, self.text, self.inner_code)


class RefusedOperationError(Exception):
    """What was asked for cannot be done; the message holds every reason and nothing was written."""


class NoVersionError(RefusedOperationError):
    """No version of the key can be bound; the message says why, and what to do."""


class UnfinishedError(Exception):
    """Azure took the change but its end was not seen; running the same again finishes it. `state` is what is
    kept of the resource meanwhile, if it exists; `secrets` names the outputs that are secret."""

    state: State | None = None
    secrets: frozenset[str] = frozenset()


class UnknownTypeError(Exception):
    """The provider has no such resource or function."""
