"""The pack's own time over large stacks: `python -m tests.policies.bench`.

Owns: the measurement, without the SDK's decoding of messages (policies/requests.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from policies.pack import make_policies
from tests.policies.asking import NOW
from tests.policies.stacks import two_phases
from tests.support.processor_time import least_seconds


def services(resources: int) -> list[PolicyResource]:
    """A stack of that many resources: whole services of eight, each with names of its own."""
    return [one for number in range(resources // 8) for one in _service(number)]


def _service(number: int) -> Iterator[PolicyResource]:
    things = two_phases()
    made: dict[str, PolicyResource] = {}
    for thing in things.values():
        bag: Any = unknown_checking_proxy(numbered(dict(thing.props), number))
        options = PolicyResourceOptions(thing.protect, list(thing.ignore_changes), None, [], Any, [])  # type: ignore[arg-type]
        urn, name = f"{thing.urn}-{number}", f"{thing.name}-{number}"
        made[thing.name] = PolicyResource(thing.type, bag, urn, name, options, None, None, [], {})
    for thing in things.values():
        resource = made[thing.name]
        resource.dependencies.extend(made[name] for name in thing.depends_on)
        for name, sources in thing.property_dependencies.items():
            resource.property_dependencies[name] = [made[source] for source in sources]
    return iter(made.values())


def numbered(value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {key: numbered(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [numbered(inner, number) for inner in value]
    if isinstance(value, str):
        for text in ("kv-one", "lang-one", "44444444-4444"):
            value = value.replace(text, f"{text}-{number}")
    return value


def reported(stack: list[PolicyResource]) -> list[str]:
    """What a pack made for this run reports of a stack."""
    reports = list[str]()
    for policy in make_policies(lambda: NOW):
        _ask(policy, stack, reports)
    return reports


def _ask(policy: Policy, stack: list[PolicyResource], reports: list[str]) -> None:
    def report(message: str, urn: str | None = None) -> None:
        reports.append(f"{policy.name}: {urn}: {message}")

    if isinstance(policy, ResourceValidationPolicy):
        for one in stack:
            policy.validate(
                ResourceValidationArgs(one.resource_type, one.props, one.urn, one.name, one.opts, None),
                report,
            )
    elif isinstance(policy, StackValidationPolicy):
        policy.validate(StackValidationArgs(stack), report)


def main() -> None:
    """Prints one line for each size."""
    for resources in (1_000, 2_500, 5_000, 10_000):
        stack = services(resources)
        spent = least_seconds(partial(reported, stack), runs=1)
        print(f"policy pack: {resources:>6} resources in {spent:.2f} s of its own time")  # noqa: T201


if __name__ == "__main__":
    main()
