"""One configuration per provider instance that is attached.

An engine dials once for each provider instance and configures it on that connection, so the peer's address
tells instances apart. Nothing is shared between them: no login, no session, no cached location.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from localazure.standin.arm import Arm, AzureError, Delays
from localazure.standin.azure import Azure, Login, NoAnswerError
from localazure.standin.configuration import Configuration
from localazure.standin.paths import fill
from localazure.standin.table import GROUP
from localazure.standin.values import UNKNOWN, Value

MOST_CONNECTIONS: Final = 256
"""How many are kept: an attached provider does not notice when an engine leaves. One update of a fleet may
configure an instance for each subscription and needs all of them to its end; each costs some 20 KB."""
GROUP_VERSION: Final = "2020-10-01"


class NotConfiguredError(Exception):
    """A resource was asked for on a connection that sent no Configure."""


@dataclass
class Connection:
    """One provider instance; `locations` are those of resource groups, by their lower-case names."""

    arm: Arm
    location: str = ""
    locations: dict[str, str] = field(default_factory=dict)

    async def location_for(self, group: Value) -> Value | None:
        """The location of a resource that names none: the stack's, else its group's; None without either."""
        if self.location:
            return self.location
        if group is UNKNOWN:
            return UNKNOWN
        if not isinstance(group, str) or not group:
            return None
        known = self.locations.get(group.lower())
        if known:
            return known
        try:
            id = fill(GROUP, {"resourceGroupName": group}, self.arm.subscription_id)
            found = await self.arm.read(id, GROUP_VERSION)
        except (AzureError, NoAnswerError):
            return None
        if not found or not found.get("location"):
            return None
        return self.locations.setdefault(group.lower(), str(found["location"]))


class Connections:
    """The provider instances by peer; the one longest unused makes way for a new one."""

    def __init__(self, open_azure: Callable[[Login], Azure], delays: Delays) -> None:
        self._open_azure, self._delays = open_azure, delays
        self._by_peer: OrderedDict[str, Connection] = OrderedDict()

    def __getitem__(self, peer: str) -> Connection:
        if peer not in self._by_peer:
            raise NotConfiguredError(
                "this connection was not configured; the engine sends Configure before anything else. "
                "Run the command again"
            )
        self._by_peer.move_to_end(peer)
        return self._by_peer[peer]

    async def configure(self, peer: str, configuration: Configuration) -> None:
        await self.forget(peer)
        while len(self._by_peer) >= MOST_CONNECTIONS:
            await self.forget(next(iter(self._by_peer)))
        login = configuration.login
        azure, reads_back = self._open_azure(login), not configuration.skip_read_on_update
        arm = Arm(azure, login.subscription_id, self._delays, reads_back=reads_back)
        self._by_peer[peer] = Connection(arm, configuration.location)

    def stop(self, peer: str) -> None:
        """Ends the waits of one provider instance."""
        if peer in self._by_peer:
            self._by_peer[peer].arm.stop()

    async def forget(self, peer: str) -> None:
        """Closes what a peer had; a new engine may come from an old one's address."""
        connection = self._by_peer.pop(peer, None)
        if connection is not None:
            connection.arm.stop()
            await connection.arm.azure.close()

    async def close(self) -> None:
        for peer in list(self._by_peer):
            await self.forget(peer)
