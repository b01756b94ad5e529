"""Answers the engine: reads each of its requests once, asks the rules about it, and reports. Judges nothing.

The SDK's servicer decodes a resource again for each policy, and the whole stack for each stack policy, which
takes nearly all the time of a pack of thirty policies (docs/speed.md); it drops the marks of secrets, which
redaction.py needs, and tells no rule its level. The SDK has no switch for these, so `Analyzer` answers in its
place, and the policies only tell the engine which rules there are. So the pack holds no other policies, and
does not start with another minor version of the SDK, which may ask differently.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final

from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy, Severity, policy

from core import values
from core.demands import DemandOutcome
from core.resource_types import COMPONENTS, parse_urn
from core.stack import Provider, Stack, StackResource, read
from policies import exemptions
from policies.exemptions import Exemption
from policies.redaction import opened, without_secrets
from policies.rule import Rule, RuleContext, RuleFinding, RuleSubject
from policies.rules import RULES
from policies.used import UsedProtections

PACK_NAME: Final = "language-cmk-policies"
UNUSED: Final = "unused-by-accounts"
UNDECIDED: Final = "undecided-listed"
EXEMPTIONS: Final = "exemptions-listed"
REPORTS: Final = {
    UNUSED: "A key, vault or grant that no account of this stack uses",
    UNDECIDED: "A question that this stack cannot answer",
    EXEMPTIONS: "An exemption from a rule of this pack",
}
"""The titles of the reports, which give advice and come last, after all rules."""

_sdk: Any = policy
_SERVICER: Final = "_PolicyAnalyzerServicer"
_TESTED: Final = "1.21."
"""The beginning of the SDK's versions that the pack is tested with."""
_REFUSES: Final = ("mandatory", "remediate")
Report = Callable[[str, str | None], None]
_NOTHING: Final = UsedProtections(Stack(()), False)


def make_policies() -> list[Policy]:
    """What the engine is told of every rule and report, in a fixed order. From now on an Analyzer answers in
    this process. Raises RuntimeError if the SDK is none that the pack is tested with: another one may ask its
    policies in another way, which passes what it does not ask about."""
    if not hasattr(_sdk, _SERVICER) or not _sdk.VERSION.startswith(_TESTED):
        raise RuntimeError(
            f"the policy pack cannot use pulumi-policy {_sdk.VERSION}; expected a version that it is tested "
            "with: run `pip install 'pulumi-policy>=1.21.0,<1.22'`"
        )
    setattr(_sdk, _SERVICER, Analyzer)
    advice, low = EnforcementLevel.ADVISORY, Severity.LOW
    reports = [
        policy.StackValidationPolicy(name, title, _not_asked, enforcement_level=advice, severity=low)
        for name, title in REPORTS.items()
    ]
    return [*map(_described, RULES), *reports]


def _described(rule: Rule) -> Policy:
    form = (
        policy.ResourceValidationPolicy if rule.subject is RuleSubject.STEP else policy.StackValidationPolicy
    )
    schema = {name: dict(value) for name, value in rule.settings.items()}
    return form(
        name=rule.name,
        description=rule.title,
        validate=_not_asked,
        enforcement_level=EnforcementLevel(rule.level),
        severity=Severity(rule.severity),
        config_schema=policy.PolicyConfigSchema(properties={**schema, "exemptions": dict(exemptions.SCHEMA)}),
        tags=rule.same_as,
        remediation_steps=f"{rule.why} Source: {rule.source}.",
    )


def _not_asked(*_: object) -> None:
    raise RuntimeError("the engine's request was not read before its policies were asked")


