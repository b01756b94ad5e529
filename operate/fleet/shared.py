"""Settings that the stacks of a fleet share: what fleet.yaml adds below each stack's own file.

There is one precedence, and what comes later wins; of a group such as `key`, setting by setting:

1. `settings` of fleet.yaml,
2. `settings` of each entry of its `labels` that matches the stack, in the order of the file,
3. the stack's own file, Pulumi.<stack>.yaml,
4. of a stack of several services, what the service says itself.

The program reads fleet.yaml itself, so a plain `pulumi up` of one stack has the same settings as the fleet.
Does not own: what a setting may be (components/service_args.py). Pure, but for `read`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pulumi
import yaml

from components.arguments.inputs import Arguments, argument, camel_case, examine, shown
from components.arguments.problem import Problem
from core.environment import NAMESPACE
from settings.parse import SHARED_FILE, Values, merged

FILE = SHARED_FILE
AT_ONCE = 4
"""Stacks that are updated at once, unless fleet.yaml says otherwise: an engine with its processes takes a
processor for seconds, and 32 on two processors did not start in time (docs/speed.md)."""
OF_ONE_STACK = frozenset(
    {
        "accountName",
        "asFound",
        "name",
        "previousName",
        "removedServices",
        "revokeAccount",
        "services",
        "unbindAccount",
    }
)
"""Settings that name one service, or that are decided for one stack at a time."""

Selector = Mapping[str, tuple[str, ...]]
"""Labels, and the patterns of which the value of each must match one. An empty one matches every stack."""


class FleetFileError(pulumi.RunError):
    """fleet.yaml is wrong; the message names every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 entry is" if len(problems) == 1 else f"{len(problems)} entries are"
        lines = [f"{FILE}: {count} wrong; nothing was made or changed:"]
        super().__init__("\n".join([*lines, *(f"  {one.path}: {one.text}" for one in problems)]))


@dataclass(frozen=True)
class Ring:
    """Some of the stacks that earlier rings left: those that `match`, at most `take` of them, `3` or `10%` of
    the fleet."""

    name: str
    match: Selector = field(default_factory=dict)
    take: str | None = None


def share(words: str, total: int) -> int:
    """How many of `total` stacks `3` or `10%` are; at least one, where there is any. Raises ValueError."""
    number, percent = words.removesuffix("%"), words.endswith("%")
    if not number.isdecimal() or not int(number) or (percent and int(number) > 100):
        raise ValueError(
            f"found {words!r}, expected a count of stacks such as 3, or a percentage such as 10%"
        )
    return min(total, max(1, math.ceil(total * int(number) / 100) if percent else int(number)))


@dataclass(frozen=True, kw_only=True)
class RingInputs(Arguments):
    """An entry of `rings`, but for `match`."""

    name: str = argument(example="canary")
    take: str | None = argument(None, check=partial(share, total=1))


@dataclass(frozen=True, kw_only=True)
class LimitInputs(Arguments):
    """The group `parallel`."""

    stacks: int = argument(AT_ONCE, minimum=1, maximum=1000)


@dataclass(frozen=True, kw_only=True)
class StopInputs(Arguments):
    """The group `stop`."""

    failures: int = argument(0, minimum=0)


@dataclass(frozen=True, kw_only=True)
class FleetInputs(Arguments):
    """What fleet.yaml says, but for `settings`, `labels` and whom a ring matches."""

    stacks: Sequence[str] = argument(example="['prod-*']")
    exclude: Sequence[str] = ()
    rings: Sequence[RingInputs] = ()
    parallel: LimitInputs = LimitInputs()
    stop: StopInputs = StopInputs()


@dataclass(frozen=True)
class SharedSettings:
    """Which stacks belong to the fleet, and the `levels` of settings that they share, each with the stacks
    that it is for. Without a fleet.yaml both are empty. `parallel` is how many stacks are updated at once,
    `failures` how many of a ring may fail."""

    stacks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    levels: tuple[tuple[Selector, Values], ...] = ()
    rings: tuple[Ring, ...] = ()
    parallel: int = AT_ONCE
    failures: int = 0

    def includes(self, stack: str) -> bool:
        """Whether a stack belongs to the fleet."""
        return _any(stack, self.stacks) and not _any(stack, self.exclude)

    def of(self, stack: str, labels: Mapping[str, str]) -> tuple[Values, ...]:
        """The levels that a stack with these labels has, the weakest first."""
        if not self.includes(stack):
            return ()
        return tuple(settings for match, settings in self.levels if matches(match, labels))


def settings_of(stack: str, config: Mapping[str, object]) -> Values:
    """What fleet.yaml in this folder shares with a stack, by the full keys of its own configuration. Raises
    FleetFileError."""
    return merged(*read(Path()).of(stack, labels_of(stack, config)))


