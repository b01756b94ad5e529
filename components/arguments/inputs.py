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
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import MISSING, dataclass, field
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast, get_args, get_origin

import pulumi

from components.arguments.problem import InputError
from components.sdk.private import wait_for
from core import documents
from core.arm_ids import MalformedError
from core.resource_types import camel_case
from core.service.desired import UNKNOWN
from core.service.problem import Fix, Problem

Check = Callable[[Any], object]
"""Raises ValueError with what is wrong with a value."""


class Argument(NamedTuple):
    """How one argument is declared. `type` is str, int, bool, dict for names and texts, or the form of a
    group; `many`: it is a list of these. `accepts_outputs`: an output of a resource may stand for it.
    `example` is shown where it is missing."""

    type: Any
    many: bool = False
    accepts_outputs: bool = False
    default: Any = MISSING
    check: Check | None = None
    choices: tuple[Any, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    example: str = ""

    @property
    def form(self) -> "type[Arguments] | None":
        """The form of a group, or of each group in a list."""
        return self.type if issubclass(self.type, Arguments) else None

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING

    @property
    def words(self) -> str:
        """Its type in the words of an error."""
        if self.many:
            return "a list of objects" if self.form else "a list"
        return _WORDS.get(self.type, "an object")


_WORDS = {str: "text", int: "a whole number", bool: "true or false", dict: "an object of names and texts"}


Rule = Callable[[Any], Iterator[Problem]]
"""A rule between arguments gets all of them. It ends as soon as it reads one that is wrong already."""


class _WrongError(Exception):
    """A rule has read an argument that is wrong."""


def _refusing(group: "Arguments", wrong: Collection[str]) -> Any:
    """Arguments as a rule has them while some are `wrong`."""

    def get(self: object, name: str) -> Any:
        if name in wrong:
            raise _WrongError(name)
        return object.__getattribute__(self, name)

    refusing: Any = object.__new__(type("Refusing", (type(group),), {"__getattribute__": get}))
    vars(refusing).update(vars(group))
    return refusing


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
    def were_read(self) -> bool:
        """Whether they were checked."""
        return self._given is not None

    @property
    def given(self) -> frozenset[str]:
        """The names of the arguments that the caller gave. A program that writes the class gives those that
        differ from their default."""
        if self._given is not None:
            return self._given
        declared = arguments(type(self)).items()
        return frozenset(name for name, one in declared if getattr(self, name) != one.default)

    @property
    def as_given(self) -> dict[str, Any]:
        """The arguments that the caller gave, by name."""
        return {name: getattr(self, name) for name in sorted(self.given)}

    def problems(self, wrong: Collection[str] = ()) -> Iterator[Problem]:
        """The problems between arguments, without those that follow from the `wrong` ones."""
        for form in type(self).__mro__:
            for rule in vars(form).get("_RULES", ()):
                with suppress(_WrongError):
                    yield from rule(_refusing(self, wrong) if wrong else self)


@dataclass(frozen=True, kw_only=True)
class ComponentArguments(Arguments):
    """The arguments of a component. `name` is the component's own, from which names of its resources are
    derived: no argument, but known once the arguments are read."""

    name: str = ""

    @classmethod
    def check_name(cls, name: str) -> None:
        """Raises ValueError for a name that the component cannot have."""

    def completed(self) -> Self:
        """These arguments with the defaults that follow from others. Called when nothing is wrong. Raises
        ValueError where the name is too long for a default."""
        return self


F = TypeVar("F", bound=Arguments)
C = TypeVar("C", bound=ComponentArguments)


def arguments(form: type[Arguments]) -> Mapping[str, Argument]:
    """The declared arguments of a form by their Python names, its own before those that it inherits."""
    return _arguments(cast("Any", form))


@cache
def _arguments(form: Any) -> Mapping[str, Argument]:
    fields = {field.name: field for field in dataclasses.fields(form)}
    owners = [owner for owner in form.__mro__ if owner is not ComponentArguments]
    names = dict.fromkeys(
        name for owner in owners for name in inspect.get_annotations(owner) if name in fields
    )
    return {
        name: _of_type(fields[name].type)._replace(default=fields[name].default, **fields[name].metadata)
        for name in names
        if not name.startswith("_")
    }


def _of_type(hint: Any) -> Argument:
    """An argument by its annotated type."""
    found = _types_in(hint)
    group = next((one for one in found if isinstance(one, type) and issubclass(one, Arguments)), None)
    single = group or next(one for one in (dict, bool, int, str) if one in found)
    # pulumi.Input is awaitable.
    return Argument(single, Sequence in found, Awaitable in found)


def _types_in(hint: Any) -> set[Any]:
    origin = get_origin(hint)
    inner = {found for one in get_args(hint) for found in _types_in(one)}
    return {dict if origin is Mapping else origin or hint, *inner}


def descriptions(form: type[Arguments]) -> dict[str, str]:
    """What each argument does: the docstrings of a form's attributes, each on one line."""
    found: dict[str, str] = {}
    for one in reversed(form.__mro__[:-1]):
        (parsed,) = ast.parse(inspect.getsource(one)).body
        for declared, text in itertools.pairwise(cast("ast.ClassDef", parsed).body):
            if isinstance(declared, ast.AnnAssign) and isinstance(text, ast.Expr):
                found[ast.unparse(declared.target)] = " ".join(ast.literal_eval(text.value).split())
    return {name: found.get(name, "") for name in arguments(form)}


def read(
    form: type[C], name: str, args: object, *, spelling: Callable[[str], str] = str, known: bool = False
) -> C:
    """The arguments of a component, checked; as they are where they were read before. `spelling` turns a
    Python name into the caller's. With `known`, the values of outputs stand for them as far as they are
    known, which waits for them. Raises InputError with every problem, in which no secret value appears."""
    if isinstance(args, form) and args.were_read and args.name == name:
        return args
    given = _as_mapping(args)
    inputs, problems = examine(form, given or {}, name=name, spelling=spelling, known=known)
    if given is None:
        found = type(args).__name__
        problems = [
            Problem("args", f"found a {found}, expected a dictionary of arguments or {form.__name__}")
        ]
    if problems:
        raise InputError(form.__name__.removesuffix("Args"), name, hidden(problems, _secret_texts(args)))
    return inputs


def hidden(
    problems: Sequence[Problem], values: Collection[str], names: Collection[str] = ()
) -> list[Problem]:
    """The problems without the text of one that is about a secret argument or quotes a secret value."""
    told = "is wrong; its value is secret"
    return [
        Problem(one.path, told)
        if top(one.path) in names or any(value in one.text for value in values)
        else one
        for one in problems
    ]


def top(path: str) -> str:
    """The argument that a path begins with."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def examine(
    form: type[C],
    args: Mapping[str, object],
    *,
    name: str | None = None,
    spelling: Callable[[str], str] = str,
    others: Sequence[str] = (),
    known: bool = False,
    **private: Any,
) -> tuple[C, list[Problem]]:
    """The arguments in their form, and every problem; an argument that is wrong has its default.

    `name` is the component's own, unless its arguments have it. `spelling` turns a Python name into the
    caller's; `others` are further names that a misspelt one may have meant; `private` are values of fields
    that are no arguments.
    """
    reading = _Reading(spelling, others, known=known)
    if name is not None:
        with reading.at("name"):
            private["name"] = _single(Argument(str, check=form.check_name), name)
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


def source_resources(value: pulumi.Input[str]) -> list[pulumi.Resource]:
    """The resources of this program that an output comes from; none of a plain value. Waits until they are
    made: only for an output whose value was waited for anyway."""
    return list(wait_for(value.resources())) if isinstance(value, pulumi.Output) else []


def _as_mapping(value: object) -> Mapping[str, object] | None:
    """A group of arguments by name; None for any other value."""
    if isinstance(value, Arguments):
        named = isinstance(value, ComponentArguments) and value.name
        return {**({"name": named} if named else {}), **value.as_given}  # a name is refused as unknown
    return value if isinstance(value, Mapping) and all(isinstance(key, str) for key in value) else None


def _secret_texts(args: object) -> frozenset[str]:
    """The values of outputs in the arguments that are secret and known. Waits for the outputs."""
    if isinstance(args, pulumi.Output):
        is_secret = wait_for(args.is_secret())
        return frozenset(texts_in(wait_for(args.future()))) if is_secret else frozenset()
    group = _as_mapping(args)
    if group is not None:
        return frozenset().union(*map(_secret_texts, group.values()))
    if isinstance(args, list | tuple):
        return frozenset().union(*map(_secret_texts, args))
    return frozenset()


def texts_in(value: object) -> Iterator[str]:
    """The texts in a known value, except empty ones."""
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)
    elif isinstance(value, str) and value:
        yield value


class _Reading:
    """One pass over the arguments of one component."""

    def __init__(self, spelling: Callable[[str], str], others: Sequence[str], *, known: bool) -> None:
        self._spelling, self._others, self._known = spelling, others, known
        self.problems: list[Problem] = []

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """Notes what is wrong with the argument at a path: a ValueError that its reading raises."""
        try:
            yield
        except MalformedError as error:
            fix = None if error.meant is None else Fix(error.meant)
            self.problems.append(Problem(path, str(error), fix))
        except ValueError as error:
            self.problems.append(Problem(path, str(error)))

    def form(self, form: type[F], args: Mapping[str, object], path: str = "", **private: Any) -> F:
        """The arguments at a path such as `network.`; those that are wrong have their defaults."""
        declared = arguments(form)
        spelt = {self._spelling(name): name for name in declared}
        wrong = {problem.path for problem in self.problems if not path}  # the component's name's
        misspelt = {self._unknown(word, spelt, path, args) for word in args if word not in spelt}
        values = {spelt[word]: value for word, value in args.items() if word in spelt and value is not None}
        read: dict[str, Any] = {}
        for name, argument in declared.items():
            before, at = len(self.problems), path + camel_case(name)
            if argument.required:
                read[name] = ""
            with self.at(at):
                if name in values:
                    read[name] = self._value(argument, values[name], at)
                elif argument.required and self._spelling(name) not in misspelt:
                    example = argument.example and f"; for example {argument.example!r}"
                    raise ValueError(f"is required{example}")
            if len(self.problems) > before:
                wrong.add(name)
        inputs = form(**read, **private, _given=frozenset(values))
        self.problems += [
            dataclasses.replace(problem, path=path + problem.path) for problem in inputs.problems(wrong)
        ]
        return inputs

    def _unknown(
        self, word: str, spelt: Mapping[str, str], path: str, args: Mapping[str, object]
    ) -> str | None:
        """Notes a word that names no argument; gives the argument that it means, if it is near one."""
        # Whoever writes the other spelling means the same argument.
        known = {camel_case(one): one for one in [*spelt, *(() if path else self._others)]}
        # A consent to lose data, such as revoke_account, is no guess for a word that means something else.
        near = difflib.get_close_matches(camel_case(str(word)), known, n=1, cutoff=0.8)
        meant = known[near[0]] if near else None
        hint, fix = f"known are {', '.join(sorted(known.values()))}", None
        if meant in args:
            hint = f"did you mean {meant!r}? That is given, too: remove one of them"
        elif meant:
            hint, fix = f"did you mean {meant!r}?", Fix(name=meant)
        self.problems.append(Problem(f"{path}{word}", f"is unknown; {hint}", fix))
        return meant

    def _value(self, declared: Argument, value: object, path: str) -> object:
        """A value that is right. Raises ValueError; what is wrong inside it is noted at its own path."""
        if declared.form and not declared.many:
            value = _spread(value)
        if isinstance(value, pulumi.Output):
            if not declared.accepts_outputs:
                raise ValueError(
                    "found an output, which has no value before its resource is made; what is made here "
                    "depends on this argument, so give a plain value"
                )
            if not self._known or declared.type is dict:
                return value
            # The id of a resource that a preview would create is an empty text.
            value = wait_for(value.future()) or value
            if isinstance(value, pulumi.Output):
                return value
        if declared.many:
            if not isinstance(value, list | tuple):
                raise _mistyped(declared, value)
            return self._items(declared._replace(many=False), value, path)
        if declared.form is not None:
            return self.form(declared.form, _mapping(declared, value), f"{path}.")
        if declared.type is dict:
            return self._names_and_texts(_mapping(declared, value), path)
        return _single(declared, value)

    def _items(self, declared: Argument, listed: Sequence[object], path: str) -> tuple[object, ...]:
        found: list[object] = []
        for index, item in enumerate(listed):
            with self.at(f"{path}[{index}]"):
                found.append(self._value(declared, item, f"{path}[{index}]"))
        words = [item.lower() if isinstance(item, str) else None for item in found]
        for word, count in Counter(filter(None, words)).items():
            if count > 1:
                last = len(words) - 1 - words[::-1].index(word)
                fix = Fix(item=f"[{last}]") if len(found) == len(listed) else None
                self.problems.append(Problem(path, f"{word!r} is listed {count} times; list it once", fix))
        return tuple(found)

    def _names_and_texts(self, entries: Mapping[str, object], path: str) -> object:
        for key, value in entries.items():
            with self.at(f"{path}.{key}"):
                _single(Argument(str), "" if isinstance(value, pulumi.Output) else value)
        return entries


def _spread(group: Any) -> object:
    """Turns a group of arguments that is one output into one output for each argument, which is secret and
    waits for resources as the group does. A group that is not known yet stays as it is."""
    known = wait_for(group.future()) if isinstance(group, pulumi.Output) else None
    if not isinstance(known, Mapping):
        return group
    return {name: group.apply(lambda whole, name=name: whole[name]) for name in known}


def _single(declared: Argument, value: Any) -> object:
    """A text, number or flag that is right. Raises ValueError."""
    # A number that comes through the engine is always a float.
    if declared.type is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, declared.type) or (declared.type is int and isinstance(value, bool)):
        raise _mistyped(declared, value)
    if declared.choices and value not in declared.choices:
        by_word = {str(choice).lower(): choice for choice in declared.choices}
        near = difflib.get_close_matches(str(value).lower(), by_word, n=1, cutoff=0.8)
        meant = by_word[near[0]] if near and isinstance(value, str) else None
        raise MalformedError(f"found {value!r}, expected {_alternatives(declared.choices)}", meant)
    if declared.minimum is not None and value < declared.minimum:
        raise ValueError(f"found {value}, expected at least {declared.minimum}")
    if declared.maximum is not None and value > declared.maximum:
        raise ValueError(f"found {value}, expected at most {declared.maximum}")
    if declared.check:
        declared.check(value)
    return value


def _mapping(declared: Argument, value: object) -> Mapping[str, object]:
    found = _as_mapping(value)
    if found is None:
        raise _mistyped(declared, value)
    return found


def _mistyped(declared: Argument, value: object) -> ValueError:
    quotes = "; put it in quotes" if declared.words == _WORDS[str] and isinstance(value, int | float) else ""
    return MalformedError(
        f"found {shown(value)}, expected {declared.words}{quotes}", _retyped(declared, value)
    )


def _retyped(declared: Argument, value: object) -> object:
    """What a value of the wrong type can only mean: a number as text, `"true"` as a flag, or one text where a
    list is expected. None for anything else."""
    if declared.form:
        return None
    with suppress(ValueError):
        if declared.many and isinstance(value, str):
            return [_single(declared._replace(many=False), value)]
        if declared.type is str and isinstance(value, int) and not isinstance(value, bool):
            return _single(declared, str(value))
        if declared.type in (int, bool) and isinstance(value, str):
            return _single(declared, documents.of_json(value))
    return None


def shown(value: object) -> str:
    """A value as a stack's file has it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _alternatives(choices: Sequence[object]) -> str:
    *first, last = (repr(choice) for choice in choices)
    return f"{', '.join(first)} or {last}" if first else last
