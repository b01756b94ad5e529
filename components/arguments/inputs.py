"""Declares the arguments of components, and reads them: a stack's file, a program's or another language's.

A component declares its arguments once, as a frozen dataclass. A Python program writes that class, or a plain
dictionary of the same names. Package schema, settings page and editor schema are made from it, and the parts
read it. An annotation says an argument's type, and whether an output of a resource may stand for it; the
default whether it is required; `argument` the rest. All problems are found in one pass.
"""

import ast
import dataclasses
import difflib
import inspect
import itertools
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import MISSING, dataclass, field
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast, get_args, get_origin

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


class Argument(NamedTuple):
    """How one argument is declared. `accepts_outputs`: an output of a resource may stand for it; `form` is
    that of a group. `derive` makes the default from the arguments, once none is wrong; it raises ValueError
    where the component's name is too long for it. `example` is shown where it is missing."""

    kind: ArgumentKind
    default: Any = MISSING
    accepts_outputs: bool = False
    form: "type[Arguments] | None" = None
    check: Check | None = None
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    derive: Callable[[Any], str] | None = None
    example: str = ""

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING


Rule = Callable[[Any], Iterator[Problem]]
"""A rule between arguments gets all of them. It ends as soon as it reads one that is wrong already."""


T = TypeVar("T")


class _WrongError(Exception):
    """A rule has read an argument that is wrong."""


class _Right:
    """Arguments as a rule has them while some are `wrong`."""

    def __init__(self, group: "Arguments", wrong: Collection[str]) -> None:
        self._group, self._wrong = group, wrong

    def __getattr__(self, name: str) -> Any:
        if name in self._wrong:
            raise _WrongError(name)
        found = inspect.getattr_static(type(self._group), name, None)
        if isinstance(found, property) and found.fget:
            return found.fget(self)
        return found.__get__(self) if inspect.isfunction(found) else getattr(self._group, name)


def unless_wrong(read: Callable[[], T], otherwise: T) -> T:
    """What a rule reads of the arguments, or something else where one of them is wrong: the rule goes on."""
    try:
        return read()
    except _WrongError:
        return otherwise


def argument(default: Any = MISSING, **limits: Any) -> Any:
    """A field of `Arguments`, with its default and the limits that `Argument` has."""
    return field(default=default, metadata=limits)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments that belong together, and the rules between them. Names with an underscore are no
    arguments."""

    _RULES: ClassVar[tuple[Rule, ...]] = ()

    _given: frozenset[str] | None = field(default=None, compare=False, repr=False)

    @property
    def given(self) -> frozenset[str]:
        """The names of the arguments that the caller gave. A program that writes the class gives those that
        differ from their default."""
        if self._given is not None:
            return self._given
        defaults = {name: one.default for name, one in arguments(type(self)).items()}
        return frozenset(name for name in defaults if not _is(getattr(self, name), defaults[name]))

    def completed(self) -> Self:
        """The same with defaults that follow from other arguments. Called when nothing is wrong."""
        made: dict[str, Any] = {}
        for name, one in arguments(type(self)).items():
            if one.derive and not getattr(self, name):
                try:
                    made[name] = one.derive(self)
                except ValueError as error:
                    raise ValueError(f"{error}; shorten the name, or give {camel_case(name)}") from None
        return dataclasses.replace(self, **made)

    def problems(self, wrong: Collection[str] = ()) -> Iterator[Problem]:
        """The problems between arguments, without those that follow from the `wrong` ones."""
        for form in type(self).__mro__:
            for rule in vars(form).get("_RULES", ()):
                with suppress(_WrongError):
                    yield from rule(_Right(self, wrong) if wrong else self)


@dataclass(frozen=True, kw_only=True)
class ComponentArguments(Arguments):
    """The arguments of a component. `_NAME` checks the component's own name."""

    _NAME: ClassVar[Any] = None

    _name: str = ""

    @property
    def name(self) -> str:
        """The component's own name, from which names of its resources are derived; "" until they are read."""
        return self._name

    @classmethod
    def declared_name(cls) -> Argument:
        """How the component's own name is declared."""
        return Argument(ArgumentKind.TEXT, check=cls._NAME)


F = TypeVar("F", bound=Arguments)


