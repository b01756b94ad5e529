"""Asks the pack's rules as the engine does, and describes the resources to ask about.

Owns: the analyzer's own servicer driven in process with wire messages. Does not own: the right answers.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
)

from core import resource_types
from policies import redaction
from policies.analyzer import PACK_NAME, UNDECIDED, make_policies
from policies.rule import Rule
from policies.rules import RULES

LATER: Final = "later"
NOW: Final = 1_900_000_000.0  # 2030-03-17, so that dates before and after are easy to write
VAULT, KEY = resource_types.VAULT, resource_types.KEY
ACCESS_POLICY, ROLE = resource_types.ACCESS_POLICY, "azure-native:authorization:RoleAssignment"
ACCOUNT = "azure-native:cognitiveservices:Account"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
GROUP = "azure-native:resources:ResourceGroup"
DIAGNOSTICS = "azure-native:monitor:DiagnosticSetting"
BINDING, KEY_VERSION = "azure-cmk:index:CustomerManagedKey", "azure-cmk:index:KeyVersion"
GENERIC = "azure-native:resources:Resource"

UNKNOWN_TEXT, UNKNOWN_FLAG, UNKNOWN_NUMBER = UNKNOWN_STRING_VALUE, UNKNOWN_BOOLEAN_VALUE, UNKNOWN_NUMBER_VALUE
UNKNOWN_LIST, UNKNOWN_OBJECT = UNKNOWN_ARRAY_VALUE, UNKNOWN_OBJECT_VALUE
VERSION: Final = "0123456789abcdef0123456789abcdef"
KEY_URI: Final = f"https://kv-one.vault.azure.net/keys/cmk/{VERSION}"
TENANT, OTHER_TENANT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def secret(value: Any) -> dict[str, Any]:
    """A secret as it crosses the wire."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


@dataclass
class Thing:
    """One resource of a stack: its bag, options and relations, by logical names."""

    name: str
    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    deletes_first: bool | None = None
    ignore_changes: Sequence[str] = ()
    depends_on: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provider: str | None = "azure"
    provider_props: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    place: str = "prod::shop::"
    """Stack, project and the types of the components around it, as its URN has them."""

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return f"urn:pulumi:{self.place}{self.type}::{self.name}"


@dataclass(frozen=True)
class Answer:
    """One answer: `level` is mandatory, advisory, or LATER where a preview does not know a value yet."""

    rule: str
    level: str
    message: str
    urn: str

    @property
    def open(self) -> bool:
        """True where the rule could not decide: for now, or in this stack."""
        return self.level == LATER or self.rule == UNDECIDED


class Pack:
    """The pack, as a fresh process of it would answer."""

    def __init__(
        self,
        config: Mapping[str, Mapping[str, Any]] | None = None,
        levels: Mapping[str, str] | None = None,
        rules: Sequence[Rule] = RULES,
        now: float = NOW,
    ) -> None:
        redaction._values.clear()
        policies = make_policies()
        make: Any = sdk._PolicyAnalyzerServicer  # whose methods have no types
        self.servicer = make(PACK_NAME, "0.0.1", policies, EnforcementLevel.ADVISORY)
        self.servicer.rules, self.servicer.clock = rules, lambda: now
        request = proto.ConfigureAnalyzerRequest()
        info = self.servicer.GetAnalyzerInfo(None, None)
        for policy in info.policies:
            one = request.policyConfig[policy.name]
            one.enforcementLevel = policy.enforcementLevel
            if policy.name in (levels or {}):
                one.enforcementLevel = proto.EnforcementLevel.Value((levels or {})[policy.name].upper())
            one.properties.update(dict((config or {}).get(policy.name, {})))
        self.servicer.Configure(request, None)
        self._urns: dict[str, str] = {}

    def ask(self, thing: Thing) -> list[Answer]:
        """What the resource rules say of one resource's inputs."""
        request = proto.AnalyzeRequest(type=thing.type, urn=thing.urn, name=thing.name)
        request.properties.update(copy.deepcopy(dict(thing.props)))
        _options(request.options, thing)
        self._urns[thing.name] = thing.urn
        if thing.parent in self._urns:  # which the engine registers before what is in it
            request.options.parent = self._urns[thing.parent]
        return _answers(self.servicer.Analyze(request, None))

    def ask_stack(self, things: Sequence[Thing]) -> list[Answer]:
        """What the stack rules say of a stack's outputs."""
        urns = {
            thing.name: thing.urn for thing in reversed(things)
        }  # of two with one name the first is meant
        request = proto.AnalyzeStackRequest()
        for thing in things:
            one = request.resources.add(type=thing.type, urn=thing.urn, name=thing.name)
            one.properties.update(copy.deepcopy(dict(thing.props)))
            _options(one.options, thing)
            if thing.parent is not None:
                one.options.parent = urns[thing.parent]
            sources = {name for names in thing.property_dependencies.values() for name in names}
            one.dependencies.extend(
                urns[name] for name in sorted({*thing.depends_on, *sources}) if name in urns
            )
            for name, values in thing.property_dependencies.items():
                one.propertyDependencies[name].urns.extend(urns[value] for value in values if value in urns)
            if thing.provider is not None:
                one.provider.urn = f"urn:pulumi:prod::shop::pulumi:providers:azure-native::{thing.provider}"
                one.provider.type, one.provider.name = "pulumi:providers:azure-native", thing.provider
                one.provider.properties.update(dict(thing.provider_props))
        return _answers(self.servicer.AnalyzeStack(request, None))


def _options(options: Any, thing: Thing) -> None:
    options.protect = thing.protect
    options.deleteBeforeReplaceDefined = thing.deletes_first is not None
    options.deleteBeforeReplace = bool(thing.deletes_first)
    options.ignoreChanges.extend(thing.ignore_changes)


def _answers(response: Any) -> list[Answer]:
    levels = {proto.ADVISORY: "advisory", proto.MANDATORY: "mandatory"}
    said = [
        Answer(one.policyName, levels[one.enforcementLevel], one.message, one.urn)
        for one in response.diagnostics
    ]
    return said + [Answer(one.policy_name, LATER, one.reason, "") for one in response.not_applicable]


def verdict(answers: Sequence[Answer], rule: str) -> str:
    """What a rule says: "violation", "open" or "pass"; a rule that fails by itself says nothing of that."""
    mine = [
        answer
        for answer in answers
        if answer.rule == rule or (answer.rule == UNDECIDED and f"\n{rule}: " in answer.message)
    ]
    assert not any("could not be evaluated" in answer.message for answer in mine), mine
    if any(not answer.open for answer in mine):
        return "violation"
    return "open" if mine else "pass"
