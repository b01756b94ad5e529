"""Reads the arguments of a component into one typed, frozen form.

A form declares each argument with `text`, `number` and the like: type, choices, format, and whether an output
of a resource may stand for it. All problems are found in one pass, and the defaults are applied once.

Each component declares its arguments twice, under the same names: as a TypedDict, which callers write and
Pulumi makes the package's schema from, and as the form. A test keeps them alike.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast

import pulumi
from pulumi.runtime.sync_await import _sync_await

from components.arguments.problem import InputError, Problem

Check = Callable[[Any], object]
"""Raises ValueError with what is wrong with a value."""


class ArgumentKind(Enum):
    """The type of an argument, in the words of an error."""

    TEXT = "text"
    NUMBER = "a whole number"
    FLAG = "true or false"
    TEXTS = "a list"
    MAPPING = "an object of names and texts"
    GROUP = "an object"
    GROUPS = "a list of objects"


@dataclass(frozen=True)
class Argument:
    """How one argument is declared. `is_name`: it is the component's own name, which is no argument of it.

    `accepts_outputs`: an output of a resource may stand for it. `derive` makes the default from the name of
    the component. `example` is shown where the argument is missing.
    """

    kind: ArgumentKind
    required: bool = False
    accepts_outputs: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    check: Check | None = None
    form: type[Inputs] | None = None
    derive: Callable[[str], str] | None = None
    example: str = ""
    is_name: bool = False


class ArgumentRule(NamedTuple):
    """A rule between arguments. It is skipped when one that it reads is wrong already."""

    problems: Callable[[Any], Iterator[Problem]]
    reads: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Arguments that were read: those of the TypedDict `ARGS`, with defaults, under the rules `RULES`.

    `given` are the names of those that the caller gave.
    """

    ARGS: ClassVar[type]
    RULES: ClassVar[tuple[ArgumentRule, ...]] = ()

    given: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def completed(self) -> Self:
        """The same with defaults that are derived from other arguments. Called when nothing is wrong."""
        return self


F = TypeVar("F", bound=Inputs)


def component_name(check: Check | None = None) -> Any:
    """The component's own name, from which names of its resources are derived."""
    return field(metadata=_declared(Argument(ArgumentKind.TEXT, required=True, check=check, is_name=True)))


def text(default: str | None = None, **declared: Any) -> Any:
    """A text with a default."""
    return field(default=default, metadata=_declared(Argument(ArgumentKind.TEXT, **declared)))


def required_text(**declared: Any) -> Any:
    """A text that must be given."""
    return field(metadata=_declared(Argument(ArgumentKind.TEXT, required=True, **declared)))


def number(default: int | None = None, **declared: Any) -> Any:
    """A whole number with a default."""
    return field(default=default, metadata=_declared(Argument(ArgumentKind.NUMBER, **declared)))


def flag(default: bool | None = None) -> Any:
    """True or false."""
    return field(default=default, metadata=_declared(Argument(ArgumentKind.FLAG)))


def texts(default: tuple[str, ...] | None = (), **declared: Any) -> Any:
    """A list of texts, each listed once; empty by default, or None where an empty list says something."""
    return field(default=default, metadata=_declared(Argument(ArgumentKind.TEXTS, **declared)))


def mapping(**declared: Any) -> Any:
    """An object of names and texts; none by default."""
    return field(default=None, metadata=_declared(Argument(ArgumentKind.MAPPING, **declared)))


def group(form: type[Inputs]) -> Any:
    """Arguments that belong together; all with their defaults by default."""
    return field(default_factory=form, metadata=_declared(Argument(ArgumentKind.GROUP, form=form)))


def optional_group(form: type[Inputs]) -> Any:
    """Arguments that belong together; none by default."""
    return field(default=None, metadata=_declared(Argument(ArgumentKind.GROUP, form=form)))


def groups(form: type[Inputs]) -> Any:
    """A list of groups; empty by default."""
    return field(default=(), metadata=_declared(Argument(ArgumentKind.GROUPS, form=form)))


