"""Turns a Rule into the policy object that the engine asks.

Handles reports, exemptions, values that are not known yet, and rules that fail. Judges nothing.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    Severity,
    StackValidationArgs,
)

from core.demands import DemandOutcome
from core.resource_types import COMPONENTS, Kind, parse_urn
from core.values import Mark
from policies import exemptions
from policies.engine_requests import OurResourcePolicy, OurStackPolicy, level_of, resources
from policies.redaction import without_secrets
from policies.reports import LEVELS, UNUSED
from policies.rule import Options, ResourceRule, Rule, RuleFinding, StackRule, Subject, UsedResourceRule
from policies.session import Session
from policies.used import UsedProtections

_REFUSES: Final = ("mandatory", "remediate")
Clock = Callable[[], float]
Args = ResourceValidationArgs | StackValidationArgs


def to_policy(rule: Rule, session: Session, clock: Clock = time.time) -> Policy:
    """The policy object of a rule. `session` is shared by all policies of one pack."""
    if isinstance(rule, ResourceRule):
        return _resource_policy(rule, session, clock)
    if isinstance(rule, StackRule | UsedResourceRule):
        return _stack_policy(rule, session, clock)
    raise TypeError(f"{rule.name} is not a rule on a resource, on a used resource or on the stack")


def message(rule: Rule, finding: RuleFinding, urn: str) -> str:
    """The text of a violation after the rule's title: found, required, why, fix. Advice is one line."""
    ours = COMPONENTS in urn and finding.setting is not None
    fix = without_secrets(_one_line(str(finding.setting) if ours else finding.fix))
    found = f"found: {without_secrets(_one_line(finding.found))}"
    if level_of(rule.name, rule.level) not in _REFUSES:
        return f"{found}; fix: {fix}"
    return f"{found}\nrequired: {finding.required}\nwhy: {rule.why} ({rule.source})\nfix: {fix}"


def _one_line(text: str) -> str:
    """A text in which no value of the program begins a line of its own."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _resource_policy(rule: ResourceRule, session: Session, clock: Clock) -> OurResourcePolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        (resource,) = resources()
        session.note(resource)
        config = args.get_config()
        # Most resources concern no rule; only an exemption to be listed makes the rest worth its time.
        concerns = rule.kinds is None or resource.kind in rule.kinds
        if not concerns and not config.get("exemptions"):
            return

        def judge(options: Options) -> Iterable[RuleFinding]:
            subject = Subject(resource, tuple(session.around(resource)))
            return rule.judge(subject, options) if concerns else ()

        _Asking(rule, session, clock, config).answer(judge, args, report, args.urn)

    return OurResourcePolicy(validate=validate, **_metadata(rule))


def _of_used(
    rule: UsedResourceRule, protections: UsedProtections, options: Options, session: Session
) -> Iterator[RuleFinding]:
    stack = protections.stack
    for resource in (one for kind in rule.kinds for one in stack.of(kind)):
        above = resource.kind is Kind.ROLE_ASSIGNMENT and protections.is_above_vaults(resource)
        users = {Kind.KEY: protections.users_of, Kind.ROLE_ASSIGNMENT: protections.users_by}
        kinds = tuple(users[resource.kind](resource)) if resource.kind in users else ()
        subject = Subject(resource, tuple(stack.around(resource)), above, kinds)
        found = [replace(one, urn=resource.urn) for one in rule.judge(subject, options)]
        used = protections.is_used(resource) if found else False
        if isinstance(used, Mark):
            yield from map(_if_used, found)
        elif used:
            yield from found
        elif level_of(rule.name, rule.level) in _REFUSES:
            session.unused += [
                without_secrets(f"{short(resource.urn)}: {one.found} ({rule.name}); fix: {one.fix}")
                for one in found
                if one.outcome is DemandOutcome.UNMET
            ]


def _if_used(one: RuleFinding) -> RuleFinding:
    """A violation of something of which this stack cannot say whether an account's key depends on it."""
    if one.outcome is not DemandOutcome.UNMET:
        return one
    found = f"whether it reaches the account's key: {one.found}"
    return replace(one, found=found, outcome=DemandOutcome.UNDECIDED)


