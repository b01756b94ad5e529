"""Turns a Rule into the policy object that the engine asks.

Handles reports, exemptions, values that are not known yet, and rules that fail. Judges nothing.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from core.resource_types import COMPONENTS, Kind, kind_of, parse_urn
from policies import exemptions
from policies.decoding import level_of
from policies.kinds import read
from policies.redaction import without_secrets
from policies.relations import Relations
from policies.reports import LEVELS, UNUSED
from policies.rule import (
    Finding,
    NotYetKnown,
    Options,
    ResourceRule,
    Rule,
    StackRule,
    Subject,
    Undecided,
    UsedResourceRule,
    Violation,
)
from policies.session import Session
from policies.stack_index import Node, StackIndex
from policies.view import UNKNOWN

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


def subject_of(args: ResourceValidationArgs, session: Session) -> Subject:
    """The resource that the engine asks about, as rules see it."""
    resource = read(args.resource_type, args.props)
    options = args.opts
    return Subject(
        kind=resource.kind,
        token=args.resource_type,
        api_version=resource.api_version,
        view=resource.view,
        protect=bool(options.protect) if options else False,
        deletes_first=bool(options.delete_before_replace) if options else False,
        ignore_changes=tuple(options.ignore_changes or ()) if options else (),
        around=tuple(session.around(options.parent if options else None)),
    )


def _subject_in_stack(node: Node, relations: Relations, session: Session) -> Subject:
    """The same, of a resource in the stack: by its inputs; by its outputs in a stack that is shown alone."""
    options = node.resource.opts
    return Subject(
        kind=node.kind,
        token=node.resource.resource_type,
        api_version=None,
        view=relations.index.stated(node),
        ignore_changes=node.ignore_changes,
        around=tuple(session.around(options.parent if options else None)),
        above_vaults=node.kind is Kind.ROLE_ASSIGNMENT and relations.is_above_vaults(node),
    )


def message(rule: Rule, violation: Violation, urn: str, notes: Sequence[str] = ()) -> str:
    """The text of a violation after the rule's title: found, required, why, fix. Advice is one line."""
    ours = COMPONENTS in urn and violation.setting is not None
    fix = without_secrets(str(violation.setting) if ours else violation.fix)
    found = f"found: {without_secrets(violation.found)}"
    if level_of(rule.name, rule.level) not in _REFUSES:
        return "; ".join([found, *(f"note: {note}" for note in notes), f"fix: {fix}"])
    lines = [
        found,
        f"required: {violation.required}",
        f"why: {rule.why} ({rule.source})",
        *(f"note: {note}" for note in notes),
        f"fix: {fix}",
    ]
    return "\n".join(lines)


def _resource_policy(rule: ResourceRule, session: Session, clock: Clock) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        session.note(args)
        config = args.get_config()
        # Most resources concern no rule; only an exemption to be listed makes the rest worth its time.
        kind = kind_of(args.resource_type)
        concerns = rule.kinds is None or kind is Kind.GENERIC or kind in rule.kinds
        if not concerns and not config.get("exemptions"):
            return

        def judge(options: Options) -> Iterable[Finding]:
            subject = subject_of(args, session)
            if rule.kinds is None or subject.kind in rule.kinds:
                yield from rule.judge(subject, options)

        _Asking(rule, session, clock, config).answer(judge, args, report, args.urn)

    def remediate(args: ResourceValidationArgs) -> Any:
        kind = kind_of(args.resource_type)
        return rule.remedy(args.props) if rule.remedy and rule.kinds and kind in rule.kinds else None

    return ResourceValidationPolicy(
        validate=validate, remediate=remediate if rule.remedy is not None else None, **_metadata(rule)
    )


def _of_used(
    rule: UsedResourceRule, relations: Relations, options: Options, session: Session
) -> Iterator[Finding]:
    for node in (node for kind in rule.kinds for node in relations.index.of(kind)):
        subject = _subject_in_stack(node, relations, session)
        found = (replace(one, urn=node.urn) for one in rule.judge(subject, options))
        used = relations.is_used(node)
        if used is UNKNOWN:
            yield from (
                Undecided(f"whether it reaches the account's key: {one.found}", one.urn)
                if isinstance(one, Violation)
                else one
                for one in found
            )
        elif used:
            yield from found
        elif level_of(rule.name, rule.level) in _REFUSES:
            session.unused += _unused(rule, node.urn, found)


def _unused(rule: Rule, urn: str, findings: Iterable[Finding]) -> Iterator[str]:
    for one in findings:
        if isinstance(one, Violation):
            yield without_secrets(f"{short(urn)}: {one.found} ({rule.name}); fix: {one.fix}")


def _stack_policy(
    rule: StackRule | UsedResourceRule, session: Session, clock: Clock
) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        def judge(options: Options) -> Iterable[Finding]:
            relations = _relations(args.resources, session)
            if isinstance(rule, StackRule):
                return rule.judge(relations, options)
            return _of_used(rule, relations, options, session)

        _Asking(rule, session, clock, args.get_config()).answer(judge, args, report, "")

    return StackValidationPolicy(validate=validate, **_metadata(rule))


def _relations(resources: Sequence[PolicyResource], session: Session) -> Relations:
    """The relations that all rules of a request share; if they cannot be made, every rule raises the
    error."""
    session.judges_unused = level_of(UNUSED, LEVELS[UNUSED].value) in _REFUSES
    if session.relations is None or session.relations[0] is not resources:
        try:
            made: Relations | Exception = Relations(StackIndex(resources, session))
        except Exception as problem:  # noqa: BLE001 - each rule then reports it, and refuses
            made = problem
        session.relations = (resources, made)
    found = session.relations[1]
    if isinstance(found, Exception):
        raise found
    relations: Relations = found
    return relations


class _Asking:
    """One question to one rule: collects the findings, reports them, and keeps what stayed open."""

    def __init__(self, rule: Rule, session: Session, clock: Clock, config: Mapping[str, Any] | None) -> None:
        self._rule = rule
        self._session = session
        self._options = rule.options(config, clock)
        configured = (config or {}).get("exemptions") or ()
        today = exemptions.day_of(clock()) if configured else date.min
        self._exemptions, self._bad_exemptions = exemptions.read_exemptions(configured, today)
        session.unusable += [f"{rule.name}: {bad}" for bad in self._bad_exemptions]
        for exemption in self._exemptions:
            session.exemptions.setdefault((rule.name, exemption), set())

    def answer(
        self, judge: Callable[[Options], Iterable[Finding]], args: Args, report: ReportViolation, urn: str
    ) -> None:
        """Reports every violation. Where there is none, what a preview does not know yet makes the rule "not
        applicable", for the engine shows advice where a rule is left with unknown values."""
        later: list[str] = []
        refused = False
        try:
            for finding in judge(self._options):
                where = finding.urn or urn
                if isinstance(finding, Violation):
                    refused |= self._violation(finding, where, report)
                    continue
                what = without_secrets(f"{short(where)}: {finding.what}" if where else finding.what)
                if isinstance(finding, NotYetKnown):
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

    def _violation(self, violation: Violation, urn: str, report: ReportViolation) -> bool:
        if self._exempts(urn):
            return False
        notes = [
            f"the exemption of this resource ended on {ended.until} ({ended.reason})"
            for ended in exemptions.matching(self._exemptions, urn)[:1]
        ]
        text = message(self._rule, violation, urn, [*notes, *self._bad_exemptions])
        report(text, violation.urn)
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