def arguments(form: type[Arguments]) -> Mapping[str, Argument]:
    """The declared arguments of a form by their Python names, its own before those that it inherits."""
    return _arguments(cast("Any", form))


@cache
def _arguments(form: Any) -> Mapping[str, Argument]:
    fields = {one.name: one for one in dataclasses.fields(form)}
    names = dict.fromkeys(
        name for one in form.__mro__ for name in inspect.get_annotations(one) if name in fields
    )
    return {
        name: _of_type(one.type)._replace(default=one.default, **one.metadata)
        for name, one in ((name, fields[name]) for name in names if not name.startswith("_"))
    }


_SINGLE = {str: ArgumentKind.TEXT, int: ArgumentKind.NUMBER, bool: ArgumentKind.FLAG}


def _of_type(hint: Any) -> Argument:
    """The kind of an argument, by its annotated type, whether an output may stand for it, and its form."""
    options = [one for one in get_args(hint) if one is not NoneType]
    if hint in _SINGLE:
        return Argument(_SINGLE[hint])
    if isinstance(hint, type) and issubclass(hint, Arguments):
        return Argument(ArgumentKind.GROUP, form=hint)
    origin = get_origin(hint)
    if origin in (dict, Mapping):
        return Argument(ArgumentKind.MAPPING)
    if origin is Sequence:
        item = _of_type(options[0])
        return item._replace(kind=ArgumentKind.GROUPS if item.form else ArgumentKind.TEXTS)
    for one in options:
        if get_origin(one) is Awaitable:  # pulumi.Input
            return _of_type(get_args(one)[0])._replace(accepts_outputs=True)
    return _of_type(options[0])


def _is(value: object, default: object) -> bool:
    return value is default or (not isinstance(value, pulumi.Output) and value == default)


def descriptions(form: type[Arguments]) -> dict[str, str]:
    """What each argument does: the docstrings of a form's attributes, each on one line."""
    found: dict[str, str] = {}
    for one in reversed(form.__mro__[:-1]):
        (parsed,) = ast.parse(inspect.getsource(one)).body
        for declared, text in itertools.pairwise(cast("ast.ClassDef", parsed).body):
            if isinstance(declared, ast.AnnAssign) and isinstance(text, ast.Expr):
                found[ast.unparse(declared.target)] = " ".join(ast.literal_eval(text.value).split())
    return {name: found.get(name, "") for name in arguments(form)}


def camel_case(python_name: str) -> str:
    """A name as the package's schema and a stack's file have it."""
    first, *rest = python_name.split("_")
    return first + "".join(word.title() for word in rest)


def read(form: type[F], name: str, args: object, *, secrets_in: object = None) -> F:
    """The arguments of a component, checked; as they are where they were read before. Raises InputError with
    every problem, in which no secret value of `secrets_in`, by default of the arguments, appears."""
    if _was_read(form, name, args):
        return cast("F", args)
    given = _as_mapping(args)
    inputs, problems = examine(form, given or {}, name=name)
    if given is None:
        found = type(args).__name__
        problems = [
            Problem("args", f"found a {found}, expected a dictionary of arguments or {form.__name__}")
        ]
    if problems:
        hidden = _secret_texts(args if secrets_in is None else secrets_in)
        problems = [
            Problem(one.path, "is wrong; its value is secret")
            if any(text in one.text for text in hidden)
            else one
            for one in problems
        ]
        raise InputError(form.__name__.removesuffix("Args"), name, problems)
    return inputs


def _was_read(form: type[Arguments], name: str, args: object) -> bool:
    return isinstance(args, form) and isinstance(args, ComponentArguments) and args.name == name


def read_known(form: type[F], name: str, args: object) -> tuple[F, F]:
    """The arguments of a component, first with the values of outputs as far as they are known, then with the
    outputs. Waits for them: only for a component whose shape depends on the values. Raises InputError."""
    if _was_read(form, name, args):
        return cast("F", args), cast("F", args)
    known = read(form, name, _known_group(form, args), secrets_in=args)
    return known, read(form, name, args)


