"""Decodes each request once for all rules, and notes which values are secrets and which level each rule has.

The SDK's servicer decodes a resource again for each policy, and the whole stack for each stack policy, which
takes nearly all the time of a pack of thirty policies (docs/speed.md). Rules only read, so they can share the
result. The servicer also drops the marks of secrets, which redaction.py needs, and does not tell a rule its
level. The SDK has no switch for these, so this module wraps its functions. If another version of the SDK uses
its functions differently, the pack does not start.
"""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

from pulumi.runtime import proto
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ResourceValidationPolicy,
    StackValidationPolicy,
    policy,
)

from core.engine_values import SECRET, SIGNATURE
from policies import redaction

_STEPS: Final = ("deserialize_properties", "unknown_checking_proxy")
_ARGS: Final = "StackValidationArgs"
_REQUESTS: Final = ("Analyze", "AnalyzeStack")
_sdk: Any = policy


class _Request(threading.local):
    """The state of the request that this thread answers. `decoded` are its decoded properties, None between
    requests; `stack` are the resources that its first stack policy got; `levels` are the configured levels by
    policy name."""

    decoded: dict[tuple[str, int], tuple[Any, Any]] | None = None
    stack: Sequence[PolicyResource] | None = None
    levels: Mapping[str, str] = MappingProxyType({})


_request = _Request()


def decode_once() -> None:
    """Makes the SDK decode each request once, from now on, in this process. Raises RuntimeError if the SDK is
    not one that this module can wrap."""
    servicer: Any = getattr(_sdk, "_PolicyAnalyzerServicer", None)
    try:
        if not hasattr(servicer.Analyze, "__wrapped__"):
            _wrap(servicer)
    except AttributeError as problem:
        raise _unfit(str(problem)) from problem
    if not _shows_secrets(servicer):
        raise _unfit("it does not show the pack which values are secrets")


def level_of(policy: str, default: str) -> str:
    """The configured level of a policy: mandatory, advisory, disabled or remediate."""
    return _request.levels.get(policy, default)


def _wrap(servicer: Any) -> None:
    ours: dict[str, Any] = {name: _once(getattr(_sdk, name)) for name in _STEPS}
    codec = {**vars(_sdk.json_format), "MessageToDict": _once(_sdk.json_format.MessageToDict)}
    ours |= {"json_format": SimpleNamespace(**codec), _ARGS: _whole(getattr(_sdk, _ARGS))}
    configure = _noting_levels(servicer.Configure)
    for name, answer in {name: _one_request(getattr(servicer, name)) for name in _REQUESTS}.items():
        setattr(servicer, name, answer)
    servicer.Configure = configure
    vars(_sdk).update(ours)


def _unfit(found: str) -> RuntimeError:
    return RuntimeError(
        f"the policy pack cannot use pulumi-policy {_sdk.VERSION}: {found}; expected what 1.21 does. Install "
        "a version that the pack is tested with: pip install 'pulumi-policy>=1.21.0,<1.22'"
    )


def _shows_secrets(servicer: Any) -> bool:
    """Whether redaction.py knows a request's secrets before the SDK calls a resource policy and a stack
    policy."""
    secret, known = "", list[bool]()

    def note(*_: Any) -> None:
        known.append(redaction.without_secrets(secret) == redaction.HIDDEN)

    kinds = (ResourceValidationPolicy, StackValidationPolicy)
    policies = [kind(kind.__name__, "notes what is known", note) for kind in kinds]
    asked = servicer("secrets", "0.0.1", policies, EnforcementLevel.ADVISORY)
    resource, stack = proto.AnalyzeRequest(), proto.AnalyzeStackRequest()
    for ask, request, shown in (
        (asked.Analyze, resource, resource),
        (asked.AnalyzeStack, stack, stack.resources.add()),
    ):
        secret = str(uuid.uuid4())
        shown.properties.update({"hidden": {SIGNATURE: SECRET, "value": secret}})
        ask(request, None)
    return known == [True, True]


class _Shown:
    """A request about the stack. It shows its resources only to the first policy, because the SDK would build
    them again for each policy, which for thirty policies takes longer than all rules."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def __getattr__(self, name: str) -> Any:
        return () if name == "resources" and _request.stack is not None else getattr(self._request, name)


def _whole(make: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps the arguments of a stack policy: each policy gets the resources that the request's first one
    got."""

    @wraps(make)
    def made(resources: Any, *others: Any) -> Any:
        if _request.decoded is not None:
            _request.stack = resources = resources if _request.stack is None else _request.stack
        return make(resources, *others)

    return made


def _noting_levels(configure: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(configure)
    def configured(servicer: Any, request: Any, *context: Any) -> Any:
        levels = {name: one.enforcementLevel for name, one in request.policyConfig.items()}
        servicer.levels = {name: proto.EnforcementLevel.Name(one).lower() for name, one in levels.items()}
        return configure(servicer, request, *context)

    return configured


def _one_request(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def answered(servicer: Any, request: Any, *context: Any) -> Any:
        _request.decoded, _request.stack = {}, None
        _request.levels = getattr(servicer, "levels", {})
        try:
            return answer(servicer, _Shown(request), *context)
        finally:
            _request.decoded = _request.stack = None

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
