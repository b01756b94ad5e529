"""Services that are previewed and updated in this process, and the Azure to which that goes.

Owns: the stack before its first update, who deploys it, and what was asked and said. Does not own: what an
engine does (engine.py). A preview here is the program's own look at Azure, before anything is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from components.guards.reader import ServiceRequest
from components.preflight import preflight
from components.service import EncryptedAIServicesAccount
from components.service_args import EncryptedAIServicesAccountArgs
from core.login import Login
from localazure import seed
from localazure.directory import Principal
from localazure.standin.wire import from_struct
from provider.azure import Azure
from tests.support.engine import Engine, Held
from tests.support.front import Door, Reply
from tests.support.in_process import Wire, in_process_client
from tests.support.recording import service_inputs

LOGIN = Login(settings={"subscriptionId": seed.SUBSCRIPTION_ID, "clientSecret": "not sent"})
Services = Mapping[str, Mapping[str, Any]]
"""The arguments of each service by its name, in westeurope unless they say otherwise."""


class _Asked(Engine):
    """An engine that keeps what `checkDeployment` was asked about last."""

    planned: list[dict[str, Any]]

    def call(self, method: str, type: str, request: Any) -> Any:
        if type.endswith(":checkDeployment"):
            self.planned = from_struct(request.args)["resources"]
        return super().call(method, type, request)


@dataclass
class Deployment:
    """A stack that does not exist yet, its Azure, and who deploys it.

    `sent` are the requests so far; `warnings`, `notes` and `planned` are what the last run said, and what it
    asked `checkDeployment` about; `said` is what `azure-cmk` said so far.
    """

    wire: Wire = field(default_factory=Wire)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._engine = _Asked(self.wire)

    def preview(self, services: Services) -> None:
        """Raises RefusedError for what the preview refuses."""
        self._run(lambda: self._look(services), previews=True)

    def up(self, services: Services) -> None:
        """Raises what the update raises. What was made is in the state then, and is left as it is."""

        def program() -> None:
            results = self._look(services)
            for name, args in services.items():
                EncryptedAIServicesAccount(
                    name,
                    cast("EncryptedAIServicesAccountArgs", {"location": "westeurope", **args}),
                    preflight_result=results[name],
                )

        self._run(program)

    def up_program(self, program: Callable[[], object]) -> None:
        """Runs a program of another kind. Raises what the update raises."""
        self._run(program)

    def refresh(self) -> None:
        """Reads all that the state has. Raises UpdateError."""
        self._engine.refresh()

    def rotate(self, *, preview: bool) -> None:
        """Previews, or makes, a new version of each key. Raises ProviderError."""
        self._engine.log_in()
        try:
            self._engine.rotate(preview=preview)
        finally:
            self.said += self._engine.said

    def take_out(self, chosen: Callable[[str], bool]) -> None:
        """Deletes the resources of azure-native whose ids are chosen, last made first. Raises
        ProviderError."""
        self._engine.take_out(chosen)

    @staticmethod
    def _look(services: Services) -> Any:
        inputs = {name: service_inputs(name, **args).completed() for name, args in services.items()}
        return preflight({name: ServiceRequest(one) for name, one in inputs.items()})

    def _run(self, program: Callable[[], object], *, previews: bool = False) -> None:
        self._engine.planned = []
        try:
            self._engine.run(program, previews=previews)
        finally:
            self.said += self._engine.said

    @property
    def state(self) -> dict[str, Held]:
        return self._engine.state

    @property
    def warnings(self) -> list[str]:
        return self._engine.warnings

    @property
    def notes(self) -> list[str]:
        return self._engine.notes

    @property
    def planned(self) -> list[dict[str, Any]]:
        return self._engine.planned

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
        return self.wire.seen

    @property
    def azure(self) -> Azure:
        """The provider's Azure, as its deployer."""
        return Azure(in_process_client(LOGIN, self.wire))

    @property
    def subscription(self) -> str:
        """The scope of the subscription that it deploys to."""
        return f"/subscriptions/{seed.SUBSCRIPTION_ID}"

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