class Analyzer(getattr(_sdk, _SERVICER, object)):  # type: ignore[misc] # the SDK's class has no types
    """One process serves one run of the engine, so nothing here outlives the run. Entries are written whole,
    so calls that overlap need no lock.

    `declared` are the resources as the engine asked about them, by URN: each that the program registers, none
    that it deletes or only reads (pulumi/pulumi pkg/resource/deploy/step_generator.go,
    continueStepsFromImport). It shows stack rules outputs alone: there a vault's own access policies look
    like those of separate resources, and in a preview whatever the program leaves out looks unknown.
    """

    rules: Sequence[Rule] = RULES
    clock: Callable[[], float] = staticmethod(time.time)

    def __init__(self, name: str, version: str, policies: Sequence[Policy], *rest: Any) -> None:
        known = {*REPORTS, *(rule.name for rule in RULES)}
        if others := [other.name for other in policies if other.name not in known]:
            raise RuntimeError(
                f"{', '.join(others)} would see nothing in this pack: put them into a pack of their own, and "
                "name both packs with --policy-pack"
            )
        super().__init__(name, version, policies, *rest)
        self.levels: dict[str, str] = {}
        self.configured: dict[str, dict[str, Any]] = {}
        self.declared: dict[str, StackResource] = {}
        self.exempted: dict[tuple[str, Exemption], set[str]] = {}
        self.unused: set[str] = set()
        self.undecided: set[str] = set()

    def Configure(self, request: Any, context: Any) -> Any:
        """Takes each policy's level and settings."""
        for name, one in request.policyConfig.items():
            self.levels[name] = proto.EnforcementLevel.Name(one.enforcementLevel).lower()
            self.configured[name] = json_format.MessageToDict(one.properties)
        return super().Configure(request, context)

    def Analyze(self, request: Any, _: Any) -> Any:
        """What rules say of one resource before its step."""
        one = self.declared[request.urn] = _resource(request)
        fitting = [rule for rule in self.rules if rule.subject is RuleSubject.STEP]
        asked = [rule for rule in fitting if not rule.kinds or one.kind in rule.kinds]
        return self._answer(asked, lambda rule: self._found(rule, [(one, one.urn)], _NOTHING), one.urn)

    def Remediate(self, request: Any, _: Any) -> Any:
        """Nothing: no policy here changes what a program declares. The SDK's own would first decode the
        resource."""
        return proto.RemediateResponse()

    def AnalyzeStack(self, request: Any, _: Any) -> Any:
        """What rules say of the stack, and the reports. If its model cannot be built, each rule refuses."""
        shown = [_resource(resource) for resource in request.resources]
        unused = self._refuses(UNUSED, "advisory")
        built = cache(lambda: UsedProtections(self._stack(shown), unused))
        asked = [rule for rule in self.rules if rule.subject is not RuleSubject.STEP]
        response = self._answer(asked, lambda rule: self._found(rule, rule.subjects(built()), built()))
        listed = {UNUSED: self.unused, UNDECIDED: self.undecided, EXEMPTIONS: self._exemptions(len(shown))}
        for name, lines in listed.items():
            report = self._reporting(response, name, REPORTS[name], "advisory", "low")
            for line in sorted(set(lines)):
                if report is not None:
                    report(line, None)
        return response

    def _stack(self, shown: Sequence[StackResource]) -> Stack:
        """The resources that this run declares. After a refresh the engine's list also has every resource of
        the old state, even those that go; if only a state is shown, all of it is judged."""
        declared = [resource for resource in shown if not self.declared or resource.urn in self.declared]
        if self.declared and not declared:
            asked = f"{len(self.declared)} resources that it asked about"
            raise ValueError(f"the engine shows a stack without any of the {asked}")
        return Stack(
            replace(one, inputs=stated.outputs) if (stated := self.declared.get(one.urn)) else one
            for one in declared
        )

    def _refuses(self, name: str, default: str) -> bool:
        return self.levels.get(name, default) in _REFUSES

    def _reporting(self, response: Any, name: str, title: str, default: str, severity: str) -> Report | None:
        """What adds a violation to an answer; None for a policy that is off."""
        level = self.levels.get(name, default)
        if level == "disabled":
            return None
        shown = EnforcementLevel("mandatory" if level in _REFUSES else level)
        made: Report = self._create_report_violation(response, name, title, shown, Severity(severity))
        return made

    def _answer(
        self, rules: Iterable[Rule], ask: Callable[[Rule], Iterable[RuleFinding]], urn: str | None = None
    ) -> Any:
        """Reports every violation, and keeps the open questions for the reports, also those that a preview
        leaves open: an update may write what nobody has judged. Without a violation, values that a preview
        does not know yet make the rule "not applicable"."""
        response = proto.AnalyzeResponse()
        for rule in rules:
            report = self._reporting(response, rule.name, rule.title, rule.level, rule.severity)
            if report is None:
                continue
            later, told = set(), len(response.diagnostics)
            try:
                for finding in ask(rule):
                    if finding.outcome is DemandOutcome.LATER:
                        later.add(_placed(finding))
                        if COMPONENTS not in (finding.urn or ""):  # which checks its own before
                            self.undecided.add(f"{rule.name}: {_placed(finding)}")
                    elif self._exempts(rule, finding.urn or ""):
                        continue
                    elif finding.outcome is DemandOutcome.UNDECIDED:
                        self.undecided.add(f"{rule.name}: {_placed(finding)}")
                    else:
                        report(self._message(rule, finding), finding.urn)
            except Exception as problem:  # noqa: BLE001 - a rule that fails must refuse, whatever its failure
                report(without_secrets(_failure(rule, problem)), urn)
            if later and len(response.diagnostics) == told:
                reason = "; ".join(sorted(later))
                response.not_applicable.append(
                    proto.PolicyNotApplicable(policy_name=rule.name, reason=reason)
                )
        return response

    def _found(
        self, rule: Rule, subjects: Iterable[tuple[Any, str | None]], protections: UsedProtections
    ) -> Iterator[RuleFinding]:
        """A rule's findings in the request that is being answered."""
        at = self.declared.get if rule.subject is RuleSubject.STEP else protections.stack.at
        settings = {name: schema["default"] for name, schema in rule.settings.items()}
        stated = self.configured.get(rule.name, {})
        settings |= {name: value for name, value in stated.items() if value is not None}
        context = RuleContext(settings, self.clock(), at, protections)
        for subject, urn in subjects:
            found = [replace(finding, urn=finding.urn or urn) for finding in rule.judge(subject, context)]
            used = protections.is_used(subject) if rule.subject is RuleSubject.USED and found else True
            for one in found:
                if used is True or (used and one.outcome is not DemandOutcome.UNMET):
                    yield one
                elif used:
                    # This stack cannot say whether an account's key depends on what breaks a rule here.
                    what = f"whether it reaches the account's key: {one.found}"
                    yield replace(one, found=what, outcome=DemandOutcome.UNDECIDED)
                elif one.outcome is DemandOutcome.UNMET and self._refuses(rule.name, rule.level):
                    self.unused.add(f"{_placed(one)} ({rule.name}); fix: {without_secrets(one.fix)}")

    def _message(self, rule: Rule, finding: RuleFinding) -> str:
        """The text of a violation after the rule's title: found, required, why, fix. Advice is one line."""
        ours = COMPONENTS in (finding.urn or "") and finding.setting is not None
        fix = without_secrets(_one_line(str(finding.setting) if ours else finding.fix))
        found = f"found: {without_secrets(_one_line(finding.found))}"
        if not self._refuses(rule.name, rule.level):
            return f"{found}; fix: {fix}"
        return f"{found}\nrequired: {finding.required}\nwhy: {rule.why} ({rule.source})\nfix: {fix}"

    # Exemptions

    def _exemptions_of(self, rule: Rule) -> tuple[list[Exemption], list[str], date]:
        """A rule's exemptions, what is wrong with those that exempt nothing, and the day."""
        today = exemptions.day_of(self.clock())
        configured = self.configured.get(rule.name, {}).get("exemptions", ())
        return *exemptions.read_exemptions(configured, today), today

    def _exempts(self, rule: Rule, urn: str) -> bool:
        """Whether an exemption of a rule lets a resource pass, which is then listed with it."""
        good, _, today = self._exemptions_of(rule)
        one = exemptions.matching(good, urn, today)
        if one is not None:
            self.exempted.setdefault((rule.name, one), set()).add(urn)
        return one is not None

    def _exemptions(self, resources: int) -> Iterator[str]:
        """The lines of the report on exemptions, for a stack of so many resources."""
        for rule in self.rules:
            level = self.levels.get(rule.name, rule.level)
            if rule.level == "mandatory" and level in ("disabled", "advisory"):
                yield f"the configuration makes {rule.name} {level}; without it, the rule refuses"
            good, bad, today = self._exemptions_of(rule)
            yield from (f"{rule.name}: {problem}" for problem in bad if level != "disabled")
            for one in good if level != "disabled" else ():
                used = sorted(self.exempted.get((rule.name, one), ()))
                state = "not needed in this run"
                if today > one.until:
                    state = "it has ended and exempts nothing; remove it"
                elif used:
                    state = f"used for {len(used)} of {resources} resources: {', '.join(used)}"
                yield f"{rule.name} may be broken by {one.urn} until {one.until}: {one.reason} ({state})"


def _placed(finding: RuleFinding) -> str:
    """What was found, after the resource that it is about."""
    where = f"{parse_urn(finding.urn).label}: " if finding.urn else ""
    return without_secrets(f"{where}{finding.found}")


def _one_line(text: str) -> str:
    """A text in which no value of the program begins a line of its own."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _failure(rule: Rule, problem: Exception) -> str:
    return (
        f"found: the rule {rule.name} could not be evaluated: {type(problem).__name__}: {problem}\n"
        f"required: an answer; without one the rule refuses\nwhy: {rule.why} ({rule.source})\n"
        f"fix: report this with the resource's properties; until then set {rule.name} to advisory"
    )


def _resource(shown: Any) -> StackResource:
    """A resource as the engine shows it. A resource rule sees the inputs, a stack rule the outputs, which
    are joined with the inputs that came by before."""
    bag = opened(json_format.MessageToDict(shown.properties))
    kind, api_version = read(shown.type, bag)
    options, provider = shown.options, shown.provider
    configured = opened(json_format.MessageToDict(provider.properties))
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