def labels_of(stack: str, config: Mapping[str, object]) -> dict[str, str]:
    """The labels of a stack: its tags, and besides `stack`, `location` and `subscription`.

    `config` is the stack's own, by full keys. What fleet.yaml sets gives no label, for labels decide what it
    sets.
    """
    tags, location = config.get(f"{NAMESPACE}tags"), config.get(f"{NAMESPACE}location")
    if isinstance(tags, str):
        with suppress(ValueError):
            tags = json.loads(tags)
    found = {str(name): str(value) for name, value in tags.items()} if isinstance(tags, Mapping) else {}
    subscription = config.get("azure-native:subscriptionId")
    own = {"location": location, "subscription": subscription, "stack": stack}
    return {**found, **{name: value for name, value in own.items() if isinstance(value, str)}}


def matches(match: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a stack with these labels is selected: each label is there and matches one of its patterns."""
    return all(name in labels and _any(labels[name], patterns) for name, patterns in match.items())


def read(folder: Path) -> SharedSettings:
    """What fleet.yaml in a folder shares; nothing where there is none. Raises FleetFileError."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return SharedSettings()
    except OSError as error:
        raise FleetFileError([Problem(FILE, f"cannot be read: {error.strerror}")]) from error
    return shared(document(text))


def document(text: str) -> Mapping[str, object]:
    """The content of a fleet.yaml. Raises FleetFileError."""
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FleetFileError([Problem(FILE, f"is not YAML: {error}")]) from error
    if not isinstance(loaded, Mapping):
        raise FleetFileError([Problem(FILE, f"found {shown(loaded)}, expected an object")])
    return loaded


def shared(document: Mapping[str, object]) -> SharedSettings:
    """What a document says. Raises FleetFileError with every problem."""
    problems: list[Problem] = []
    of_all: Selector = {}
    levels = [(of_all, _settings(document.get("settings") or {}, "settings", problems))]
    matched, listed = _matched(document.get("labels") or [], "labels", problems)
    for index, (match, entry) in enumerate(zip(matched, listed, strict=True)):
        if not isinstance(entry, Mapping) or set(entry) != {"settings"}:
            found = shown(document["labels"][index])  # type: ignore[index]
            problems.append(
                Problem(f"labels[{index}]", f"found {found}, expected an object of match and settings")
            )
        else:
            levels.append((match, _settings(entry["settings"], f"labels[{index}].settings", problems)))
    rest = {name: value for name, value in document.items() if name not in ("settings", "labels")}
    matches_of_rings: list[Selector] = []
    if rest.get("rings"):
        matches_of_rings, rest["rings"] = _matched(rest["rings"], "rings", problems)
    read, wrong = examine(FleetInputs, rest, spelling=camel_case, others=("settings", "labels"))
    names = [one.name for one in read.rings]
    twice = [
        Problem(f"rings[{index}].name", f"{name!r} is the name of an earlier ring")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    if problems := [*problems, *wrong, *twice]:
        raise FleetFileError(problems)
    rings = (Ring(one.name, match, one.take) for one, match in zip(read.rings, matches_of_rings, strict=True))
    own = tuple(read.stacks), tuple(read.exclude), tuple(levels), tuple(rings)
    return SharedSettings(*own, read.parallel.stacks, read.stop.failures)


def _matched(listed: object, place: str, problems: list[Problem]) -> tuple[list[Selector], list[object]]:
    """Whom each entry of a list is for, and the entries without that."""
    if not isinstance(listed, list):
        problems.append(Problem(place, f"found {shown(listed)}, expected a list of objects"))
        return [], []
    selectors, entries = list[Selector](), list[object]()
    for index, entry in enumerate(listed):
        own = dict(entry) if isinstance(entry, Mapping) else entry
        match = own.pop("match", {} if place == "rings" else None) if isinstance(own, dict) else {}
        selectors.append(selector(match, f"{place}[{index}].match", problems))
        if isinstance(own, dict) and type(own.get("take")) is int:
            own["take"] = str(own["take"])  # `take: 3` is as good as `take: 10%`
        entries.append(own)
    return selectors, entries


def selector(value: object, place: str, problems: list[Problem]) -> Selector:
    """The labels that an entry selects; each with a pattern, or a list of them."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        problems.append(Problem(place, f"found {shown(value)}, expected labels and patterns"))
        return {}
    found = {}
    for name, one in value.items():
        patterns = [one] if isinstance(one, str) else one
        if not isinstance(patterns, list) or not all(isinstance(text, str) for text in patterns):
            text = f"found {shown(one)}, expected a text such as 'prod-*', or a list of them"
            problems.append(Problem(f"{place}.{name}", text))
        else:
            found[name] = tuple(patterns)
    return found


def _settings(value: object, place: str, problems: list[Problem]) -> Values:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        problems.append(Problem(place, f"found {shown(value)}, expected an object of settings"))
        return {}
    problems += [
        Problem(f"{place}.{name}", "is decided for one stack; set it in the stack's own file")
        for name in sorted(OF_ONE_STACK & set(value))
    ]
    if any(isinstance(one, Mapping) and "secure" in one for one in _within(value)):
        problems.append(
            Problem(place, "found a secret, which is encrypted for one stack; set it in the stack's own file")
        )
    return value


def _within(value: object) -> list[object]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return [value, *(found for one in inner for found in _within(one))]


def _any(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
