"""One provider instance for each that is attached: its login and its way to Azure.

An engine dials once for each provider instance and configures it on that connection, so the peer's address
tells instances apart. Nothing is shared between them: no login, no session, no cached location.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from localazure.standin.arm import Arm, Delays
from localazure.standin.azure import Azure, Login
from localazure.standin.values import RefusedError

MOST_CONNECTIONS: Final = 256
"""How many are kept: an attached provider does not notice when an engine leaves. One update of a fleet may
configure an instance for each subscription and needs all of them to its end; each costs some 20 KB."""
_LOGIN: Final[Mapping[str, str]] = {
    "tenantId": "ARM_TENANT_ID",
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
}
"""The parts of a login: config key, and the variable that replaces it."""
_OTHER_LOGINS: Final = ("useMsi", "useOidc", "useDefaultAzureCredential")
_TRUE: Final = ("true", "1")


class Connections:
    """The provider instances by peer; the one longest unused makes way for a new one."""

    def __init__(
        self, open_azure: Callable[[Login], Azure], delays: Delays, pins_keys: Callable[[], bool]
    ) -> None:
        self._open_azure, self._delays, self._pins_keys = open_azure, delays, pins_keys
        self._by_peer: OrderedDict[str, Arm] = OrderedDict()

    def __getitem__(self, peer: str) -> Arm:
        if peer not in self._by_peer:
            raise RefusedError(
                "this connection was not configured; the engine sends Configure before anything else. "
                "Run the command again"
            )
        self._by_peer.move_to_end(peer)
        return self._by_peer[peer]

    async def configure(self, peer: str, variables: Mapping[str, str], environ: Mapping[str, str]) -> None:
        """Config first, then environment. Raises RefusedError with all that is missing or not supported."""
        config = {key.removeprefix("azure-native:config:"): value for key, value in variables.items()}
        login = _login(config, environ)
        await self.forget(peer)
        while len(self._by_peer) >= MOST_CONNECTIONS:
            await self.forget(next(iter(self._by_peer)))
        location = config.get("location") or environ.get("ARM_LOCATION") or ""
        self._by_peer[peer] = Arm(
            self._open_azure(login),
            login.subscription_id,
            self._delays,
            location=location,
            pins_keys=self._pins_keys,
        )

    def stop(self, peer: str) -> None:
        if peer in self._by_peer:
            self._by_peer[peer].stop()

    async def forget(self, peer: str) -> None:
        """Closes what a peer had; a new engine may come from an old one's address."""
        arm = self._by_peer.pop(peer, None)
        if arm is not None:
            arm.stop()
            await arm.azure.close()

    async def close(self) -> None:
        for peer in list(self._by_peer):
            await self.forget(peer)


def _login(config: Mapping[str, str], environ: Mapping[str, str]) -> Login:
    problems = [
        f"'azure-native:{key}' is not supported by the local azure-native: it logs in with a client secret"
        for key in _OTHER_LOGINS
        if config.get(key, "").lower() in _TRUE
    ]
    environment = (config.get("environment") or "public").lower()
    # A metadata host names the cloud instead of the environment; whichever it is, the way leads here.
    if environment not in ("public", "azurecloud") and not config.get("metadataHost"):
        problems.append(f"'azure-native:environment' is '{environment}': the local Azure is 'public'")
    found = {key: config.get(key) or environ.get(name) or "" for key, name in _LOGIN.items()}
    problems += [
        f"'{key}' is not set: set azure-native:{key} or {_LOGIN[key]}"
        for key, value in found.items()
        if not value
    ]
    if problems:
        raise RefusedError("; ".join(problems))
    return Login(*found.values())