def arguments(form: type[Inputs]) -> dict[str, Argument]:
    """The declared arguments of a form by their Python names."""
    return {one.name: one.metadata["argument"] for one in dataclasses.fields(form) if one.metadata}


def camel_case(python_name: str) -> str:
    """A name as the package's schema and a stack's file have it."""
    first, *rest = python_name.split("_")
    return first + "".join(word.title() for word in rest)


def read(
    form: type[F],
    name: str,
    args: object,
    *,
    secret: Callable[[], frozenset[str]] = frozenset,
    besides: Mapping[str, object] | None = None,
) -> F:
    """The arguments of a component in their form. Raises InputError with every problem, in which no text that
    `secret` returns appears. `besides` are values of the form's fields that are no arguments."""
    given = args if isinstance(args, Mapping) else {}
    inputs, problems = examine(form, given, name=name, besides=besides)
    if given is not args:
        problems = [Problem("args", f"found a {type(args).__name__}, expected a dictionary of arguments")]
    if problems:
        hidden = secret()
        problems = [
            Problem(one.path, "is wrong; its value is secret")
            if any(text in one.text for text in hidden)
            else one
            for one in problems
        ]
        raise InputError(form.ARGS.__name__.removesuffix("Args"), name, problems)
    return inputs


def examine(
    form: type[F],
    args: Mapping[str, object],
    *,
    name: str | None = None,
    spelling: Callable[[str], str] = str,
    others: Sequence[str] = (),
    besides: Mapping[str, object] | None = None,
) -> tuple[F, list[Problem]]:
    """The arguments in their form, and every problem; an argument that is wrong has its default.

    Without `name`, the component's own name is read from the arguments, too. `spelling` turns a Python name
    into the caller's; `others` are further names that a misspelt one may have meant.
    `besides` are values of the form's fields that are no arguments.
    """
    reading = _Reading(spelling, others, fixed={} if name is None else {"name": name}, besides=besides or {})
    inputs = reading.form(form, args, "")
    return (inputs if reading.problems else inputs.completed()), reading.problems


def with_known_values(form: type[Inputs], args: object) -> object:
    """The arguments with each output that they accept replaced by its value, where that is known.

    Waits for the outputs: only for a component whose shape depends on the values.
    """
    declared = arguments(form)
    if not isinstance(args, Mapping):
        return args
    return {name: _known(declared.get(name), value) for name, value in args.items()}


def secret_texts(args: object) -> frozenset[str]:
    """The values of outputs in the arguments that are secret and known. Waits for the outputs."""
    if isinstance(args, Mapping):
        return frozenset(text for value in args.values() for text in secret_texts(value))
    if isinstance(args, list | tuple):
        return frozenset(text for value in args for text in secret_texts(value))
    if isinstance(args, pulumi.Output) and _sync_await(args.is_secret()):
        value = _sync_await(args.future())
        return frozenset({value} if isinstance(value, str) and value else ())
    return frozenset()


def as_args(inputs: Inputs) -> dict[str, Any]:
    """The arguments that were given, as a component takes them: without its name and without defaults."""
    declared = arguments(type(inputs))
    return {
        name: _given(declared[name], getattr(inputs, name))
        for name in declared
        if name in inputs.given and not declared[name].is_name
    }


def known_text(value: pulumi.Input[str] | None) -> str | None:
    """A value that with_known_values() settled; UNKNOWN for an output whose value is not known yet."""
    return UNKNOWN if isinstance(value, pulumi.Output) else cast("str | None", value)


UNKNOWN = ""
"""Stands for the value of an output that is not known yet."""


def source_resources(value: pulumi.Input[str]) -> list[pulumi.Resource]:
    """The resources of this program that an output comes from; none of a plain value. Waits until they are
    made: only for an output whose value was waited for anyway."""
    return list(_sync_await(value.resources())) if isinstance(value, pulumi.Output) else []


def _declared(argument: Argument) -> dict[str, Argument]:
    return {"argument": argument}


