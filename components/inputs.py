"""What a component's caller says, checked as a stack's settings are: a word that nobody reads is refused.

Owns: unknown names, words that are no choice, and outputs where only a value can decide what is made; all at
once. A program in Python may give its inputs as a plain dictionary, in which no type checker looks. Does not
own: what the inputs mean.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, ForwardRef, NotRequired, TypeVar, Union, cast, get_args, get_origin, is_typeddict

import pulumi
from pulumi.runtime.sync_await import _sync_await

A = TypeVar("A")
Choices = Mapping[str, Sequence[str]]
UNKNOWN = ""
"""Stands for the value of an output that is not known yet."""


class InputError(pulumi.RunError, ValueError):
    """The inputs of a component cannot be used. The message names everything that is wrong with them."""


def checked(args: A, contract: type, choices: Choices) -> A:
    """The inputs themselves. Raises InputError. `choices` are the words of an input, by its path."""
    wrong = list(_problems(cast("Mapping[str, Any]", args), contract, choices, ""))
    if wrong:
        raise InputError("; ".join(wrong))
    return args


def plain(args: A) -> A:
    """The inputs with each output by its value, or UNKNOWN where it is not known yet."""
    return cast("A", _plain(args))


def makers(value: pulumi.Input[str]) -> list[pulumi.Resource]:
    """The resources of this program that an input comes from; none of a plain value. Waits until they are
    made: only for an input whose value was waited for anyway."""
    return list(_sync_await(value.resources())) if isinstance(value, pulumi.Output) else []


def _plain(value: Any) -> Any:
    if isinstance(value, pulumi.Output):
        known = _sync_await(value.future())
        return UNKNOWN if known is None else known
    if isinstance(value, Mapping):
        return {name: found if name == "tags" else _plain(found) for name, found in value.items()}
    return [_plain(found) for found in value] if isinstance(value, list) else value


def _problems(args: Mapping[str, Any], contract: type, choices: Choices, prefix: str) -> Iterator[str]:
    # Not resolved by typing.get_type_hints(): pulumi.Input names Output, which the contracts' modules do not.
    hints = contract.__annotations__
    for name, value in args.items():
        path = f"{prefix}{name}"
        if name not in hints:
            near = difflib.get_close_matches(_snake(name), hints, n=1)
            known = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(hints))}"
            yield f"{path}: is unknown; {known}"
        elif _has_output(value) and not _takes_output(hints[name]):
            yield (
                f"{path}: found an output, which has no value before something is made; what is made depends "
                "on this input, so give its value"
            )
        elif value is not None and path in choices and value not in choices[path]:
            yield f"{path}: found {value!r}, expected {', '.join(map(repr, choices[path]))}"
        else:
            nested = next((one for one in _options(hints[name]) if is_typeddict(one)), None)
            if nested and isinstance(value, Mapping):
                yield from _problems(value, nested, choices, f"{path}.")


def _options(hint: Any) -> Iterator[Any]:
    """The types that a contract allows, one by one."""
    if get_origin(hint) in (NotRequired, Union, UnionType):
        for option in get_args(hint):
            yield from _options(option)
    else:
        yield hint


def _has_output(value: Any) -> bool:
    return any(isinstance(one, pulumi.Output) for one in (value if isinstance(value, list) else [value]))


def _takes_output(hint: Any) -> bool:
    return any(
        get_origin(one) is pulumi.Output
        or (isinstance(one, ForwardRef) and one.__forward_arg__.startswith("Output"))
        or (get_origin(one) is list and _takes_output(get_args(one)[0]))
        for one in _options(hint)
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
