"""Decodes each request once for all rules, and notes which values are secrets.

The SDK's servicer decodes a resource anew for each policy, and the whole stack for each stack policy: nearly
all the time of a pack of thirty (docs/speed.md). Rules only read, so they can share the result. The SDK has
no switch for this, so its functions are wrapped, provided that they are the known ones; otherwise nothing
changes, and the pack is slower. redaction.py sees each message before the SDK drops the marks of secrets.
"""

import threading
from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any, Final

from pulumi_policy import policy

from policies import redaction

_STEPS: Final = ("deserialize_properties", "unknown_checking_proxy")
_REQUESTS: Final = ("Analyze", "AnalyzeStack")
_sdk: Any = policy


class _Request(threading.local):
    """What was decoded for the request that this thread answers; None between requests."""

    decoded: dict[tuple[str, int], tuple[Any, Any]] | None = None


_request = _Request()


def decode_once() -> bool:
    """From now on, in this process. False when the SDK is not as it is known, and nothing was done."""
    servicer, codec = getattr(_sdk, "_PolicyAnalyzerServicer", None), getattr(_sdk, "json_format", None)
    wanted = [(_sdk, name) for name in _STEPS] + [(servicer, name) for name in _REQUESTS]
    if not all(hasattr(owner, name) for owner, name in [*wanted, (codec, "MessageToDict")]):
        return False
    if hasattr(getattr(servicer, "Analyze", None), "__wrapped__"):
        return True
    messages: Any = codec
    for name in _REQUESTS:
        setattr(servicer, name, _one_request(getattr(servicer, name)))
    setattr(servicer, "AnalyzeStack", _shown_once(getattr(servicer, "AnalyzeStack")))  # noqa: B009, B010
    for name in _STEPS:
        setattr(_sdk, name, _once(getattr(_sdk, name)))
    _sdk.json_format = SimpleNamespace(**{**vars(messages), "MessageToDict": _once(messages.MessageToDict)})
    return True


class _ShownOnce:
    """A request whose resources are there for the first that asks: the SDK builds the whole stack anew for
    each policy, which for thirty of them takes longer than all rules. adapter.py keeps what the first one
    saw."""

    def __init__(self, request: Any) -> None:
        self._request, self._shown = request, False

    @property
    def resources(self) -> Any:
        if self._shown:
            return ()
        self._shown = True
        return self._request.resources

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


def _shown_once(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def answered(servicer: Any, request: Any, *context: Any) -> Any:
        return answer(servicer, _ShownOnce(request), *context)

    return answered


def _one_request(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def answered(*args: Any) -> Any:
        _request.decoded = {}
        try:
            return answer(*args)
        finally:
            _request.decoded = None

    return answered


def _once(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step, which during one request gives the same answer for the same object."""

    @wraps(step)
    def decoded(value: Any, *options: Any) -> Any:
        known = _request.decoded
        if known is None or options:
            return step(value, *options)
        key = (step.__name__, id(value))
        if key not in known:
            found = step(value)
            if step.__name__ == "MessageToDict":
                redaction.remember(found)
            known[key] = (value, found)  # the value is kept, so that its id stays its own
        return known[key][1]

    return decoded
