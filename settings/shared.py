"""Settings that the stacks of a fleet share: fleet.yaml adds them below each stack's own file.

There is one precedence. A later source wins; groups such as `key` are merged setting by setting:

1. `settings` of fleet.yaml,
2. `settings` of each entry of its `labels` that matches the stack, in the order of the file,
3. the stack's own file, Pulumi.<stack>.yaml,
4. in a stack of several services, the service's own settings.

The program reads fleet.yaml itself, so a plain `pulumi up` of one stack has the same settings as the fleet.
Does not own: the values that a setting may have (components/arguments/service_args.py). Pure, except for
`read`.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pulumi

from components.arguments.inputs import shown
from core import documents, yaml_documents
from core.documents import DocumentError
from core.environment import NAMESPACE
from core.service.problem import Problem
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
"""Labels with patterns: each label's value must match one of its patterns. {} matches every stack."""


class FleetFileError(pulumi.RunError):
    """fleet.yaml is wrong; the message names every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 entry is" if len(problems) == 1 else f"{len(problems)} entries are"
        lines = [f"{FILE}: {count} wrong; nothing was made or changed:"]
        super().__init__("\n".join([*lines, *(f"  {one.path}: {one.text}" for one in problems)]))


@dataclass(frozen=True)
class Ring:
    """A ring: of the stacks that earlier rings left, those that `match`, and at most `take` of them, such as
    `3`, or `10%` of the fleet."""

    name: str
    match: Selector = field(default_factory=dict)
    take: str | None = None


def share(words: str, total: int) -> int:
    """The number of stacks that `3` or `10%` of `total` means; at least one if there is any."""
    number = int(float(words.removesuffix("%")))
    if words.endswith("%"):
        number = math.ceil(total * number / 100)
    return min(total, max(1, number))


@dataclass(frozen=True)
class SharedSettings:
    """The patterns of the fleet's stacks, and the `levels` of settings that stacks share, each with labels
    that select its stacks. Without a fleet.yaml both are empty. `parallel` stacks are updated at once, and
    `failures` of a ring may fail."""

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
    """The settings that fleet.yaml in this folder shares with a stack, by the full keys of the stack's own
    configuration. Raises FleetFileError."""
    return merged(*read(Path()).of(stack, labels_of(stack, config)))


def labels_of(stack: str, config: Mapping[str, object]) -> dict[str, str]:
    """The labels of a stack: its tags, and besides `stack`, `location` and `subscription`.

    `config` is the stack's own, by full keys. Settings of fleet.yaml make no labels, because labels decide
    which of them apply.
    """
    tags, location = config.get(f"{NAMESPACE}tags"), config.get(f"{NAMESPACE}location")
    if isinstance(tags, str):
        with suppress(ValueError):
            tags = documents.of_json(tags)
    labels: dict[str, str] = {}
    if isinstance(tags, Mapping):
        labels = {str(name): str(value) for name, value in tags.items()}
    subscription = config.get("azure-native:subscriptionId")
    own = {"location": location, "subscription": subscription, "stack": stack}
    return {**labels, **{name: value for name, value in own.items() if isinstance(value, str)}}


def matches(match: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a stack with these labels is selected: each label is there and matches one of its patterns."""
    return all(name in labels and _any(labels[name], patterns) for name, patterns in match.items())


def read(folder: Path) -> SharedSettings:
    """The fleet.yaml of a folder; an empty one if there is none. Raises FleetFileError."""
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
        loaded = yaml_documents.of_yaml(text)
    except DocumentError as error:
        raise FleetFileError([Problem(FILE, str(error))]) from error
    if not isinstance(loaded, Mapping):
        raise FleetFileError([Problem(FILE, f"found {shown(loaded)}, expected an object")])
    return loaded


def shared(document: Mapping[str, object]) -> SharedSettings:
    """Checks a document. Raises FleetFileError with every problem."""
    # Imported here, because only fleets need it, and each update of a stack would start later.
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        # Dates, and numbers that are names, become texts, as in JSON.
        said: Any = json.loads(json.dumps(document, default=str))
    except (TypeError, ValueError) as error:
        raise FleetFileError([Problem(FILE, f"is not YAML: {error}")]) from error
    said = {name: value for name, value in said.items() if value is not None}
    schema = json.loads(Path(__file__).with_name("fleet.schema.json").read_text(encoding="utf-8"))
    errors = Draft202012Validator(schema).iter_errors(said)
    problems = [Problem(_place(error.absolute_path), error.message) for error in errors]
    problems += _unshared(said)
    if problems:
        raise FleetFileError(problems)
    everybody: Selector = {}
    levels = [(everybody, said.get("settings", {}))]
    levels += [(_selector(label["match"]), label["settings"]) for label in said.get("labels", ())]
    rings = [_ring(ring) for ring in said.get("rings", ())]
    names = [ring.name for ring in rings]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FleetFileError([Problem("rings", f"found {', '.join(twice)} twice, expected other names")])
    return SharedSettings(
        tuple(said["stacks"]),
        tuple(said.get("exclude", ())),
        tuple(levels),
        tuple(rings),
        # JSON Schema takes 2.0 for an integer.
        int(said.get("parallel", {}).get("stacks", AT_ONCE)),
        int(said.get("stop", {}).get("failures", 0)),
    )


def _place(path: Iterable[str | int]) -> str:
    """A place in a document: `rings[0].take`."""
    words = (f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
    return "".join(words).removeprefix(".") or FILE


def _ring(entry: Mapping[str, Any]) -> Ring:
    take = entry.get("take")
    return Ring(entry["name"], _selector(entry.get("match", {})), take and str(take).strip())


def _selector(match: Mapping[str, str | list[str]]) -> Selector:
    return {name: (one,) if isinstance(one, str) else tuple(one) for name, one in match.items()}


def _unshared(said: Mapping[str, Any]) -> Iterator[Problem]:
    """The problems that no schema finds: settings that cannot be shared. Skips parts whose shape the schema
    refuses."""
    labels = said.get("labels")
    groups = {
        f"labels[{index}].settings": one.get("settings")
        for index, one in enumerate(labels if isinstance(labels, list) else ())
        if isinstance(one, Mapping)
    }
    for place, settings in {"settings": said.get("settings"), **groups}.items():
        for name in sorted(OF_ONE_STACK.intersection(settings if isinstance(settings, Mapping) else ())):
            text = "is decided for one stack; set it in the stack's own file"
            yield Problem(f"{place}.{name}", text)
        if any(isinstance(one, Mapping) and "secure" in one for one in _within(settings)):
            text = "found a secret, which is encrypted for one stack; set it in the stack's own file"
            yield Problem(place, text)


def _within(value: object) -> list[object]:
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    return [value, *(found for part in inner for found in _within(part))]


def _any(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
