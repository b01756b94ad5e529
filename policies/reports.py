"""The policies that report at the end: exemptions, questions that stayed open, keys that no account uses."""

from collections.abc import Callable, Iterable
from typing import Final

from pulumi_policy import EnforcementLevel, Policy, ReportViolation, Severity, StackValidationArgs

from policies.engine_requests import OurStackPolicy, level_of, resources
from policies.session import Session

EXEMPTIONS: Final = "exemptions-listed"
UNDECIDED: Final = "undecided-listed"
UNUSED: Final = "unused-by-accounts"
LEVELS: Final = dict.fromkeys((EXEMPTIONS, UNDECIDED, UNUSED), EnforcementLevel.ADVISORY)


def reports(session: Session) -> list[Policy]:
    """The reports, which come last, after all rules."""
    return [
        _report(UNUSED, "A key, vault or grant that no account of this stack uses", lambda: session.unused),
        _report(UNDECIDED, "A question that this stack cannot answer", lambda: session.undecided),
        _report(EXEMPTIONS, "An exemption from a rule of this pack", lambda: _exemptions(session)),
    ]


def _report(name: str, title: str, lines: Callable[[], Iterable[str]]) -> Policy:
    def validate(_: StackValidationArgs, report: ReportViolation) -> None:
        for line in sorted(set(lines())):
            report(line, None)

    return OurStackPolicy(
        name=name,
        description=title,
        validate=validate,
        enforcement_level=LEVELS[name],
        severity=Severity.LOW,
    )


def _exemptions(session: Session) -> Iterable[str]:
    yield from session.unusable
    for rule in session.refusing:
        if (level := level_of(rule, "")) in ("disabled", "advisory"):
            yield f"the configuration makes {rule} {level}; without it, the rule refuses"
    for (rule, one), used_for in session.exemptions.items():
        state = "not needed in this run"
        if session.today > one.until:
            state = "it has ended and exempts nothing; remove it"
        elif used_for:
            state = f"used for {len(used_for)} of {len(resources())} resources: {', '.join(sorted(used_for))}"
        yield f"{rule} may be broken by {one.urn} until {one.until}: {one.reason} ({state})"
