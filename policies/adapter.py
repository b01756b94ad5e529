"""Makes the policies of the pack: for each Rule, the policy object that the engine asks.

Handles reports, exemptions, values that are not known yet, and rules that fail. Judges nothing.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    Severity,
    StackValidationArgs,
)

from core.demands import DemandOutcome
from core.resource_types import COMPONENTS, Kind, parse_urn
from core.stack import around
from core.values import Mark
from policies import exemptions
from policies.engine_requests import OurResourcePolicy, OurStackPolicy, level_of, read_once, resources
from policies.redaction import without_secrets
from policies.reports import LEVELS, UNUSED, reports
from policies.rule import Options, ResourceRule, Rule, RuleFinding, StackRule, Subject, UsedResourceRule
from policies.rules import RULES
from policies.session import Session
from policies.used import UsedProtections

PACK_NAME: Final = "language-cmk-policies"
_UNDECIDED: Final = DemandOutcome.UNDECIDED
_REFUSES: Final = ("mandatory", "remediate")
Args = ResourceValidationArgs | StackValidationArgs


def make_policies(clock: Callable[[], float] = time.time) -> list[Policy]:
    """Every policy of the pack, in a fixed order, over one shared session. `clock` is seconds since 1970.

    Raises RuntimeError if the installed SDK is none that the pack is tested with.
    """
    read_once()
    session = Session(clock, refusing=tuple(rule.name for rule in RULES if rule.level == "mandatory"))
    return [*(to_policy(rule, session) for rule in RULES), *reports(session)]


def to_policy(rule: Rule, session: Session) -> Policy:
    """The policy object of a rule. `session` is shared by all policies of one pack."""

    def validate(args: Args, report: ReportViolation) -> None:
        _answer(rule, session, args, report)

    form = OurResourcePolicy if isinstance(rule, ResourceRule) else OurStackPolicy
    return form(validate=validate, **_metadata(rule))


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


def _found(rule: Rule, options: Options, session: Session) -> Iterable[RuleFinding]:
    """A rule's findings in the request that is being answered."""
    if isinstance(rule, ResourceRule):
        (resource,) = resources()
        subject = Subject(resource, tuple(around(resource, session.declared.get)))
        return rule.judge(subject, options) if rule.kinds is None or resource.kind in rule.kinds else ()
    session.judges_unused = level_of(UNUSED, LEVELS[UNUSED].value) in _REFUSES
    protections = session.protections(resources())
    if isinstance(rule, UsedResourceRule):
        return _of_used(rule, protections, options, session)
    return rule.judge(protections, options) if isinstance(rule, StackRule) else ()


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
            # Of what breaks a rule here, this stack cannot say whether an account's key depends on it.
            yield from (
                replace(one, found=f"whether it reaches the account's key: {one.found}", outcome=_UNDECIDED)
                if one.outcome is DemandOutcome.UNMET
                else one
                for one in found
            )
        elif used:
            yield from found
        elif level_of(rule.name, rule.level) in _REFUSES:
            session.unused += [
                without_secrets(f"{parse_urn(resource.urn).label}: {one.found} ({rule.name}); fix: {one.fix}")
                for one in found
                if one.outcome is DemandOutcome.UNMET
            ]


def _answer(rule: Rule, session: Session, args: Args, report: ReportViolation) -> None:
    """Reports every violation, and keeps the open questions for the report. Without a violation, values that
    a preview does not know yet make the rule "not applicable", because the engine shows advice if it leaves a
    rule with unknown values."""
    config, urn = args.get_config() or {}, ""
    if isinstance(rule, ResourceRule):
        urn = resources()[0].urn
        session.declared[urn] = resources()[0]
        # Most resources concern no rule; only an exemption to be listed makes the rest worth its time.
        if rule.kinds and resources()[0].kind not in rule.kinds and not config.get("exemptions"):
            return
    exempts = _exempting(rule, session, config.get("exemptions"))
    later: list[str] = []
    refused = False
    try:
        for finding in _found(rule, rule.options(config, session.clock), session):
            where = finding.urn or urn
            what = without_secrets(f"{parse_urn(where).label}: {finding.found}" if where else finding.found)
            if finding.outcome is DemandOutcome.LATER:
                later.append(what)
            elif exempts(where):
                continue
            elif finding.outcome is DemandOutcome.UNDECIDED:
                session.undecided.append(f"{rule.name}: {what}")
            else:
                report(message(rule, finding, where), finding.urn)
                refused = True
    except Exception as problem:  # noqa: BLE001 - a rule that fails must refuse, whatever its failure
        report(without_secrets(_failure(rule, problem)), urn or None)
        refused = True
    if later and not refused:
        args.not_applicable("; ".join(sorted(set(later))))


def _exempting(rule: Rule, session: Session, configured: object) -> Callable[[str], bool]:
    """Whether a rule's exemptions let a resource pass, which is then listed with the exemption."""
    given, unusable = exemptions.read_exemptions(configured, session.today) if configured else ((), ())
    session.unusable += [f"{rule.name}: {bad}" for bad in unusable]
    for one in given:
        session.exemptions.setdefault((rule.name, one), set())

    def exempts(urn: str) -> bool:
        fitting = exemptions.matching(given, urn)
        if not fitting or session.today > fitting[0].until:
            return False
        session.exemptions[rule.name, fitting[0]].add(urn)
        return True

    return exempts


def _failure(rule: Rule, problem: Exception) -> str:
    return (
        f"found: the rule {rule.name} could not be evaluated: {type(problem).__name__}: {problem}\n"
        f"required: an answer; without one the rule refuses\nwhy: {rule.why} ({rule.source})\n"
        f"fix: report this with the resource's properties; until then set {rule.name} to advisory"
    )


def _metadata(rule: Rule) -> dict[str, Any]:
    schema = {name: dict(value) for name, value in rule.settings.items()}
    return {
        "name": rule.name,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(rule.level),
        "severity": Severity(rule.severity),
        "config_schema": PolicyConfigSchema(properties={**schema, "exemptions": dict(exemptions.SCHEMA)}),
        "tags": rule.same_as,
        "remediation_steps": f"{rule.why} Source: {rule.source}.",
    }
