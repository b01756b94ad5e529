"""The arguments of a component as callers write them and the form that they are read into are one contract,
and the example stack keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, ForwardRef, NotRequired, Union, get_args, get_origin

import pulumi
import pytest
import yaml

from components.__main__ import COMPONENTS
from components.arguments.inputs import ArgumentKind, Inputs, arguments
from settings import ServiceSettings, SettingsError, parse
from settings.documentation import descriptions

ROOT = Path(__file__).resolve().parents[3]
# A program has an option of any resource, and the name of the component, for them.
ONLY_IN_STACKS = ("protect", "previous_name")


def forms(base: type[Inputs] = Inputs) -> Iterator[type[Inputs]]:
    """Every form of arguments that there is."""
    for form in base.__subclasses__():
        yield form
        yield from forms(form)


def options(hint: Any) -> list[Any]:
    """The types that a hint allows, one by one."""
    if get_origin(hint) in (NotRequired, Union, UnionType):
        return [one for option in get_args(hint) for one in options(option)]
    return [hint]


def takes_output(hint: Any) -> bool:
    return any(
        get_origin(one) is pulumi.Output
        or (isinstance(one, ForwardRef) and one.__forward_arg__.startswith("Output"))
        or (get_origin(one) is list and takes_output(get_args(one)[0]))
        for one in options(hint)
    )


each = pytest.mark.parametrize("form", [*forms()], ids=lambda form: form.__name__)


def test_every_component_has_a_form() -> None:
    """No component takes arguments that nothing checks."""
    checked = {form.ARGS.__name__ for form in forms()}
    assert {f"{component.__name__}Args" for component in COMPONENTS} <= checked


@each
def test_a_form_reads_what_callers_write(form: type[Inputs]) -> None:
    """Both declare the same arguments, require the same ones, and take outputs for the same ones."""
    hints: dict[str, Any] = form.ARGS.__annotations__
    declared = {name: one for name, one in arguments(form).items() if not one.is_name}
    if form is ServiceSettings:
        declared = {name: one for name, one in declared.items() if name not in ONLY_IN_STACKS}
    assert set(declared) == set(hints)
    required = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
    assert {name for name, one in declared.items() if one.required} == required
    outputs = {name for name, hint in hints.items() if takes_output(hint)}
    assert {name for name, one in declared.items() if one.accepts_outputs} == outputs


@each
def test_every_argument_says_what_it_does(form: type[Inputs]) -> None:
    """The documentation of settings and package is made from the descriptions, so there is one for each."""
    described = descriptions(form.ARGS)
    missing = [name for name, one in arguments(form).items() if not one.is_name and not described.get(name)]
    assert missing == ([*ONLY_IN_STACKS] if form is ServiceSettings else [])


@each
def test_a_list_is_a_tuple_in_the_form(form: type[Inputs]) -> None:
    """A form is frozen all the way down; None stands for a list whose absence says something else."""
    for name, argument in arguments(form).items():
        if argument.kind in (ArgumentKind.TEXTS, ArgumentKind.GROUPS):
            assert form.__dataclass_fields__[name].default in ((), None)


def test_example_stack_is_right() -> None:
    """Pulumi.dev.yaml is accepted as it is."""
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    config = {key.removeprefix("language-cmk:"): value for key, value in document["config"].items()}
    try:
        (service,) = parse(config).services
    except SettingsError as error:
        pytest.fail(str(error))
    assert service.protect is False
