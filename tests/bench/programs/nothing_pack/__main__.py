"""A policy pack of one rule that asks nothing: what the engine and the SDK take for any pack."""

from __future__ import annotations

from pulumi_policy import PolicyPack, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy


def nothing(_: ResourceValidationArgs, __: ReportViolation) -> None:
    """Lets everything through."""


PolicyPack("nothing", [ResourceValidationPolicy("nothing", "Lets everything through", nothing)])
