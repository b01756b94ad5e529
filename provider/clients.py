"""The official clients, made when first needed: one login, no retries of their own, no foreign hosts.

Their retries are off because `retrying` waits instead: on the provider's clock, with messages, stopped by
Ctrl-C. The modules are imported inside the functions, since each takes a quarter of a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from core.clouds import Cloud
from core.login import Login
from provider import credential
from provider.azure_calls import Principal

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.keyvault.administration import KeyVaultAccessControlClient
    from azure.keyvault.keys import KeyClient
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
    from azure.mgmt.core import ARMPipelineClient
    from azure.mgmt.keyvault import KeyVaultManagementClient

T = TypeVar("T")


class ForeignHostError(Exception):
    """A request was about to leave for a host that is not the chosen cloud's."""


class Clients:
    """One client per service and subscription (or vault), shared by all calls; safe from several threads.

    `read_timeout`: seconds without a byte before a request counts as lost. `answered_at`: the `Date` of the
    last answer, in seconds since 1970; 0 before the first.
    """

    def __init__(self, login: Login, *, connect_timeout: float = 10.0, read_timeout: float = 60.0) -> None:
        self.login = login
        self.answered_at = 0.0
        self._timeouts = {"connection_timeout": connect_timeout, "read_timeout": read_timeout}
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()

    @property
    def cloud(self) -> Cloud:
        return self.login.cloud

    def accounts(self, subscription: str) -> CognitiveServicesManagementClient:
        from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient  # noqa: PLC0415

        return self._once(
            "accounts", subscription, lambda: self._arm(CognitiveServicesManagementClient, subscription)
        )

    def vaults(self, subscription: str) -> KeyVaultManagementClient:
        from azure.mgmt.keyvault import KeyVaultManagementClient  # noqa: PLC0415

        return self._once("vaults", subscription, lambda: self._arm(KeyVaultManagementClient, subscription))

    def authorization(self, subscription: str) -> AuthorizationManagementClient:
        from azure.mgmt.authorization import AuthorizationManagementClient  # noqa: PLC0415

        return self._once(
            "roles", subscription, lambda: self._arm(AuthorizationManagementClient, subscription)
        )

    def questions(self) -> ARMPipelineClient[Any, Any]:
        """Resource Manager without a client of one service. Unlike those, it registers no resource provider
        that an answer says is missing: a question must not write."""
        from azure.core.pipeline import policies  # noqa: PLC0415
        from azure.mgmt.core import ARMPipelineClient  # noqa: PLC0415

        def make() -> ARMPipelineClient[Any, Any]:
            chain: list[Any] = [
                policies.RequestIdPolicy(),
                policies.UserAgentPolicy("language-cmk"),
                _guard(self),
                policies.BearerTokenCredentialPolicy(self._credential(), self.cloud.arm_scope),
            ]
            kept = ("transport", "connection_timeout", "read_timeout")
            options = {name: value for name, value in self._options().items() if name in kept}
            return ARMPipelineClient(self.cloud.resource_manager, policies=chain, **options)

        return self._once("questions", "", make)

    def keys(self, vault_uri: str) -> KeyClient:
        from azure.keyvault.keys import KeyClient  # noqa: PLC0415

        return self._once(
            "keys",
            vault_uri,
            lambda: KeyClient(vault_url=vault_uri, credential=self._credential(), **self._options()),
        )

    def hsm_roles(self, hsm_uri: str) -> KeyVaultAccessControlClient:
        from azure.keyvault.administration import KeyVaultAccessControlClient  # noqa: PLC0415

        return self._once(
            "hsm roles",
            hsm_uri,
            lambda: KeyVaultAccessControlClient(hsm_uri, self._credential(), **self._options()),
        )

    def principal(self) -> Principal:
        """Who is logged in, from the claims of the token for Resource Manager (`oid`, `tid`, `appid`)."""
        claims = credential.claims(self._credential(), self.cloud.arm_scope)
        return Principal(*(claims.get(name, "") for name in ("oid", "tid", "appid")))

    def _arm(self, client: Callable[..., T], subscription: str) -> T:
        return client(
            self._credential(),
            subscription,
            base_url=self.cloud.resource_manager,
            credential_scopes=[self.cloud.arm_scope],
            **self._options(),
        )

    def _options(self) -> dict[str, Any]:
        return {
            "per_call_policies": [_guard(self)],
            "retry_total": 0,
            "permit_redirects": False,
            "logging_enable": False,
            **self._timeouts,
        }

    def _credential(self) -> TokenCredential:
        return self._once("credential", "", lambda: _OneAtATime(self._log_in()))

    def _log_in(self) -> TokenCredential:
        return credential.credential(self.login, **self._timeouts)

    def _once(self, kind: str, scope: str, make: Callable[[], T]) -> T:
        with self._lock:
            found: T | None = self._made.get((kind, scope))
            if found is None:
                found = self._made[kind, scope] = make()
            return found


class _OneAtATime:
    """A credential that asks for one token at a time: what comes second finds the first one's in its cache,
    so that thirty bindings that begin together log in once."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        with self._lock:
            return self._credential.get_token(*scopes, **options)


def _guard(clients: Clients) -> Any:
    """A pipeline policy that lets requests go to the cloud's own hosts only, and notes the time of each
    answer.

    The clients follow URLs that answers name (the next page, an operation), and would put the token on them.
    """
    from azure.core.pipeline.policies import SansIOHTTPPolicy  # noqa: PLC0415

    class HostGuard(SansIOHTTPPolicy):  # type: ignore[type-arg]
        def on_request(self, request: Any) -> None:
            url, cloud = request.http_request.url, clients.cloud
            if not cloud.may_receive_token(url):
                raise ForeignHostError(
                    f"{url.partition('?')[0]} is not an endpoint of the {cloud.name} cloud"
                )

        def on_response(self, request: Any, response: Any) -> None:
            with suppress(ValueError, TypeError):
                date = parsedate_to_datetime(response.http_response.headers.get("Date"))
                clients.answered_at = date.timestamp()

    return HostGuard()
