"""Reads each request of the engine once for all rules, with its secrets and its levels.

The SDK's servicer decodes a resource again for each policy, and the whole stack for each stack policy, which
takes nearly all the time of a pack of thirty policies (docs/speed.md); it drops the marks of secrets, which
redaction.py needs, and tells no rule its level. The SDK has no switch for these, so the servicer is wrapped:
policies read what is read here, and the SDK is shown an empty request. So a pack of these policies holds no
others, and does not start with another minor version of the SDK, which may ask its policies differently.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import Policy, ResourceValidationPolicy, StackValidationPolicy, policy

from core import values
from core.stack import Provider, StackResource, read
from policies import redaction

_sdk: Any = policy
_SERVICER: Final = "_PolicyAnalyzerServicer"
_TESTED: Final = "1.21."
"""The beginning of the SDK's versions that the wrapping is tested with."""


class _Request(threading.local):
    """The request that this thread answers: its resources, None between requests; and the configured levels
    by policy name."""

    resources: Sequence[StackResource] | None = None
    levels: Mapping[str, str] = {}


_request = _Request()


class OurPolicy(Policy):
    """A policy that reads `resources()`."""


class OurResourcePolicy(OurPolicy, ResourceValidationPolicy):
    """One on resources."""


class OurStackPolicy(OurPolicy, StackValidationPolicy):
    """One on the stack."""


def resources() -> Sequence[StackResource]:
    """The resources of the request that is being answered: the one that the engine asks about, or the
    stack's. All policies of a request get the same object. Raises RuntimeError outside a request."""
    if _request.resources is None:
        raise RuntimeError("the engine's request was not read before its policies were asked")
    return _request.resources


def level_of(policy: str, default: str) -> str:
    """The configured level of a policy: mandatory, advisory, disabled or remediate."""
    return _request.levels.get(policy, default)


def read_once() -> None:
    """Makes the SDK's servicer read each request once, from now on, in this process. Raises RuntimeError if
    the SDK is none that this module is tested with: another one may ask its policies in another way, which
    passes what it does not ask about."""
    servicer = getattr(_sdk, _SERVICER, None)
    if servicer is None or not _sdk.VERSION.startswith(_TESTED):
        raise RuntimeError(
            f"the policy pack cannot use pulumi-policy {_sdk.VERSION}; expected a version that it is tested "
            "with: pip install 'pulumi-policy>=1.21.0,<1.22'"
        )
    if not getattr(servicer, "reads_once", False):
        setattr(_sdk, _SERVICER, _wrapped(servicer))


def _wrapped(servicer: Any) -> type:
    """A servicer that reads each request before the SDK asks its policies."""

    class ReadOnce(servicer):  # type: ignore[misc] # the SDK's class has no types
        reads_once = True
        levels: Mapping[str, str] = {}

        def __init__(self, name: str, version: str, policies: Sequence[Policy], *rest: Any) -> None:
            if others := [one.name for one in policies if not isinstance(one, OurPolicy)]:
                raise RuntimeError(
                    f"{', '.join(others)} would see nothing in this pack: put them into a pack of their "
                    "own, and name both packs with --policy-pack"
                )
            super().__init__(name, version, policies, *rest)

        def Configure(self, request: Any, context: Any) -> Any:
            levels = {name: one.enforcementLevel for name, one in request.policyConfig.items()}
            self.levels = {name: proto.EnforcementLevel.Name(one).lower() for name, one in levels.items()}
            return super().Configure(request, context)

        def Analyze(self, request: Any, context: Any) -> Any:
            with _answering([request], self.levels):
                shown = proto.AnalyzeRequest(type=request.type, urn=request.urn, name=request.name)
                return super().Analyze(shown, context)

        def AnalyzeStack(self, request: Any, context: Any) -> Any:
            with _answering(request.resources, self.levels):
                return super().AnalyzeStack(proto.AnalyzeStackRequest(), context)

    return ReadOnce


@contextmanager
def _answering(shown: Sequence[Any], levels: Mapping[str, str]) -> Iterator[None]:
    _request.resources, _request.levels = tuple(map(_resource, shown)), levels
    try:
        yield
    finally:
        _request.resources = None


def _resource(shown: Any) -> StackResource:
    """A resource as the engine shows it. A resource rule sees the inputs, a stack rule the outputs, which
    `Session` joins with the inputs that came by before."""
    bag = redaction.opened(json_format.MessageToDict(shown.properties))
    kind, api_version = read(shown.type, bag)
    options, provider = shown.options, shown.provider
    configured = redaction.opened(json_format.MessageToDict(provider.properties))
    return StackResource(
        urn=shown.urn,
        kind=kind,
        outputs=bag,
        parent=getattr(shown, "parent", "") or options.parent or None,
        api_version=api_version,
        protect=options.protect,
        deletes_first=options.deleteBeforeReplace,
        ignore_changes=tuple(options.ignoreChanges),
        dependencies=tuple(getattr(shown, "dependencies", ())),
        sources={name: tuple(one.urns) for name, one in getattr(shown, "propertyDependencies", {}).items()},
        provider=Provider(provider.urn, values.name(configured.get("tenantId"))),
    )
