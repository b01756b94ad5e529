"""One shape for every answer of Azure that is not the one wanted, and what kind of trouble it is.

Knows codes and texts, not the clients they came through (`arm` makes these) nor the words for a person
(`errors` translates them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Trouble(Enum):
    """What to do about a failure.

    TRANSIENT: ask again, a few times; nobody knows what happened. THROTTLED: ask again when told to.
    BUSY: somebody else is changing the account; wait. PROPAGATING: access was given and is not known
    everywhere yet. FINAL: asking again will not help.
    """

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    BUSY = "busy"
    PROPAGATING = "propagating"
    FINAL = "final"


NOT_SENT = -1
"""The status of a request that this provider itself did not let out."""


@dataclass(frozen=True)
class ServiceError(Exception):
    """An answer or the lack of one. `status` 0 means that no answer came; `retry_after` is in seconds."""

    status: int
    code: str
    text: str
    doing: str = ""
    inner_code: str = ""
    correlation_id: str = ""
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.status or 'no answer'} {self.code}: {self.text}"

    @property
    def is_absent(self) -> bool:
        return self.status == 404


_BUSY_CODES = {
    "accountprovisioningstateinvalid",
    "anotheroperationinprogress",
    "conflict",
    "requestconflict",
    "resourceconflict",
    "accountisnotsucceeded",
    "etagmismatch",
    "preconditionfailed",
}
_BUSY = re.compile(r"in state (accepted|creating|updating)", re.IGNORECASE)
_FINAL_CONFLICTS = {
    "flagmustbesetforrestore",
    "customdomaininuse",
    "missingsubscriptionregistration",
    "vaultalreadyexists",
    "conflicterror",
    "scopelocked",
    "readonlydisabledsubscription",
}
"""Conflicts that do not pass by themselves: a lock and a disabled subscription last until a person acts."""
_PROPAGATING = re.compile(
    r"KeyVaultProperties is invalid"
    r"|does not have keys \w+ permission"
    r"|Caller is not authorized to perform action on resource"
    r"|(?:un)?able to access .{0,40}key"
    r"|principal .{0,60}does not exist in the directory",
    re.IGNORECASE,
)
_FINAL_CODES = {
    "authorizationfailed",
    "denyassignmentauthorizationfailed",
    "linkedauthorizationfailed",
    "requestdisallowedbypolicy",
    "subscriptionnotregistered",
    "keydisabled",
    "forbiddenbyconnection",
    "forbiddenbyfirewall",
}
_FINAL = re.compile(
    r"public network access is disabled|firewall|client address is not authorized"
    r"|not allowed on a disabled key",
    re.IGNORECASE,
)
_PROPAGATING_CODES = {"principalnotfound", "forbidden", "forbiddenbyrbac", "forbiddenbypolicy"}
"""`Forbidden` is what a vault calls its 403s; an operation that failed tells that without a status."""


def trouble(failure: ServiceError) -> Trouble:
    """What kind of trouble a failure is, by status, code and text."""
    codes = {failure.code.lower(), failure.inner_code.lower()}
    if failure.status == 429:
        return Trouble.THROTTLED
    if failure.status in (0, 408) or failure.status >= 500:
        return Trouble.TRANSIENT
    if codes & (_FINAL_CODES | _FINAL_CONFLICTS) or _FINAL.search(failure.text):
        return Trouble.FINAL
    if codes & _BUSY_CODES or _BUSY.search(failure.text) or failure.status in (409, 412):
        return Trouble.BUSY
    # A 403 that is not about the deploying principal is about the account's identity, and passes when its
    # access has reached every front end of the vault.
    if codes & _PROPAGATING_CODES or _PROPAGATING.search(failure.text) or failure.status == 403:
        return Trouble.PROPAGATING
    return Trouble.FINAL
