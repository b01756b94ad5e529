"""Turns a Rule into the policy object that the engine asks.

Owns: reports, exemptions, unknown values, and what happens when a rule itself fails. Does not own: any
judgement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies import exemptions
from policies.kinds import is_generic, kind_of_generic, parse_token
from policies.rule import Finding, Options, ResourceRule, Rule, StackRule, Subject, Violation
from policies.session import Session
from policies.stack_index import StackIndex
from policies.view import View

Clock = Callable[[], float]


def to_policy(rule: Rule, session: Session, clock: Clock = time.time) -> Policy:
    """The policy object of a rule. `session` is shared by all policies of one pack."""
    if isinstance(rule, ResourceRule):
        return _resource_policy(rule, session, clock)
    if isinstance(rule, StackRule):
        return _stack_policy(rule, session, clock)
    raise TypeError(f"{rule.name} is neither a resource rule nor a stack rule")


def subject_of(args: ResourceValidationArgs, session: Session) -> Subject:
    """The resource that the engine asks about, as rules see it."""
    kind, api_version = parse_token(args.resource_type)
    view = View(args.props)
    if is_generic(args.resource_type):
        kind, stated = kind_of_generic(view), view.get("apiVersion")
        api_version = stated if isinstance(stated, str) else None
    options = args.opts
    return Subject(
        urn=args.urn,
        name=args.name,
        kind=kind,
        token=args.resource_type,
        api_version=api_version,
        view=view,
        protect=bool(options.protect) if options else False,
        ignore_changes=tuple(options.ignore_changes or ()) if options else (),
        around=tuple(session.around(options.parent if options else None)),
    )


def message(rule: Rule, violation: Violation) -> str:
    """The text of a violation: what was found, what is required, why, and the fix."""
    return (
        f"found: {violation.found}\nrequired: {violation.required}\n"
        f"why: {rule.why} ({rule.source})\nfix: {violation.fix}"
    )


def _resource_policy(rule: ResourceRule, session: Session, clock: Clock) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        session.note(args)
        config = args.get_config()
        # Most resources concern no rule; only an exemption to be listed makes the rest worth its time.
        if not _may_concern(rule, args.resource_type) and not config.get("exemptions"):
            return
        asking = _Asking(rule, session, clock, config)

        def judge(options: Options) -> Iterable[Finding]:
            subject = subject_of(args, session)
            if rule.kinds is None or subject.kind in rule.kinds:
                yield from rule.judge(subject, options)

        asking.answer(judge, report, args.urn)

    def remediate(args: ResourceValidationArgs) -> Any:
        kind, _ = parse_token(args.resource_type)
        return rule.remedy(args.props) if rule.remedy and rule.kinds and kind in rule.kinds else None

    return ResourceValidationPolicy(
        validate=validate, remediate=remediate if rule.remedy is not None else None, **_metadata(rule)
    )


def _stack_policy(rule: StackRule, session: Session, clock: Clock) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        def judge(options: Options) -> Iterable[Finding]:
            return rule.judge(StackIndex(args.resources, session), options)

        _Asking(rule, session, clock, args.get_config()).answer(judge, report, "")

    return StackValidationPolicy(validate=validate, **_metadata(rule))


def _may_concern(rule: ResourceRule, token: str) -> bool:
    """Cheap, because most resources of a stack concern no rule."""
    if rule.kinds is None or is_generic(token):
        return True
    kind, _ = parse_token(token)
    return kind in rule.kinds


class _Asking:
    """One question to one rule: collects the findings, reports them, and says what stayed open."""

    def __init__(self, rule: Rule, session: Session, clock: Clock, config: Mapping[str, Any] | None) -> None:
        self._rule = rule
        self._session = session
        self._options = rule.options(config, clock)
        self._exemptions, self._bad_exemptions = exemptions.read_exemptions((config or {}).get("exemptions"))
        for exemption in self._exemptions:
            session.exemptions.setdefault((rule.name, exemption), set())

    def answer(
        self, judge: Callable[[Options], Iterable[Finding]], report: ReportViolation, urn: str
    ) -> None:
        """Reports every violation; raises the SDK's UnknownValueError afterwards for what is not known."""
        undecided: list[str] = []
        try:
            for finding in judge(self._options):
                where = finding.urn or urn
                if isinstance(finding, Violation):
                    self._violation(finding, where, report)
                else:
                    undecided.append(f"{short(where)}: {finding.what}" if where else finding.what)
        except Exception as problem:  # noqa: BLE001 - a rule that fails must refuse, whatever its failure
            report(self._failure(problem), urn or None)
        if undecided:
            raise _note(undecided)

    def _violation(self, violation: Violation, urn: str, report: ReportViolation) -> None:
        fitting = exemptions.matching(self._exemptions, urn)
        if fitting and fitting[0].holds_on(exemptions.day_of(self._options.now())):
            self._session.exemptions[self._rule.name, fitting[0]].add(urn)
            return
        text = message(self._rule, violation)
        if fitting:
            ended = fitting[0]
            text += f"\nnote: the exemption of this resource ended on {ended.until} ({ended.reason})"
        for bad in self._bad_exemptions:
            text += f"\nnote: {bad}"
        report(text, violation.urn)

    def _failure(self, problem: Exception) -> str:
        rule = self._rule
        return (
            f"found: the rule {rule.name} could not be evaluated: "
            f"{type(problem).__name__}: {str(problem)[:300]}\n"
            f"required: an answer; without one the rule refuses\nwhy: {rule.why} ({rule.source})\n"
            f"fix: report this with the resource's properties; until then set the level of {rule.name} "
            f"to advisory"
        )


def _note(undecided: list[str]) -> UnknownValueError:
    """The SDK turns this error into an advisory of the policy and keeps what was reported before it."""
    note = UnknownValueError(UNKNOWN_STRING_VALUE, [])
    note.message = "; ".join(dict.fromkeys(undecided))
    return note


def short(urn: str) -> str:
    """The logical name and type at the end of a URN."""
    parts = urn.split("::")
    return f"{parts[-1]} ({parts[-2].rsplit('$', 1)[-1]})" if len(parts) >= 4 else urn


def _metadata(rule: Rule) -> dict[str, Any]:
    references = rule.references
    tags = [
        *(f"azure-policy:{one}" for one in references.azure_policy),
        *(f"cis-azure-6.0:{one}" for one in references.cis),
        *(f"psrule:{one}" for one in references.psrule),
        *(f"checkov:{one}" for one in references.checkov),
        *references.others,
    ]
    framework = (
        PolicyComplianceFramework(
            name="CIS Microsoft Azure Foundations",
            version="6.0",
            reference=references.cis[0],
            specification=rule.title,
        )
        if references.cis
        else None
    )
    schema = {name: dict(value) for name, value in rule.settings.items()}
    return {
        "name": rule.name,
        "description": rule.title,
        "enforcement_level": rule.level,
        "severity": rule.severity,
        "config_schema": PolicyConfigSchema(properties={**schema, "exemptions": dict(exemptions.SCHEMA)}),
        "framework": framework,
        "tags": tags,
        "remediation_steps": f"{rule.why} Source: {rule.source}.",
    }