def _known(argument: Argument | None, value: Any) -> Any:
    if argument is None:
        return value
    if isinstance(value, pulumi.Output) and argument.accepts_outputs and argument.kind is ArgumentKind.TEXT:
        # The id of a resource that a preview would create is an empty text.
        return _sync_await(value.future()) or value
    if isinstance(value, list | tuple) and argument.accepts_outputs:
        return [_known(dataclasses.replace(argument, kind=ArgumentKind.TEXT), one) for one in value]
    if isinstance(value, Mapping) and argument.kind is ArgumentKind.GROUP and argument.form:
        return with_known_values(argument.form, value)
    if isinstance(value, list | tuple) and argument.form:
        return [with_known_values(argument.form, one) for one in value]
    return value


def _given(argument: Argument, value: Any) -> Any:
    if argument.kind is ArgumentKind.GROUP:
        return as_args(value)
    if argument.kind is ArgumentKind.GROUPS:
        return [as_args(one) for one in value]
    return list(value) if argument.kind is ArgumentKind.TEXTS else value


_PYTHON_TYPES: dict[ArgumentKind, type] = {
    ArgumentKind.TEXT: str,
    ArgumentKind.NUMBER: int,
    ArgumentKind.FLAG: bool,
}


class _WrongError(Exception):
    """An argument is wrong, and the problem is noted."""


