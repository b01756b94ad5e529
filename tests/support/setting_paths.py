"""Every setting of a service by its path, from the declarations themselves: a table that lacks one is
noticed."""

from __future__ import annotations

from collections.abc import Iterator

from components.arguments.inputs import Arguments, arguments, camel_case
from settings.model import ServiceSettings


def setting_paths(form: type[Arguments] = ServiceSettings, prefix: str = "") -> Iterator[str]:
    """`location`, `key.generation` and so on."""
    for name, argument in arguments(form).items():
        path = prefix + camel_case(name)
        if argument.form and not argument.many:
            yield from setting_paths(argument.form, f"{path}.")
        else:
            yield path
