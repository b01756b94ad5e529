"""Whether an account could follow a rotation: asked first, since a version that was made is there to stay.

Without an account only the key and its vault are judged: no account could follow to a version of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from provider import ids
from provider.azure_calls import Azure
from provider.binding import Wish, bound
from provider.facts import Surroundings
from provider.finding import Finding, Subject
from provider.preflight import FOLLOWING, findings
from provider.reading import things, with_bound_key, with_roles
from provider.waiting import Patience


@dataclass(frozen=True)
class Rotating:
    """A key that is to be rotated, and the account that is to follow, if one is named."""

    key: ids.KeyId
    vault_uri: str
    account: ids.AccountId | None = None

    @property
    def head(self) -> str:
        """How a refusal begins."""
        who = f"the account {self.account.name} could not" if self.account else "no account could"
        return f"the key {self.key.name} is not rotated, since {who} follow it"


async def obstacles(
    azure: Azure, rotating: Rotating, patience: Patience, now: float
) -> tuple[Surroundings, list[Finding]]:
    """What is around the rotation, and every reason why the account could not be bound to a new version.

    The identity that must have access is the one that uses the key now. `now` is seconds since 1970.
    """
    key = ids.KeyUri(rotating.vault_uri, rotating.key.name, "")
    wish = Wish(rotating.account, key, rotating.key.vault, identity_known=False)
    around = await things(azure, wish, patience)
    found = bound(around.account) if around.account else None
    if found:
        wish = replace(wish, identity_client_id=found.identity_client_id, identity_known=True)
    around = await with_roles(azure, wish, around, patience)
    around = await with_bound_key(azure, wish, around, patience)
    return around, findings(Subject(wish, around, now, rebinding=True), FOLLOWING)