def examine(
    form: type[F],
    args: Mapping[str, object],
    *,
    name: object = None,
    spelling: Callable[[str], str] = str,
    others: Sequence[str] = (),
    **private: Any,
) -> tuple[F, list[Problem]]:
    """The arguments in their form, and every problem; an argument that is wrong has its default.

    `name` is the component's own. `spelling` turns a Python name into the caller's; `others` are further
    names that a misspelt one may have meant; `private` are values of fields that are no arguments.
    """
    reading = _Reading(spelling, others)
    if issubclass(form, ComponentArguments):
        with reading.at("name"):
            if name is None:
                raise ValueError("is required")
            private["_name"] = _single(form.declared_name(), name)
    inputs = reading.form(form, args, **private)
    if reading.problems:
        return inputs, reading.problems
    try:
        return inputs.completed(), []
    except ValueError as error:
        return inputs, [Problem("name", str(error))]


def known_text(value: pulumi.Input[str] | None) -> str | None:
    """A value of known arguments; UNKNOWN for an output whose value is not known yet."""
    return UNKNOWN if isinstance(value, pulumi.Output) else cast("str | None", value)


UNKNOWN = ""
"""Stands for the value of an output that is not known yet."""


def source_resources(value: pulumi.Input[str]) -> list[pulumi.Resource]:
    """The resources of this program that an output comes from; none of a plain value. Waits until they are
    made: only for an output whose value was waited for anyway."""
    return list(_sync_await(value.resources())) if isinstance(value, pulumi.Output) else []


def _as_mapping(value: object) -> Mapping[str, object] | None:
    """A group of arguments by name; None for any other value."""
    if isinstance(value, Arguments):
        return {name: getattr(value, name) for name in sorted(value.given)}
    return value if isinstance(value, Mapping) and all(isinstance(key, str) for key in value) else None


def _secret_texts(args: object) -> frozenset[str]:
    """The values of outputs in the arguments that are secret and known. Waits for the outputs."""
    if isinstance(args, pulumi.Output):
        value = _sync_await(args.future()) if _sync_await(args.is_secret()) else None
        return frozenset({value} if isinstance(value, str) and value else ())
    group = _as_mapping(args)
    inner = group.values() if group is not None else args if isinstance(args, list | tuple) else ()
    return frozenset(text for one in inner for text in _secret_texts(one))


def _known_group(form: type[Arguments], args: object) -> object:
    declared, given = arguments(form), _as_mapping(args)
    return args if given is None else {name: _known(declared.get(name), one) for name, one in given.items()}


def _known(declared: Argument | None, value: Any) -> Any:
    if declared is None:
        return value
    if (
        isinstance(value, pulumi.Output)
        and declared.accepts_outputs
        and declared.kind is not ArgumentKind.MAPPING
    ):
        # The id of a resource that a preview would create is an empty text.
        return _sync_await(value.future()) or value
    if isinstance(value, list | tuple):
        return [_known(declared, one) for one in value]
    return _known_group(declared.form, value) if declared.form else value


