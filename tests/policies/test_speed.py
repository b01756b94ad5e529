"""What the rules take grows with the stack. Seconds are the bench's: tests/bench/fleets.py."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.policies.asking import Answer, Pack, Thing
from tests.policies.stacks import declared, two_phases
from tests.support.call_count import calls


def numbered(value: Any, number: int) -> Any:
    """A copy with names and ids of its own."""
    if isinstance(value, dict):
        return {key: numbered(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [numbered(inner, number) for inner in value]
    if isinstance(value, str):
        for text in ("kv-one", "lang-one", "44444444-4444"):
            value = value.replace(text, f"{text}-{number}")
    return value


def fleet(services: int) -> list[Thing]:
    """Whole services, each with names of its own."""
    return [
        replace(
            thing,
            name=f"{thing.name}-{number}",
            props=numbered(dict(thing.props), number),
            depends_on=[f"{name}-{number}" for name in thing.depends_on],
            property_dependencies={
                key: [f"{name}-{number}" for name in names]
                for key, names in thing.property_dependencies.items()
            },
        )
        for number in range(services)
        for thing in two_phases().values()
    ]


def asking(things: list[Thing]) -> Callable[[], list[Answer]]:
    """The answers of a new pack to all that the engine asks of a stack."""
    inputs = [declared(thing) for thing in things]

    def ask() -> list[Answer]:
        pack = Pack()
        for thing in inputs:
            pack.ask(thing)
        return pack.ask_stack(things)

    return ask


def test_a_larger_stack_costs_in_proportion() -> None:
    """Four times the services take at most five times the calls, and a right stack is let through."""
    small, large = (asking(fleet(size)) for size in (10, 40))
    assert large() == []
    assert calls(large) < 5 * calls(small)
