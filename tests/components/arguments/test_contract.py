"""Each component declares its arguments once: everything else is made from that, or reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

import pytest

from components.__main__ import COMPONENTS
from components.arguments.encryption_args import ServiceKeyArgs
from components.arguments.inputs import Arguments, arguments, descriptions, read
from components.arguments.problem import InputError
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.host import Package
from settings import parse


def forms(base: type[Arguments] = Arguments) -> Iterator[type[Arguments]]:
    """Every form of arguments that there is."""
    for form in base.__subclasses__():
        if form.__module__.startswith(("components", "settings")):
            yield form
        yield from forms(form)


each = pytest.mark.parametrize("form", [*dict.fromkeys(forms())], ids=lambda form: form.__name__)


def test_every_component_takes_its_arguments_as_a_class_or_a_dictionary() -> None:
    """No component takes arguments that nothing checks."""
    for component in COMPONENTS:
        written = vars(component)["__init__"].__annotations__["args"]
        form = next(iter(get_args(written)), written)
        assert form.__name__ == f"{component.__name__}Args"
        assert form in {*forms()}


@each
def test_every_argument_says_what_it_does(form: type[Arguments]) -> None:
    """The documentation of settings and package is made from the descriptions, so there is one for each."""
    assert [name for name, meaning in descriptions(form).items() if not meaning] == []


@each
def test_a_list_is_a_tuple_in_the_form(form: type[Arguments]) -> None:
    """A form is frozen all the way down; None stands for a list whose absence says something else."""
    for one in arguments(form).values():
        if one.many:
            assert one.default in ((), None)


def test_class_dictionary_and_file_give_the_same_arguments() -> None:
    """A program writes the class or a dictionary, a stack's file the same names: the parts see no difference,
    and what was given is known of each."""
    name, given = (
        "claims",
        {"location": "westeurope", "key": {"generation": 2}, "as_found": ["tags"]},
    )
    from_dictionary = read(EncryptedAIServicesAccountArgs, name, {**given, "grant_storage_access": False})
    written = EncryptedAIServicesAccountArgs(
        location="westeurope",
        key=ServiceKeyArgs(generation=2),
        as_found=["tags"],
        grant_storage_access=False,
    )
    from_class = read(EncryptedAIServicesAccountArgs, name, written)
    file = {"name": name, "location": "westeurope", "key": {"generation": 2}, "asFound": ["tags"]}
    (service,) = parse({**file, "grantStorageAccess": False}).services
    assert from_dictionary == from_class
    for one in arguments(EncryptedAIServicesAccountArgs):
        if one != "tags":  # a file's are {}, as the resources were always made
            assert getattr(service, one) == getattr(from_class, one)
    assert from_class.given == from_dictionary.given == service.given - {"name", "tags"}
    assert from_class.key.given == {"generation"}


def test_a_class_that_a_program_wrote_is_read() -> None:
    """Also where it has the component's name, which only reading puts there."""
    written = EncryptedAIServicesAccountArgs(name="claims", location="nowhere!")
    with pytest.raises(InputError) as error:
        read(EncryptedAIServicesAccountArgs, "claims", written)
    assert {one.path for one in error.value.problems} == {"name", "location"}


def test_the_package_requires_what_has_no_default() -> None:
    """Pulumi's analyzer takes an argument with a default for a required one."""
    schema = json.loads(Package(COMPONENTS).schema or "")
    service = schema["resources"]["language-cmk:index:EncryptedAIServicesAccount"]
    assert service["requiredInputs"] == ["location"]
    caller = schema["types"]["language-cmk:index:Caller"]
    assert caller["required"] == ["principalId"]
    assert "required" not in schema["types"]["language-cmk:index:ServiceKey"]
    assert service["inputProperties"]["sku"]["description"].startswith("Optional. Pricing tier")