class _Reading:
    """One pass over the arguments of one component."""

    def __init__(self, spelling: Callable[[str], str], others: Sequence[str]) -> None:
        self._spelling, self._others = spelling, others
        self.problems: list[Problem] = []

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """Notes what is wrong with the argument at a path: a ValueError that its reading raises."""
        try:
            yield
        except ValueError as error:
            self.problems.append(Problem(path, str(error)))

    def form(self, form: type[F], args: Mapping[str, object], path: str = "", **private: Any) -> F:
        """The arguments at a path such as `network.`; those that are wrong have their defaults."""
        declared = arguments(form)
        spelt = {self._spelling(name): name for name in declared}
        wrong = {one.path for one in self.problems if not path}  # the problem of the component's name
        for word in args:
            if word not in spelt:
                self._unknown(word, spelt, path)
        values = {spelt[word]: value for word, value in args.items() if word in spelt and value is not None}
        read: dict[str, Any] = {name: "" for name, one in declared.items() if one.required}
        for name, one in declared.items():
            before, at = len(self.problems), path + camel_case(name)
            with self.at(at):
                if name in values:
                    read[name] = self._value(one, values[name], at)
                elif one.required:
                    raise ValueError(f"is required{one.example and f'; for example {one.example!r}'}")
            if len(self.problems) > before:
                wrong.add(name)
        inputs = form(**read, **private, _given=frozenset(values))
        self.problems += [Problem(path + one.path, one.text) for one in inputs.problems(wrong)]
        return inputs

    def _unknown(self, word: str, spelt: Mapping[str, str], path: str) -> None:
        known = [*spelt, *(() if path else self._others)]
        # Whoever writes the other spelling means the same argument.
        same = next((one for one in known if camel_case(one) == camel_case(str(word))), None)
        # A consent to lose data, such as revoke_account, is no guess for a word that means something else.
        near = [same] if same else difflib.get_close_matches(str(word), known, n=1, cutoff=0.8)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        self.problems.append(Problem(f"{path}{word}", f"is unknown; {hint}"))

    def _value(self, declared: Argument, value: object, path: str) -> object:
        """A value that is right. Raises ValueError; what is wrong inside it is noted at its own path."""
        if isinstance(value, pulumi.Output):
            if declared.accepts_outputs:
                return value
            raise ValueError(
                "found an output, which has no value before its resource is made; what is made here depends "
                "on this argument, so give a plain value"
            )
        kind = declared.kind
        if kind is ArgumentKind.MAPPING:
            return self._names_and_texts(declared, _mapping(kind, value), path)
        if kind in (ArgumentKind.TEXTS, ArgumentKind.GROUPS):
            if not isinstance(value, list | tuple):
                raise _mistyped(kind, value)
            return self._items(declared, value, path)
        if declared.form is not None:
            return self.form(declared.form, _mapping(kind, value), f"{path}.")
        return _single(declared, value)

    def _items(self, declared: Argument, listed: Sequence[object], path: str) -> tuple[object, ...]:
        one = declared._replace(kind=ArgumentKind.GROUP if declared.form else ArgumentKind.TEXT)
        found: list[object] = []
        for index, item in enumerate(listed):
            at = f"{path}[{index}]"
            with self.at(at):
                found.append(self._value(one, item, at))
        for word, count in Counter(item.lower() for item in found if isinstance(item, str)).items():
            if count > 1:
                self.problems.append(Problem(path, f"{word!r} is listed {count} times; list it once"))
        return tuple(found)

    def _names_and_texts(self, declared: Argument, entries: Mapping[str, object], path: str) -> object:
        texts: dict[str, object] = {}
        for key, value in entries.items():
            with self.at(f"{path}.{key}"):
                known = "" if isinstance(value, pulumi.Output) else value
                texts[key] = _single(Argument(ArgumentKind.TEXT), known)
        if declared.check and len(texts) == len(entries):
            declared.check(texts)
        return entries


def _single(declared: Argument, value: Any) -> object:
    """A text, number or flag that is right. Raises ValueError."""
    kind = declared.kind
    # A number that comes through the engine is always a float.
    if kind is ArgumentKind.NUMBER and isinstance(value, float) and value.is_integer():
        value = int(value)
    is_typed = any(isinstance(value, one) for one, its in _SINGLE.items() if its is kind)
    if not is_typed or (kind is ArgumentKind.NUMBER and isinstance(value, bool)):
        raise _mistyped(kind, value)
    if declared.choices and value not in declared.choices:
        raise ValueError(f"found {value!r}, expected {_alternatives(declared.choices)}")
    if declared.minimum is not None and value < declared.minimum:
        raise ValueError(f"found {value}, expected at least {declared.minimum}")
    if declared.maximum is not None and value > declared.maximum:
        raise ValueError(f"found {value}, expected at most {declared.maximum}")
    if declared.check:
        declared.check(value)
    return value


def _mapping(kind: ArgumentKind, value: object) -> Mapping[str, object]:
    found = _as_mapping(value)
    if found is None:
        raise _mistyped(kind, value)
    return found


def _mistyped(kind: ArgumentKind, value: object) -> ValueError:
    quotes = "; put it in quotes" if kind is ArgumentKind.TEXT and isinstance(value, int | float) else ""
    return ValueError(f"found {shown(value)}, expected {kind.value}{quotes}")


def shown(value: object) -> str:
    """A value as a stack's file has it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _alternatives(choices: Sequence[str]) -> str:
    *first, last = (repr(choice) for choice in choices)
    return f"{', '.join(first)} or {last}" if first else last