class _Reading:
    """One pass over the arguments of one component."""

    def __init__(
        self,
        spelling: Callable[[str], str],
        others: Sequence[str],
        *,
        fixed: Mapping[str, str],
        besides: Mapping[str, object],
    ) -> None:
        self._spelling, self._others, self._fixed, self._besides = spelling, others, fixed, besides
        self.problems: list[Problem] = []

    def form(self, form: type[F], args: Mapping[str, object], path: str) -> F:
        """The arguments at a path such as `network.`; those that are wrong have their defaults."""
        declared = arguments(form)
        fixed = self._fixed if any(one.is_name for one in declared.values()) else {}
        spelt = {self._spelling(name): name for name in declared if name not in fixed}
        values: dict[str, object] = dict(fixed)
        for word, value in args.items():
            if word not in spelt:
                self._unknown(word, spelt, path)
            elif value is not None:
                values[spelt[word]] = value
        read: dict[str, Any] = {}
        wrong: set[str] = set()
        for name, argument in declared.items():
            before = len(self.problems)
            if name in values:
                try:
                    read[name] = self._value(argument, values[name], path + camel_case(name))
                except _WrongError:
                    wrong.add(name)
            elif argument.required:
                example = f"; for example {argument.example!r}" if argument.example else ""
                self._wrong(path + camel_case(name), f"is required{example}")
                wrong.add(name)
            elif argument.derive and "name" not in wrong:
                read[name] = self._derived(argument.derive, str(values["name"]), path + camel_case(name))
            if len(self.problems) > before:
                wrong.add(name)  # something in it is
        missing = {name: "" for name, one in declared.items() if one.required and name not in read}
        besides: dict[str, Any] = {} if path else {**self._besides}
        inputs = form(given=frozenset(values) - frozenset(fixed), **{**missing, **read, **besides})
        for rule in form.RULES:
            if wrong.isdisjoint(rule.reads):
                self.problems += [Problem(path + one.path, one.text) for one in rule.problems(inputs)]
        return inputs

    def _unknown(self, word: str, spelt: Mapping[str, str], path: str) -> None:
        known = [*spelt, *(() if path else self._others)]
        # Whoever writes the other spelling means the same argument.
        same = next((one for one in known if camel_case(one) == camel_case(str(word))), None)
        near = [same] if same else difflib.get_close_matches(str(word), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        self._wrong(f"{path}{word}", f"is unknown; {hint}")

    def _value(self, argument: Argument, value: object, path: str) -> object:
        if isinstance(value, pulumi.Output):
            if argument.accepts_outputs:
                return value
            raise self._wrong(
                path,
                "found an output, which has no value before its resource is made; what is made here depends "
                "on this argument, so give a plain value",
            )
        if argument.kind is ArgumentKind.TEXTS:
            return self._texts(argument, value, path)
        if argument.kind is ArgumentKind.GROUPS and argument.form:
            listed = self._list(argument, value, path)
            return tuple(
                self.form(
                    argument.form,
                    self._mapping(ArgumentKind.GROUP, one, f"{path}[{index}]"),
                    f"{path}[{index}].",
                )
                for index, one in enumerate(listed)
            )
        if argument.kind is ArgumentKind.GROUP and argument.form:
            return self.form(argument.form, self._mapping(ArgumentKind.GROUP, value, path), f"{path}.")
        if argument.kind is ArgumentKind.MAPPING:
            return self._names_and_texts(argument, value, path)
        return self._single(argument, value, path)

    def _single(self, argument: Argument, value: object, path: str) -> object:
        # A number that comes through the engine is always a float.
        if argument.kind is ArgumentKind.NUMBER and isinstance(value, float) and value.is_integer():
            value = int(value)
        python_type = _PYTHON_TYPES[argument.kind]
        if not isinstance(value, python_type) or (python_type is int and isinstance(value, bool)):
            quotes = argument.kind is ArgumentKind.TEXT and isinstance(value, int | float)
            raise self._mistyped(argument.kind, value, path, "; put it in quotes" if quotes else "")
        if argument.choices and value not in argument.choices:
            raise self._wrong(path, f"found {value!r}, expected {_alternatives(argument.choices)}")
        if isinstance(value, int) and argument.minimum is not None and value < argument.minimum:
            raise self._wrong(path, f"found {value}, expected at least {argument.minimum}")
        if isinstance(value, int) and argument.maximum is not None and value > argument.maximum:
            raise self._wrong(path, f"found {value}, expected at most {argument.maximum}")
        self._checked(argument, value, path)
        return value

    def _derived(self, derive: Callable[[str], str], name: str, path: str) -> str:
        try:
            return derive(name)
        except ValueError as error:
            self._wrong("name", f"{error}; shorten the name, or give {path}")
            return ""

    def _texts(self, argument: Argument, value: object, path: str) -> tuple[object, ...]:
        one = dataclasses.replace(argument, kind=ArgumentKind.TEXT)
        found: list[object] = []
        for index, item in enumerate(self._list(argument, value, path)):
            try:
                found.append(self._value(one, item, f"{path}[{index}]"))
            except _WrongError:
                continue
        for word, count in Counter(item.lower() for item in found if isinstance(item, str)).items():
            if count > 1:
                self._wrong(path, f"{word!r} is listed {count} times; list it once")
        return tuple(found)

    def _names_and_texts(self, argument: Argument, value: object, path: str) -> object:
        entries = self._mapping(argument.kind, value, path)
        before = len(self.problems)
        for key, inner in entries.items():
            if not isinstance(inner, str | pulumi.Output):
                quotes = "; put it in quotes" if isinstance(inner, int | float) else ""
                self._mistyped(ArgumentKind.TEXT, inner, f"{path}.{key}", quotes)
        if len(self.problems) == before:
            texts = {key: "" if isinstance(inner, pulumi.Output) else inner for key, inner in entries.items()}
            self._checked(argument, texts, path)
        return entries

    def _checked(self, argument: Argument, value: object, path: str) -> None:
        if argument.check:
            try:
                argument.check(value)
            except ValueError as error:
                raise self._wrong(path, str(error)) from None

    def _list(self, argument: Argument, value: object, path: str) -> Sequence[object]:
        if not isinstance(value, list | tuple):
            raise self._mistyped(argument.kind, value, path)
        return value

    def _mapping(self, kind: ArgumentKind, value: object, path: str) -> Mapping[str, object]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self._mistyped(kind, value, path)
        return value

    def _mistyped(self, kind: ArgumentKind, value: object, path: str, hint: str = "") -> _WrongError:
        return self._wrong(path, f"found {shown(value)}, expected {kind.value}{hint}")

    def _wrong(self, path: str, text: str) -> _WrongError:
        self.problems.append(Problem(path, text))
        return _WrongError(path)


def shown(value: object) -> str:
    """A value as a stack's file has it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _alternatives(choices: Sequence[str]) -> str:
    *first, last = (repr(choice) for choice in choices)
    return f"{', '.join(first)} or {last}" if first else last
