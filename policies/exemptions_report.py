"""The policy that lists every exemption, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.exemptions import Exemption, day_of
from policies.session import Session

NAME = "exemptions-listed"


def exemptions_policy(session: Session, clock: Callable[[], float]) -> Policy:
    """Reports each configured exemption once; it comes last, when all rules have been asked."""

    def validate(_: StackValidationArgs, report: ReportViolation) -> None:
        today = day_of(clock())
        entries = sorted(session.exemptions.items(), key=lambda entry: (entry[0][0], entry[0][1].urn))
        for (rule, exemption), used_for in entries:
            ended = not exemption.holds_on(today)
            report(_text(rule, exemption, sorted(used_for), ended=ended), None)

    return StackValidationPolicy(
        name=NAME,
        description="Exemptions from the rules of this pack",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
        severity=Severity.LOW,
    )


def _text(rule: str, exemption: Exemption, used_for: list[str], *, ended: bool) -> str:
    if ended:
        state = "it has ended and exempts nothing; remove it"
    elif used_for:
        state = "used for " + ", ".join(used_for)
    else:
        state = "it was not needed in this run"
    return f"{rule} may be broken by {exemption.urn} until {exemption.until}: {exemption.reason} ({state})"