def _stack_policy(rule: StackRule | UsedResourceRule, session: Session, clock: Clock) -> OurStackPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        def judge(options: Options) -> Iterable[RuleFinding]:
            session.judges_unused = level_of(UNUSED, LEVELS[UNUSED].value) in _REFUSES
            protections = session.protections(resources())
            if isinstance(rule, StackRule):
                return rule.judge(protections, options)
            return _of_used(rule, protections, options, session)

        _Asking(rule, session, clock, args.get_config()).answer(judge, args, report, "")

    return OurStackPolicy(validate=validate, **_metadata(rule))


class _Asking:
    """One question to one rule: collects the findings, reports them, and keeps what stayed open."""

    def __init__(self, rule: Rule, session: Session, clock: Clock, config: Mapping[str, Any] | None) -> None:
        self._rule = rule
        self._session = session
        self._options = rule.options(config, clock)
        configured = (config or {}).get("exemptions") or ()
        today = exemptions.day_of(clock()) if configured else date.min
        self._exemptions, unusable = exemptions.read_exemptions(configured, today)
        session.unusable += [f"{rule.name}: {bad}" for bad in unusable]
        for exemption in self._exemptions:
            session.exemptions.setdefault((rule.name, exemption), set())

    def answer(
        self, judge: Callable[[Options], Iterable[RuleFinding]], args: Args, report: ReportViolation, urn: str
    ) -> None:
        """Reports every violation. Where there is none, what a preview does not know yet makes the rule "not
        applicable", for the engine shows advice where a rule is left with unknown values."""
        later: list[str] = []
        refused = False
        try:
            for finding in judge(self._options):
                where = finding.urn or urn
                if finding.outcome is DemandOutcome.UNMET:
                    if not self._exempts(where):
                        report(message(self._rule, finding, where), finding.urn)
                        refused = True
                    continue
                what = without_secrets(f"{short(where)}: {finding.found}" if where else finding.found)
                if finding.outcome is DemandOutcome.LATER:
                    later.append(what)
                elif not self._exempts(where):
                    self._session.undecided.append(f"{self._rule.name}: {what}")
        except Exception as problem:  # noqa: BLE001 - a rule that fails must refuse, whatever its failure
            report(without_secrets(self._failure(problem)), urn or None)
            refused = True
        if later and not refused:
            args.not_applicable("; ".join(sorted(set(later))))

    def _exempts(self, urn: str) -> bool:
        fitting = exemptions.matching(self._exemptions, urn)
        if not fitting or not fitting[0].holds_on(exemptions.day_of(self._options.now())):
            return False
        self._session.exemptions[self._rule.name, fitting[0]].add(urn)
        return True

    def _failure(self, problem: Exception) -> str:
        rule = self._rule
        return (
            f"found: the rule {rule.name} could not be evaluated: {type(problem).__name__}: {problem}\n"
            f"required: an answer; without one the rule refuses\nwhy: {rule.why} ({rule.source})\n"
            f"fix: report this with the resource's properties; until then set the level of {rule.name} "
            f"to advisory"
        )


def short(urn: str) -> str:
    """The logical name and type of a URN; a text that is none, as it is."""
    try:
        return parse_urn(urn).label
    except ValueError:
        return urn


def _metadata(rule: Rule) -> dict[str, Any]:
    tags = rule.same_as.split()
    cis = [tag.removeprefix("cis-azure-6.0:") for tag in tags if tag.startswith("cis-azure-6.0:")]
    framework = (
        PolicyComplianceFramework(
            name="CIS Microsoft Azure Foundations",
            version="6.0",
            reference=cis[0],
            specification=rule.title,
        )
        if cis
        else None
    )
    schema = {name: dict(value) for name, value in rule.settings.items()}
    return {
        "name": rule.name,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(rule.level),
        "severity": Severity(rule.severity),
        "config_schema": PolicyConfigSchema(properties={**schema, "exemptions": dict(exemptions.SCHEMA)}),
        "framework": framework,
        "tags": tags,
        "remediation_steps": f"{rule.why} Source: {rule.source}.",
    }
