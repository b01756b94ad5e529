"""The one question about all services of a program before a run, and the answer to it, as text.

The program knows what is asked for and what is recorded, and azure-cmk what is there. Owns: what goes over
between the two. Does not own: the look (provider/service_look.py), nor what the program makes of the answer
(components/preflight/run.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.records import record_from, text_of
from core.service.access import RevokedAccess
from core.service.desired import DesiredService
from core.service.effects import Effect
from core.service.problem import Problem
from core.service.state import Deployer, Live


@dataclass(frozen=True)
class Request:
    """A service that is about to be made. `former_names` are the names of its component's aliases."""

    desired: DesiredService
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreflightQuestion:
    """What a run asks. `state` has the services, accounts and bindings of the stack, as the engine tells
    them, by URN. `login` is azure-native's. `recovers`: this is a run of `operate recover`."""

    services: Mapping[str, Request]
    state: Mapping[str, Any]
    login: Deployer
    is_preview: bool = False
    recovers: bool = False

    @property
    def text(self) -> str:
        """The question as `question_of` reads it."""
        return text_of(self)


@dataclass(frozen=True)
class ServiceAnswer:
    """What is known and judged of one service. `notes` are warnings. `revokes` is the access that the run
    takes away before anything else, and `effect` what it does to the data."""

    live: Live = field(default_factory=Live)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    revokes: RevokedAccess | None = None
    effect: Effect | None = None


@dataclass(frozen=True)
class PreflightAnswer:
    """What azure-cmk found. `failed` says why Azure did not answer about a service, so that the run cannot go
    on; of that service only `revokes` is judged. `unchecked` lists what could not be asked, with the reasons.
    """

    services: Mapping[str, ServiceAnswer]
    unchecked: tuple[str, ...] = ()
    failed: str = ""

    @property
    def text(self) -> str:
        """The answer as `answer_of` reads it."""
        return text_of(self)


def question_of(text: str) -> PreflightQuestion:
    """Raises ValueError, TypeError or KeyError for a text that is no question."""
    return record_from(PreflightQuestion, text)


def answer_of(text: str) -> PreflightAnswer:
    """Raises ValueError, TypeError or KeyError for a text that is no answer."""
    return record_from(PreflightAnswer, text)
