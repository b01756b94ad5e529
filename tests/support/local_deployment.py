"""Services that are previewed and updated in this process, and the Azure to which that goes.

Owns: the stack before its first update, who deploys it, and what was asked. Does not own: what an engine does
(engine.py). A preview here is the program's own look at Azure, before anything is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.preflight.run import ServiceRequest, preflight
from components.service import EncryptedAIServicesAccount
from core.login import Login
from localazure import seed
from localazure.directory import Principal
from localazure.standin.wire import from_struct
from provider.azure import Azure
from tests.support.engine import Engine
from tests.support.front import Door, Reply
from tests.support.in_process import Wire, in_process_client
from tests.support.recording import service_inputs

LOGIN = Login(settings={"subscriptionId": seed.SUBSCRIPTION_ID, "clientSecret": "not sent"})
Services = Mapping[str, Mapping[str, Any]]
"""The arguments of each service by its name, in westeurope unless they say otherwise."""


@dataclass
class Deployment(Engine):
    """A stack that does not exist yet, its Azure, and who deploys it. `planned` is what the last run asked
    `checkDeployment` about."""

    wire: Wire = field(default_factory=Wire)
    planned: list[dict[str, Any]] = field(default_factory=list)

    def preview(self, services: Services) -> None:  # type: ignore[override]
        """Raises RefusedError for what the preview refuses."""
        self._look_and(services, lambda _: None, previews=True)

    def up(self, services: Services) -> None:  # type: ignore[override]
        """Raises what the update raises. What was made is in the state then, and is left as it is."""

        def make(results: Any) -> None:
            for name, args in services.items():
                EncryptedAIServicesAccount(
                    name,
                    cast("EncryptedAIServicesAccountArgs", {"location": "westeurope", **args}),
                    preflight_result=results[name],
                )

        self._look_and(services, make, previews=False)

    def _look_and(self, services: Services, make: Callable[[Any], object], *, previews: bool) -> None:
        def program() -> None:
            inputs = {name: service_inputs(name, **args).completed() for name, args in services.items()}
            make(preflight({name: ServiceRequest(one) for name, one in inputs.items()}))

        self.planned = []
        self.run(program, previews=previews)

    def call(self, method: str, type: str, request: Any) -> Any:
        if type.endswith(":checkDeployment"):
            self.planned = from_struct(request.args)["resources"]
        return super().call(method, type, request)

    @property
    def door(self) -> Door:
        return self.wire.door

    @property
    def principal(self) -> Principal:
        return self.wire.principal

    @principal.setter
    def principal(self, deployer: Principal) -> None:
        self.wire.principal = deployer

    @property
    def sent(self) -> list[tuple[str, str]]:
        """The requests so far."""
        return self.wire.seen

    @property
    def azure(self) -> Azure:
        """The provider's Azure, as its deployer."""
        return Azure(in_process_client(LOGIN, self.wire))

    def arm(self, method: str, path: str, body: Any = None, *, api: str = "2024-03-01") -> Reply:
        """A request to the cloud by the deployer that the seeds have, who may do everything."""
        return self.door.send(method, f"{path}?api-version={api}", body)

    def writes(self) -> list[tuple[str, str]]:
        """The requests so far that could have written something."""
        asks = ("checkname", "checkdomain", "checkpolicy", "validate")
        return [
            (method, path)
            for method, path in self.sent
            if method != "GET" and not path.rpartition("/")[2].lower().startswith(asks)
        ]
